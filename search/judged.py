"""Reading collections of documents, queries and judgements of what answers them, in the layouts that are usual.

`BEIR`: corpus.jsonl and queries.jsonl with `_id`, `title`, `text`, and qrels/test.tsv (or dev, train) with a heading.
`SMART`, as Cranfield and MED have it: one file each of documents and queries in blocks of `.I`, `.T`, `.W`, and one of
judgements with three columns (query, document, grade) or the four of TREC (query, 0, document, gain).
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeAlias

from search.domain import Entry
from search.errors import NoCollection
from search.passages import cut

Gains: TypeAlias = Mapping[str, Mapping[str, float]]
"""By query: the relevant documents, each with its gain above 0."""

_HEADING = re.compile(r"^\.([A-Z])\s*(\S*)\s*$")
_LAYOUTS = (
    "It takes corpus.jsonl, queries.jsonl and qrels/*.tsv (BEIR), "
    "or one file each named *.all*, *.qry* and *rel* (SMART)"
)


@dataclass(frozen=True)
class Document:
    id: str
    title: str
    text: str

    def entries(self) -> Iterator[Entry]:
        """Its passages, cut as those of a document of the lakehouse."""
        title = self.title or "untitled"
        for number, body in enumerate([part.text for part in cut([(None, self.text)])] or [""]):
            yield Entry(
                entity="document",
                entity_id=self.id,
                passage=number,
                title=title,
                body=body,
                meaning=f"{title}\n{body}",
            )


@dataclass(frozen=True)
class Judged:
    """A collection with the queries that have relevant documents in it."""

    documents: Mapping[str, Document]
    queries: Mapping[str, str]
    gains: Gains


def read(folder: Path) -> Judged:
    """Raises NoCollection, which names file and line, for what cannot be evaluated."""
    if not folder.is_dir():
        raise NoCollection(f"{folder} is no folder. {_LAYOUTS}.")
    found = _beir(folder) if (folder / "corpus.jsonl").is_file() else _smart(folder)
    gains = {
        query: relevant
        for query in found.queries
        if (
            relevant := {
                key: gain for key, gain in found.gains.get(query, {}).items() if key in found.documents
            }
        )
    }
    if not gains:
        raise NoCollection(f"{folder}: no query has a judgement that names one of its documents.")
    return Judged(found.documents, {query: found.queries[query] for query in gains}, gains)


# --- BEIR ------------------------------------------------------------------------------------------------


def _beir(folder: Path) -> Judged:
    documents = {
        row["_id"]: Document(row["_id"], str(row.get("title") or ""), row["text"])
        for row in _objects(folder / "corpus.jsonl")
    }
    queries = {row["_id"]: row["text"] for row in _objects(folder / "queries.jsonl")}
    splits = [folder / "qrels" / f"{name}.tsv" for name in ("test", "dev", "train")]
    judgements = next((path for path in splits if path.is_file()), splits[0])
    return Judged(documents, queries, _gains(_tab_separated(judgements)))


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError:
            raise _wrong(path, number, "a JSON object is expected") from None
        if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("_id", "text")):
            raise _wrong(path, number, "_id and text are expected as texts")
        yield row


def _tab_separated(path: Path) -> Iterator[tuple[str, str, float]]:
    for number, line in _lines(path):
        parts = line.split("\t")
        if number == 1 and not _is_number(parts[-1]):
            continue
        if len(parts) != 3 or not _is_number(parts[2]):
            raise _wrong(path, number, "query, document and a number are expected, with tabs between them")
        yield parts[0], parts[1], float(parts[2])


# --- SMART -----------------------------------------------------------------------------------------------


def _smart(folder: Path) -> Judged:
    documents = {
        key: Document(key, parts.get("T", ""), parts.get("W", "").removeprefix(parts.get("T", "")))
        for key, parts in _blocks(_only(folder, "documents", "*.all*"))
    }
    # Judgements count queries by their place: Cranfield's own numbers of them have gaps.
    asked = enumerate(_blocks(_only(folder, "queries", "*.qry*")), 1)
    queries = {str(place): parts.get("W", "") for place, (_, parts) in asked}
    return Judged(documents, queries, _gains(_judgements(_only(folder, "judgements", "*rel*"))))


def _only(folder: Path, what: str, pattern: str) -> Path:
    found = sorted(
        path for path in folder.iterdir() if fnmatch(path.name.lower(), pattern) and path.is_file()
    )
    if len(found) != 1:
        told = f"{len(found)} files" if found else "no file"
        raise NoCollection(f"{folder} has {told} of {what} ({pattern}). {_LAYOUTS}.")
    return found[0]


def _blocks(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Number of a block -> its parts by their letter, blanks made one."""
    key: str | None = None
    parts: dict[str, list[str]] = {}
    letter = ""
    for number, line in _lines(path):
        heading = _HEADING.match(line)
        if heading and heading[1] == "I":
            if key is not None:
                yield key, _spaced(parts)
            key, parts, letter = heading[2], {}, ""
        elif heading and not heading[2]:
            letter = heading[1]
        elif key is None:
            raise _wrong(path, number, "a block begins with .I and its number")
        else:
            parts.setdefault(letter, []).append(line)
    if key is not None:
        yield key, _spaced(parts)


def _spaced(parts: Mapping[str, list[str]]) -> dict[str, str]:
    return {letter: " ".join(" ".join(lines).split()) for letter, lines in parts.items()}


def _judgements(path: Path) -> Iterator[tuple[str, str, float]]:
    """With three columns every judged document counts alike: there 1 is the best grade."""
    for number, line in _lines(path):
        parts = line.split()
        if len(parts) not in (3, 4) or not _is_number(parts[-1]):
            raise _wrong(path, number, "query, document and grade are expected, or the four columns of TREC")
        if len(parts) == 3:
            yield parts[0], parts[1], 1.0
        else:
            yield parts[0], parts[2], float(parts[3])


# --- both ------------------------------------------------------------------------------------------------


def _gains(judged: Iterable[tuple[str, str, float]]) -> Gains:
    gains: dict[str, dict[str, float]] = defaultdict(dict)
    for query, document, gain in judged:
        if gain > 0:
            gains[query][document] = gain
    return gains


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Those that are not empty, with their numbers from 1."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\n")
    except FileNotFoundError:
        raise NoCollection(f"{path} is missing. {_LAYOUTS}.") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _wrong(path: Path, line: int, expected: str) -> NoCollection:
    return NoCollection(f"{path}, line {line}: {expected}.")
