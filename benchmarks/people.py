"""The file that is loaded: users with their ten columns, the same at every run."""

from pathlib import Path

import polars as pl

CHUNK = 1_000_000
FIRST_ID = 10_000_000
NAMES = ("Ada Lovelace", "Alan Turing", "Grace Hopper", "Barbara Liskov", "Donald Knuth", "Katherine Johnson")
PLACES = (("Berlin", "DE"), ("Lyon", "FR"), ("Lisbon", "PT"), ("Krakow", "PL"), ("Bergen", "NO"))


def write_people(path: Path, rows: int, *, changed: int = 0) -> Path:
    """Write `rows` valid users as CSV, about 150 bytes each; the first `changed` of them live in another city."""
    with path.open("wb") as file:
        for start in range(0, rows, CHUNK):
            frame = _people(start, min(CHUNK, rows - start), changed)
            frame.write_csv(file, include_header=start == 0)
    return path


def _people(start: int, rows: int, changed: int) -> pl.DataFrame:
    number = pl.col("number")
    user_id = (number + FIRST_ID).cast(pl.String)
    place = number % len(PLACES)
    return pl.select(number=pl.int_range(start, start + rows)).select(
        user_id=user_id,
        full_name=_chosen(number % len(NAMES), NAMES),
        email=pl.format("person{}@example.org", user_id),
        phone=pl.format("+49 30 {}", user_id),
        address=pl.format("Main Street {}", number % 977),
        city=pl.when(number < changed)
        .then(pl.lit("Turin"))
        .otherwise(_chosen(place, [p[0] for p in PLACES])),
        postal_code=(number % 89_999 + 10_000).cast(pl.String),
        country=_chosen(place, [p[1] for p in PLACES]),
        created_at=_moment(1_577_836_800 + number * 37 % 100_000_000),
        updated_at=_moment(1_700_000_000 + number * 13 % 10_000_000),
    )


def _chosen(position: pl.Expr, texts: tuple[str, ...] | list[str]) -> pl.Expr:
    return position.replace_strict(list(range(len(texts))), list(texts), return_dtype=pl.String)


def _moment(seconds: pl.Expr) -> pl.Expr:
    return pl.from_epoch(seconds, time_unit="s").dt.to_string("%Y-%m-%dT%H:%M:%SZ")
