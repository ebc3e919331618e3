"""Nothing that was acknowledged is lost or doubled when the server is killed; see `crash`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soundness.crash import Crashes

pytestmark = pytest.mark.anyio


async def test_what_was_acknowledged_survives_five_kills_of_a_server_under_load(tmp_path: Path) -> None:
    figures = await Crashes(str(tmp_path / "state.sqlite3")).run(5)
    assert figures["kills"] == 5
    assert figures["replays"] > 0
    assert figures["webhooks"] > 0
