"""Exchange rates in the format of Frankfurter (https://frankfurter.dev), which gives those of the European Central Bank."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from bronze.enrichment.errors import RatesUnreadable
from lakehouse_project.kernel.unfit import sentence_of

PLACES = Decimal("0.00000001")
"""A rate is kept with 8 decimal places, half to even."""

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Worth = Annotated[Decimal, Field(gt=0)]


class Timeseries(BaseModel):
    """Day -> currency -> how much of it `amount` units of `base` are worth. An answer for one day is taken as well."""

    base: Currency
    amount: Worth = Decimal(1)
    rates: Mapping[date, Mapping[Currency, Worth]]

    @model_validator(mode="before")
    @classmethod
    def _days_of_one(cls, values: Any) -> Any:
        if isinstance(values, dict) and "date" in values:
            return {**values, "rates": {values["date"]: values.get("rates")}}
        return values


@dataclass(frozen=True)
class Rate:
    """On `day` one unit of `currency` is worth `rate` units of the reporting currency."""

    day: date
    currency: str
    rate: Decimal


def parse_timeseries(text: bytes, origin: str) -> Timeseries:
    """Raises `RatesUnreadable`, which names `origin` and the place of what is wrong."""
    try:
        return Timeseries.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the text"
        sentence = sentence_of(first["type"], first.get("ctx", {}), first["msg"])
        raise RatesUnreadable(f"{origin} is no table of exchange rates: {place} {sentence}.") from error


def rates_in(series: Timeseries, reporting: str, origin: str) -> Iterator[Rate]:
    """The rates to the currency `reporting`, by day and currency; its own, which is 1, is left out.

    Both sides are taken over the base, as they were published: worth(c) = (reporting per base) / (c per base).
    Raises `RatesUnreadable` if a day lacks the reporting currency.
    """
    for day, by_currency in sorted(series.rates.items()):
        per_base = {**by_currency, series.base: series.amount}
        if reporting not in per_base:
            raise RatesUnreadable(
                f"{origin} has no rate of {reporting} on {day}, to which the others are to be converted. "
                "Set REPORTING_CURRENCY to a currency that it publishes."
            )
        for currency, units in sorted(per_base.items()):
            if currency != reporting:
                yield Rate(day, currency, (per_base[reporting] / units).quantize(PLACES))
