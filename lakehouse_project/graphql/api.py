"""`POST /graphql/`. It stands on an API of its own, so that logins and errors are those of the REST API."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from lakehouse_project import problems
from lakehouse_project.auth import AUTHENTICATION
from lakehouse_project.kernel.bodies import UnsupportedMediaType
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.ratelimits import PerCaller
from lakehouse_project.renderer import ExactRenderer

JSON = "application/json"

graphql = NinjaAPI(
    title="lakehouse GraphQL",
    urls_namespace="graphql",
    auth=AUTHENTICATION,
    throttle=[PerCaller()],
    docs_url=None,
    openapi_url=None,
)
problems.register(graphql)


@graphql.post("/")
def execute(request: HttpRequest) -> HttpResponse:
    """Only POST, and only JSON: no page of others can make a browser send that without asking first (CORS)."""
    from lakehouse_project.graphql.execution import answer  # noqa: PLC0415  no command needs the schema

    reject_unknown(request, ())
    if request.content_type != JSON:
        raise UnsupportedMediaType(f"Send the query as JSON, with the header Content-Type: {JSON}.")
    result, is_executed = answer(request)
    status = 200 if is_executed else 400
    content = ExactRenderer().render(request, result, response_status=status)
    return HttpResponse(content, status=status, content_type=JSON)
