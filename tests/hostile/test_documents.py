"""Every hostile PDF ends in a clear state in bounded time, and those behind it are read all the same."""

from pathlib import Path

import pytest

from bronze.documents_text import DocumentJob, ExtractedDocument, ExtractLimits, extract_documents
from tests.hostile import pdf_zoo

SECONDS = 20
CASES = list(pdf_zoo.cases())


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExtractedDocument]:
    """All of them in a row, by as few child processes as they leave alive."""
    folder: Path = tmp_path_factory.mktemp("zoo")
    jobs = []
    for number, case in enumerate(CASES):
        (folder / str(number)).write_bytes(case.content)
        jobs.append(DocumentJob(folder / str(number), "pdf"))
    limits = ExtractLimits(seconds=SECONDS, memory_bytes=1024 * 1024 * 1024)
    found = extract_documents(jobs, limits)
    return {CASES[int(job.path.name)].title: document for job, document in found}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_hostile_pdf(case: pdf_zoo.Pdf, read: dict[str, ExtractedDocument]) -> None:
    document = read[case.title]
    assert document.status in case.states, document.message
    assert case.text in "".join(page.text for page in document.pages)
    assert document.status == "ok" or document.message
    assert "\x00" not in document.title + "".join(page.text for page in document.pages)


def test_of_many_pages_the_first_are_kept(read: dict[str, ExtractedDocument]) -> None:
    document = read["10,000 pages"]
    assert len(document.pages) == ExtractLimits().pages
    assert document.message == "Only the first 5,000 of 10,000 pages were kept."
