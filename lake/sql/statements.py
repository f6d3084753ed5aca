"""What may be asked: one SELECT over tables of the lake. Checked on DuckDB's own syntax tree; what is unknown is refused."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from lake.sql.errors import InvalidQuery, StatementNotAllowed
from lake.sql.growth import check_growth
from lake.sql.sandbox import first_line

LONGEST = 20_000
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
TABLE_REFS = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "TABLE_FUNCTION"})
TELLTALES = frozenset({"current_setting", "getenv", "json_serialize_plan", "write_log"})
"""Functions that tell of the server or write to it."""
ONLY = "Only one SELECT (or WITH … SELECT) over tables of the lake can be asked."


@dataclass(frozen=True)
class Statement:
    """A query that may be asked. `tables` are those of the lake, `renamed` every name that it gives by itself."""

    sql: str
    tables: tuple[str, ...]
    renamed: frozenset[str]


def check(sql: str, known: Collection[str], connection: duckdb.DuckDBPyConnection) -> Statement:
    """Raises `StatementNotAllowed` or `InvalidQuery`. `known` are the tables of the lake, in lower case."""
    if len(sql) > LONGEST:
        raise StatementNotAllowed(f"The query has {len(sql):,} characters; at most {LONGEST:,} are taken.")
    text = _only_statement(sql, connection)
    tree = _tree(text, connection)
    parts = list(_parts(tree))
    _check_functions(parts)
    check_growth(parts)
    own = {str(entry["key"]).lower() for part in parts for entry in _ctes(part)}
    tables = [_table(part, known, own) for part in parts if _is_table_ref(part)]
    return Statement(text, tuple(sorted({name for name in tables if name})), _renamed(parts))


def _only_statement(sql: str, connection: duckdb.DuckDBPyConnection) -> str:
    try:
        found = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise InvalidQuery(first_line(error)) from error
    if not found:
        raise InvalidQuery("There is no statement to run.")
    if len(found) > 1:
        raise StatementNotAllowed(f"There are {len(found)} statements. {ONLY}")
    if found[0].type != duckdb.StatementType.SELECT:
        kind = str(found[0].type).rsplit(".", maxsplit=1)[-1]
        raise StatementNotAllowed(f"This is a statement of the kind {kind}. {ONLY}")
    if found[0].named_parameters:
        raise InvalidQuery("The query has parameters (? or $name); write the values into it.")
    return sql.strip().rstrip(";").rstrip()


def _tree(sql: str, connection: duckdb.DuckDBPyConnection) -> Any:
    [(text,)] = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    tree = json.loads(text)
    if tree["error"] or len(tree["statements"]) != 1:
        raise StatementNotAllowed(f"{tree.get('error_message', 'It cannot be checked.')} {ONLY}")
    return tree["statements"]


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree."""
    if isinstance(tree, dict):
        yield tree
        for child in tree.values():
            yield from _parts(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from _parts(child)


def _ctes(part: dict[str, Any]) -> list[dict[str, Any]]:
    return list((part.get("cte_map") or {}).get("map", ()))


def _is_table_ref(part: dict[str, Any]) -> bool:
    """What stands in FROM has a `sample` and no `class`; so do queries themselves, which must be of a known kind."""
    if "class" in part or "sample" not in part or "type" not in part:
        return False
    if part["type"] in NODES:
        return False
    if part["type"] not in TABLE_REFS:
        raise StatementNotAllowed(f"{_spoken(part['type'])} cannot be used on the lake. {ONLY}")
    return True


def _table(part: dict[str, Any], known: Collection[str], own: Collection[str]) -> str | None:
    """The table of the lake that a part of FROM names."""
    if part["type"] == "TABLE_FUNCTION":
        _check_table_function(part)
    if part["type"] != "BASE_TABLE":
        return None
    path = [str(name) for name in part["qualified_name"]["path"]]
    name = ".".join(path)
    if part.get("at_clause"):
        raise StatementNotAllowed(f"{name}: earlier versions (AT) cannot be asked; the current one is read.")
    if len(path) == 1 and name.lower() in known:
        return name.lower()
    if len(path) == 1 and name.lower() in own:
        return None
    there = ", ".join(sorted(known)) or "none is published yet"
    raise StatementNotAllowed(f"There is no table {name!r} in the lake. Tables: {there}.")


def _check_table_function(part: dict[str, Any]) -> None:
    name = str(part["function"].get("function_name", "?")).lower()
    if name not in TABLE_FUNCTIONS:
        allowed = ", ".join(sorted(TABLE_FUNCTIONS))
        raise StatementNotAllowed(
            f"{name}() cannot be read from: only tables of the lake can, and {allowed}. {ONLY}"
        )


def _check_functions(parts: list[dict[str, Any]]) -> None:
    for part in parts:
        name = str(part.get("function_name", "")).lower()
        if name in TELLTALES:
            raise StatementNotAllowed(
                f"The function {name}() cannot be used: it is about the server, not the lake."
            )


def _renamed(parts: list[dict[str, Any]]) -> frozenset[str]:
    """Names given by AS, and by lists of column names."""
    names = {str(part.get("alias") or "").lower() for part in parts if "class" in part}
    for part in parts:
        for key in ("column_name_alias", "aliases", "expected_names"):
            names.update(str(name).lower() for name in part.get(key) or ())
    return frozenset(names - {""})


def _spoken(kind: str) -> str:
    return {"SHOW_REF": "SHOW, DESCRIBE and SUMMARIZE", "PIVOT": "PIVOT"}.get(kind, kind)
