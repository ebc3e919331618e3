"""The interactive documentation in a real browser: headless Chromium, as a user would click through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.serving import Serving


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with Serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


@pytest.fixture
def page(browser_page: Page) -> Iterator[Page]:
    """The page, and after the test the proof that it ran into no error of its own and fetched nothing from afar."""
    problems: list[str] = []
    browser_page.on("pageerror", lambda error: problems.append(str(error)))
    browser_page.on(
        "request",
        lambda request: (
            None if "127.0.0.1" in request.url or request.url.startswith("data:") else problems.append(request.url)
        ),
    )
    yield browser_page
    assert problems == []


def test_the_landing_page_leads_to_the_documentation_of_every_api(server: Serving, page: Page) -> None:
    page.goto(server.origin)
    for title in ("SalesIQ", "MEGA", "ConvertIQ", "CRMLead Pro"):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    assert page.get_by_role("link").count() == 6
    page.get_by_role("link").nth(1).click()
    expect(page.get_by_text("Create a lead").first).to_be_visible()


@pytest.mark.parametrize(
    ("api", "operation", "status"),
    [
        ("salesiq", "captureLead", "201"),
        ("mega", "createLead", "201"),
        ("mega", "listLeads", "200"),
        ("convertiq", "createLead", "201"),
        ("crmleadpro", "createLead", "201"),
        ("crmleadpro", "listLeads", "200"),
    ],
)
def test_try_it_out_works_with_the_demo_key_and_nothing_typed(
    server: Serving, page: Page, api: str, operation: str, status: str
) -> None:
    page.goto(f"{server.origin}/_mock/docs/{api}/")
    block = page.locator(f"[id$='-{operation}']").first
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Execute").click()
    live = block.locator(".live-responses-table tbody .response-col_status").first
    expect(live).to_contain_text(status)
