"""Failed deliveries are retried on time and stop when they should (cases 172, 173, 175, 176)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockserver.engine.clock import ManualClock
from mockserver.engine.sender import SenderOptions
from mockserver.engine.webhooks import KIND
from tests.engine.receiver import Receiver
from tests.engine.sender_world import (
    World,
    local_options,
    mega_verifies,
    play,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class TestRetries:
    def test_a_retry_keeps_the_id_and_the_bytes_and_has_a_new_timestamp(self) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver(500, 410, 429) as receiver:
                await world.register(receiver.url)
                await world.cause()
                assert [await world.run_next() for _ in range(4)] == [0, 1, 2, 4]
                await world.sender.stop()
            arrivals = receiver.arrivals
            assert [each.headers["x-mega-timestamp"] for each in arrivals] == ["1000", "1001", "1003", "1007"]
            assert {each.headers["x-mega-delivery"] for each in arrivals} == {"d-1"}
            assert len({each.body for each in arrivals}) == 1
            assert not any("cookie" in each.headers for each in arrivals)
            assert all(mega_verifies(each, "mega_whsec_1") for each in arrivals)
            delivery, attempts = await world.outcome()
            assert (delivery.state, delivery.attempt) == ("delivered", 4)
            assert [each.status for each in attempts] == [500, 410, 429, 200]

        play(scenario)

    def test_an_attempt_and_the_next_go_by_the_clock_as_others_have_set_it_meanwhile(self) -> None:
        """Looked at before it is made, and once more when the answer is there."""

        async def scenario() -> None:
            clock = ManualClock(1000.0)

            async def follow() -> None:
                clock.advance(100)

            world = World(local_options(follow=follow), clock)
            with Receiver(500) as receiver:
                await world.register(receiver.url)
                await world.cause()
                assert await world.sender.run_due(1000.0) == 1
                await world.sender.stop()
            assert receiver.arrivals[0].headers["x-mega-timestamp"] == "1100"
            delivery, (attempt,) = await world.outcome()
            assert (attempt.at, delivery.next_at) == (1100.0, 1201.0)

        play(scenario)

    @pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 404, 503])
    def test_whatever_is_no_2xx_is_a_failure_and_no_redirect_is_followed(self, status: int) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver(status) as receiver:
                await world.register(receiver.url)
                await world.cause()
                await world.run_next()
                await world.sender.stop()
            delivery, (attempt,) = await world.outcome()
            assert (delivery.state, delivery.next_at, attempt.status) == ("pending", 1001.0, status)
            assert [each.path for each in receiver.arrivals] == ["/hooks?to=me"]

        play(scenario)

    @pytest.mark.parametrize(
        ("api", "retry_attempts", "waits"),
        [
            ("mega", 0, [0]),
            ("mega", 5, [0, 1, 2, 4, 8, 16]),
            ("mega", 10, [0, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30]),
            ("mega", None, [0, 1, 2, 4, 8, 16]),
            ("crmleadpro", None, [0, 5, 300]),
        ],
    )
    @pytest.mark.parametrize("pace", [1.0, 0.25])
    def test_attempts_wait_as_the_contract_says_times_the_pace(
        self, api: str, retry_attempts: int | None, waits: list[float], pace: float
    ) -> None:
        async def unknown(_host: str, _port: int) -> Sequence[str]:
            raise OSError("no such name")

        async def scenario() -> None:
            world = World(SenderOptions(pace=pace, resolver=unknown), api=api)
            await world.register("https://hooks.example.com/", retry_attempts=retry_attempts)
            await world.cause()
            assert [await world.run_next() for _ in waits] == [wait * pace for wait in waits]
            assert await world.store.next_due() is None
            delivery, attempts = await world.outcome()
            assert (delivery.state, delivery.attempt) == ("failed", len(waits))
            assert [each.number for each in attempts] == list(range(1, len(waits) + 1))
            assert {each.error for each in attempts} == {"OSError: no such name"}

        play(scenario)

    def test_without_any_wait_each_delivery_is_still_attempted_once_a_run(self) -> None:
        async def scenario() -> None:
            world = World(local_options(pace=0.0))
            with Receiver(500, 500) as receiver:
                await world.register(receiver.url)
                await world.cause()
                assert await world.sender.run_due(1000.0) == 1
                assert len(receiver.arrivals) == 1
                await world.sender.stop()

        play(scenario)

    def test_standard_webhooks_gives_up_and_deactivates_a_receiver_that_is_gone(self) -> None:
        async def scenario() -> None:
            world = World(api="crmleadpro")
            with Receiver(410) as receiver:
                await world.register(receiver.url, description="mine")
                await world.cause()
                await world.run_next()
                await world.cause()
                await world.sender.stop()
            delivery, (attempt,) = await world.outcome()
            assert (delivery.state, attempt.status) == ("failed", 410)
            async with world.store.transaction(world.tenant) as tx:
                record = await tx.get(KIND, "w")
            assert record is not None
            assert (record.data["is_active"], record.data["description"]) == (False, "mine")

        play(scenario)

    @pytest.mark.parametrize("change", [{"is_active": False}, {"archived": True}])
    def test_a_webhook_deactivated_or_deleted_between_attempts_gets_no_more(self, change: dict[str, bool]) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver(500) as receiver:
                await world.register(receiver.url)
                await world.cause()
                await world.run_next()
                await world.change(**change)
                await world.run_next()
                await world.sender.stop()
            assert len(receiver.arrivals) == 1
            delivery, attempts = await world.outcome()
            assert (delivery.state, delivery.attempt) == ("cancelled", 1)
            assert attempts[-1].error == "not sent: the webhook is gone or inactive"
            assert len(world.reports) == 1

        play(scenario)

    def test_a_rotated_secret_and_a_new_url_count_from_the_next_attempt_on(self) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver(500) as old, Receiver() as new:
                await world.register(old.url)
                await world.cause()
                await world.run_next()
                await world.change(secret="mega_whsec_2", url=new.url)
                await world.run_next()
                await world.sender.stop()
            assert mega_verifies(old.arrivals[0], "mega_whsec_1")
            assert mega_verifies(new.arrivals[0], "mega_whsec_2")
            assert not mega_verifies(new.arrivals[0], "mega_whsec_1")

        play(scenario)
