"""Query strings: a parameter that a route does not know is an error, not a filter that silently does nothing."""

import difflib
from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django.http import HttpRequest
from ninja import Schema

from lakehouse_project.kernel.errors import FieldError, InvalidInput, UnknownParameter

OPERATOR = "__"
"""Between the name of a column and what its value is compared by: `salary__gte`."""
ORDERING, FIELDS = "ordering", "fields"
CHOICES = (ORDERING, FIELDS)
"""What every list that filters by columns understands."""


class WholeQuery(Schema):
    """All that a query string may have: whatever else is in it is told together with what is missing."""

    columns: ClassVar[frozenset[str]] = frozenset()
    """Names of columns that it filters by: `name` and `name__op` are parameters as well."""


def reject_unknown(request: HttpRequest, allowed: Iterable[str]) -> None:
    """Raise `UnknownParameter` if the query string has a name that is not in `allowed`.

    Raises `InvalidInput` for a value with a NUL character, which PostgreSQL does not take.
    """
    known = sorted(set(allowed))
    if unknown := [name for name in request.GET if name not in known]:
        raise UnknownParameter(
            f"{told(unknown, known)} Known here: {', '.join(known) or 'none'}.",
            errors=unknown_parameters(unknown, known),
        )
    if unstorable := [name for name, value in request.GET.items() if "\x00" in value]:
        errors = [FieldError(name, "nul_character", "A NUL character is in no text.") for name in unstorable]
        raise InvalidInput(f"{', '.join(unstorable)} has a NUL character.", errors=errors)


def misspelled(given: Iterable[str], schema: Any) -> list[FieldError]:
    """The names of a query string that a `WholeQuery` does not know, beside what else is wrong with it."""
    if not (isinstance(schema, type) and issubclass(schema, WholeQuery)):
        return []
    known = {*schema.model_fields, *schema.columns, *(CHOICES if schema.columns else ())}
    names = [
        name for name in given if name not in known and name.partition(OPERATOR)[0] not in schema.columns
    ]
    return unknown_parameters(names, known)


def unknown_parameters(names: Iterable[str], known: Collection[str]) -> list[FieldError]:
    """What is wrong with `names`, which are not among the `known`."""
    return [
        FieldError(name, "unknown_parameter", f"is not known: {meant(name, known) or 'leave it out'}")
        for name in names
    ]


def told(names: Iterable[str], known: Collection[str]) -> str:
    """The same in sentences."""
    pairs = ((name, meant(name, known)) for name in names)
    return " ".join(f"Unknown parameter {name}{f': {near}' if near else '.'}" for name, near in pairs)


def meant(name: str, known: Collection[str]) -> str:
    """The one that is most like it; nothing where none is."""
    column, operator, suffix = name.partition(OPERATOR)
    near = [] if column in known else difflib.get_close_matches(column, known, n=1)
    return f"did you mean {near[0]}{operator}{suffix}?" if near else ""
