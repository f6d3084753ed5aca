"""The calendar table."""

import warnings
from collections.abc import Iterable
from datetime import date

import polars as pl

from silver.transforms.keys import bind_day

_KNOWN_HOLIDAYS = range(1900, 2101)
"""Years for which the rules of public holidays mean something."""


def calendar(years: Iterable[int], *, country: str, fiscal_year_start: int) -> pl.DataFrame:
    """Rows of `dim_date`, one per day of `years`.

    `country` (ISO 3166-1 alpha-2) decides on the holidays; a country without any known ones has none. A fiscal year
    starts in month `fiscal_year_start` and is named after the calendar year in which it ends.
    """
    wanted = sorted(set(years))
    days = pl.concat(
        [pl.date_range(date(year, 1, 1), date(year, 12, 31), eager=True) for year in wanted]
    ).to_frame("date")
    day = pl.col("date").dt
    shift = fiscal_year_start - 1
    rows = days.join(_holidays(wanted, country), on="date", how="left", maintain_order="left").with_columns(
        year=day.year(),
        quarter=day.quarter(),
        month=day.month(),
        day=day.day(),
        iso_year=day.iso_year(),
        iso_week=day.week(),
        weekday=day.weekday(),
        is_weekend=day.weekday() > 5,
        fiscal_year=day.year() + ((day.month() > shift) & (shift > 0)).cast(pl.Int32),
        fiscal_quarter=(day.month().cast(pl.Int32) - 1 - shift) % 12 // 3 + 1,
        holiday=pl.col("holiday").fill_null(""),
    )
    return bind_day(rows, "date", to="key")


def public_holidays(years: Iterable[int], countries: Iterable[str]) -> pl.DataFrame:
    """Rows of `holiday`: those of each of `countries` in `years`."""
    found = [
        _holidays(sorted(set(years)), country).select(
            pl.lit(country).alias("country"), "date", name=pl.col("holiday")
        )
        for country in sorted(set(countries))
    ]
    schema = {"country": pl.String, "date": pl.Date, "name": pl.String}
    return bind_day(pl.concat([pl.DataFrame(schema=schema), *found]), "date", to="day_id")


def _holidays(years: list[int], country: str) -> pl.DataFrame:
    schema = {"date": pl.Date, "holiday": pl.String}
    import holidays  # noqa: PLC0415  half a second that only the calendar needs

    if country not in holidays.list_supported_countries():
        return pl.DataFrame(schema=schema)
    known = [year for year in years if year in _KNOWN_HOLIDAYS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of years for which a country has not decided yet
        found = dict(holidays.country_holidays(country, years=known)) if known else {}
    return pl.DataFrame({"date": list(found), "holiday": list(found.values())}, schema=schema).unique("date")
