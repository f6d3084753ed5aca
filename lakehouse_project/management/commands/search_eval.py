"""`lakehouse search-eval`"""

import uuid
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

from django.db import transaction
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lakehouse_project.composed_search import evaluated_server
from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve
from lakehouse_project.management.command import LakehouseCommand
from search.domain import Fusion, Mode
from search.embedding import Embedder
from search.engines.postgres import NAME, PostgresSearcher
from search.graph import MeaningGraph
from search.judged import Judged, read
from search.ports import Searcher
from search.repositories import DocumentRows
from search.scratch import analyze, empty_index
from search.services import Evaluate, IndexCollection
from search.services.evaluating import Told

_HEADINGS = ("nDCG@10", "recall@100", "MRR", "nothing found")


class Command(LakehouseCommand):
    help = "Measure the ranking of every engine on documents, queries and judgements in a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, metavar="DIR", help="a collection in the layout of BEIR or SMART"
        )

        parser.add_argument(
            "--fusion",
            type=Fusion,
            choices=list(Fusion),
            help="how hybrid makes one score of two; as each engine does it",
        )

    def handle(self, *_args: Any, folder: Path, fusion: Fusion | None, **_options: Any) -> None:
        """What is indexed for it is gone with the command, however that ends."""
        judged, embedder = read(folder), resolve(Embedder)
        index = IndexCollection(rows=DocumentRows(), embedder=embedder, atomic=transaction.atomic)
        with empty_index():
            with _progress("indexing", len(judged.documents)) as told:
                passages = index(judged.documents.values(), told)
            MeaningGraph(embedder.id, embedder.dims).complete()
            analyze()
            self.stdout.write(
                f"{len(judged.documents):,} documents, {passages:,} passages, {len(judged.queries):,} queries; "
                f"embedder {embedder.id}\n"
            )
            self.stdout.write(f"{'engine':<12}{'mode':<10}" + "".join(f"{name:>15}" for name in _HEADINGS))
            self._report(
                NAME,
                PostgresSearcher(atomic=transaction.atomic, embedder=embedder.id),
                embedder,
                judged,
                fusion,
            )
            if env().typesense_url is not None:
                with evaluated_server(embedder, f"eval_{uuid.uuid4().hex[:12]}_") as server:
                    self._report("typesense", server, embedder, judged, fusion)

    def _report(
        self, name: str, searcher: Searcher, embedder: Embedder, judged: Judged, fusion: Fusion | None
    ) -> None:
        with _progress(name, len(Mode) * len(judged.queries)) as told:
            found = Evaluate(searcher=searcher, embedder=embedder)(judged, told, fusion=fusion)
        for mode, quality in found.items():
            figures = "".join(f"{figure:>15.3f}" for figure in astuple(quality))
            self.stdout.write(f"{name:<12}{mode:<10}{figures}")


@contextmanager
def _progress(label: str, total: int) -> Iterator[Told]:
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda done: progress.advance(task, done)
