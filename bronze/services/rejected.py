"""The rows of a file that are in quarantine, to be repaired outside and sent back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from bronze.admission.datasets import named_by_file
from bronze.catalog import all_contracts
from bronze.contracts import Classification, ContractSpec
from bronze.encryption import FieldCipher
from bronze.errors import NothingRejected
from bronze.incoming import secret_columns
from bronze.rejected import RejectedRecords, RejectedRow, mark_of, writer_of
from bronze.repositories import SourceFiles


@dataclass(frozen=True)
class Download:
    """A file to be sent as it is made."""

    name: str
    content: Iterator[bytes]


@dataclass(frozen=True, kw_only=True)
class ExportRejected:
    """Write the rows of a file that are still in quarantine in the file's own format, with the reasons.

    The values are as the file had them, secrets in clear: what is repaired is loaded again. Call it for somebody who may
    see all of the data set.
    """

    files: SourceFiles
    rejected: RejectedRecords
    cipher: FieldCipher

    def __call__(self, file_id: int) -> Download:
        """Raises `FileNotReceived`, or `NothingRejected`."""
        file = self.files.get(file_id)
        contracts = all_contracts()
        contract = contracts.get(file.dataset)
        if contract is None or not self.rejected.exist(file_id):
            raise NothingRejected(f"No row of file {file_id} ({file.name}) is in quarantine.")
        others = sorted({*self.rejected.names(file_id)} - {*contract.field_names()})
        suffix, write = writer_of(self.files.format_of(file_id), contract, others)
        return Download(
            _name(file.name, file.dataset, suffix, contracts), write(self._rows(file_id, contract))
        )

    def _rows(self, file_id: int, contract: ContractSpec) -> Iterator[RejectedRow]:
        has_secrets = any(field.classification is Classification.SECRET for field in contract.fields)
        for record, fields, raw_text, errors in self.rejected.of(file_id):
            text = self.cipher.decrypt(raw_text, "raw_text") if raw_text and has_secrets else raw_text
            reason = "; ".join(error["message"] for error in errors)
            mark = mark_of(contract.name, file_id, record)
            yield RejectedRow(mark, self._opened(fields, contract), text, reason)

    def _opened(self, fields: Mapping[str, Any], contract: ContractSpec) -> Mapping[str, Any]:
        secrets = [name for name in secret_columns(contract, fields) if fields[name]]
        return {**fields, **{name: self.cipher.decrypt(str(fields[name]), name) for name in secrets}}


def _name(name: str, dataset: str, suffix: str, contracts: Mapping[str, ContractSpec]) -> str:
    """A name that tells the data set when the file comes back."""
    path = PurePath(name)
    while path.suffix.lower() in (".gz", ".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".parquet", ".txt"):
        path = path.with_suffix("")
    told = path.name if named_by_file(path.name, contracts) == dataset else f"{dataset}-{path.name}"
    return f"{told}-rejected{suffix}"
