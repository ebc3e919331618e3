"""Shared by every test: the options of the contract tests, and the event loop that asynchronous tests run in."""

from __future__ import annotations

import pytest

pytest_plugins = ["contract_tests.plugin", "pytester"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
