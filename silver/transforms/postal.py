"""User-defined function: a postal code as its country writes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from silver.transforms.text import conform_code


@dataclass(frozen=True)
class _Format:
    """`shape` of the letters and digits alone, in groups that `separator` stands between. `digits`: how many there are
    where the code is a number, which may have lost its zeros to a spreadsheet."""

    shape: re.Pattern[str]
    separator: str = ""
    digits: int = 0


def _digits(count: int) -> _Format:
    return _Format(re.compile(rf"(\d{{{count}}})"), digits=count)


def _split(first: int, second: int, separator: str) -> _Format:
    return _Format(re.compile(rf"(\d{{{first}}})(\d{{{second}}})"), separator, digits=first + second)


_FORMATS: Mapping[str, _Format] = MappingProxyType(
    dict.fromkeys(
        ("AT", "AU", "BE", "BG", "CH", "CY", "DK", "HU", "LI", "LU", "NO", "NZ", "SI", "ZA"), _digits(4)
    )
    | dict.fromkeys(
        ("DE", "EE", "ES", "FI", "FR", "HR", "IT", "MC", "MX", "MY", "TH", "TR", "UA"), _digits(5)
    )
    | dict.fromkeys(("CN", "CO", "IN", "RO", "RU", "SG"), _digits(6))
    | dict.fromkeys(("CZ", "GR", "SE", "SK"), _split(3, 2, " "))
    | {
        "BR": _split(5, 3, "-"),
        "CA": _Format(re.compile(r"([A-Z]\d[A-Z])(\d[A-Z]\d)"), " "),
        "GB": _Format(re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})"), " "),
        "IE": _Format(re.compile(r"([A-Z]\d[\dW])([A-Z\d]{4})"), " "),
        "JP": _split(3, 4, "-"),
        "KR": _digits(5),
        "NL": _Format(re.compile(r"(\d{4})([A-Z]{2})"), " "),
        "PL": _split(2, 3, "-"),
        "PT": _split(4, 3, "-"),
        "US": _Format(re.compile(r"(\d{5})(\d{4})?"), "-", digits=5),
    }
)
"""Source: the address formats of the Universal Postal Union."""


def conform_postal_code(code: pl.Expr, country: pl.Expr) -> pl.Expr:
    """`sw1a1aa` in GB is `SW1A 1AA`, `D-1067` in DE is `01067`. What does not look like a code of its country is upper
    case with single blanks."""
    both = pl.struct(code=conform_code(code), country=conform_code(country))
    return both.map_batches(_postal_codes, return_dtype=pl.String)


def postal_code(code: str, country: str) -> str:
    """One code that is conformed already."""
    known = _FORMATS.get(country)
    if known is None:
        return code
    without_country = re.sub(rf"^(?:{country}|[A-Z])[\s\-]+(?=\d)", "", code)
    compact = re.sub(r"[\s.\-]", "", without_country)
    padded = (
        compact.zfill(known.digits) if compact.isdigit() and len(compact) == known.digits - 1 else compact
    )
    match = known.shape.fullmatch(padded)
    return known.separator.join(filter(None, match.groups())) if match else code


def _postal_codes(pairs: pl.Series) -> pl.Series:
    """Each distinct pair once."""
    given = pairs.struct.unnest()
    distinct = given.unique().drop_nulls()
    conformed = [postal_code(code, country) for code, country in distinct.iter_rows()]
    known = distinct.with_columns(pl.Series("conformed", conformed, dtype=pl.String))
    joined = given.join(known, on=["code", "country"], how="left", maintain_order="left")
    return joined["conformed"]
