"""The generated diagrams as drawings for the admin: plain SVG, so that a page needs no script and nothing from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lakehouse_project.diagrams import LAYERS, WAYS_IN, WAYS_OUT, column_type, models_of, scheduled
from lakehouse_project.pipeline import LISTENERS
from lakehouse_project.queues import QUEUES

LETTER, LINE, PAD = 7.3, 18, 10
"""Pixels: width of a letter, height of a line, space within a box."""
GAP_X, GAP_Y, MARGIN = 110, 22, 12
NAMES = (*LAYERS, "lakehouse")


@dataclass(frozen=True)
class Box:
    """A table with its columns, or a layer with its tasks. Everything is text."""

    name: str
    title: str
    lines: Sequence[str]
    url: str = ""

    @cached_property
    def width(self) -> int:
        return round(max(len(text) for text in (self.title, *self.lines)) * LETTER) + 2 * PAD

    @cached_property
    def height(self) -> int:
        return (len(self.lines) + 1) * LINE + 2 * PAD


@dataclass(frozen=True)
class Arrow:
    """From line `line` of a box (None: from its title) to another box."""

    source: str
    target: str
    line: int | None = None
    label: str = ""


@dataclass(frozen=True)
class _Placed:
    box: Box
    column: int
    x: int
    y: int

    @property
    def right(self) -> int:
        return self.x + self.box.width

    def line_at(self, line: int | None) -> int:
        return self.y + PAD + LINE // 2 + LINE * (0 if line is None else line + 1)


def drawing(name: str) -> SafeString:
    """The diagram `name` of `NAMES`."""
    return _flow() if name == "lakehouse" else _tables(name)


def svg(title: str, columns: Sequence[Sequence[Box]], arrows: Iterable[Arrow]) -> SafeString:
    """Boxes in columns from left to right, and arrows between them."""
    placed = _place(columns)
    width = max(each.right for each in placed.values()) + MARGIN
    height = max(each.y + each.box.height for each in placed.values()) + MARGIN
    return format_html(
        '<svg class="lakehouse-drawing" role="img" aria-label="{}" width="{}" height="{}" '
        'viewBox="0 0 {} {}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker></defs>{}{}</svg>',
        title,
        width,
        height,
        width,
        height,
        format_html_join("", "{}", ((_arrow(arrow, placed),) for arrow in arrows)),
        format_html_join("", "{}", ((_box(each),) for each in placed.values())),
    )


def _place(columns: Sequence[Sequence[Box]]) -> Mapping[str, _Placed]:
    placed: dict[str, _Placed] = {}
    x = MARGIN
    for number, boxes in enumerate(columns):
        y = MARGIN
        for box in boxes:
            placed[box.name] = _Placed(box, number, x, y)
            y += box.height + GAP_Y
        x += max((box.width for box in boxes), default=0) + GAP_X
    return placed


def _box(each: _Placed) -> SafeString:
    box = each.box
    lines = format_html_join(
        "",
        '<text x="{}" y="{}">{}</text>',
        ((each.x + PAD, each.line_at(number) + 4, line) for number, line in enumerate(box.lines)),
    )
    title = format_html(
        '<text class="name" x="{}" y="{}">{}</text>', each.x + PAD, each.line_at(None) + 4, box.title
    )
    if box.url:
        title = format_html('<a href="{}">{}</a>', box.url, title)
    return format_html(
        '<g><rect x="{}" y="{}" width="{}" height="{}" rx="6"/>{}{}</g>',
        each.x,
        each.y,
        box.width,
        box.height,
        title,
        lines,
    )


def _arrow(arrow: Arrow, placed: Mapping[str, _Placed]) -> SafeString:
    """A curve between the sides that face each other; within a column a line down."""
    source, target = placed[arrow.source], placed[arrow.target]
    if source.column == target.column:
        x = source.x + min(source.box.width, target.box.width) // 2
        return _path(f"M{x} {source.y + source.box.height}L{x} {target.y}", x, target.y, "")
    is_forward = target.column > source.column
    x1, x2 = (source.right, target.x) if is_forward else (source.x, target.right)
    y1, y2 = source.line_at(arrow.line), target.line_at(None)
    bend = GAP_X // 2 if is_forward else -GAP_X // 2
    free = y1 + LINE - 4 if y2 < y1 else y1 - 5  # where the curve does not go
    curve = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return _path(curve, x1 + PAD // 2, free, arrow.label)


def _path(curve: str, x: int, y: int, label: str) -> SafeString:
    text = format_html('<text class="label" x="{}" y="{}">{}</text>', x, y, label) if label else ""
    return format_html('<path class="arrow" d="{}" marker-end="url(#tip)"/>{}', curve, text)


def _tables(layer: str) -> SafeString:
    """Tables of a layer: those that others refer to on the left of those, the ones without any relation on the right."""
    tables = models_of(layer)
    references = {
        table: [field for field in _fields(table) if field.related_model in tables] for table in tables
    }
    referred = {field.related_model for fields in references.values() for field in fields}
    columns: dict[int, list[Box]] = {}
    alone = [_table(table) for table in tables if not references[table] and table not in referred]
    for table in tables:
        if references[table] or table in referred:
            columns.setdefault(_depth(table, references), []).append(_table(table))
    arrows = [
        Arrow(table._meta.db_table, target._meta.db_table, _fields(table).index(field))
        for table in tables
        for field in references[table]
        if isinstance(target := field.related_model, type) and target is not table
    ]
    return svg(f"Tables of {layer}", [*(columns[depth] for depth in sorted(columns)), alone], arrows)


def _fields(table: type[models.Model]) -> list["models.Field[object, object]"]:
    return [field for field in table._meta.concrete_fields if field.column]


def _depth(
    table: object, references: Mapping[type[models.Model], Sequence["models.Field[object, object]"]]
) -> int:
    """0 for a table that refers to none of its layer, else one more than the deepest it refers to."""
    found = [
        _depth(field.related_model, references)
        for owner, fields in references.items()
        if owner is table
        for field in fields
        if field.related_model is not table
    ]
    return max(found, default=-1) + 1


def _table(table: type[models.Model]) -> Box:
    lines = [f"{_mark(field)} {field.column}: {column_type(field)}" for field in _fields(table)]
    listed = admin.site.is_registered(table)
    url = reverse(f"admin:{table._meta.app_label}_{table._meta.model_name}_changelist") if listed else ""
    return Box(table._meta.db_table, table._meta.db_table, lines, url)


def _mark(field: "models.Field[object, object]") -> str:
    return "◆" if field.primary_key else "→" if field.is_relation else " " if field.null else "·"


def _flow() -> SafeString:
    """Layers with their tables and what starts them; an arrow is an event, named where it leaves."""
    boxes = {
        layer: Box(layer, layer, _tasks(layer), reverse("diagram", args=[layer]))
        for layer in QUEUES
        if layer in LAYERS
    }
    ways_in = Box("in", "ways in", WAYS_IN.replace(": ", ":<br/>  ").replace(", ", ",<br/>  ").split("<br/>"))
    ways_out = Box("out", "ways out", WAYS_OUT.split(", "))
    columns = [
        [ways_in, boxes["bronze"]],
        [boxes["silver"]],
        [boxes["gold"], boxes["search"]],
        [boxes["lake"], ways_out],
    ]
    told = {
        (event.split(".", 1)[0], task.split(".", 1)[0]): event
        for event, tasks in LISTENERS.items()
        for task in tasks
    }
    pairs = [pair for pair in told if pair[0] != pair[1]]
    named = {told[pair]: pair for pair in reversed(pairs)}
    arrows = [Arrow(*pair, label=told[pair] if named[told[pair]] == pair else "") for pair in pairs]
    ends = [Arrow("in", "bronze"), Arrow("gold", "out"), Arrow("search", "out")]
    return svg("From files to answers", columns, [*ends, *arrows])


def _tasks(layer: str) -> list[str]:
    """Each task, and below it what starts it."""
    starts: dict[str, list[str]] = {task: ["clock"] for task in scheduled() if task.startswith(f"{layer}.")}
    for event, tasks in LISTENERS.items():
        for task in tasks:
            if task.startswith(f"{layer}."):
                starts.setdefault(task, []).insert(0, event)
    return [line for task in sorted(starts) for line in (task, *(f"  ← {event}" for event in starts[task]))]
