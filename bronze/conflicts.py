"""Records with edits of staff on which a later file disagrees."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q, QuerySet

from bronze.models import RawRecord

SETTLE = """
UPDATE bronze_rawrecord SET
    patch = CASE WHEN %(keep)s THEN patch ELSE patch - ARRAY(SELECT jsonb_object_keys(conflict)) END,
    conflict = '{}'
WHERE id = ANY(%(ids)s)
RETURNING id
"""


class Conflicts:
    """Conflicts of many records."""

    def rows(self) -> "QuerySet[RawRecord]":
        """Records with a conflict that are not deleted, newest first; found among those with edits, by their index."""
        edited = RawRecord.objects.filter(~Q(patch={}), ~Q(conflict={}))
        return edited.exclude(status=RawRecord.Status.DELETED).order_by("-id")

    def settle(self, ids: Sequence[int], *, keep_edits: bool) -> list[int]:
        """Keep the edits, or drop those in conflict, and forget the conflicts; the ids of the records that had some."""
        open_ids = list(
            self.rows().filter(pk__in=ids).order_by("id").select_for_update().values_list("id", flat=True)
        )
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, {"keep": keep_edits, "ids": open_ids})
        return open_ids
