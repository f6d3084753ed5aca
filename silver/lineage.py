"""Which data sets the tables of the star schema are made of."""

from collections.abc import Iterator
from functools import cache

from django.db import models

from silver.models import Dimension
from silver.repositories.tables import FROM_RECORDS, RATES, Table


@cache
def datasets_of(model: type[models.Model]) -> frozenset[str]:
    """The data sets whose values are in the rows; none for the calendar.

    That of the records that end there, and the exchange rates where amounts are converted. A dimension without records of
    its own is made of those that name its members. Surrogate keys tell nothing of the dimension that they lead to.
    """
    return frozenset(_own(model) or _deriving(model))


def _own(model: type[models.Model]) -> set[str]:
    found = {name: table for name, table in FROM_RECORDS.items() if table.model is model}
    rates = {name for name, table in FROM_RECORDS.items() if table is RATES}
    return {*found, *(rates if any(table.converted for table in found.values()) else ())}


def _deriving(model: type[models.Model]) -> Iterator[str]:
    if issubclass(model, Dimension):
        yield from (name for name, table in FROM_RECORDS.items() if _names(table, model))


def _names(table: Table, model: type[models.Model]) -> bool:
    fields = table.model._meta.concrete_fields
    return any(field.related_model is model and field.column in table.columns for field in fields)
