"""Shared by every test: the options of the contract tests, how tests are spread over processes, and the event loop that
asynchronous tests run in.
"""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.schedule import Schedule

#: Each of these starts something for all of its tests that takes seconds.
WHOLE = ("tests/shared/test_shared_races.py", "tests/plugin/test_leadmock_server.py")

pytest_plugins = ["contract_tests.plugin", "pytester"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Schedule:
    return Schedule(config, log, WHOLE)
