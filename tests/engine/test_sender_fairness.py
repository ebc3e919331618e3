"""Every subscription gets its turn: a receiver that hangs holds up its own deliveries only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from mockserver.engine import sender as sender_module
from mockserver.engine.clock import ManualClock
from mockserver.engine.courier import Courier
from mockserver.engine.sender import SenderOptions
from tests.engine.receiver import Receiver, Step
from tests.engine.sender_world import World, local_options, play

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

HANGS: tuple[Step] = ("hang",)


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs when the sender stops need not be waited for."""
    monkeypatch.setattr(sender_module, "_GRACE_SECONDS", 0.01)


async def somewhere(_host: str, _port: int) -> Sequence[str]:
    return ["8.8.8.8"]


def reached_by(receive: Callable[[httpx.Request], Awaitable[None]], clock: ManualClock | None = None) -> World:
    """A world whose webhooks all go to `receive`, which says yes."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await receive(request)
        return httpx.Response(200, stream=httpx.ByteStream(b""))

    courier = Courier(allow_loopback=False, resolver=somewhere)
    courier._transports["https"] = httpx.MockTransport(answer)
    return World(SenderOptions(courier=courier), clock or ManualClock(1000.0))


async def cause_a_backlog(world: World, slow: Receiver, quick: Receiver) -> None:
    """Twelve deliveries to the one, and then one to each."""
    await world.register(slow.url, record_id="slow")
    for _ in range(12):
        await world.cause()
    await world.register(quick.url, record_id="quick")
    await world.cause()


@pytest.mark.parametrize("at_once", ["background", "run_due"])
def test_what_is_due_elsewhere_goes_past_a_receiver_that_hangs(at_once: str) -> None:
    """With room for six in all, a dozen waiting for the one that hangs leave room for the other."""

    async def scenario() -> None:
        world = World(local_options(at_most=6))
        with Receiver(*HANGS * 13) as slow, Receiver() as quick:
            await cause_a_backlog(world, slow, quick)
            run = asyncio.create_task(world.sender.run_due(1000.0)) if at_once == "run_due" else None
            if run is None:
                world.sender.start()
            await world.heard.wait()
            await world.cause()  # and again, while it hangs
            world.heard.clear()
            if run is None:
                await world.heard.wait()
            await world.sender.stop()
            if run is not None:
                await asyncio.gather(run, return_exceptions=True)
        assert {each.status for each in world.reports} == {200}
        assert len(quick.arrivals) == (1 if run else 2)
        assert len(slow.arrivals) <= 4

    play(scenario)


def test_a_receiver_that_hung_gets_the_rest_when_its_attempts_have_ended() -> None:
    async def scenario() -> None:
        world = World(local_options(at_most=6))
        with Receiver(*HANGS * 4) as slow, Receiver() as quick:
            await cause_a_backlog(world, slow, quick)
            await world.register(slow.url, record_id="slow", timeout_seconds=0.2)
            world.sender.start()
            while len(world.reports) < 14:
                world.heard.clear()
                await world.heard.wait()
            await world.sender.stop()
        assert [each.status for each in world.reports].count(200) == 10
        assert {each.error for each in world.reports if each.status is None} == {"no answer within 0.2 s"}

    play(scenario)


@pytest.mark.parametrize("at_once", ["background", "run_due"])
def test_four_at_a_time_set_out_in_the_order_in_which_they_were_caused(at_once: str) -> None:
    order: list[str] = []
    active = peak = 0

    async def receive(request: httpx.Request) -> None:
        nonlocal active, peak
        order.append(request.headers["x-mega-delivery"])
        active += 1
        peak = max(peak, active)
        for _ in range(20):
            await asyncio.sleep(0)
        active -= 1

    async def scenario() -> None:
        world = reached_by(receive)
        await world.register("https://hooks.example.com/")
        for _ in range(10):
            await world.cause()
        if at_once == "run_due":
            assert await world.sender.run_due(1000.0) == 10
        world.sender.start()
        while len(world.reports) < 10:
            world.heard.clear()
            await world.heard.wait()
        await world.sender.stop()
        assert not world.sender._busy
        assert not world.sender._lanes

    play(scenario)
    assert order == [f"d-{number}" for number in range(1, 11)]
    assert peak == 4


@pytest.mark.parametrize(("at_once", "first"), [("background", 1000), ("run_due", 5000)])
def test_the_timestamp_is_that_of_sending_and_not_of_falling_due(at_once: str, first: int) -> None:
    """Each answer takes ten seconds: those that had to wait for their turn are signed with the later time."""
    clock = ManualClock(1000.0)
    stamps: list[int] = []

    async def receive(request: httpx.Request) -> None:
        stamps.append(int(request.headers["x-mega-timestamp"]))
        await asyncio.sleep(0)
        clock.advance(10.0)

    async def scenario() -> None:
        world = reached_by(receive, clock)
        await world.register("https://hooks.example.com/")
        for _ in range(5):
            await world.cause()
        if at_once == "run_due":
            await world.sender.run_due(5000.0)
        world.sender.start()
        while len(world.reports) < 5:
            world.heard.clear()
            await world.heard.wait()
        await world.sender.stop()
        attempts = [attempt.at for _, attempts in await world.store.deliveries(world.tenant) for attempt in attempts]
        assert attempts == stamps

    play(scenario)
    assert stamps[0] == first
    assert stamps[4] >= first + 10
