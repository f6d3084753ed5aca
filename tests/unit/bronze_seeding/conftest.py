"""One generated company for all tests of this folder: scale 1, written once."""

from pathlib import Path

import pytest

from bronze.seeding import SeedFile, write_seed


@pytest.fixture(scope="session")
def seed_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[SeedFile, ...]:
    return write_seed(tmp_path_factory.mktemp("seed"), scale=1, seed=42)


@pytest.fixture(scope="session")
def folder(seed_files: tuple[SeedFile, ...]) -> Path:
    return seed_files[0].path.parent
