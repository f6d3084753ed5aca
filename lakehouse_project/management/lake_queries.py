"""`lakehouse lake query`, `examples` and `athena`."""

import datetime as dt
import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from lake.athena.site import AthenaSite, SetUp
from lake.sql.domain import Actual, Estimate, human_bytes
from lake.sql.examples import RunExamples
from lake.sql.models import LakeQuery
from lake.sql.results import cells, columns, rows, texts
from lake.sql.services import EstimateQuery, PlanQuery, RunQuery
from lakehouse_project.kernel.cells import csv_lines
from lakehouse_project.kernel.services import resolve

ENGINES = tuple(LakeQuery.Engine.values)
VERBS = ("query", "examples", "athena")


def add_verbs(verbs: Any) -> None:
    query = verbs.add_parser("query", help="run one SELECT over the tables of the lake")
    _add_query_arguments(query)
    query.add_argument(
        "--engine", choices=ENGINES, default="embedded", help="who runs it (default: embedded)"
    )
    examples = verbs.add_parser("examples", help="run five example queries, and show what each read and cost")
    _add_day(examples)
    examples.add_argument(
        "--engine", choices=ENGINES, default="embedded", help="who runs them (default: embedded)"
    )
    _add_athena(
        verbs.add_parser("athena", help="the lake on AWS Athena").add_subparsers(dest="step", required=True)
    )


def _add_athena(steps: Any) -> None:
    setup = steps.add_parser("setup", help="make database, tables and work group, or bring them up to date")
    setup.add_argument(
        "--hive",
        choices=("partitions", "projection"),
        help="each partitioned table also as <name>_hive, with its partitions told or projected",
    )
    steps.add_parser("tables", help="the tables that Athena knows")
    _add_query_arguments(steps.add_parser("query", help="as `lake query --engine athena`"))
    _add_day(steps.add_parser("examples", help="as `lake examples --engine athena`"))


def _add_query_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "sql", help='such as "SELECT count(*) FROM order_lines WHERE year = 2024 AND month = 5"'
    )
    parser.add_argument(
        "--format", choices=("table", "csv", "json"), default="table", help="of the result (default: table)"
    )
    parser.add_argument("--explain", action="store_true", help="print the estimate and the plan; run nothing")


def _add_day(parser: ArgumentParser) -> None:
    parser.add_argument("--day", type=_date, help="2024-05-07; else the last day with orders")


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day such as 2024-05-07") from error


def run(verb: str, out: Any, options: Mapping[str, Any]) -> None:
    """Do what `add_verbs` has described."""
    engine = "athena" if verb == "athena" else options["engine"]
    match options["step"] if verb == "athena" else verb:
        case "query":
            _query(out, options["sql"], engine, form=options["format"], explain=options["explain"])
        case "examples":
            _examples(out, engine, options["day"])
        case "setup":
            _set_up(out, options["hive"])
        case "tables":
            _athena_tables(out)


def _query(out: Any, sql: str, engine: str, *, form: str, explain: bool) -> None:
    """The result on `out`; what was estimated and read on standard error, out of the way of pipes."""
    if explain:
        _explain(out, sql, engine)
        return
    answered = resolve(RunQuery)(sql, engine=engine)
    answer = answered.answer
    _write(out, answer.table, form)
    if answer.truncated:
        sys.stderr.write(f"Only the first {answer.table.num_rows:,} rows are shown (LAKE_QUERY_ROWS).\n")
    sys.stderr.write(_report(answered.prepared.estimate, answer.actual) + "\n")


def _examples(out: Any, engine: str, day: dt.date | None) -> None:
    headings = ("query", "rows", "partitions", "estimated", "scanned", "cost", "time")
    summary = Table(*headings, title=f"What they read ({engine})", title_justify="left")
    for example in resolve(RunExamples)(engine=engine, day=day):
        answer, estimate = example.answered.answer, example.answered.prepared.estimate
        out.write(f"\n{example.title}\n\n{example.sql}\n")
        _print(out, _drawn(answer.table.schema.names, texts(answer.table.slice(0, 10))))
        summary.add_row(
            example.title,
            f"{answer.table.num_rows:,}",
            f"{estimate.partitions:,} of {estimate.partitions_total:,}",
            human_bytes(estimate.bytes),
            human_bytes(answer.actual.bytes),
            f"${answer.actual.cost}",
            f"{answer.actual.milliseconds:,.0f} ms",
        )
    _print(out, summary)


def _set_up(out: Any, hive: Any) -> None:
    site = resolve(AthenaSite)
    made = site.set_up(hive)
    out.write(f"Work group {site.workgroup}, database {site.glue.database}: {len(made)} tables.")
    for table in made:
        out.write(f"  {table.name} ({table.kind}){_flipped(table)}")


def _flipped(made: SetUp) -> str:
    if made.flips is None:
        return ""
    return f": partitions {made.flips.added} added, {made.flips.moved} moved, {made.flips.removed} removed"


def _athena_tables(out: Any) -> None:
    site = resolve(AthenaSite)
    lines = [
        (
            table["Name"],
            ", ".join(key["Name"] for key in table.get("PartitionKeys", ())),
            table.get("StorageDescriptor", {}).get("Location", ""),
        )
        for table in site.tables()
    ]
    if not lines:
        out.write(f"The database {site.glue.database} has no tables. Run `lakehouse lake athena setup`.")
        return
    _print(out, _drawn(["table", "partition keys", "location"], lines))


def _report(estimate: Estimate, actual: Actual) -> str:
    """What was read beside what was said before."""
    touched = estimate.partitions if actual.partitions is None else actual.partitions
    return (
        f"{touched:,} of {estimate.partitions_total:,} partitions, {human_bytes(actual.bytes)} scanned "
        f"(estimated {human_bytes(estimate.bytes)} in {estimate.milliseconds:g} ms), "
        f"${actual.cost} at $5 per TB, {actual.milliseconds:,.0f} ms"
    )


def _explain(out: Any, sql: str, engine: str) -> None:
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
    out.write(resolve(PlanQuery)(sql, engine=engine))


def _write(out: Any, table: Any, form: str) -> None:
    if form == "csv":
        for block in csv_lines(table.schema.names, cells(table)):
            out.write(block, ending="")
    elif form == "json":
        names = [column["name"] for column in columns(table)]
        out.write(json.dumps([dict(zip(names, row, strict=True)) for row in rows(table)], ensure_ascii=False))
    else:
        _print(out, _drawn(table.schema.names, texts(table)))


def _drawn(names: list[str], lines: Any) -> Table:
    drawn = Table(*names)
    for line in lines:
        drawn.add_row(*(str(cell) for cell in line))
    return drawn


def _print(out: Any, drawn: Table) -> None:
    """In full width where nobody looks at it on a terminal."""
    stream: TextIO = getattr(out, "_out", out)
    width = None if stream.isatty() else 10_000
    Console(file=stream, width=width, markup=False, highlight=False).print(drawn)
