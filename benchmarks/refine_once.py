"""A worker for one refinement: prints what it took, as JSON."""

import json
import time

import django

from benchmarks.load_file import cpu_seconds, peak_mb


def main() -> None:
    django.setup()
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415  Django is set up by now
    from silver.services import RefineChanges  # noqa: PLC0415

    service = resolve(RefineChanges)
    before, start = cpu_seconds(), time.perf_counter()
    result = service()
    wall = time.perf_counter() - start
    counts = result.counts if result else {}
    print(json.dumps({"wall": wall, "cpu": cpu_seconds() - before, "peak_mb": peak_mb(), "counts": counts}))


if __name__ == "__main__":
    main()
