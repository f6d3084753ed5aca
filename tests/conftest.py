"""Fixtures that every test may use. PostgreSQL and Valkey are real: `tests.services` starts them for the session."""

import os
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import settings

from tests import scheduling, services

# How long an example takes says more of the machine than of the code.
settings.register_profile("lakehouse", deadline=None)
settings.load_profile("lakehouse")

QUICK_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Half a second for each password would be most of many tests; the test of how long a login takes has the product's."""


def pytest_configure(config: pytest.Config) -> None:
    if services.is_controller(config):
        return
    services.start(config)
    os.environ["DJANGO_SETTINGS_MODULE"] = "lakehouse_project.settings"
    django.setup()  # pytest-django does so only for settings that it knew before it read this file
    django_settings.PASSWORD_HASHERS = QUICK_HASHERS


def pytest_unconfigure(config: pytest.Config) -> None:
    services.stop(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End-to-end tests first: few and long, at the end they would leave the other process without work."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.SharedLakehouseInOneProcess:
    return scheduling.SharedLakehouseInOneProcess(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the tables that tests measured, whether they passed or not."""
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "table":
                terminalreporter.section(report.nodeid)
                terminalreporter.write_line(str(value))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """As that of pytest-django, with a quicker end of tests that commit."""
    from tests import emptying  # noqa: PLC0415  pytest reads this file before Django is set up

    with django_db_blocker.unblock():
        emptying.install()


@pytest.fixture(scope="session")
def store() -> Iterator[str]:
    """Address of an S3 server."""
    from tests.s3 import serve  # noqa: PLC0415  pytest reads this file before Django is set up

    with serve() as address:
        yield address
