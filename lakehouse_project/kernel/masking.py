"""Masks for personal data, shown to those who may know that a value is there but not what it is."""

import re
from typing import Any, Protocol

PERMISSION = "governance.view_personal_data"
SECRET_PERMISSION = "governance.view_secret_data"
MASK = "•••"

_ROWS = re.compile(r"\n(?:DETAIL|CONTEXT):.*?(?=\n\n(?:The above|During handling of)|\Z)", re.DOTALL)


class Caller(Protocol):
    """A user, as far as masks are concerned."""

    def has_perm(self, perm: str) -> bool: ...


def may_see_personal_data(caller: Caller) -> bool:
    return caller.has_perm(PERMISSION)


def mask(value: Any) -> Any:
    """The first character and dots; nothing stays nothing."""
    if value is None or value == "":
        return value
    return f"{str(value)[0]}{MASK}"


def without_rows(trace: str) -> str:
    """A traceback without the rows that PostgreSQL quotes in its errors: they are nobody's business in a log."""
    return _ROWS.sub("", trace)
