"""Conforming of texts, as polars expressions over String columns."""

import polars as pl

from lakehouse_project.kernel.parsing import present


def conform(text: pl.Expr) -> pl.Expr:
    """Unicode NFC, one blank between words, none around; null if nothing is left."""
    return present(text.str.normalize("NFC").str.replace_all(r"\s+", " "))


def conform_city(text: pl.Expr) -> pl.Expr:
    """`conform`, and title case where the city is written all lower or all upper case."""
    city = conform(text)
    shouted_or_mumbled = (city == city.str.to_lowercase()) | (city == city.str.to_uppercase())
    return pl.when(shouted_or_mumbled).then(city.str.to_titlecase()).otherwise(city)


def conform_code(text: pl.Expr) -> pl.Expr:
    """`conform` in upper case: countries, currencies, postal codes."""
    return conform(text).str.to_uppercase()


def conform_email(text: pl.Expr) -> pl.Expr:
    """`conform` in lower case. Mailboxes that differ by case alone do not exist in practice."""
    return conform(text).str.to_lowercase()
