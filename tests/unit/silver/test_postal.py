import polars as pl
import pytest

from silver.transforms.postal import conform_postal_code


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("  m1   1ae ", "gb", "M1 1AE"),
        ("W1A0AX", "GB", "W1A 0AX"),
        ("1234ab", "NL", "1234 AB"),
        ("NL-1234 AB", "NL", "1234 AB"),
        ("k1a-0b1", "CA", "K1A 0B1"),
        ("D-10115", "DE", "10115"),
        ("DE 10115", "DE", "10115"),
        ("1067", "DE", "01067"),
        ("67", "DE", "67"),
        ("10001", "US", "10001"),
        ("2134", "US", "02134"),
        ("100010001", "US", "10001-0001"),
        ("10001-0001", "US", "10001-0001"),
        ("110 001", "IN", "110001"),
        ("11455", "SE", "114 55"),
        ("00950", "PL", "00-950"),
        ("01310100", "BR", "01310-100"),
        ("1000001", "JP", "100-0001"),
        ("d02x285", "IE", "D02 X285"),
        ("1000001", "PT", "1000-001"),
        ("10115", "XX", "10115"),
        ("by the  river", "DE", "BY THE RIVER"),
        (" ", "DE", None),
        (None, "DE", None),
    ],
)
def test_a_postal_code_is_written_as_its_country_does(
    code: str | None, country: str, expected: str | None
) -> None:
    rows = pl.DataFrame({"code": [code], "country": [country]}, schema_overrides={"code": pl.String})
    conformed = rows.select(conform_postal_code(pl.col("code"), pl.col("country")))
    assert conformed.item() == expected
    again = conformed.select(conform_postal_code(pl.first(), pl.lit(country)))
    assert again.item() == expected


def test_no_rows() -> None:
    none = pl.DataFrame(schema={"code": pl.String, "country": pl.String})
    assert none.select(conform_postal_code(pl.col("code"), pl.col("country"))).is_empty()
