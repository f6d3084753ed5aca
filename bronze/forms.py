"""The form by which staff edit a raw record: one input per field, empty where what was received counts."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from bronze.contracts import Classification, ContractSpec, FieldSpec
from bronze.incoming import classification_of
from bronze.models import RawRecord
from bronze.readers.json_text import LONE_SURROGATE, cell, strings
from bronze.rows import KEYLESS

LONG = 80
"""Characters from which on a text gets an area in the place of a line."""

MAX_INPUTS = 40
"""Fields beyond the contract that get an input of their own; the others are edited as JSON."""

HINTS = {
    "integer": "a whole number",
    "decimal": "a number such as 1234.50",
    "date": "a date such as 2024-05-17",
    "datetime": "a timestamp such as 2024-05-17T18:20:00Z",
    "object": "a JSON object",
}
INPUT_MODES = {"integer": "numeric", "decimal": "decimal"}


class ObjectField(forms.JSONField):
    """A JSON object; says where and why a text is none."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return None
        try:
            found = json.loads(value, parse_constant=_refuse_number, parse_float=_finite)
        except json.JSONDecodeError as error:
            raise ValidationError(
                f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
                ' Names and texts stand in double quotes, as in {"city": "Berlin"}.'
            ) from error
        except (RecursionError, ValueError) as error:
            raise ValidationError(
                "This JSON is nested too deep, or has a number that is too long."
            ) from error
        if not isinstance(found, dict):
            raise ValidationError('This must be an object of fields, as in {"city": "Berlin"}.')
        return _storable(found)

    def prepare_value(self, value: Any) -> Any:
        """The input shows the text that was given, broken or not."""
        return value

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data


class TextField(forms.CharField):
    """A text as a file would have it, blanks included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, **kwargs)

    def clean(self, value: Any) -> Any:
        """Browsers send areas with the line ends of Windows."""
        return _storable(super().clean(value).replace("\r\n", "\n"))


def _storable(value: Any) -> Any:
    if any("\x00" in text or LONE_SURROGATE.search(text) for text in strings(value)):
        raise ValidationError("A text must not contain the NUL character, nor half of a character.")
    return value


def _refuse_number(text: str) -> None:
    raise ValidationError(f"{text} is not a JSON number that can be stored.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        _refuse_number(text)
    return number


@dataclass(frozen=True)
class FieldRow:
    """A field of the record as a line of the form. `value` and `empty` are None where the field cannot be edited."""

    spec: FieldSpec
    help: str
    value: BoundField | None
    empty: BoundField | None
    back: BoundField | None
    is_patched: bool
    is_key: bool
    errors: list[dict[str, Any]]
    conflict: dict[str, Any] | None


class RecordForm(forms.Form):
    """Edits on top of one record. `patch()` is what they come to."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    others = ObjectField(
        required=False,
        label="Other fields",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Edits of fields that have no line above, as a JSON object: names and new values. null empties a field.",
    )

    def __init__(self, data: Any = None, *, record: RawRecord, contract: ContractSpec) -> None:
        self.record, self.contract = record, contract
        self.specs = specs_of(record, contract)
        self._known = {spec.name for spec in self.specs}
        rest = {name: value for name, value in record.patch.items() if name not in self._known}
        shown = json.dumps(rest, ensure_ascii=False, indent=2) if rest else ""
        super().__init__(data, initial={"revision": record.revision, "others": shown})
        for number, spec in enumerate(self.specs):
            if self.is_open(spec):
                self._add_inputs(number, spec)

    def is_open(self, spec: FieldSpec) -> bool:
        """Whether the field can be edited: a key, once there is one, cannot."""
        return spec.name not in self.contract.key or self.record.key.startswith(KEYLESS)

    def _add_inputs(self, number: int, spec: FieldSpec) -> None:
        patched = spec.name in self.record.patch
        value = self.record.patch.get(spec.name)
        is_secret = _is_secret(self.contract, spec.name)
        shown = "" if value is None or is_secret else _text(value)
        field = _input(spec, self.record.payload.get(spec.name), shown, is_secret=is_secret)
        field.initial = shown
        self.fields[f"value_{number}"] = field
        self.fields[f"empty_{number}"] = _tick(f"{spec.name}: null", initial=patched and value is None)
        if patched:
            self.fields[f"back_{number}"] = _tick(f"{spec.name}: take the edit back")

    def rows(self) -> Iterator[FieldRow]:
        for number, spec in enumerate(self.specs):
            yield FieldRow(
                spec=spec,
                help=_help(spec),
                value=self._bound(f"value_{number}"),
                empty=self._bound(f"empty_{number}"),
                back=self._bound(f"back_{number}"),
                is_patched=spec.name in self.record.patch,
                is_key=spec.name in self.contract.key,
                errors=[error for error in self.record.errors if error["field"] == spec.name],
                conflict=self.record.conflict.get(spec.name),
            )

    def row_errors(self) -> list[dict[str, Any]]:
        """Failed rules of the row as a whole, or of fields without a line."""
        return [error for error in self.record.errors if error["field"] not in self._known]

    def _bound(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None

    def clean_others(self) -> dict[str, Any]:
        others: dict[str, Any] = self.cleaned_data["others"] or {}
        for name in others:
            if name in self._known:
                raise ValidationError(f"{name} has a line of its own above.")
        return others

    def patch(self) -> dict[str, Any]:
        """The edits as they shall be: field -> value, None to empty it."""
        found: dict[str, Any] = dict(self.cleaned_data["others"])
        for number, spec in enumerate(self.specs):
            if f"value_{number}" not in self.fields:
                found |= {name: value for name, value in self.record.patch.items() if name == spec.name}
            else:
                found |= self._edit(number, spec)
        return found

    def _edit(self, number: int, spec: FieldSpec) -> dict[str, Any]:
        """The edit of one field; an empty input, or one that says what was received, is none."""
        given, name = self.cleaned_data, spec.name
        value = given[f"value_{number}"]
        before = self.record.patch.get(name)
        if given.get(f"back_{number}"):
            return {}
        is_typed = value not in (None, "")
        if given[f"empty_{number}"] and not (
            is_typed and _text(value) != self.fields[f"value_{number}"].initial
        ):
            return {name: None}
        if not is_typed:
            keeps = _is_secret(self.contract, name) and before is not None
            return {name: before} if keeps else {}
        if name in self.record.patch and _text(value) == cell(before):
            return {name: before}
        return {} if _text(value) == cell(self.record.payload.get(name)) else {name: value}


def specs_of(record: RawRecord, contract: ContractSpec) -> list[FieldSpec]:
    """The fields of the contract, then others that the record has, as far as they are texts or objects."""
    known = contract.field_names()
    others = [name for name in {**record.payload, **record.patch} if name not in known]
    return [*contract.fields, *(_undeclared(name, record) for name in others[:MAX_INPUTS])]


def _undeclared(name: str, record: RawRecord) -> FieldSpec:
    value = record.effective.get(name)
    kind: Any = "object" if isinstance(value, dict) else "text"
    return FieldSpec(name=name, kind=kind, required=False, description="Not in the contract.", example=None)


def _is_secret(contract: ContractSpec, name: str) -> bool:
    return classification_of(contract, name) is Classification.SECRET


def _input(spec: FieldSpec, received: Any, shown: str, *, is_secret: bool) -> forms.Field:
    """`shown`: the edit that there is; it stays a choice, even if the contract has no such choice."""
    if spec.kind == "object":
        return ObjectField(
            required=False, label=spec.name, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
        )
    if spec.kind == "enum":
        names = dict.fromkeys([*spec.choices, *filter(None, [shown])])
        choices = [("", "as received"), *((choice, choice) for choice in names)]
        return forms.ChoiceField(
            required=False, label=spec.name, choices=choices, widget=UnfoldAdminSelectWidget
        )
    attrs: dict[str, Any] = {"autocomplete": "off", "placeholder": "as received"}
    if spec.kind in INPUT_MODES:
        attrs["inputmode"] = INPUT_MODES[spec.kind]
    if is_secret:
        attrs["placeholder"] = "stays as it is"
    is_long = (spec.max_length or 0) > 1000 or len(str(received or "")) > LONG
    widget = (
        UnfoldAdminExpandableTextareaWidget if is_long and spec.kind == "text" else UnfoldAdminTextInputWidget
    )
    return TextField(label=spec.name, widget=widget(attrs=attrs))


def _tick(label: str, *, initial: bool = False) -> forms.BooleanField:
    """`label` is what a screen reader says; beside the box stands a shorter one."""
    box = UnfoldBooleanWidget(attrs={"aria-label": label})
    return forms.BooleanField(required=False, label=label, initial=initial, widget=box)


def _text(value: Any) -> str:
    """A value as the input shows it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else cell(value) or ""


def _help(spec: FieldSpec) -> str:
    """What the contract says of a field, in a sentence or two."""
    parts = [spec.description]
    if spec.kind in HINTS:
        parts.append(f"Must be {HINTS[spec.kind]}.")
    if spec.example not in (None, "", spec.kind) and spec.kind not in HINTS:
        parts.append(f"For example {_text(spec.example)}.")
    limits = {"at least": spec.minimum, "at most": spec.maximum}
    parts += [f"{words} {limit:f}.".capitalize() for words, limit in limits.items() if limit is not None]
    return " ".join(filter(None, parts))
