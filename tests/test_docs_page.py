"""The interactive documentation in a real browser: headless Chromium, as a user would click through it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.serving import Serving


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with Serving() as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def browser_page(browser: Browser) -> Page:
    return browser.new_page()


@pytest.fixture
def page(browser_page: Page) -> Iterator[Page]:
    """The page, and after the test the proof that it ran into no error of its own, that its policy refused nothing,
    and that it fetched nothing from afar.
    """
    problems: list[str] = []
    browser_page.on("pageerror", lambda error: problems.append(str(error)))
    browser_page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
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


@pytest.mark.parametrize("path", ["/", "/_mock/docs/mega/", "/_mock/docs/control/"])
def test_a_page_runs_no_script_that_is_not_its_own(server: Serving, browser: Browser, path: str) -> None:
    """Specifications, addresses and credentials are shown on it."""
    policy = httpx.get(server.origin + path).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    page = browser.new_page()
    page.goto(server.origin + path)
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.text = "window.ran = true";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
        }"""
    )
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.ran") is None
    # By its own style, which the policy lets in.
    assert page.evaluate("getComputedStyle(document.querySelector('nav, section')).paddingLeft") == "20px"
    page.close()


def test_of_swagger_ui_no_page_of_its_own_is_served(server: Serving) -> None:
    """It would ask for a specification from the internet."""
    status = {
        name: httpx.get(f"{server.origin}/_mock/static/{name}").status_code
        for name in ("swagger-ui.css", "swagger-ui-bundle.js", "index.html", "oauth2-redirect.html", "")
    }
    assert list(status.values()) == [200, 200, 404, 404, 404]


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
