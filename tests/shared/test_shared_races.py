"""Four processes on one PostgreSQL database: what holds in one holds over all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.store import open_store
from mockserver.tenants import DEMOS
from tests.engine.receiver import Receiver
from tests.postgres import cluster
from tests.shared.team import MEGA, SALESIQ, Team, mega, salesiq


@pytest.fixture(scope="module")
def team() -> Iterator[Team]:
    """Without rate limits; the tests use different customers, or tell theirs apart."""
    with Team(cluster().fresh(), "--unlimited", "--api", "mega", "--api", "salesiq") as servers:
        yield servers


@pytest.fixture
def limited_team() -> Iterator[Team]:
    with Team(cluster().fresh(), "--api", "mega") as servers:
        yield servers


def _total(team: Team, customer: int, **query: str) -> int:
    request = {"method": "GET", "path": f"{MEGA}/leads", "params": {"limit": 1, **query}}
    (response,) = team.at_once([request], mega(customer))
    return int(response.json()["total"])


def _leads(*bodies: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return [{"path": f"{MEGA}/leads", "json": body, **options} for body in bodies]


def test_the_demo_tenants_are_filled_once(team: Team) -> None:
    """Four processes that start on an empty database leave what one leaves."""
    with Team(cluster().fresh(), "--api", "mega", size=1) as alone:
        assert _total(team, 0) == _total(alone, 0) > 0


def test_one_contact_is_one_lead(team: Team) -> None:
    """Of 60 creates at once with one email there is one lead, whoever took them."""
    bodies = [{"contact_name": f"Number {number}", "contact_email": "one@example.com"} for number in range(60)]
    answers = team.at_once(_leads(*bodies), mega(1))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["lead"]["id"] for answer in answers}) == 1


def test_one_idempotency_key_is_one_record(team: Team) -> None:
    """Of 60 at once with one key, each gets the one answer, or is told that the first is still running."""
    before = _total(team, 1)
    requests = _leads(*[{"contact_name": "Only once"}] * 60, headers={"Idempotency-Key": "over-all"})
    answers = team.at_once(requests, mega(1))
    assert Counter(answer.status_code for answer in answers).keys() <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert _total(team, 1) == before + 1
    for server in range(4):
        (late,) = team.at_once(requests[:1], mega(1), first=server)
        assert (late.status_code, late.headers["idempotent-replayed"]) == (201, "true")


def test_no_number_is_given_twice(team: Team) -> None:
    """100 leads at once get 100 numbers without a gap: no counter is read before another's write is seen."""
    people = [{"name": "Asha", "phone": f"98765{number:05}"} for number in range(100)]
    answers = team.at_once([{"path": f"{SALESIQ}/leads/capture", "json": each} for each in people], salesiq())
    assert {answer.status_code for answer in answers} == {201}
    codes = sorted(answer.json()["leadCode"] for answer in answers)
    assert codes == [f"LD{number:04}" for number in range(1, 101)]


def test_a_rate_limit_holds_over_all(limited_team: Team) -> None:
    """60 a minute: of 200 requests at once exactly 60 pass, and what is left is told downwards without a repeat."""
    request = {"method": "GET", "path": f"{MEGA}/leads", "params": {"limit": 1}}
    answers = limited_team.at_once([request] * 200, mega(1))
    assert Counter(answer.status_code for answer in answers) == {200: 60, 429: 140}
    left = [int(answer.headers["ratelimit-remaining"]) for answer in answers if answer.status_code == 200]
    assert sorted(left) == list(range(60))


def test_each_webhook_is_sent_once() -> None:
    """Of 40 leads at once, each is told in one request: no two processes make the same attempt, no later one either."""
    url = cluster().fresh()
    with Receiver(*[500] * 10) as receiver, Team(url, "--unlimited", "--api", "mega", "--webhook-pace", "0.1") as team:
        hook = {"url": receiver.url, "event_types": ["lead.created"]}
        (registered,) = team.at_once([{"path": f"{MEGA}/lead-webhooks", "json": hook}], mega(1))
        assert registered.status_code == 201, registered.text
        people = [{"contact_name": "Asha", "contact_email": f"{number}@example.com"} for number in range(40)]
        team.at_once(_leads(*people), mega(1))
        # Ten are refused at first, whichever those are, and come once more.
        assert receiver.wait_for(50)
        attempts = _attempts_when_done(url)
    assert sorted(attempts) == sorted(Counter(arrival.body for arrival in receiver.arrivals).values())
    assert len(attempts) == 40
    assert sum(attempts) == len(receiver.arrivals) == 50


def _attempts_when_done(url: str) -> list[int]:
    """Attempts of each delivery, once all have been delivered; each has its own number."""

    async def look() -> list[int]:
        store = open_store(url)
        try:
            while True:
                found = await store.deliveries(f"mega:{DEMOS['mega'][1].id}")
                if all(delivery.state == "delivered" for delivery, _ in found):
                    break
                await asyncio.sleep(0.05)
            for _, attempts in found:
                assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
            return [len(attempts) for _, attempts in found]
        finally:
            await store.close()

    return asyncio.run(look())
