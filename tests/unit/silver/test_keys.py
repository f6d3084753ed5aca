from datetime import UTC, date, datetime

import polars as pl

from silver.transforms.calendar import calendar
from silver.transforms.history import versions
from silver.transforms.keys import bind, bind_day, bind_version


def moment(day: int) -> datetime:
    return datetime(2021, 1, day, tzinfo=UTC)


VERSIONS = pl.DataFrame(
    {
        "key": [102, 101, 201],
        "user_id": ["a", "a", "b"],
        "version": [2, 1, 1],
        "valid_from": [moment(20), moment(10), moment(10)],
    },
    schema_overrides={"valid_from": pl.Datetime("us", "UTC")},
)


def test_facts_belong_to_the_version_of_their_time() -> None:
    facts = pl.DataFrame(
        {
            "user_id_natural": ["a", "a", "a", "a", "b", "c"],
            "at": [moment(1), moment(10), moment(19), moment(20), moment(30), moment(30)],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    bound = bind_version(facts, VERSIONS, at=pl.col("at"), to="user_id")
    assert bound.sort("user_id_natural", "at")["user_id"].to_list() == [101, 101, 101, 102, 201, 0]


def test_facts_without_their_member_belong_to_the_unknown_one() -> None:
    members = pl.DataFrame({"key": [7], "sku": ["s1"]})
    bound = bind(pl.DataFrame({"sku_natural": ["s2", "s1"]}), members, to="product_id", sku="sku_natural")
    assert bound["product_id"].to_list() == [0, 7]


def test_a_day_is_its_own_key() -> None:
    assert bind_day(pl.DataFrame({"day": [date(2021, 3, 7)]}), "day", to="key")["key"].item() == 20210307


def test_calendar() -> None:
    days = calendar([2020, 2021], country="US", fiscal_year_start=1)
    assert days.height == 366 + 365
    new_year = days.row(by_predicate=pl.col("key") == 20210101, named=True)
    assert (new_year["iso_year"], new_year["iso_week"], new_year["weekday"]) == (2020, 53, 5)
    assert (new_year["holiday"], new_year["is_weekend"], new_year["quarter"]) == ("New Year's Day", False, 1)
    assert (new_year["fiscal_year"], new_year["fiscal_quarter"]) == (2021, 1)


def test_a_fiscal_year_is_named_after_the_year_in_which_it_ends() -> None:
    days = calendar([2021], country="US", fiscal_year_start=10)
    last, first = (days.row(by_predicate=pl.col("key") == key, named=True) for key in (20210930, 20211001))
    assert (last["fiscal_year"], last["fiscal_quarter"]) == (2021, 4)
    assert (first["fiscal_year"], first["fiscal_quarter"]) == (2022, 1)


def test_a_country_without_known_holidays_has_a_calendar_all_the_same() -> None:
    days = calendar([1, 2021], country="ZZ", fiscal_year_start=1)
    assert days.height == 730
    assert set(days["holiday"]) == {""}


USER = pl.DataFrame(
    {
        "user_id": "a",
        "full_name": "Ada",
        "email": "ada@example.org",
        "phone": "",
        "address": "",
        "city": "Berlin",
        "postal_code": "1",
        "country": "DE",
        "created_at": moment(1),
        "changed_at": moment(10),
        "raw_record_id": 5,
        "is_active": True,
        "location_id": 3,
    },
    schema_overrides={"created_at": pl.Datetime("us", "UTC"), "changed_at": pl.Datetime("us", "UTC")},
)
NOBODY = (
    USER.drop("changed_at")
    .with_columns(
        version=pl.lit(1, pl.Int64),
        valid_from=pl.col("created_at"),
        valid_to=pl.lit(None, pl.Datetime("us", "UTC")),
        is_current=pl.lit(value=True),
    )
    .clear()
)


def test_the_first_version_holds_from_the_beginning_of_the_user() -> None:
    first = versions(USER, NOBODY).row(0, named=True)
    assert (first["version"], first["valid_from"], first["valid_to"], first["is_current"]) == (
        1,
        moment(1),
        None,
        True,
    )


def test_a_tracked_change_closes_one_version_and_opens_the_next() -> None:
    first = versions(USER, NOBODY)
    moved = USER.with_columns(city=pl.lit("Paris"), changed_at=pl.lit(moment(20)))
    old, new = versions(moved, first).sort("version").rows(named=True)
    assert (old["city"], old["valid_to"], old["is_current"]) == ("Berlin", moment(20), False)
    assert (new["city"], new["valid_from"], new["valid_to"], new["is_current"], new["version"]) == (
        "Paris",
        moment(20),
        None,
        True,
        2,
    )


def test_what_is_not_tracked_makes_no_version() -> None:
    first = versions(USER, NOBODY)
    again = versions(USER.with_columns(changed_at=pl.lit(moment(20))), first)
    assert again.equals(first)


def test_a_change_that_is_not_later_corrects_the_version() -> None:
    first = versions(USER, NOBODY)
    corrected = versions(USER.with_columns(city=pl.lit("Paris"), changed_at=pl.lit(moment(1))), first)
    assert corrected.select("version", "city", "valid_from").rows() == [(1, "Paris", moment(1))]


def test_a_user_whom_a_later_record_has_claimed_is_left_alone() -> None:
    first = versions(USER, NOBODY)
    earlier = USER.with_columns(raw_record_id=pl.lit(4, pl.Int64), city=pl.lit("Paris"))
    assert versions(earlier, first).is_empty()
    assert versions(earlier, first.with_columns(is_active=pl.lit(value=False))).height == 2
