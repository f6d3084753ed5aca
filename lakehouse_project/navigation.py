"""The sidebar of the admin: one group per layer."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse

LAYERS = (
    ("Bronze: raw records", "bronze", "inventory_2"),
    ("Silver: star schema", "silver", "hub"),
    ("Gold: marts", "gold", "trophy"),
    ("Search", "search", "search"),
    ("Governance", "governance", "fact_check"),
    ("People and access", "auth", "group"),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links to the lists that the user may see."""
    return [
        {
            "title": title,
            "separator": True,
            "collapsible": app in ("silver", "gold"),
            "items": _items(app, icon, request),
        }
        for title, app, icon in LAYERS
    ]


def _items(app: str, icon: str, request: HttpRequest) -> list[dict[str, Any]]:
    from django.contrib import admin  # noqa: PLC0415  the registry is complete only after start-up

    models = [model for model in apps.get_app_config(app).get_models() if admin.site.is_registered(model)]
    return [
        {
            "title": str(model._meta.verbose_name_plural).capitalize(),
            "icon": icon,
            "link": reverse(f"admin:{app}_{model._meta.model_name}_changelist"),
        }
        for model in models
        if request.user.has_perm(f"{app}.view_{model._meta.model_name}")
    ]
