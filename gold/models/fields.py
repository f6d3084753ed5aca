"""Columns as the marts have them."""

from typing import Any

from django.db import models


def text(help_text: str = "", **options: Any) -> "models.TextField[str, str]":
    return models.TextField(help_text=help_text, db_collation="C", **options)


def money(help_text: str) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=30, decimal_places=2, help_text=help_text)


def unconverted(what: str) -> "models.BigIntegerField[Any, Any]":
    return models.BigIntegerField(help_text=f"{what} left out of the sum because their rate is missing.")


def share(of: str) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        max_digits=7, decimal_places=4, help_text=f"{of}, 0 to 1, rounded half to even to 4 places."
    )


def unique(name: str, *fields: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(name=name, fields=fields)
