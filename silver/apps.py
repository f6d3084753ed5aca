from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SilverConfig(AppConfig):
    name = "silver"
    verbose_name = "Silver"

    def ready(self) -> None:
        post_migrate.connect(_add_unknown_members, sender=self)


def _add_unknown_members(**_: Any) -> None:
    from silver.repositories.unknown import add_unknown_members  # noqa: PLC0415  needs the models

    add_unknown_members()
