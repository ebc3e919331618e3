"""No request, however it is made, gets a 5xx, hangs, leaves in another envelope or harms the state; see `hostile`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soundness.hostile import Hostile
from tests.soundness.hostile_requests import Request

pytestmark = pytest.mark.anyio

CORPUS = Path(__file__).with_name("corpus") / "requests.jsonl"


@pytest.fixture(params=["memory", "sqlite"])
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Hostile:
    return Hostile(str(tmp_path / "state.sqlite3") if request.param == "sqlite" else None, seed=1)


async def test_every_request_of_the_corpus_is_answered_as_promised(hostile: Hostile) -> None:
    lines = CORPUS.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 200
    for line in lines:
        await hostile.send(Request.read(line))
    await hostile.check_state()
    assert hostile.figures["201"] > 0
    await hostile.mock.store.close()


async def test_thousands_of_broken_requests_are_answered_as_promised(hostile: Hostile) -> None:
    await hostile.run(2_500)
    assert sum(hostile.figures[status] for status in ("200", "201", "202")) > 100
    assert sum(hostile.figures[status] for status in ("400", "404", "405", "415", "422")) > 1_000
    await hostile.mock.store.close()
