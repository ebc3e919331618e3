"""Reset, snapshots, clock and faults, through the control plane of a live server."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

from mockserver.client import Access, ControlClient, ControlError, Delivery
from mockserver.engine.clock import iso_seconds
from tests.edge_cases.live import Live
from tests.engine.receiver import Receiver

LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


def push(access: Access, **headers: str) -> httpx.Response:
    return httpx.post(f"{access.base_url}/leads", json=LEAD, headers={**access.headers, **headers})


def test_health_and_readiness_are_told(control: ControlClient) -> None:
    told = control.health()
    assert (told["status"], told["apis"]) == ("ok", ["salesiq", "mega", "convertiq", "crmleadpro"])
    control.wait_until_ready()


def test_a_reset_forgets_everything_but_tenants_and_credentials(control: ControlClient, fresh: Access) -> None:
    push(fresh, **{"Idempotency-Key": "k"})
    control.add_fault("drop", api="salesiq")
    control.advance(days=1)
    control.reset()
    assert control.records("mega", fresh.tenant.id) == []
    assert control.idempotency_keys("mega", fresh.tenant.id) == []
    assert (control.requests(), control.faults(), control.clock().offset_seconds) == ([], [], 0)
    assert len(control.records("mega", "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11")) == 1  # The demo's first record.
    assert push(fresh).status_code == 201


def test_after_a_reset_ids_are_of_the_present_again(control: ControlClient, fresh: Access) -> None:
    """And none is given twice, the demo's first lead included."""
    control.advance(days=400)
    ahead = push(fresh).json()["lead"]["id"]
    control.reset()
    (demo,) = control.records("mega", "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11")
    later = push(fresh).json()["lead"]["id"]
    assert len({ahead, demo.id, later}) == 3
    assert _day(ahead) - _day(later) == pytest.approx(400, abs=0.1)
    assert _day(demo.id) <= _day(later)


def _day(lead_id: str) -> float:
    """When an id was given, in days."""
    return (uuid.UUID(lead_id).int >> 80) / 86_400_000


def test_resetting_a_tenant_leaves_the_others_alone(control: ControlClient, fresh: Access) -> None:
    other = control.create_tenant("mega")
    for access in (fresh, other):
        push(access)
    control.reset_tenant("mega", fresh.tenant.id)
    assert control.records("mega", fresh.tenant.id) == []
    assert len(control.records("mega", other.tenant.id)) == 1
    assert control.count_requests(tenant=fresh.tenant.id) == 0
    assert control.count_requests(tenant=other.tenant.id) == 1


def test_resetting_or_deleting_a_tenant_forgets_what_it_has_used_up(control: ControlClient) -> None:
    """Its rate windows start anew, of each of its credentials, and so do those of one made again with the same key."""
    told: dict[str, Any] = {"id": str(uuid.uuid4()), "secret": "mega_" + "5" * 64}
    told["limits"] = {"default": [{"limit": 1, "seconds": 3600}]}
    first = control.create_tenant("mega", **told)
    second = control.create_credential("mega", first.tenant.id)
    assert [push(each).status_code == 429 for each in (first, first, second, second)] == [False, True] * 2
    control.reset_tenant("mega", first.tenant.id)
    assert [push(each).status_code == 429 for each in (first, first, second, second)] == [False, True] * 2
    control.delete_tenant("mega", first.tenant.id)
    again = control.create_tenant("mega", **told)
    assert [push(again).status_code for _ in range(2)] == [201, 429]


def test_every_kind_that_is_held_is_counted(control: ControlClient) -> None:
    """Also one that no operation is named after, such as the activities of a lead; also what is archived."""
    access = control.create_tenant("salesiq")
    path = f"/tenants/salesiq/{access.tenant.id}/records"
    assert control.call("GET", path)["kinds"] == {}
    with httpx.Client(base_url=access.base_url, headers=dict(access.headers)) as client:
        for _ in range(2):  # A lead that is captured once more has an activity that tells so.
            assert client.post("/leads/capture", json={"name": "Ada", "phone": "9876543210"}).is_success
    assert control.call("GET", path)["kinds"] == {"activity": 1, "lead": 1}
    assert control.call("GET", path, params={"kind": "activity"})["total"] == 1


def test_a_snapshot_brings_back_records_and_tenants(control: ControlClient, fresh: Access) -> None:
    push(fresh)
    control.take_snapshot("before")
    later = control.create_tenant("mega")
    control.delete_tenant("mega", fresh.tenant.id)
    assert (push(fresh).status_code, push(later).status_code) == (401, 201)
    control.restore_snapshot("before")
    assert len(control.records("mega", fresh.tenant.id)) == 1
    assert (push(fresh).status_code, push(later).status_code) == (201, 401)
    assert control.snapshots() == ["before"]
    control.delete_snapshot("before")
    with pytest.raises(ControlError, match="there is no snapshot 'before'"):
        control.restore_snapshot("before")


def test_a_snapshot_brings_back_a_demo_key_that_was_revoked_since(control: ControlClient) -> None:
    """And one that was revoked before stays so."""
    access = control.create_tenant("salesiq")
    control.revoke_credential("salesiq", access.tenant.id, access.credential.id)
    control.take_snapshot("keys")
    first, *_ = (each for each in control.tenants("mega") if each.name == "demo customer")
    headers = {"Authorization": "Bearer mega_" + "0123456789abcdef" * 4, "x-customer-id": first.id}
    url = control.url + "/api/agents/crm/leads"
    control.delete_tenant("mega", first.id)
    assert httpx.get(url, headers=headers).status_code == 401
    control.restore_snapshot("keys")
    assert httpx.get(url, headers=headers).status_code == 200
    assert control.tenant("mega", first.id) == first
    assert control.tenant("salesiq", access.tenant.id).credentials == ()
    control.delete_snapshot("keys")


def test_no_more_than_ten_snapshots_are_held(control: ControlClient) -> None:
    for number in range(10):
        control.take_snapshot(f"s{number}")
    control.take_snapshot("s0")
    with pytest.raises(ControlError, match="delete one first") as refusal:
        control.take_snapshot("s10")
    assert refusal.value.status == 409
    for name in control.snapshots():
        control.delete_snapshot(name)


def test_a_frozen_clock_dates_what_is_made(control: ControlClient, fresh: Access) -> None:
    assert control.freeze("2026-01-01T00:00:00+05:30").now == "2025-12-31T18:30:00.000Z"
    assert push(fresh).json()["lead"]["created_at"] == "2025-12-31T18:30:00.000Z"
    assert control.advance(minutes=1, hours=1).now == "2025-12-31T19:31:00.000Z"
    assert control.clock().frozen
    assert not control.resume().frozen
    assert control.reset_clock().offset_seconds == 0


def test_advancing_reopens_a_limit_and_expires_a_key(control: ControlClient) -> None:
    access = control.create_tenant("mega", limits={"default": [{"limit": 2, "seconds": 60}]})
    first = push(access, **{"Idempotency-Key": "k"})
    assert push(access, **{"Idempotency-Key": "k"}).headers["idempotent-replayed"] == "true"
    assert push(access).status_code == 429
    control.advance(hours=25)
    again = push(access, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replayed" not in again.headers
    control.reset_clock()


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/clock/advance", {"seconds": -1}, "at least 0"),
        ("/clock/advance", {}, "seconds: is required"),
        ("/clock/advance", {"seconds": 3155760000, "x": 1}, "x"),
        ("/clock/freeze", {"at": "tomorrow"}, "at: "),
        ("/clock/freeze", {"at": "0001-01-01T00:00:00Z"}, "1970"),
    ],
)
def test_a_time_that_is_none_is_refused(server: Live, path: str, body: object, told: str) -> None:
    answer = httpx.post(f"{server.origin}/_mock{path}", json=body)
    assert answer.status_code == 400
    assert told in answer.json()["detail"]


def test_the_clock_does_not_go_beyond_the_calendar(control: ControlClient) -> None:
    control.freeze("9989-12-31T23:00:00Z")
    with pytest.raises(ControlError, match="year 9989"):
        control.advance(hours=2)
    with pytest.raises(ControlError, match="to the year 9989"):
        control.freeze("9999-12-31T23:00:00Z")
    control.reset_clock()


def test_at_the_end_of_the_calendar_all_is_told_that_follows(control: ControlClient) -> None:
    """The end of a key, of a window, the next attempt of a webhook; also by a clock that runs on."""
    access = control.create_tenant("mega")
    with Receiver(500) as receiver:
        hook = {"url": receiver.url, "event_types": ["lead.created"]}
        assert httpx.post(f"{access.base_url}/lead-webhooks", json=hook, headers=access.headers).status_code == 201
        control.freeze("9989-12-31T23:59:59Z")
        assert push(access, **{"Idempotency-Key": "k"}).status_code == 201
        (key,) = control.idempotency_keys("mega", access.tenant.id)
        assert key["expires_at"] == "9990-01-01T23:59:59.000Z"
        assert wait_for(control, access, attempts=1).next_at == "9990-01-01T00:00:00.000Z"
        assert control.limits("mega", access.tenant.id)["windows"]
        control.resume()
        assert push(access).status_code == 201
        control.reset_clock()


def test_a_retry_that_becomes_due_by_an_advance_goes_out_at_once(control: ControlClient) -> None:
    """Also with a clock that stands still."""
    access = control.create_tenant("crmleadpro")
    with Receiver(500) as receiver:
        hook = {"url": receiver.url, "events": ["lead.created"]}
        assert httpx.post(f"{access.base_url}/webhooks", json=hook, headers=access.headers).status_code == 201
        lead = {"name": "Sam", "email": "sam@example.com", "source": "web", "pipeline": "sales"}
        assert httpx.post(f"{access.base_url}/leads", json=lead, headers=access.headers).status_code == 201
        first = wait_for(control, access, attempts=1)
        assert (first.state, first.attempts[0]["status"]) == ("pending", 500)
        control.freeze()
        control.advance(hours=1)
        second = wait_for(control, access, attempts=2)
        assert (second.state, second.next_at) == ("delivered", None)
        sent = receiver.arrivals[-1]
        assert second.attempts[1]["signature"] == {name: sent.headers[name] for name in second.attempts[1]["signature"]}
        assert json.loads(sent.body) == second.payload
        control.reset_clock()
        control.redeliver("crmleadpro", access.tenant.id, second.id)
        third = wait_for(control, access, attempts=3)
        assert (third.id, third.attempts[2]["number"], third.state) == (second.id, 1, "delivered")
        assert len(receiver.arrivals) == 3


def wait_for(control: ControlClient, access: Access, *, attempts: int) -> Delivery:
    """The one delivery of this tenant, once it has been attempted so often."""
    while True:
        (delivery,) = control.deliveries(access.tenant.api, access.tenant.id)
        if len(delivery.attempts) >= attempts:
            return delivery


def test_an_event_is_made_to_happen_without_a_credential(control: ControlClient) -> None:
    access = control.create_tenant("crmleadpro")
    deal = {"title": "Annual plan", "value": 240000, "pipeline": "sales"}
    made = httpx.post(f"{access.base_url}/deals", json=deal, headers=access.headers).json()
    assert control.emit("crmleadpro", access.tenant.id, "deal.won", {"id": made["id"]}) == 0
    (record,) = control.records("crmleadpro", access.tenant.id, kind="deal")
    assert record.data["status"] == "won"
    with pytest.raises(ControlError, match="There is no record 'deal_nobody'") as refusal:
        control.emit("crmleadpro", access.tenant.id, "deal.won", {"id": "deal_nobody"})
    assert refusal.value.status == 404
    with pytest.raises(ControlError, match="event: must be one of"):
        control.emit("crmleadpro", access.tenant.id, "deal.wno", {})


def test_an_api_without_such_events_says_which_has_them(control: ControlClient, fresh: Access) -> None:
    with pytest.raises(ControlError, match="those that have: crmleadpro"):
        control.emit("mega", fresh.tenant.id, "lead.created", {})


def test_a_fault_is_switched_on_listed_and_gone_once_it_has_struck(control: ControlClient, fresh: Access) -> None:
    fault = control.add_fault("status", status=502, tenant=fresh.tenant.id, times=2, body={"message": "no"})
    assert push(fresh).status_code == 502
    assert [(each.id, each.applied) for each in control.faults()] == [(fault.id, 1)]
    assert push(fresh).json() == {"message": "no"}
    assert push(fresh).status_code == 201
    assert control.faults() == []


def test_a_fault_can_be_switched_off(control: ControlClient, fresh: Access) -> None:
    fault = control.add_fault("rate-limit", tenant=fresh.tenant.id, credential=fresh.credential.id)
    assert push(fresh).status_code == 429
    control.remove_fault(fault.id)
    assert push(fresh).status_code == 201
    with pytest.raises(ControlError, match="no fault"):
        control.remove_fault(fault.id)
    control.add_fault("drop", api="mega")
    assert control.clear_faults(api="mega") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kind": "staus"}, "must be one of status, rate-limit"),
        ({"kind": "drop", "api": "megga"}, "there are salesiq, mega"),
        ({"kind": "drop", "operation": "creatLead"}, "did you mean 'createLead'"),
        ({"kind": "drop", "tenant": "nobody"}, "id of no tenant"),
        ({"kind": "drop", "probability": 2}, "at most 1"),
        ({"kind": "drop", "probability": 0}, "more than 0"),
        ({"kind": "drop", "times": 0}, "at least 1"),
        ({"kind": "status", "status": 204, "body": {}}, "has no body"),
        ({"kind": "status", "headers": {"X-Evil": "a\r\nb"}}, "X-Evil"),
        ({"kind": "status", "headers": {"X Evil": "a"}}, "X Evil"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused(
    control: ControlClient, options: dict[str, object], told: str
) -> None:
    with pytest.raises(ControlError) as refusal:
        control.call("POST", "/faults", json=options)
    assert refusal.value.status == 400
    assert told in str(refusal.value)


def test_the_machines_time_is_told(control: ControlClient) -> None:
    told = control.clock()
    assert told.now[:19] + "Z" == iso_seconds(told.epoch_seconds)
