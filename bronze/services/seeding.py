"""The first data set: a company's data, written as files and received like anybody's files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bronze.services.receiving import ReceiveFile


@dataclass(frozen=True)
class Seeded:
    """A generated file that was received. `expected_dirty`: rows that were made to fail their contract.

    `repeated`: the same bytes had been received before.
    """

    file_id: int
    dataset: str
    rows: int
    expected_dirty: int
    repeated: bool


@dataclass(frozen=True, kw_only=True)
class SeedLake:
    """Generate the files of a scale and a seed, and receive them. Doing it again changes nothing."""

    receive: ReceiveFile
    folder: Path

    def __call__(
        self,
        *,
        scale: float,
        seed: int,
        on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> list[Seeded]:
        """Raises `ValueError` unless scale > 0 and seed >= 0. The files stay below `folder`."""
        from bronze.seeding import expected_rows, iter_seed  # noqa: PLC0415  loads a PDF writer that nothing else needs

        target = self.folder / f"scale-{scale:g}-seed-{seed}"
        found: list[Seeded] = []
        total = expected_rows(scale=scale, seed=seed)
        for file in iter_seed(target, scale=scale, seed=seed):
            received = self.receive(file.path, name=file.path.name, via="seed", dataset=file.dataset)
            found.append(Seeded(received.id, file.dataset, file.rows, file.dirty_rows, received.repeated))
            on_progress(sum(each.rows for each in found), total)
        return found
