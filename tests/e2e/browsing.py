"""A real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.pipeline import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"There is no browser at {CHROMIUM}."),
]


def log_in(page: Page, name: str) -> None:
    page.goto("/")
    give_password(page, name)


def give_password(page: Page, name: str) -> None:
    """On the page of the login."""
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
