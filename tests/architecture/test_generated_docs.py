"""Diagrams and data dictionary: whole, well-formed, and drift is noticed."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from bronze.contracts import CONTRACTS
from lakehouse_project.diagrams import LAYERS, diagrams
from lakehouse_project.dictionary import dictionary
from lakehouse_project.pipeline import LISTENERS
from tests.architecture.project import APPS, ROOT, read

LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


def test_every_app_with_tables_has_its_diagram() -> None:
    with_tables = {app for app in APPS if list(apps.get_app_config(app).get_models())}
    assert with_tables <= set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_diagram_shows_every_column_of_its_layer(layer: str) -> None:
    diagram = diagrams()[layer]
    for model in apps.get_app_config(layer).get_models():
        block = diagram.split(f"  {model._meta.db_table} {{\n")[1].split("  }")[0]
        shown = [line.split()[1] for line in block.splitlines()]
        assert shown == [field.column for field in model._meta.concrete_fields]


def test_attribute_types_are_words_that_mermaid_accepts() -> None:
    attributes = re.findall(
        r"^    (\S+) (\w+)((?: PK| FK| UK)(?:, [PFU]K)*)?( \"null\")?$", _all(), re.MULTILINE
    )
    assert len(attributes) > 100
    assert {kind for kind, *_ in attributes if not re.fullmatch(r"[a-z][\w()\[\]]*", kind)} == set()
    assert len(attributes) == len(re.findall(r"^    \w\S* \w+", _without_flow(), re.MULTILINE))


def test_the_flow_shows_every_event_that_a_task_listens_to() -> None:
    flow = diagrams()["lakehouse"]
    for event, tasks in LISTENERS.items():
        for task in tasks:
            assert f"-- {event} --> {task.replace('.', '_')}" in flow


def test_the_dictionary_has_a_row_for_every_field_of_every_contract() -> None:
    text = dictionary()
    for spec in CONTRACTS.values():
        section = text.split(f"(`{spec.name}`)")[1].split("###")[0]
        assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(spec.field_names())


def test_patterns_do_not_break_the_tables_of_the_dictionary() -> None:
    rows = [line for line in dictionary().splitlines() if line.startswith("|")]
    cells = {len(re.split(r"(?<!\\)\|", row)) for row in rows}
    assert cells == {11, 6}  # contracts have nine columns, tables four


def test_drift_is_named_and_mended(settings: Any, tmp_path: Path) -> None:
    settings.PACKAGE_DIR = tmp_path / "lakehouse_project"
    (tmp_path / "docs" / "diagrams").mkdir(parents=True)
    call_command("diagrams")
    call_command("diagrams", "--check")
    page = tmp_path / "docs" / "diagrams" / "silver.md"
    page.write_text("old")
    with pytest.raises(CommandError, match=r"docs/diagrams/silver\.md"):
        call_command("diagrams", "--check")
    assert page.read_text() == "old"
    call_command("diagrams")
    call_command("diagrams", "--check")


def test_an_installed_wheel_says_that_docs_are_written_in_a_clone(settings: Any, tmp_path: Path) -> None:
    settings.PACKAGE_DIR = tmp_path / "site-packages" / "lakehouse_project"
    with pytest.raises(CommandError, match="in a clone"):
        call_command("dictionary")


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in LINK.findall(read(str(page.relative_to(ROOT))))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def _all() -> str:
    return "\n".join(diagrams().values())


def _without_flow() -> str:
    return "\n".join(text for name, text in diagrams().items() if name != "lakehouse")
