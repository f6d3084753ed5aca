"""The transaction of one run."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from governance.feed import ChangeFeed, Window
from silver.repositories.records import has_news

FEED = ChangeFeed("silver")


@contextmanager
def unread() -> Iterator[Window]:
    """A transaction over what silver has not read; on a clean exit it has. Raises `FeedBusy`."""
    with transaction.atomic(), FEED.window() as window:  # pylint: disable=contextmanager-generator-missing-cleanup
        yield window


def is_there_news() -> bool:
    """Whether there is anything to refine; if not, what was looked at counts as read. Raises `FeedBusy`."""
    with transaction.atomic():
        with FEED.window() as window:
            news = has_news(window)
        transaction.set_rollback(news)  # only looked: the run itself moves the watermark
    return news
