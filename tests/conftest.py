"""The mock in process, on every kind of state, with a clock that only tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.caller import Caller

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from mockserver.settings import Settings


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite"])
def mock(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Iterator[Mock]:
    """A mock of all APIs with empty state; every test that uses it runs on each kind of state."""
    database = str(tmp_path / "state.sqlite3") if request.param == "sqlite" else None
    return Mock(Settings(database=database), clock=clock)


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
