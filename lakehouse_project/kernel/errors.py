"""Base classes of every error that the product raises on purpose.

A domain error carries a stable `code` and context, never an HTTP status: `lakehouse_project.problems`
maps codes to problem+json, the CLI prints the message, tasks record it on their run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One rule that one field of one row broke. `row` is the position in the request or file, if any."""

    field: str
    rule: str
    message: str
    value: str | None = None
    row: int | None = None


class LakehouseError(Exception):
    """An error with a sentence for the person who caused it: what, where, and what to do."""

    code: ClassVar[str] = "lakehouse_error"

    def __init__(self, message: str, *, errors: Sequence[FieldError] = (), **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.errors = tuple(errors)
        self.context = context

    def __str__(self) -> str:
        return self.message


class PermanentError(LakehouseError):
    """Trying again will not help: the input or the configuration has to change."""

    code = "permanent_error"


class TransientError(LakehouseError):
    """The same call may work later: a server is down, a lock is held. Tasks retry only these."""

    code = "transient_error"


class NotFound(PermanentError):
    """The thing named does not exist."""

    code = "not_found"


class Conflict(PermanentError):
    """The thing exists already, or its state does not allow what was asked."""

    code = "conflict"


class InvalidInput(PermanentError):
    """The input breaks rules; `errors` names each field."""

    code = "invalid_input"


class UnknownParameter(PermanentError):
    """A query parameter that the route does not know."""

    code = "unknown_parameter"


class NotConfigured(PermanentError):
    """A setting is missing or wrong."""

    code = "not_configured"
