"""The list of requests and the exchange beside it, as somebody who develops a client uses them."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from mockserver.client import Access, ControlClient
from tests.dashboard.visiting import Visit, push


def test_a_request_shows_as_it_arrives_with_what_became_of_it(visit: Visit, mega: Access, http: httpx.Client) -> None:
    visit.open()
    visit.show_only(mega)
    expect(visit.rows).to_have_count(0)
    push(http, mega)
    expect(visit.rows).to_have_count(1)
    row = visit.rows.first
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d:\d\d201POST/api/agents/crm/leadscheckout testscreated lead"))
    push(http, mega, {"contact_email": 5})
    expect(visit.rows.first).to_contain_text("400")
    expect(visit.rows.first).to_contain_text("refused: contact_email: must be a string")


def test_what_came_before_the_page_is_there_too(visit: Visit, mega: Access, http: httpx.Client) -> None:
    push(http, mega)
    visit.open()
    visit.show_only(mega)
    expect(visit.rows).to_have_count(1)


def test_filters_leave_what_fits(visit: Visit, control: ControlClient, mega: Access, http: httpx.Client) -> None:
    other = control.create_tenant("salesiq", name="another")
    push(http, mega)
    push(http, mega, {"contact_email": 5})
    http.get(f"{other.base_url}/leads/capture", headers=other.headers)
    page = visit.open()
    page.get_by_role("combobox", name="API").select_option("salesiq")
    expect(visit.rows.first).to_contain_text("/api/leads/capture")
    expect(visit.rows.filter(has_text="/api/agents")).to_have_count(0)
    page.get_by_role("combobox", name="API").select_option("mega")
    visit.show_only(mega)
    expect(visit.rows).to_have_count(2)
    page.get_by_role("combobox", name="Status").select_option("4xx refused")
    expect(visit.rows).to_have_count(1)
    expect(visit.rows.first).to_contain_text("400")
    page.get_by_role("combobox", name="Status").select_option("Any status")
    page.get_by_role("searchbox", name="Filter by text").fill("CREATED lead")
    expect(visit.rows).to_have_count(1)
    expect(visit.rows.first).to_contain_text("201")
    page.get_by_role("searchbox").fill("nothing has this")
    expect(visit.rows).to_have_count(0)
    page.get_by_role("button", name="Show all").click()
    assert visit.rows.count() >= 3


def test_a_paused_list_stands_still_and_misses_nothing(visit: Visit, mega: Access, http: httpx.Client) -> None:
    page = visit.open()
    visit.show_only(mega)
    push(http, mega)
    expect(visit.rows).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    push(http, mega)
    push(http, mega)
    resume = page.get_by_role("button", name="Resume (2 new)")
    expect(resume).to_be_visible()
    expect(visit.rows).to_have_count(1)
    resume.click()
    expect(visit.rows).to_have_count(3)


def test_the_list_follows_the_newest_or_keeps_its_place(visit: Visit, mega: Access, http: httpx.Client) -> None:
    for _ in range(45):
        push(http, mega)
    page = visit.open()
    visit.show_only(mega)
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "true")
    visit.list.evaluate("list => { list.scrollTop = 300; }")
    expect(follow).to_have_attribute("aria-pressed", "false")
    top = "list => document.elementFromPoint(200, list.getBoundingClientRect().top + 40).closest('[role=option]').id"
    before = visit.list.evaluate(top)
    push(http, mega)
    expect(page.get_by_role("button", name="Follow (1 new)")).to_be_visible()
    assert visit.list.evaluate(top) == before
    page.get_by_role("button", name="Follow (1 new)").click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    assert visit.list.evaluate("list => list.scrollTop") == 0


def test_one_click_shows_the_whole_exchange_and_the_rule(visit: Visit, mega: Access, http: httpx.Client) -> None:
    push(http, mega, **{"Idempotency-Key": "order-17"})
    page = visit.open()
    visit.show_only(mega)
    visit.rows.first.click()
    exchange = visit.exchange
    expect(exchange.get_by_role("heading", name="POST /api/agents/crm/leads")).to_be_visible()
    expect(exchange.get_by_role("table", name="Request headers")).to_contain_text("idempotency-keyorder-17")
    expect(exchange.get_by_role("table", name="Response headers")).to_contain_text("application/json")
    body = exchange.get_by_role("region", name="Request body")
    expect(body).to_have_text('{\n  "contact_name": "Sam Rivera",\n  "contact_email": "sam@example.com"\n}')
    exchange.get_by_role("button", name="Raw").first.click()
    expect(body).to_have_text('{"contact_name":"Sam Rivera","contact_email":"sam@example.com"}')
    rule = exchange.locator(".rule")
    expect(rule.locator("blockquote")).not_to_be_empty()
    expect(rule).to_contain_text(re.compile("documented|vendor-page|assumed"))
    assert mega.credential.secret not in page.content()
    page.get_by_role("button", name="Close the exchange").click()
    expect(exchange).to_be_hidden()


def test_a_refusal_says_why_and_what_would_have_been_accepted(visit: Visit, mega: Access, http: httpx.Client) -> None:
    push(http, mega, **{"Idempotency-Key": "k"})
    push(http, mega, {"contact_name": "Alex"}, **{"Idempotency-Key": "k"})
    visit.open()
    visit.show_only(mega)
    visit.rows.first.click()
    why = visit.exchange.locator(".why")
    expect(why).to_contain_text("They differ in: /contact_name, /contact_email")
    expect(why.get_by_role("listitem").first).to_have_text("a fresh Idempotency-Key")
    expect(visit.exchange.locator(".rule")).to_contain_text("reusing a key with a different body returns 409")
    expect(visit.exchange.locator(".rule")).to_contain_text("mega-push-leads")
    why.get_by_role("link", name="which came before").click()
    expect(visit.exchange.locator(".badge").first).to_have_text("201")


@pytest.mark.parametrize("open_clipboard", [True, False])
def test_a_request_is_copied_as_curl(
    visit: Visit, control: ControlClient, mega: Access, http: httpx.Client, *, open_clipboard: bool
) -> None:
    """By the clipboard's own interface, and where a page over plain HTTP has none."""
    push(http, mega)
    wanted = control.request(control.requests(tenant=mega.tenant.id)[0].id)["curl"]
    if not open_clipboard:
        visit.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = visit.open()
    visit.show_only(mega)
    visit.rows.first.click()
    visit.exchange.get_by_role("button", name="Copy as curl").click()
    expect(visit.exchange.get_by_role("button", name="Copied")).to_be_visible()
    text = page.get_by_role("searchbox", name="Filter by text")
    text.focus()
    page.keyboard.press("ControlOrMeta+V")
    expect(text).to_have_value(wanted)


def test_everything_can_be_done_with_the_keyboard(visit: Visit, mega: Access, http: httpx.Client) -> None:
    for name in ("first", "second", "third"):
        push(http, mega, {"contact_name": name, "contact_email": f"{name}@example.com"})
    page = visit.open()
    visit.show_only(mega)
    expect(visit.rows).to_have_count(3)
    page.keyboard.press("Tab")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Filter by text")).to_be_focused()
    for name in ("Pause", "Follow", "Clear"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(visit.list).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(visit.rows.nth(1)).to_have_attribute("aria-selected", "true")
    assert visit.list.get_attribute("aria-activedescendant") == visit.rows.nth(1).get_attribute("id")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    heading = visit.exchange.get_by_role("heading", level=2)
    expect(heading).to_be_focused()
    expect(visit.exchange.get_by_role("region", name="Request body")).to_contain_text("first@example.com")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Close the exchange")).to_be_focused()
    page.keyboard.press("Escape")
    expect(visit.exchange).to_be_hidden()
    expect(visit.list).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(visit.rows.nth(1)).to_have_attribute("aria-selected", "true")


def test_with_an_exchange_open_the_arrows_lead_to_the_next(visit: Visit, mega: Access, http: httpx.Client) -> None:
    push(http, mega, {"contact_email": "old@example.com"})
    push(http, mega, {"contact_email": "new@example.com"})
    page = visit.open()
    visit.show_only(mega)
    visit.rows.first.click()
    body = visit.exchange.get_by_role("region", name="Request body")
    expect(body).to_contain_text("new@example.com")
    page.keyboard.press("ArrowDown")
    expect(body).to_contain_text("old@example.com")
    expect(visit.list).to_be_focused()


def test_thousands_of_requests_need_no_more_rows_than_can_be_seen(visit: Visit) -> None:
    page = visit.open()
    page.evaluate(
        """async () => {
          const { journal } = await import("/_mock/dashboard/journal.js");
          const one = {time: "2026-07-02T10:00:00.000Z", api: "mega", operation: "createLead", tenant: null,
            tenant_name: null, method: "POST", path: "/leads", query: "", status: 201, outcome: "created", reason: null,
            fault: null, milliseconds: 0.4};
          for (let at = 1; at <= 12000; at += 1) journal.add([{...one, id: String(journal.last + 1)}]);
        }"""
    )
    expect(page.locator(".tally")).to_have_text(re.compile(r"^(4,[5-9]\d\d|5,000) requests$"))
    assert 10 < visit.rows.count() < 80
    visit.list.focus()
    page.keyboard.press("End")
    expect(visit.rows.last).to_have_attribute("aria-selected", "true")
    assert visit.rows.count() < 80


def test_the_journal_is_emptied_after_a_question(
    visit: Visit, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    push(http, mega)
    page = visit.open()
    visit.show_only(mega)
    page.get_by_role("button", name="Clear").click()
    page.keyboard.press("Escape")
    expect(visit.rows).to_have_count(1)
    expect(page.get_by_role("button", name="Clear")).to_be_focused()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Forget them").click()
    expect(visit.rows).to_have_count(0)
    assert control.count_requests() == 0


def test_an_exchange_that_an_address_names_is_told_with_the_name_of_its_api(
    visit: Visit, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    """Also where the names of the APIs come later than the exchange."""
    push(http, mega)
    (request,) = control.requests(tenant=mega.tenant.id)
    visit.page.add_init_script(
        """
        const fetchNow = window.fetch;
        let explained;
        const afterwards = new Promise((resolve) => (explained = resolve));
        window.fetch = async (url, options) => {
          if (String(url).endsWith("/_mock/apis")) await afterwards;
          const answer = await fetchNow(url, options);
          if (String(url).endsWith("/explanation")) explained();
          return answer;
        };
        """
    )
    visit.page.goto(f"{visit.origin}/_mock/#/requests/{request.id}")
    expect(visit.exchange).to_contain_text("MEGA, createLead")


def test_an_answer_that_a_fault_kept_back_is_not_shown_as_one(
    visit: Visit, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    control.add_fault("lost-response", tenant=mega.tenant.id, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        push(http, mega)
    visit.open()
    visit.show_only(mega)
    expect(visit.rows).to_have_count(1)
    expect(visit.rows.first).to_contain_text("struck by a fault: lost-response, never answered")
    visit.rows.first.click()
    expect(visit.exchange).to_contain_text("Response 201, never sent")
