"""Whatever is done to records, and however the search server fails meanwhile: both indexes hold what the database holds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, RestoreRecord, UndoFile
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve
from search.engines.typesense.client import TypesenseClient
from search.engines.typesense.index import TypesenseIndex
from search.models import Outage, SearchDocument
from search.repositories import DocumentRows
from search.services import ProjectChanges
from silver.services import RefineChanges
from tests.integration.bronze.intake import Intake, records
from tests.integration.search.mirror import Mirror
from tests.integration.search.warehouse import Warehouse
from tests.typesense.server import KEY, StandIn, running

pytestmark = pytest.mark.django_db(transaction=True)

_FILES = count(1)
_KEY = st.integers(1, 3)
_TITLE = st.sampled_from(["Clerk", "Cook", "Nurse"])
_CHANGES = st.one_of(
    st.tuples(st.sampled_from(["create", "edit", "load"]), _KEY, _TITLE),
    st.tuples(st.sampled_from(["delete", "restore", "undo"]), _KEY, st.just("")),
)
_FAULTS = st.sampled_from([None, "reset", "half", 500, 503])
_STEPS = st.lists(st.tuples(_CHANGES, st.booleans(), _FAULTS), min_size=1, max_size=8)
"""A change, whether the stages run after it, and how the server fails when they do."""


@pytest.fixture
def server() -> Iterator[StandIn]:
    with running() as started:
        yield started


@pytest.fixture
def mirror(server: StandIn, db: None) -> Iterator[Mirror]:
    client = TypesenseClient(url=server.url, key=KEY, search_seconds=0.3, write_seconds=0.3)
    yield Mirror(TypesenseIndex(client=client, dims=256))
    client.close()


@pytest.fixture
def intake(warehouse: Warehouse, tmp_path: Path) -> Intake:
    return Intake(tmp_path)


@pytest.fixture
def stages(project: ProjectChanges, mirror: Mirror) -> Callable[[], None]:
    """Everything that follows a change of a record."""
    mirrored = replace(project, rows=DocumentRows(is_mirrored=True))

    def run() -> None:
        for _ in iter(resolve(RefineChanges), None):
            pass
        mirrored()
        Outage.objects.all().delete()
        mirror.mirror()

    return run


def change(intake: Intake, files: list[int], what: str, key: int, title: str) -> bool:
    """Whether it could be done: what cannot be is refused and changes nothing."""
    name = str(key)
    try:
        match what:
            case "create":
                resolve(CreateRecord)("jobs", {"id": key, "job": title})
            case "edit":
                resolve(ChangeRecord)("jobs", name, {"job": title})
            case "delete":
                resolve(DeleteRecord)("jobs", name)
            case "restore":
                resolve(RestoreRecord)("jobs", name)
            case "load":
                rows = f"id,job\n{key},{title}\n8,x{len(files)}\n"
                files.append(intake.load(f"{next(_FILES)}.csv", rows, "jobs").id)
            case "undo" if files:
                resolve(UndoFile)(files.pop())
    except LakehouseError:
        return False
    return True


def test_every_kind_of_change_can_be_done(intake: Intake) -> None:
    files: list[int] = []
    for what in ("create", "edit", "delete", "restore", "load", "undo"):
        before = records("jobs")
        assert change(intake, files, what, 1, f"Title of {what}"), what
        assert records("jobs") != before, what


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_STEPS)
def test_after_any_series_of_changes_both_indexes_hold_what_the_records_say(
    intake: Intake, stages: Callable[[], None], mirror: Mirror, server: StandIn, steps: Any
) -> None:
    files: list[int] = []
    for each, is_followed, fault in steps:
        change(intake, files, *each)
        if is_followed:
            server.state.fault = fault
            stages()
    server.state.fault = None
    stages()
    said = {key: fields["job"] for key, fields in records("jobs").items()}
    jobs = SearchDocument.objects.filter(entity="job")
    assert dict(jobs.values_list("entity_id", "title")) == said
    documents = server.state.of("job").values()
    assert {each["entity_id"]: each["title"] for each in documents} == said
    assert len(documents) == len(said)
    assert not any(mirror.reconcile().values())
