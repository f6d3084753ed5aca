"""The form by which staff repair many quarantined records at a time."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from pydantic import ValidationError as Unfit
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from bronze.contracts import Classification, ContractSpec
from bronze.domain import MAX_SELECTED, Selection
from bronze.edits import MAX_TEXT, Edit, EmptyField, ReplaceText, SetField
from lakehouse_project.kernel.unfit import sentence_of

ACTIONS = {
    "set": "Set a field",
    "replace": "Replace text",
    "empty": "Empty a field",
    "recheck": "Check again",
    "right": "Take as the right rows",
    "delete": "Delete",
}
MATCHES = {
    "part": "anywhere in the value",
    "whole": "the whole value",
    "pattern": "a pattern (regular expression)",
}
SCOPES = {"selected": "the selected rows", "all": "all rows that the filters leave"}
NEEDED = {
    "set": ("set_field",),
    "replace": ("replace_field", "find"),
    "empty": ("empty_field",),
}


class RepairForm(forms.Form):
    """What shall be done with which rows. The button that was pressed is the action."""

    action = forms.ChoiceField(choices=list(ACTIONS.items()))
    scope = forms.ChoiceField(
        label="Which rows", choices=list(SCOPES.items()), initial="selected", widget=forms.RadioSelect
    )
    set_field = forms.ChoiceField(label="Field", required=False, widget=UnfoldAdminSelectWidget)
    value = forms.CharField(
        label="Value",
        required=False,
        strip=False,
        max_length=MAX_TEXT,
        widget=UnfoldAdminTextInputWidget,
        help_text="As it would stand in a file.",
    )
    replace_field = forms.ChoiceField(label="Field", required=False, widget=UnfoldAdminSelectWidget)
    find = forms.CharField(
        label="Find", required=False, strip=False, max_length=1000, widget=UnfoldAdminTextInputWidget
    )
    replacement = forms.CharField(
        label="Replace by",
        required=False,
        strip=False,
        max_length=MAX_TEXT,
        widget=UnfoldAdminTextInputWidget,
    )
    match = forms.ChoiceField(
        label="Where it is",
        required=False,
        choices=list(MATCHES.items()),
        initial="part",
        widget=UnfoldAdminSelectWidget,
    )
    empty_field = forms.ChoiceField(label="Field", required=False, widget=UnfoldAdminSelectWidget)
    note = forms.CharField(
        label="Why",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the history of each record, for everybody who may see the record.",
    )
    up_to = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, contract: ContractSpec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = contract.field_names() or contract.key
        secret = {field.name for field in contract.fields if field.classification is Classification.SECRET}
        self._offer("set_field", names)
        self._offer("replace_field", [name for name in names if name not in secret])
        self._offer("empty_field", names)

    def _offer(self, name: str, names: Iterable[str]) -> None:
        self.fields[name].choices = [("", "Choose a field"), *((each, each) for each in names)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in NEEDED.get(cleaned.get("action", ""), ()):
            if not cleaned.get(name):
                self.add_error(name, "Fill this in.")
        if not self.errors:
            self._read_edits(cleaned)
        return cleaned

    def _read_edits(self, cleaned: dict[str, Any]) -> None:
        try:
            cleaned["edits"] = _edits(cleaned)
        except Unfit as error:
            raise ValidationError(
                [sentence_of(each["type"], each.get("ctx", {}), each["msg"]) for each in error.errors()]
            ) from error

    def selection(self, request: HttpRequest, filters: Selection) -> Selection:
        """Raises `ValidationError` if rows were to be selected and none or too many are."""
        ids = request.POST.getlist("ids") if self.cleaned_data["scope"] == "selected" else []
        if self.cleaned_data["scope"] == "selected" and not 1 <= len(ids) <= MAX_SELECTED:
            raise ValidationError(
                f"Select 1 to {MAX_SELECTED} rows of the list, or choose all rows that the filters leave."
            )
        found = filters.model_dump() | {"ids": ids, "up_to": self.cleaned_data["up_to"]}
        try:
            return Selection.model_validate(found)
        except Unfit as error:
            raise ValidationError("The selected rows are none that the list has.") from error


def _edits(cleaned: dict[str, Any]) -> tuple[Edit, ...]:
    match cleaned["action"]:
        case "set":
            return (SetField(action="set", field=cleaned["set_field"], value=cleaned["value"]),)
        case "empty":
            return (EmptyField(action="empty", field=cleaned["empty_field"]),)
        case "replace":
            return (
                ReplaceText(
                    action="replace",
                    field=cleaned["replace_field"],
                    find=cleaned["find"],
                    replacement=cleaned["replacement"],
                    match=cleaned["match"] or "part",
                ),
            )
        case _:
            return ()
