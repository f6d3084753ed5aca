"""Five questions that a date answers: each reads the partitions of a day or a month, on either engine."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lake.sql.errors import NothingPublished
from lake.sql.estimating import Estimator
from lake.sql.services import Answered, RunQuery

ORDERS = "order_lines"

EXAMPLES = {
    "orders of one day": """
SELECT order_id, line_number, status, amount, currency
FROM order_lines
WHERE year = {year} AND month = {month} AND day = {day}
ORDER BY order_id, line_number""",
    "revenue by status in a month": """
SELECT status, count(*) AS order_lines, sum(amount_reporting) AS revenue
FROM order_lines
WHERE year = {year} AND month = {month}
GROUP BY status
ORDER BY revenue DESC""",
    "event types of a day": """
SELECT event_type, count(*) AS events
FROM events
WHERE year = {year} AND month = {month} AND day = {day}
GROUP BY event_type
ORDER BY events DESC, event_type""",
    "top spenders of a month": """
SELECT user_id, sum(amount_reporting) AS spent
FROM order_lines
WHERE year = {year} AND month = {month} AND status <> 'cancelled'
GROUP BY user_id
ORDER BY spent DESC, user_id
LIMIT 10""",
    "logins of a month": """
SELECT day, count(*) AS logins, count(DISTINCT user_id) AS users
FROM events
WHERE year = {year} AND month = {month} AND event_type = 'login'
GROUP BY day
ORDER BY day""",
}


@dataclass(frozen=True)
class Example:
    """One of them, run."""

    title: str
    sql: str
    answered: Answered


@dataclass(frozen=True, kw_only=True)
class RunExamples:
    """All of them for `day`, or for the last day with orders. Raises `NothingPublished`, and what `RunQuery` raises."""

    estimator: Estimator
    run: RunQuery

    def __call__(self, *, engine: str, day: dt.date | None = None) -> Iterator[Example]:
        chosen = day or self._last_day()
        for title, template in EXAMPLES.items():
            sql = template.format(year=chosen.year, month=chosen.month, day=chosen.day).strip()
            yield Example(title, sql, self.run(sql, engine=engine))

    def _last_day(self) -> dt.date:
        found = {address.name: address for address in self.estimator.tables.addresses()}
        if ORDERS not in found or not (
            values := self.estimator.snapshots.current(found[ORDERS]).partition_values
        ):
            raise NothingPublished(
                "The lake has no order lines yet. Load orders, or run `lakehouse seed`, and publish them."
            )
        return dt.date(*max(values))
