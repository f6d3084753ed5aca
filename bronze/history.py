"""Earlier revisions of raw records: who made them and why, and how one comes back."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import pghistory
from django.contrib.auth import get_user_model
from django.db import connection

from bronze.domain import Revision
from bronze.errors import RecordExists, RevisionNotFound
from bronze.models import RawRecord, RecordHistory, SourceFile

COLUMNS = (
    "payload",
    "patch",
    "raw_text",
    "status",
    "errors",
    "conflict",
    "source_file_id",
    "line",
    "content_hash",
)
"""What a revision brings back."""

SET_FROM_EARLIER = ", ".join(f"{column} = earlier.{column}" for column in COLUMNS)

RESTORE = f"""
UPDATE bronze_rawrecord AS record SET key = earlier.key, {SET_FROM_EARLIER}
FROM bronze_recordhistory AS earlier
WHERE record.id = %s AND earlier.pgh_obj_id = record.id AND earlier.revision = %s
"""  # noqa: S608  made of constants


@contextmanager
def changes(reason: str, *, user_id: int | None = None) -> Iterator[None]:
    """The history of what the block changes says why, and who if it is known.

    Blocks inside of a request share its context, user included. Every other block is a context of its own.
    """
    user = {} if user_id is None else {"user": user_id}
    with pghistory.context(reason=reason, **user):
        yield
    if (
        connection.in_atomic_block
    ):  # otherwise what follows in the same transaction would be put down to this block
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pghistory.context_id', '', true)")


@dataclass(frozen=True)
class Cause:
    """Who changed a record last, and why."""

    user: str | None
    reason: str


class Revisions:
    """The revisions of raw records."""

    def of(self, record_id: int) -> list[Revision]:
        """The revisions of a record, newest first."""
        record = RawRecord.objects.get(pk=record_id)
        earlier = RecordHistory.objects.filter(pgh_obj=record_id).select_related("pgh_context")
        states: list[RawRecord | RecordHistory] = [*earlier.order_by("revision"), record]
        contexts = [state.pgh_context for state in states if isinstance(state, RecordHistory)]
        causes = [_origin(states[0]), *causes_of(context and context.metadata for context in contexts)]
        befores = [None, *states[:-1]]
        return [
            _revision(state, before, cause, is_current=state is record)
            for state, before, cause in zip(states, befores, causes, strict=True)
        ][::-1]

    def restore(self, record: RawRecord, revision: int) -> None:
        """Bring an earlier revision back as a new one. Raises `RevisionNotFound` or `RecordExists`."""
        earlier = self.earlier(record.pk, revision)
        same_key = RawRecord.objects.filter(dataset_id=record.dataset_id, key=earlier.key)
        if same_key.exclude(pk=record.pk).exists():
            raise RecordExists(
                f"In revision {revision} the record had the key {earlier.key!r}, which another one has now."
            )
        with connection.cursor() as cursor:
            cursor.execute(RESTORE, [record.pk, revision])

    def earlier(self, record_id: int, revision: int) -> RecordHistory:
        """Raises `RevisionNotFound`."""
        for found in RecordHistory.objects.filter(pgh_obj=record_id, revision=revision):
            return found
        raise RevisionNotFound(f"The record has no earlier revision {revision}.")


def causes_of(metadata: Iterable[Mapping[str, Any] | None]) -> list[Cause]:
    """The causes that pghistory noted, None where it had nothing to note, with the names of the users."""
    known = [found or {} for found in metadata]
    ids = {found["user"] for found in known if found.get("user") is not None}
    names: dict[Any, str] = {
        user.pk: user.get_username() for user in get_user_model().objects.filter(pk__in=ids)
    }
    return [Cause(names.get(found.get("user")), found.get("reason", "not known")) for found in known]


def decoded(value: Any) -> dict[str, Any]:
    """jsonb as Django's raw cursors give it: a text."""
    found: dict[str, Any] = orjson.loads(value) if isinstance(value, str) else value
    return found


def _origin(first: RawRecord | RecordHistory) -> Cause:
    """Where a record came from: its first insert leaves no history."""
    if first.revision > 1:
        return Cause(None, "not known")
    if first.source_file_id is None:
        return Cause(None, "api")
    file = SourceFile.objects.select_related("received_by").filter(pk=first.source_file_id).first()
    by = file.received_by.get_username() if file and file.received_by else None
    return Cause(by, f"load of file {first.source_file_id}")


def _revision(
    state: RawRecord | RecordHistory,
    before: RawRecord | RecordHistory | None,
    cause: Cause,
    *,
    is_current: bool,
) -> Revision:
    fields = _effective(state)
    return Revision(
        revision=state.revision,
        at=state.updated_at,
        user=cause.user,
        reason=cause.reason,
        status=state.status,
        fields=fields,
        changed=changed_fields(_effective(before), fields) if before else [],
        errors=state.errors,
        source_file_id=state.source_file_id,
        is_current=is_current,
    )


def _effective(state: RawRecord | RecordHistory) -> dict[str, Any]:
    return {**state.payload, **state.patch}


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
