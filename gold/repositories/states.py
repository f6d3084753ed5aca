"""When each table changed, and the refresh of what is derived from it."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import connection
from psycopg import sql

from gold.models import TableState


class TableStates:
    """When the rows of each table last changed."""

    def changed(self, tables: Iterable[str], at: dt.datetime) -> None:
        states = [TableState(table=table, changed_at=at) for table in tables]
        TableState.objects.bulk_create(
            states, update_conflicts=True, unique_fields=["table"], update_fields=["changed_at"]
        )

    def all(self) -> Mapping[str, dt.datetime]:
        return dict(TableState.objects.values_list("table", "changed_at"))

    def refresh_view(self, view: str) -> None:
        """Refresh a materialized view without locking its readers out."""
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("REFRESH MATERIALIZED VIEW CONCURRENTLY {}").format(sql.Identifier(view)))
