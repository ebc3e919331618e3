"""One mock a module and kind of state, for making one takes half a second; every test has a tenant of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from mockserver.settings import Settings
from tests.caller import Caller
from tests.edge_cases.every_api import APIS, LeadApi
from tests.edge_cases.live import Live


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """Shared by the tests of a module: it only ever moves forward."""
    return ManualClock()


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def mock(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mock]:
    database = str(tmp_path_factory.mktemp("state") / "state.sqlite3") if request.param == "sqlite" else None
    shared = Mock(Settings(database=database), clock=clock)
    yield shared
    asyncio.run(shared.store.close())


@pytest.fixture(params=APIS)
async def lead_api(request: pytest.FixtureRequest, mock: Mock) -> AsyncIterator[LeadApi]:
    """Each of the APIs in turn, with a fresh tenant."""
    async with Caller.of_new_tenant(mock, request.param) as caller:
        yield LeadApi(caller)


@pytest.fixture(scope="session", params=["memory", "sqlite"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A mock behind a real socket; whoever uses it makes a tenant of its own."""
    with Live.on(request.param, tmp_path_factory.mktemp("live")) as server:
        yield server
