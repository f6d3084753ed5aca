"""The generated data looks like a company: seasons, favourites, returns, fair pay, real accounts, readable documents."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from pypdf import PdfReader
from stdnum import iban

from bronze.seeding import SeedFile
from tests.unit.bronze_seeding import recount


@pytest.fixture(scope="module")
def orders(folder: Path) -> pl.DataFrame:
    """All order lines with a readable time and quantity."""
    rows = [row for row in recount.csv_rows(folder / "order_lines.csv") if row]
    rows += list(recount.order_rows(folder / "orders.json"))
    frame = pl.DataFrame(rows)
    return frame.with_columns(
        day=pl.col("ordered_at").str.slice(0, 10).str.to_date(strict=False),
        quantity=pl.col("quantity").cast(pl.Int64, strict=False),
        status=pl.col("status").str.strip_chars().str.to_lowercase(),
    ).drop_nulls(["day", "quantity"])


@pytest.fixture(scope="module")
def users(folder: Path) -> dict[str, dict[str, str]]:
    return {row["user_id"]: row for row in recount.csv_rows(folder / "users.csv") if row}


def test_december_beats_february_and_every_year_the_one_before(orders: pl.DataFrame) -> None:
    months = Counter(orders["day"].dt.month())
    assert months[12] > 1.4 * months[2]
    years = sorted(Counter(orders["day"].dt.year()).items())
    assert [year for year, _ in years] == [2020, 2021, 2022, 2023, 2024]
    assert [count for _, count in years] == sorted(count for _, count in years)


def test_fridays_beat_sundays(orders: pl.DataFrame) -> None:
    weekdays = Counter(orders["day"].dt.weekday())
    assert weekdays[5] > 1.2 * weekdays[7]


@pytest.mark.parametrize("column", ["user_id", "sku"])
def test_a_tenth_makes_a_third_of_the_sales(orders: pl.DataFrame, column: str) -> None:
    counts = sorted(Counter(orders[column].drop_nulls()).values(), reverse=True)
    assert sum(counts[: len(counts) // 10]) > sum(counts) / 3


def test_returns_take_back_what_the_same_user_had_bought(orders: pl.DataFrame) -> None:
    returned = orders.filter(pl.col("quantity") < 0).drop_nulls(["user_id", "sku"])
    assert 0.01 < returned.height / orders.height < 0.05
    assert set(returned["status"]) <= {"returned", "#ref!", "?"}
    bought = orders.filter(pl.col("quantity") > 0).select("user_id", "sku").unique()
    assert returned.join(bought, on=["user_id", "sku"], how="semi").height > 0.9 * returned.height


def test_nobody_orders_before_being_a_user(orders: pl.DataFrame, users: dict[str, dict[str, str]]) -> None:
    created = pl.DataFrame(list(users.values())).select(
        "user_id", since=pl.col("created_at").str.slice(0, 10).str.to_date(strict=False)
    )
    known = orders.join(created.drop_nulls(), on="user_id")
    assert known.height > 0.9 * orders.height
    assert known.filter(pl.col("day") < pl.col("since")).is_empty()


def test_some_orders_name_users_that_no_file_describes(orders: pl.DataFrame) -> None:
    strangers = orders.filter(pl.col("user_id").cast(pl.Int64, strict=False) > 2000)
    assert 0 < strangers.height < 0.02 * orders.height


def test_some_people_are_there_twice(users: dict[str, dict[str, str]]) -> None:
    known = [
        (user["full_name"].lower(), user["phone"], user["address"])
        for user in users.values()
        if user["phone"]
    ]
    assert 5 <= len(known) - len(set(known)) <= 40


def test_cities_are_untidy_but_few(users: dict[str, dict[str, str]]) -> None:
    cities = Counter(user["city"] for user in users.values())
    assert cities["Berlin"] > 20
    assert any(city != city.strip() for city in cities)
    assert any(city.isupper() for city in cities)


def test_account_numbers_have_the_checksums_of_their_country(folder: Path) -> None:
    rows = [row for row in recount.ndjson_rows(folder / "user_bank_info.ndjson") if row]
    ibans = [row["account_number"] for row in rows if row.get("account_number", "")[:2].isalpha()]
    assert len(ibans) > 300
    assert all(iban.is_valid(number, check_country=True) for number in ibans)
    assert {number[:2] for number in ibans} == {"GB", "DE", "FR", "ES", "NL", "BR"}


def test_pay_is_plausible(folder: Path) -> None:
    rows = [row for row in recount.csv_rows(folder / "employment_info.csv", delimiter=";") if row]
    dollars = [
        float(row["salary"]) for row in rows if row["currency"] == "USD" and row["salary"][-3:-2] == "."
    ]
    good = [amount for amount in dollars if amount > 0]
    assert 30_000 < min(good) < max(good) < 400_000


def test_documents_can_be_read_and_name_their_users(seed_files: tuple[SeedFile, ...]) -> None:
    named, pages = 0, Counter[int]()
    for file in (file for file in seed_files if file.path.suffix == ".pdf"):
        reader = PdfReader(file.path)
        text = reader.pages[0].extract_text()
        assert reader.metadata is not None
        assert str(reader.metadata.title).split(":")[0] in text
        assert len(text.split()) > 40
        named += "\nUser: 1" in text or "\nUser: 2" in text
        pages[len(reader.pages)] += 1
    assert set(pages) == {1, 2, 3, 4}
    assert named > 20
    assert sum(pages.values()) == 180
