from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.admin.checks import check_admin_app
from django.core import checks
from django.db.models.signals import post_migrate

from lakehouse_project.loading import much_is_loaded


class LakehouseConfig(AppConfig):
    name = "lakehouse_project"
    verbose_name = "lakehouse"

    def ready(self) -> None:
        from lakehouse_project import servers  # noqa: PLC0415  models must be loaded first
        from lakehouse_project.kernel import services  # noqa: PLC0415

        services.install(_service)
        checks.register(_admin_pages, checks.Tags.admin)
        checks.register(servers.postgresql_is_new_enough, checks.Tags.database)
        checks.register(servers.embedder_is_usable, checks.Tags.database)
        # The signal is sent per app that has models; search is the last of ours.
        post_migrate.connect(_complete, sender=apps.get_app_config("search"))


def _service(kind: type[Any]) -> Any:
    with much_is_loaded():
        from lakehouse_project import container  # noqa: PLC0415  with all that services need, unlike some commands

    return container.get(kind)


def _admin_pages(app_configs: Sequence[AppConfig] | None = None, **options: Any) -> list[checks.CheckMessage]:
    """Django's own check, once the pages are loaded."""
    admin.autodiscover()
    return check_admin_app(app_configs, **options)


def _complete(**_: Any) -> None:
    """What every migrated database has: a row per contract, and the groups."""
    from bronze.catalog import register_contracts  # noqa: PLC0415
    from lakehouse_project.auth import create_groups  # noqa: PLC0415

    register_contracts()
    create_groups()
