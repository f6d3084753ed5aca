"""The sidebar and the first page of the admin: one group per layer, in the order of the pipeline."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

LAYERS = (
    ("Bronze: raw records", "bronze", "inventory_2"),
    ("Silver: star schema", "silver", "hub"),
    ("Gold: marts", "gold", "trophy"),
    ("Search", "search", "search"),
    ("Lake", "lake", "water"),
    ("Governance", "governance", "fact_check"),
    ("People and access", "auth", "group"),
    ("Programs", "access", "smart_toy"),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links to the lists that the user may see."""
    groups = [
        {
            "title": title,
            "separator": True,
            "collapsible": app in ("silver", "gold"),
            "items": _items(app, icon, request),
        }
        for title, app, icon in LAYERS
    ]
    diagrams = {"title": "Diagrams", "icon": "account_tree", "link": reverse("diagram", args=["lakehouse"])}
    about = {"title": "How it is built", "separator": True, "items": [diagrams]}
    return [*(group for group in groups if group["items"]), about]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Context of the first page: numbers of the layers, charts, and the apps named and ordered as in the sidebar."""
    from governance.quality import failing  # noqa: PLC0415  models must be loaded first
    from lakehouse_project.charts import sections  # noqa: PLC0415  as above
    from lakehouse_project.overview import tiles  # noqa: PLC0415  as above

    listed = {app["app_label"]: app for app in context["app_list"]}
    ordered = [
        {**listed[app], "name": title, "models": _as_declared(app, listed[app])}
        for title, app, _icon in LAYERS
        if app in listed
    ]
    return {
        **context,
        "title": "Overview",
        "failing": failing() if request.user.has_perm("governance.view_qualityresult") else [],
        "tiles": tiles(),
        "sections": sections(request.user),
        "app_list": ordered,
    }


def _as_declared(app: str, listed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Models in the order of their module, where Django sorts them by name."""
    places = {model.__name__: place for place, model in enumerate(apps.get_app_config(app).get_models())}
    return sorted(listed["models"], key=lambda model: places[model["object_name"]])


def _items(app: str, icon: str, request: HttpRequest) -> list[dict[str, Any]]:
    from django.contrib import admin  # noqa: PLC0415  the registry is complete only after start-up

    curation = [
        {"title": "Quarantine", "icon": "healing", "link": reverse("admin:bronze_quarantine")},
        {"title": "Conflicts", "icon": "compare_arrows", "link": reverse("admin:bronze_conflicts")},
    ]
    may_curate = app == "bronze" and request.user.has_perm("bronze.view_rawrecord")
    models = [model for model in apps.get_app_config(app).get_models() if admin.site.is_registered(model)]
    is_curating = any(request.path == place["link"] for place in curation)
    found = {"active": False} if is_curating else {}  # these addresses are below that of the records
    return (curation if may_curate else []) + [
        {
            "title": capfirst(str(model._meta.verbose_name_plural)),
            "icon": icon,
            "link": reverse(f"admin:{app}_{model._meta.model_name}_changelist"),
            **found,
        }
        for model in models
        if admin.site.get_model_admin(model).has_view_permission(request)
    ]
