"""Data sets that are described at run time: what a description may say, and the contract that follows from it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bronze.contracts.base import (
    Classification,
    ContractSpec,
    FieldSpec,
    Kind,
    Reference,
    ReferencePolicy,
    plain_name,
)
from bronze.domain import StorableText
from lakehouse_project.kernel.errors import FieldError

DescribedKind = Literal["text", "integer", "decimal", "date", "datetime", "object"]
DuplicateKeys = Literal["last_wins", "quarantine"]

HOW_TO_CREATE = "New ones are created under Data sets in the admin, or over the API."
SLUG = re.compile(r"[a-z][a-z0-9_]{0,62}")
ROUTE_WORDS = frozenset(
    {
        "batch",
        "conflicts",
        "datasets",
        "documents",
        "files",
        "history",
        "quarantine",
        "records",
        "restore",
        "seed",
    }
)
"""Names of data sets are part of addresses; these words mean something there."""
FIELD_NAME = re.compile(r"[^\s_\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?")
MOST_FIELDS = 500


class DescribedReference(BaseModel):
    """The data set whose records the field names by their keys; see `Reference`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    policy: ReferencePolicy = "late"


class DescribedField(BaseModel):
    """A field that somebody has described."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: StorableText = Field(max_length=120)
    type: DescribedKind = "text"
    required: bool = False
    description: StorableText = Field("", max_length=1000)
    classification: Classification = Classification.INTERNAL
    reference: DescribedReference | None = None


class Description(BaseModel):
    """What is said of a data set that has no contract in the code."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"example": {"title": "Weather stations", "key_fields": ["station"]}},
    )

    title: StorableText = Field(min_length=1, max_length=120)
    description: StorableText = Field("", max_length=10_000)
    key_fields: tuple[Annotated[StorableText, Field(max_length=120)], ...] = Field((), max_length=10)
    """None: the key of a record is made from its content."""
    fields: tuple[DescribedField, ...] = Field((), max_length=MOST_FIELDS)
    duplicate_keys: DuplicateKeys = "last_wins"


class DescriptionChanges(Description):
    """The members of a description that shall be different; those that are not given stay."""

    title: StorableText = Field("", min_length=1, max_length=120)


def slug_problem(slug: str, taken: Sequence[str]) -> FieldError | None:
    """Why a data set cannot be called so. `taken`: names and words in file names that belong to contracts."""
    if not SLUG.fullmatch(slug):
        message = "must be 1 to 63 lower-case letters, digits and underscores, a letter first"
        return FieldError("name", "slug", message)
    if slug in ROUTE_WORDS or slug in taken:
        return FieldError("name", "reserved", f"{slug!r} is reserved; choose another name")
    return None


def problems(description: Description) -> Iterator[FieldError]:
    """What is wrong with a description beyond the types of its members."""
    names = [field.name for field in description.fields]
    for name in dict.fromkeys([*names, *description.key_fields]):
        if not FIELD_NAME.fullmatch(name):
            message = f"{name!r} is no name of a field: it has no control character, and no blank or underscore first"
            yield FieldError("fields", "name", message)
    for member, given in (("fields", names), ("key_fields", description.key_fields)):
        for name, count in Counter(map(plain_name, given)).items():
            if count > 1:
                yield FieldError(member, "duplicate", f"{name!r} is there {count} times")
    classes = {field.name: field.classification for field in description.fields}
    for name in description.key_fields:
        if classes.get(name) in (Classification.PERSONAL, Classification.SECRET):
            message = f"{name!r} is part of the key, which everybody with a login sees: it cannot be {classes[name]}"
            yield FieldError("key_fields", "classification", message)


def spec_of(name: str, about: Description) -> ContractSpec:
    """The contract of a described data set. It is open: records may have any other field as well."""
    described = {field.name: field for field in about.fields}
    undescribed = [key for key in about.key_fields if key not in described]
    fields = [*(DescribedField(name=key) for key in undescribed), *described.values()]
    return ContractSpec(
        name=name,
        title=about.title,
        description=about.description,
        key=about.key_fields,
        fields=tuple(_field_spec(field, is_key=field.name in about.key_fields) for field in fields),
        is_open=True,
    )


def _field_spec(field: DescribedField, *, is_key: bool) -> FieldSpec:
    alias = plain_name(field.name)
    return FieldSpec(
        name=field.name,
        kind=field.type,
        required=field.required or is_key,
        description=field.description,
        example=EXAMPLES[field.type],
        aliases=() if alias == field.name else (alias,),
        classification=field.classification,
        reference=Reference(field.reference.dataset, field.reference.policy) if field.reference else None,
    )


EXAMPLES: dict[Kind, Any] = {
    "text": "text",
    "integer": 1,
    "decimal": "1.50",
    "date": "2024-05-17",
    "datetime": "2024-05-17T18:20:00Z",
    "object": {},
}
