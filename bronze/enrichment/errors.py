"""Errors of the enrichment."""

from lakehouse_project.kernel.errors import InvalidInput, TransientError


class RatesUnavailable(TransientError):
    """The source of exchange rates does not answer. What is stored stays in use."""

    code = "rates_unavailable"


class RatesUnreadable(InvalidInput):
    """What the source answers, or the file holds, is not what this reads."""

    code = "rates_unreadable"


class BadPeriod(InvalidInput):
    """The first day is after the last one, or after today."""

    code = "bad_period"
