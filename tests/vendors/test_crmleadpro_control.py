"""`POST /_mock/crmleadpro/events`: what happens in CRMLead Pro without its API can be made to happen."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mockserver.app import Mock
from mockserver.contract.model import Operation
from mockserver.engine.clock import ManualClock, iso_seconds
from mockserver.settings import Settings
from tests.caller import Caller
from tests.engine.receiver import Receiver
from tests.vendors.crmleadpro_workspace import Workspace

pytestmark = pytest.mark.anyio

URL = "http://mock/_mock/crmleadpro/events"
DEAL = {"title": "Annual plan", "value": 240000, "pipeline": "sales"}
EVENTS = ("lead.created", "lead.status_changed", "deal.won", "deal.lost", "campaign.sent", "contact.updated")


async def happen(workspace: Workspace, event: str, data: Any) -> httpx.Response:
    return await workspace.caller("POST", URL, json={"event": event, "data": data})


def examples(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """The data of each event's example in the contract: complete, and about records that nobody has."""
    webhooks: Operation = workspace.mock.contracts["crmleadpro"].operations["createWebhook"]
    callbacks = [each["post"] for named in webhooks.raw["callbacks"].values() for each in named.values()]
    return {
        each["x-event"]["name"]: each["requestBody"]["content"]["application/json"]["examples"]["event"]["value"][
            "data"
        ]
        for each in callbacks
    }


@pytest.mark.parametrize(("event", "status"), [("deal.won", "won"), ("deal.lost", "lost")])
async def test_a_deal_is_closed_and_a_receiver_hears_of_it(
    workspace: Workspace, clock: ManualClock, event: str, status: str
) -> None:
    deal = await workspace.made("/deals", **DEAL)
    clock.advance(90)
    with Receiver() as receiver:
        await workspace.made("/webhooks", url=receiver.url, events=[event])
        response = await happen(workspace, event, {"id": deal["id"]})
        await workspace.mock.sender.run_due(clock.now())
    assert (response.status_code, response.json()) == (200, {"event": event, "deliveries": 1})
    (arrival,) = receiver.arrivals
    at = iso_seconds(clock.now())
    closed = {**deal, "status": status, "stage": f"closed_{status}", "updated_at": at}
    assert json.loads(arrival.body) == {"type": event, "timestamp": at, "data": closed}


async def test_a_contact_changes_with_its_lead(workspace: Workspace) -> None:
    await workspace.listening("contact.updated")
    lead = await workspace.lead()
    contact_id = lead["id"].replace("lead_", "contact_")
    response = await happen(workspace, "contact.updated", {"id": contact_id, "company": "Bharat Ltd"})
    assert response.json() == {"event": "contact.updated", "deliveries": 1}
    (payload,) = await workspace.events()
    assert payload["data"]["company"] == "Bharat Ltd"
    assert (await workspace("GET", f"/leads/{lead['id']}")).json()["company"] == "Bharat Ltd"


async def test_the_id_of_a_record_is_enough_for_every_event(workspace: Workspace) -> None:
    lead, deal = await workspace.lead(tags=["hot"]), await workspace.made("/deals", **DEAL)
    campaign = await workspace.made(
        "/campaigns/whatsapp", name="Launch", template="hello", audience={"lead_ids": [lead["id"]]}
    )
    await workspace.listening(*EVENTS)
    ids = {"lead": lead["id"], "deal": deal["id"], "campaign": campaign["id"]}
    ids["contact"] = lead["id"].replace("lead_", "contact_")
    for event in EVENTS:
        response = await happen(workspace, event, {"id": ids[event.partition(".")[0]]})
        assert response.json() == {"event": event, "deliveries": 1}
    payloads = {payload["type"]: payload["data"] for payload in await workspace.events()}
    assert list(payloads) == list(EVENTS)
    assert payloads["lead.created"] == payloads["lead.status_changed"] == lead
    assert payloads["campaign.sent"] == {**campaign, "status": "sent"}


@pytest.mark.parametrize("event", EVENTS)
async def test_complete_data_needs_no_record(workspace: Workspace, event: str) -> None:
    await workspace.listening(event)
    await workspace.listening(event)
    data = examples(workspace)[event]
    assert (await happen(workspace, event, data)).json() == {"event": event, "deliveries": 2}
    assert [payload["data"] for payload in await workspace.events()] == [data, data]


async def test_nobody_listening_is_no_mistake(workspace: Workspace) -> None:
    deal = await workspace.made("/deals", **DEAL)
    assert (await happen(workspace, "deal.won", {"id": deal["id"]})).json() == {"event": "deal.won", "deliveries": 0}


@pytest.mark.parametrize("event", EVENTS)
async def test_an_id_of_nothing_answers_as_the_api_does(workspace: Workspace, event: str) -> None:
    await workspace.listening(*EVENTS)
    other = await workspace.other().made("/deals", **DEAL)
    for record_id in ("nobody", "", "lead_", "lead_0000000000000000", other["id"]):
        response = await happen(workspace, event, {"id": record_id})
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
        assert event in response.json()["detail"]
    assert await workspace.events() == []


async def test_an_archived_lead_is_unknown(workspace: Workspace) -> None:
    lead = await workspace.lead()
    await workspace("DELETE", f"/leads/{lead['id']}")
    assert (await happen(workspace, "lead.created", {"id": lead["id"]})).status_code == 404


async def test_an_unknown_event_is_told_which_there_are(workspace: Workspace) -> None:
    response = await happen(workspace, "deal.woon", {"id": "deal_1"})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["pointer"] == "/event"
    assert all(event in error["detail"] for event in EVENTS)


@pytest.mark.parametrize(
    ("event", "members", "pointer"),
    [
        ("deal.won", {"value": -1}, "/data/value"),
        ("deal.won", {"value": "much"}, "/data/value"),
        ("deal.won", {"id": 5}, "/data/id"),
        ("contact.updated", {"email": "nowhere"}, "/data/email"),
        ("campaign.sent", {"recipients": 10**30}, "/data"),
        ("lead.created", {"extra": 10**30}, "/data/extra"),
        ("lead.created", {"status": "hot"}, "/data/status"),
    ],
)
async def test_data_that_does_not_fit_the_event_is_refused(
    workspace: Workspace, event: str, members: dict[str, Any], pointer: str
) -> None:
    await workspace.listening(*EVENTS)
    response = await happen(workspace, event, {**examples(workspace)[event], **members})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert await workspace.events() == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"event": "deal.won", "event": "deal.won"}', 400),
        (b'{"event": "deal.won", "data": {"id": "\\u0000"}}', 400),
        (b'{"event": "deal.won", "data": {"id": "\\ud800"}}', 400),
        (b'{"event": "deal.won", "data": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
        (b'{"event": "deal.won", "data": {"id": NaN}}', 400),
        (b" " * 1048577, 413),
        (b"[]", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"event": null, "data": {}}', 422),
        (b'{"event": {}, "data": {}}', 422),
        (b'{"event": "deal.won"}', 422),
        (b'{"event": "deal.won", "data": {}}', 422),
        (b'{"event": "deal.won", "data": []}', 422),
        (b'{"event": "deal.won", "data": {"id": "deal_1"}, "at": 5}', 422),
    ],
)
async def test_a_body_that_is_none_is_refused_in_the_envelope_of_the_api(
    workspace: Workspace, content: bytes, status: int
) -> None:
    response = await workspace.caller("POST", URL, content=content, headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json()["status"] == status


async def test_another_media_type_and_another_method_are_refused(workspace: Workspace) -> None:
    assert (await workspace.caller("POST", URL, data={"event": "deal.won"})).status_code == 415
    for method in ("GET", "PUT", "DELETE"):
        response = await workspace.caller(method, URL)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_it_takes_a_key_of_the_api(workspace: Workspace) -> None:
    for headers in (
        {"Authorization": None},
        {"Authorization": "Bearer crmlp_test_nobody"},
        {"Authorization": "Basic x"},
        {"authorization": "Bearer crmlp_test_nobody"},  # beside the valid one
    ):
        response = await workspace.caller("POST", URL, json={"event": "deal.won", "data": {}}, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"


async def test_an_api_without_such_events_has_no_such_address() -> None:
    mock = Mock(Settings(apis=("salesiq", "convertiq", "crmleadpro")))
    for api in ("salesiq", "convertiq"):
        caller = Caller.of_new_tenant(mock, api)
        assert (await caller("POST", f"http://localhost/_mock/{api}/events", json={})).status_code == 404
