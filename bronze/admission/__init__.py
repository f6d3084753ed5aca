"""Admission: the chain of steps that a file passes before a row of it is read.

Pure: nothing is stored, nothing is written. Every refusal is an error of `bronze.admission.errors`, or
`UnreadableFile` for a file whose structure is damaged.
"""

from collections.abc import Mapping

from bronze.admission.bytes_steps import (
    check_readable,
    check_size,
    find_binary_kind,
    fingerprint,
    require_size,
    scan_text,
    take_fingerprint,
)
from bronze.admission.candidate import AdmissionLimits, Admitted, Candidate, Inspection
from bronze.admission.dataset_steps import check_dataset_option, columns_in, find_dataset
from bronze.admission.overrides import Overrides
from bronze.admission.text_steps import find_encoding, find_json
from bronze.contracts import CONTRACTS, ContractSpec
from bronze.readers.formats import FormatKind
from lakehouse_project.kernel.chain import Chain, Stop

__all__ = [
    "AdmissionLimits",
    "Admitted",
    "Candidate",
    "Overrides",
    "admit",
    "columns_of",
    "fingerprint",
    "require_size",
]

ADMISSION: Chain[Inspection, Admitted] = Chain(
    steps=(
        check_dataset_option,
        check_readable,
        check_size,
        take_fingerprint,
        find_binary_kind,
        scan_text,
        find_encoding,
        find_json,
        find_dataset,
    )
)
LOOK: Chain[Inspection, Inspection] = Chain(
    steps=(check_readable, check_size, find_binary_kind, scan_text, find_encoding, find_json)
)

MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "text": "text/plain",
}


def admit(candidate: Candidate, contracts: Mapping[str, ContractSpec] = CONTRACTS) -> Admitted:
    """What the file is and where it belongs. Raises a `PermanentError` that says why it is not let in."""
    outcome = ADMISSION.run(Inspection(candidate, contracts))
    return outcome.result if isinstance(outcome, Stop) else _admitted(outcome)


def columns_of(
    candidate: Candidate, contracts: Mapping[str, ContractSpec] = CONTRACTS
) -> tuple[FormatKind, tuple[str, ...]]:
    """The kind of a file (text for CSV) and its columns under their own names, also where the data set cannot be told.

    Raises as `admit` does.
    """
    outcome = LOOK.run(Inspection(candidate, contracts))
    seen = outcome.result if isinstance(outcome, Stop) else outcome
    return seen.format.kind, columns_in(seen)


def _admitted(found: Inspection) -> Admitted:
    media_type = MEDIA_TYPES[found.format.kind]
    if found.format.kind == "text" and found.candidate.name.lower().endswith((".md", ".markdown")):
        media_type = "text/markdown"
    sentences = (", ".join(found.detected), f"data set {found.dataset} {found.reason}".strip())
    return Admitted(found.sha256, found.size, found.format, found.dataset, media_type, sentences)
