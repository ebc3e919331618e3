"""Webhooks in tests: what was sent where, signed how, and when a retry is due."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
import pytest
import respx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.testing import Leadmock, LeadmockServer
from tests.engine.receiver import Receiver

HOOK = "https://hooks.example.com/mega"


def create(leadmock: Leadmock | LeadmockServer, email: str = "sam@example.com") -> None:
    url, headers = leadmock.mega.url + "/leads", leadmock.mega.headers
    with httpx.Client(headers=headers, verify=False) as client:  # noqa: S501  # nothing but loopback is connected to
        client.post(url, json={"contact_email": email}).raise_for_status()


def is_signed(secret: str, timestamp: str, body: bytes, signature: str) -> bool:
    """As the vendor documents it."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return signature == f"sha256={digest}"


def test_my_endpoint_gets_the_event_with_a_valid_signature(leadmock: Leadmock, respx_mock: respx.MockRouter) -> None:
    hook = respx_mock.post(HOOK).respond(204)
    webhook = leadmock.mega.given_webhook(HOOK)
    create(leadmock)
    assert not hook.called
    (delivery,) = leadmock.deliver_webhooks()
    got = hook.calls.last.request
    headers = got.headers
    assert is_signed(webhook.secret, headers["X-Mega-Timestamp"], got.content, headers["X-Mega-Signature"])
    assert (delivery.event, delivery.url, delivery.state, delivery.status) == ("lead.created", HOOK, "delivered", 204)
    assert delivery.headers["x-mega-signature"] == headers["X-Mega-Signature"]
    assert delivery.json["lead"]["contact_email"] == "sam@example.com"
    assert leadmock.deliver_webhooks() == []
    assert repr(leadmock.deliveries) == f"[lead.created to {HOOK}: delivered (204)]"


def test_a_failed_delivery_is_due_again_when_the_vendor_says_so(
    leadmock: Leadmock, respx_mock: respx.MockRouter
) -> None:
    respx_mock.post(HOOK).mock(side_effect=[httpx.Response(500), httpx.ConnectError("no"), httpx.Response(200)])
    leadmock.mega.given_webhook(HOOK)
    create(leadmock)
    leadmock.deliver_webhooks()
    assert leadmock.deliver_webhooks() == []
    leadmock.clock.advance(hours=1)
    leadmock.deliver_webhooks()
    leadmock.clock.advance(hours=1)
    (delivery,) = leadmock.deliver_webhooks()
    assert [post.answer.status for post in delivery.attempts] == [500, None, 200]
    assert repr(delivery) == f"lead.created to {HOOK}: delivered (500, ConnectError: no, 200)"


def test_a_url_that_nobody_answers_fails_the_test_with_the_way_out(leadmock: Leadmock) -> None:
    leadmock.mega.given_webhook(HOOK)
    create(leadmock)
    with pytest.raises(AssertionError, match=rf"due to {HOOK}, and nobody answers there.*respx_mock\.post"):
        leadmock.deliver_webhooks()


def test_what_my_endpoint_asserts_in_vain_fails_the_test(leadmock: Leadmock, respx_mock: respx.MockRouter) -> None:
    """Anything else that it raises is a failed attempt, as it is for the vendor."""

    def receive(request: httpx.Request) -> httpx.Response:
        assert b"tim@example.com" in request.content, "another lead"
        return httpx.Response(204)

    respx_mock.post(HOOK).mock(side_effect=receive)
    leadmock.mega.given_webhook(HOOK)
    create(leadmock)
    with pytest.raises(AssertionError, match="another lead"):
        leadmock.deliver_webhooks()


def test_what_failed_in_one_delivery_is_not_told_again_by_the_next(
    leadmock: Leadmock, respx_mock: respx.MockRouter
) -> None:
    def receive(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"not {json.loads(request.content)['lead']['contact_email']}")

    respx_mock.post(HOOK).mock(side_effect=receive)
    leadmock.mega.given_webhook(HOOK)
    for name in ("first", "second"):
        create(leadmock, f"{name}@example.com")
    with pytest.raises(AssertionError, match=r"not first@example\.com"):
        leadmock.deliver_webhooks()
    assert leadmock.deliver_webhooks() == []  # their next attempts are not due yet


def test_a_real_receiver_on_this_machine_gets_them(leadmock: Leadmock) -> None:
    with Receiver() as receiver:
        webhook = leadmock.mega.given_webhook(receiver.url)
        create(leadmock)
        (delivery,) = leadmock.deliver_webhooks()
        (arrival,) = receiver.arrivals
    headers = arrival.headers
    assert is_signed(webhook.secret, headers["x-mega-timestamp"], arrival.body, headers["x-mega-signature"])
    assert delivery.content == arrival.body


@pytest.mark.anyio
async def test_an_application_in_the_test_gets_them(leadmock: Leadmock) -> None:
    """By respx's own way to mount one; the application may call the vendor in turn."""
    got: list[bytes] = []

    async def hook(request: Request) -> Response:
        got.append(await request.body())
        async with httpx.AsyncClient(headers=leadmock.mega.headers, verify=False) as client:  # noqa: S501  # as above
            answer = await client.get(leadmock.mega.url + "/leads")
        return Response(status_code=answer.status_code)

    app = Starlette(routes=[Route("/mega", hook, methods=["POST"])])
    leadmock.router.post(HOOK).mock(side_effect=respx.ASGIHandler(app))
    leadmock.mega.given_webhook(HOOK)
    create(leadmock)
    (delivery,) = await leadmock.deliver_webhooks_async()
    assert got == [delivery.content]
    assert delivery.status == 200


@pytest.mark.anyio
async def test_in_an_event_loop_the_other_way_is_told(leadmock: Leadmock) -> None:
    with pytest.raises(RuntimeError, match=r"await leadmock\.deliver_webhooks_async"):
        leadmock.deliver_webhooks()


def test_webhooks_of_crmlead_pro_for_one_event(leadmock: Leadmock, respx_mock: respx.MockRouter) -> None:
    crm = leadmock.crmleadpro
    respx_mock.post(HOOK).respond(200)
    crm.given_webhook(HOOK, "lead.status_changed")
    lead = crm.given_lead(status="new")
    httpx.patch(f"{crm.url}/leads/{lead.id}", headers=crm.headers, json={"status": "contacted"}).raise_for_status()
    (delivery,) = leadmock.deliver_webhooks()
    assert delivery.event == "lead.status_changed"
    assert delivery.headers["webhook-signature"].startswith("v1,")
    with pytest.raises(ValueError, match="SalesIQ has no webhooks"):
        leadmock.salesiq.given_webhook(HOOK)


def test_an_event_that_no_operation_fires_can_be_made_to_happen(
    leadmock: Leadmock, respx_mock: respx.MockRouter
) -> None:
    crm = leadmock.crmleadpro
    respx_mock.post(HOOK).respond(204)
    crm.given_webhook(HOOK, "deal.won")
    deal = crm.given("deal", title="Annual plan", value=240000)
    crm.emit("deal.won", id=deal.id)
    (delivery,) = leadmock.deliver_webhooks()
    assert (delivery.event, delivery.json["data"]["id"], delivery.state) == ("deal.won", deal.id, "delivered")
    assert crm.records("deal")[0].status == "won"
    with pytest.raises(ValueError, match=r"event: must be one of lead\.created, .*, not 'deal.wno'"):
        crm.emit("deal.wno", id=deal.id)
    with pytest.raises(ValueError, match=r"There is no record .nobody. that deal\.won could be about"):
        crm.emit("deal.won", id="nobody")
    with pytest.raises(ValueError, match="SalesIQ has no events that can be made to happen"):
        leadmock.salesiq.emit("lead.created")


def test_the_live_server_sends_an_event_that_was_made_to_happen(leadmock_server: LeadmockServer) -> None:
    crm = leadmock_server.crmleadpro
    with Receiver() as receiver:
        crm.given_webhook(receiver.url, "deal.won")
        crm.emit("deal.won", id=crm.given("deal", title="Annual plan", value=240000).id)
        (delivery,) = leadmock_server.deliver_webhooks()
    assert (delivery.event, delivery.state) == ("deal.won", "delivered")


def test_the_live_server_sends_them_by_itself(leadmock_server: LeadmockServer) -> None:
    with Receiver() as receiver:
        webhook = leadmock_server.mega.given_webhook(receiver.url)
        create(leadmock_server)
        (delivery,) = leadmock_server.deliver_webhooks()
    headers = delivery.headers
    assert is_signed(webhook.secret, headers["x-mega-timestamp"], delivery.content, headers["x-mega-signature"])
    assert delivery.status == 200


def test_the_live_server_sends_nothing_to_the_internet(leadmock_server: LeadmockServer) -> None:
    leadmock_server.mega.given_webhook(HOOK)
    create(leadmock_server)
    (delivery,) = leadmock_server.deliver_webhooks()
    assert delivery.status is None
    assert "sends webhooks to 127.0.0.1 and localhost only, not to hooks.example.com" in repr(delivery)


def test_a_retry_of_the_live_server_is_due_when_its_clock_is_advanced(leadmock_server: LeadmockServer) -> None:
    with Receiver(500) as receiver:
        leadmock_server.mega.given_webhook(receiver.url)
        create(leadmock_server)
        leadmock_server.deliver_webhooks()
        leadmock_server.clock.advance(hours=1)
        (delivery,) = leadmock_server.deliver_webhooks()
    assert [post.answer.status for post in delivery.attempts] == [500, 200]
