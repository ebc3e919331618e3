"""No bytes on a connection get a 5xx, a hang or a trace in the log, or leave something open; see `wire`."""

from __future__ import annotations

import httpx
import pytest

from tests.serving import Serving
from tests.soundness.wire import BODY, Wire

pytestmark = pytest.mark.anyio


async def test_hostile_bytes_are_answered_and_leave_nothing_behind() -> None:
    with Serving("--unlimited", "--log", "off") as server:
        wire = Wire(int(server.origin.rpartition(":")[2]), server.process.pid, seed=1, left_open=0)
        before = wire.files()
        await wire.run(1_000)
        assert wire.figures["400"] > 300
        assert wire.figures["200"] + wire.figures["201"] > 50
        # Those of the last moment may still be on their way out.
        assert wire.files() <= before + 16
        headers = {"x-api-key": "sqk_live_your_api_key", "Content-Type": "application/json"}
        async with httpx.AsyncClient(base_url=server.origin, timeout=60) as client:
            answer = await client.post("/api/leads/capture", content=BODY, headers=headers)
        assert answer.json()["success"] is True
        server.interrupt()
        assert "Traceback" not in server.text, server.text
        assert "Error" not in server.text, server.text
