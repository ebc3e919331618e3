"""A mock behind a real socket, and a client of its control plane."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.client import Access, ControlClient
from tests.edge_cases.live import Live


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """One for a module: whoever changes more than a tenant of its own puts it right again."""
    with Live() as live:
        yield live


@pytest.fixture
def control(server: Live) -> Iterator[ControlClient]:
    with ControlClient(server.origin) as client:
        yield client


@pytest.fixture
def fresh(control: ControlClient) -> Access:
    """A fresh tenant of MEGA."""
    return control.create_tenant("mega")
