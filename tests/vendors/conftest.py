"""One server of CRMLead Pro a module and kind of state; every test has a workspace of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from mockserver.engine.clock import ManualClock
from tests.vendors.crmleadpro_workspace import KINDS_OF_STATE, Workspace


@pytest.fixture(scope="module", params=KINDS_OF_STATE)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    opened = Workspace.opened(request.param, tmp_path_factory.mktemp("state"))
    yield opened
    asyncio.run(opened.mock.store.close())


@pytest.fixture
def workspace(server: Workspace) -> Workspace:
    """A fresh workspace: nothing is seen of what other tests leave."""
    return server.other()


@pytest.fixture
def clock(server: Workspace) -> ManualClock:
    return server.clock
