"""Stored records with every digit of their numbers: Django reads JSON numbers as floats."""

from django.db.models import TextField
from django.db.models.functions import Cast

from bronze.models import RawRecord
from lakehouse_project.kernel.exact import loads

SIDES = ("payload", "patch", "effective", "conflict")


def json_text(column: str) -> Cast:
    """A JSON column as its text."""
    return Cast(column, TextField())


def with_digits(record: RawRecord) -> RawRecord:
    """The record itself, its fields read anew; as it is if it has changed since it was read."""
    rows = RawRecord.objects.filter(pk=record.pk, revision=record.revision)
    for texts in rows.values_list(*map(json_text, SIDES)):
        for side, found in zip(SIDES, texts, strict=True):
            setattr(record, side, loads(found))
    return record
