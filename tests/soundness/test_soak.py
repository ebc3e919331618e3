"""Load held: nothing grows while nothing is added, and those who do nothing take nothing from others; see `soak`."""

from __future__ import annotations

import pytest

from tests.serving import Serving
from tests.soundness.soak import Soak

pytestmark = pytest.mark.anyio


def soak_of(server: Serving) -> Soak:
    return Soak(int(server.origin.rpartition(":")[2]), server.process.pid)


async def test_memory_and_files_stay_where_they_are_while_nothing_is_added() -> None:
    with Serving("--unlimited", "--log", "off") as server:
        soak = soak_of(server)
        files = soak.files()
        await soak.run(8_000)
        before = soak.resident_kilobytes()
        await soak.run(12_000)
        # A leak of 100 bytes a request would be 1,200.
        assert soak.resident_kilobytes() - before < 1_000
        assert soak.files() <= files + 16


async def test_a_thousand_connections_are_served_at_once_and_idle_ones_starve_nobody() -> None:
    with Serving("--unlimited", "--log", "off") as server:
        soak = soak_of(server)
        files = soak.files()
        idle = await soak.idle(1_000)
        assert soak.files() > files + 900
        await soak.run(500)
        for reader, writer in idle:
            writer.close()
            await reader.read()
            await writer.wait_closed()
        await soak.run(16)
        assert soak.files() <= files + 16
