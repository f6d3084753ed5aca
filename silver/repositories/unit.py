"""The transaction of one run."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from psycopg import sql

from governance.feed import ChangeFeed, Window, read_by_all_but
from silver.repositories.records import has_news
from silver.repositories.statements import execute

FEED = ChangeFeed("silver")


@contextmanager
def unread(*, everything: bool = False) -> Iterator[Window]:
    """A transaction over what silver has not read; on a clean exit it has. Raises `FeedBusy` if another one is at work.

    With `everything` it is over all that there is, and waits for the other one.
    """
    with transaction.atomic(), FEED.window(everything=everything) as window:  # pylint: disable=contextmanager-generator-missing-cleanup
        yield window


def is_there_news() -> bool:
    """Whether there is anything to refine; if not, what was looked at counts as read. Raises `FeedBusy`."""
    with transaction.atomic():
        with FEED.window() as window:
            news = has_news(window)
        transaction.set_rollback(news)  # only looked: the run itself moves the watermark
    return news


def forget_old_changes() -> int:
    """Delete the changes that every reader of them has read; return their number."""
    return execute(
        "DELETE FROM silver_change WHERE xid < {least}::xid8",
        least=sql.Literal(str(read_by_all_but(FEED.stage))),
    )
