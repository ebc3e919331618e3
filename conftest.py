"""Shared by every test: the event loop that asynchronous tests run in."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
