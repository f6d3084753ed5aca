from pathlib import Path

import polars as pl
import pytest

from lake.sql.domain import TableAddress
from lake.sql.estimating import Estimator
from tests import lake_tables


@pytest.fixture(scope="package")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`orders`, in 62 partitions of a day, and the mart `status_names`, in none."""
    folder = tmp_path_factory.mktemp("lake")
    lake_tables.write(lake_tables.orders(), folder / "orders")
    names = pl.DataFrame({"status": ["paid", "shipped", "returned"], "name": ["Paid", "On its way", "Back"]})
    lake_tables.write(names, folder / "status_names", flat=True)
    return folder


@pytest.fixture(scope="package")
def addresses(lake: Path) -> list[TableAddress]:
    return [TableAddress(name, str(lake / name)) for name in ("orders", "status_names")]


@pytest.fixture(scope="package")
def estimator(addresses: list[TableAddress]) -> Estimator:
    return lake_tables.estimator_of(*addresses)
