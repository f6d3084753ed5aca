"""Fixtures. What needs Django is imported where it is used: pytest may read this file before Django is set up."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.bronze.intake import Intake


@pytest.fixture
def intake(db: None, tmp_path: Path) -> "Intake":
    from tests.integration.bronze.intake import Intake  # noqa: PLC0415

    return Intake(tmp_path)
