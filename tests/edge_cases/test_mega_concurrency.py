"""MEGA: requests that run at the same time do to the leads what they would do one after the other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from mockserver.app import Mock
from mockserver.engine import deduplication
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, create, listed, refused, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

RACERS = 32
Look = Callable[..., Awaitable[Any]]


@pytest.fixture
async def racer(mock: Mock) -> AsyncIterator[Caller]:
    """A customer without rate limits."""
    async with Caller.of_new_tenant(mock, "mega", unlimited=True) as caller:
        yield caller


@pytest.fixture(params=["at-once", "interleaved"], autouse=True)
def pace(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Interleaved: each request lets all others run on, just before and just after it looks for its duplicate."""
    if request.param == "interleaved":
        look: Look = deduplication.find

        async def find(*arguments: Any) -> Any:
            await asyncio.sleep(0)
            found = await look(*arguments)
            await asyncio.sleep(0)
            return found

        monkeypatch.setattr(deduplication, "find", find)
    return str(request.param)


def statuses(responses: list[httpx.Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


@case(99)
async def test_identical_requests_with_one_key_make_one_lead(racer: Caller, pace: str) -> None:
    body = {"contact_name": "Only once"}
    responses = await asyncio.gather(
        *(racer("POST", "/leads", json=body, headers={"Idempotency-Key": "k"}) for _ in range(RACERS))
    )
    answered = statuses(responses)
    assert set(answered) <= {201, 409}
    assert answered[201] >= 1
    assert answered[409] or pace == "at-once", "who comes while the first still runs is told to retry"
    assert await total(racer) == 1
    assert len({response.content for response in responses if response.status_code == 201}) == 1
    for response in responses:
        if response.status_code == 409:
            refused(response, 409)
            assert response.headers["retry-after"] == "1"
    late = await racer("POST", "/leads", json=body, headers={"Idempotency-Key": "k"})
    assert (late.status_code, late.headers["idempotent-replayed"]) == (201, "true")


@case(99)
async def test_a_key_whose_first_request_still_runs_is_in_use(racer: Caller, mock: Mock) -> None:
    body = {"contact_name": "Only once"}
    async with mock.store.transaction(racer.credential.tenant.key) as running:
        assert await running.try_lock("createLead:k")
        response = await racer("POST", "/leads", json=body, headers={"Idempotency-Key": "k"})
        refused(response, 409)
        assert response.headers["retry-after"] == "1"
        other = await racer("POST", "/leads", json=body, headers={"Idempotency-Key": "another"})
        assert other.status_code == 201
    assert (await create(racer, key="k", **body))["id"] != other.json()["lead"]["id"]


@case(100)
async def test_different_bodies_with_one_key_make_one_lead(racer: Caller) -> None:
    responses = await asyncio.gather(
        *(
            racer("POST", "/leads", json={"contact_name": f"Number {number}"}, headers={"Idempotency-Key": "k"})
            for number in range(RACERS)
        )
    )
    assert statuses(responses) == {201: 1, 409: RACERS - 1}
    for response in responses:
        if response.status_code == 409:
            refused(response, 409)
    assert await total(racer) == 1


@case(101)
async def test_identical_creates_with_an_email_and_no_key_make_one_lead(racer: Caller) -> None:
    leads = await asyncio.gather(
        *(create(racer, contact_email="ann@example.com", contact_phone="206-555-0101") for _ in range(RACERS))
    )
    assert len({lead["id"] for lead in leads}) == 1
    (lead,) = await listed(racer)
    assert lead["updated_at"] == max(each["updated_at"] for each in leads)
    assert len({each["updated_at"] for each in leads}) == RACERS, "each merge is a change of its own"


@case(101)
async def test_creates_that_share_only_a_phone_make_one_lead(racer: Caller) -> None:
    spellings = ("(206) 555-0101", "+12065550101", "206.555.0101 x7", "1 206 555 0101")
    leads = await asyncio.gather(*(create(racer, contact_phone=spellings[number % 4]) for number in range(RACERS)))
    assert len({lead["id"] for lead in leads}) == 1
    assert await total(racer) == 1


@case(102)
async def test_identical_name_only_creates_without_a_key_make_as_many_leads(racer: Caller) -> None:
    leads = await asyncio.gather(*(create(racer, contact_name="Walk-in") for _ in range(RACERS)))
    assert len({lead["id"] for lead in leads}) == RACERS
    assert await total(racer) == RACERS


@case(103)
async def test_creates_and_imports_of_one_email_make_one_lead(racer: Caller) -> None:
    singles = [racer("POST", "/leads", json={"contact_email": "ann@example.com"}) for _ in range(RACERS // 2)]
    imports = [
        racer(
            "POST", BULK, json={"leads": [{"contact_email": "ANN@example.com"}, {"contact_email": "ann@example.com"}]}
        )
        for _ in range(RACERS // 2)
    ]
    responses = await asyncio.gather(*(each for pair in zip(singles, imports, strict=True) for each in pair))
    assert statuses(responses) == {201: RACERS // 2, 200: RACERS // 2}
    (lead,) = await listed(racer)
    results = [row for response in responses for row in response.json().get("results", ())]
    assert {row["lead_id"] for row in results} == {lead["id"]}
    assert {response.json()["lead"]["id"] for response in responses if response.status_code == 201} == {lead["id"]}
    assert [row["status"] for row in results].count("created") <= 1
