"""Columns that only those see in clear who may see personal data."""

from typing import Any

from django.db.models import Case, F, OuterRef, Q, TextField, Value, When
from django.db.models.functions import Concat, Left

from bronze.models import Document
from lakehouse_project.kernel.masking import MASK

OF_A_USER = Document.objects.filter(pk=OuterRef("sha256")).exclude(user_id="")
"""Of a source file: the document in it, if that belongs to a user."""


def masked(column: str, is_open: Any) -> Case:
    """A column, masked in the rows where the condition `is_open` does not hold."""
    mask = Concat(Left(column, 1), Value(MASK), output_field=TextField())
    return Case(When(Q(is_open), then=F(column)), default=mask, output_field=TextField())
