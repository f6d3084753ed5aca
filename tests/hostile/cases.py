"""What is sent and what must become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Case:
    """A file for the data set `jobs` (id, job).

    `good` are its good rows, each of which must be a valid record; `quarantined` is the number of its bad ones.
    `refused` is part of the sentence with which it is not taken, `failed` of that with which its loading ends.
    """

    title: str
    content: bytes
    good: Mapping[str, str] = field(default_factory=dict)
    quarantined: int = 0
    refused: str = ""
    failed: str = ""
    name: str = "jobs.csv"

    @property
    def state(self) -> Literal["refused", "failed", "loaded"]:
        if self.refused:
            return "refused"
        return "failed" if self.failed else "loaded"


def case(title: str, content: bytes | str, good: Mapping[str, str] | None = None, **expected: object) -> Case:
    data = content if isinstance(content, bytes) else content.encode()
    return Case(title, data, good or {}, **expected)  # type: ignore[arg-type]
