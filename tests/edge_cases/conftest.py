"""Each API in turn, and a mock behind a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from mockserver.app import Mock
from tests.caller import Caller
from tests.edge_cases.every_api import APIS, LeadApi
from tests.edge_cases.live import Live


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
