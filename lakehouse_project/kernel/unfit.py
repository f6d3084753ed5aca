"""What is wrong with a value that a schema refuses, in words that say what to send instead."""

from collections.abc import Callable, Mapping
from typing import Any

Sentence = str | Callable[[Mapping[str, Any]], str]

_TEXT = "must be a text"
_NUMBER = "must be a number"
_WHOLE = "must be a whole number"
_TRUTH = "must be true or false"
_LIST = "must be a list: […]"
_OBJECT = "must be an object: {…}"
_MOMENT = "must be a date and time, such as 2024-05-17T18:20:00Z"
_DAY = "must be a date, such as 2024-05-17"

SENTENCES: Mapping[str, Sentence] = {
    "missing": "is missing: add it",
    "extra_forbidden": "is not known here: leave it out, or correct its name",
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": "is too large a number",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "none_required": "must be null",
    "json_invalid": "is not JSON",
    "greater_than_equal": lambda given: f"must be at least {given['ge']:,}",
    "greater_than": lambda given: f"must be more than {given['gt']:,}",
    "less_than_equal": lambda given: f"must be at most {given['le']:,}",
    "less_than": lambda given: f"must be less than {given['lt']:,}",
    "string_too_short": lambda given: f"must have at least {_many(given['min_length'], 'character')}",
    "string_too_long": lambda given: f"must have at most {_many(given['max_length'], 'character')}",
    "too_short": lambda given: f"must have at least {_long(given, given['min_length'])}",
    "too_long": lambda given: f"must have at most {_long(given, given['max_length'])}",
    "literal_error": lambda given: f"must be {given['expected']}",
    "enum": lambda given: f"must be {given['expected']}",
    "string_pattern_mismatch": lambda given: f"must match the pattern {given['pattern']}",
    "union_tag_invalid": lambda given: f"cannot be {given['tag']!r}: use one of {given['expected_tags']}",
    "union_tag_not_found": lambda given: f"must say what it is by the member {given['discriminator']}",
    "value_error": lambda given: str(given["error"]),
}
"""By the type of a Pydantic error; given its context."""


def sentence_of(kind: str, context: Mapping[str, Any], message: str) -> str:
    """`kind`, `context` and `message`: of a Pydantic error. The message stands for what is not foreseen here."""
    found = SENTENCES.get(kind, message)
    return found if isinstance(found, str) else found(context)


def _long(given: Mapping[str, Any], count: int) -> str:
    """A text that is checked after it was read counts as a value of no known type."""
    return (
        _many(count, "character") if given.get("field_type") == "Value" else _many(count, "entry", "entries")
    )


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
