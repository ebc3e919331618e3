"""Clock and faults that several share: whoever looks sees what was set before, however many look at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from mockserver.engine.clock import AdjustableClock
from mockserver.engine.controls import SharedControls
from mockserver.engine.faults import Fault
from mockserver.store import Store, open_store
from mockserver.store.commons import Watched
from tests.postgres import cluster


async def _nothing() -> None: ...


def _controls(store: Store, learn: Callable[[], Awaitable[object]] = _nothing) -> SharedControls:
    assert store.commons is not None
    return SharedControls(AdjustableClock(), store.commons.board, lambda: Watched("t", "n", 0), learn)


def test_who_looks_sees_what_was_set_before_also_while_an_earlier_look_is_under_way() -> None:
    async def play() -> None:
        store = open_store(cluster().fresh())
        assert store.commons is not None
        has_looked, may_go_on = asyncio.Event(), asyncio.Event()

        async def learn() -> None:
            has_looked.set()
            await may_go_on.wait()

        async with store.transaction("t") as tx:
            await tx.counter("n", 1)  # so that there is something to learn
        controls = _controls(store, learn)
        early = asyncio.create_task(controls.follow())
        await has_looked.wait()
        await store.commons.board.move(lambda offset, _: (offset, 7.0))
        late = asyncio.create_task(controls.follow())
        await asyncio.sleep(0)
        may_go_on.set()
        await late
        assert early.done()
        assert controls.clock.now() == 7.0
        await store.close()

    asyncio.run(play())


def test_who_gives_up_a_look_leaves_it_to_the_others() -> None:
    """Cancelled, one after the other, while several wait for the same look: the rest see what is set."""

    async def play() -> None:
        store = open_store(cluster().fresh())
        controls = _controls(store)
        added = await controls.add(Fault("drop", times=2))
        looks = [asyncio.create_task(controls.follow()) for _ in range(6)]
        await asyncio.sleep(0)
        for look in looks[:5]:
            look.cancel()
        await looks[5]
        assert list(controls.faults) == [added]
        assert await controls.strike("mega", "", "", "") is not None
        await store.close()

    asyncio.run(play())
