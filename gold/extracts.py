"""The SQL that the marts read and write with. Lists are passed as arrays; NULL stands for "all"."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

HAS_NEWS = """
SELECT EXISTS (
    SELECT FROM silver_change
    WHERE xid >= %(position)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
) OR EXISTS (
    SELECT FROM bronze_document
    WHERE xid >= %(position)s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
) OR EXISTS (SELECT FROM gold_userprofile WHERE changes_on <= %(today)s)
"""

CHANGES = """
SELECT DISTINCT entity, key FROM silver_change WHERE xid >= %(low)s::text::xid8 AND xid < %(high)s::text::xid8
"""

CHANGED_DOCUMENTS = """
SELECT sha256 FROM bronze_document WHERE xid >= %(low)s::text::xid8 AND xid < %(high)s::text::xid8
"""

DEPARTMENTS = """
SELECT department_id, name AS department FROM silver_dimdepartment WHERE key <> 0 AND is_active
"""

HIRES = """
SELECT h.hired_at AT TIME ZONE 'UTC' AS hired_at, d.department_id, coalesce(d.name, 'Unknown') AS department,
       coalesce(j.title, 'Unknown') AS job
FROM silver_facthire h
LEFT JOIN silver_dimdepartment d ON d.key = h.department_id AND d.key <> 0 AND d.is_active
LEFT JOIN silver_dimjob j ON j.key = h.job_id AND j.key <> 0 AND j.is_active
WHERE %(years)s::int[] IS NULL OR extract(year FROM h.hired_at AT TIME ZONE 'UTC') = ANY(%(years)s::int[])
"""

USERS = """
SELECT u.user_id, u.city, u.country, u.postal_code, b.name AS bank,
       (u.created_at AT TIME ZONE 'UTC')::date AS created_on
FROM silver_dimuser u
LEFT JOIN silver_dimbank b ON b.key = u.bank_id AND b.key <> 0
WHERE u.is_current AND u.is_active AND u.key <> 0
  AND (%(users)s::text[] IS NULL OR u.user_id = ANY(%(users)s::text[]))
"""

EMPLOYMENTS = """
SELECT e.user_id_natural AS user_id, e.employment_id, r.name AS employer, coalesce(j.title, e.job_title) AS job,
       e.start_date, e.end_date, e.salary_reporting AS salary
FROM silver_factemployment e
LEFT JOIN silver_dimjob j ON j.key = e.job_id AND j.key <> 0 AND j.is_active
LEFT JOIN silver_dimemployer r ON r.key = e.employer_id AND r.key <> 0
WHERE %(users)s::text[] IS NULL OR e.user_id_natural = ANY(%(users)s::text[])
"""

ORDER_LINES = """
SELECT order_id, user_id_natural AS user_id, (ordered_at AT TIME ZONE 'UTC')::date AS day, status, currency, quantity,
       amount AS given, amount_reporting AS amount
FROM silver_factorderline
WHERE date_id = ANY(%(dates)s::int[]) AND (ordered_at AT TIME ZONE 'UTC')::date = ANY(%(days)s::date[])
"""
"""By the key of the calendar, which is indexed; days outside of the calendar have key 0."""

EVENTS = """
SELECT e.user_id_natural AS user_id, coalesce(t.name, 'Unknown') AS event_type,
       e.occurred_at AT TIME ZONE 'UTC' AS occurred_at
FROM silver_factevent e
LEFT JOIN silver_dimeventtype t ON t.key = e.event_type_id AND t.key <> 0
WHERE e.date_id = ANY(%(dates)s::int[]) AND (e.occurred_at AT TIME ZONE 'UTC')::date = ANY(%(days)s::date[])
"""

DOCUMENTS = """
SELECT sha256, user_id FROM bronze_document
WHERE NOT is_deleted AND user_id <> '' AND (%(documents)s::text[] IS NULL OR sha256 = ANY(%(documents)s::text[]))
"""


def stored(table: str, columns: Sequence[str], scope: str) -> str:
    """Query for the rows of a mart table, of the groups in array `values`."""
    query = "SELECT {columns} FROM {table} WHERE %(values)s IS NULL OR {scope} = ANY(%(values)s)"
    return (
        sql.SQL(query)
        .format(columns=_names(columns), table=sql.Identifier(table), scope=sql.Identifier(scope))
        .as_string()
    )


@dataclass(frozen=True)
class Merge:
    """Statements that make the rows of temporary table `source` those of `target`, writing only what differs."""

    target: str
    source: str
    columns: Sequence[str]
    key: Sequence[str]

    def create(self) -> sql.Composed:
        """The temporary table, with the types and collations of the target."""
        statement = (
            "CREATE TEMPORARY TABLE {source} ON COMMIT DROP AS SELECT {columns} FROM {target} WITH NO DATA"
        )
        return self._format(statement, columns=_names(self.columns))

    def delete(self, scope: str) -> sql.Composed:
        """Remove the rows of the groups in array `values` that the source no longer has."""
        statement = """
            DELETE FROM {target} t WHERE (%(values)s IS NULL OR t.{scope} = ANY(%(values)s))
            AND NOT EXISTS (SELECT FROM {source} s WHERE {same_key})
        """
        same_key = sql.SQL(" AND ").join(
            sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in self.key
        )
        return self._format(statement, scope=sql.Identifier(scope), same_key=same_key)

    def upsert(self) -> sql.Composed:
        """Insert the rows that are new, and update those that differ."""
        statement = "INSERT INTO {target} AS t ({columns}) SELECT {columns} FROM {source} ON CONFLICT ({key}) DO {action}"
        return self._format(
            statement, columns=_names(self.columns), key=_names(self.key), action=self._on_conflict()
        )

    def _on_conflict(self) -> sql.Composable:
        values = [sql.Identifier(name) for name in self.columns if name not in self.key]
        if not values:
            return sql.SQL("NOTHING")
        return sql.SQL("UPDATE SET {updates} WHERE ({old}) IS DISTINCT FROM ({new})").format(
            updates=sql.SQL(", ").join(sql.SQL("{0} = EXCLUDED.{0}").format(name) for name in values),
            old=sql.SQL(", ").join(sql.SQL("t.{}").format(name) for name in values),
            new=sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(name) for name in values),
        )

    def drop(self) -> sql.Composed:
        return self._format("DROP TABLE {source}")

    def _format(self, statement: str, **parts: sql.Composable) -> sql.Composed:
        tables = {"target": sql.Identifier(self.target), "source": sql.Identifier(self.source)}
        return sql.SQL(statement).format(**tables, **parts)


def _names(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
