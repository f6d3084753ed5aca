"""Data sets that are restricted to some groups: for whoever is in none of them they are not there.

One place decides (`hidden`), and the default managers of the tables that hold anything of a data set ask it, so that lists,
single rows, counts and pages of the admin agree. What runs without a request (tasks, commands) sees everything, and so does
what keeps the data whole, by the manager `everything`: a record that others need is not deleted because the caller does not
see them.
"""

from collections.abc import Collection
from typing import Any, ClassVar, TypeVar

from django.db import connection, models

from governance.models import Restriction
from lakehouse_project.kernel.callers import current_request

PERMISSION = "governance.change_restriction"

RESTRICTED = f"SELECT name, groups FROM {Restriction._meta.db_table}"  # noqa: S608  a table of ours
"""As written: every request asks, and a query of the ORM takes longer to build than this one to run."""
ANYTHING = "*"
"""Stands for the data sets of what nobody knows the origin of: it may hold anything."""

Row = TypeVar("Row", bound=models.Model)


def hidden() -> frozenset[str]:
    """Names of the data sets that are hidden from whoever asks. Looked up once in a request."""
    request = current_request()
    return frozenset() if request is None else hidden_from(getattr(request, "user", None))


def hidden_from(user: Any) -> frozenset[str]:
    """The same for somebody, whether a request is answered or not."""
    known: dict[int | None, frozenset[str]] = getattr(current_request(), "__dict__", {}).setdefault(
        "hidden_datasets", {}
    )
    if getattr(user, "pk", None) not in known:
        known[getattr(user, "pk", None)] = _hidden_from(user)
    return known[getattr(user, "pk", None)]


def holds_any(datasets: Collection[str], names: Collection[str]) -> bool:
    """Whether what is made of `datasets` holds anything of the hidden `names`."""
    return bool(names) and (ANYTHING in datasets or not set(names).isdisjoint(datasets))


def _hidden_from(user: Any) -> frozenset[str]:
    """Whoever may restrict data sets sees them all."""
    with connection.cursor() as cursor:
        cursor.execute(RESTRICTED)
        restricted = dict(cursor.fetchall())
    if not restricted or (user is not None and user.has_perm(PERMISSION)):
        return frozenset()
    own = set() if user is None else set(user.groups.values_list("name", flat=True))
    return frozenset(name for name, groups in restricted.items() if not own & set(groups))


class OfDataset(models.Manager[Row]):
    """Rows that belong to a data set, without those of data sets that are hidden."""

    path: ClassVar = "dataset"

    def get_queryset(self) -> models.QuerySet[Row]:
        rows, names = super().get_queryset(), hidden()
        return rows.exclude(**{f"{self.path}__in": names}) if names else rows


class Named(OfDataset[Row]):
    """The data sets themselves."""

    path: ClassVar = "name"


class OfDocuments(models.Manager[Row]):
    """Rows of documents: all or none."""

    def get_queryset(self) -> models.QuerySet[Row]:
        return super().get_queryset().none() if "documents" in hidden() else super().get_queryset()
