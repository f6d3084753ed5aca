"""The forms by which staff describe data sets."""

import csv
from collections.abc import Iterator
from typing import Any, ClassVar

import pydantic
from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from bronze.contracts.described import DescribedField, Description, DescriptionChanges
from bronze.models import Dataset
from bronze.services import ChangeDataset, CreateDataset
from bronze.transactions import rolled_back
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

PARTS = ("name", "type", "classification", "required", "description", "reference")
REQUIRED = "required"


class LinesField(forms.CharField):
    """Described fields, one per line."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(map(_line, value or ()))

    def to_python(self, value: Any) -> Any:
        problems = []
        fields = []
        for number, parts in _lines(str(value or "")):
            try:
                fields.append(_described(parts))
            except pydantic.ValidationError as error:
                reasons = "; ".join(f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors())
                problems.append(f"Line {number}: {reasons}")
        if problems:
            raise ValidationError(problems)
        return fields


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, parts in enumerate(csv.reader(text.splitlines(), skipinitialspace=True), start=1):
        if any(part.strip() for part in parts):
            yield number, [part.strip() for part in parts]


def _described(parts: list[str]) -> DescribedField:
    given: dict[str, Any] = {name: part for name, part in zip(PARTS, parts, strict=False) if part}
    if "reference" in given:
        given["reference"] = dict(zip(("dataset", "policy"), given["reference"].split(), strict=False))
    if given.get("required") in (REQUIRED, "optional"):
        given["required"] = given["required"] == REQUIRED
    return DescribedField.model_validate(given)


def _line(field: dict[str, Any]) -> str:
    required = REQUIRED if field["required"] else "optional"
    named = field.get("reference")
    reference = f"{named['dataset']} {named['policy']}" if named else ""
    parts = [field["name"], field["type"], field["classification"], required, field["description"], reference]
    return ", ".join(f'"{part}"' if "," in part else part for part in parts).rstrip(", ")


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only for the type checker
    """What can be set of a data set whose contract is in the code."""

    class Meta:
        model = Dataset
        fields = ("duplicate_keys",)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                with rolled_back():
                    self.apply()
            except LakehouseError as error:
                raise ValidationError(error.message) from error
        return given

    def apply(self) -> None:
        """Do what the form says. Raises a `LakehouseError` that says why it cannot be."""
        changes = DescriptionChanges(duplicate_keys=self.cleaned_data["duplicate_keys"])
        resolve(ChangeDataset)(self.instance.pk, changes)


class DescriptionForm(PolicyForm):
    """A data set that has no contract in the code."""

    ASKED: ClassVar = ("title", "description", "key_fields", "described", "duplicate_keys")

    key_fields = forms.CharField(
        required=False,
        label="Key fields",
        widget=UnfoldAdminTextInputWidget,
        help_text="Names with commas between them. Without any the key of a record is made from its content.",
    )
    described = LinesField(
        required=False,
        label="Described fields",
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 8, "placeholder": "visited_at, datetime, internal, required"}
        ),
        help_text="One per line: name, type (text, integer, decimal, date, datetime, object), class (public, internal, "
        "personal, secret), required or optional, description, and the data set that it refers to with what becomes of a "
        "row that names a missing record (users reject, users quarantine, users late). What is left out is text, "
        "internal, optional. Records may have any other field as well.",
    )

    class Meta:
        model = Dataset
        fields = ("name", "title", "description", "key_fields", "duplicate_keys")
        widgets: ClassVar = {"duplicate_keys": UnfoldAdminSelectWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["key_fields"] = ", ".join(self.instance.key_fields)
            self.initial["described"] = self.instance.fields

    def clean_key_fields(self) -> tuple[str, ...]:
        names = self.cleaned_data["key_fields"].split(",")
        return tuple(name.strip() for name in names if name.strip())

    def validate_unique(self) -> None:
        """The service knows better: a data set that was deleted can be created again."""

    def apply(self) -> None:
        given = {name: self.cleaned_data[name] for name in self.ASKED}
        given["fields"] = given.pop("described")
        if self.instance.created_at is None:
            resolve(CreateDataset)(self.cleaned_data["name"], Description(**given))
        else:
            resolve(ChangeDataset)(self.instance.pk, DescriptionChanges(**given))
