"""A real browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.pipeline import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"There is no browser at {CHROMIUM}."),
]


_SESSIONS: dict[str, Any] = {}
"""Name -> the cookies of its last login: to check a password takes half a second, and to log in is a test of its own."""


def log_in(page: Page, name: str) -> None:
    """On the first page, by the session of an earlier test while it is good."""
    if name in _SESSIONS:
        page.context.add_cookies(_SESSIONS[name])
    page.goto("/")
    if "/login/" in page.url:
        give_password(page, name)
        page.wait_for_url(lambda address: "/login/" not in address)
        _SESSIONS[name] = page.context.cookies()


def give_password(page: Page, name: str) -> None:
    """On the page of the login."""
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
