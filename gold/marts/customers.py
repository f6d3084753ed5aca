"""Customer marts: all about one user, and who came back."""

import polars as pl

from gold.marts.amounts import average, ratio


def user_months(spend: pl.DataFrame) -> pl.DataFrame:
    """The months (first day) in which each user bought, beside the month of the user's first purchase.

    In: rows of `gold.marts.sales.order_spend`, all of each user that is there. A return is no purchase.
    """
    month = pl.col("day").dt.truncate("1mo").alias("month")
    months = spend.filter("is_purchase").select("user_id", month).unique()
    return months.with_columns(pl.col("month").min().over("user_id").alias("cohort"))


def cohort_retention(months: pl.DataFrame, last: pl.Series) -> pl.DataFrame:
    """Users of each cohort by the months since its first order, 0 for a month in which none of them came back.

    In: rows of `user_months`, all of each cohort that is there. `last`, of one element, is the last month to count;
    cohorts after it are left out.
    """
    sizes = months.group_by("cohort").agg(pl.col("user_id").n_unique().cast(pl.Int64).alias("cohort_size"))
    cells = (
        sizes.join(last.to_frame("last"), how="cross")
        .filter(pl.col("cohort") <= pl.col("last"))
        .with_columns(pl.date_ranges("cohort", "last", interval="1mo").alias("month"))
        .explode("month")
    )
    counts = months.group_by("cohort", "month").agg(pl.len().cast(pl.Int64).alias("user_count"))
    filled = cells.join(counts, on=["cohort", "month"], how="left").with_columns(
        pl.col("user_count").fill_null(0)
    )
    return filled.with_columns(
        _months_between("cohort", "month").alias("months_since"),
        ratio(pl.col("user_count"), pl.col("cohort_size")).alias("share"),
    )


def _months_between(start: str, end: str) -> pl.Expr:
    years = pl.col(end).dt.year() - pl.col(start).dt.year()
    return years * 12 + pl.col(end).dt.month() - pl.col(start).dt.month()


def customer_360(
    profiles: pl.DataFrame, spend: pl.DataFrame, days: pl.DataFrame, documents: pl.DataFrame
) -> pl.DataFrame:
    """One row per user that any of the frames names.

    In: rows of `gold.marts.people.user_profiles`, `gold.marts.sales.order_spend`, `gold.marts.sales.user_days`, and
    `sha256`, `user_id` of documents; all rows of each user that is asked for.
    """
    parts = [_bought(spend), _visited(days), _documents(documents)]
    everybody = pl.concat([frame.select("user_id") for frame in (profiles, *parts)]).unique()
    rows = everybody.join(_known(profiles), on="user_id", how="left")
    for part in parts:
        rows = rows.join(part, on="user_id", how="left")
    return rows.with_columns(pl.col(*ZERO_IF_NONE).fill_null(0), pl.col("is_known").fill_null(value=False))


ZERO_IF_NONE = (
    "salary",
    "order_count",
    "revenue",
    "average_order",
    "returned",
    "return_rate",
    "unconverted",
    "event_count",
    "login_count",
    "document_count",
)


def _known(profiles: pl.DataFrame) -> pl.DataFrame:
    return profiles.select(
        "user_id",
        pl.lit(value=True).alias("is_known"),
        pl.col("created_on").alias("member_since"),
        "city",
        "country",
        "employer",
        "job",
        "employed_since",
        "salary",
    )


def _bought(spend: pl.DataFrame) -> pl.DataFrame:
    purchases = pl.col("day").filter("is_purchase")
    sums = spend.group_by("user_id").agg(
        pl.col("order_id").n_unique().cast(pl.Int64).alias("order_count"),
        pl.col("revenue", "returned", "unconverted").sum(),
        purchases.min().alias("first_order_on"),
        purchases.max().alias("last_order_on"),
    )
    return sums.with_columns(
        average(pl.col("revenue"), pl.col("order_count")).alias("average_order"),
        ratio(pl.col("returned"), pl.col("revenue") + pl.col("returned")).alias("return_rate"),
    )


def _visited(days: pl.DataFrame) -> pl.DataFrame:
    return days.group_by("user_id").agg(
        pl.col("event_count", "login_count").sum(), pl.col("last_event_at", "last_login_at").max()
    )


def _documents(documents: pl.DataFrame) -> pl.DataFrame:
    return documents.group_by("user_id").agg(pl.len().cast(pl.Int64).alias("document_count"))
