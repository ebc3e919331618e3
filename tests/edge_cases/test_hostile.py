"""What a hostile or unlucky client sends: it is answered soon, briefly and truly, and nobody else has to wait."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from tests.caller import Caller

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


async def test_a_body_that_is_wrong_in_60000_places_is_answered_with_one_of_them(mega: Caller) -> None:
    """Finding and telling them all would keep everybody else waiting."""
    row = {"contact_name": "a", "custom_fields": {str(number): [] for number in range(60_000)}}
    single = await mega("POST", "/leads", json=row)
    assert single.status_code == 400
    assert "custom_fields" in single.text
    assert len(single.content) < 1_000
    batch = await mega("POST", "/leads/bulk", json={"leads": [row]})
    assert [len(result["errors"]) for result in batch.json()["results"]] == [1]


async def test_a_body_that_is_wrong_in_30_places_is_told_20_of_them(crmleadpro: Caller) -> None:
    response = await crmleadpro("POST", "/leads", json={"name": "x", "email": "x@example.com", "tags": [1] * 30})
    assert response.status_code == 422
    problem = response.json()
    assert problem["detail"].endswith("and 10 more")
    assert len(problem["errors"]) == 21


async def test_many_lines_of_one_header_cost_no_more_than_many_headers(mega: Caller) -> None:
    lines = [*mega.headers.items(), *[("x", "y" * 50)] * 20_000]
    async with asyncio.timeout(20):
        response = await mega.client.get("/leads", headers=lines)
    assert response.status_code == 200


async def test_nobody_can_make_a_cursor(mega: Caller) -> None:
    """Neither with a key that follows from the customer's id, nor with content that is no cursor's."""
    customer = mega.credential.tenant.id
    for key in (f"mega:{customer}", customer, ""):
        for content in (b"not json at all", b'["created_at","asc"]', b'["created_at","asc",{"a":1},"x"]'):
            raw = hmac.new(key.encode(), content, hashlib.sha256).digest()[:12] + content
            cursor = "c1." + base64.urlsafe_b64encode(raw).decode().rstrip("=")
            query = {"sort_by": "created_at", "sort_dir": "asc", "cursor": cursor}
            response = await mega("GET", "/leads", params=query)
            assert response.status_code == 400, response.text


async def test_a_cursor_skips_no_lead_that_is_added_in_the_same_millisecond(mega: Caller) -> None:
    async def create(*names: str) -> None:
        for name in names:
            assert (await mega("POST", "/leads", json={"contact_name": name})).status_code == 201

    query: dict[str, Any] = {"sort_by": "created_at", "sort_dir": "asc", "limit": 2}
    await create("0", "1", "2", "3")
    page = (await mega("GET", "/leads", params=query)).json()
    await create("4", "5", "6", "7")
    seen = [lead["contact_name"] for lead in page["leads"]]
    while page["next_cursor"]:
        page = (await mega("GET", "/leads", params={**query, "cursor": page["next_cursor"]})).json()
        seen += [lead["contact_name"] for lead in page["leads"]]
    assert seen == ["0", "1", "2", "3", "4", "5", "6", "7"]


async def test_a_lead_is_as_old_as_its_creation_not_as_the_first_byte_of_its_request(
    mega: Caller, clock: ManualClock
) -> None:
    """Else a page that was read in between would never show it."""
    body = json.dumps({"contact_name": "slow"}).encode()
    seen: list[str] = []

    async def slowly() -> Any:
        yield body[:5]
        clock.advance(5)
        seen.append((await mega("POST", "/leads", json={"contact_name": "quick"})).json()["lead"]["created_at"])
        yield body[5:]

    slow = await mega("POST", "/leads", content=slowly(), headers=JSON)
    assert slow.json()["lead"]["created_at"] >= seen[0]


@pytest.mark.parametrize(("first", "second"), [("10000000000000000000", "1e19"), ("1e300", "10E299"), ("2.50", "2.5")])
async def test_a_number_is_the_same_however_it_is_written(mega: Caller, first: str, second: str) -> None:
    answers = [
        await mega(
            "POST",
            "/leads",
            content='{"contact_name": "q", "x": ' + number + "}",
            headers={**JSON, "Idempotency-Key": "n"},
        )
        for number in (first, second)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_a_search_does_not_reach_from_one_field_into_the_next(mega: Caller) -> None:
    lead = {"contact_name": "Sam", "contact_phone": "2065550123", "contact_email": "zoe@example.com"}
    await mega("POST", "/leads", json=lead)
    for text, found in (("am", 1), ("zoe", 1), ("am\nzoe", 0), ("amzoe", 0), ("amx", 0), ("m2065550123", 0)):
        total = (await mega("GET", "/leads", params={"search": text})).json()["total"]
        assert total == found, text


async def test_an_accent_is_found_however_it_is_written(mega: Caller) -> None:
    await mega("POST", "/leads", json={"contact_name": "Jose\u0301"})
    for text in ("jos\u00e9", "JOSE\u0301"):
        assert (await mega("GET", "/leads", params={"search": text})).json()["total"] == 1


async def test_a_path_that_is_nearly_right_is_answered_with_the_right_one(crmleadpro: Caller) -> None:
    for path in ("/leads/", "/lead", "/Leads"):
        response = await crmleadpro("GET", path)
        assert response.status_code == 404
        assert "did you mean /api/v1/leads?" in response.json()["detail"]
    assert "did you mean" not in (await crmleadpro("GET", "/nothing-like-it")).text


async def test_a_failing_request_log_does_not_fail_the_request() -> None:
    def broken(_exchange: object) -> None:
        raise RuntimeError("the disk is full")

    mock = Mock(observe=broken)
    async with Caller.of_new_tenant(mock, "salesiq") as caller:
        assert (await caller("GET", "/leads/capture")).status_code == 200


async def test_a_parameter_that_is_repeated_8000_times_is_told_once(mega: Caller) -> None:
    """Reading and telling it each time would keep everybody else waiting for a second."""
    response = await mega("GET", "/leads?" + "limit=x&" * 8_000)
    assert response.status_code == 400
    assert response.text.count("is given more than once") == 1
    assert len(response.content) < 1_000


async def test_500_rows_that_are_each_wrong_in_200_places_are_told_one_of_them_each(mega: Caller) -> None:
    """Working out the others would keep everybody else waiting for seconds."""
    row = {"contact_name": "a", "custom_fields": {str(number): [1] for number in range(200)}}
    results = (await mega("POST", "/leads/bulk", json={"leads": [row] * 500})).json()["results"]
    assert [len(result["errors"]) for result in results] == [1] * 500
