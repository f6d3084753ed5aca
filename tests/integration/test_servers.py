"""A server that is too old is named before anything is migrated; one that has gone is noticed."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from lakehouse_project import servers

pytestmark = pytest.mark.django_db


def test_the_server_is_new_enough() -> None:
    call_command("check", databases=["default"])


def test_an_older_server_stops_the_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "OLDEST_POSTGRESQL", connection.pg_version // 10_000 + 1)
    with pytest.raises(SystemCheckError, match=r"is PostgreSQL \d+; lakehouse needs \d+ or newer"):
        call_command("migrate", verbosity=0, skip_checks=False)


def test_a_connection_that_the_server_has_closed_is_noticed() -> None:
    other = connection.copy()
    try:
        other.connect()
        assert other.is_usable()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [other.connection.info.backend_pid])
            assert cursor.fetchone() == (True,)
        assert not other.is_usable()
    finally:
        other.close()
