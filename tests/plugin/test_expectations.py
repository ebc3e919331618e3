"""Expectations: what counts, and what a failed one tells."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import httpx
import pytest

from mockserver.testing import Api, Leadmock

CLIENT = httpx.Client(verify=False)  # noqa: S501  # nothing is connected to


def post(api: Api, path: str, body: Any, **headers: str) -> httpx.Response:
    return CLIENT.post(api.url + path, json=body, headers={**api.headers, **headers})


def told(expectation: Any, *arguments: Any, **options: Any) -> str:
    """The text that an expectation fails with."""
    with pytest.raises(AssertionError) as caught:
        expectation(*arguments, **options)
    return str(caught.value)


def test_a_create_is_expected_once_with_these_fields(leadmock: Leadmock) -> None:
    post(leadmock.mega, "/leads", {"contact_phone": "(206) 555-0123", "contact_name": "Sam"})
    (request,) = leadmock.mega.expect_create(contact_phone="(206) 555-0123")
    assert request.json["contact_name"] == "Sam"
    leadmock.mega.expect_create(contact_phone=ANY, contact_name="Sam")
    leadmock.mega.expect_create(times=0, contact_name="Olga")


def sent(name: str) -> str:
    return f'{{"contact_phone":"(206) 555-0123","contact_name":"{name}"}}'


def test_a_failed_one_lists_what_came_with_its_outcome(leadmock: Leadmock) -> None:
    leadmock.clock.freeze()
    mega = leadmock.mega
    for name in ("Sam", "Sammy"):
        post(mega, "/leads", {"contact_phone": "(206) 555-0123", "contact_name": name})
    post(mega, "/leads", {})
    lead = mega.leads[0].id
    assert told(mega.expect_create, contact_phone="(206) 555-0123").splitlines() == [
        "expected 1 create with contact_phone '(206) 555-0123', saw 2:",
        f"  POST /api/agents/crm/leads {sent('Sam')} -> 201, created lead {lead}",
        f"  POST /api/agents/crm/leads {sent('Sammy')} -> 201, merged into lead {lead}, matched by phone",
        "other requests:",
        f"  POST /api/agents/crm/leads {{}} -> 400, {mega.requests[-1].outcome}",
    ]


def test_without_any_request_it_says_so(leadmock: Leadmock) -> None:
    text = told(leadmock.mega.expect_create, times=2)
    assert text == "expected 2 creates, saw 0\nthere was no request at all"


def test_neither_refusals_nor_replays_count_as_creates(leadmock: Leadmock) -> None:
    mega, key = leadmock.mega, {"Idempotency-Key": "k1"}
    mega.fail_next()
    for _ in range(3):
        post(mega, "/leads", {"contact_name": "Sam"}, **key)
    CLIENT.post(mega.url + "/leads", json={"contact_name": "Sam"})
    assert [request.status for request in mega.requests] == [503, 201, 201, 401]
    mega.expect_create(contact_name="Sam")


def test_fields_are_found_where_the_vendor_has_them(leadmock: Leadmock) -> None:
    lead = {"name": "Jane", "email": "jane@example.com", "source": "Form", "industry": "Technology"}
    post(leadmock.convertiq, "/leads/create", {"lead": lead})
    leadmock.convertiq.expect_create(email="jane@example.com")
    post(leadmock.crmleadpro, "/deals", {"title": "Big one", "value": 5, "pipeline": "sales"})
    leadmock.crmleadpro.expect_create(kind="deal", title="Big one")
    assert told(leadmock.crmleadpro.expect_create, kind="deal", title="Small one").startswith(
        "expected 1 create of a deal with title 'Small one', saw 0\nthe requests were:\n  POST /api/v1/deals"
    )


def test_any_request_can_be_expected(leadmock: Leadmock) -> None:
    mega = leadmock.mega
    post(mega, "/leads", {"contact_name": "Sam"}, **{"Idempotency-Key": "k1"})
    CLIENT.get(mega.url + "/leads", headers=mega.headers)
    mega.expect_request("GET", "/leads", status=200, times=1)
    mega.expect_request(operation="createLead", headers={"idempotency-key": "k1"}, json={"contact_name": "Sam"})
    text = told(mega.expect_request, "DELETE", "/leads", times=1)
    assert text.startswith("expected 1 request with method 'DELETE' and path '/leads', saw 0\nthe requests were:\n")
    assert told(mega.expect_request, status=500).startswith("expected at least 1 request with status 500, saw 0")


def test_no_request_can_be_expected(leadmock: Leadmock) -> None:
    leadmock.mega.expect_no_requests()
    CLIENT.get(leadmock.mega.url + "/nowhere")
    text = told(leadmock.mega.expect_no_requests)
    assert text.startswith("expected 0 requests, saw 1:\n  GET /api/agents/crm/nowhere -> 404, refused: There is")


def test_records_can_be_compared_and_are_shown_by_their_members(leadmock: Leadmock) -> None:
    lead = leadmock.convertiq.given_lead(name="Jane", email="jane@example.com")
    assert lead == dict(lead)
    assert "name='Jane', email='jane@example.com'" in repr(lead)
    assert repr(lead).startswith("Lead(id='")
    assert "phone=" not in repr(lead)


def test_a_field_that_is_none_is_refused_even_where_nothing_is_expected(leadmock: Leadmock) -> None:
    """A slip of the pen would pass for ever."""
    with pytest.raises(TypeError, match="a lead of MEGA has no 'contact_emial'; did you mean 'contact_email'"):
        leadmock.mega.expect_create(times=0, contact_emial="sam@example.com")
    with pytest.raises(ValueError, match="CRMLead Pro has no 'dael' that could be made; did you mean 'deal'"):
        leadmock.crmleadpro.expect_create(times=0, kind="dael")
    leadmock.convertiq.expect_create(times=0, monthly_revenue=1)
    leadmock.crmleadpro.expect_create(times=0, kind="campaign", subject="Hello", template="welcome")
