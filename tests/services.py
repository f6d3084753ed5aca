"""PostgreSQL and Valkey for one test session, thrown away at its end.

`conftest.py` calls `start` in `pytest_configure` and `stop` in `pytest_unconfigure`; pytest-django reads the
settings after that, so `DJANGO_SETTINGS_MODULE` must not stand in pyproject.toml but be set there, too.
Where `DATABASE_URL` or `BROKER_URL` is given, that server is used and none started.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse_project.runtime.postgres import NOT_DURABLE, EmbeddedPostgres
from lakehouse_project.runtime.secrets import load_secrets
from lakehouse_project.runtime.valkey import EmbeddedValkey


@dataclass(frozen=True)
class Services:
    home: Path
    parts: tuple[EmbeddedPostgres | EmbeddedValkey, ...]

    def stop(self) -> None:
        for part in self.parts:
            part.stop()
        shutil.rmtree(self.home, ignore_errors=True)


_SERVICES = pytest.StashKey[Services]()


def is_controller(config: pytest.Config) -> bool:
    """Whether this process only hands out tests to the processes of xdist."""
    hands_out = config.getoption("numprocesses", None) and not config.option.collectonly
    return bool(hands_out) and "PYTEST_XDIST_WORKER" not in os.environ


RATE_LIMITS = ("RATE_LIMIT_READS", "RATE_LIMIT_WRITES", "RATE_LIMIT_FAILED_LOGINS")
"""Tests send more requests than people do; those of the limits set their own."""

SEARCH_SERVER = ("TYPESENSE_URL", "TYPESENSE_API_KEY")


def start(config: pytest.Config) -> None:
    """Export DATABASE_URL, BROKER_URL, LAKEHOUSE_HOME.

    A search server is for the tests of its adapter alone: its settings become REAL_TYPESENSE_URL and so on.

    Each process of xdist calls it for itself: on a server that all share, an open transaction of one test would hold
    back the change feeds of another one.
    """
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # processes that tests start would each translate all anew
    for name in SEARCH_SERVER:
        if value := os.environ.pop(name, ""):
            os.environ[f"REAL_{name}"] = value
    os.environ |= dict.fromkeys(RATE_LIMITS, "0")
    config.stash[_SERVICES] = _start_services()


def stop(config: pytest.Config) -> None:
    """End what `start` began."""
    if (services := config.stash.get(_SERVICES, None)) is not None:
        services.stop()


def _start_services() -> Services:
    home = Path(tempfile.mkdtemp(prefix="lakehouse-test-"))
    secrets = load_secrets(home)
    os.environ["LAKEHOUSE_HOME"] = str(home)
    parts: list[EmbeddedPostgres | EmbeddedValkey] = []
    if not os.environ.get("DATABASE_URL"):
        postgres = EmbeddedPostgres(
            folder=home / "postgres", log=home / "postgres.log", secrets=secrets, settings=NOT_DURABLE
        )
        parts.append(postgres)
        os.environ["DATABASE_URL"] = postgres.start()
    if not os.environ.get("BROKER_URL"):
        valkey = EmbeddedValkey(
            folder=home / "valkey", log=home / "valkey.log", password=secrets.valkey_password, durable=False
        )
        parts.append(valkey)
        os.environ["BROKER_URL"] = valkey.start()
    return Services(home, tuple(parts))
