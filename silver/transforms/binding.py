"""From typed rows to rows with surrogate keys, given what the star schema knows: frames by name in `known`.

`departments`, `jobs`, `products`, `locations`, `banks`, `employers`, `event_types` have natural keys and their `key`;
`active_jobs`, `user_versions`, `current_users` and `rates` are described where they are used.
"""

from collections.abc import Mapping

import polars as pl

from silver.transforms.history import versions
from silver.transforms.keys import UNKNOWN, bind, bind_day, bind_version
from silver.transforms.money import in_reporting_currency
from silver.transforms.titles import conform_titles

Known = Mapping[str, pl.DataFrame]


def as_they_are(rows: pl.DataFrame, _known: Known) -> pl.DataFrame:
    """Rows without references."""
    return rows


def user_banks(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    return bind(rows, known["banks"], to="bank_id", name_key="bank")


def users(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    place = {name: name for name in ("country", "postal_code", "city")}
    located = bind(rows, known["locations"], to="location_id", **place)
    return versions(located, known["current_users"])


def hires(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    rows = bind_day(rows, "hired_at", to="date_id")
    rows = bind(rows, known["departments"], to="department_id", department_id="department_id_natural")
    return bind(rows, known["jobs"], to="job_id", job_id="job_id_natural")


def employments(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    rows = bind_day(rows, "start_date", to="start_id")
    rows = bind_day(rows, "end_date", to="end_id").with_columns(pl.col("end_id").fill_null(UNKNOWN))
    rows = bind(rows, known["employers"], to="employer_id", name_key="employer")
    midnight = pl.col("start_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    rows = bind_version(rows, known["user_versions"], at=midnight, to="user_id")
    rows = rows.join(conform_titles(rows["job_title"], known["active_jobs"]), on="job_title", how="left")
    return in_reporting_currency(rows, known["rates"], amount="salary", day=pl.col("start_date"))


def order_lines(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    rows = bind_day(rows, "ordered_at", to="date_id")
    rows = bind(rows, known["products"], to="product_id", sku="sku_natural")
    rows = bind_version(rows, known["user_versions"], at=pl.col("ordered_at"), to="user_id")
    return in_reporting_currency(rows, known["rates"], amount="amount", day=pl.col("ordered_at").dt.date())


def events(rows: pl.DataFrame, known: Known) -> pl.DataFrame:
    rows = bind_day(rows, "occurred_at", to="date_id")
    rows = bind(rows, known["event_types"], to="event_type_id", name="event_type")
    return bind_version(rows, known["user_versions"], at=pl.col("occurred_at"), to="user_id")
