from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.silver.warehouse import Warehouse


@pytest.fixture
def warehouse(transactional_db) -> "Warehouse":
    """A fresh warehouse. Its transactions are real: the change feed reads only what has been committed."""
    from tests.integration.silver.warehouse import Warehouse  # noqa: PLC0415  models need the configured Django

    return Warehouse()
