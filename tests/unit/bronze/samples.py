"""A valid row of every contract, to be broken one field at a time."""

from collections.abc import Mapping
from typing import Any

import orjson

from bronze.contracts import CONTRACTS
from bronze.rows import frame_of
from bronze.validation import check

Error = Mapping[str, Any]


def valid_row(dataset: str, **changes: Any) -> dict[str, Any]:
    """The examples of the contract as a row; `changes` replace fields."""
    return {field.name: field.example for field in CONTRACTS[dataset].fields} | changes


def errors_of(dataset: str, **changes: Any) -> list[Error]:
    return check_rows(dataset, valid_row(dataset, **changes))[0][1]


def rules_broken(dataset: str, **changes: Any) -> list[tuple[str, str]]:
    """(field, rule) of each error of a valid row with `changes`."""
    return [(error["field"], error["rule"]) for error in errors_of(dataset, **changes)]


def key_of(dataset: str, **changes: Any) -> str | None:
    return check_rows(dataset, valid_row(dataset, **changes))[0][0]


def check_rows(dataset: str, *rows: Mapping[str, Any]) -> list[tuple[str | None, list[Error]]]:
    checked = check(frame_of(rows), CONTRACTS[dataset])
    return [
        (key, orjson.loads(errors)) for key, errors in zip(checked["_key"], checked["_errors"], strict=True)
    ]
