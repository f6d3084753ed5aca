"""Fixtures. What needs Django is imported where it is used: pytest may read this file before Django is set up."""

# ruff: noqa: PLC0415
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.security.restricted import Lake


@pytest.fixture
def lake(db: None, tmp_path: Path) -> "Lake":
    """Data in three data sets, two of them with routes by name alone, that only curators see."""
    from tests.integration.bronze.intake import Intake
    from tests.integration.security.restricted import fill

    return fill(Intake(tmp_path))
