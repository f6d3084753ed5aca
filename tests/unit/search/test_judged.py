"""Reading collections whose answers are known."""

import json
from pathlib import Path

import pytest

from search.errors import NoCollection
from search.judged import read


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    documents = [
        {"_id": "d1", "title": "Boots", "text": "Warm"},
        {"_id": "d2", "title": "", "text": "A kettle"},
    ]
    queries = [{"_id": "q1", "text": "winter shoes"}, {"_id": "q2", "text": "without an answer"}]
    for name, rows in (("corpus", documents), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq1\tgone\t1\n"
    )
    return tmp_path


@pytest.fixture
def smart(tmp_path: Path) -> Path:
    (tmp_path / "SMALL.ALL").write_text(
        ".I 1\n.T\nBoots\n.A\nsomebody\n.W\nBoots\nare warm\n.I 2\n.W\nA kettle\n"
    )
    (tmp_path / "small.qry").write_text(".I 001\n.W\nwinter\nshoes\n.I 007\n.W\ntea\n")
    (tmp_path / "smallrel").write_text("1 1 3 \n2 2 -1\n")
    return tmp_path


def test_the_layout_of_beir(beir: Path) -> None:
    found = read(beir)
    assert found.queries == {"q1": "winter shoes"}
    assert found.gains == {"q1": {"d1": 2.0}}
    assert [entry.title for document in found.documents.values() for entry in document.entries()] == [
        "Boots",
        "untitled",
    ]


def test_the_layout_of_smart(smart: Path) -> None:
    found = read(smart)
    assert (found.documents["1"].title, found.documents["1"].text.strip()) == ("Boots", "are warm")
    assert found.queries == {"1": "winter shoes", "2": "tea"}
    assert found.gains == {"1": {"1": 1.0}, "2": {"2": 1.0}}


def test_judgements_as_trec_has_them(smart: Path) -> None:
    (smart / "smallrel").write_text("1 0 1 3\n1 0 2 0\n")
    assert read(smart).gains == {"1": {"1": 3.0}}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("corpus.jsonl", '{"_id": "d1", "text": "x"}\n{broken', r"corpus.jsonl, line 2: a JSON object"),
        ("corpus.jsonl", '{"_id": 1, "text": "x"}', r"corpus.jsonl, line 1: _id and text"),
        ("qrels/test.tsv", "q\td\ts\nq1 d1 1\n", r"test.tsv, line 2: query, document and a number"),
        ("qrels/test.tsv", "q\td\ts\nq9\td1\t1\n", r"no query has a judgement"),
    ],
)
def test_a_wrong_line_of_beir_is_named(beir: Path, name: str, text: str, told: str) -> None:
    (beir / name).write_text(text)
    with pytest.raises(NoCollection, match=told):
        read(beir)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("SMALL.ALL", "boots\n", r"SMALL.ALL, line 1: a block begins with .I"),
        ("smallrel", "1 1\n", r"smallrel, line 1: query, document and grade"),
        ("other.qry", ".I 1\n", r"2 files of queries"),
    ],
)
def test_a_wrong_line_of_smart_is_named(smart: Path, name: str, text: str, told: str) -> None:
    (smart / name).write_text(text)
    with pytest.raises(NoCollection, match=told):
        read(smart)


def test_a_folder_of_something_else_is_told_with_what_is_taken(tmp_path: Path) -> None:
    with pytest.raises(NoCollection, match=r"no file of documents.*BEIR.*SMART"):
        read(tmp_path)
    with pytest.raises(NoCollection, match="is no folder"):
        read(tmp_path / "none")


def test_missing_judgements_are_named(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").unlink()
    with pytest.raises(NoCollection, match=r"test.tsv is missing"):
        read(beir)
