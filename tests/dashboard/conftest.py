"""A mock behind a real socket, and its dashboard in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from mockserver.client import Access, ControlClient
from tests.browser import chromium
from tests.dashboard.visiting import Visit
from tests.edge_cases.live import Live


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """One for a module: whoever changes more than a tenant of its own puts it right again."""
    with Live() as live:
        yield live


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    fresh = context.new_page()
    yield fresh
    fresh.close()  # Each holds a connection, and a browser has six of them to a server.


@pytest.fixture
def visit(server: Live, page: Page) -> Iterator[Visit]:
    """A visit to the dashboard; after it the proof that nothing failed unseen or was fetched from afar."""
    visit = Visit(page, server.origin)

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(each in message.text for each in visit.expected):
            visit.problems.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: visit.problems.append(str(error)))
    page.on("request", lambda request: visit.asked.add(urlsplit(request.url).hostname or request.url))
    yield visit
    assert visit.problems == []
    assert visit.asked <= {"127.0.0.1"}


@pytest.fixture(scope="module")
def control(server: Live) -> Iterator[ControlClient]:
    with ControlClient(server.origin) as client:
        yield client


@pytest.fixture
def mega(control: ControlClient) -> Access:
    """A fresh tenant of MEGA."""
    return control.create_tenant("mega", name="checkout tests")


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client
