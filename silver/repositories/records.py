"""What is to be refined: the raw records of the window, and those whose facts a changed dimension concerns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from psycopg import sql

from governance.feed import Window
from lakehouse_project.kernel.copy import copy_pages
from silver.repositories.statements import compose, execute, fetch
from silver.repositories.tables import FROM_RECORDS

PAGE = 100_000
_TODO = "silver_todo"


@dataclass(frozen=True)
class Extent:
    """Where the records of a data set are: none is outside of these ids."""

    first: int
    last: int
    count: int


def has_news(window: Window) -> bool:
    """Whether the window holds records that are refined, or asks to look over what was refined before."""
    query = "SELECT EXISTS (SELECT FROM bronze_rawrecord WHERE {changed})"
    if window.is_full:
        query += "".join(
            f" OR EXISTS (SELECT FROM {table.name} WHERE raw_record_id IS NOT NULL)"
            for table in FROM_RECORDS.values()
        )
    [(news,)] = fetch(query, changed=_changed(window))
    return bool(news)


def extents(window: Window) -> Mapping[str, Extent]:
    """What is to be refined, by data set; those without a record are left out. Call it after `open_todo`."""
    query = "SELECT dataset, min(id), max(id), count(*) FROM {records} r (dataset, id) GROUP BY dataset"
    all_there_are = compose(
        "(SELECT dataset_id, id FROM bronze_rawrecord WHERE {refined})", refined=_refined()
    )
    rows = fetch(query, records=all_there_are if window.is_full else sql.Identifier(_TODO))
    return {dataset: Extent(*extent) for dataset, *extent in rows}


def open_todo(window: Window) -> None:
    """Note the records of `window` in a temporary table (dataset, id); none of a full one, where `all_pages` has them."""
    execute(
        "CREATE TEMP TABLE {todo} ON COMMIT DROP AS "
        "SELECT dataset_id::text AS dataset, id FROM bronze_rawrecord WHERE {changed}",
        todo=_TODO,
        changed=sql.SQL("false") if window.is_full else _changed(window),
    )
    execute("CREATE UNIQUE INDEX ON {todo} (dataset, id)", todo=_TODO)
    execute("ANALYZE {todo}", todo=_TODO)


def quarantined_by_rule(window: Window) -> dict[str, dict[str, int]]:
    """Data set -> field and rule -> quarantined records of the window. Call it after `open_todo`."""
    rows = fetch(
        "SELECT dataset_id, concat_ws(' ', e->>'field', e->>'rule') AS rule, count(DISTINCT id) FROM bronze_rawrecord {read}"
        " CROSS JOIN LATERAL jsonb_array_elements(errors) e WHERE status = 'quarantined' AND {refined} "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        read=sql.SQL("") if window.is_full else compose("JOIN {todo} USING (id)", todo=_TODO),
        refined=_refined(),
    )
    found: dict[str, dict[str, int]] = {}
    for dataset, rule, count in rows:
        found.setdefault(dataset, {})[rule] = count
    return found


def clear(dataset: str) -> None:
    """Forget what was to be refined of `dataset`."""
    execute("DELETE FROM {todo} WHERE dataset = {dataset}", todo=_TODO, dataset=sql.Literal(dataset))


def pages(dataset: str, fields: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Pages of the records to refine of `dataset`, by id: `fields` as they are in force, all as text, and
    `raw_record_id` (Int64), `record_status`, `recorded_at` (text: when the record changed last)."""
    query = (
        f"SELECT {_columns(fields)} FROM {_TODO} t JOIN bronze_rawrecord r ON r.id = t.id "  # noqa: S608  names of contracts
        f"WHERE t.dataset = '{dataset}' AND t.id > %(after)s AND r.id > %(after)s ORDER BY t.id LIMIT %(size)s"
    )
    yield from _typed_ids(query)


def all_pages(dataset: str, fields: Sequence[str], extent: Extent) -> Iterator[pl.DataFrame]:
    """`pages` of all records of `dataset`."""
    query = (
        f"SELECT {_columns(fields)} FROM bronze_rawrecord r WHERE r.dataset_id = '{dataset}' "  # noqa: S608  names of contracts
        f"AND r.id > greatest(%(after)s, {extent.first - 1}) AND r.id <= {extent.last} ORDER BY r.id LIMIT %(size)s"
    )
    yield from _typed_ids(query)


def _columns(fields: Sequence[str]) -> str:
    values = "".join(f", r.effective->>'{name}' AS \"{name}\"" for name in fields)
    return f"r.id AS raw_record_id, r.status AS record_status, r.updated_at AS recorded_at{values}"


def _typed_ids(query: str) -> Iterator[pl.DataFrame]:
    for page in copy_pages(query, after="raw_record_id", size=PAGE):
        yield page.with_columns(pl.col("raw_record_id").cast(pl.Int64))


def revisit(dataset: str, ids: sql.Composable) -> int:
    """Refine the records of `dataset` that the query `ids` selects, too; return how many it adds."""
    return execute(
        "INSERT INTO {todo} SELECT DISTINCT {dataset}, late.id FROM ({ids}) late (id) ON CONFLICT DO NOTHING",
        todo=_TODO,
        dataset=sql.Literal(dataset),
        ids=ids,
    )


def _changed(window: Window) -> sql.Composable:
    """Condition on raw records; a full window takes whatever is there."""
    if window.is_full:
        return _refined()
    return compose(
        "{refined} AND xid >= {low}::xid8 AND xid < {high}::xid8",
        refined=_refined(),
        low=sql.Literal(str(window.low)),
        high=sql.Literal(str(window.high)),
    )


def _refined() -> sql.Composable:
    return compose("dataset_id = ANY({names})", names=sql.Literal(list(FROM_RECORDS)))
