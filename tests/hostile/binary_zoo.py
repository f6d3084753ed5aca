"""Parquet, gzip and zip files."""

import gzip
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from tests.hostile.cases import Case, case
from tests.unit.bronze_admission.test_archives import zipped

TWO = {"1": "Clerk", "2": "Chief"}
TABLE = b"id,job\n1,Clerk\n2,Chief\n"
JOBS = pl.DataFrame({"id": [1, 2], "job": ["Clerk", "Chief"]})
BERLIN = pl.datetime(2024, 3, 31, 2, time_zone="UTC").dt.convert_time_zone("Europe/Berlin")


def parquet(table: pl.DataFrame, **options: Any) -> bytes:
    out = io.BytesIO()
    table.write_parquet(out, **options)
    return out.getvalue()


def cases() -> Iterator[Case]:
    for one in _parquet():
        yield Case(**{**one.__dict__, "name": "jobs.parquet"})
    for one in _gzip():
        yield Case(**{**one.__dict__, "name": "jobs.csv.gz"})
    for one in _zip():
        yield Case(**{**one.__dict__, "name": "jobs.zip"})


def _parquet() -> Iterator[Case]:
    data = parquet(JOBS)
    yield case("plain", data, TWO)
    yield case("no rows", parquet(JOBS.head(0)))
    yield case("categories", parquet(JOBS.with_columns(pl.col("job").cast(pl.Categorical))), TWO)
    yield case("nested", parquet(JOBS.with_columns(x=pl.Series([[{"a": [1]}], [{"a": None}]]))), TWO)
    yield case("moments with a zone", parquet(JOBS.with_columns(at=BERLIN)), TWO)
    yield case(
        "nanoseconds",
        parquet(JOBS.with_columns(at=pl.datetime(2024, 1, 1, time_unit="ns"))),
        TWO,
    )
    yield case("decimals", parquet(JOBS.with_columns(x=pl.lit(Decimal("1.10")))), TWO)
    yield case("bytes", parquet(JOBS.with_columns(x=pl.lit(b"\xff\x00"))), TWO)
    yield case(
        "not a number", parquet(JOBS.with_columns(x=pl.lit(float("nan")), y=pl.lit(float("inf")))), TWO
    )
    yield case("nothing but nulls", parquet(JOBS.with_columns(x=pl.lit(None))), TWO)
    yield case("a NUL in a name", parquet(JOBS.with_columns(pl.lit(1).alias("a\x00b"))), TWO)
    nul = JOBS.with_columns(job=pl.Series(["a\x00b", "Chief"]))
    yield case("a NUL in a text", parquet(nul), {"2": "Chief"}, quarantined=1)
    yield case(
        "10,000 columns", parquet(JOBS.with_columns(pl.lit(1).alias(f"c{n}") for n in range(10_000))), TWO
    )
    yield case(
        "repeated columns", parquet(JOBS.with_columns(pl.lit("x").alias("JOB"))), refused="stands for job"
    )
    yield case("cut off", data[:-10], refused="cut off")
    yield case("cut out", data[:60] + data[-8:], refused="The Parquet file is damaged")
    yield case("only its mark", b"PAR1PAR1", refused="The Parquet file is damaged")
    yield case("an end that lies", data[:-8] + b"\xff\xff\xff\x7fPAR1", refused="The Parquet file is damaged")
    yield case("another mark", b"XXXX" + data[4:], refused="binary file of an unknown type")
    yield case("encrypted", b"PARE" + data[4:-4] + b"PARE", refused="an encrypted Parquet file")
    same = {"id": pl.repeat(1, 9_000_000, eager=True), "job": pl.repeat("x", 9_000_000, eager=True)}
    yield case("a bomb", parquet(pl.DataFrame(same)), refused="more than 200 times its size")


def _gzip() -> Iterator[Case]:
    packed = gzip.compress(TABLE)
    yield case("plain", packed, TWO)
    yield case("two members", gzip.compress(TABLE[:15]) + gzip.compress(TABLE[15:]), TWO)
    yield case("of Parquet", gzip.compress(parquet(JOBS)), TWO)
    yield case("cut off", packed[:-6], refused="cut off")
    yield case("damaged", packed[:-8] + b"\x00" * 8, refused="damaged gzip")
    yield case("something behind", packed + b"tail", refused="damaged gzip")
    yield case("of gzip", gzip.compress(packed), refused="packed more than once")
    yield case("of an empty file", gzip.compress(b""), refused="nothing but white space")
    yield case("of a tar archive", gzip.compress(bytes(257) + b"ustar" + bytes(300)), refused="a tar archive")
    yield case("a bomb", gzip.compress(b"1,a\n" * 8_000_000), refused="more than 200 times its size")


def _zip() -> Iterator[Case]:
    yield case("plain", zipped(("jobs.csv", TABLE)), TWO)
    yield case("another name", zipped(("../../2024.csv", TABLE)), TWO)
    yield case("of Parquet", zipped(("a.parquet", parquet(JOBS))), TWO)
    yield case("nothing in it", zipped(), refused="without a file in it")
    yield case(
        "an archive in it", zipped(("a.zip", zipped(("jobs.csv", TABLE)))), refused="inside of an archive"
    )
    yield case("cut off", zipped(("jobs.csv", TABLE))[:-30], refused="cut off")
    yield case("a bomb", zipped(("jobs.csv", b"1,a\n" * 8_000_000)), refused="more than 200 times its size")
