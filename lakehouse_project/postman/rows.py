"""Rows that the requests of a collection make: the examples of the contracts under keys that no seed has.

They refer to each other, so that a run needs no record of anybody else.
"""

from collections.abc import Mapping
from typing import Any

from bronze.contracts import CONTRACTS, ContractSpec

FIRST_KEY = 990_000
FIRST_DAY = "1999-01-{:02}"
SINGLE, BATCH = 1, (2, 3)
"""Numbers of the row that is written by itself, and of those of a batch."""


def row(dataset: str, number: int) -> dict[str, Any]:
    """The example row of a contract under its `number`-th key."""
    contract = CONTRACTS[dataset]
    return {field.name: _value(contract, field.name, number) for field in contract.fields}


def adapted(dataset: str, example: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The example of a request with the keys of that row; a revision in it would be one of another record."""
    known = row(dataset, number)
    return {name: known.get(name, value) for name, value in example.items() if name != "_revision"}


def _value(contract: ContractSpec, name: str, number: int) -> Any:
    field = contract.field(name)
    if field.reference is not None:
        target = CONTRACTS[field.reference.dataset]
        return _key(target, number if name == contract.key[0] else SINGLE)
    return _key(contract, number) if name == contract.key[0] else field.example


def _key(contract: ContractSpec, number: int) -> Any:
    """The first key field: another number in the place of that of the example."""
    field = contract.field(contract.key[0])
    if field.kind == "date":
        return FIRST_DAY.format(number)
    if field.kind == "integer":
        return FIRST_KEY + number
    return f"{str(field.example).rstrip('0123456789')}{FIRST_KEY + number}"
