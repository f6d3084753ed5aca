"""The forms of the import wizard."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from bronze.admission.dialect import DELIMITERS
from bronze.admission.overrides import ENCODINGS, Overrides
from bronze.catalog import all_contracts
from bronze.contracts import DOCUMENTS
from bronze.domain import FileLook
from bronze.staged import StagedFile
from lakehouse_project.kernel.errors import InvalidInput

OVERRIDES = ("delimiter", "encoding", "header", "header_line", "record_path")

MAP = "map-"
"""Before the name of a field: the select that says which column stands for it."""


def _datasets(first: str) -> list[tuple[str, str]]:
    named = sorted((spec.title, name) for name, spec in all_contracts().items())
    return [("", first), *((name, title) for title, name in named), (DOCUMENTS, "Documents")]


class SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """At least one file; its value is the list of them."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        clean = super().clean
        return [clean(one, initial) for one in data or [None]]


class UploadForm(forms.Form):
    """Step 1. What the files are, their size included, is checked by admission, which says what the limit is."""

    file = SeveralFilesField(
        label="Files",
        allow_empty_file=True,
        widget=SeveralFilesInput(
            attrs={"class": " ".join([*INPUT_CLASSES, "import-drop"]), "multiple": True}
        ),
        error_messages={"required": "Choose a file first."},
    )
    dataset = forms.ChoiceField(label="Data set", required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["dataset"].choices = _datasets("Detect it by the name and the columns of the file")  # type: ignore[attr-defined]


class LookForm(forms.Form):
    """Step 2: what was found out, and what is said instead."""

    dataset = forms.ChoiceField(label="Data set", required=False, widget=UnfoldAdminSelectWidget)
    delimiter = forms.CharField(
        label="Delimiter",
        required=False,
        max_length=20,
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "delimiters", "autocomplete": "off"}),
    )
    encoding = forms.ChoiceField(label="Encoding", required=False, widget=UnfoldAdminSelectWidget)
    header = forms.ChoiceField(label="First line", required=False, widget=UnfoldAdminSelectWidget)
    header_line = forms.IntegerField(
        label="Header on line",
        required=False,
        min_value=1,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "placeholder": "Detect"}),
    )
    record_path = forms.CharField(
        label="Records are in", required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, look: FileLook, staged: StagedFile, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": _said(staged)})
        self._offer(look)
        self._keep_to(look.kind)
        self._offer_columns(look, staged)

    def _offer(self, look: FileLook) -> None:
        contract = all_contracts().get(look.dataset or "")
        found = f"Detect: {contract.title}" if contract else "Detect"
        encoding = f"Detect: {ENCODINGS.get(look.encoding, look.encoding)}" if look.encoding else "Detect"
        header = "Detect"
        self.fields["delimiter"].widget.attrs["placeholder"] = "Detect"
        if look.kind == "csv":
            header += ": names of the columns" if look.has_header else ": a row like the others"
            self.fields["delimiter"].widget.attrs["placeholder"] = (
                f"Detect: {shown_delimiter(look.delimiter)}"
            )
        self.fields["dataset"].choices = _datasets(found)  # type: ignore[attr-defined]
        self.fields["encoding"].choices = [("", encoding), *ENCODINGS.items()]  # type: ignore[attr-defined]
        self.fields["header"].choices = [  # type: ignore[attr-defined]
            ("", header),
            ("yes", "Names of the columns"),
            ("no", "A row like the others"),
        ]
        self.fields["record_path"].widget.attrs["placeholder"] = (
            f"Detect: {look.record_path or 'the whole file'}"
        )

    def _keep_to(self, kind: str) -> None:
        """Ask only what makes sense for the kind of file."""
        asked = {
            "csv": ("delimiter", "encoding", "header", "header_line"),
            "text": ("delimiter", "encoding", "header", "header_line"),
            "json": ("encoding", "record_path"),
            "ndjson": ("encoding", "record_path"),
        }.get(kind, ())
        for name in OVERRIDES:
            if name not in asked:
                del self.fields[name]

    def _offer_columns(self, look: FileLook, staged: StagedFile) -> None:
        """A select for each field that no column stands for by its name."""
        chosen = {field: column for column, field in staged.columns.items()}
        known = {column.field for column in look.columns} - {*chosen}
        contract = all_contracts().get(look.dataset or "")
        wanted = [field for field in contract.fields if field.name not in known] if contract else []
        free = [
            column.name
            for column in look.columns
            if contract and (column.field not in contract.field_names() or column.name in staged.columns)
        ]
        for field in wanted if free else ():
            self.fields[f"{MAP}{field.name}"] = forms.ChoiceField(
                label=field.name,
                required=False,
                initial=chosen.get(field.name, ""),
                choices=[("", "No column" + (" (required)" if field.required else "")), *_pairs(free)],
                widget=UnfoldAdminSelectWidget,
            )

    @property
    def options(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith(MAP)]

    @property
    def columns(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith(MAP)]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for name in OVERRIDES:
            try:
                Overrides.of_texts(**_texts(given, name))
            except InvalidInput as error:
                self.add_error(name, ValidationError(error.message))
        if given.get("header") == "no" and given.get("header_line"):
            self.add_error("header_line", ValidationError("A file without a header has none on any line."))
        return given

    def said(self, staged: StagedFile) -> StagedFile:
        """The staged file with what the form says."""
        given = self.cleaned_data
        overrides = Overrides.of_texts(**_texts(given, *OVERRIDES))
        columns = {
            column: name.removeprefix(MAP)
            for name, column in given.items()
            if name.startswith(MAP) and column and _has_field(given["dataset"], name.removeprefix(MAP))
        }
        values = {name: getattr(overrides, name) for name in OVERRIDES}
        return staged.model_copy(update={**values, "dataset": given["dataset"] or None, "columns": columns})


def _has_field(dataset: str, field: str) -> bool:
    """Whether a data set may have the field; any may that is still to be found out. Another one may have been chosen
    since the columns were."""
    contract = all_contracts().get(dataset)
    return contract is None or contract.is_open or field in contract.field_names()


def _texts(given: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: str(given[name]) for name in names if given.get(name)}


def _pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def _said(staged: StagedFile) -> dict[str, Any]:
    header = {None: "", True: "yes", False: "no"}[staged.header]
    delimiter = shown_delimiter(staged.delimiter) if staged.delimiter == "\t" else staged.delimiter
    return {
        "dataset": staged.dataset or "",
        "delimiter": delimiter or "",
        "encoding": staged.encoding or "",
        "header": "" if staged.header_line else header,
        "header_line": staged.header_line,
        "record_path": staged.record_path or "",
    }


def shown_delimiter(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, delimiter)
