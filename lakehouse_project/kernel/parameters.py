"""Query strings: a parameter that a route does not know is an error, not a filter that silently does nothing."""

from collections.abc import Iterable

from django.http import HttpRequest

from lakehouse_project.kernel.errors import FieldError, UnknownParameter


def reject_unknown(request: HttpRequest, allowed: Iterable[str]) -> None:
    """Raise `UnknownParameter` if the query string has a name that is not in `allowed`."""
    known = sorted(set(allowed))
    unknown = [name for name in request.GET if name not in known]
    if unknown:
        errors = [FieldError(name, "unknown_parameter", "This parameter is not known.") for name in unknown]
        raise UnknownParameter(
            f"Unknown parameter {', '.join(unknown)}. Known here: {', '.join(known) or 'none'}.",
            errors=errors,
        )
