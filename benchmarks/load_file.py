"""A worker for one file: loads it with the service and prints what that took, as JSON."""

import json
import resource
import sys
import time
from pathlib import Path

import django


def main(file_id: int) -> None:
    django.setup()
    from bronze.services import LoadFile  # noqa: PLC0415  Django is set up by now
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415

    service = resolve(LoadFile)
    before, start = cpu_seconds(), time.perf_counter()
    receipt = service(file_id)
    wall = time.perf_counter() - start
    print(
        json.dumps(
            {
                "wall": wall,
                "cpu": cpu_seconds() - before,
                "peak_mb": peak_mb(),
                "receipt": receipt.model_dump() if receipt else None,
            }
        )
    )


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """Highest resident set of this process, all that it imports included."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
