"""Seed data: deterministic files of every data set of an invented company, with realistic trouble in them."""

from bronze.seeding.company import expected_rows, iter_seed, write_seed
from bronze.seeding.files import SeedFile

__all__ = ["SeedFile", "expected_rows", "iter_seed", "write_seed"]
