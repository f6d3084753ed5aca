"""What the star schema knows that the rows of one page refer to; what it lacks of derived members is added."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from lakehouse_project.kernel.parsing import RATE
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
from silver.transforms import people
from silver.transforms.binding import Known
from silver.transforms.calendar import calendar, public_holidays


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
class Lookups:
    """One method per data set: typed rows in, the frames that its transform looks up out."""

    reporting_currency: str
    rate_max_age_days: int | None
    calendar: Calendar

    def of(self, dataset: str, rows: pl.DataFrame) -> Known:
        """What `rows` of `dataset` refer to; nothing for data sets without references."""
        known: Mapping[str, Callable[[pl.DataFrame], Known]] = {
            "user_bank_info": self._user_banks,
            "users": self._users,
            "hired_employees": self._hires,
            "employment_info": self._employments,
            "order_lines": self._order_lines,
            "events": self._events,
        }
        return known[dataset](rows) if dataset in known else {}

    def _user_banks(self, rows: pl.DataFrame) -> Known:
        return {"banks": _named(rows, BANKS, name_key="bank", name="bank_name")}

    def _users(self, rows: pl.DataFrame) -> Known:
        self.calendar.add_countries(rows["country"])
        add_members(LOCATIONS, people.places(rows))
        return {
            "locations": keys.surrogate_keys(LOCATIONS, rows),
            "current_users": keys.current_users(rows["user_id"]),
        }

    def _hires(self, rows: pl.DataFrame) -> Known:
        self.calendar.cover(rows["hired_at"])
        return {
            "departments": _found(rows, DEPARTMENTS, department_id="department_id_natural"),
            "jobs": _found(rows, JOBS, job_id="job_id_natural"),
        }

    def _employments(self, rows: pl.DataFrame) -> Known:
        self.calendar.cover(rows["start_date"])
        self.calendar.cover(rows["end_date"])
        return {
            "employers": _named(rows, EMPLOYERS, name_key="employer", name="employer_name"),
            "user_versions": keys.user_versions(rows["user_id_natural"]),
            "active_jobs": keys.active_jobs(),
            "rates": self._rates(rows["currency"], rows["start_date"]),
        }

    def _order_lines(self, rows: pl.DataFrame) -> Known:
        self.calendar.cover(rows["ordered_at"])
        return {
            "products": _found(rows, PRODUCTS, sku="sku_natural"),
            "user_versions": keys.user_versions(rows["user_id_natural"]),
            "rates": self._rates(rows["currency"], rows["ordered_at"].dt.date()),
        }

    def _events(self, rows: pl.DataFrame) -> Known:
        self.calendar.cover(rows["occurred_at"])
        add_members(EVENT_TYPES, rows.select(name="event_type"))
        return {
            "event_types": _found(rows, EVENT_TYPES, name="event_type"),
            "user_versions": keys.user_versions(rows["user_id_natural"]),
        }

    def _rates(self, currencies: pl.Series, days: pl.Series) -> pl.DataFrame:
        """Those of `days`, each with the last day on which it holds; one unit of the reporting currency is 1, whatever a
        record says."""
        found = keys.rates(currencies, days).filter(pl.col("currency") != self.reporting_currency)
        own = pl.select(
            currency=pl.lit(self.reporting_currency), date=pl.date(1, 1, 1), rate=pl.lit(1).cast(RATE)
        )
        age = self.rate_max_age_days
        until = pl.lit(None, pl.Date) if age is None else pl.col("date") + pl.duration(days=age)
        return pl.concat([found.with_columns(until=until), own.with_columns(until=pl.lit(None, pl.Date))])


def _found(rows: pl.DataFrame, table: Table, **on: str) -> pl.DataFrame:
    """The members of `table` that `rows` name; `on` maps its natural key to columns of `rows`."""
    return keys.surrogate_keys(table, rows.select(pl.col(ours).alias(theirs) for theirs, ours in on.items()))


def _named(rows: pl.DataFrame, table: Table, *, name_key: str, name: str) -> pl.DataFrame:
    """`_found` in a table whose members have a name besides their key, after adding those it lacks.

    What they are called is settled at the end of the run.
    """
    members = rows.select(pl.col(name_key).alias("name_key"), pl.col(name).alias("name"))
    missing = members.join(keys.surrogate_keys(table, members), on="name_key", how="anti")
    add_members(table, missing.sort("name").unique("name_key", keep="first"))
    return keys.surrogate_keys(table, members)
