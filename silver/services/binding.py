"""From typed rows to rows with surrogate keys: the transforms, fed with the keys that one batch needs."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from silver.repositories import keys
from silver.repositories.loading import add_members
from silver.repositories.tables import (
    BANKS,
    DATES,
    DEPARTMENTS,
    EMPLOYERS,
    EVENT_TYPES,
    HOLIDAYS,
    JOBS,
    LOCATIONS,
    PRODUCTS,
    Table,
)
from silver.transforms import people, sales
from silver.transforms.calendar import calendar, public_holidays
from silver.transforms.history import versions
from silver.transforms.keys import UNKNOWN, bind, bind_day, bind_version
from silver.transforms.money import in_reporting_currency
from silver.transforms.records import Refined
from silver.transforms.titles import conform_titles

Step = Callable[[pl.DataFrame], Refined]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The calendar table: with the holidays of a country (ISO 3166-1 alpha-2) and the first month of the fiscal year.

    The holidays of the countries that users live in are beside it.
    """

    holidays_country: str
    fiscal_year_start: int
    years: range = range(2000, 2041)

    def fill(self) -> None:
        """Write the calendar as the settings have it, the years that are there already included."""
        self._add({*self.years, *keys.calendar_years()})

    def cover(self, days: pl.Series) -> None:
        """Make sure that the years of `days` (dates or datetimes) are there."""
        self._complete(set(days.dt.year().unique().drop_nulls()))

    def add_countries(self, countries: pl.Series) -> None:
        """Make sure that the holidays of `countries` are there."""
        self._complete(set())
        new = set(countries) - keys.holiday_countries()
        if new:
            add_members(HOLIDAYS, public_holidays(keys.calendar_years(), new))

    def _complete(self, years: set[int]) -> None:
        missing = {*years, *self.years} - keys.calendar_years()
        if missing:
            self._add(missing)

    def _add(self, years: set[int]) -> None:
        add_members(
            DATES, calendar(years, country=self.holidays_country, fiscal_year_start=self.fiscal_year_start)
        )
        add_members(HOLIDAYS, public_holidays(years, {self.holidays_country, *keys.holiday_countries()}))


@dataclass(frozen=True, kw_only=True)
class Binding:
    """One method per data set: a page of raw records in, rows of its table out."""

    reporting_currency: str
    calendar: Calendar

    def dimensions(self) -> dict[str, Step]:
        """Data set -> method, in this order: users need their banks."""
        return {
            "departments": people.departments,
            "jobs": people.jobs,
            "products": sales.products,
            "exchange_rates": sales.exchange_rates,
            "user_bank_info": self.user_banks,
            "users": self.users,
        }

    def facts(self) -> dict[str, Step]:
        """Data set -> method; they look up keys of dimensions and rates."""
        return {
            "hired_employees": self.hires,
            "employment_info": self.employments,
            "order_lines": self.order_lines,
            "events": self.events,
        }

    def user_banks(self, records: pl.DataFrame) -> Refined:
        refined = people.user_banks(records)
        return replace(
            refined, rows=_named(refined.rows, BANKS, to="bank_id", name_key="bank", name="bank_name")
        )

    def users(self, records: pl.DataFrame) -> Refined:
        refined = people.users(records)
        self.calendar.add_countries(refined.rows["country"])
        add_members(LOCATIONS, people.places(refined.rows))
        places = keys.surrogate_keys(LOCATIONS, refined.rows)
        located = bind(
            refined.rows, places, to="location_id", country="country", postal_code="postal_code", city="city"
        )
        return replace(refined, rows=versions(located, keys.current_users(located["user_id"])))

    def hires(self, records: pl.DataFrame) -> Refined:
        refined = people.hires(records)
        rows = self._dated(refined.rows, "hired_at", to="date_id")
        rows = _bound(rows, DEPARTMENTS, to="department_id", department_id="department_id_natural")
        return replace(refined, rows=_bound(rows, JOBS, to="job_id", job_id="job_id_natural"))

    def employments(self, records: pl.DataFrame) -> Refined:
        refined = people.employments(records)
        rows = self._dated(refined.rows, "start_date", to="start_id")
        rows = self._dated(rows, "end_date", to="end_id").with_columns(pl.col("end_id").fill_null(UNKNOWN))
        rows = _named(rows, EMPLOYERS, to="employer_id", name_key="employer", name="employer_name")
        rows = _of_user(rows, pl.col("start_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        rows = rows.join(conform_titles(rows["job_title"], keys.active_jobs()), on="job_title", how="left")
        return replace(refined, rows=self._priced(rows, "salary", "start_date"))

    def order_lines(self, records: pl.DataFrame) -> Refined:
        refined = sales.order_lines(records)
        rows = self._dated(refined.rows, "ordered_at", to="date_id")
        rows = _bound(rows, PRODUCTS, to="product_id", sku="sku_natural")
        rows = _of_user(rows, pl.col("ordered_at"))
        return replace(refined, rows=self._priced(rows, "amount", "ordered_at"))

    def events(self, records: pl.DataFrame) -> Refined:
        refined = sales.events(records)
        rows = self._dated(refined.rows, "occurred_at", to="date_id")
        rows = _member(rows, EVENT_TYPES, to="event_type_id", name="event_type")
        return replace(refined, rows=_of_user(rows, pl.col("occurred_at")))

    def _dated(self, rows: pl.DataFrame, moment: str, *, to: str) -> pl.DataFrame:
        self.calendar.cover(rows[moment])
        return bind_day(rows, moment, to=to)

    def _priced(self, rows: pl.DataFrame, amount: str, moment: str) -> pl.DataFrame:
        """Add `<amount>_reporting`, by the rates of the day of `moment`."""
        dated = rows.with_columns(_day=pl.col(moment).cast(pl.Date))
        converted = in_reporting_currency(
            dated,
            keys.rates(dated["currency"], dated["_day"]),
            reporting=self.reporting_currency,
            amount=amount,
            day="_day",
            to=f"{amount}_reporting",
        )
        return converted.drop("_day")


def _bound(rows: pl.DataFrame, table: Table, *, to: str, **on: str) -> pl.DataFrame:
    """`bind` to the members that `table` has; `on` maps its natural key to columns of `rows`."""
    wanted = rows.select(pl.col(ours).alias(theirs) for theirs, ours in on.items())
    return bind(rows, keys.surrogate_keys(table, wanted), to=to, **on)


def _member(rows: pl.DataFrame, table: Table, *, to: str, **on: str) -> pl.DataFrame:
    """`_bound`, after adding to `table` the members it lacks."""
    add_members(table, rows.select(pl.col(ours).alias(theirs) for theirs, ours in on.items()))
    return _bound(rows, table, to=to, **on)


def _named(rows: pl.DataFrame, table: Table, *, to: str, name_key: str, name: str) -> pl.DataFrame:
    """`_member` of a table whose members have a name besides their key; what they are called is settled later."""
    members = rows.select(pl.col(name_key).alias("name_key"), pl.col(name).alias("name"))
    missing = members.join(keys.surrogate_keys(table, members), on="name_key", how="anti")
    add_members(table, missing.sort("name").unique("name_key", keep="first"))
    return _bound(rows, table, to=to, name_key=name_key)


def _of_user(rows: pl.DataFrame, at: pl.Expr) -> pl.DataFrame:
    return bind_version(rows, keys.user_versions(rows["user_id_natural"]), at=at, to="user_id")
