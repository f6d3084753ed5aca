"""`.env.example` and docker-compose.yml know every setting, and no other."""

import re

import pytest

from lakehouse_project.env import Env
from tests.architecture.project import ROOT, read

SETTINGS = {name.upper() for name in Env.model_fields}
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "WEB_PORT"}
FIXED_IN_CONTAINERS = {
    "LAKEHOUSE_HOME": "the image says where",
    "DEBUG": "never in a container that others reach",
}


def example() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE))


def test_the_example_lists_every_setting_and_no_other() -> None:
    assert example().keys() == SETTINGS | COMPOSE_ONLY


def test_the_example_explains_each_setting() -> None:
    explained = re.findall(r"^#.*\n(?:[A-Z_]+=.*\n)*?([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert set(explained) >= SETTINGS


def test_the_values_of_the_example_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    assert Env(_env_file=ROOT / ".env.example") == Env(_env_file=None)


def test_secrets_have_no_value_in_the_example_and_no_default_in_the_containers() -> None:
    secrets = {"SECRET_KEY", "FIELD_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "TYPESENSE_API_KEY"}
    assert {name for name, value in example().items() if not value} >= secrets
    used = re.findall(r"\$\{([A-Z_]+)(:[?-])?", read("docker-compose.yml"))
    assert {name for name, default in used if default == ":?"} == secrets


def test_containers_pass_every_setting_on() -> None:
    environment = read("docker-compose.yml").split("\nservices:")[0]
    passed = set(re.findall(r"^    ([A-Z_]+):", environment, re.MULTILINE))
    assert passed == SETTINGS - FIXED_IN_CONTAINERS.keys()
