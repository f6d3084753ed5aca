"""Data sets without a contract in the code: described, changed and deleted at run time."""

from collections.abc import Iterator
from dataclasses import dataclass

from bronze.catalog import Datasets, all_contracts, description_of
from bronze.contracts import CONTRACTS, DOCUMENTS, Classification
from bronze.contracts.described import (
    Description,
    DescriptionChanges,
    problems,
    slug_problem,
)
from bronze.domain import DatasetCounts
from bronze.errors import BadDescription, DatasetExists, DatasetFixed, DatasetInUse
from bronze.history import changes as history
from bronze.repositories import SourceFiles
from bronze.transactions import atomic
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.events import EventBus

RESERVED = (
    DOCUMENTS,
    *CONTRACTS,
    *(word for contract in CONTRACTS.values() for word in contract.file_names),
)


@dataclass(frozen=True, kw_only=True)
class CreateDataset:
    """Create a data set that has no contract in the code."""

    datasets: Datasets

    def __call__(self, name: str, about: Description) -> None:
        """Raises `DatasetExists`, or `BadDescription` that names what is wrong."""
        with atomic():
            there = self.datasets.hold(name)
            if there is not None and there.deleted_at is None:
                raise DatasetExists(f"There is a data set {name!r} already. Use PATCH to change it.")
            _require_good(name, about)
            if there is not None and self.datasets.has_stored(name):
                _require_same_secrets(name, description_of(there), about)
            self.datasets.describe(name, about)


@dataclass(frozen=True, kw_only=True)
class ChangeDataset:
    """Describe a data set otherwise. What a contract in the code says stays; its policies can be set."""

    datasets: Datasets

    def __call__(self, name: str, changes: DescriptionChanges) -> None:
        """Raises `UnknownDataset`, `DatasetFixed`, `DatasetInUse` or `BadDescription`."""
        with atomic():
            before = description_of(self.datasets.held(name))
            if name in CONTRACTS:
                self._change_policies(name, changes)
                return
            after = Description.model_validate(before.model_dump() | changes.model_dump(exclude_unset=True))
            _require_good(name, after)
            if self.datasets.has_stored(name):
                _require_same_key(name, before, after, self.datasets.counts(name))
                _require_same_secrets(name, before, after)
            self.datasets.describe(name, after)

    def _change_policies(self, name: str, changes: DescriptionChanges) -> None:
        if fixed := sorted(changes.model_fields_set - {"duplicate_keys"}):
            raise DatasetFixed(
                f"A contract in the code says what {name} is: {', '.join(fixed)} cannot be changed here, "
                "only duplicate_keys can."
            )
        if changes.model_fields_set:
            self.datasets.set_duplicate_keys(name, changes.duplicate_keys)


@dataclass(frozen=True, kw_only=True)
class DeleteDataset:
    """Delete a data set that has no contract in the code.

    Its records become tombstones with their history, its files stay accounted for, and both come back if a data set of the
    same name is created and the files are sent again.
    """

    datasets: Datasets
    files: SourceFiles
    events: EventBus

    def __call__(self, name: str, *, with_records: bool = False) -> None:
        """Raises `UnknownDataset`, `DatasetFixed`, or `DatasetInUse` that says what would be deleted."""
        with history(f"data set {name} deleted"), atomic():
            self.files.one_at_a_time(name)
            self.datasets.held(name)
            if name in CONTRACTS:
                raise DatasetFixed(f"{name} has a contract in the code and cannot be deleted.")
            counts = self.datasets.counts(name)
            if counts.waiting:
                raise DatasetInUse(f"{counts.waiting} files of {name} are being loaded. Wait until they are.")
            if counts.records and not with_records:
                raise DatasetInUse(
                    f"{name} has {counts.records:,} records ({counts.quarantined:,} in quarantine) from "
                    f"{counts.files:,} files. Send with_records=true to delete them as well."
                )
            self.datasets.remove(name)
            self.events.publish("bronze.changed")


def _require_good(name: str, about: Description) -> None:
    slug = slug_problem(name, RESERVED)
    errors = [*([slug] if slug else []), *problems(about), *_unknown_references(name, about)]
    if errors:
        detail = "; ".join(f"{error.field} {error.message}" for error in errors)
        raise BadDescription(f"The data set cannot be described so: {detail}.", errors=errors)


def _unknown_references(name: str, about: Description) -> Iterator[FieldError]:
    known = {*all_contracts(), name}
    for field in about.fields:
        if field.reference and field.reference.dataset not in known:
            message = (
                f"{field.name!r} refers to {field.reference.dataset!r}, which is no data set with records"
            )
            yield FieldError("fields", "reference", message)
        elif field.reference and field.classification is Classification.SECRET:
            message = f"{field.name!r} is secret and encrypted: it cannot refer to records"
            yield FieldError("fields", "reference", message)


def _require_same_key(name: str, before: Description, after: Description, counts: DatasetCounts) -> None:
    if before.key_fields != after.key_fields:
        raise DatasetInUse(
            f"The key of {name} cannot change: {counts.records:,} records have keys made from the old one. "
            "Create a data set with the other key and load the files into it."
        )


def _require_same_secrets(name: str, before: Description, after: Description) -> None:
    """Secrets are encrypted when they come in: what is stored would stay as it is."""
    if changed := sorted(_secrets(before) ^ _secrets(after)):
        raise DatasetInUse(
            f"{name} holds or held records: {', '.join(changed)} cannot become secret, or cease to be, behind them. "
            "Create a data set of another name with that classification and load the files into it."
        )


def _secrets(about: Description) -> set[str]:
    return {field.name for field in about.fields if field.classification is Classification.SECRET}
