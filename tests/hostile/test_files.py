"""Every hostile file ends in a clear state, and none of its good rows is lost."""

from collections import Counter
from pathlib import Path

import pytest
from django.db.models.fields.json import KT

from bronze.models import RawRecord, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import LoadFile, ReceiveFiles
from lakehouse_project.kernel.errors import PermanentError
from lakehouse_project.kernel.services import resolve
from tests.hostile import binary_zoo, csv_zoo, json_zoo
from tests.hostile.cases import Case

pytestmark = pytest.mark.django_db

CASES = [*csv_zoo.cases(), *json_zoo.cases(), *binary_zoo.cases()]


def send(case: Case, folder: Path) -> int:
    path = folder / "sent"
    path.write_bytes(case.content)
    (file,) = resolve(ReceiveFiles)([(path, case.name)], via="command")
    return file.id


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.title}")
def test_a_hostile_file(case: Case, tmp_path: Path) -> None:
    if case.state == "refused":
        with pytest.raises(PermanentError) as refused:
            send(case, tmp_path)
        assert case.refused in refused.value.message
        assert not SourceFile.objects.exists()
        return
    file_id = send(case, tmp_path)
    if case.state == "failed":
        with pytest.raises(PermanentError, match=case.failed):
            resolve(LoadFile)(file_id)
        file = resolve(SourceFiles).get(file_id)
        assert file.state == "failed"
        assert case.failed in file.error
        assert not RawRecord.objects.exists()
        return
    resolve(LoadFile)(file_id)
    assert_loaded(case, file_id)


def assert_loaded(case: Case, file_id: int) -> None:
    receipt = resolve(SourceFiles).get(file_id).receipt
    rows = RawRecord.objects.filter(source_file=file_id, dataset="jobs")
    valid = rows.filter(status="valid").annotate(job=KT("effective__job"))
    assert dict(valid.values_list("key", "job")) == case.good
    assert (receipt.inserted, receipt.quarantined) == (len(case.good), case.quarantined), reasons(file_id)
    assert receipt.read == len(case.good) + case.quarantined + receipt.duplicate
    assert rows.filter(status="quarantined").count() <= case.quarantined
    assert all(errors for errors in rows.filter(status="quarantined").values_list("errors", flat=True))


def reasons(file_id: int) -> Counter[str]:
    """What a test that fails shows."""
    bad = RawRecord.objects.filter(source_file=file_id, status="quarantined").values_list("errors", flat=True)
    return Counter(error["message"] for errors in bad for error in errors)


def test_each_case_is_another_one() -> None:
    assert max(Counter((case.name, case.title) for case in CASES).values()) == 1
