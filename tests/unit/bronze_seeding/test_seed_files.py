"""What `write_seed` promises of its files: same bytes, so many rows, so many dirty ones, readable by everybody."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from bronze.contracts import CONTRACTS
from bronze.readers import FileFormat, read_rows
from bronze.seeding import SeedFile, write_seed
from bronze.seeding.company import Company
from bronze.seeding.recipe import Recipe
from bronze.validation import check
from tests.unit.bronze_seeding import recount

SMALL = 0.03
DIRTIED = [name for name in CONTRACTS if name not in ("departments", "jobs", "exchange_rates")]


def digests(files: tuple[SeedFile, ...], root: Path) -> dict[str, str]:
    return {
        str(file.path.relative_to(root)): hashlib.sha256(file.path.read_bytes()).hexdigest() for file in files
    }


def file_format(file: SeedFile) -> FileFormat:
    kind = file.path.suffix[1:]
    if file.dataset == "jobs":
        return FileFormat("csv", columns=CONTRACTS["jobs"].field_names(), has_header=False)
    if kind == "csv":
        return FileFormat("csv", delimiter=";" if file.dataset == "employment_info" else ",")
    return FileFormat("json", record_path="lines") if kind == "json" else FileFormat(kind)  # type: ignore[arg-type]


def of_kind(files: tuple[SeedFile, ...], *suffixes: str) -> list[SeedFile]:
    return [file for file in files if file.path.suffix in suffixes and file.dataset in CONTRACTS]


def test_same_scale_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert digests(write_seed(first, scale=SMALL, seed=7), first) == digests(
        write_seed(second, scale=SMALL, seed=7), second
    )


def test_another_seed_gives_other_people_and_orders(tmp_path: Path) -> None:
    first, second = (
        digests(write_seed(tmp_path / str(n), scale=SMALL, seed=n), tmp_path / str(n)) for n in (1, 2)
    )
    assert first["jobs.csv"] == second["jobs.csv"]
    assert all(first[name] != second[name] for name in ("users.csv", "orders.json", "events.ndjson"))


def test_text_files_have_the_bytes_they_had_when_this_was_written(tmp_path: Path) -> None:
    """The same on every machine and Python. Parquet and PDF also depend on the versions of their libraries."""
    files = of_kind(write_seed(tmp_path, scale=SMALL, seed=7), ".csv", ".json", ".ndjson")
    combined = hashlib.sha256("".join(digests(tuple(files), tmp_path).values()).encode()).hexdigest()
    assert combined == ("64744c2321d3781d9bc11953dc5d4787416cdf91bf5f417e5ecc6a3d7cd7c13d")


def test_scale_one_has_the_promised_counts(seed_files: tuple[SeedFile, ...]) -> None:
    rows = Counter[str]()
    for file in seed_files:
        rows[file.dataset] += file.rows
    assert rows["departments"] == 12
    assert rows["jobs"] == 180
    assert rows["products"] == 300
    assert rows["documents"] == 200
    assert rows["exchange_rates"] == 8 * 1827
    assert 870 <= rows["user_bank_info"] <= 930
    assert 1_300 <= rows["employment_info"] <= 1_500
    for dataset, distinct in {
        "users": 1_000,
        "hired_employees": 2_000,
        "order_lines": 20_000,
        "events": 50_000,
    }.items():
        assert distinct < rows[dataset] <= distinct * 1.005, (
            "the distinct keys, and a few rows repeated on top"
        )


def test_every_contract_has_a_file(seed_files: tuple[SeedFile, ...]) -> None:
    assert {file.dataset for file in seed_files} == {*CONTRACTS, "documents"}
    assert {file.path.suffix for file in seed_files} == {
        ".csv",
        ".json",
        ".ndjson",
        ".parquet",
        ".pdf",
        ".txt",
        ".md",
    }


@pytest.mark.parametrize("dataset", DIRTIED)
def test_one_to_three_percent_of_the_rows_are_dirty(seed_files: tuple[SeedFile, ...], dataset: str) -> None:
    files = [file for file in seed_files if file.dataset == dataset]
    assert 0.01 < sum(file.dirty_rows for file in files) / sum(file.rows for file in files) < 0.03


def test_contract_check_quarantines_exactly_the_dirty_rows(seed_files: tuple[SeedFile, ...]) -> None:
    for file in of_kind(seed_files, ".csv", ".json", ".ndjson", ".parquet"):
        read = quarantined = 0
        for batch in read_rows(file.path, file_format(file)):
            errors = check(batch.rows, CONTRACTS[file.dataset])["_errors"]
            read += batch.rows.height + len(batch.broken)
            quarantined += int((errors != "[]").sum()) + len(batch.broken)
        assert (read, quarantined) == (file.rows, file.dirty_rows), file.path.name


def test_dirty_rows_recounted_in_plain_python(seed_files: tuple[SeedFile, ...]) -> None:
    for file in of_kind(seed_files, ".csv", ".json", ".ndjson"):
        form = file_format(file)
        rows = {
            ".csv": lambda path, form=form: recount.csv_rows(path, form.columns, form.delimiter),
            ".json": recount.order_rows,
            ".ndjson": recount.ndjson_rows,
        }[file.path.suffix](file.path)
        dirty = [recount.is_dirty(row, CONTRACTS[file.dataset]) for row in rows]
        assert (len(dirty), sum(dirty)) == (file.rows, file.dirty_rows), file.path.name


def test_every_kind_of_trouble_occurs(folder: Path) -> None:
    users = (folder / "users.csv").read_text()
    assert users.count("user_id,full_name") == 2, "the header once more"
    assert {len(line.split(",")) for line in users.splitlines()} >= {3, 10, 11}, "ragged lines"
    assert any(not line.endswith("}") for line in (folder / "events.ndjson").read_text().splitlines())
    salaries = [
        row["salary"] for row in recount.csv_rows(folder / "employment_info.csv", delimiter=";") if row
    ]
    assert any(salary.startswith("-") for salary in salaries)
    assert any(len(salary.partition(".")[2]) == 3 for salary in salaries)


def test_repeated_rows_are_clean_and_few(folder: Path) -> None:
    lines = Counter((folder / "hired_employees.csv").read_text().splitlines())
    assert sum(lines.values()) - len(lines) == 6


def small_blocks(folder: Path) -> dict[str, list[SeedFile]]:
    recipe = Recipe(scale=0.2, seed=5, block_rows=500, blocks_per_file=2)
    files: dict[str, list[SeedFile]] = {}
    for file in Company(recipe).write(folder):
        files.setdefault(file.dataset, []).append(file)
    return files


def test_big_data_sets_are_split_over_numbered_files(tmp_path: Path) -> None:
    files = small_blocks(tmp_path)
    assert [file.path.name for file in files["events"]] == [f"events-{n:04}.ndjson" for n in range(1, 11)]
    assert all(file.rows <= 1_010 for file in files["events"])
    names = [file.path.name for file in files["order_lines"]]
    assert names == ["order_lines-0001.csv", "order_lines-0002.csv", "order_lines-0003.csv"] + [
        f"orders-{n:04}.json" for n in (1, 2, 3)
    ]
    assert [file.path.name for file in files["users"]] == ["users.csv"]


def test_keys_run_on_from_block_to_block(tmp_path: Path) -> None:
    files = small_blocks(tmp_path)
    events = [row["event_id"] for file in files["events"] for row in recount.ndjson_rows(file.path) if row]
    assert len(set(events)) == 10_000 - 2, "two lines are half-written"
    flat = [row for file in files["order_lines"][:3] for row in recount.csv_rows(file.path) if row]
    nested = [row for file in files["order_lines"][3:] for row in recount.order_rows(file.path)]
    assert {row["order_id"] for row in flat}.isdisjoint(row["order_id"] for row in nested)
    assert max(days_of(flat)) <= min(days_of(nested))


def days_of(rows: list[recount.Row]) -> list[str]:
    """Days of the timestamps that are none of the impossible ones."""
    times = [row.get("ordered_at", "") for row in rows]
    return [time[:10] for time in times if len(time) > 10 and time.startswith("20")]


PEAK = """
import resource, sys
from pathlib import Path
from bronze.seeding import write_seed
write_seed(Path(sys.argv[1]), scale=float(sys.argv[2]), seed=1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_megabytes(folder: Path, scale: float) -> int:
    command = [sys.executable, "-c", PEAK, str(folder), str(scale)]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.slow
def test_memory_does_not_follow_the_scale(tmp_path: Path) -> None:
    assert peak_megabytes(tmp_path / "5", 5) < peak_megabytes(tmp_path / "1", 1) + 80


@pytest.mark.parametrize(("scale", "seed"), [(0, 1), (-1, 1), (float("nan"), 1), (float("inf"), 1), (1, -1)])
def test_an_impossible_scale_or_seed_is_refused(tmp_path: Path, scale: float, seed: int) -> None:
    with pytest.raises(ValueError, match="must"):
        write_seed(tmp_path, scale=scale, seed=seed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scale", [0.001, 0.01])
def test_a_tiny_company_has_all_files_too(tmp_path: Path, scale: float) -> None:
    assert {file.dataset for file in write_seed(tmp_path, scale=scale, seed=3)} == {*CONTRACTS, "documents"}


def test_products_are_parquet_with_decimal_prices(folder: Path) -> None:
    assert pl.read_parquet_schema(folder / "products.parquet")["price"] == pl.Decimal(18, 2)
