"""Tables that are made of a restricted data set are for those who may see it, whatever their groups allow them."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest

from gold import lineage as gold
from governance.visibility import hidden_from, holds_any
from silver import lineage as silver
from silver.star import STAR


class RestrictedTables:
    """Takes the permissions for such tables away: a star table or mart is then refused as one that nobody has allowed.
    Logs nobody in."""

    def authenticate(self, request: HttpRequest | None, **_: Any) -> None:
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        datasets = _datasets().get(perm)
        if datasets and holds_any(datasets, hidden_from(user_obj)):
            raise PermissionDenied
        return False


@cache
def _datasets() -> Mapping[str, frozenset[str]]:
    """Permission -> the data sets of its table."""
    return {
        f"{model._meta.app_label}.{action}_{model._meta.model_name}": datasets
        for model, datasets in _tables()
        for action in model._meta.default_permissions
    }


def _tables() -> Iterator[tuple[type[models.Model], frozenset[str]]]:
    yield from ((table.model, silver.datasets_of(table.model)) for table in STAR)
    yield from ((model, gold.datasets_of(model)) for model in gold.READ)
