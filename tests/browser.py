"""A real browser: headless Chromium, as the system has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_FLAGS = [
    "--no-sandbox",  # Chromium refuses to run as root with it, and CI is root.
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """One that nothing was done with yet."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "these tests drive Chromium: install it, or run `make test`, which does on Debian"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()
