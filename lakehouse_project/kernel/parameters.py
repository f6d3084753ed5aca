"""Query strings: a parameter that a route does not know is an error, not a filter that silently does nothing."""

from collections.abc import Iterable

from django.http import HttpRequest

from lakehouse_project.kernel.errors import FieldError, InvalidInput, UnknownParameter


def reject_unknown(request: HttpRequest, allowed: Iterable[str]) -> None:
    """Raise `UnknownParameter` if the query string has a name that is not in `allowed`.

    Raises `InvalidInput` for a value with a NUL character, which PostgreSQL does not take.
    """
    known = sorted(set(allowed))
    unknown = [name for name in request.GET if name not in known]
    if unknown:
        errors = [FieldError(name, "unknown_parameter", "This parameter is not known.") for name in unknown]
        raise UnknownParameter(
            f"Unknown parameter {', '.join(unknown)}. Known here: {', '.join(known) or 'none'}.",
            errors=errors,
        )
    if unstorable := [name for name, value in request.GET.items() if "\x00" in value]:
        errors = [FieldError(name, "nul_character", "A NUL character is in no text.") for name in unstorable]
        raise InvalidInput(f"{', '.join(unstorable)} has a NUL character.", errors=errors)
