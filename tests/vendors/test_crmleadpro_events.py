"""CRMLead Pro's webhooks and the events that they hear of."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from mockserver.engine.clock import ManualClock, iso_seconds
from mockserver.vendors import crmleadpro
from tests.engine.receiver import Receiver
from tests.vendors.crmleadpro_workspace import Workspace

pytestmark = pytest.mark.anyio

EVENTS = ("lead.created", "lead.status_changed", "deal.won", "deal.lost", "campaign.sent", "contact.updated")
DEAL = {"title": "Annual plan", "value": 240000, "pipeline": "sales"}
URL = "https://hooks.acmecorp.in/crmlead"


async def emit(workspace: Workspace, event: str, data: dict[str, Any], now: float) -> int:
    async with workspace.mock.store.transaction(workspace.caller.credential.tenant.key) as tx:
        return await crmleadpro.emit(tx, event, data, now)


async def test_a_webhook_is_shown_with_the_secret_that_it_was_given(workspace: Workspace, clock: ManualClock) -> None:
    body = {"url": URL, "events": ["deal.won", "lead.created"], "secret": "whsec_" + "MfKQ" * 8}
    response = await workspace("POST", "/webhooks", json={**body, "is_active": False})
    webhook = response.json()
    assert response.status_code == 201
    assert webhook == {**body, "id": webhook["id"], "is_active": True, "created_at": iso_seconds(clock.now())}
    assert workspace.outcomes[-1] == f"registered {webhook['id']} for deal.won, lead.created; ignored is_active"


async def test_a_webhook_without_a_secret_gets_one_of_its_own(workspace: Workspace) -> None:
    first, second = await workspace.listening("deal.won"), await workspace.listening("deal.won")
    assert first["secret"] != second["secret"]


@pytest.mark.parametrize(
    "members",
    [
        {"url": "http://hooks.acmecorp.in/crmlead"},
        {"url": "https://10.0.0.1/"},
        {"url": "https://[::1]/"},
        {"url": "https://crm.internal/"},
        {"url": "https://user@hooks.acmecorp.in/"},
        {"url": "http://127.0.0.1:80/"},
        {"url": "https://hooks.acmecorp.in/" + "a" * 2048},
        {"events": []},
        {"events": ["lead.deleted"]},
        {"events": ["deal.won", "deal.won"]},
        {"secret": "not a secret"},
        {"secret": None},
    ],
)
async def test_a_webhook_that_could_do_harm_or_nothing_is_refused(
    workspace: Workspace, members: dict[str, Any]
) -> None:
    response = await workspace("POST", "/webhooks", json={"url": URL, "events": ["deal.won"], **members})
    assert response.status_code == 422
    assert {error["pointer"].split("/")[1] for error in response.json()["errors"]} == set(members)


async def test_a_local_receiver_is_refused_where_the_server_says_so() -> None:
    workspace = Workspace.opened(loopback=False)
    response = await workspace("POST", "/webhooks", json={"url": "http://127.0.0.1:9000/", "events": ["deal.won"]})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == ["/url"]


async def test_a_delivery_is_signed_with_the_bytes_of_the_secret(workspace: Workspace, clock: ManualClock) -> None:
    """As Standard Webhooks 1.0.0 has it, checked by a receiver's own means."""
    with Receiver() as receiver:
        webhook = await workspace.made("/webhooks", url=receiver.url, events=["lead.created"])
        lead = await workspace.lead()
        await workspace.mock.sender.run_due(clock.now())
    (arrival,) = receiver.arrivals
    key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    signed = f"{arrival.headers['webhook-id']}.{arrival.headers['webhook-timestamp']}.".encode() + arrival.body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert arrival.headers["webhook-signature"] == f"v1,{signature}"
    assert json.loads(arrival.body)["data"] == lead


async def test_a_new_lead_fires_lead_created_with_the_lead(workspace: Workspace) -> None:
    await workspace.listening("lead.created")
    lead = await workspace.lead(tags=["hot-lead"])
    expected = {"type": "lead.created", "timestamp": lead["created_at"], "data": lead}
    assert await workspace.events() == [expected]


async def test_a_refused_lead_fires_nothing(workspace: Workspace) -> None:
    await workspace.listening(*EVENTS)
    assert (await workspace("POST", "/leads", json={"name": "Nobody can reach me"})).status_code == 422
    assert await workspace.events() == []


@pytest.mark.parametrize(
    "patch",
    [{"status": "contacted"}, {"pipeline_stage": "contacted"}, {"status": "lost", "pipeline_stage": "closed_lost"}],
)
async def test_a_new_status_or_stage_fires_lead_status_changed_once_with_the_lead_as_it_is(
    workspace: Workspace, clock: ManualClock, patch: dict[str, Any]
) -> None:
    await workspace.listening("lead.status_changed")
    lead = await workspace.lead()
    clock.advance(90)
    changed = (await workspace("PATCH", f"/leads/{lead['id']}", json={**patch, "score": 5})).json()
    assert await workspace.events() == [
        {"type": "lead.status_changed", "timestamp": iso_seconds(clock.now()), "data": changed}
    ]
    await workspace("PATCH", f"/leads/{lead['id']}", json=patch)
    assert len(await workspace.events()) == 1


@pytest.mark.parametrize(
    "patch",
    [
        {"name": "A. Desai"},
        {"email": "a@desai.in"},
        {"phone": None},
        {"company": "Bharat Ltd"},
        {"tags": ["vip"]},
        {"name": "A. Desai", "email": "a@desai.in", "tags": []},
    ],
)
async def test_a_patch_of_the_person_fires_contact_updated_once_with_the_contact_as_it_is(
    workspace: Workspace, clock: ManualClock, patch: dict[str, Any]
) -> None:
    await workspace.listening("contact.updated", "lead.status_changed")
    lead = await workspace.lead(tags=["hot"])
    clock.advance(90)
    await workspace("PATCH", f"/leads/{lead['id']}", json={**patch, "score": 5})
    (contact,) = await workspace.listed("/contacts")
    assert {name: contact[name] for name in patch} == patch
    expected = {"type": "contact.updated", "timestamp": iso_seconds(clock.now()), "data": contact}
    assert await workspace.events() == [expected]
    await workspace("PATCH", f"/leads/{lead['id']}", json=patch)
    assert await workspace.events() == [expected]


async def test_a_patch_of_both_the_person_and_the_status_fires_both_events(workspace: Workspace) -> None:
    await workspace.listening(*EVENTS)
    lead = await workspace.lead()
    await workspace("PATCH", f"/leads/{lead['id']}", json={"status": "qualified", "company": "Acme Corp"})
    names = [payload["type"] for payload in await workspace.events()]
    assert names == ["lead.created", "lead.status_changed", "contact.updated"]


async def test_other_changes_and_archiving_fire_nothing(workspace: Workspace) -> None:
    lead = await workspace.lead()
    await workspace.listening(*EVENTS)
    path = f"/leads/{lead['id']}"
    await workspace("PATCH", path, json={"score": 9, "source": "fair", "assigned_to": "user_1", "pipeline": "sales"})
    await workspace("PATCH", path, json={"status": "new", "pipeline_stage": "new"})
    await workspace("PATCH", path, json={name: lead[name] for name in ("name", "email", "phone", "company", "tags")})
    await workspace("DELETE", path)
    assert await workspace.events() == []


async def test_a_new_deal_fires_nothing(workspace: Workspace) -> None:
    await workspace.listening(*EVENTS)
    await workspace.made("/deals", **DEAL)
    assert await workspace.events() == []


@pytest.mark.parametrize(
    ("path", "content"),
    [("/campaigns/email", {"subject": "Hello", "body": "<p>Hi</p>"}), ("/campaigns/whatsapp", {"template": "hello"})],
)
async def test_an_accepted_campaign_fires_campaign_sent(
    workspace: Workspace, path: str, content: dict[str, Any]
) -> None:
    await workspace.listening("campaign.sent")
    campaign = await workspace.made(path, name="Launch", audience={"tags": ["hot"]}, **content)
    assert campaign["status"] == "queued"
    sent = {**campaign, "status": "sent"}
    assert await workspace.events() == [{"type": "campaign.sent", "timestamp": campaign["created_at"], "data": sent}]


async def test_only_those_who_listen_in_the_same_workspace_hear_of_it(workspace: Workspace) -> None:
    other = workspace.other()
    for each in (workspace, other):
        await each.listening("lead.created", "deal.won")
        await each.listening("deal.won")
    await workspace.lead()
    assert len(await workspace.events()) == 1
    assert await other.events() == []


@pytest.mark.parametrize(("event", "status"), [("deal.won", "won"), ("deal.lost", "lost")])
async def test_a_deal_closed_elsewhere_fires_and_stays_closed(
    workspace: Workspace, clock: ManualClock, event: str, status: str
) -> None:
    await workspace.listening(event)
    deal = await workspace.made("/deals", **DEAL)
    closed_at = iso_seconds(clock.advance(90))
    assert await emit(workspace, event, {"id": deal["id"]}, clock.now()) == 1
    assert await emit(workspace, event, {"id": deal["id"]}, clock.advance(90)) == 1
    closed = {**deal, "status": status, "stage": f"closed_{status}", "updated_at": closed_at}
    assert [payload["data"] for payload in await workspace.events()] == [closed, closed]


async def test_a_contact_changed_elsewhere_fires_and_its_lead_changes_too(
    workspace: Workspace, clock: ManualClock
) -> None:
    await workspace.listening("contact.updated")
    lead = await workspace.lead()
    contact_id = lead["id"].replace("lead_", "contact_")
    clock.advance(90)
    data = {"id": contact_id, "company": "Bharat Ltd", "phone": "+91 98200 00000", "created_at": "2001-01-01T00:00:00Z"}
    assert await emit(workspace, "contact.updated", data, clock.now()) == 1
    (contact,) = await workspace.listed("/contacts", search="bharat")
    assert [payload["data"] for payload in await workspace.events()] == [contact]
    expected = {**lead, "company": "Bharat Ltd", "phone": "+91 98200 00000", "updated_at": iso_seconds(clock.now())}
    assert (await workspace("GET", f"/leads/{lead['id']}")).json() == expected


@pytest.mark.parametrize("event", ["deal.won", "deal.lost", "contact.updated", "campaign.sent", "lead.created"])
async def test_an_event_about_what_the_workspace_does_not_hold_is_sent_as_given(
    workspace: Workspace, clock: ManualClock, event: str
) -> None:
    await workspace.listening(*EVENTS)
    callbacks = workspace.mock.contracts["crmleadpro"].document["paths"]["/webhooks"]["post"]["callbacks"]
    (callback,) = (
        each["post"]
        for named in callbacks.values()
        for each in named.values()
        if each["post"]["x-event"]["name"] == event
    )
    data = callback["requestBody"]["content"]["application/json"]["examples"]["event"]["value"]["data"]
    assert await emit(workspace, event, data, clock.now()) == 1
    assert [payload["data"] for payload in await workspace.events()] == [data]
