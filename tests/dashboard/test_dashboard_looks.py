"""The dashboard for everybody: on a phone, in the dark, by ear."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from mockserver.client import Access, ControlClient
from tests.dashboard.visiting import PARTS, Visit, push
from tests.edge_cases.live import Live

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# What is there once a part of the page has asked for what it shows.
SHOWN = {
    "requests": "[role=option]",
    "records": "[aria-label=Records] li",
    "limits": "[aria-label='Rate windows'] li",
    "webhooks": "[aria-label=Deliveries] li",
    "faults": "[aria-label=Faults] li",
    "clock": ".now",
    "tenants": ".groups li",
    "state": "[aria-label=Snapshots] li",
    "exchange": ".exchange .message",
}
LONG = "anunbrokenvalue" * 14


@pytest.fixture(scope="module")
def busy(control: ControlClient) -> Access:
    """A tenant with something of every kind, and with values that are longer than a phone is wide."""
    access = control.create_tenant("crmleadpro", name=f"tenant {LONG}"[:200])
    with httpx.Client(trust_env=False, headers=access.headers, base_url=access.base_url) as http:
        hook = {"url": f"http://127.0.0.1:65535/{LONG}", "events": ["lead.created"]}
        assert http.post("/webhooks", json=hook).status_code == 201
        lead = {"name": LONG[:100], "email": f"{'x' * 50}@example.com"}
        assert http.post("/leads", json=lead).status_code == 201
        http.get(f"/leads/{LONG}")
        http.post("/leads", json={"email": 5})
    control.add_fault("status", api="crmleadpro", operation="createLead", tenant=access.tenant.id)
    control.add_fault("drop", api="convertiq", times=3)
    control.take_snapshot("a" * 100)
    return access


def opened(page: Page, server: Live, access: Access) -> list[str]:
    """Every part of the page, with an exchange and a dialog among them; what is given is its name."""
    visit = Visit(page, server.origin)
    visit.open("requests", access)
    refused = visit.rows.filter(has_text="422").first.get_attribute("id") or ""
    return [*PARTS, f"requests/{refused.removeprefix('row-')}"]


def unfold(page: Page) -> None:
    """Open whatever is folded, and wait until it is filled."""
    page.evaluate(
        """async () => {
          for (const each of document.querySelectorAll("main details")) each.open = true;
          await new Promise((done) => setTimeout(() => requestAnimationFrame(done)));
        }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_part_is_accessible(
    browser: Browser, server: Live, busy: Access, scheme: Literal["light", "dark"]
) -> None:
    """By axe-core: names, roles, contrast, order of headings, and the rest of WCAG 2.2 AA that a program can see."""
    assert AXE.exists(), "axe-core is missing: run `make test`, or `npm install`"
    page = browser.new_page(color_scheme=scheme)
    found = []
    for part in opened(page, server, busy):
        page.goto(f"{server.origin}/_mock/#/{part}")
        expect(page.locator(SHOWN.get(part, SHOWN["exchange"])).first).to_be_visible()
        unfold(page)
        page.evaluate(AXE.read_text("utf-8"))
        broken = page.evaluate("axe.run().then(({violations}) => violations)")
        found += [(part, each["id"], each["help"], [node["html"][:200] for node in each["nodes"]]) for each in broken]
    page.close()
    assert not found, "\n".join(map(str, found))


def test_nothing_is_wider_than_a_phone(browser: Browser, server: Live, busy: Access) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740}, has_touch=True)
    for part in opened(page, server, busy):
        page.goto(f"{server.origin}/_mock/#/{part}")
        expect(page.locator(SHOWN.get(part, SHOWN["exchange"])).first).to_be_visible()
        unfold(page)
        wide = """() => [...document.querySelectorAll('body, main, main *')].filter((each) => {
          const box = each.getBoundingClientRect();
          const scrolls = each.closest('pre, .places');
          return !scrolls && box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
        }).map((each) => each.outerHTML.slice(0, 120))"""
        assert (part, page.evaluate(wide)) == (part, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_on_a_phone_an_exchange_covers_the_list_and_gives_it_back(
    browser: Browser, server: Live, mega: Access, http: httpx.Client
) -> None:
    push(http, mega)
    visit = Visit(browser.new_page(viewport={"width": 360, "height": 740}, has_touch=True), server.origin)
    page = visit.open()
    visit.show_only(mega)
    visit.rows.first.tap()
    expect(visit.exchange.get_by_role("heading", level=2)).to_be_focused()
    box = visit.exchange.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 360)
    expect(page.locator(".watch")).to_have_attribute("inert", "")
    page.go_back()
    expect(visit.exchange).to_be_hidden()
    expect(visit.rows).to_have_count(1)
    page.close()


def test_who_wants_no_motion_gets_none(browser: Browser, server: Live) -> None:
    page = browser.new_page(reduced_motion="reduce")
    Visit(page, server.origin).open()
    moving = "() => document.getAnimations().length"
    assert page.evaluate(moving) == 0
    page.close()
