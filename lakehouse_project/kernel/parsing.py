"""From text to typed values, as polars expressions: null where the text is not a value of that type.

The contract check of bronze and the transforms of silver use the same expressions, so that what passed the
check is what gets refined. Surrounding blanks never matter; an empty text is a missing value.
"""

from datetime import date

import polars as pl

MONEY = pl.Decimal(18, 2)
RATE = pl.Decimal(18, 8)

TIMESTAMP = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ]+(\d{2})[: ](\d{2})(?:[: ](\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$"
)


def present(text: pl.Expr) -> pl.Expr:
    """The trimmed text, null if nothing is left of it."""
    trimmed = text.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def parse_integer(text: pl.Expr) -> pl.Expr:
    """Int64 of decimal digits with an optional sign; `3.0` is 3, as programs without a null integer export it."""
    value = present(text)
    return (
        pl.when(value.str.contains(r"^[+-]?[0-9]+(?:\.0*)?$"))
        .then(value.str.strip_prefix("+").str.replace(r"\.0*$", ""))
        .cast(pl.Int64, strict=False)
    )


def parse_decimal(text: pl.Expr, dtype: pl.Decimal = MONEY) -> pl.Expr:
    """Decimal of plain notation (`-12.50`); null for exponents, thousands separators and decimal commas.

    More decimal places than `dtype` has give null as well: money is never rounded on the way in.
    """
    value = present(text)
    plain = value.str.contains(rf"^[+-]?(?:\d+(?:\.\d{{0,{dtype.scale}}}0*)?|\.\d{{1,{dtype.scale}}}0*)$")
    return pl.when(plain).then(value.str.strip_prefix("+")).cast(dtype, strict=False)


OPEN_END = date(9999, 12, 31)
"""What systems of human resources write as the end of what has none."""


def parse_end(text: pl.Expr) -> pl.Expr:
    """Date as `parse_date`; null where it says that there is no end yet."""
    day = parse_date(text)
    return pl.when(day != OPEN_END).then(day)


def parse_date(text: pl.Expr) -> pl.Expr:
    """Date of `YYYY-MM-DD`; of a timestamp at midnight as well (spreadsheets export dates so)."""
    day = present(text).str.extract(r"^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$", 1)
    return day.str.to_date("%Y-%m-%d", strict=False)


def parse_datetime(text: pl.Expr) -> pl.Expr:
    """Datetime in UTC, microseconds, of an ISO 8601 timestamp (RFC 3339 profile, section 5.6).

    Read leniently where nothing is guessed: a blank for the `T`, blanks for the colons of the time (`02 48 42`), seconds or
    the whole time left out. Without an offset it is UTC.
    """
    return present(text).map_batches(_datetimes, return_dtype=pl.Datetime("us", "UTC"))


def _datetimes(texts: pl.Series) -> pl.Series:
    """The common form first: it parses ten times faster than the general one, which then sees only the rest."""
    common = pl.DataFrame({"text": texts}).select_seq(_COMMON_DATETIME).to_series()
    if common.null_count() == texts.null_count():
        return common
    rest = common.is_null() & texts.is_not_null()
    # By way of a list: polars 2.1 panics in its string functions on some filtered columns.
    others = pl.DataFrame({"text": texts.filter(rest).to_list()}, schema={"text": pl.String})
    general = others.select(_general_datetime(pl.col("text"))).to_series()
    return common.scatter(rest.arg_true(), general)


def _common_datetime(value: pl.Expr) -> pl.Expr:
    shaped = pl.when(value.str.len_bytes() == len("2021-11-07T02:48:42Z")).then(value)
    moment = shaped.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False)
    return moment.dt.replace_time_zone("UTC")


_COMMON_DATETIME = _common_datetime(pl.col("text"))


def _general_datetime(value: pl.Expr) -> pl.Expr:
    part = value.str.extract_groups(TIMESTAMP).struct
    offset = part[5].fill_null("Z").str.to_uppercase().replace("UTC", "Z").str.replace("^Z$", "+00:00")
    offset = offset.str.replace(r"^([+-]\d{2})$", "$1:00").str.replace(r"^([+-]\d{2})(\d{2})$", "$1:$2")
    canonical = pl.format(
        "{}T{}:{}:{}.{}{}",
        part[0],
        part[1].fill_null("00"),
        part[2].fill_null("00"),
        part[3].fill_null("00"),
        part[4].fill_null("0").str.pad_end(6, "0").str.head(6),
        offset,
    )
    return canonical.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
