"""The sender works by itself, survives what breaks around it, and stops when told."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.engine import sender as sender_module
from mockserver.engine.clock import AdjustableClock, ManualClock
from mockserver.engine.sender import SenderOptions
from mockserver.store import Delivery
from tests.engine.receiver import Receiver
from tests.engine.sender_world import (
    World,
    local_options,
    play,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


async def until_idle() -> None:
    """Let a sender that was just started find its outbox empty."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestBackground:
    def test_a_commit_wakes_the_sender_and_retries_follow_by_themselves(self) -> None:
        async def scenario() -> None:
            world = World(local_options(pace=0.01), AdjustableClock())
            with Receiver(500, 500) as receiver:
                await world.register(receiver.url)
                world.sender.start()
                await until_idle()
                await world.cause()
                while len(world.reports) < 3:
                    world.heard.clear()
                    await world.heard.wait()
                await world.sender.stop()
            assert [each.state for each in world.reports] == ["pending", "pending", "delivered"]
            assert (await world.outcome())[0].state == "delivered"

        play(scenario)

    def test_what_was_pending_before_the_start_is_sent(self) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver() as receiver:
                await world.register(receiver.url)
                await world.cause()
                world.sender.start()
                await world.heard.wait()
                await world.sender.stop()
            assert len(receiver.arrivals) == 1

        play(scenario)

    def test_a_clock_moved_by_hand_needs_a_call_to_wake(self) -> None:
        async def scenario() -> None:
            clock = ManualClock(1000.0)
            world = World(clock=clock)
            with Receiver(500) as receiver:
                await world.register(receiver.url)
                world.sender.start()
                await world.cause()
                await world.heard.wait()
                world.heard.clear()
                clock.advance(1.0)
                world.sender.wake()
                await world.heard.wait()
                await world.sender.stop()
            assert [each.headers["x-mega-timestamp"] for each in receiver.arrivals] == ["1000", "1001"]

        play(scenario)

    def test_stopping_takes_less_than_a_second_and_leaves_the_unfinished_pending(self) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver("hang") as receiver:
                await world.register(receiver.url)
                world.sender.start()
                await world.cause()
                await asyncio.to_thread(receiver.arrived.wait)
                began = time.perf_counter()
                await world.sender.stop()
                assert time.perf_counter() - began < 1
                delivery, attempts = await world.outcome()
                assert (delivery.state, delivery.attempt, attempts) == ("pending", 0, ())
                assert world.store.on_enqueue is None
                await world.cause()
                assert len(receiver.arrivals) == 1
            assert [task for task in asyncio.all_tasks() if task.get_name().startswith("webhook")] == []

        play(scenario)

    def test_stopping_an_idle_sender_twice_is_no_error(self) -> None:
        async def scenario() -> None:
            world = World()
            world.sender.start()
            world.sender.start()
            await world.sender.stop()
            await world.sender.stop()

        play(scenario)

    def test_a_slow_receiver_does_not_hold_up_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sender_module, "_GRACE_SECONDS", 0.01)

        async def scenario() -> None:
            world = World()
            with Receiver("hang") as slow, Receiver() as quick:
                await world.register(slow.url, record_id="a")
                await world.register(quick.url, record_id="b")
                world.sender.start()
                await world.cause()
                await world.heard.wait()
                await world.sender.stop()
            assert [each.status for each in world.reports] == [200]

        play(scenario)

    def test_no_more_than_the_allowed_number_are_in_flight(self) -> None:
        active, peak = 0, 0

        async def counting(_host: str, _port: int) -> Sequence[str]:
            nonlocal active, peak
            active += 1
            peak = max(peak, active)
            for _ in range(20):
                await asyncio.sleep(0)
            active -= 1
            raise OSError("no such name")

        async def scenario() -> None:
            world = World(SenderOptions(at_most=3, resolver=counting))
            for number in range(10):
                await world.register("https://hooks.example.com/", record_id=f"w{number}")
            await world.cause()
            world.sender.start()
            while len(world.reports) < 10:
                world.heard.clear()
                await world.heard.wait()
            await world.sender.stop()
            assert peak == 3
            peak_of_background = peak
            assert await world.sender.run_due(1001.0) == 10
            assert peak == peak_of_background

        play(scenario)


class TestSurvival:
    @pytest.mark.parametrize(
        "data",
        [
            {"url": "nonsense"},
            {"url": None},
            {"url": "https://[::1"},
            {"secret": "no-base64"},
            {"secret": None},
            {"timeout_seconds": "soon", "url": 7},
        ],
    )
    def test_a_broken_subscription_fails_alone(self, data: Mapping[str, Any]) -> None:
        async def scenario() -> None:
            world = World(api="crmleadpro")
            with Receiver() as receiver:
                await world.register(receiver.url, record_id="a")
                await world.register(**{"url": receiver.url, "record_id": "bad", **data})
                await world.cause()
                assert await world.sender.run_due(1000.0) == 2
                await world.sender.stop()
            outcomes = {d.subscription_id: (d.state, a) for d, a in await world.store.deliveries(world.tenant)}
            assert outcomes["a"][0] == "delivered"
            assert outcomes["bad"][0] == "pending"
            assert outcomes["bad"][1][0].error

        play(scenario)

    def test_an_unknown_webhook_or_api_cancels_the_delivery(self) -> None:
        async def scenario() -> None:
            world = World()
            await world.register("https://hooks.example.com/")
            async with world.store.transaction(world.tenant) as tx:
                await tx.enqueue(Delivery("d-1", "mega", world.tenant, "unknown", "lead.created", b"{}"))
                await tx.enqueue(Delivery("d-2", "salesiq", world.tenant, "w", "lead.created", b"{}"))
            assert await world.sender.run_due(1000.0) == 2
            states = [delivery.state for delivery, _ in await world.store.deliveries(world.tenant)]
            assert states == ["cancelled", "cancelled"]

        play(scenario)

    def test_a_store_that_fails_for_a_moment_only_delays(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(sender_module, "_REST_SECONDS", 0.01)

        async def scenario() -> None:
            world = World()
            failures = {"pending": 1, "attempted": 1}

            def failing_once(name: str) -> Callable[..., Any]:
                real = getattr(world.store, name)

                async def call(*args: Any, **options: Any) -> Any:
                    if failures[name]:
                        failures[name] -= 1
                        raise OSError(f"{name}: the disk is away")
                    return await real(*args, **options)

                return call

            with Receiver() as receiver:
                await world.register(receiver.url)
                await world.cause()
                monkeypatch.setattr(world.store, "pending", failing_once("pending"))
                monkeypatch.setattr(world.store, "attempted", failing_once("attempted"))
                world.sender.start()
                await world.heard.wait()
                await world.sender.stop()
            assert len(receiver.arrivals) == 2
            assert (await world.outcome())[0].state == "delivered"
            assert "the disk is away" in caplog.text

        play(scenario)
