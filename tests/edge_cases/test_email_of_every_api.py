"""What is an email address in every API, and what is none."""

from __future__ import annotations

import json

import pytest

from tests.edge_cases.every_api import LeadApi, refused

pytestmark = [pytest.mark.anyio, pytest.mark.case(31)]

EMAIL = {"salesiq": "email", "mega": "contact_email", "convertiq": "email", "crmleadpro": "email"}
LONG_DOMAIN = ".".join(["d" * 60] * 3) + ".example.com"

NO_EMAILS = [
    pytest.param("not-an-email", id="no-at"),
    pytest.param("a@", id="no-domain"),
    pytest.param("@b", id="no-local-part"),
    pytest.param("@example.com", id="only-domain"),
    pytest.param("a b@c.com", id="space-inside"),
    pytest.param("a b@c", id="space-inside-and-no-dot"),
    pytest.param("a@b@example.com", id="two-ats"),
    pytest.param("a..b@example.com", id="two-dots"),
    pytest.param(".a@example.com", id="dot-first"),
    pytest.param("a@example..com", id="two-dots-in-domain"),
    pytest.param("a@-example.com", id="hyphen-first"),
    pytest.param("Jane <jane@example.com>", id="display-name"),
    pytest.param("jane@example.com, sam@example.com", id="two-addresses"),
    pytest.param("jane@exam\nple.com", id="line-feed-inside"),
    pytest.param("a" * 243 + "@example.com", id="255-characters"),
    pytest.param("a" * 5000 + "@example.com", id="5012-characters"),
]


@pytest.mark.parametrize("email", NO_EMAILS)
async def test_what_is_no_email_is_refused_by_name(lead_api: LeadApi, email: str) -> None:
    name = EMAIL[lead_api.name]
    response = await lead_api.create(content=json.dumps(lead_api.creation.lead(**{name: email})))
    assert name in refused(lead_api.name, response, lead_api.creation.invalid)
    assert await lead_api.leads() == 0


@pytest.mark.parametrize("email", [42, True, ["jane@example.com"], {"address": "jane@example.com"}])
async def test_an_email_that_is_no_text_is_refused_by_name(lead_api: LeadApi, email: object) -> None:
    name = EMAIL[lead_api.name]
    response = await lead_api.create(content=json.dumps(lead_api.creation.lead(**{name: email})))
    assert name in refused(lead_api.name, response, lead_api.creation.invalid)


@pytest.mark.parametrize(
    "email",
    ["jane@example.com", "jane.doe+crm@mail.example.co.in", "o'hara_1@example.com", f"{'a' * 59}@{LONG_DOMAIN}"],
)
async def test_an_email_is_taken(lead_api: LeadApi, email: str) -> None:
    response = await lead_api.create(content=json.dumps(lead_api.creation.lead(**{EMAIL[lead_api.name]: email})))
    assert response.status_code == 201, response.text
