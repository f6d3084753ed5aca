"""What goes through the chain and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bronze.admission.overrides import Overrides
from bronze.contracts import ContractSpec
from bronze.readers import FileFormat

MB = 1024 * 1024


@dataclass(frozen=True)
class AdmissionLimits:
    """`max_bytes` holds for the file as sent, `max_expanded_bytes` for all that a compressed one unpacks to."""

    max_bytes: int = 512 * MB
    max_expanded_bytes: int = 4096 * MB
    max_ratio: int = 200
    """Unpacked size over packed size, looked at once 16 MB are unpacked."""
    max_files: int = 1000
    """Entries of an archive, folders included."""
    max_columns: int = 20_000
    """Of a table; every one is a field of every record."""


@dataclass(frozen=True)
class Candidate:
    """A file at the door. `name` is what the sender called it; `dataset` what the sender says it is."""

    path: Path
    name: str
    dataset: str | None = None
    limits: AdmissionLimits = field(default_factory=AdmissionLimits)
    overrides: Overrides = field(default_factory=Overrides)


@dataclass(frozen=True)
class Admitted:
    """`detected` says in plain sentences what was found out about the file."""

    sha256: str
    size: int
    format: FileFormat
    dataset: str
    media_type: str
    detected: tuple[str, ...]


@dataclass(frozen=True)
class TextScan:
    """What one pass over the (unpacked) bytes of a file told."""

    head: bytes
    tail: bytes
    is_utf8: bool
    bad_offset: int
    """Offset of the first byte that is not UTF-8, -1 if there is none."""
    bad_line: int
    bad_region: bytes
    has_lf: bool


@dataclass(frozen=True)
class Inspection:
    """A candidate with what the steps have learned so far."""

    candidate: Candidate
    contracts: Mapping[str, ContractSpec]
    size: int = 0
    sha256: str = ""
    format: FileFormat = field(default_factory=lambda: FileFormat("text"))
    scan: TextScan | None = None
    sample: str = ""
    """The first part of a text file, decoded, line ends as `\\n`."""
    is_sample_whole: bool = True
    dataset: str = ""
    reason: str = ""
    """Why it is that data set."""
    detected: tuple[str, ...] = ()

    def learn(self, sentence: str = "", **changes: object) -> "Inspection":
        """A copy with `changes` and, if given, one more sentence."""
        detected = (*self.detected, sentence) if sentence else self.detected
        return replace(self, detected=detected, **changes)  # type: ignore[arg-type]

    def with_format(self, sentence: str = "", **changes: object) -> "Inspection":
        return self.learn(sentence, format=replace(self.format, **changes))  # type: ignore[arg-type]
