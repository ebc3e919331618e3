"""The control plane of several workers: what they share is one, and what each has of its own is not told as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from mockserver.client import ControlClient, ControlError
from mockserver.control.operations import ControlSpec
from tests.postgres import cluster
from tests.serving import Serving

_CONNECTIONS = 8


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with Serving("--workers", "2", "--database", cluster().fresh(), "--api", "mega", "--log", "off") as serving:
        yield serving


@pytest.fixture
def clients(server: Serving) -> Iterator[list[ControlClient]]:
    """Connections that stay open, spread over the workers."""
    with ExitStack() as stack:
        yield [stack.enter_context(ControlClient(server.origin)) for _ in range(_CONNECTIONS)]


def _one_process_only() -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in ControlSpec().operations if each.one_process]


@pytest.mark.parametrize(("method", "path"), _one_process_only())
def test_what_each_process_has_of_its_own_is_refused(server: Serving, method: str, path: str) -> None:
    """Rather than acting on the one of them that the call happens to meet."""
    filled = path.format(name="x", request="1", fault="x")
    for _ in range(3):
        answer = httpx.request(method, f"{server.origin}/_mock{filled}")
        assert answer.status_code == 501
        assert answer.json()["detail"] == (
            f"{method} /_mock{path} needs one process, and 2 workers serve here; start the server with --workers 1"
        )


def test_figures_are_of_one_process() -> None:
    nouns = {path.split("/")[1] for _, path in _one_process_only()}
    assert nouns == {"metrics"}


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
