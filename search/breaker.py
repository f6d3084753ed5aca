"""A circuit breaker that all processes share through the database: a server that is down is left alone for a while."""

from dataclasses import dataclass

from django.db import connection

FAILURES = 3
"""In a row, after which nobody asks any more."""
FIRST_REST_SECONDS = 5
LONGEST_REST_SECONDS = 60


@dataclass(frozen=True)
class Breaker:
    """Closed: everybody asks. Open: nobody does. Half open: one asks, and its answer decides."""

    engine: str

    def refusal(self) -> str:
        """Why the engine is not to be asked now; empty if it may be. Whoever meets the end of the rest is the one who
        probes, and the rest begins anew for the others."""
        with connection.cursor() as cursor:
            cursor.execute(_STATE, [self.engine])
            state = cursor.fetchone()
            if state is None or state[0] is None:
                return ""
            cursor.execute(_PROBE, [FIRST_REST_SECONDS, self.engine])
            return "" if cursor.rowcount else str(state[1])

    def peek(self) -> str:
        """As `refusal`, without becoming the one who probes: the last reason while the engine is left alone."""
        with connection.cursor() as cursor:
            cursor.execute(_STATE, [self.engine])
            state = cursor.fetchone()
        return str(state[1]) if state is not None and state[0] is not None else ""

    def failed(self, reason: str) -> None:
        """The engine did not answer."""
        with connection.cursor() as cursor:
            cursor.execute(
                _FAILED,
                {
                    "engine": self.engine,
                    "reason": reason.replace("\x00", " "),
                    "most": FAILURES,
                    "first": FIRST_REST_SECONDS,
                    "longest": LONGEST_REST_SECONDS,
                },
            )

    def worked(self) -> None:
        """The engine answered. Costs a look where all was well before."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM search_outage WHERE engine = %s AND failures > 0", [self.engine])
            if cursor.fetchone() is not None:
                cursor.execute(_WORKED, [self.engine])


_STATE = "SELECT until, reason FROM search_outage WHERE engine = %s"

_PROBE = """
UPDATE search_outage SET until = clock_timestamp() + make_interval(secs => %s)
WHERE engine = %s AND until <= clock_timestamp()
"""

_FAILED = """
INSERT INTO search_outage AS o (engine, failures, reason, until)
VALUES (%(engine)s, 1, %(reason)s, NULL)
ON CONFLICT (engine) DO UPDATE SET failures = least(o.failures, 1000) + 1, reason = EXCLUDED.reason,
    changed_at = clock_timestamp(),
    until = CASE WHEN o.failures + 1 >= %(most)s THEN clock_timestamp() + make_interval(
        secs => least(%(first)s * 2 ^ least(o.failures + 1 - %(most)s, 10), %(longest)s)
    ) END
"""

_WORKED = (
    "UPDATE search_outage SET failures = 0, until = NULL, changed_at = clock_timestamp() WHERE engine = %s"
)
