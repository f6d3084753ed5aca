"""Mermaid diagrams of the tables, from the models, and of the flow between layers, from the pipeline."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.apps import apps
from django.db import connection, models

from lakehouse_project.celery import app as celery_app
from lakehouse_project.management.generate import NOTICE
from lakehouse_project.pipeline import LISTENERS
from lakehouse_project.queues import OCR_TASK, QUEUES

LAYERS = ("governance", "bronze", "silver", "gold", "search", "lake")
"""Apps with tables, in the order of the flow; governance watches them all."""

ORIGIN_COLUMN = "raw_record_id"
"""Column by which a row names the raw record it came from, without a foreign key."""

REFERENCES_NOTE = (
    "A full line is a foreign key, a dotted one a value that names a raw record without one. "
    "Tables that refer to no other, such as marts, are in the flow above."
)

WAYS_IN = "files: ingest, upload, drop folder, S3, seed<br/>rows: REST"
WAYS_OUT = "REST, admin, CSV, search"

_SHORT_TYPES = {
    "timestamp with time zone": "timestamptz",
    "double precision": "float8",
}


def diagrams() -> Mapping[str, str]:
    """Name of the diagram -> Markdown; the same text for the same code, whatever the environment."""
    pages = {layer: _page(f"Tables of {layer}", _tables(layer)) for layer in LAYERS}
    whole = _page("The whole lake", _flow(), f"## References\n\n{REFERENCES_NOTE}", _overview())
    return {**pages, "lakehouse": whole}


def models_of(layer: str) -> list[type[models.Model]]:
    """Tables of a layer by name, those that Django and pghistory make included."""
    found = apps.get_app_config(layer).get_models(include_auto_created=True)
    return sorted(found, key=lambda model: model._meta.db_table)


def column_type(field: "models.Field[object, object]") -> str:
    """Type of the column in PostgreSQL, such as `varchar(64)`. Asks no server."""
    declared = str(
        field.db_parameters(connection)["type"]
    )  # unlike db_type, right for generated columns, too
    return _SHORT_TYPES.get(declared, declared)


def _page(title: str, *parts: str | Iterable[str]) -> str:
    """Parts are paragraphs, or the lines of a diagram."""
    blocks = [part if isinstance(part, str) else _fenced(part) for part in parts]
    return "\n\n".join([f"# {title}", NOTICE.format(command="diagrams"), *blocks]) + "\n"


def _fenced(lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", *lines, "```"])


# --- tables --------------------------------------------------------------------------------------------


def _tables(layer: str) -> Iterator[str]:
    yield "erDiagram"
    for model in models_of(layer):
        yield f"  {model._meta.db_table} {{"
        yield from (f"    {_column(model, field)}" for field in _columns(model))
        yield "  }"
    for model in models_of(layer):
        yield from _relations(model)


def _overview() -> Iterator[str]:
    """Relations of all layers without columns; tables without a relation would only make it wide."""
    yield "erDiagram"
    for layer in LAYERS:
        for model in models_of(layer):
            yield from _relations(model)
            yield from _origin(model)


def _columns(model: type[models.Model]) -> list["models.Field[object, object]"]:
    return [field for field in model._meta.concrete_fields if field.column]


def _column(model: type[models.Model], field: "models.Field[object, object]") -> str:
    """A line such as `bigint dataset_id FK "null"`. Mermaid knows no comma or space within a type."""
    kind = re.sub(r"\((\d+), ?(\d+)\)", r"_\1_\2", column_type(field)).replace(" ", "_")
    remark = ' "null"' if field.null else ""
    return f"{kind} {field.column}{_keys(model, field)}{remark}"


def _keys(model: type[models.Model], field: "models.Field[object, object]") -> str:
    marks = [
        ("PK", field.primary_key),
        ("FK", field.is_relation),
        ("UK", not field.primary_key and (field.unique or _alone_unique(model, field))),
    ]
    found = ", ".join(mark for mark, applies in marks if applies)
    return f" {found}" if found else ""


def _alone_unique(model: type[models.Model], field: "models.Field[object, object]") -> bool:
    return any(
        isinstance(rule, models.UniqueConstraint)
        and tuple(rule.fields) == (field.name,)
        and rule.condition is None
        for rule in model._meta.constraints
    )


def _relations(model: type[models.Model]) -> Iterator[str]:
    for field in _columns(model):
        target = field.related_model
        if isinstance(field, models.ForeignKey) and isinstance(target, type):
            one, many = "|o" if field.null else "||", "o|" if field.unique else "o{"
            yield f"  {target._meta.db_table} {one}--{many} {model._meta.db_table} : {field.name}"


def _origin(model: type[models.Model]) -> Iterator[str]:
    if any(field.column == ORIGIN_COLUMN for field in _columns(model)):
        yield f"  bronze_rawrecord |o..o{{ {model._meta.db_table} : {ORIGIN_COLUMN}"


# --- flow ----------------------------------------------------------------------------------------------


def _flow() -> Iterator[str]:
    """Layers with their tables and tasks; an arrow between layers is an event that the pipeline hands on."""
    yield "flowchart LR"
    yield f'  ways_in(["{WAYS_IN}"]) --> bronze_tables'
    for queue in QUEUES:
        yield from _layer(queue)
    for event, tasks in LISTENERS.items():
        source = event.split(".", 1)[0]
        yield from (f"  {source}_tables -- {event} --> {_node(task)}" for task in tasks)
    yield '  beat{{"beat: periodically, as a safety net"}}'
    yield from (f"  beat -.-> {_node(task)}" for task in scheduled())
    yield from _watched()
    yield f'  gold_tables & search_tables & lake_tables --> ways_out(["{WAYS_OUT}"])'


def _layer(name: str) -> Iterator[str]:
    yield f'  subgraph {name} ["{name}: queue {name}"]'
    yield f'    {name}_tables[("{_table_names(name)}")]'
    for task in _tasks_of(name):
        yield f'    {_node(task)}["{task}"] --> {name}_tables'
    yield "  end"


def _watched() -> Iterator[str]:
    yield f'  governance_tables[("{_table_names("governance")}")]'
    layers = " & ".join(QUEUES)
    yield f"  {layers} -. runs and watermarks .-> governance_tables"


def _tasks_of(layer: str) -> Sequence[str]:
    known = {task for tasks in LISTENERS.values() for task in tasks} | set(scheduled())
    return sorted(task for task in known if task.startswith(f"{layer}."))


def scheduled() -> Sequence[str]:
    tasks = (entry["task"] for entry in celery_app.conf.beat_schedule.values())
    return [task for task in tasks if task != OCR_TASK]


def _table_names(layer: str) -> str:
    return "<br/>".join(model.__name__ for model in models_of(layer)) or "no tables"


def _node(task: str) -> str:
    return task.replace(".", "_")
