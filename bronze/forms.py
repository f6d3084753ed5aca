"""The form by which staff edit a raw record."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from bronze.catalog import contract_named
from bronze.models import RawRecord


class EditsField(forms.JSONField):
    """A JSON object; says where and why a text is none."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return {}
        try:
            edits = json.loads(value, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            raise ValidationError(
                f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
                ' Names and texts stand in double quotes, as in {"city": "Berlin"}.'
            ) from error
        if not isinstance(edits, dict):
            raise ValidationError('The edits must be an object of fields, as in {"city": "Berlin"}.')
        if "\\u0000" in json.dumps(edits):
            raise ValidationError("A text must not contain the NUL character.")
        return edits


def _refuse_constant(name: str) -> None:
    raise ValidationError(f"{name} is not a JSON number.")


class EditForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only for the type checker
    """Only the edits on top of what was received can be changed."""

    patch = EditsField(required=False, label="Edits", widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}))

    class Meta:
        model = RawRecord
        fields = ("patch",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "patch" in self.fields:
            self.fields["patch"].help_text = (
                "The fields to override and their new values, for example "
                f"{json.dumps(_example(self.instance), ensure_ascii=False)}. "
                "null empties a field; {} takes all edits back."
            )

    def clean_patch(self) -> dict[str, Any]:
        edits: dict[str, Any] = self.cleaned_data["patch"]
        if problems := list(_problems(self.instance, edits)):
            raise ValidationError(problems)
        return edits


def _example(record: RawRecord) -> dict[str, Any]:
    """What an edit of the first wrong field would look like."""
    specs = {field.name: field for field in contract_named(record.dataset_id).fields}
    names = [error["field"] for error in record.errors if error["field"] in specs]
    name = next(iter([*names, *specs, *record.payload]), None)
    return {name: specs[name].example if name in specs else "text"} if name else {}


def _problems(record: RawRecord, edits: Mapping[str, Any]) -> Iterator[str]:
    contract = contract_named(record.dataset_id)
    known = [field.name for field in contract.fields]
    for name in edits:
        if not contract.is_open and name not in known and name not in record.payload:
            yield f"{contract.title} have no field {name!r}; they have {', '.join(known)}."
        elif name in contract.key and _has_key(record) and str(edits[name]) != str(record.payload.get(name)):
            yield f"{name} is the key of this record and cannot change."


def _has_key(record: RawRecord) -> bool:
    """A row that came without a key has one made from its content, which begins with a question mark."""
    return not record.key.startswith("?")
