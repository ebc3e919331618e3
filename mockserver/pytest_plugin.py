"""The pytest plugin: the fixtures `leadmock` and `leadmock_server`, and what the mock got in a test that failed.

It is loaded in every run of pytest where leadmock is installed, so it imports the mock only for tests that use it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mockserver.testing import Leadmock, LeadmockServer
    from mockserver.testing.place import LiveServer


_MOCKS: pytest.StashKey[list[Leadmock | LeadmockServer]] = pytest.StashKey()


@pytest.fixture
def leadmock(request: pytest.FixtureRequest) -> Iterator[Leadmock]:
    """The four CRM APIs in this process: httpx's calls to their real hosts are answered here, from a fresh state."""
    with _testing().in_process() as mock, _shown(request, mock):
        yield mock


@pytest.fixture
def leadmock_server(request: pytest.FixtureRequest, leadmock_live_server: LiveServer) -> Iterator[LeadmockServer]:
    """The four CRM APIs on a live server, with tenants of this test's own; for clients other than httpx."""
    with _testing().on_server(leadmock_live_server) as server, _shown(request, server):
        yield server


@pytest.fixture(scope="session")
def leadmock_live_server() -> Iterator[LiveServer]:
    """The server behind `leadmock_server`, one a session; with xdist, one a worker."""
    with _testing().live_server() as server:
        yield server


@contextmanager
def _shown(request: pytest.FixtureRequest, mock: Leadmock | LeadmockServer) -> Iterator[None]:
    """While the test has it, its report finds it too, whichever fixture has asked for it."""
    mocks = request.node.stash.setdefault(_MOCKS, [])
    mocks.append(mock)
    try:
        yield
    finally:
        mocks.remove(mock)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the mock got, beside what the test has logged; afterwards nobody could tell."""
    report = yield
    if report.failed:
        report.sections += [("leadmock requests", mock.transcript()) for mock in item.stash.get(_MOCKS, ())]
    return report


def _testing() -> ModuleType:
    """The mock, imported at first need."""
    try:
        from mockserver.testing import leadmock as testing  # noqa: PLC0415  # costs a second
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "respx":
            raise
        pytest.fail("respx is missing; install it with: pip install 'leadmock[pytest]'", pytrace=False)
    return testing
