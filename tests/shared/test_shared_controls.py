"""Clock and faults of two servers with two workers each: what one is told, the next request to any of them obeys."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from mockserver.client import ControlClient
from tests.engine.receiver import Receiver
from tests.postgres import cluster
from tests.serving import Serving
from tests.shared.team import MEGA, Team, mega

_OPTIONS = ("--unlimited", "--api", "mega", "--webhook-pace", "100")
_CONNECTIONS = 3  # To each server, so that each worker is likely to be met.


@pytest.fixture(scope="module")
def url() -> str:
    return cluster().fresh()


@pytest.fixture(scope="module")
def servers(url: str) -> Iterator[Team]:
    with Team(url, "--workers", "2", *_OPTIONS, size=2) as team:
        yield team


@pytest.fixture
def clients(servers: Team) -> Iterator[list[ControlClient]]:
    """Of the two servers in turn. What a test has set is put right again."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(ControlClient(server.origin)) for _ in range(_CONNECTIONS) for server in servers.servers
        ]
        yield opened
        opened[0].reset()


def _creates(number: int) -> list[dict[str, Any]]:
    return [{"path": f"{MEGA}/leads", "json": {"contact_name": f"Number {each}"}} for each in range(number)]


def test_the_next_five_requests_are_five_over_all(servers: Team, clients: list[ControlClient]) -> None:
    """Of 40 at once exactly five fail; the 35 leads of the others are there, and the fault is gone for all."""
    for round_number in range(3):
        fault = clients[round_number].add_fault("status", status=503, api="mega", times=5)
        assert [client.faults() for client in clients] == [[fault]] * len(clients)
        answers = servers.at_once(_creates(40), mega(1), first=round_number)
        assert Counter(answer.status_code for answer in answers) == {503: 5, 201: 35}
        assert [client.faults() for client in clients] == [[]] * len(clients)
    assert {answer.status_code for answer in servers.at_once(_creates(8), mega(1))} == {201}


def test_a_fault_strikes_from_the_next_request_on_until_it_is_removed(
    servers: Team, clients: list[ControlClient]
) -> None:
    """Whichever process is told, and whichever serves; how often it has struck is counted over all."""
    for at, client in enumerate(clients):
        other = clients[at - 1]
        fault = client.add_fault("status", status=502, api="mega")
        assert {answer.status_code for answer in servers.at_once(_creates(6), mega(1), first=at)} == {502}
        assert [each.applied for each in other.faults()] == [6]
        other.remove_fault(fault.id)
        assert {answer.status_code for answer in servers.at_once(_creates(6), mega(1), first=at)} == {201}


def test_a_fault_for_a_tenant_that_was_made_a_moment_ago_strikes_it_and_no_other(clients: list[ControlClient]) -> None:
    """Its very first request, wherever that arrives."""
    for at, client in enumerate(clients):
        access = client.create_tenant("mega")
        clients[at - 1].add_fault("rate-limit", tenant=access.tenant.id, retry_after=7, times=1)
        given = dict(access.headers)
        leads = f"{clients[at - 2].url}{MEGA}/leads"
        with httpx.Client() as http:
            assert http.get(leads, headers=mega(1)).status_code == 200
            struck = http.get(leads, headers=given)
            assert (struck.status_code, struck.headers["retry-after"]) == (429, "7")
            assert http.get(leads, headers=given).status_code == 200


def test_of_several_faults_the_oldest_strikes_and_the_next_takes_over(
    servers: Team, clients: list[ControlClient]
) -> None:
    """Three of one, then four of another: of 20 at once seven are struck, as many by each."""
    clients[0].add_fault("status", status=502, times=3)
    clients[1].add_fault("status", status=504, times=4)
    answers = servers.at_once(_creates(20), mega(1))
    assert Counter(answer.status_code for answer in answers) == {502: 3, 504: 4, 201: 13}


def test_faults_are_switched_off_for_all(servers: Team, clients: list[ControlClient]) -> None:
    """Those of an API, and all by a reset."""
    clients[0].add_fault("drop", api="mega")
    clients[1].add_fault("drop", operation="createLead")
    assert clients[2].clear_faults(api="mega") == 1
    assert [len(client.faults()) for client in clients] == [1] * len(clients)
    clients[3].reset()
    assert {answer.status_code for answer in servers.at_once(_creates(8), mega(1))} == {201}


def test_what_is_made_is_dated_by_the_clock_that_all_share(servers: Team, clients: list[ControlClient]) -> None:
    """From the first request after it was moved, by whichever process."""
    for at, client in enumerate(clients):
        now = client.freeze(f"2027-01-0{at + 1}T10:00:00Z").now
        dates = [each.json()["lead"]["created_at"] for each in servers.at_once(_creates(6), mega(1), first=at + 1)]
        assert dates == [now] * 6
        later = clients[at - 1].advance(hours=1).now
        assert later == f"2027-01-0{at + 1}T11:00:00.000Z"
        dates = [each.json()["lead"]["created_at"] for each in servers.at_once(_creates(6), mega(1), first=at)]
        assert dates == [later] * 6
        assert {each.clock().now for each in clients} == {later}


def test_no_move_of_the_clock_is_lost(clients: list[ControlClient]) -> None:
    """Of 24 at once, by all processes, each moves it on; it runs on from there, and returns, for all."""
    clients[0].freeze("2027-01-01T00:00:00Z")
    with ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(lambda number: clients[number % len(clients)].advance(60), range(24)))
    assert {client.clock().now for client in clients} == {"2027-01-01T00:24:00.000Z"}
    clients[1].resume()
    times = [client.clock() for client in clients]
    assert not any(each.frozen for each in times)
    assert [each.epoch_seconds for each in times] == sorted(each.epoch_seconds for each in times)
    clients[2].reset_clock()
    assert {client.clock().offset_seconds for client in clients} == {0.0}


def test_an_idempotency_key_expires_by_the_clock_that_all_share(servers: Team, clients: list[ControlClient]) -> None:
    request = {**_creates(1)[0], "headers": {"Idempotency-Key": "for-a-day"}}
    (first,) = servers.at_once([request], mega(1))
    (again,) = servers.at_once([request], mega(1), first=1)
    assert (first.status_code, again.content) == (201, first.content)
    clients[0].advance(days=2)
    (new,) = servers.at_once([request], mega(1), first=1)
    assert new.status_code == 201
    assert new.json()["lead"]["id"] != first.json()["lead"]["id"]


def test_a_webhook_is_due_by_the_clock_that_all_share(servers: Team, clients: list[ControlClient]) -> None:
    """An attempt that fails is made again when the time has been moved, whichever process made the first one."""
    with Receiver(500, 500) as receiver:
        access = clients[0].create_tenant("mega")
        hook = {"url": receiver.url, "event_types": ["lead.created"]}
        (registered,) = servers.at_once([{"path": f"{MEGA}/lead-webhooks", "json": hook}], access.headers)
        assert registered.status_code == 201
        servers.at_once(_creates(1), access.headers, first=1)
        for number in (1, 2):
            assert receiver.wait_for(number)
            _wait_for_attempts(clients[number], access.tenant.id, number)
            assert len(receiver.arrivals) == number  # The next one is due in minutes.
            clients[number + 1].advance(minutes=10)
        assert receiver.wait_for(3)
        _wait_for_attempts(clients[4], access.tenant.id, 3)
        ((delivery,),) = [clients[5].deliveries("mega", access.tenant.id)]
        assert delivery.state == "delivered"
        assert len({arrival.body for arrival in receiver.arrivals}) == 1


def _wait_for_attempts(client: ControlClient, tenant: str, number: int) -> None:
    """Until so many are told: the receiver hears of one before the sender has written it down."""
    while [len(each.attempts) for each in client.deliveries("mega", tenant)] != [number]:
        pass


def test_a_server_that_starts_later_finds_clock_and_faults_as_they_are(url: str, clients: list[ControlClient]) -> None:
    now = clients[0].freeze("2027-03-01T00:00:00Z").now
    fault = clients[1].add_fault("status", status=502, operation="createLead")
    with Serving("--database", url, "--log", "off", *_OPTIONS) as late, ControlClient(late.origin) as client:
        assert client.clock().now == now
        assert client.faults() == [fault]
        answer = httpx.post(f"{late.origin}{MEGA}/leads", json={"contact_name": "Asha"}, headers=mega(1))
        assert answer.status_code == 502


def test_a_key_that_one_has_revoked_no_other_serves(servers: Team, clients: list[ControlClient]) -> None:
    """From its next request on."""
    for at, client in enumerate(clients):
        access = client.create_tenant("mega")
        assert {each.status_code for each in servers.at_once(_creates(4), access.headers)} == {201}
        clients[at - 1].revoke_credential("mega", access.tenant.id, access.credential.id)
        assert {each.status_code for each in servers.at_once(_creates(4), access.headers, first=at)} == {401}


def test_what_is_set_holds_for_requests_that_are_under_way(servers: Team, clients: list[ControlClient]) -> None:
    """While 60 are sent, faults for 12 are switched on one by one: 12 are struck, and no more."""

    async def play() -> list[int]:
        async with httpx.AsyncClient(headers=dict(mega(1)), timeout=60) as http:

            async def create(number: int) -> int:
                origin = servers.servers[number % 2].origin
                return (await http.post(f"{origin}{MEGA}/leads", json={"contact_name": "Asha"})).status_code

            async def disturb(number: int) -> None:
                fault = {"kind": "status", "status": 502, "times": 1, "api": "mega"}
                origin = servers.servers[number % 2].origin
                assert (await http.post(f"{origin}/_mock/faults", json=fault)).status_code == 201

            first = asyncio.gather(*map(create, range(30)))
            await asyncio.gather(*map(disturb, range(12)))
            return [*await first, *await asyncio.gather(*map(create, range(30)))]

    assert Counter(asyncio.run(play())) == {502: 12, 201: 48}
    assert clients[0].faults() == []


def test_a_restore_counts_for_all_from_the_next_request_on(servers: Team, clients: list[ControlClient]) -> None:
    """A key that it brings back is served everywhere, one that it takes away is not, and records are as they were."""
    kept = clients[0].create_tenant("mega")
    clients[1].take_snapshot("before")
    for at, client in enumerate(clients):
        later = clients[at - 1].create_tenant("mega")
        client.delete_tenant("mega", kept.tenant.id)
        assert {each.status_code for each in servers.at_once(_creates(4), later.headers)} == {201}
        assert {each.status_code for each in servers.at_once(_creates(4), kept.headers)} == {401}
        clients[at - 2].restore_snapshot("before")
        assert {each.status_code for each in servers.at_once(_creates(4), later.headers)} == {401}
        assert client.records("mega", kept.tenant.id) == []
        assert {each.status_code for each in servers.at_once(_creates(4), kept.headers)} == {201}
    clients[2].delete_snapshot("before")
