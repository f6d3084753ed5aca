"""How a contract is declared: a Pydantic model, one class per data set, and what is derived from it.

The model is the one declaration. `ContractSpec` is its plain reading, which the readers, the contract check, the
seed generator, the OpenAPI document, the admin and the data dictionary use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Kind = Literal["text", "integer", "decimal", "date", "datetime", "enum", "object"]
ReferencePolicy = Literal["reject", "quarantine", "late"]


class Classification(StrEnum):
    """Who may see a field: everybody with a login, or only those with the right to see personal data or secrets."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SECRET = "secret"


@dataclass(frozen=True)
class Reference:
    """A field that names a record of another data set by its key, and what becomes of a row that names a missing one.

    `reject`: the API refuses it. Files may arrive in any order, so that their rows are kept and bound when the record
    arrives. `quarantine`: it is kept in quarantine, wherever it came from, until the record arrives. `late`: it is kept
    and bound when the record arrives. A record is not deleted while others name it, unless they do so by `late`.
    """

    dataset: str
    policy: ReferencePolicy = "late"


@dataclass(frozen=True)
class FieldSpec:
    """One field of a data set."""

    name: str
    kind: Kind
    required: bool
    description: str
    example: Any
    aliases: tuple[str, ...] = ()
    classification: Classification = Classification.INTERNAL
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_length: int | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    check: str | None = None
    """Name of a further rule of `bronze.rules`, such as `country` or `bank_routing`."""
    not_before: str | None = None
    """Date field of the same row that this one must not be before."""
    may_be_open: bool = False
    """A date that stands for no end yet (`parsing.OPEN_END`) is none."""
    scale: int = 2
    reference: Reference | None = None

    @property
    def is_personal(self) -> bool:
        return self.classification in (Classification.PERSONAL, Classification.SECRET)


@dataclass(frozen=True)
class ContractSpec:
    """One data set: its fields in the order of a file without a header, and its natural key."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    record_path: str | None = None
    file_names: tuple[str, ...] = ()
    is_open: bool = False
    """Records may have fields beyond these: a data set that was described at run time."""

    def __hash__(self) -> int:
        """What follows from a contract is kept by it; examples may be of types without a hash."""
        return hash(self.name)

    def field(self, name: str) -> FieldSpec:
        return self._by_name[name]

    def field_names(self) -> tuple[str, ...]:
        return tuple(self._by_name)

    def column_names(self) -> Mapping[str, str]:
        """Every accepted column name (field names and aliases, in lower case with underscores) -> field name."""
        return self._by_column

    @cached_property
    def _by_column(self) -> Mapping[str, str]:
        return {alias: spec.name for spec in self.fields for alias in (spec.name, *spec.aliases)}

    @cached_property
    def _by_name(self) -> Mapping[str, FieldSpec]:
        return {spec.name: spec for spec in self.fields}


def plain_name(name: str) -> str:
    """A column name as contracts spell it: ` First Name` and `first-name` become `first_name`."""
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())


def column(description: str, *, example: Any, default: Any = ..., **traits: Any) -> Any:
    """Declare a field of a contract. `traits` are attributes of `FieldSpec`, beyond those that the annotation tells."""
    if "classification" not in traits and traits.pop("personal", False):
        traits["classification"] = Classification.PERSONAL
    return Field(
        default, description=description, examples=[example], json_schema_extra={"x-contract": traits}
    )


@dataclass(frozen=True)
class About:
    """What a contract says of its data set as a whole; see `ContractSpec`."""

    name: str
    title: str
    key: tuple[str, ...]
    file_names: tuple[str, ...] = ()
    record_path: str | None = None


class Contract(BaseModel):
    """Base of every contract. The class docstring is the description of the data set."""

    model_config = ConfigDict(extra="allow", frozen=True)

    about: ClassVar[About]

    @classmethod
    def spec(cls) -> ContractSpec:
        return ContractSpec(
            **vars(cls.about),
            description=" ".join((cls.__doc__ or "").split()),
            fields=tuple(_field_spec(name, info) for name, info in cls.model_fields.items()),
        )


def _field_spec(name: str, info: FieldInfo) -> FieldSpec:
    extra = info.json_schema_extra
    traits: dict[str, Any] = dict(extra["x-contract"]) if isinstance(extra, dict) else {}  # type: ignore[arg-type]
    kind, choices = _kind(info.annotation)
    return FieldSpec(
        name=name,
        kind=kind,
        choices=choices,
        required=info.is_required(),
        description=info.description or "",
        example=(info.examples or [None])[0],
        **traits,
    )


_KINDS: Mapping[Any, Kind] = {
    str: "text",
    int: "integer",
    Decimal: "decimal",
    date: "date",
    datetime: "datetime",
}


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(arg for arg in get_args(annotation) if arg is not NoneType)
    if get_origin(annotation) is Literal:
        return "enum", get_args(annotation)
    return _KINDS.get(annotation, "object"), ()
