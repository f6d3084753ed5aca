"""What the servers must be able to do, checked by Django before it migrates."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve

OLDEST_POSTGRESQL = 18
"""The first with virtual generated columns."""


def embedder_is_usable(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Loads the model where a database is asked for, which is before it is migrated."""
    if not (databases and env().embedder.startswith("onnx:")):
        return []
    from search.embedding import Embedder  # noqa: PLC0415  every command loads this module, few embed
    from search.errors import EmbedderUnusable  # noqa: PLC0415  as above

    try:
        resolve(Embedder)
    except EmbedderUnusable as error:
        return [checks.Error(error.message, hint="Mend EMBEDDER, or leave it empty.", id="lakehouse.E002")]
    return []


def postgresql_is_new_enough(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Asks a server that `databases` names."""
    servers = {alias: connections[alias] for alias in databases or ()}
    found = {
        alias: server.pg_version // 10_000
        for alias, server in servers.items()
        if isinstance(server, DatabaseWrapper)
    }
    return [
        checks.Error(
            f"The database {alias!r} is PostgreSQL {version}; lakehouse needs {OLDEST_POSTGRESQL} or newer.",
            hint="Upgrade that server, or leave DATABASE_URL empty and let `lakehouse up` run its own.",
            id="lakehouse.E001",
        )
        for alias, version in found.items()
        if version < OLDEST_POSTGRESQL
    ]
