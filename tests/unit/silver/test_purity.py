"""The transforms run wherever polars does: on a worker without Django, settings or a database."""

import subprocess
import sys
from pathlib import Path

import silver.transforms

MODULES = sorted(path.stem for path in Path(silver.transforms.__path__[0]).glob("[a-z]*.py"))


def test_transforms_need_no_django() -> None:
    imports = "; ".join(f"import silver.transforms.{name}" for name in MODULES)
    program = f"import sys; {imports}; sys.exit('django' in sys.modules)"
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={},
        cwd=Path(silver.transforms.__path__[0]).parents[1],
    )
