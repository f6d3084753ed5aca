"""`lakehouse lake query` and what goes with it."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from lake.sql.domain import Actual, Estimate, human_bytes
from lake.sql.models import LakeQuery
from lake.sql.results import columns, rows, texts
from lake.sql.services import EstimateQuery, PlanQuery, RunQuery
from lakehouse_project.kernel.cells import csv_lines
from lakehouse_project.kernel.services import resolve

ENGINES = tuple(LakeQuery.Engine.values)


def add_verbs(verbs: Any) -> None:
    query = verbs.add_parser("query", help="run one SELECT over the tables of the lake")
    add_query_arguments(query)
    query.add_argument(
        "--engine", choices=ENGINES, default="embedded", help="who runs it (default: embedded)"
    )


def add_query_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("sql", help='such as "SELECT count(*) FROM orders WHERE year = 2024 AND month = 5"')
    parser.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="of the result (default: table)"
    )
    parser.add_argument("--explain", action="store_true", help="print the estimate and the plan; run nothing")


def run(verb: str, out: Any, options: Mapping[str, Any]) -> None:
    if verb == "query":
        query(out, options["sql"], options["engine"], form=options["format"], explain=options["explain"])


def query(out: Any, sql: str, engine: str, *, form: str, explain: bool) -> None:
    """The result on `out`; what was estimated and read on standard error, out of the way of pipes."""
    if explain:
        _explain(out, sql)
        return
    answered = resolve(RunQuery)(sql, engine=engine)
    answer = answered.answer
    _write(out, answer.table, form)
    if answer.truncated:
        sys.stderr.write(f"Only the first {answer.table.num_rows:,} rows are shown (LAKE_QUERY_ROWS).\n")
    sys.stderr.write(report(answered.prepared.estimate, answer.actual) + "\n")


def report(estimate: Estimate, actual: Actual) -> str:
    """What was read beside what was said before."""
    touched = "?" if actual.partitions is None else f"{actual.partitions:,}"
    return (
        f"{touched} of {estimate.partitions_total:,} partitions, {human_bytes(actual.bytes)} scanned "
        f"(estimated {human_bytes(estimate.bytes)} in {estimate.milliseconds:g} ms), "
        f"${actual.cost} at $5 per TB, {actual.milliseconds:,.0f} ms"
    )


def table_of(names: list[str], lines: Any, title: str | None = None) -> Table:
    drawn = Table(*names, title=title, title_justify="left")
    for line in lines:
        drawn.add_row(*(str(cell) for cell in line))
    return drawn


def print_table(out: Any, drawn: Table) -> None:
    stream: TextIO = getattr(out, "_out", out)
    Console(file=stream, soft_wrap=not stream.isatty(), markup=False, highlight=False).print(drawn)


def _explain(out: Any, sql: str) -> None:
    verdict = resolve(EstimateQuery)(sql)
    estimate = verdict.estimate
    out.write(
        f"Would read {estimate.partitions:,} of {estimate.partitions_total:,} partitions and "
        f"{human_bytes(estimate.bytes)}: ${estimate.cost} at $5 per TB. Found out in {estimate.milliseconds:g} ms."
    )
    for scan in estimate.scans:
        out.write(
            f"  {scan.table} (version {scan.version}): {scan.partitions:,} of {scan.partitions_total:,} partitions, "
            f"{scan.files:,} files, {scan.row_groups:,} row groups, {scan.rows:,} rows, {human_bytes(scan.bytes)} "
            f"of {', '.join(scan.columns) or 'no column'}; by {scan.partition_filter or 'no filter on partitions'}"
        )
    if verdict.refusal:
        out.write(f"Refused. {verdict.refusal} {verdict.suggestion}")
    out.write(resolve(PlanQuery)(sql))


def _write(out: Any, table: Any, form: str) -> None:
    if form == "csv":
        for block in csv_lines(table.schema.names, texts(table)):
            out.write(block, ending="")
    elif form == "json":
        names = [column["name"] for column in columns(table)]
        out.write(json.dumps([dict(zip(names, row, strict=True)) for row in rows(table)], ensure_ascii=False))
    else:
        print_table(out, table_of(table.schema.names, texts(table)))
