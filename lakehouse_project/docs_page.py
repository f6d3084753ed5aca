"""The interactive description of the API (Swagger UI). All that it loads comes from this server."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Swagger UI sets styles of elements, and has its signs as `data:` pictures; scripts are files of ours alone."""

SETTINGS = {
    "docExpansion": "none",
    "defaultModelsExpandDepth": -1,
    "displayRequestDuration": True,
    "filter": True,
    "persistAuthorization": False,
    "validatorUrl": None,
}
"""Tags are closed at first: there are more than two hundred operations. A token is forgotten when the page is closed."""


class DocsPage(Swagger):
    """As that of the framework, with a policy that lets it load nothing from elsewhere."""

    def __init__(self) -> None:
        super().__init__(settings=SETTINGS)

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        page = super().render_page(request, api, **kwargs)
        page["Content-Security-Policy"] = POLICY
        return page
