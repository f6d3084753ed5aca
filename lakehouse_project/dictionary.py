"""The data dictionary: every field of every contract, and every column of silver and gold."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import models

from bronze.contracts import CONTRACTS, DOCUMENTS, ContractSpec, FieldSpec
from lakehouse_project.diagrams import column_type, models_of
from lakehouse_project.management.generate import NOTICE

REFINED_LAYERS = ("silver", "gold")

INTRODUCTION = f"""\
Bronze reads what its contracts describe (`bronze/contracts/`). A column is found under its name or an alias,
whatever its case; blanks and hyphens count as underscores. A row that breaks a rule is kept, marked
*quarantined* with the rule named, and goes no further.

*Class* says who may see a field: `internal` everybody with a login, `personal` and `secret` only those with
the permission; others see a mask. A reference says what becomes of a row
that names a missing record. *reject*: the API refuses it; a file's row is kept and bound when the record arrives, for
files come in any order. *quarantine*: it waits in quarantine until the record arrives. *late*: it is kept and bound when
the record arrives. A record that others name is not deleted over the API, unless they do so by *late*.
PDF and text files are the data set `{DOCUMENTS}`: text by page."""


def dictionary() -> str:
    """The whole document in Markdown."""
    parts = [
        "# Data dictionary",
        NOTICE.format(command="dictionary"),
        INTRODUCTION,
        "## Bronze: what comes in",
    ]
    for spec in CONTRACTS.values():
        parts += _data_set(spec)
    for layer in REFINED_LAYERS:
        parts.append(f"## {layer.capitalize()}: tables")
        for model in models_of(layer):
            parts += _model(model)
    return "\n\n".join(parts) + "\n"


# --- bronze --------------------------------------------------------------------------------------------


def _data_set(spec: ContractSpec) -> Iterator[str]:
    yield f"### {spec.title} (`{spec.name}`)"
    yield spec.description
    yield "\n".join(f"- {line}" for line in _facts(spec))
    header = ("field", "type", "required", "rules", "class", "references", "aliases", "example", "meaning")
    yield _table(header, (_field(field) for field in spec.fields))


def _facts(spec: ContractSpec) -> Iterator[str]:
    names = (spec.name, *spec.file_names)
    yield f"Key: {_codes(spec.key)}"
    yield f"Found by a word in the file name: {_codes(names)}; else by its columns"
    yield f"File without a header: columns in the order {_codes(spec.field_names())}"
    if spec.record_path is not None:
        yield f"Nested JSON: one record per entry of `{spec.record_path}`"


def _field(field: FieldSpec) -> Sequence[str]:
    return (
        _code(field.name),
        field.kind,
        "yes" if field.required else "",
        "; ".join(_rules(field)),
        field.classification.value,
        _reference(field),
        _codes(field.aliases),
        _code(field.example),
        field.description,
    )


def _rules(field: FieldSpec) -> Iterator[str]:
    if field.choices:
        yield f"one of {_codes(field.choices)}"
    yield from _limits(field)
    if field.pattern is not None:
        yield f"matches {_code(field.pattern)}"
    if field.not_before is not None:
        yield f"not before `{field.not_before}`"
    if field.check is not None:
        yield f"check `{field.check}`"


def _limits(field: FieldSpec) -> Iterator[str]:
    if field.minimum is not None:
        yield f"at least {field.minimum:f}"
    if field.maximum is not None:
        yield f"at most {field.maximum:f}"
    if field.max_length is not None:
        yield f"at most {field.max_length} characters"
    if field.kind == "decimal":
        yield f"at most {field.scale} decimals"


def _reference(field: FieldSpec) -> str:
    if field.reference is None:
        return ""
    return _code(field.reference.dataset) + f" ({field.reference.policy})"


# --- silver and gold -----------------------------------------------------------------------------------


def _model(model: type[models.Model]) -> Iterator[str]:
    yield f"### `{model._meta.db_table}`"
    yield _first_paragraph(model)
    fields = [field for field in model._meta.concrete_fields if field.column]
    yield _table(("column", "type", "may be empty", "meaning"), (_column(field) for field in fields))


def _column(field: "models.Field[object, object]") -> Sequence[str]:
    return (_code(field.column), column_type(field), "yes" if field.null else "", _meaning(field))


def _meaning(field: "models.Field[object, object]") -> str:
    target = field.related_model
    points_to = f"Key of `{target._meta.db_table}`." if isinstance(target, type) else ""
    return " ".join(text for text in (points_to, str(field.help_text)) if text)


def _first_paragraph(model: type[models.Model]) -> str:
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())


# --- Markdown ------------------------------------------------------------------------------------------


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(value: object) -> str:
    return f"`{value}`"


def _codes(values: Iterable[object]) -> str:
    return ", ".join(_code(value) for value in values)
