"""The mock in process, on every kind of state, with a clock that only tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from mockserver.settings import Settings
from tests.caller import Caller


@pytest.fixture(scope="session", params=["memory", "sqlite"])
def mock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mock:
    """A mock of all APIs; every test that uses it runs on each kind of state, in a fresh tenant of its own."""
    sqlite = request.param == "sqlite"
    database = str(tmp_path_factory.mktemp("state") / "state.sqlite3") if sqlite else None
    return Mock(Settings(database=database), clock=ManualClock())


@pytest.fixture
def clock(mock: Mock) -> ManualClock:
    """The clock of the mock: it stands still until a test moves it forward."""
    assert isinstance(mock.clock, ManualClock)
    return mock.clock


@pytest.fixture
async def salesiq(mock: Mock) -> AsyncIterator[Caller]:
    async with Caller.of_new_tenant(mock, "salesiq") as caller:
        yield caller


@pytest.fixture
async def mega(mock: Mock) -> AsyncIterator[Caller]:
    async with Caller.of_new_tenant(mock, "mega") as caller:
        yield caller


@pytest.fixture
async def convertiq(mock: Mock) -> AsyncIterator[Caller]:
    async with Caller.of_new_tenant(mock, "convertiq") as caller:
        yield caller


@pytest.fixture
async def crmleadpro(mock: Mock) -> AsyncIterator[Caller]:
    async with Caller.of_new_tenant(mock, "crmleadpro") as caller:
        yield caller
