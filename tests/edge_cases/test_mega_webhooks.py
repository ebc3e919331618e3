"""MEGA's webhooks: what reaches a real receiver, when, how often, and signed with which secret."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mockserver.engine.clock import ManualClock, iso_ms
from mockserver.store.base import Attempt, Delivery
from tests.caller import Caller
from tests.edge_cases.mega_world import bulk, create, refused
from tests.engine.receiver import Receiver, Step
from tests.engine.sender_world import mega_verifies, reserialised, with_header

pytestmark = pytest.mark.anyio
case = pytest.mark.case

HOOKS = "/lead-webhooks"
ANN = "ann@example.com"
RETRIES = [1, 2, 4, 8, 16]


class World:
    """A customer, the way to their webhooks, and a clock that moves from attempt to attempt."""

    def __init__(self, caller: Caller, clock: ManualClock) -> None:
        self.caller = caller
        self.mock = caller.mock
        self.clock = clock

    async def register(self, url: str, **options: Any) -> tuple[str, str]:
        """The id and the secret of a new webhook."""
        body = {"url": url, "event_types": ["lead.created"], **options}
        response = await self.caller("POST", HOOKS, json=body)
        assert response.status_code == 201, response.text
        return response.json()["webhook"]["id"], response.json()["secret"]

    async def change(self, hook: str, **changes: Any) -> dict[str, Any]:
        response = await self.caller("PATCH", f"{HOOKS}/{hook}", json=changes)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def deliver(self) -> None:
        """Attempt what is due now."""
        await self.mock.sender.run_due(self.clock.now())

    async def deliveries(self) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        return await self.mock.store.deliveries(self.caller.credential.tenant.key)

    async def delivery(self) -> Delivery:
        ((delivery, _),) = await self.deliveries()
        return delivery

    async def deliver_next(self) -> float:
        """Move the clock to the next attempt of the one delivery, make it; the seconds it had to wait."""
        waited = (await self.delivery()).next_at - self.clock.now()
        self.clock.advance(waited)
        await self.deliver()
        return waited


@pytest.fixture
async def world(mega: Caller, clock: ManualClock) -> AsyncIterator[World]:
    clock.advance(1 - clock.now() % 1)  # A whole second, as timestamps are.
    yield World(mega, clock)
    for delivery, _ in await mega.mock.store.deliveries(mega.credential.tenant.key):
        async with mega.mock.store.transaction(mega.credential.tenant.key) as tx:
            await tx.enqueue(replace(delivery, state="cancelled"))  # So that no later test attempts it.
    await mega.mock.sender.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@case(169)
@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"])
async def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    world: World, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def private(_host: str, _port: int) -> Sequence[str]:
        return "93.184.216.34", address

    monkeypatch.setattr(world.mock.sender._courier, "_resolver", private)
    await world.register("https://hooks.example.com/mega")
    await create(world.caller, contact_email=ANN)
    await world.deliver()
    ((delivery, (attempt,)),) = await world.deliveries()
    assert (delivery.state, attempt.status) == ("pending", None)
    assert attempt.error == f"hooks.example.com resolves to {address}, which is not a public address"


@case(171)
async def test_a_delivery_verifies_over_its_raw_bytes_and_its_own_timestamp(world: World, receiver: Receiver) -> None:
    _, secret = await world.register(receiver.url)
    lead = await create(
        world.caller,
        contact_email=ANN,
        contact_name="Zo\u00eb  \u2028 <b>",
        custom_fields={"lead_line": "buyer", "budget": 1.5},
    )
    await world.deliver()
    (arrival,) = receiver.arrivals
    assert mega_verifies(arrival, secret)
    assert not mega_verifies(arrival, secret + "0")
    assert not mega_verifies(reserialised(arrival), secret)
    later = str(int(arrival.headers["x-mega-timestamp"]) + 1)
    assert not mega_verifies(with_header(arrival, "x-mega-timestamp", later), secret)
    assert arrival.headers["x-mega-timestamp"] == str(int(world.clock.now()))
    assert arrival.headers["x-mega-delivery"] == (await world.delivery()).id
    assert arrival.headers["content-type"] == "application/json"
    stage = {name: lead["current_stage"][name] for name in ("slug", "name")}
    members = (
        "id",
        "contact_name",
        "contact_phone",
        "contact_email",
        "source_platform",
        "source_type",
        "custom_fields",
        "created_at",
        "updated_at",
    )
    told = {**{name: lead[name] for name in members}, "lead_line": "buyer", "current_stage": stage}
    now = iso_ms(world.clock.now())
    assert json.loads(arrival.body) == {"event": "lead.created", "delivered_at": now, "lead": told}


@case(172)
@pytest.mark.parametrize("answer", [500, 503, 400, 404, 410, 429, 301, 302, 307, 308], ids=str)
async def test_an_answer_that_is_no_2xx_is_tried_again_and_nothing_is_followed(world: World, answer: int) -> None:
    with Receiver(answer) as receiver:
        hook, _ = await world.register(receiver.url)
        await create(world.caller, contact_email=ANN)
        await world.deliver()
        assert (await world.delivery()).state == "pending"
        assert await world.deliver_next() == 1
        assert [arrival.path for arrival in receiver.arrivals] == ["/hooks?to=me"] * 2, "no redirect is followed"
    ((delivery, attempts),) = await world.deliveries()
    assert (delivery.state, [attempt.status for attempt in attempts]) == ("delivered", [answer, 200])
    (kept,) = (await world.caller("GET", HOOKS)).json()["webhooks"]
    assert (kept["id"], kept["is_active"]) == (hook, True), "no answer switches the webhook off"


@case(172)
async def test_no_answer_in_time_is_tried_again(world: World) -> None:
    with Receiver("hang") as receiver:
        hook, _ = await world.register(receiver.url)
        async with world.mock.store.transaction(world.caller.credential.tenant.key) as tx:
            record = await tx.get("webhook", hook)
            assert record is not None
            await tx.put(replace(record, data={**record.data, "timeout_seconds": 0.5}))  # The API's least is 1.
        await create(world.caller, contact_email=ANN)
        await world.deliver()
        ((delivery, (attempt,)),) = await world.deliveries()
        assert (delivery.state, attempt.status, attempt.error) == ("pending", None, "no answer within 0.5 s")
        await world.change(hook, timeout_seconds=10)  # The second answer comes, but perhaps later.
        assert await world.deliver_next() == 1
    assert (await world.delivery()).state == "delivered"


@case(172)
@pytest.mark.parametrize("answer", [200, 201, 204, 299], ids=str)
async def test_any_2xx_is_received_and_not_sent_again(world: World, answer: int) -> None:
    with Receiver(answer) as receiver:
        await world.register(receiver.url)
        await create(world.caller, contact_email=ANN)
        await world.deliver()
        world.clock.advance(3600)
        await world.deliver()
        assert len(receiver.arrivals) == 1
    assert (await world.delivery()).state == "delivered"


@case(172)
@pytest.mark.parametrize(
    ("options", "waits"),
    [
        pytest.param({}, RETRIES, id="by-default"),
        pytest.param({"retry_attempts": 0}, [], id="none"),
        pytest.param({"retry_attempts": 2}, RETRIES[:2], id="two"),
        pytest.param({"retry_attempts": 10}, [*RETRIES, 30, 30, 30, 30, 30], id="ten"),
    ],
)
async def test_retries_wait_longer_each_time_and_end(world: World, options: dict[str, int], waits: list[int]) -> None:
    always: list[Step] = [500] * 20
    with Receiver(*always) as receiver:
        await world.register(receiver.url, **options)
        await create(world.caller, contact_email=ANN)
        await world.deliver()
        assert [round(await world.deliver_next()) for _ in waits] == waits
        assert (await world.delivery()).state == "failed"
        world.clock.advance(3600)
        await world.deliver()
        assert len(receiver.arrivals) == 1 + len(waits)


@case(173)
async def test_a_retry_keeps_its_id_and_body_and_has_a_timestamp_of_its_own(world: World) -> None:
    with Receiver(500, 500) as receiver:
        _, secret = await world.register(receiver.url)
        await create(world.caller, contact_email=ANN)
        started = int(world.clock.now())
        await world.deliver()
        await world.deliver_next()
        await world.deliver_next()
    assert len({arrival.headers["x-mega-delivery"] for arrival in receiver.arrivals}) == 1
    times = [int(arrival.headers["x-mega-timestamp"]) - started for arrival in receiver.arrivals]
    assert times == [0, 1, 3]
    assert len({arrival.headers["x-mega-signature"] for arrival in receiver.arrivals}) == 3
    assert all(mega_verifies(arrival, secret) for arrival in receiver.arrivals)
    assert {json.loads(arrival.body)["lead"]["contact_email"] for arrival in receiver.arrivals} == {ANN}


@case(173)
async def test_each_webhook_and_each_lead_has_a_delivery_of_its_own(world: World, receiver: Receiver) -> None:
    secrets = [(await world.register(receiver.url))[1] for _ in range(2)]
    for email in (ANN, "bob@example.com"):
        await create(world.caller, contact_email=email)
    await world.deliver()
    assert len({arrival.headers["x-mega-delivery"] for arrival in receiver.arrivals}) == 4
    for secret in secrets:
        verified = [
            json.loads(each.body)["lead"]["contact_email"] for each in receiver.arrivals if mega_verifies(each, secret)
        ]
        assert sorted(verified) == [ANN, "bob@example.com"]


@case(174)
async def test_only_a_new_lead_is_announced(world: World, receiver: Receiver) -> None:
    await world.register(receiver.url)
    lead = await create(world.caller, contact_email=ANN, contact_phone="206-555-0101")
    await create(world.caller, contact_email=ANN, contact_name="Ann")
    await create(world.caller, contact_phone="(206) 555 0101")
    await bulk(world.caller, [{"contact_email": ANN}, {"contact_email": "bob@example.com"}])
    refused(await world.caller("POST", "/leads", json={}), 400)
    await world.deliver()
    assert [json.loads(arrival.body)["lead"]["id"] for arrival in receiver.arrivals] == [lead["id"]]


@case(174)
async def test_a_lead_of_another_customer_is_not_announced(world: World, receiver: Receiver) -> None:
    await world.register(receiver.url)
    async with world.caller.stranger() as stranger:
        await create(stranger, contact_email=ANN)
    await world.deliver()
    assert receiver.arrivals == []


@case(175)
@pytest.mark.parametrize("end", ["paused", "deleted"])
async def test_retries_end_with_their_webhook(world: World, end: str) -> None:
    with Receiver(500, 500) as receiver:
        hook, _ = await world.register(receiver.url)
        await create(world.caller, contact_email=ANN)
        await world.deliver()
        assert (await world.delivery()).state == "pending"
        if end == "paused":
            await world.change(hook, is_active=False)
        else:
            assert (await world.caller("DELETE", f"{HOOKS}/{hook}")).json() == {"deleted": True}
            refused(await world.caller("PATCH", f"{HOOKS}/{hook}", json={"is_active": True}), 404)
            assert (await world.caller("GET", HOOKS)).json() == {"webhooks": []}
        await world.deliver_next()
        await create(world.caller, contact_email="bob@example.com")
        world.clock.advance(3600)
        await world.deliver()
        assert len(receiver.arrivals) == 1
        assert (await world.delivery()).state == "cancelled"


@case(175)
async def test_a_webhook_that_is_active_again_hears_of_new_leads_only(world: World, receiver: Receiver) -> None:
    hook, _ = await world.register(receiver.url)
    await world.change(hook, is_active=False)
    await create(world.caller, contact_email=ANN)
    await world.change(hook, is_active=True)
    later = await create(world.caller, contact_email="bob@example.com")
    await world.deliver()
    assert [json.loads(arrival.body)["lead"]["id"] for arrival in receiver.arrivals] == [later["id"]]


@case(175)
async def test_a_webhook_of_another_customer_cannot_be_touched(world: World) -> None:
    hook, _ = await world.register("https://hooks.example.com/mega")
    before = (await world.caller("GET", HOOKS)).json()
    async with world.caller.stranger() as stranger:
        assert (await stranger("GET", HOOKS)).json() == {"webhooks": []}
        unknown = await stranger("DELETE", f"{HOOKS}/wh_unknown")
        for response in (
            await stranger("PATCH", f"{HOOKS}/{hook}", json={"rotate_secret": True}),
            await stranger("DELETE", f"{HOOKS}/{hook}"),
        ):
            assert refused(response, 404) == refused(unknown, 404)
    assert (await world.caller("GET", HOOKS)).json() == before


@case(176)
async def test_a_rotated_secret_signs_from_the_next_attempt_on(world: World) -> None:
    with Receiver(500) as receiver:
        hook, old = await world.register(receiver.url)
        await create(world.caller, contact_email=ANN)
        await world.deliver()
        new = (await world.change(hook, rotate_secret=True))["secret"]
        await world.deliver_next()
    first, retry = receiver.arrivals
    assert (mega_verifies(first, old), mega_verifies(first, new)) == (True, False)
    assert (mega_verifies(retry, old), mega_verifies(retry, new)) == (False, True)
    assert first.headers["x-mega-delivery"] == retry.headers["x-mega-delivery"]
