"""A delivery arrives signed, at a checked address, or its attempt has failed (cases 169, 171, 172)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx

from mockserver.engine.courier import Courier
from mockserver.engine.sender import SenderOptions
from tests.engine.receiver import Receiver
from tests.engine.sender_world import (
    PAYLOAD,
    STANDARD_KEY,
    World,
    closed_port,
    local_options,
    mega_verifies,
    play,
    reserialised,
    standard_verifies,
    with_header,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class TestOneAttempt:
    def test_a_mega_delivery_verifies_over_the_raw_bytes_and_over_nothing_else(self) -> None:
        async def scenario() -> None:
            world = World(local_options())
            with Receiver() as receiver:
                await world.register(receiver.url)
                await world.cause()
                assert await world.sender.run_due(1000.0) == 1
                await world.sender.stop()
            (arrival,) = receiver.arrivals
            assert mega_verifies(arrival, "mega_whsec_1")
            assert not mega_verifies(arrival, "mega_whsec_2")
            assert not mega_verifies(reserialised(arrival), "mega_whsec_1")
            assert not mega_verifies(with_header(arrival, "x-mega-timestamp", "1001"), "mega_whsec_1")
            assert json.loads(arrival.body) == PAYLOAD
            assert arrival.path == "/hooks?to=me"
            assert arrival.headers["x-mega-delivery"] == "d-1"
            assert arrival.headers["x-mega-timestamp"] == "1000"
            assert arrival.headers["content-type"] == "application/json"
            assert arrival.headers["user-agent"] == "leadmock/1.2"
            assert arrival.headers["host"] == f"127.0.0.1:{receiver.port}"
            delivery, (attempt,) = await world.outcome()
            assert (delivery.state, delivery.attempt) == ("delivered", 1)
            assert (attempt.number, attempt.at, attempt.status, attempt.error) == (1, 1000.0, 200, None)
            assert 0 < attempt.seconds < 5

        play(scenario)

    def test_a_standard_webhooks_delivery_verifies_likewise(self) -> None:
        async def scenario() -> None:
            world = World(api="crmleadpro")
            with Receiver(204) as receiver:
                await world.register(receiver.url)
                await world.cause()
                await world.run_next()
                await world.sender.stop()
            (arrival,) = receiver.arrivals
            assert standard_verifies(arrival, STANDARD_KEY)
            assert not standard_verifies(reserialised(arrival), STANDARD_KEY)
            assert not standard_verifies(with_header(arrival, "webhook-timestamp", "1001"), STANDARD_KEY)
            assert not standard_verifies(with_header(arrival, "webhook-id", "d-2"), STANDARD_KEY)
            assert (await world.outcome())[0].state == "delivered"

        play(scenario)

    def test_nothing_is_sent_before_it_is_due(self) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver() as receiver:
                await world.register(receiver.url)
                await world.cause()
                assert await world.sender.run_due(999.9) == 0
                assert receiver.arrivals == []
                assert await world.sender.run_due(1000.0) == 1
                assert await world.sender.run_due(2000.0) == 0
                await world.sender.stop()
            assert len(receiver.arrivals) == 1

        play(scenario)

    def test_a_receiver_that_does_not_answer_in_time_has_failed(self) -> None:
        async def scenario() -> None:
            world = World()
            with Receiver("hang") as receiver:
                await world.register(receiver.url, timeout_seconds=0.05)
                await world.cause()
                await world.run_next()
                await world.sender.stop()
            delivery, (attempt,) = await world.outcome()
            assert (delivery.state, attempt.status) == ("pending", None)
            assert attempt.error == "no answer within 0.05 s"

        play(scenario)

    def test_a_dead_receiver_has_failed(self) -> None:
        async def scenario() -> None:
            world = World()
            await world.register(f"http://127.0.0.1:{closed_port()}/")
            await world.cause()
            await world.run_next()
            await world.sender.stop()
            delivery, (attempt,) = await world.outcome()
            assert (delivery.state, attempt.status) == ("pending", None)
            assert "ConnectError" in (attempt.error or "")

        play(scenario)


class TestAddresses:
    def test_a_name_that_turns_internal_after_registration_is_not_connected_to(self) -> None:
        answers = iter([["8.8.8.8"], ["127.0.0.1"]])
        requests: list[httpx.Request] = []

        async def rebinding(_host: str, _port: int) -> Sequence[str]:
            return next(answers)

        def receive(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(500, stream=httpx.ByteStream(b""))

        async def scenario() -> None:
            courier = Courier(allow_loopback=False, resolver=rebinding)
            courier._transports["https"] = httpx.MockTransport(receive)
            world = World(SenderOptions(courier=courier))
            await world.register("https://hooks.example.com/x")
            await world.cause()
            await world.run_next()
            await world.run_next()
            await world.sender.stop()
            (request,) = requests
            assert str(request.url) == "https://8.8.8.8/x"
            assert request.headers["host"] == "hooks.example.com"
            assert request.extensions["sni_hostname"] == "hooks.example.com"
            _, attempts = await world.outcome()
            assert attempts[0].status == 500
            assert attempts[1].error == ("hooks.example.com resolves to 127.0.0.1, which is not a public address")

        play(scenario)

    def test_a_next_address_gets_its_chance(self) -> None:
        async def two(_host: str, _port: int) -> Sequence[str]:
            return "::1", "127.0.0.1"

        async def scenario() -> None:
            world = World(local_options(resolver=two))
            with Receiver() as receiver:
                await world.register(f"http://localhost:{receiver.port}/")
                await world.cause()
                await world.run_next()
                await world.sender.stop()
            (arrival,) = receiver.arrivals
            assert arrival.headers["host"] == f"localhost:{receiver.port}"
            assert (await world.outcome())[0].state == "delivered"

        play(scenario)

    def test_loopback_is_refused_where_it_is_not_switched_on(self) -> None:
        async def scenario() -> None:
            world = World(SenderOptions())
            with Receiver() as receiver:
                await world.register(receiver.url)
                await world.cause()
                await world.run_next()
                await world.sender.stop()
            assert receiver.arrivals == []
            assert "https://" in ((await world.outcome())[1][0].error or "")

        play(scenario)


def test_the_request_log_gets_a_line_an_attempt() -> None:
    answers = iter([("127.0.0.1",), (), ("127.0.0.1",)])

    async def forgetful(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    async def scenario() -> None:
        world = World(local_options(resolver=forgetful))
        with Receiver(503) as receiver:
            await world.register(receiver.url, retry_attempts=2)
            await world.cause()
            for _ in range(3):
                await world.run_next()
            await world.sender.stop()
        to = f"webhook lead.created to 127.0.0.1:{receiver.port}, attempt"
        assert [str(each) for each in world.reports] == [
            f"{to} 1 of 3: 503, next in 1 s",
            f"{to} 2 of 3: OSError: 127.0.0.1 has no address, next in 2 s",
            f"{to} 3 of 3: 200, delivered",
        ]

    play(scenario)
