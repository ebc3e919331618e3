"""MEGA: what an idempotency key remembers, for whom, and which bodies it takes for the same one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from mockserver.app import Mock
from mockserver.engine import idempotency
from mockserver.engine.call import Call
from mockserver.engine.clock import ManualClock
from mockserver.engine.refusal import Refusal
from mockserver.reply import refuse
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, bulk, create, import_one, listed, refused, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

ANN = "ann@example.com"
KEY = {"Idempotency-Key": "8f2c1e10-a001"}
HOOK = {"url": "https://hooks.example.com/mega", "event_types": ["lead.created"]}

SAME = [
    pytest.param(b'{"contact_name":"A","source_type":"form"}', marks=case(81), id="case-81-same-bytes"),
    pytest.param(b'{"source_type":"form","contact_name":"A"}', marks=case(82), id="case-82-key-order"),
    pytest.param(b'\n{ "contact_name" : "A",\r\n\t"source_type": "form" } ', marks=case(83), id="case-83-white-space"),
    pytest.param(b'{"contact_name":"\\u0041","source_type":"form"}', marks=case(83), id="case-83-escaped-value"),
    pytest.param(b'{"contact\\u005fname":"A","source_type":"f\\u006frm"}', marks=case(83), id="case-83-escaped-key"),
]
# Values of one custom field.
ONE_NUMBER = [
    pytest.param(b"1", b"1.0", id="point"),
    pytest.param(b"1", b"1e0", id="exponent"),
    pytest.param(b"1.0", b"10E-1", id="point-and-exponent"),
    pytest.param(b"0", b"-0.0", id="minus-zero"),
    pytest.param(b"0.5", b"5e-1", id="fraction"),
]
TWO_VALUES = [
    pytest.param(b"1", b'"1"', marks=case(85), id="case-85-number-and-text"),
    pytest.param(b"1", b"true", marks=case(85), id="case-85-number-and-true"),
    pytest.param(b"0", b"false", marks=case(85), id="case-85-number-and-false"),
    pytest.param(b"true", b'"true"', marks=case(85), id="case-85-true-and-text"),
    pytest.param(b'"0.001"', b'"0.0010"', marks=case(84), id="case-84-texts-are-no-numbers"),
    pytest.param(b"9007199254740993", b"9007199254740992", marks=case(86), id="case-86-exact-integers"),
    pytest.param(b"null", b'""', marks=case(87), id="case-87-null-and-empty"),
]
TWO_BODIES = [
    pytest.param({"contact_name": "A"}, {"contact_name": "B"}, "/leads", marks=case(81), id="case-81-other-body"),
    pytest.param(
        {"contact_name": "A"},
        {"contact_name": "A", "contact_phone": None},
        "/leads",
        marks=case(87),
        id="case-87-absent-and-null",
    ),
    pytest.param(
        {"contact_name": "A"},
        {"contact_name": "A", "made_up": 1},
        "/leads",
        marks=case(87),
        id="case-87-ignored-member",
    ),
    pytest.param(
        {"leads": [{"contact_name": "A"}]},
        {"leads": [{"contact_name": "A"}], "dry_run": False},
        BULK,
        marks=case(87),
        id="case-87-explicit-default",
    ),
    pytest.param(
        {"leads": [{"contact_name": "A"}, {"contact_name": "B"}]},
        {"leads": [{"contact_name": "B"}, {"contact_name": "A"}]},
        BULK,
        marks=case(88),
        id="case-88-order-of-rows",
    ),
]


async def send(caller: Caller, content: bytes, **headers: str) -> httpx.Response:
    declared = {"Content-Type": "application/json", **KEY, **headers}
    return await caller("POST", "/leads", headers=declared, content=content)


def is_replay(response: httpx.Response) -> bool:
    return bool(response.headers.get("idempotent-replayed") == "true")


@pytest.mark.parametrize("content", SAME)
async def test_the_same_body_again_is_answered_as_before(mega: Caller, mock: Mock, content: bytes) -> None:
    await mega("POST", "/lead-webhooks", json=HOOK)
    first = await send(mega, b'{"contact_name":"A","source_type":"form"}')
    again = await send(mega, content)
    assert (first.status_code, is_replay(first)) == (201, False)
    assert (again.status_code, is_replay(again), again.content) == (201, True, first.content)
    assert await total(mega) == 1
    assert len(await mock.store.deliveries(mega.credential.tenant.key)) == 1, "no second webhook"


@case(81)
async def test_an_import_is_replayed_too(mega: Caller) -> None:
    body = {"leads": [{"contact_name": "A"}, None]}
    first = await mega("POST", BULK, json=body, headers=KEY)
    again = await mega("POST", BULK, json=body, headers=KEY)
    assert (again.status_code, is_replay(again), again.content) == (200, True, first.content)
    assert await total(mega) == 1


@case(84)
@pytest.mark.parametrize(("one", "other"), ONE_NUMBER)
async def test_a_number_is_the_same_however_it_is_written(mega: Caller, one: bytes, other: bytes) -> None:
    first, again = [
        await send(mega, b'{"contact_name":"A","custom_fields":{"budget":%s}}' % value) for value in (one, other)
    ]
    assert (again.status_code, is_replay(again), again.content) == (201, True, first.content)


@pytest.mark.parametrize(("one", "other"), TWO_VALUES)
async def test_values_of_different_type_or_size_are_different(mega: Caller, one: bytes, other: bytes) -> None:
    first, again = [
        await send(mega, b'{"contact_name":"A","custom_fields":{"budget":%s}}' % value) for value in (one, other)
    ]
    assert first.status_code == 201
    refused(again, 409)
    assert await total(mega) == 1


@pytest.mark.parametrize(("one", "other", "path"), TWO_BODIES)
async def test_a_key_with_another_body_is_refused(
    mega: Caller, one: dict[str, Any], other: dict[str, Any], path: str
) -> None:
    first = await mega("POST", path, json=one, headers=KEY)
    before = await listed(mega)
    again = await mega("POST", path, json=other, headers=KEY)
    assert first.is_success
    assert "Idempotency-Key" in refused(again, 409)
    assert "retry-after" not in again.headers, "waiting would not help"
    assert await listed(mega) == before
    assert is_replay(await mega("POST", path, json=one, headers=KEY)), "and the key keeps its first body"


@case(89, 115)
async def test_a_replay_is_the_answer_of_then_whatever_became_of_the_lead(mega: Caller, clock: ManualClock) -> None:
    body = {"contact_email": ANN, "custom_fields": {"budget": 1}}
    first = await mega("POST", "/leads", json=body, headers=KEY)
    clock.advance(60)
    changed = await create(mega, contact_email=ANN, contact_name="Ann", custom_fields={"budget": 2, "timeline": "x"})
    for _ in range(2):
        again = await mega("POST", "/leads", json=body, headers=KEY)
        assert (is_replay(again), again.content) == (True, first.content)
    assert await listed(mega) == [changed], "and a replay does not merge once more"


@case(115)
async def test_a_replayed_import_is_the_answer_of_then(mega: Caller) -> None:
    body = {"leads": [{"contact_email": ANN, "custom_fields": {"made_up": 1}}]}
    first = await mega("POST", BULK, json=body, headers=KEY)
    await bulk(mega, [{"contact_email": ANN, "custom_fields": {"made_up": 2, "other": 3}}])
    assert (await mega("POST", BULK, json=body, headers=KEY)).content == first.content


@case(90)
async def test_one_key_is_another_one_at_another_endpoint(mega: Caller) -> None:
    single = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
    rows = await mega("POST", BULK, json={"leads": [{"contact_name": "B"}]}, headers=KEY)
    assert (single.status_code, rows.status_code, is_replay(rows)) == (201, 200, False)
    assert await total(mega) == 2
    assert is_replay(await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY))


@case(91)
@pytest.mark.parametrize("name", ["A", "B"], ids=["same-body", "other-body"])
async def test_one_key_is_another_one_with_another_customer(mega: Caller, name: str) -> None:
    async with mega.stranger() as other:
        mine = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
        theirs = await other("POST", "/leads", json={"contact_name": name}, headers=KEY)
        assert (theirs.status_code, is_replay(theirs)) == (201, False)
        assert theirs.json()["lead"]["customer_id"] == other.credential.tenant.id
        assert theirs.json()["lead"]["id"] != mine.json()["lead"]["id"]
        assert (await total(mega), await total(other)) == (1, 1)


@case(92)
async def test_two_tokens_of_a_customer_share_their_keys(mega: Caller) -> None:
    async with mega.colleague() as colleague:
        first = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
        again = await colleague("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
        assert (is_replay(again), again.content) == (True, first.content)
        refused(await colleague("POST", "/leads", json={"contact_name": "B"}, headers=KEY), 409)
        assert await total(mega) == 1


@case(93)
@pytest.mark.parametrize(
    "wrong", [{}, {"contact_name": "A", "stage_slug": "nope"}, {"contact_email": "no"}], ids=["empty", "stage", "email"]
)
async def test_a_key_whose_first_request_was_invalid_is_still_free(mega: Caller, wrong: dict[str, str]) -> None:
    refused(await mega("POST", "/leads", json=wrong, headers=KEY), 400)
    refused(await mega("POST", "/leads", json=wrong, headers=KEY), 400)
    fixed = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
    assert (fixed.status_code, is_replay(fixed)) == (201, False)
    assert await total(mega) == 1


@case(94)
@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_key_whose_first_request_was_turned_away_is_still_free(
    mega: Caller, clock: ManualClock, status: int
) -> None:
    body = {"contact_name": "A"}
    if status == 429:
        for _ in range(60):
            await mega("GET", "/leads")
    turned_away = {401: {"Authorization": "Bearer wrong"}, 403: {"x-customer-id": "other"}, 429: {}}[status]
    refused(await mega("POST", "/leads", json=body, headers={**KEY, **turned_away}), status)
    clock.advance(60)
    fixed = await mega("POST", "/leads", json={"contact_name": "B"}, headers=KEY)
    assert (fixed.status_code, is_replay(fixed)) == (201, False)
    assert await total(mega) == 1


@case(95)
async def test_a_token_that_has_lost_its_scope_gets_no_replay(mega: Caller, mock: Mock) -> None:
    first = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
    assert first.status_code == 201
    kept = frozenset({"public_api:leads:read"})
    mock.directories["mega"].add(replace(mega.credential, scopes=kept))
    message = refused(await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY), 403)
    assert "public_api:leads:write" in message


@case(96)
async def test_a_replay_counts_and_beyond_the_limit_is_refused(mega: Caller, clock: ManualClock) -> None:
    body = {"contact_name": "A"}
    for left in range(59, -1, -1):
        response = await mega("POST", "/leads", json=body, headers=KEY)
        assert (response.status_code, response.headers["ratelimit-remaining"]) == (201, str(left))
    refused(await mega("POST", "/leads", json=body, headers=KEY), 429)
    clock.advance(60)
    assert is_replay(await mega("POST", "/leads", json=body, headers=KEY))


@case(114)
async def test_a_replay_is_marked_and_has_limits_of_its_own(mega: Caller, clock: ManualClock) -> None:
    first = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
    clock.advance(12)
    again = await mega("POST", "/leads", json={"contact_name": "A"}, headers=KEY)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    limits = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
    assert [first.headers[name] for name in limits] == ["60", "59", "60"]
    assert [again.headers[name] for name in limits] == ["60", "58", "48"]
    own = {*limits, "idempotent-replayed"}
    rest = [{name: value for name, value in each.headers.items() if name not in own} for each in (first, again)]
    assert rest[0] == rest[1]


@case(114)
@pytest.mark.parametrize(("operation", "status"), [("createLead", "201"), ("bulkImportLeads", "200")])
def test_the_marker_of_a_replay_is_declared(mock: Mock, operation: str, status: str) -> None:
    declared = mock.contracts["mega"].operations[operation].raw["responses"][status]
    assert "Idempotent-Replayed" in declared["headers"]


@case(111)
async def test_a_key_is_forgotten_after_a_day_and_the_email_still_protects(mega: Caller, clock: ManualClock) -> None:
    body = {"contact_email": ANN}
    first = await mega("POST", "/leads", json=body, headers=KEY)
    clock.advance(86_399)
    assert is_replay(await mega("POST", "/leads", json=body, headers=KEY)), "a replay does not renew the key"
    clock.advance(1)
    later = await mega("POST", "/leads", json=body, headers=KEY)
    assert (later.status_code, is_replay(later)) == (201, False)
    one, two = first.json()["lead"], later.json()["lead"]
    assert (two["id"], two["updated_at"] > one["updated_at"]) == (one["id"], True)
    assert await total(mega) == 1
    assert is_replay(await mega("POST", "/leads", json=body, headers=KEY)), "and it is remembered anew"


@case(111)
async def test_a_forgotten_key_takes_another_body(mega: Caller, clock: ManualClock) -> None:
    await create(mega, key="k", contact_name="A")
    clock.advance(86_400)
    assert (await create(mega, key="k", contact_name="B"))["contact_name"] == "B"
    assert (await import_one(mega, {"contact_name": "C"}))["status"] == "created"
    assert await total(mega) == 3


async def test_the_statuses_of_a_conflict_are_those_of_the_contract(mega: Caller, mock: Mock) -> None:
    """A contract that says 422, as the draft of the header does, is answered with 422."""
    operation = mega.contract.operations["createLead"]
    rule = operation.idempotency
    assert rule is not None
    strict = replace(operation, idempotency=replace(rule, mismatch=422, in_flight=425))
    async with mock.store.transaction(mega.credential.tenant.key) as tx:
        headers = {"idempotency-key": "k"}
        call = Call(
            mega.contract, strict, mock.settings, mega.credential.tenant, tx, mock.clock.now(), headers, {"a": 1}
        )
        first = await idempotency.claim(call, set())
        assert isinstance(first, idempotency.Claim)
        await idempotency.remember(call, first, 201, {}, b"{}")
    async with mock.store.transaction(mega.credential.tenant.key) as tx:
        assert await conflict(replace(call, tx=tx, body={"a": 2})) == 422
        # The transaction of the first request is still open, so the key is in use.
        async with mock.store.transaction(mega.credential.tenant.key) as other:
            assert await conflict(replace(call, tx=other)) == 425


async def conflict(call: Call) -> int:
    """The status of the refusal that claiming the key ends in."""
    with pytest.raises(Refusal) as told:
        await idempotency.claim(call, set())
    return refuse(call.contract, told.value, {}).status
