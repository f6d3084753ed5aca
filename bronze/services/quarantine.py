"""Repairs of many quarantined records at a time: previewed by the same check that decides when they are carried out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import polars as pl

from bronze.busy import again_if_busy
from bronze.catalog import contract_named
from bronze.contracts import ContractSpec
from bronze.domain import FailedRule, FieldChange, Removal, Repair, RepairedRow, Selection
from bronze.edits import NO_CHANGES, Edit, ReplaceText, changes, edited, words
from bronze.encryption import FieldCipher
from bronze.errors import ContractViolation
from bronze.history import changes as history
from bronze.incoming import NO_ERRORS, secret_columns
from bronze.key_locks import lock_all_keys
from bronze.quarantine import Quarantine
from bronze.references import hold_references, release
from bronze.repositories import RawRecords, SourceFiles
from bronze.rows import KEYLESS
from bronze.services.unknown import unknown_fields
from bronze.stored_rows import StoredRows, outcomes, read_stored, write_outcomes
from bronze.transactions import atomic
from lakehouse_project.kernel.errors import FieldError, InvalidInput
from lakehouse_project.kernel.events import EventBus

AT_ONCE = 20_000
"""Records of one run, which is one transaction and is held in memory."""

SHOWN = 20
"""Rows that a preview shows."""


@dataclass(frozen=True)
class Plan:
    """`outcome`: id, unread, old_key, key, old_errors, errors, patch (the edits); `before`, `after`: the fields, as texts.
    All in the same order."""

    dataset: str
    outcome: pl.DataFrame
    before: pl.DataFrame
    after: pl.DataFrame
    fields: Sequence[str]
    """Those that are edited."""
    secrets: Sequence[str]
    """Those of them of which nobody is told whether they differ."""
    unparsed: int
    """Rows of the selection that are left alone: no column of theirs is known."""
    up_to: int | None
    more: bool

    def repair(self) -> Repair:
        valid = self.outcome["errors"] == NO_ERRORS
        is_edited = self.outcome["patch"] != NO_CHANGES
        stays = (is_edited & ~valid).sum()
        return Repair(
            dataset=self.dataset,
            taken=self.outcome.height,
            released=int(valid.sum()),
            quarantined=int(stays),
            unchanged=self.outcome.height - int(valid.sum()) - int(stays),
            unparsed=self.unparsed,
            more=self.more,
            up_to=self.up_to,
            reasons=_reasons(self.outcome.filter(~valid)["errors"]),
            rows=[self._row(row) for row in (valid | is_edited).arg_true()[:SHOWN]],
        )

    def _row(self, number: int) -> RepairedRow:
        row = self.outcome.row(number, named=True)
        before, after = self.before.row(number, named=True), self.after.row(number, named=True)
        found = [
            FieldChange(field=name, old=before[name], new=after[name])
            for name in self.fields
            if name in self.secrets or before[name] != after[name]
        ]
        return RepairedRow(
            id=row["id"],
            key=row["old_key"],
            new_key=row["key"] if row["key"] != row["old_key"] else None,
            status="valid" if row["errors"] == NO_ERRORS else "quarantined",
            changes=found,
            errors=orjson.loads(row["errors"]),
        )


def _reasons(errors: pl.Series) -> list[FailedRule]:
    """How many records have each error; texts that are the same are read once."""
    counted: Counter[tuple[str, str]] = Counter()
    for text, count in errors.value_counts().iter_rows():
        for field, rule in {(error["field"], error["rule"]) for error in orjson.loads(text)}:
            counted[field, rule] += count
    return [FailedRule(field=field, rule=rule, count=count) for (field, rule), count in counted.most_common()]


@dataclass(frozen=True, kw_only=True)
class RepairPlanner:
    """Finds out what edits do to quarantined records."""

    quarantine: Quarantine
    cipher: FieldCipher

    def __call__(
        self, selection: Selection, edits: Sequence[Edit], *, is_right: bool, hold: bool = False
    ) -> Plan:
        """Raises `UnknownDataset`, `InvalidInput` if an edit cannot be made, or `ContractViolation` if it is of a field that
        neither the contract has nor one of the records."""
        contract = contract_named(selection.dataset)
        _refuse_unfit(contract, edits)
        ids = self.quarantine.ids(selection, AT_ONCE + 1, hold=hold)
        self._refuse_unknown(contract, edits, ids[:AT_ONCE])
        rows = read_stored(contract, self.cipher, ids[:AT_ONCE], [edit.field for edit in edits])
        fields = list(dict.fromkeys(edit.field for edit in edits))
        return self._plan(contract, rows, edits, fields, is_right=is_right, more=len(ids) > AT_ONCE)

    def _refuse_unknown(self, contract: ContractSpec, edits: Sequence[Edit], ids: Sequence[int]) -> None:
        beyond = {edit.field for edit in edits} - {*contract.field_names()}
        names = dict.fromkeys(edit.field for edit in edits)
        errors = list(unknown_fields(contract, names, self.quarantine.stored_names(ids, beyond)))
        if errors:
            raise ContractViolation(f"{'; '.join(error.message for error in errors)}.", errors=errors)

    def _plan(
        self,
        contract: ContractSpec,
        rows: StoredRows,
        edits: Sequence[Edit],
        fields: Sequence[str],
        *,
        is_right: bool,
        more: bool,
    ) -> Plan:
        parsed = ~rows.about["unread"]
        up_to = max(rows.about["id"].to_list(), default=None)
        rows = StoredRows(rows.about.filter(parsed), rows.fields.filter(parsed))
        after = edited(rows.fields, edits, contract, rows.about["key"].str.starts_with(KEYLESS))
        outcome = outcomes(contract, StoredRows(rows.about, after), is_right=is_right)
        made = changes(rows.fields, after, edits, contract, self.cipher) if edits else pl.lit(NO_CHANGES)
        outcome = outcome.with_columns(patch=made)
        if is_right and contract.key:
            outcome = outcome.with_columns(patch=_key_kept(contract, outcome, after))
        return Plan(
            contract.name,
            outcome,
            rows.fields,
            after,
            fields,
            secret_columns(contract, fields),
            unparsed=int((~parsed).sum()),
            up_to=up_to,
            more=more,
        )


def _key_kept(contract: ContractSpec, outcome: pl.DataFrame, fields: pl.DataFrame) -> pl.Series:
    """The key that a row gets because staff chose it is an edit like one that gives a key: the row has it from then on,
    also when its file comes again."""
    key = fields.select(pl.struct(*contract.key).struct.json_encode()).to_series()
    gets = outcome["key"] != outcome["old_key"]
    return pl.select(pl.when(pl.lit(gets)).then(pl.lit(key)).otherwise(pl.lit(outcome["patch"]))).to_series()


def _refuse_unfit(contract: ContractSpec, edits: Sequence[Edit]) -> None:
    secrets = secret_columns(contract, [edit.field for edit in edits if isinstance(edit, ReplaceText)])
    errors = [
        FieldError(name, "secret", "is secret: it can be set or emptied, not searched") for name in secrets
    ]
    if errors:
        raise InvalidInput(f"The text of {', '.join(secrets)} cannot be replaced.", errors=errors)


@dataclass(frozen=True, kw_only=True)
class PreviewRepair:
    """What edits would do to quarantined records, or a check of them alone; nothing is changed."""

    planner: RepairPlanner

    def __call__(self, selection: Selection, edits: Sequence[Edit] = (), *, is_right: bool = False) -> Repair:
        """`is_right`: of rows that share a key these are the ones that count. Raises as `RepairPlanner` does."""
        with atomic():
            return self.planner(selection, edits, is_right=is_right).repair()


@dataclass(frozen=True, kw_only=True)
class RepairRecords:
    """Edit quarantined records and check them again, without edits check them alone: what is valid is released."""

    planner: RepairPlanner
    files: SourceFiles
    events: EventBus

    @again_if_busy
    def __call__(
        self, selection: Selection, edits: Sequence[Edit] = (), *, is_right: bool = False, note: str = ""
    ) -> Repair:
        """One transaction for up to `AT_ONCE` records, the oldest. `note`: why, for the history.

        Raises as `RepairPlanner` does.
        """
        done = words(edits) or ("chosen as the right row" if is_right else "checked again")
        with history(f"quarantine: {done}{note and f' ({note})'}"), atomic():
            _hold(self.files, selection.dataset)
            plan = self.planner(selection, edits, is_right=is_right, hold=True)
            if write_outcomes(plan.outcome):
                release(selection.dataset)
                self.events.publish("bronze.changed")
            return plan.repair()


@dataclass(frozen=True, kw_only=True)
class DeleteQuarantined:
    """Delete quarantined records: tombstones stay. Those that others refer to are kept."""

    quarantine: Quarantine
    records: RawRecords
    files: SourceFiles
    events: EventBus

    @again_if_busy
    def __call__(self, selection: Selection, *, note: str = "") -> Removal:
        """As `RepairRecords` does it. Raises `UnknownDataset`."""
        contract_named(selection.dataset)
        with history(f"quarantine: deleted{note and f' ({note})'}"), atomic():
            _hold(self.files, selection.dataset)
            ids = self.quarantine.ids(selection, AT_ONCE + 1, hold=True)
            kept = self.records.delete_unused(selection.dataset, ids[:AT_ONCE])
            self.events.publish("bronze.changed")
            return Removal(deleted=len(ids[:AT_ONCE]) - kept, kept=kept, more=len(ids) > AT_ONCE)


def _hold(files: SourceFiles, dataset: str) -> None:
    """Wait for loads and undos of the data set, and for writes of single records, and keep them waiting."""
    contract = contract_named(dataset)
    files.one_at_a_time(dataset)
    lock_all_keys(dataset)
    hold_references(contract)
