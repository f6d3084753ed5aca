"""A worker for one export: writes a list with the service and prints what that took, as JSON."""

import json
import sys
import time
from pathlib import Path

import django

from benchmarks.load_file import cpu_seconds, peak_mb


class Everybody:
    """Sees all there is."""

    def has_perm(self, perm: str) -> bool:
        return True


def main(source: str, to: str, path: Path) -> None:
    django.setup()
    from lakehouse_project.exports.domain import Wanted  # noqa: PLC0415  Django is set up by now
    from lakehouse_project.exports.services import WriteExport  # noqa: PLC0415
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415
    from lakehouse_project.kernel.tabular import Format  # noqa: PLC0415

    service, wanted = resolve(WriteExport), Wanted(source=source, format=Format(to))
    before, start = cpu_seconds(), time.perf_counter()
    written = service(wanted, Everybody(), path, lambda _done, _total: None)
    wall = time.perf_counter() - start
    print(
        json.dumps({"wall": wall, "cpu": cpu_seconds() - before, "peak_mb": peak_mb(), "rows": written.rows})
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
