"""What the dashboard shows of the state, and its switches: each changes what a client of an API sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from mockserver.client import Access, ControlClient
from tests.dashboard.visiting import Visit, push
from tests.engine.receiver import Receiver


@pytest.fixture
def clock(control: ControlClient) -> Iterator[ControlClient]:
    """Whatever a test does to the clock is undone."""
    yield control
    control.reset_clock()


def test_leads_are_listed_newest_first_and_found_by_any_text(
    visit: Visit, control: ControlClient, mega: Access
) -> None:
    rows = [{"contact_name": f"Lead {number}", "contact_email": f"n{number}@example.com"} for number in range(60)]
    control.seed("mega", mega.tenant.id, rows)
    page = visit.open("records", mega)
    cards = page.get_by_role("list", name="Records").locator("> li")
    expect(cards).to_have_count(50)
    expect(cards.first).to_contain_text("Lead 59")
    expect(page.get_by_text("11 to 60 of 60 records")).to_be_visible()
    page.get_by_role("button", name="Older").click()
    expect(cards).to_have_count(10)
    expect(cards.last).to_contain_text("Lead 0")
    page.get_by_role("searchbox", name="Search").fill("N7@EXAMPLE")
    expect(cards).to_have_count(1)
    cards.first.locator("summary").click()
    expect(page.get_by_role("region", name=re.compile("^Record "))).to_contain_text('"contact_email": "n7@example.com"')
    page.get_by_role("searchbox", name="Search").fill("nobody")
    expect(page.get_by_text("No lead holds “nobody”.")).to_be_visible()


def test_leads_are_added_by_hand_or_from_a_file_and_refused_rows_are_told(visit: Visit, mega: Access) -> None:
    """What was refused is not lost: it is there when one tries again."""
    page = visit.open("records", mega)
    cards = page.get_by_role("list", name="Records").locator("> li")
    page.get_by_role("button", name="Add leads…").click()
    page.get_by_role("textbox", name="Rows").fill("contact_name,contact_email\nSam Doe,sam@example.com\nAlex,nobody")
    page.get_by_role("button", name="Add them").click()
    expect(cards).to_have_count(1)
    expect(page.get_by_role("alert")).to_contain_text("1 row refused. row 2: contact_email: must be")
    page.get_by_role("button", name="Add leads…").click()
    rows = page.get_by_role("textbox", name="Rows")
    expect(rows).to_have_value(re.compile("Alex,nobody"))
    content = b'[{"contact_name": "Kim", "contact_phone": "+919876543210"}]'
    page.get_by_label("or from a file").set_input_files({"name": "leads.json", "mimeType": "", "buffer": content})
    expect(rows).to_have_value(re.compile("Kim"))
    page.get_by_role("button", name="Add them").click()
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("Kim")


def test_a_lead_made_meanwhile_appears_by_itself(visit: Visit, mega: Access, http: httpx.Client) -> None:
    page = visit.open("records", mega)
    expect(page.get_by_text("This customer has no lead yet.")).to_be_visible()
    push(http, mega)
    expect(page.get_by_role("list", name="Records")).to_contain_text("Sam Rivera")
    page.get_by_role("combobox", name="API").select_option("ConvertIQ")
    expect(page.get_by_text("Sam Rivera")).to_have_count(0)


def test_keys_and_limits_count_down_by_the_clock_of_the_mock(
    visit: Visit, clock: ControlClient, mega: Access, http: httpx.Client
) -> None:
    clock.freeze()
    push(http, mega, **{"Idempotency-Key": "order-17"})
    page = visit.open("limits", mega)
    key = page.get_by_role("list", name="Idempotency keys").get_by_role("listitem")
    window = page.get_by_role("list", name="Rate windows").get_by_role("listitem").first
    expect(key).to_contain_text("order-17")
    expect(key).to_contain_text("0 s old")
    expect(key).to_contain_text("replays for 1 day")
    expect(window).to_contain_text("60 requests a minute")
    expect(window).to_contain_text("59 left")
    expect(window).to_contain_text("resets in 1 min")
    clock.advance(20)
    expect(key).to_contain_text("20 s old")
    expect(key).to_contain_text("replays for 23 h 59 min")
    expect(window).to_contain_text("resets in 40 s")
    clock.advance(hours=25)
    expect(key).to_have_count(0)
    expect(window).to_contain_text("60 left")


def test_quotas_of_a_plan_are_shown(visit: Visit, control: ControlClient) -> None:
    small = control.create_tenant("salesiq", plan="starter")
    page = visit.open("limits", small)
    quota = page.get_by_role("list", name="Quotas").get_by_role("listitem")
    expect(quota).to_contain_text("500 leads")
    expect(quota).to_contain_text("500 left")


def test_a_delivery_shows_its_attempts_and_signature_and_goes_out_again(
    visit: Visit, control: ControlClient, http: httpx.Client
) -> None:
    pro = control.create_tenant("crmleadpro")
    with Receiver() as receiver:
        hook = {"url": receiver.url, "events": ["lead.created"]}
        assert http.post(f"{pro.base_url}/webhooks", json=hook, headers=pro.headers).status_code == 201
        lead = {"name": "Kim Park", "email": "kim@example.com"}
        assert http.post(f"{pro.base_url}/leads", json=lead, headers=pro.headers).status_code == 201
        page = visit.open("webhooks", pro)
        expect(page.get_by_role("list", name="Subscriptions")).to_contain_text(receiver.url)
        delivery = page.get_by_role("list", name="Deliveries").locator("> li")
        expect(delivery).to_contain_text("delivered")
        expect(delivery).to_contain_text("1 attempt")
        delivery.locator("summary").click()
        expect(delivery).to_contain_text("answered 200")
        expect(delivery.locator(".signature")).to_contain_text(
            f"webhook-signature: {receiver.arrivals[0].headers['webhook-signature']}"
        )
        expect(delivery.get_by_role("region", name=re.compile("^Payload"))).to_contain_text("kim@example.com")
        delivery.get_by_role("button", name="Redeliver lead.created").click()
        assert receiver.wait_for(2)
        expect(delivery).to_contain_text("2 attempts")
        expect(delivery.locator("details").first).to_have_attribute("open", "")


def test_a_failed_attempt_says_when_the_next_is(visit: Visit, control: ControlClient, http: httpx.Client) -> None:
    pro = control.create_tenant("crmleadpro")
    with Receiver(500) as receiver:
        hook = {"url": receiver.url, "events": ["lead.created"]}
        http.post(f"{pro.base_url}/webhooks", json=hook, headers=pro.headers)
        control.freeze()
        http.post(f"{pro.base_url}/leads", json={"name": "K", "email": "k@example.com"}, headers=pro.headers)
        assert receiver.wait_for(1)
        page = visit.open("webhooks", pro)
        delivery = page.get_by_role("list", name="Deliveries").locator("> li")
        expect(delivery).to_contain_text("pending")
        expect(delivery).to_contain_text(re.compile("next attempt in .* s"))
        control.reset_clock()


def test_an_event_is_made_to_happen(visit: Visit, control: ControlClient, http: httpx.Client) -> None:
    pro = control.create_tenant("crmleadpro")
    with Receiver() as receiver:
        hook = {"url": receiver.url, "events": ["lead.created"]}
        http.post(f"{pro.base_url}/webhooks", json=hook, headers=pro.headers)
        lead = http.post(
            f"{pro.base_url}/leads", json={"name": "K", "email": "k@example.com"}, headers=pro.headers
        ).json()
        lead_id = control.records("crmleadpro", pro.tenant.id)[0].id
        assert lead_id in str(lead)
        page = visit.open("webhooks", pro)
        page.get_by_text("Make an event happen").click()
        page.get_by_label("Event").select_option("lead.created")
        page.get_by_label("Data").fill("no JSON")
        page.get_by_role("button", name="Make it happen").click()
        expect(page.get_by_role("alert")).to_contain_text("Data must be JSON")
        page.get_by_label("Data").fill(f'{{"id": "{lead_id}"}}')
        page.get_by_role("button", name="Make it happen").click()
        expect(page.get_by_text("lead.created has happened; 1 webhook will be told.").first).to_be_visible()
        assert receiver.wait_for(2)


def test_a_fault_is_switched_on_strikes_and_is_gone(visit: Visit, mega: Access, http: httpx.Client) -> None:
    page = visit.open("faults")
    page.get_by_label("API").select_option("MEGA")
    page.get_by_label("Operation").select_option("createLead")
    page.get_by_label("Tenant").select_option(mega.tenant.id)
    page.get_by_label("Status").fill("502")
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Switch on").click()
    faults = page.get_by_role("list", name="Faults").get_by_role("listitem")
    expect(faults).to_contain_text("Answer 502MEGA, createLead, checkout teststhe next 2 requestsstruck 0 times")
    assert [push(http, mega).status_code for _ in range(3)] == [502, 502, 201]
    expect(faults).to_have_count(0)


def test_a_fault_by_chance_stays_until_it_is_removed(visit: Visit, control: ControlClient) -> None:
    page = visit.open("faults")
    page.get_by_label("What").select_option("Wait, then serve")
    page.get_by_label("Wait, seconds").fill("0.5")
    page.get_by_label("How often").select_option("Some requests, by chance")
    page.get_by_label("Per cent").fill("12.5")
    page.get_by_role("button", name="Switch on").click()
    faults = page.get_by_role("list", name="Faults").get_by_role("listitem")
    expect(faults).to_contain_text("Wait 0.5 severy API12.5 % of requests")
    assert [(each.kind, each.latency, each.probability, each.times) for each in control.faults()] == [
        ("latency", 0.5, 0.125, None)
    ]
    page.get_by_role("button", name="Remove the fault Wait 0.5 s").click()
    expect(faults).to_have_count(0)
    assert control.faults() == []


def test_the_clock_is_frozen_moved_and_set_going_again(visit: Visit, clock: ControlClient) -> None:
    page = visit.open("clock")
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_text("It stands still")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Clock of the mock: .* frozen"))).to_be_visible()
    assert clock.clock().frozen
    for name, hours in (("Advance 1 minute", 1 / 60), ("Advance 1 hour", 1), ("Advance 25 hours", 25)):
        before = clock.clock().epoch_seconds
        page.get_by_role("button", name=name).click()
        expect(page.get_by_text(f"It is {name.removeprefix('Advance ')} later.").first).to_be_visible()
        assert clock.clock().epoch_seconds - before == pytest.approx(hours * 3600)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("It runs, and is 1 day 2 h ahead"))).to_be_visible()
    page.get_by_role("button", name="Back to the machine's time").click()
    expect(page.get_by_text("It runs, and agrees with the machine's.")).to_be_visible()
    page.get_by_label("Freeze at").fill("2027-01-01T00:00:00")
    page.get_by_role("button", name="Freeze there").click()
    expect(page.get_by_role("timer")).to_have_text("2027-01-01 00:00:00")


def test_a_fresh_tenant_comes_with_a_key_to_copy(visit: Visit, http: httpx.Client) -> None:
    page = visit.open("tenants")
    page.get_by_label("API").select_option("MEGA")
    page.get_by_label("Name").fill("made by hand")
    page.get_by_role("button", name="Create a tenant").click()
    expect(page.get_by_role("heading", name="A fresh customer of MEGA")).to_be_visible()
    copied = {}
    for name in ("Base URL", "Authorization", "x-customer-id"):
        page.get_by_role("button", name=f"Copy {name}").click()
        expect(page.locator("#spoken")).to_have_text(f"Copy {name}: copied")
        copied[name] = visit.clipboard()
    headers = {name: value for name, value in copied.items() if name != "Base URL"}
    assert http.get(f"{copied['Base URL']}/leads", headers=headers).status_code == 200
    page.get_by_role("button", name="Copy as curl options").click()
    expect(page.locator("#spoken")).to_have_text("Copy as curl options: copied")
    assert visit.clipboard() == " ".join(f"-H '{name}: {value}'" for name, value in headers.items())
    expect(page.get_by_role("listitem").filter(has_text="made by hand")).to_be_visible()


def test_one_tenant_is_emptied_after_a_question(visit: Visit, control: ControlClient, http: httpx.Client) -> None:
    tenants = [control.create_tenant("mega", name=name) for name in ("to be emptied", "to be left")]
    for each in tenants:
        push(http, each)
    page = visit.open("tenants")
    page.get_by_role("button", name="Empty to be emptied of MEGA").click()
    page.keyboard.press("Escape")
    assert [len(control.records("mega", each.tenant.id)) for each in tenants] == [1, 1]
    page.get_by_role("button", name="Empty to be emptied of MEGA").click()
    page.get_by_role("button", name="Empty it").click()
    expect(page.get_by_text("to be emptied is as at its start.").first).to_be_visible()
    assert [len(control.records("mega", each.tenant.id)) for each in tenants] == [0, 1]


def test_a_tenant_whose_last_key_was_revoked_says_so(visit: Visit, control: ControlClient) -> None:
    locked = control.create_tenant("mega", name="locked out")
    control.revoke_credential("mega", locked.tenant.id, locked.credential.id)
    page = visit.open("tenants")
    card = page.get_by_role("listitem").filter(has_text="locked out")
    expect(card).to_contain_text(f"{locked.tenant.id}no valid key")


def test_the_state_is_kept_and_gone_back_to(
    visit: Visit, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    page = visit.open("state")
    page.get_by_label("Name").fill("before-import")
    page.get_by_role("button", name="Take a snapshot").click()
    expect(page.get_by_role("list", name="Snapshots")).to_contain_text("before-import")
    push(http, mega)
    page.get_by_role("button", name="Restore before-import").click()
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_text("The state is that of before-import.").first).to_be_visible()
    assert control.records("mega", mega.tenant.id) == []
    page.get_by_role("button", name="Delete before-import").click()
    expect(page.get_by_text("No snapshot has been taken.")).to_be_visible()


def test_everything_is_reset_after_a_question(
    visit: Visit, control: ControlClient, mega: Access, http: httpx.Client
) -> None:
    push(http, mega)
    control.add_fault("drop")
    page = visit.open("state")
    page.get_by_role("button", name="Reset everything").click()
    dialog = page.get_by_role("dialog", name="Reset everything?")
    dialog.get_by_role("button", name="Cancel").click()
    assert len(control.records("mega", mega.tenant.id)) == 1
    page.get_by_role("button", name="Reset everything").click()
    dialog.get_by_role("button", name="Reset everything").click()
    expect(page.get_by_text("All is as at the start.").first).to_be_visible()
    assert control.records("mega", mega.tenant.id) == []
    assert control.faults() == []


def test_what_the_server_refuses_is_told_in_its_words(visit: Visit, control: ControlClient) -> None:
    visit.expected.append("409")
    for number in range(10):
        control.take_snapshot(f"kept-{number}")
    page = visit.open("state")
    page.get_by_label("Name").fill("one-more")
    page.get_by_role("button", name="Take a snapshot").click()
    expect(page.get_by_role("alert")).to_contain_text("10 snapshots are held")
    page.get_by_role("button", name="Close the message").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Take a snapshot").click()
    expect(page.get_by_role("alert")).to_have_count(1)
    page.get_by_role("link", name="Webhooks").click()
    expect(page.get_by_role("alert")).to_have_count(0)  # it concerned the place that was left
    for number in range(10):
        control.delete_snapshot(f"kept-{number}")
