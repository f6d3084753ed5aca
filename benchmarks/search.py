"""Search over generated documents: writing the index, asking it, and what our layer adds to the statements by themselves.

    .venv/bin/python -m benchmarks.search --passages 5000 --queries 100

PostgreSQL has the settings of the product, the web server is granian as the product runs it. Texts are made of 20,000
invented words, of which few are frequent, as in a language; queries are words that stand together in a passage. With
TYPESENSE_URL and TYPESENSE_API_KEY the search server is asked, too, in a collection of its own.
"""

import argparse
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import psycopg

from benchmarks.batch_post import token
from benchmarks.lab import Cost, Lab, laboratory
from lakehouse_project.runtime.parts import web
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.state import StateFolder

if TYPE_CHECKING:
    from search.ports import Searcher
    from search.query import SearchQuery
    from search.services import FindDocuments, ProjectChanges

PAGES = 20
WORDS = 90
WARM_UP = 3
SYLLABLES = [
    f"{consonant}{vowel}" for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "ar", "en")
]
FORMATS = ("application/pdf", "text/markdown", "text/plain", "text/plain", "text/plain")


class Texts:
    """Passages of WORDS words each, the same for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        lengths = self._random.integers(2, 5, 20_000)
        self.words = ["".join(self._random.choice(SYLLABLES, length)) for length in lengths]
        frequency = 1 / np.arange(1, len(self.words) + 1)
        self._frequency = frequency / frequency.sum()

    def passage(self) -> str:
        return " ".join(
            self.words[place] for place in self._random.choice(len(self.words), WORDS, p=self._frequency)
        )

    def question(self, passage: str) -> str:
        words = passage.split()
        start = int(self._random.integers(0, len(words) - 3))
        return " ".join(words[start : start + 3])


def write_documents(texts: Texts, passages: int) -> list[str]:
    """Documents of PAGES pages, a passage each, as bronze writes them; the texts of the pages."""
    from bronze.models import Dataset, Document, DocumentPage, SourceFile  # noqa: PLC0415  Django is set up by now

    dataset, _ = Dataset.objects.get_or_create(name="documents", defaults={"title": "Documents"})
    files = [
        SourceFile(
            dataset=dataset, name=f"{number}", sha256=f"{number:064}", size=1, format={}, received_via="seed",
            media_type=FORMATS[number % len(FORMATS)], state="loaded",
        )
        for number in range(-(-passages // PAGES))
    ]  # fmt: skip
    SourceFile.objects.bulk_create(files, batch_size=1000)
    documents = [
        Document(
            sha256=file.sha256, source_file=file, status="ok", title=f"Report {file.name}", page_count=PAGES
        )
        for file in files
    ]
    Document.objects.bulk_create(documents, batch_size=1000)
    written: list[str] = []
    for some in _batched(documents, 100):
        pages = [
            DocumentPage(document=document, number=page, text=texts.passage())
            for document in some
            for page in range(1, PAGES + 1)
        ]
        DocumentPage.objects.bulk_create(pages, batch_size=1000)
        written += [page.text for page in pages]
    return written


def _batched(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def times(ask: Callable[[Any], object], asked: Sequence[Any]) -> list[float]:
    """Milliseconds of each, without those that warm up."""
    found = []
    for each in asked:
        start = time.perf_counter()
        ask(each)
        found.append((time.perf_counter() - start) * 1000)
    return found[WARM_UP:]


def report(
    name: str, found: Sequence[float], raw: Sequence[float] | None = None, cost: Cost | None = None
) -> None:
    """`cost`: of all of them, those that warm up included."""
    ratio = f"   {median(found) / median(raw):5.2f} of the raw {median(raw):.1f} ms" if raw else ""
    busy = f"   processor {cost.cpu * 1000 / (len(found) + WARM_UP):6.1f} ms each" if cost else ""
    print(f"  {name:34} p50 {median(found):7.1f} ms   p95 {quantiles(found, n=20)[-1]:7.1f} ms{busy}{ratio}")


def written(lab: Lab, project: "ProjectChanges", passages: int, texts: Sequence[str]) -> None:
    embedder = project.embedder
    embedder.embed_documents(texts[:10])
    some = texts[:5000]
    with lab.stopwatch() as watch:
        embedder.embed_documents(some)
    print(f"embedding alone       {len(some) / watch.cost.wall:9,.0f} passages/s   {watch.cost}")
    with lab.stopwatch() as watch, graphs(lab) as made:
        project()
    rate = f"{passages / watch.cost.wall:9,.0f} passages/s"
    print(f"projection, all of it {rate}   {watch.cost}")
    for graph in made:
        wall, cpu = watch.cost.wall - graph.wall, watch.cost.cpu - graph.cpu
        print(f"  its graph                                    {graph}")
        print(
            f"  the rest            {passages / wall:9,.0f} passages/s   {passages / cpu:,.0f} per processor second"
        )
    project.feed.rewind()
    with lab.stopwatch() as watch:
        project()
    print(f"rebuild, nothing differs                       {watch.cost}")


@contextmanager
def graphs(lab: Lab) -> Iterator[list[Cost]]:
    """What making the graphs over the embeddings costs within it."""
    from django.db import connection  # noqa: PLC0415

    costs: list[Cost] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if "USING hnsw" not in str(sql):
            return execute(sql, params, many, context)
        with lab.stopwatch() as watch:
            found = execute(sql, params, many, context)
        costs.append(watch.cost)
        return found

    with connection.execute_wrapper(note):
        yield costs


def visible(project: "ProjectChanges", find: "FindDocuments", rounds: int = 20) -> None:
    """From the commit of a change until a query finds it, with the projection called at once."""
    from bronze.models import Document, DocumentPage  # noqa: PLC0415

    found = []
    for number in range(rounds):
        document = Document.objects.order_by("sha256")[number]
        page = DocumentPage.objects.get(document=document, number=1)
        page.text = f"freshword{number}x {page.text}"
        page.save()
        document.save()
        start = time.perf_counter()
        project()
        hits = find(query(f"freshword{number}x", "keyword")).hits
        found.append((time.perf_counter() - start) * 1000)
        assert [hit.entity_id for hit in hits] == [document.sha256]
    report("change to visible, without a queue", found)


def query(text: str, mode: str, kind: str = "") -> "SearchQuery":
    from search.query import QueryBuilder  # noqa: PLC0415

    builder = QueryBuilder().text(text).mode(mode)
    return (builder.entities(["document"]).equals("format", [kind]) if kind else builder).build()


CASES = {
    "keyword": ("keyword", ""),
    "semantic": ("semantic", ""),
    "hybrid": ("hybrid", ""),
    "hybrid + filter": ("hybrid", "markdown"),
}


def through_the_service(lab: Lab, find: "FindDocuments", questions: Sequence[str]) -> None:
    print("\nthrough the service, beside its statements sent by psycopg alone")
    for name, (mode, kind) in CASES.items():
        asked = [query(text, mode, kind) for text in questions]
        with recorded() as statements:
            find(asked[0])
        with lab.stopwatch() as watch:
            found = times(find, asked)
        with psycopg.connect(lab.database, autocommit=True) as bare:
            raw = times(lambda _, s=statements, b=bare: replay(b, s), asked)
        same = times(find, [asked[0]] * len(asked))
        report(name, found, cost=watch.cost)
        report(f"{name}, one query", same, raw)


@contextmanager
def recorded() -> Iterator[list[tuple[str, Any]]]:
    """The statements that Django sends, with their parameters."""
    from django.db import connection  # noqa: PLC0415

    statements: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


def replay(bare: psycopg.Connection[Any], statements: Sequence[tuple[str, Any]]) -> None:
    with bare.transaction(), psycopg.ClientCursor(bare) as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            if cursor.description:
                cursor.fetchall()


def over_http(lab: Lab, questions: Sequence[str]) -> None:
    print("\nover HTTP, one after another")
    port = free_port()
    (lab.home / "logs").mkdir(exist_ok=True)
    server = web(StateFolder(lab.home), dict(os.environ), LOOPBACK, port)
    headers = {"Authorization": f"Token {token()}"}
    process = server.launch()
    try:
        while not server.ready():
            time.sleep(0.2)
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", headers=headers, timeout=60) as client:
            for name, (mode, kind) in CASES.items():
                parameters = {"mode": mode, **({"format": kind, "entity": "document"} if kind else {})}
                report(name, times(lambda text, p=parameters: got(client, {"q": text, **p}), questions))
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def got(client: httpx.Client, parameters: dict[str, str]) -> None:
    answer = client.get("/api/v1/search", params=parameters)
    assert answer.status_code == 200, answer.text


def on_the_search_server(find: "FindDocuments", questions: Sequence[str]) -> None:
    from lakehouse_project.composed_search import evaluated_server  # noqa: PLC0415
    from lakehouse_project.env import env  # noqa: PLC0415

    if env().typesense_url is None:
        print("\nTypesense is left out: TYPESENSE_URL is not set")
        return
    start = time.perf_counter()
    with evaluated_server(find.embedder, f"benchmark_{os.getpid()}_") as server:
        print(f"\nTypesense: filled from the rows in {time.perf_counter() - start:.1f} s")
        ask_server(server, find, questions)


def ask_server(server: "Searcher", find: "FindDocuments", questions: Sequence[str]) -> None:
    from search.services import FindDocuments  # noqa: PLC0415

    through = FindDocuments(searcher=server, embedder=find.embedder)
    client: httpx.Client = server.client._http  # type: ignore[attr-defined]  # noqa: SLF001  the requests as they are sent
    for name, (mode, kind) in CASES.items():
        asked = [query(text, mode, kind) for text in questions]
        asked = [each for each in asked if each.entities == ("document",)] or [
            query(text, mode, "plain") for text in questions
        ]
        requests: list[httpx.Request] = []
        client.event_hooks = {"request": [requests.append]}
        found = times(through, asked)
        client.event_hooks = {}
        report(name, found, times(lambda each: client.send(each).raise_for_status(), requests))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=20)
    options = parser.parse_args()
    with laboratory() as lab:
        from django.db import connection  # noqa: PLC0415  Django is set up by now

        from lakehouse_project.kernel.services import resolve  # noqa: PLC0415
        from search.services import FindDocuments, ProjectChanges  # noqa: PLC0415

        print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        texts = Texts()
        pages = write_documents(texts, options.passages)
        project, find = resolve(ProjectChanges), resolve(FindDocuments)
        written(lab, project, len(pages), pages)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum does some seconds after a load
        step = max(len(pages) // (options.queries + WARM_UP), 1)
        questions = [texts.question(page) for page in pages[::step]]
        visible(project, find)
        through_the_service(lab, find, questions)
        over_http(lab, questions)
        on_the_search_server(find, questions)
        print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
