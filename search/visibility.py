"""Entities of the search whose data set is hidden from whoever asks."""

from collections.abc import Mapping

from django.db import models

from governance.visibility import Row, hidden

DATASETS: Mapping[str, str] = {
    "user": "users",
    "product": "products",
    "job": "jobs",
    "department": "departments",
    "employer": "employment_info",
    "document": "documents",
}
"""Entity -> the data set that it stands for."""


def hidden_entities() -> frozenset[str]:
    names = hidden()
    return frozenset(entity for entity, dataset in DATASETS.items() if dataset in names)


class OfEntity(models.Manager[Row]):
    """Rows of entities, without those that are hidden."""

    def get_queryset(self) -> models.QuerySet[Row]:
        rows, names = super().get_queryset(), hidden_entities()
        return rows.exclude(entity__in=names) if names else rows
