"""SalesIQ: keys, plans, lead codes, budgets, and what a name may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from mockserver.store.base import Record
from tests.caller import Caller
from tests.edge_cases.every_api import refused
from tests.edge_cases.live import leads_of

pytestmark = pytest.mark.anyio
case = pytest.mark.case

CAPTURE = "/leads/capture"
PHONE = "9876543210"
STARTER_LEADS = 500

NAMES = [
    pytest.param('Amit "AK" Kumar', marks=case(177), id="case-177-quotes"),
    pytest.param("Amit \\ Kumar \\n", marks=case(177), id="case-177-backslashes"),
    pytest.param("Amit\nKumar\r\n\t.", marks=case(177), id="case-177-line-breaks"),
    pytest.param("Amit \U0001f600 Kumar", marks=case(177), id="case-177-emoji"),
    pytest.param("अमित कुमार", marks=case(177), id="case-177-devanagari"),
    pytest.param("Amit\u2028Kumar\x7f\x01", marks=case(177), id="case-177-controls"),
    pytest.param("<script>alert(1)</script>", marks=case(178), id="case-178-script"),
    pytest.param("</script>&lt;b&amp;'\"", marks=case(178), id="case-178-entities"),
]


def lead(number: int = 0, **members: Any) -> dict[str, Any]:
    return {"name": "Amit Kumar", "phone": str(int(PHONE) + number), **members}


async def fill(caller: Caller, count: int) -> None:
    """Give the workspace this many leads without a request for each."""
    async with caller.mock.store.transaction(caller.credential.tenant.key) as tx:
        for number in range(count):
            phone = f"60{number:08d}"
            data = {"leadId": f"lead-{number}", "leadCode": f"LD{number + 1:04d}", "name": "Filler", "phone": phone}
            await tx.put(Record("lead", data["leadId"], data, (("phone", phone),)))


@case(49)
async def test_the_501st_lead_on_starter_is_refused_and_waiting_would_not_help(mock: Mock) -> None:
    async with Caller.of_new_tenant(mock, "salesiq", plan="starter") as caller:
        await fill(caller, STARTER_LEADS - 1)
        last = await caller("POST", CAPTURE, json=lead(1))
        assert last.status_code == 201, last.text
        over = await caller("POST", CAPTURE, json=lead(2))
        assert refused("salesiq", over, 429) == "Lead limit reached (upgrade plan)"
        assert "retry-after" not in over.headers
        assert await leads_of(mock, caller.credential) == STARTER_LEADS


@case(49)
async def test_a_refused_lead_uses_up_no_lead_code(mock: Mock) -> None:
    async with Caller.of_new_tenant(mock, "salesiq", plan="starter") as caller:
        assert (await caller("POST", CAPTURE, json=lead(1))).json()["leadCode"] == "LD0001"
        await fill(caller, STARTER_LEADS - 1)
        assert (await caller("POST", CAPTURE, json=lead(2))).status_code == 429
        async with mock.store.transaction(caller.credential.tenant.key) as tx:
            assert await tx.counter("leadCode") == 1


@case(48)
async def test_a_duplicate_is_answered_as_one_also_at_the_cap(mock: Mock) -> None:
    async with Caller.of_new_tenant(mock, "salesiq", plan="starter") as caller:
        first = (await caller("POST", CAPTURE, json=lead())).json()
        await fill(caller, STARTER_LEADS - 1)
        again = await caller("POST", CAPTURE, json=lead(name="Somebody Else"))
        assert again.status_code == 200
        assert (again.json()["duplicate"], again.json()["leadId"]) == (True, first["leadId"])
        assert (await caller("POST", CAPTURE, json=lead(1))).status_code == 429


@case(49)
async def test_too_many_requests_a_minute_are_told_apart_from_too_many_leads(mock: Mock, clock: ManualClock) -> None:
    async with Caller.of_new_tenant(mock, "salesiq", plan="starter") as caller:
        statuses = [(await caller("POST", CAPTURE, json=lead())).status_code for _ in range(30)]
        assert statuses == [201, *[200] * 29]
        over = await caller("POST", CAPTURE, json=lead(1))
        assert "per minute" in refused("salesiq", over, 429)
        assert over.headers["retry-after"] == "60"
        clock.advance(60)
        assert (await caller("POST", CAPTURE, json=lead(1))).status_code == 201


@case(50)
async def test_lead_codes_grow_past_four_digits(salesiq: Caller) -> None:
    async with salesiq.mock.store.transaction(salesiq.credential.tenant.key) as tx:
        await tx.counter("leadCode", 9998)
    codes = [(await salesiq("POST", CAPTURE, json=lead(number))).json()["leadCode"] for number in range(3)]
    assert codes == ["LD9999", "LD10000", "LD10001"]


@case(50)
async def test_lead_codes_count_the_leads_of_a_workspace_and_skip_none(salesiq: Caller) -> None:
    sent = [0, 0, 1, 0, 2]
    answers = [(await salesiq("POST", CAPTURE, json=lead(number))).json() for number in sent]
    assert [answer["leadCode"] for answer in answers if "leadCode" in answer] == ["LD0001", "LD0002", "LD0003"]


@case(148)
@pytest.mark.parametrize(
    ("key", "status", "message"),
    [
        pytest.param(None, 401, "Missing x-api-key header", id="missing"),
        pytest.param("", 401, "Missing x-api-key header", id="empty"),
        pytest.param("  ", 401, "Missing x-api-key header", id="blank"),
        pytest.param("sqk_live_wrong", 403, "Invalid API key", id="wrong"),
    ],
)
async def test_a_missing_key_is_401_and_a_wrong_one_403(
    salesiq: Caller, key: str | None, status: int, message: str
) -> None:
    response = await salesiq("POST", CAPTURE, json=lead(), headers={"x-api-key": key})
    assert refused("salesiq", response, status) == message
    if status == 401:
        assert response.headers["www-authenticate"]
    assert not any(name.startswith("ratelimit") for name in response.headers)


@case(148)
async def test_a_key_is_compared_to_the_letter(salesiq: Caller) -> None:
    key = salesiq.credential.secret
    for wrong in (key.upper(), key[:-1], key + "0", key + " x"):
        response = await salesiq("POST", CAPTURE, json=lead(), headers={"x-api-key": wrong})
        assert refused("salesiq", response, 403)
    assert (await salesiq("POST", CAPTURE, json=lead())).status_code == 201


@case(148)
async def test_the_name_of_the_key_header_may_have_any_case(salesiq: Caller) -> None:
    headers = {"x-api-key": None, "X-API-KEY": salesiq.credential.secret}
    assert (await salesiq("POST", CAPTURE, json=lead(), headers=headers)).status_code == 201


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_is_told_verbatim_in_valid_json(salesiq: Caller, name: str) -> None:
    assert (await salesiq("POST", CAPTURE, json=lead(name=name))).status_code == 201
    again = await salesiq("POST", CAPTURE, json=lead(name="Somebody Else"))
    assert again.status_code == 200
    assert again.headers["content-type"] == "application/json"
    assert again.headers["x-content-type-options"] == "nosniff"
    message = json.loads(again.content)["message"]
    assert message == f'Lead already exists as "{name}" ({PHONE}). Activity logged.'


@case(179)
@pytest.mark.parametrize(
    ("members", "field"),
    [
        pytest.param({"budgetMin": 2, "budgetMax": 1}, "budgetMin", id="min-above-max"),
        pytest.param({"budgetMin": 0.2, "budgetMax": 0.1}, "budgetMin", id="fractions-min-above-max"),
        pytest.param({"budgetMin": -1}, "budgetMin", id="negative-min"),
        pytest.param({"budgetMax": -0.01}, "budgetMax", id="negative-max"),
        pytest.param({"budgetMin": "7500000"}, "budgetMin", id="text"),
        pytest.param({"budgetMax": True}, "budgetMax", id="boolean"),
    ],
)
async def test_a_budget_that_cannot_be_is_refused(salesiq: Caller, members: dict[str, Any], field: str) -> None:
    response = await salesiq("POST", CAPTURE, json=lead(**members))
    assert field in refused("salesiq", response, 400)
    assert await leads_of(salesiq.mock, salesiq.credential) == 0


@case(179)
@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"budgetMin": 1, "budgetMax": 1}, id="equal"),
        pytest.param({"budgetMin": 0, "budgetMax": 0}, id="zero"),
        pytest.param({"budgetMin": 5}, id="min-alone"),
        pytest.param({"budgetMin": 5, "budgetMax": None}, id="max-null"),
        pytest.param({"budgetMin": 7500000.5, "budgetMax": 9500000}, id="fraction"),
    ],
)
async def test_a_budget_that_can_be_is_taken(salesiq: Caller, members: dict[str, Any]) -> None:
    assert (await salesiq("POST", CAPTURE, json=lead(**members))).status_code == 201
