"""MEGA: a dry run tells what the import would do, leaves no trace, and has nothing to do with keys."""

from __future__ import annotations

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, bulk, create, listed, told

pytestmark = pytest.mark.anyio
case = pytest.mark.case

ANN, BOB = "ann@example.com", "bob@example.com"
ONE, TWO = "206-555-0101", "206-555-0102"
ROWS = [
    {"row_ref": "new", "contact_email": BOB, "custom_fields": {"made_up": 1}},
    {"row_ref": "known", "contact_email": ANN, "contact_phone": TWO, "contact_name": "Changed"},
    {"row_ref": "again", "contact_email": BOB},
    {"row_ref": "bad", "contact_email": "no"},
    {"row_ref": "by the phone that a row above has brought", "contact_phone": TWO},
]


@case(74)
async def test_a_dry_run_leaves_no_trace(mega: Caller, mock: Mock, clock: ManualClock) -> None:
    hook = {"url": "https://hooks.example.com/mega", "event_types": ["lead.created"]}
    await mega("POST", "/lead-webhooks", json=hook)
    await create(mega, contact_email=ANN, contact_phone=ONE, contact_name="Ann")
    before = await listed(mega)
    sent = await mock.store.deliveries(mega.credential.tenant.key)
    clock.advance(30)
    body = await bulk(mega, ROWS, dry_run=True, key="k")
    assert (body["dry_run"], body["summary"]["created"], body["summary"]["updated"]) == (True, 1, 3)
    assert await listed(mega) == before
    assert await listed(mega, search="0102") == []
    assert await mock.store.deliveries(mega.credential.tenant.key) == sent
    single = await create(mega, contact_phone=TWO)
    assert single["created_at"] == single["updated_at"], "no key of the preview is held: this lead is new"


@case(75)
@pytest.mark.parametrize("on_duplicate", ["update", "skip"])
async def test_a_dry_run_tells_what_the_real_run_then_does(mega: Caller, on_duplicate: str) -> None:
    known = await create(mega, contact_email=ANN, contact_phone=ONE)
    preview = await bulk(mega, ROWS, dry_run=True, on_duplicate=on_duplicate)
    real = await bulk(mega, ROWS, dry_run=False, on_duplicate=on_duplicate)
    assert (preview.pop("dry_run"), real.pop("dry_run")) == (True, False)
    before = [result.pop("lead_id") for result in preview["results"]]
    after = [result.pop("lead_id") for result in real["results"]]
    assert preview == real
    by_phone = known["id"] if on_duplicate == "update" else None
    assert before == [None, known["id"], None, None, by_phone], "what is not there yet has no id"
    assert [one for one, other in zip(before, after, strict=True) if one is not None and one != other] == []
    assert after[0] == after[2] != known["id"]


@case(76)
async def test_two_dry_runs_with_one_key_both_look_anew(mega: Caller) -> None:
    first = await bulk(mega, [{"contact_email": ANN}], dry_run=True, key="k")
    await create(mega, contact_email=ANN)
    response = await mega(
        "POST", BULK, json={"leads": [{"contact_email": ANN}], "dry_run": True}, headers={"Idempotency-Key": "k"}
    )
    assert "idempotent-replayed" not in response.headers
    (second,) = response.json()["results"]
    assert [told(first["results"][0]), told(second)] == [("created", None), ("updated", "email")]


@case(77)
async def test_a_key_used_for_a_dry_run_is_still_free_for_the_real_one(mega: Caller) -> None:
    await bulk(mega, [{"contact_email": ANN}], dry_run=True, key="k")
    real = await bulk(mega, [{"contact_email": ANN}], key="k")
    assert [told(result) for result in real["results"]] == [("created", None)]
    assert [lead["id"] for lead in await listed(mega)] == [real["results"][0]["lead_id"]]


@case(78)
@pytest.mark.parametrize("rows", [[{"contact_email": ANN}], [{"contact_email": BOB}]], ids=["same", "other"])
async def test_a_dry_run_with_a_key_that_is_taken_still_previews(mega: Caller, rows: list[dict[str, str]]) -> None:
    real = await bulk(mega, [{"contact_email": ANN}], key="k")
    preview = await bulk(mega, rows, dry_run=True, key="k")
    assert preview["dry_run"] is True
    expected = ("updated", "email") if rows[0]["contact_email"] == ANN else ("created", None)
    assert told(preview["results"][0]) == expected
    assert await bulk(mega, [{"contact_email": ANN}], key="k") == real, "and the key keeps what it had"
