"""The fixture `leadmock`: httpx's calls to the vendors' own hosts, answered in this process."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpcore
import httpx
import pytest
import respx

from mockserver.testing import Api, Leadmock
from mockserver.testing.leadmock import in_process

MEGA = "https://app.gomega.ai/api/agents/crm/leads"


# Made before any test, as an application's own often is.
CLIENT = httpx.Client(verify=False)  # noqa: S501  # reading the world's certificates would take most of the time


def create(api: Api, **fields: object) -> httpx.Response:
    """A lead by a request, as the code under test would send it."""
    path = {"salesiq": "/leads/capture", "convertiq": "/leads/create"}.get(api.name, "/leads")
    body = {"lead": fields} if api.name == "convertiq" else fields
    return CLIENT.post(api.url + path, headers=api.headers, json=body)


def test_a_synchronous_client_is_answered_at_the_real_host(leadmock: Leadmock) -> None:
    with httpx.Client(headers=leadmock.mega.headers) as client:
        answer = client.post(MEGA, json={"contact_name": "Sam"})
    assert answer.status_code == 201
    assert answer.json()["lead"]["contact_name"] == "Sam"
    assert answer.headers["RateLimit-Limit"] == "60"


@pytest.mark.anyio
async def test_an_asynchronous_client_is_answered_too(leadmock: Leadmock) -> None:
    async with httpx.AsyncClient(headers=leadmock.mega.headers) as client:
        answer = await client.post(MEGA, json={"contact_name": "Sam"})
    assert answer.status_code == 201
    assert [lead.contact_name for lead in leadmock.mega.leads] == ["Sam"]


@pytest.mark.anyio
async def test_a_synchronous_client_may_be_used_in_an_event_loop(leadmock: Leadmock) -> None:
    assert create(leadmock.mega, contact_name="Sam").status_code == 201


def test_every_api_answers_at_its_real_base_url(leadmock: Leadmock) -> None:
    person = {"name": "Sam Seller", "email": "sam@example.com", "phone": "9876543210"}
    assert create(leadmock.salesiq, **person).status_code == 201
    assert create(leadmock.mega, contact_email="sam@example.com").status_code == 201
    assert create(leadmock.convertiq, **person, source="Form", industry="Technology").status_code == 201
    assert create(leadmock.crmleadpro, **person).status_code == 201
    assert [api.url for api in leadmock.apis] == [
        "https://crm.megallow.com/api",
        "https://app.gomega.ai/api/agents/crm",
        "https://convertiq.me/api/external",
        "https://crmleadpro.in/api/v1",
    ]
    assert [len(api.leads) for api in leadmock.apis] == [1, 1, 1, 1]


def test_threads_are_answered_one_at_a_time(leadmock: Leadmock) -> None:
    leadmock.mega.lift_limits()

    def send(number: int) -> None:
        for each in range(25):
            create(leadmock.mega, contact_phone=f"206 555 {number:02d}{each:02d}")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leadmock.mega.leads) == 100
    leadmock.mega.expect_create(times=100)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_nothing_of_one_test_is_left_in_the_next(leadmock: Leadmock, turn: str) -> None:
    """Both turns find, and leave behind, everything that a test can change."""
    mega = leadmock.mega
    assert (mega.leads, mega.requests, mega.webhooks, leadmock.deliveries) == ([], [], [], []), turn
    assert abs(leadmock.clock.now - datetime.now(UTC)) < timedelta(minutes=5)
    made = create(mega, contact_name="Sam")
    assert made.status_code == 201
    given_at = datetime.fromtimestamp((UUID(made.json()["lead"]["id"]).int >> 80) / 1000, UTC)
    assert abs(given_at - datetime.now(UTC)) < timedelta(minutes=5)
    for _ in range(60):
        create(mega, contact_name="Sam")
    assert create(mega, contact_name="Sam").status_code == 429
    mega.given_webhook("https://example.com/hook")
    mega.fail_next(times=1000)
    leadmock.salesiq.use_plan("starter")
    leadmock.clock.advance(days=2)
    mega.given_lead()


def test_a_plan_is_left_with_its_test(leadmock: Leadmock) -> None:
    assert create(leadmock.salesiq, name="Sam", phone="9876543210").headers["RateLimit-Limit"] == "120"
    leadmock.salesiq.use_plan("starter")
    assert create(leadmock.salesiq, name="Sam", phone="9876543210").headers["RateLimit-Limit"] == "30"


def test_a_plan_that_is_not_there_is_refused_with_those_that_are(leadmock: Leadmock) -> None:
    with pytest.raises(ValueError, match="SalesIQ has no plan 'gold'; there are starter, team, pro, enterprise"):
        leadmock.salesiq.use_plan("gold")
    with pytest.raises(ValueError, match="MEGA has no plan 'pro': it has no plans"):
        leadmock.mega.use_plan("pro")


def test_credentials_are_the_documented_ones_so_that_settings_can_hold_them(leadmock: Leadmock) -> None:
    assert leadmock.salesiq.api_key == "sqk_live_your_api_key"
    assert leadmock.mega.token == "mega_" + "0123456789abcdef" * 4
    assert leadmock.mega.headers == {
        "Authorization": f"Bearer {leadmock.mega.token}",
        "x-customer-id": leadmock.mega.tenant_id,
    }


def test_a_key_with_fewer_scopes(leadmock: Leadmock) -> None:
    key = leadmock.mega.add_credential(scopes=("public_api:leads:read",))
    assert httpx.get(MEGA, headers=key.headers).status_code == 200
    assert httpx.post(MEGA, headers=key.headers, json={"contact_name": "Sam"}).status_code == 403
    with pytest.raises(ValueError, match="MEGA has no scope 'leads'; there are public_api:leads:read"):
        leadmock.mega.add_credential(scopes=("leads",))


def test_another_tenant_sees_nothing_of_the_first(leadmock: Leadmock) -> None:
    other = leadmock.mega.new_tenant()
    create(leadmock.mega, contact_name="Sam")
    assert other.leads == []
    assert other.requests == []
    create(other, contact_name="Olga")
    assert [lead.contact_name for lead in leadmock.mega.leads] == ["Sam"]
    assert [request.json for request in leadmock.mega.requests] == [{"contact_name": "Sam"}]
    leadmock.mega.fail_next()
    assert leadmock.salesiq.new_tenant(plan="starter").tenant_id != leadmock.salesiq.tenant_id


def test_the_clock_makes_an_idempotency_key_expire(leadmock: Leadmock) -> None:
    headers = {**leadmock.mega.headers, "Idempotency-Key": "k1"}

    def send() -> httpx.Response:
        return httpx.post(MEGA, headers=headers, json={"contact_email": "sam@example.com"})

    first, again = send(), send()
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    leadmock.clock.advance(hours=25)
    assert "Idempotent-Replayed" not in send().headers


def test_a_frozen_clock_stands_still_until_it_is_resumed(leadmock: Leadmock) -> None:
    moment = datetime(2026, 7, 2, 10, tzinfo=UTC)
    assert leadmock.clock.freeze(moment) == moment
    assert create(leadmock.mega, contact_name="Sam").json()["lead"]["created_at"] == "2026-07-02T10:00:00.000Z"
    assert leadmock.clock.advance(minutes=1) == moment + timedelta(minutes=1)
    assert leadmock.clock.now == leadmock.clock.now
    leadmock.clock.resume()
    assert leadmock.clock.now - moment < timedelta(minutes=5)
    with pytest.raises(ValueError, match="time zone"):
        leadmock.clock.freeze(datetime(2026, 7, 2, 10))  # noqa: DTZ001  # that is the mistake


def test_a_given_lead_is_made_by_the_vendors_own_rules_and_by_no_request(leadmock: Leadmock) -> None:
    mega = leadmock.mega
    mega.fail_next()
    given = mega.given_lead(contact_phone="(206) 555-0123", contact_name="Sam")
    assert given.current_stage["slug"] == "new"
    assert mega.leads == [given]
    assert mega.requests == []
    again = mega.given_lead(contact_phone="+1 206 555 0123", contact_email="sam@example.com")
    assert again.id == given.id
    assert mega.leads[0].contact_email == "sam@example.com"


def test_given_leads_are_filled_in_and_differ(leadmock: Leadmock) -> None:
    for api in leadmock.apis:
        first, second = api.given_lead(), api.given_lead()
        assert first != second, api
        assert api.leads == [first, second]


def test_a_given_lead_that_the_vendor_would_refuse(leadmock: Leadmock) -> None:
    with pytest.raises(ValueError, match="SalesIQ would refuse this lead: phone"):
        leadmock.salesiq.given_lead(phone="123")
    with pytest.raises(TypeError, match="a lead of MEGA has no 'contact_mail'; did you mean 'contact_email'"):
        leadmock.mega.given_lead(contact_mail="sam@example.com")
    with pytest.raises(ValueError, match="MEGA has no 'deal' that could be made"):
        leadmock.mega.given("deal")


def test_other_records_of_crmlead_pro(leadmock: Leadmock) -> None:
    deal = leadmock.crmleadpro.given("deal", title="Big one", value=5)
    assert leadmock.crmleadpro.records("deal") == [deal]
    assert (deal.title, deal["value"]) == ("Big one", 5)
    with pytest.raises(AttributeError, match="this deal has no 'titel'; did you mean 'title'"):
        _ = deal.titel


def test_requests_tell_what_was_sent_and_what_became_of_it(leadmock: Leadmock) -> None:
    httpx.post(MEGA, params={"a": "b"}, json={"contact_name": "Sam"})
    create(leadmock.mega, contact_name="Sam")
    stranger, own = leadmock.mega.requests
    assert (stranger.status, stranger.query["a"], stranger.tenant_id) == (401, "b", "")
    assert stranger.outcome == "refused: The Authorization header is missing"
    assert (own.method, own.path, own.status) == ("POST", "/api/agents/crm/leads", 201)
    assert own.headers["X-CUSTOMER-ID"] == leadmock.mega.tenant_id
    assert own.json == {"contact_name": "Sam"}
    assert own.response_json["lead"]["id"] == leadmock.mega.leads[0].id
    assert (own.operation, own.tenant_id) == ("createLead", leadmock.mega.tenant_id)
    assert repr(own).startswith('POST /api/agents/crm/leads {"contact_name":"Sam"} -> 201, created lead ')
    assert leadmock.salesiq.requests == []


def test_a_refused_request_has_its_body_too(leadmock: Leadmock) -> None:
    stranger = {**leadmock.mega.headers, "Authorization": "Bearer mega_wrong"}
    assert CLIENT.post(MEGA, headers=stranger, json={"contact_name": "Sam"}).status_code == 401
    leadmock.mega.expect_request("POST", status=401, json={"contact_name": "Sam"})


def test_a_host_that_nobody_knows_is_refused_as_by_respx(leadmock: Leadmock) -> None:
    with pytest.raises(AssertionError, match=r"not mocked! leadmock answers app\.gomega\.ai.*leadmock\.router\.route"):
        httpx.get("https://example.com/")
    leadmock.router.get("https://example.com/").respond(204)
    assert httpx.get("https://example.com/").status_code == 204


def test_routes_of_respx_mock_are_answered_beside_it(respx_mock: respx.MockRouter, leadmock: Leadmock) -> None:
    route = respx_mock.get("https://example.com/").respond(200)
    assert httpx.get("https://example.com/").status_code == 200
    assert route.called
    assert create(leadmock.mega, contact_name="Sam").status_code == 201
    with pytest.raises(AssertionError, match="not mocked"):
        httpx.get("https://example.org/")


def test_it_does_not_matter_which_of_both_came_first(leadmock: Leadmock, respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://example.com/").respond(200)
    assert httpx.get("https://example.com/").status_code == 200
    assert create(leadmock.mega, contact_name="Sam").status_code == 201


@pytest.mark.respx(assert_all_mocked=False, assert_all_called=False)
def test_a_router_that_answers_everything_leaves_it_the_vendors(
    respx_mock: respx.MockRouter, leadmock: Leadmock
) -> None:
    assert httpx.get("https://example.com/").status_code == 200
    assert create(leadmock.mega, contact_name="Sam").status_code == 201
    assert len(respx_mock.calls) == 1


def test_the_decorator_of_respx_works_within_a_test(leadmock: Leadmock) -> None:
    @respx.mock
    def inner() -> None:
        respx.get("https://example.com/").respond(200)
        assert httpx.get("https://example.com/").status_code == 200
        assert create(leadmock.mega, contact_name="Sam").status_code == 201

    inner()
    with pytest.raises(AssertionError, match="not mocked"):
        httpx.get("https://example.com/")


def test_a_client_with_a_transport_of_its_own_is_left_alone(leadmock: Leadmock) -> None:
    """Such as the test client of a web framework."""
    own = httpx.MockTransport(lambda _: httpx.Response(299))
    with httpx.Client(transport=own) as client:
        assert client.get(leadmock.mega.url).status_code == 299


def test_httpx_is_as_before_after_the_test() -> None:
    before = httpcore.ConnectionPool.handle_request
    with in_process():
        assert httpcore.ConnectionPool.handle_request is not before
    assert httpcore.ConnectionPool.handle_request is before
