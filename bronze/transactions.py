"""Transactions of the services."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from bronze.busy import told_if_busy


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction, or a part of the one that is open. Raises `RecordsBusy` if others hold what it needs."""
    with told_if_busy(), transaction.atomic():
        yield


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)
