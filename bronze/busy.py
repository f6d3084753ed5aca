"""What happens when two write the same records at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError
from psycopg.errors import DeadlockDetected, LockNotAvailable, UniqueViolation

from bronze.errors import RecordsBusy

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def told_if_busy() -> Iterator[None]:
    """Put it around a transaction. Raises `RecordsBusy` where PostgreSQL says that others hold what it needs."""
    try:
        yield
    except (OperationalError, IntegrityError) as error:
        if isinstance(error.__cause__, DeadlockDetected | LockNotAvailable) or is_taken_key(error.__cause__):
            raise RecordsBusy("Somebody else is writing these records. Try again in a moment.") from error
        raise


def is_taken_key(cause: BaseException | None) -> bool:
    """Whether another transaction has added the key of a record in the very moment in which this one did."""
    return isinstance(cause, UniqueViolation) and cause.diag.constraint_name == "raw_record_key"


def again_if_busy(work: Callable[P, R]) -> Callable[P, R]:
    """Do `work`, which begins a transaction, once more if others were in its way. Raises `RecordsBusy` if they still are."""

    @wraps(work)
    def twice(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except RecordsBusy:
            return work(*args, **kwargs)

    return twice
