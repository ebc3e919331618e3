"""The journal of two servers with two workers each: whoever is asked tells what all have answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from mockserver.client import ControlClient
from tests.postgres import cluster
from tests.serving import Serving
from tests.shared.team import MEGA, Team, mega

_LIMIT = 40


@pytest.fixture(scope="module")
def servers() -> Iterator[Team]:
    options = ("--workers", "2", "--unlimited", "--api", "mega", "--journal", str(_LIMIT))
    with Team(cluster().fresh(), *options, size=2) as team:
        yield team


@pytest.fixture
def clients(servers: Team) -> Iterator[list[ControlClient]]:
    """Of the two servers in turn; the journal is empty."""
    with ExitStack() as stack:
        opened = [stack.enter_context(ControlClient(server.origin)) for _ in range(3) for server in servers.servers]
        opened[0].reset()
        yield opened


def _creates(number: int, **members: Any) -> list[dict[str, Any]]:
    return [{"path": f"{MEGA}/leads", "json": {"contact_name": f"Number {each}", **members}} for each in range(number)]


def test_a_request_is_there_for_all_once_it_is_answered(servers: Team, clients: list[ControlClient]) -> None:
    """With its body and its answer, at the very next call; each has an id, one after the other."""
    ids = []
    for at, client in enumerate(clients * 2):
        (answer,) = servers.at_once(_creates(1), mega(1), first=at)
        (told,) = client.requests(limit=1)
        whole = clients[at % len(clients) - 1].request(told.id)
        assert whole["response"]["json"] == answer.json()
        assert whole["request"]["json"] == {"contact_name": "Number 0"}
        ids.append(int(told.id))
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def test_all_that_were_answered_at_once_are_there(servers: Team, clients: list[ControlClient]) -> None:
    """Of 30, each once; asked for by what was in them, and counted."""
    servers.at_once(_creates(30), mega(1))
    for client in clients:
        assert client.count_requests() == 30
        assert client.count_requests(body="Number 1") == 11
        assert client.count_requests(body="Number 1", status="4xx") == 0
        assert client.count_requests(tenant="nobody") == 0
        found = client.requests(limit=7, operation="createLead", status="201", method="post", path="/leads")
        assert len({each.id for each in found}) == 7
    newest = max(int(each.id) for each in clients[0].requests())
    assert [int(each.id) for each in clients[1].requests(since=newest - 3)] == [newest, newest - 1, newest - 2]


def test_no_more_are_kept_than_asked_for(servers: Team, clients: list[ControlClient]) -> None:
    """The newest, of all together; emptied by one, it is empty for all."""
    servers.at_once(_creates(30), mega(1))
    servers.at_once(_creates(_LIMIT), mega(0))
    assert {client.count_requests() for client in clients} == {_LIMIT}
    assert {each.tenant_name for each in clients[1].requests()} == {"demo customer"}
    assert clients[2].clear_requests() == _LIMIT
    assert {client.count_requests() for client in clients} == {0}


def test_a_refusal_is_explained_by_whomever_is_asked(servers: Team, clients: list[ControlClient]) -> None:
    """With the earlier request that it depends on, which another process has answered."""
    key = {"Idempotency-Key": "explained"}
    servers.at_once([{**_creates(1)[0], "headers": key}], mega(1))
    (refused,) = servers.at_once([{**_creates(2)[1], "headers": key}], mega(1), first=1)
    assert refused.status_code == 409
    servers.at_once([{"path": f"{MEGA}/leads", "json": {"contact_email": 1}}], mega(1))
    for client in clients:
        invalid, mismatch, first = client.requests()
        told = client.explain(mismatch.id)
        assert told.related == first.id
        assert "/contact_name" in told.why
        assert "contact_email" in client.explain(invalid.id).why


def test_a_fault_that_struck_is_told(servers: Team, clients: list[ControlClient]) -> None:
    fault = clients[0].add_fault("status", status=502, times=1, body={"a": 2**70})
    servers.at_once(_creates(1), mega(1), first=1)
    for client in clients:
        (told,) = client.requests()
        assert (told.status, told.fault) == (502, "status")
        assert fault.id in client.explain(told.id).why


def test_no_secret_is_told(servers: Team, clients: list[ControlClient]) -> None:
    """Neither of those who are known nor of others, in a header, in the query or in a body."""
    known = dict(clients[0].create_tenant("mega").headers)
    secret = next(value for name, value in known.items() if name.lower() == "authorization").removeprefix("Bearer ")
    other = "mega_" + "5" * 64
    servers.at_once(_creates(1, notes=secret), known)
    servers.at_once(_creates(1), {**mega(1), "authorization": f"Bearer {other}"}, first=1)
    listing = {"method": "GET", "path": f"{MEGA}/leads", "params": {"api_key": other}}
    servers.at_once([listing], known)
    told = json.dumps([clients[at].request(each.id) for at, each in enumerate(clients[0].requests())])
    assert len(clients[0].requests()) == 3
    assert secret not in told
    assert other not in told


def test_who_watches_one_sees_what_another_answers(servers: Team, clients: list[ControlClient]) -> None:
    """Each that fits, from then on, once, in order."""
    servers.at_once(_creates(3), mega(1))
    earlier = {each.id for each in clients[0].requests()}

    async def watch() -> list[str]:
        async with httpx.AsyncClient(timeout=60) as http:
            url = f"{servers.servers[0].origin}/_mock/requests/stream?status=201"
            async with http.stream("GET", url) as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == ": leadmock"
                sending = asyncio.create_task(asyncio.to_thread(servers.at_once, _creates(20), mega(1)))
                refused = asyncio.create_task(asyncio.to_thread(servers.at_once, _creates(5), mega(0)))
                seen = [line async for line in _first(lines, 25)]
                await asyncio.gather(sending, refused)
                return seen

    ids = asyncio.run(watch())
    assert ids == sorted(ids, key=int)
    assert len(set(ids)) == 25
    assert set(ids) == {each.id for each in clients[1].requests()} - earlier


async def _first(lines: Any, number: int) -> Any:
    async for line in lines:
        if line.startswith("id: "):
            yield line.removeprefix("id: ")
            number -= 1
            if not number:
                return


def test_without_being_asked_for_several_workers_keep_none() -> None:
    """And say so. Who watches all the same is let go when the server ends."""
    options = ("--workers", "2", "--api", "mega", "--log", "off")
    with Serving("--database", cluster().fresh(), *options) as server:
        httpx.post(f"{server.origin}{MEGA}/leads", json={"contact_name": "Asha"}, headers=mega(1))
        with ControlClient(server.origin) as client:
            assert client.requests() == []
            assert client.health()["journal"] == 0
        with httpx.stream("GET", f"{server.origin}/_mock/requests/stream", timeout=60) as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": leadmock"
            assert server.interrupt() == 0
            assert list(lines) == [""]
