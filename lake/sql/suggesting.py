"""The predicate on partitions that would choose what a query asks for anyway."""

from typing import Any

from lake.sql.planning import Need
from lake.sql.snapshots import Snapshot


def suggestion(snapshot: Snapshot, need: Need) -> str | None:
    """From the lowest and highest values of the files: which partitions can hold rows that the query asks for.

    None where it has a predicate on partitions already. Where they are no fewer than all, the latest partition is the
    example."""
    if need.partition_filter or not snapshot.is_partitioned or not snapshot.files.num_rows:
        return None
    values = sorted({snapshot.partition_values[row] for row in need.hit}, key=_in_order)
    every = snapshot.partitions(range(snapshot.files.num_rows))
    if not values or len(values) == every:
        latest = max(snapshot.partition_values, key=_in_order)
        return f"{_equal(snapshot, latest)}, for example" if every > 1 else _equal(snapshot, latest)
    return _between(snapshot, values)


def _between(snapshot: Snapshot, values: list[tuple[Any, ...]]) -> str:
    """What is common to all, and the range of the first column that is not."""
    first, last = values[0], values[-1]
    same = 0
    while same < len(first) and all(value[same] == first[same] for value in values):
        same += 1
    parts = [_equal(snapshot, first[:same])] if same else []
    if same < len(first):
        name = snapshot.partition_columns[same]
        parts.append(f"{name} BETWEEN {_literal(first[same])} AND {_literal(last[same])}")
    return " AND ".join(parts)


def _equal(snapshot: Snapshot, values: tuple[Any, ...]) -> str:
    pairs = zip(snapshot.partition_columns, values, strict=False)
    return " AND ".join(
        f"{name} IS NULL" if value is None else f"{name} = {_literal(value)}" for name, value in pairs
    )


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _in_order(values: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """NULL comes first; other values of one column are of one kind."""
    return [(value is not None, value if value is not None else 0) for value in values]
