"""Restricting data sets to groups, and opening them again. The history of the table says who did it."""

from collections.abc import Sequence

from django.contrib.auth.models import Group

from governance.models import Restriction
from lakehouse_project.kernel.errors import FieldError, InvalidInput


class Restrictions:
    """Which groups see a data set that not everybody sees."""

    def of(self, dataset: str) -> list[str] | None:
        """The groups; None if everybody sees it."""
        row = Restriction.objects.filter(pk=dataset).first()
        return None if row is None else list(row.groups)

    def put(self, dataset: str, groups: Sequence[str]) -> None:
        """Nobody else sees it, but those who may restrict data sets. Raises `InvalidInput` for a group that there is not."""
        known = set(Group.objects.values_list("name", flat=True))
        if unknown := sorted(set(groups) - known):
            message = f"There is no group {', '.join(map(repr, unknown))}. Known: {', '.join(sorted(known))}."
            raise InvalidInput(message, errors=[FieldError("groups", "unknown", message)])
        Restriction.objects.update_or_create(name=dataset, defaults={"groups": sorted(set(groups))})

    def remove(self, dataset: str) -> None:
        Restriction.objects.filter(pk=dataset).delete()
