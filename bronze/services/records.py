"""Single raw records: create, replace, change, delete. They pass the same check and merge as rows of files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from bronze.contracts import ContractSpec
from bronze.domain import Record
from bronze.encryption import FieldCipher
from bronze.errors import ContractViolation, RecordExists, RecordInUse
from bronze.incoming import incoming
from bronze.merge import IncomingTable
from bronze.readers import LINE, RowBatch
from bronze.repositories import RawRecords, atomic, contract_named
from bronze.rows import frame_of
from bronze.validation import check
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.events import EventBus

Fields = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RowGate:
    """Checks one row that came over the API, and writes it."""

    records: RawRecords
    cipher: FieldCipher
    events: EventBus

    def key_of(self, contract: ContractSpec, fields: Fields) -> str:
        """The key of a row that keeps its contract. Raises `ContractViolation` naming every failed rule."""
        checked = check(frame_of([fields]), contract)
        errors = [FieldError(**error) for error in orjson.loads(checked["_errors"][0])]
        errors += self._missing_references(contract, fields)
        if errors:
            names = ", ".join(dict.fromkeys(error.field for error in errors))
            raise ContractViolation(
                f"The row breaks the contract of {contract.name}: {names}.", errors=errors
            )
        return str(checked["_key"][0])

    def write(self, contract: ContractSpec, fields: Fields) -> None:
        """Merge a checked row. Call it inside a transaction."""
        rows = frame_of([fields]).with_columns(pl.lit(None, pl.Int64).alias(LINE))
        payloads = pl.Series("payload", [orjson.dumps(dict(fields)).decode()])
        table = IncomingTable()
        table.add(incoming(RowBatch(rows, payloads, (), 0), contract, self.cipher))
        table.merge(contract.name, None)
        self.events.publish("bronze.changed")

    def _missing_references(self, contract: ContractSpec, fields: Fields) -> list[FieldError]:
        return [
            FieldError(field.name, "reference", f"{field.name} names no record of {field.reference.dataset}")
            for field in contract.fields
            if field.reference and field.reference.strict and fields.get(field.name)
            if not self.records.exists(field.reference.dataset, str(fields[field.name]).strip())
        ]


@dataclass(frozen=True, kw_only=True)
class CreateRecord:
    """Add a record."""

    gate: RowGate

    def __call__(self, dataset: str, fields: Fields) -> Record:
        """Raises `ContractViolation`, or `RecordExists` if the key is taken."""
        contract = contract_named(dataset)
        key = self.gate.key_of(contract, fields)
        records = self.gate.records
        with atomic():
            there = records.lock(dataset, key)
            if there is not None and there.status != "deleted":
                raise RecordExists(
                    f"{dataset} has a record with the key {key!r} already. Use PUT to replace it."
                )
            records.revive(dataset, key)
            self.gate.write(contract, fields)
            return records.get(dataset, key)


@dataclass(frozen=True, kw_only=True)
class ReplaceRecord:
    """Put a new version of a record in the place of the old one; edits of staff on top are dropped."""

    gate: RowGate

    def __call__(self, dataset: str, key: str, fields: Fields) -> Record:
        """Raises `RecordNotFound`, or `ContractViolation` also if the row names another key than `key`."""
        contract = contract_named(dataset)
        whole = _with_key(contract, key, fields)
        given = self.gate.key_of(contract, whole)
        if given != key:
            raise ContractViolation(
                f"The row has the key {given!r}, the address {key!r}.",
                errors=[
                    FieldError(
                        contract.key[0], "key_mismatch", "A key cannot change: delete and create instead."
                    )
                ],
            )
        records = self.gate.records
        with atomic():
            current = records.get(dataset, key)
            records.lock(dataset, key)
            records.set_patch(current.id, {})
            self.gate.write(contract, whole)
            return records.get(dataset, key)


@dataclass(frozen=True, kw_only=True)
class ChangeRecord:
    """Change some fields of a record."""

    gate: RowGate
    replace: ReplaceRecord

    def __call__(self, dataset: str, key: str, changes: Fields) -> Record:
        """`changes`: field -> new value, null to empty it. Raises as `ReplaceRecord` does."""
        current = self.gate.records.get(dataset, key)
        return self.replace(dataset, key, current.fields | dict(changes))


@dataclass(frozen=True, kw_only=True)
class DeleteRecord:
    """Delete a record: a tombstone stays, and the layers above forget it."""

    records: RawRecords
    events: EventBus

    def __call__(self, dataset: str, key: str) -> None:
        """Raises `RecordNotFound`, or `RecordInUse` while other records need it."""
        contract_named(dataset)
        with atomic():
            self.records.lock(dataset, key)
            self.records.get(dataset, key)
            if used := self.records.references_to(dataset, key):
                users = ", ".join(f"{count} in {name}" for name, count in used.items())
                raise RecordInUse(
                    f"Other records refer to {key!r} of {dataset}: {users}. Delete those first."
                )
            self.records.delete(dataset, key)
            self.events.publish("bronze.changed")


def _with_key(contract: ContractSpec, key: str, fields: Fields) -> dict[str, Any]:
    """A single-field key may be left out of the body: the address has it."""
    if len(contract.key) == 1 and contract.key[0] not in fields:
        return {contract.key[0]: key, **fields}
    return dict(fields)
