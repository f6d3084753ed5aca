"""Lakehouses for the end-to-end tests: one that many tests share, and new ones."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsing import CHROMIUM, FLAGS
from tests.e2e.pipeline import DEADLINE, Blank, Lakehouse, blank, lakehouse

HIRING = Path(__file__).parent / "data" / "hiring"


@pytest.fixture(scope="package")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blank]:
    with blank(tmp_path_factory.mktemp("blank")) as template:
        yield template


@pytest.fixture
def new_lakehouse(
    empty: Blank, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Lakehouse]]:
    """`new_lakehouse("worker", "web")`: an empty lakehouse with these parts."""
    with ExitStack() as stack:

        def make(*start: str) -> Lakehouse:
            return stack.enter_context(lakehouse(tmp_path_factory.mktemp("home"), empty, start))

        yield make


@pytest.fixture(scope="package")
def running(empty: Blank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    """A lakehouse with all its parts and the small hiring files. Tests keep to years and keys of their own."""
    with lakehouse(
        tmp_path_factory.mktemp("running"), empty, ("worker", "web", "beat", "watcher")
    ) as started:
        for path in sorted(HIRING.iterdir()):
            started.upload(path.name, path.read_bytes())
        started.wait_for(
            lambda: len(started.items("/gold/people/hires-by-quarter", year=2021)) == 5,
            "gold has the hires of 2021",
        )
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, running: Lakehouse) -> Iterator[Page]:
    """A page without a login; addresses are relative to the lakehouse."""
    with browser.new_context(base_url=running.url) as context:
        context.set_default_timeout(DEADLINE * 1000)
        expect.set_options(timeout=DEADLINE * 1000)
        yield context.new_page()
