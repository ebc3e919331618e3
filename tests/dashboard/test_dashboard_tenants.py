"""Tenants on the dashboard: what holds for each, and what fills one."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from mockserver.client import ControlClient
from tests.dashboard.visiting import Visit


@pytest.mark.parametrize("api", ["salesiq", "mega", "convertiq", "crmleadpro"])
@pytest.mark.parametrize("form", ["JSON", "YAML", "CSV"])
def test_an_example_of_what_to_paste_is_shown_and_works(
    visit: Visit, control: ControlClient, api: str, form: str
) -> None:
    """In each form that is read, for the API that is looked at."""
    access = control.create_tenant(api, name="empty world")
    page = visit.open("records", access)
    page.get_by_role("button", name="Add leads…").click()
    dialog = page.get_by_role("dialog")
    shown = dialog.get_by_role("region", name="Example")
    expect(shown).to_have_text(re.compile(r"^\["))
    dialog.get_by_role("button", name=form, exact=True).click()
    rows = dialog.get_by_role("textbox", name="Rows")
    dialog.get_by_role("button", name="Use the example").click()
    expect(rows).to_have_value(shown.text_content() or "")
    dialog.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("list", name="Records").locator("> li")).to_have_count(1)
    (row,) = (each["seed_example"] for each in control.apis() if each["name"] == api)
    (record,) = control.records(api, access.tenant.id)
    stored = json.dumps(record.data)
    assert all(json.dumps(value) in stored for name, value in row.items() if name in {"name", "email", "contact_name"})


def test_the_example_leaves_alone_what_somebody_has_typed(visit: Visit, control: ControlClient) -> None:
    page = visit.open("records", control.create_tenant("mega"))
    page.get_by_role("button", name="Add leads…").click()
    use = page.get_by_role("button", name="Use the example")
    expect(use).to_be_enabled()
    page.get_by_role("textbox", name="Rows").fill("contact_name\nSam")
    expect(use).to_be_disabled()
    page.get_by_role("textbox", name="Rows").fill("")
    expect(use).to_be_enabled()


def test_a_tenant_shows_the_limits_of_its_own(visit: Visit, control: ControlClient) -> None:
    windows = {"default": [{"limit": 1200, "seconds": 60}, {"limit": 5000, "seconds": 3600}]}
    control.create_tenant("mega", name="tight", limits={**windows, "bulk": [{"limit": 2, "seconds": 90}]})
    control.create_tenant("salesiq", name="planned", plan="starter", unmetered=True)
    control.create_tenant("crmleadpro", name="free", unlimited=True)
    cards = visit.open("tenants").get_by_role("listitem")
    own = "1,200 requests a minute; 5,000 requests an hour; 2 bulk requests in 1 min 30 s; 1 key"
    expect(cards.filter(has_text="tight")).to_contain_text(own)
    expect(cards.filter(has_text="planned")).to_contain_text("plan starter; no rate limits; 1 key")
    expect(cards.filter(has_text="free")).to_contain_text("no limits; 1 key")


def test_the_limits_of_a_tenant_whose_last_key_was_revoked_are_not_told_to_be_none(
    visit: Visit, control: ControlClient
) -> None:
    access = control.create_tenant("mega", name="locked out")
    control.revoke_credential("mega", access.tenant.id, access.credential.id)
    page = visit.open("limits", access)
    expect(page.get_by_text("No key of this tenant is valid")).to_be_visible()
    expect(page.get_by_text("No rate limits hold")).to_be_hidden()
