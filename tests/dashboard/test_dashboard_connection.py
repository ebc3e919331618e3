"""The live connection: lost, found again without gaps or doubles, and opened with a token."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from mockserver.client import Access, ControlClient
from mockserver.settings import Settings
from tests.dashboard.relay import Relay
from tests.dashboard.visiting import PARTS, Visit, push
from tests.edge_cases.live import Live
from tests.postgres import cluster

TOKEN = "a-token-of-the-test"


@pytest.fixture
def relay(server: Live) -> Iterator[Relay]:
    with Relay(server.port) as wire:
        yield wire


@pytest.fixture
def far(visit: Visit, relay: Relay) -> Visit:
    """A visit by way of the wire."""
    visit.origin = relay.origin
    visit.expected.append("Failed to load resource")
    visit.expected.append("ERR_")
    return visit


def names(visit: Visit) -> list[str]:
    """What stands in the rows, the newest first."""
    return [row.get_attribute("id") or "" for row in visit.rows.all()]


def test_a_lost_connection_is_told_and_found_again_without_gaps_or_doubles(
    far: Visit, relay: Relay, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    push(http, mega)
    page = far.open()
    far.show_only(mega)
    expect(far.rows).to_have_count(1)
    relay.cut()
    expect(page.locator("#link")).to_have_text("Connection lost")
    expect(page.locator("#lost")).to_contain_text("nothing that the journal keeps is missed")
    for _ in range(5):
        push(http, mega)
    relay.mend()
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#lost")).to_have_count(0)
    expect(far.rows).to_have_count(6)
    push(http, mega)
    expect(far.rows).to_have_count(7)
    assert names(far) == [f"row-{each.id}" for each in control.requests(tenant=mega.tenant.id)]


def test_what_the_server_dropped_for_a_slow_viewer_is_fetched_from_the_journal(
    visit: Visit, server: Live, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    visit.open()
    visit.show_only(mega)
    push(http, mega)
    expect(visit.rows).to_have_count(1)
    viewers = server.mock.journal._viewers.copy()
    server.mock.journal._viewers.clear()
    for _ in range(4):
        push(http, mega)
    server.mock.journal._viewers.update(viewers)
    push(http, mega)
    expect(visit.rows).to_have_count(6)
    assert names(visit) == [f"row-{each.id}" for each in control.requests(tenant=mega.tenant.id)]


def test_a_server_that_was_started_anew_begins_a_new_list(
    far: Visit, relay: Relay, mega: Access, http: httpx.Client
) -> None:
    for _ in range(3):
        push(http, mega)
    page = far.open()
    assert far.rows.count() >= 3
    relay.cut()
    expect(page.locator("#link")).to_have_text("Connection lost")
    with Live() as other, ControlClient(other.origin) as control:
        access = control.create_tenant("mega")
        push(http, access)
        relay.mend(other.port)
        page.get_by_role("button", name="Try now").click()
        expect(page.get_by_text("The server has been started anew", exact=False).first).to_be_visible()
        expect(far.rows).to_have_count(1)
        expect(far.rows.first).to_have_id("row-1")
        page.close()
        relay.cut()


def test_a_token_is_asked_for_once_and_kept_out_of_the_address(page: Page) -> None:
    with Live(Settings(control_token=TOKEN)) as server:
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(request.url))
        page.on("framenavigated", lambda frame: addresses.append(frame.url))
        page.goto(f"{server.origin}/_mock/")
        dialog = page.get_by_role("dialog", name="This server asks for its control token")
        expect(dialog).to_contain_text("leadmock serve printed it")
        token = dialog.get_by_label("Token")
        expect(token).to_be_focused()
        token.fill("another-token")
        page.keyboard.press("Enter")
        expect(dialog).to_contain_text("That token was not accepted")
        dialog.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.locator("#link")).to_have_text("Live")
        for part in PARTS:
            page.goto(f"{server.origin}/_mock/#/{part}")
        page.reload()
        expect(page.locator("#link")).to_have_text("Live")
        expect(dialog).to_have_count(0)
        assert len(addresses) > len(PARTS)
        assert not [each for each in addresses if TOKEN in each]
        assert page.evaluate("localStorage.length + document.cookie.length") == 0
        page.close()


def test_without_the_token_the_page_says_so_and_asks_again_when_told_to(page: Page) -> None:
    with Live(Settings(control_token=TOKEN)) as server:
        page.goto(f"{server.origin}/_mock/")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#link")).to_have_text("Token needed")
        expect(page.locator("#lost")).to_contain_text("demands the control token")
        page.get_by_role("button", name="Enter the token").click()
        expect(dialog).to_be_visible()
        dialog.get_by_label("Token").fill(TOKEN)
        dialog.get_by_role("button", name="Continue").click()
        expect(page.locator("#link")).to_have_text("Live")
        page.close()


def test_a_page_that_nobody_sees_lets_go_and_catches_up_when_it_is_seen_again(
    visit: Visit, mega: Access, http: httpx.Client
) -> None:
    """A browser has six connections to a server: seven tabs left open would stop each other."""
    visit.page.clock.install()
    page = visit.open()
    visit.show_only(mega)
    hide = "(hidden) => { document.hidden = hidden; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate("() => Object.defineProperty(document, 'hidden', {value: false, writable: true})")
    page.evaluate(hide, arg=True)
    page.clock.fast_forward(11_000)
    expect(page.locator("#link")).to_have_text("Connecting")
    push(http, mega)
    page.evaluate(hide, arg=False)
    expect(page.locator("#link")).to_have_text("Live")
    expect(visit.rows).to_have_count(1)


def test_a_server_that_keeps_no_requests_says_so_and_how_to_change_that(page: Page) -> None:
    with Live(Settings(journal=0)) as server:
        page.goto(f"{server.origin}/_mock/")
        expect(page.get_by_text("This server keeps no requests to look at.")).to_be_visible()
        expect(page.get_by_text("Start it with --journal 1000 to see them here.")).to_be_visible()
        page.close()


def test_two_servers_on_one_database_are_one_on_the_page(page: Page) -> None:
    """What one answers shows on the other's page; changing from one to the other is no start anew."""
    settings = Settings(database=cluster().fresh())
    with Live(settings) as first, Live(settings) as second, Relay(first.port) as relay:
        with ControlClient(second.origin) as control, httpx.Client() as http:
            access = control.create_tenant("mega")
            page.goto(f"{relay.origin}/_mock/")
            rows = page.get_by_role("listbox", name="Requests, the newest first").get_by_role("option")
            expect(page.locator("#link")).to_have_text("Live")
            push(http, access)
            expect(rows).to_have_count(1)
            relay.cut()
            expect(page.locator("#link")).to_have_text("Connection lost")
            push(http, access)
            relay.mend(second.port)
            page.get_by_role("button", name="Try now").click()
            expect(rows).to_have_count(2)
            expect(page.get_by_text("The server has been started anew", exact=False)).to_have_count(0)
            page.close()
        relay.cut()
