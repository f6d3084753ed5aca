"""Addresses. Everything asks for a login but `/healthz`."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from lakehouse_project import views
from lakehouse_project.api import APIS
from lakehouse_project.env import env
from lakehouse_project.graphql.api import graphql
from lakehouse_project.kernel.addresses import api_root
from lakehouse_project.kernel.problem import problem, title_of


@login_not_required
def healthz(_request: HttpRequest) -> JsonResponse:
    """The web server answers; `search` is the engine it is set up with."""
    engine = "postgresql" if env().typesense_url is None else "typesense"
    return JsonResponse({"status": "ok", "search": engine})


@csrf_exempt
def not_found(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Addresses below /api/ that no route has."""
    wanted = request.path.split("/")[2:3]
    is_version = wanted and wanted[0][:1] == "v" and wanted[0][1:].isdecimal() and wanted[0] not in APIS
    detail = (
        f"There is no version {wanted[0]} of the API. There are {' and '.join(APIS)}."
        if is_version
        else f"There is nothing at {request.path}. See {api_root(request)}/docs."
    )
    return problem(request, 404, code="not_found", title=title_of(404), detail=detail)


admin.autodiscover()

urlpatterns = [
    path("healthz", healthz),
    path("", views.home, name="home"),
    path(
        "login/",
        LoginView.as_view(template_name="login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("marts/<slug:group>/<slug:name>/", views.mart_page, name="mart"),
    path("found/<slug:entity>/<path:key>", views.entity_page, name="entity"),
    path("search/", include("search.urls")),
    path("admin/diagrams/<slug:name>/", admin.site.admin_view(views.diagram_page), name="diagram"),
    path("admin/", admin.site.urls),
    *(path(f"api/{version}/", api.urls) for version, api in APIS.items()),
    path("graphql/", graphql.urls),
    re_path("^api(/|$)", not_found),
]
