"""The data sets: those with a contract in the code, and those that were described at run time."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now

from bronze.contracts import CONTRACTS, DOCUMENTS, ContractSpec
from bronze.contracts.described import HOW_TO_CREATE, Description, DuplicateKeys, spec_of
from bronze.domain import DatasetCounts
from bronze.errors import UnknownDataset
from bronze.models import Dataset, RawRecord, SourceFile
from governance.visibility import hidden

DESCRIBED = (
    f"SELECT * FROM {Dataset._meta.db_table} WHERE deleted_at IS NULL AND name <> ALL(%s) ORDER BY name"  # noqa: S608
)
"""As written: every change asks, and a query of the ORM takes longer to build than this one to run."""


def contract_named(name: str, *, even_deleted: bool = False) -> ContractSpec:
    """The contract of a data set that has rows. Raises `UnknownDataset`, also for one that is hidden from the caller, and
    for one that was deleted unless `even_deleted`: its tombstones are still looked at."""
    if name in CONTRACTS and name not in hidden():
        return CONTRACTS[name]
    row = None if "\x00" in name else _described(even_deleted=even_deleted).filter(name=name).first()
    if row is None:
        raise UnknownDataset(
            f"There is no data set {name!r}. Known: {', '.join(sorted(visible_contracts()))}. {HOW_TO_CREATE}"
        )
    return spec_of(row.name, description_of(row))


def all_contracts() -> Mapping[str, ContractSpec]:
    """The contracts of the code, then those described at run time by name: for what keeps the data whole."""
    rows = Dataset.everything.raw(DESCRIBED, [[*CONTRACTS, DOCUMENTS]])
    return {**CONTRACTS, **{row.name: spec_of(row.name, description_of(row)) for row in rows}}


def visible_contracts() -> Mapping[str, ContractSpec]:
    """Those of data sets that the caller sees."""
    return {name: contract for name, contract in all_contracts().items() if name not in hidden()}


def description_of(row: Dataset) -> Description:
    return Description.model_validate(
        {
            "title": row.title,
            "description": row.description,
            "key_fields": row.key_fields,
            "fields": row.fields,
            "duplicate_keys": row.duplicate_keys,
        }
    )


def register_contracts() -> None:
    """A row for every contract, and one for documents."""
    for name, contract in CONTRACTS.items():
        values = {
            "title": contract.title,
            "description": contract.description,
            "key_fields": list(contract.key),
        }
        Dataset.everything.update_or_create(name=name, defaults=values)
    Dataset.objects.get_or_create(
        name=DOCUMENTS,
        defaults={"title": "Documents", "description": "PDF and text files.", "key_fields": ["sha256"]},
    )


class Datasets:
    """The rows of the data sets."""

    def hold(self, name: str) -> Dataset | None:
        """The row of a data set, deleted or not, locked for the transaction."""
        return Dataset.everything.select_for_update().filter(name=name).first()

    def held(self, name: str) -> Dataset:
        """As `hold`, of one with rows that is not deleted. Raises `UnknownDataset`."""
        contract_named(name)
        return Dataset.objects.select_for_update().get(name=name)

    def describe(self, name: str, about: Description) -> None:
        """Create the data set, bring it back, or give it another description."""
        values = about.model_dump(mode="json") | {"deleted_at": None}
        Dataset.everything.update_or_create(name=name, defaults=values)

    def set_duplicate_keys(self, name: str, policy: DuplicateKeys) -> None:
        Dataset.objects.filter(name=name).update(duplicate_keys=policy)

    def duplicate_keys(self) -> Mapping[str, str]:
        return dict(Dataset.objects.values_list("name", "duplicate_keys"))

    def counts(self, name: str) -> DatasetCounts:
        live = RawRecord.objects.filter(dataset_id=name).exclude(status=RawRecord.Status.DELETED)
        files = SourceFile.objects.filter(dataset_id=name)
        return DatasetCounts(
            records=live.count(),
            quarantined=live.filter(status=RawRecord.Status.QUARANTINED).count(),
            files=files.count(),
            waiting=files.filter(state=SourceFile.State.RECEIVED).count(),
        )

    def has_stored(self, name: str) -> bool:
        """Whether anything was ever stored in the data set: tombstones and history count."""
        return RawRecord.objects.filter(dataset_id=name).exists()

    def remove(self, name: str) -> None:
        """Forget a data set. Where it has files or tombstones the row stays behind them, marked as deleted."""
        if self.has_stored(name) or SourceFile.objects.filter(dataset_id=name).exists():
            self._empty(name)
            Dataset.objects.filter(name=name).update(deleted_at=Now())
        else:
            Dataset.objects.filter(name=name).delete()

    def _empty(self, name: str) -> None:
        """Tombstones that differ from whatever comes, and files that can be sent again."""
        live = RawRecord.objects.filter(dataset_id=name).exclude(status=RawRecord.Status.DELETED)
        live.update(status=RawRecord.Status.DELETED, content_hash=b"")
        files = SourceFile.objects.filter(dataset_id=name, state=SourceFile.State.LOADED)
        files.update(
            state=SourceFile.State.UNDONE,
            error=f"The data set {name} was deleted, with what this file brought.",
        )

    def sample(self, name: str, size: int) -> list[dict[str, Any]]:
        """The fields of the newest records."""
        live = RawRecord.objects.filter(dataset_id=name).exclude(status=RawRecord.Status.DELETED)
        return list(live.order_by("-id").values_list("effective", flat=True)[:size])


def _described(*, even_deleted: bool = False) -> QuerySet[Dataset]:
    rows = Dataset.objects.exclude(name__in=[*CONTRACTS, DOCUMENTS])
    return rows if even_deleted else rows.filter(deleted_at=None)


def duplicate_keys(dataset: str) -> str:
    """What becomes of rows of one file with the same key: `last_wins` or `quarantine`."""
    policy = Dataset.objects.filter(pk=dataset).values_list("duplicate_keys", flat=True).first()
    return policy or Dataset.DuplicateKeys.LAST_WINS
