"""Edits of many records at a time: what they are, and what they make of a frame of strings."""

from collections.abc import Sequence
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from bronze.contracts import ContractSpec
from bronze.domain import MAX_NAME, StorableText
from bronze.encryption import FieldCipher
from bronze.incoming import secret_columns
from bronze.readers.json_text import NESTED, encode
from lakehouse_project.kernel.errors import FieldError, InvalidInput

NO_CHANGES = "{}"
MAX_TEXT = 10_000


class _OfField(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Annotated[StorableText, Field(min_length=1, max_length=MAX_NAME)]


class SetField(_OfField):
    """Give a field this value, written as in a file."""

    action: Literal["set"]
    value: Annotated[StorableText, Field(max_length=MAX_TEXT)]

    def words(self) -> str:
        return f"{self.field} set"


class EmptyField(_OfField):
    """Empty a field: null."""

    action: Literal["empty"]

    def words(self) -> str:
        return f"{self.field} emptied"


class ReplaceText(_OfField):
    """Put another text in the place of one: of every `part` that reads so, of the `whole` value (blanks around it aside),
    or of what matches a regular `pattern`."""

    action: Literal["replace"]
    find: Annotated[StorableText, Field(min_length=1, max_length=1000)]
    replacement: Annotated[StorableText, Field(max_length=MAX_TEXT)] = ""
    match: Literal["part", "whole", "pattern"] = "part"

    def words(self) -> str:
        return f"text of {self.field} replaced"


Edit = Annotated[SetField | EmptyField | ReplaceText, Field(discriminator="action")]


def words(edits: Sequence[Edit]) -> str:
    """The edits without their values, which may be personal."""
    return ", ".join(edit.words() for edit in edits)


def edited(
    fields: pl.DataFrame, edits: Sequence[Edit], contract: ContractSpec, open_key: pl.Series
) -> pl.DataFrame:
    """`fields` with the edits. `open_key`: true for rows without a key; those of the others do not change.

    Raises `InvalidInput` if a pattern is none.
    """
    for edit in edits:
        after = _after(edit)
        if edit.field in contract.key:
            after = pl.when(open_key).then(after).otherwise(pl.col(edit.field))
        try:
            fields = fields.with_columns(after.cast(pl.String).alias(edit.field))
        except pl.exceptions.ComputeError as error:
            raise InvalidInput(
                f"{edit.field}: this is not a regular expression: {_reason(error)}.",
                errors=[FieldError(edit.field, "pattern", "is not a regular expression")],
            ) from error
    return fields


def _reason(error: Exception) -> str:
    """What is wrong with a pattern; the lines around it draw where."""
    lines = str(error).splitlines()
    found = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (found or lines)[-1].rstrip(".")


def _after(edit: Edit) -> pl.Expr:
    now = pl.col(edit.field)
    if isinstance(edit, SetField):
        return pl.lit(edit.value)
    if isinstance(edit, EmptyField):
        return pl.when(now == "").then(now)  # is empty already
    if edit.match == "whole":
        is_it = now.str.strip_chars() == edit.find.strip()
        return pl.when(is_it).then(pl.lit(edit.replacement)).otherwise(now)
    return now.str.replace_all(edit.find, edit.replacement, literal=edit.match == "part")


def changes(
    before: pl.DataFrame,
    after: pl.DataFrame,
    edits: Sequence[Edit],
    contract: ContractSpec,
    cipher: FieldCipher,
) -> pl.Series:
    """The fields that differ with their new values, as the JSON text of an object for each row; secrets are sealed.

    A secret counts as different whatever it is set to: else whoever sets it could find out what it was.
    """
    names = list(dict.fromkeys(edit.field for edit in edits))
    secrets = secret_columns(contract, names)
    sealed = after.with_columns(cipher.encrypt_column(after[name], name) for name in secrets)
    members = [
        _member(
            name,
            sealed[name].str.strip_prefix(NESTED),
            before[name].ne_missing(after[name]) | (name in secrets),
        )
        for name in names
    ]
    frame = pl.DataFrame({str(number): member for number, member in enumerate(members)})
    inner = pl.concat_str(pl.all(), separator=", ", ignore_nulls=True)
    return frame.select(pl.concat_str(pl.lit("{"), inner, pl.lit("}"))).to_series()


def _member(name: str, values: pl.Series, differs: pl.Series) -> pl.Series:
    """`"name": value` where the value differs, null where it does not."""
    value = pl.struct(v=pl.lit(values)).struct.json_encode().str.strip_prefix('{"v":').str.strip_suffix("}")
    member = pl.concat_str(pl.lit(f"{encode(name)}: "), value)
    return pl.select(pl.when(pl.lit(differs)).then(member)).to_series()
