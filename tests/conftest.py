"""The mock in process, on every kind of state, with a clock that only tests move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from mockserver.app import Mock
from mockserver.engine.clock import ManualClock
from mockserver.settings import Settings
from tests.caller import Caller
from tests.postgres import database_of


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """Shared by the tests of a module: it only ever moves forward."""
    return ManualClock()


# What touches state in ways of its own; how requests are read has nothing to do with where state is kept.
ON_POSTGRES_TOO = {
    "test_many_at_once",
    "test_mega_access_and_limits",
    "test_mega_bulk",
    "test_mega_concurrency",
    "test_mega_dry_run",
    "test_mega_failures",
    "test_mega_idempotency",
    "test_mega_idempotency_keys",
    "test_mega_lists",
    "test_mega_matching",
    "test_mega_webhooks",
    "test_salesiq_capture",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "mock" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        states = ["memory", "sqlite", *(["postgres"] if module in ON_POSTGRES_TOO else [])]
        metafunc.parametrize("mock", states, indirect=True, scope="module")


@pytest.fixture(scope="module")
def mock(
    request: pytest.FixtureRequest, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mock]:
    """A mock of all APIs, for a module: every test has tenants of its own, on each kind of state."""
    shared = Mock(Settings(database=database_of(request.param, tmp_path_factory.mktemp("state"))), clock=clock)
    yield shared
    asyncio.run(shared.store.close())


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
