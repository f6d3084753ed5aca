"""The types that a column of a list may have."""

from typing import Literal

Kind = Literal["text", "integer", "decimal", "date", "datetime", "enum", "boolean", "object"]
