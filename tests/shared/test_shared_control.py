"""The control plane of several workers is one, whichever of them is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from mockserver.client import ControlClient, ControlError
from tests.postgres import cluster
from tests.serving import Serving

_CONNECTIONS = 8
_MOST_LOOKS = 600  # A tenth of a second apart.


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with Serving("--workers", "2", "--database", cluster().fresh(), "--api", "mega", "--log", "off") as serving:
        yield serving


@pytest.fixture
def clients(server: Serving) -> Iterator[list[ControlClient]]:
    """Connections that stay open, spread over the workers."""
    with ExitStack() as stack:
        yield [stack.enter_context(ControlClient(server.origin)) for _ in range(_CONNECTIONS)]


def test_a_tenant_made_by_one_worker_is_there_for_all_at_once(clients: list[ControlClient]) -> None:
    """Its key works, it can be looked up and seeded, and it can be emptied, whichever worker is asked."""
    for at in range(2 * _CONNECTIONS):
        first, second, third = (clients[(at + step) % _CONNECTIONS] for step in range(3))
        access = first.create_tenant("mega", unlimited=True)
        tenant = access.tenant.id
        assert second.tenant("mega", tenant) == third.tenant("mega", tenant) == access.tenant
        assert second.seed("mega", tenant, [{"contact_name": "Ada"}]).accepted == 1
        answer = httpx.post(f"{access.base_url}/leads", json={"contact_name": "Bea"}, headers=dict(access.headers))
        assert answer.status_code == 201
        assert len(third.records("mega", tenant)) == 2
        second.reset_tenant("mega", tenant)
        assert first.records("mega", tenant) == []
        third.delete_tenant("mega", tenant)
        with pytest.raises(ControlError, match="has no customer"):
            first.tenant("mega", tenant)


def test_a_reset_empties_the_state_of_all_and_keeps_their_tenants(clients: list[ControlClient]) -> None:
    access = clients[0].create_tenant("mega")
    clients[1].seed("mega", access.tenant.id, [{"contact_name": "Ada"}])
    clients[2].reset()
    for client in clients:
        assert client.records("mega", access.tenant.id) == []
        assert client.tenant("mega", access.tenant.id) == access.tenant


def test_a_snapshot_that_one_took_another_restores(clients: list[ControlClient]) -> None:
    """Records are as they were, tenants made since are gone, and all see the same snapshots."""
    access = clients[0].create_tenant("mega")
    clients[1].seed("mega", access.tenant.id, [{"contact_name": "Ada"}])
    clients[2].take_snapshot("before")
    later = clients[3].create_tenant("mega")
    clients[4].seed("mega", access.tenant.id, [{"contact_name": "Bea"}])
    assert [client.snapshots() for client in clients] == [["before"]] * _CONNECTIONS
    clients[5].restore_snapshot("before")
    for client in clients:
        (lead,) = client.records("mega", access.tenant.id)
        assert lead.data["contact_name"] == "Ada"
        with pytest.raises(ControlError, match="has no customer"):
            client.tenant("mega", later.tenant.id)
    clients[6].delete_snapshot("before")
    for client in clients:
        with pytest.raises(ControlError, match="there is no snapshot 'before'"):
            client.restore_snapshot("before")


def test_figures_are_those_of_all_workers(clients: list[ControlClient]) -> None:
    """Whoever is asked."""
    access = clients[0].create_tenant("mega", unlimited=True)
    wanted = 'leadmock_requests_total{api="mega",operation="listLeads",status="200"}'
    before = _figure(clients[0], wanted)
    for client in clients:
        for _ in range(5):
            with httpx.Client(base_url=client.url + "/api/agents/crm", headers=dict(access.headers)) as http:
                assert http.get("/leads").status_code == 200
    for client in clients:
        # Each process adds its own once a second.
        for _ in range(_MOST_LOOKS):
            if _figure(client, wanted) >= before + 5 * _CONNECTIONS:
                break
            time.sleep(0.1)
        assert _figure(client, wanted) == before + 5 * _CONNECTIONS
        listed = 'api="mega",operation="listLeads"'
        assert _figure(client, f"leadmock_request_duration_seconds_count{{{listed}}}") == before + 5 * _CONNECTIONS


def _figure(client: ControlClient, name: str) -> int:
    lines = [line for line in client.metrics().splitlines() if line.startswith(f"{name} ")]
    return int(lines[0].rpartition(" ")[2]) if lines else 0
