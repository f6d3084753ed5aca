"""Every command says what it does, in its help and in docs/commands.md."""

import re

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from lakehouse_project import cli
from tests.architecture.project import PACKAGES, read

NOT_FOR_PEOPLE = {"prepare": "a step of `up`, which reads its answer"}
OURS = sorted(name for name, app in get_commands().items() if app in PACKAGES)
EVERYBODYS = {action.dest for action in BaseCommand().create_parser("lakehouse", "any")._actions}


@pytest.mark.parametrize("name", OURS)
def test_a_command_has_help(name: str) -> None:
    assert len(load_command_class("lakehouse_project", name).help) > 20


@pytest.mark.parametrize("name", sorted(set(OURS) - NOT_FOR_PEOPLE.keys()))
def test_a_command_is_documented_with_all_its_options(name: str) -> None:
    rows = re.findall(
        rf"^\| `{name.replace('_', '[-_]')}(?![-\w]).*$", read("docs/commands.md"), re.MULTILINE
    )
    assert len(rows) == 1, f"docs/commands.md needs one row for {name}"
    parser = load_command_class("lakehouse_project", name).create_parser("lakehouse", name)
    own = [
        action.option_strings[-1]
        for action in parser._actions
        if action.option_strings and action.dest not in EVERYBODYS
    ]
    assert [option for option in own if option not in rows[0]] == []


def test_every_documented_command_exists_and_the_overview_lists_it() -> None:
    documented = re.findall(r"^\| `([\w-]+)", read("docs/commands.md"), re.MULTILINE)
    listed = {usage.split()[0] for group in cli.COMMANDS.values() for usage in group}
    assert listed == set(documented)
    assert {name.replace("-", "_") for name in documented} <= get_commands().keys()
