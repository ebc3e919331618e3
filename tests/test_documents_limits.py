"""The limits that the vendors print hold as printed: requests a minute, and leads of a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from mockserver.store.base import Record
from tests.documents import COMMANDS, SALESIQ_ERRORS, document, refusal
from tests.edge_cases.live import Live

CONVERTIQ = "convertiq-api-reference-1"
PLANS = re.findall(
    r"^\| (Starter|Team|Pro|Enterprise) \| (\S+) \| (\S+) \|$", document("salesiq-api-reference"), re.MULTILINE
)


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with Live.on(request.param, tmp_path_factory.mktemp("documents")) as server:
        yield server


def _number(printed: str) -> int | None:
    return None if printed == "Unlimited" else int(printed.replace(",", ""))


def _of_plan(live: Live, plan: str) -> tuple[str, Callable[[int], bytes]]:
    """A workspace on this plan: its key in the store, and a request for its lead of a number."""
    credential = live.mock.add_tenant("salesiq", plan=plan.lower())

    def request(number: int) -> bytes:
        body = json.dumps({"name": "Amit", "phone": f"9{number:09d}"}).encode()
        lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        return live.head(credential, "POST", "/leads/capture", *lines) + body

    return credential.tenant.key, request


@pytest.mark.parametrize(("plan", "requests", "_leads"), PLANS)
def test_salesiq_counts_requests_by_the_printed_plan(live: Live, plan: str, requests: str, _leads: str) -> None:
    limit = _number(requests)
    _, request = _of_plan(live, plan)
    answers = [live.send(request(0)) for _ in range(limit or 130)]
    assert [answer.status for answer in answers] == [201, *[200] * (len(answers) - 1)]
    over = live.send(request(0))
    if limit is None:
        assert over.status == 200
        assert not any(name.startswith("ratelimit") for name in over.headers)
        return
    assert answers[0].headers["ratelimit-limit"] == str(limit)
    assert answers[-1].headers["ratelimit-remaining"] == "0"
    assert "per minute" in refusal(over, 429)
    assert 1 <= int(over.headers["retry-after"]) <= 60


@pytest.mark.parametrize(("plan", "_requests", "leads"), PLANS)
def test_salesiq_holds_as_many_leads_as_the_printed_plan(live: Live, plan: str, _requests: str, leads: str) -> None:
    limit = _number(leads)
    tenant, request = _of_plan(live, plan)
    live.run(_fill(live, tenant, (limit or 10_001) - 1))
    assert live.send(request(1)).status == 201
    over = live.send(request(2))
    if limit is None:
        assert over.status == 201
        return
    assert refusal(over, 429) == SALESIQ_ERRORS["429"]
    assert "retry-after" not in over.headers


async def _fill(live: Live, tenant: str, count: int) -> None:
    async with live.mock.store.transaction(tenant) as tx:
        for number in range(count):
            await tx.put(Record("lead", str(number), {"leadId": str(number)}))


def test_salesiq_prints_four_plans() -> None:
    assert [plan for plan, _, _ in PLANS] == ["Starter", "Team", "Pro", "Enterprise"]


def test_convertiq_takes_100_requests_a_minute_of_a_key(live: Live) -> None:
    assert "100 requests per minute per API key" in document("convertiq-api-reference")
    body = COMMANDS[CONVERTIQ].body.encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    credential = live.mock.add_tenant("convertiq")
    request = live.head(credential, "POST", "/leads/create", *lines) + body
    assert {live.send(request).status for _ in range(100)} == {201}
    assert "100 requests per minute" in refusal(live.send(request), 429)
    other = live.head(live.mock.add_credential(credential), "POST", "/leads/create", *lines) + body
    assert live.send(other).status == 201
