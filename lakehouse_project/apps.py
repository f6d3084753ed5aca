from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.db.models.signals import post_migrate


class LakehouseConfig(AppConfig):
    name = "lakehouse_project"
    verbose_name = "lakehouse"

    def ready(self) -> None:
        from lakehouse_project import container, servers  # noqa: PLC0415  models must be loaded first
        from lakehouse_project.kernel import services  # noqa: PLC0415

        services.install(container.get)
        checks.register(servers.postgresql_is_new_enough, checks.Tags.database)
        checks.register(servers.embedder_is_usable, checks.Tags.database)
        # The signal is sent per app that has models; search is the last of ours.
        post_migrate.connect(_complete, sender=apps.get_app_config("search"))


def _complete(**_: Any) -> None:
    """What every migrated database has: a row per contract, and the groups."""
    from bronze.catalog import register_contracts  # noqa: PLC0415
    from lakehouse_project.auth import create_groups  # noqa: PLC0415

    register_contracts()
    create_groups()
