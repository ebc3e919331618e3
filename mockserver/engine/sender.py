"""The sender: takes due deliveries out of the outbox and attempts them, each until it arrives or is given up.

Promises: at least once; the id of a delivery stays, the timestamp is each attempt's own (case 173); every
attempt reads its subscription anew, so a rotated secret, a deactivation and a deletion count at once
(cases 175, 176); a redirect is a failure (M65); a receiver that is gone (410) is deactivated where the
signature's scheme says so (case 172). A receiver that hangs holds up nobody else: so many attempts of one
subscription run at a time and no more, and the others' due ones go past it. A subscription's deliveries set out
in the order in which they are due. Where several processes share a store, each attempt is claimed first: one of them
makes it, and when that one dies, another does. How many run at a time is counted in each process.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from mockserver.engine.addresses import Resolver, resolve
from mockserver.engine.courier import Answer, Carrier, Courier
from mockserver.engine.signature import SCHEMES
from mockserver.engine.webhooks import KIND, Subscription
from mockserver.store.base import Attempt, Delivery, DeliveryState, Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mockserver.contract.model import Webhooks
    from mockserver.engine.clock import Clock

_GONE = 410
_AT_MOST_EACH = 4  # Attempts of one subscription at a time.
_IDLE_SECONDS = 30.0  # Looks into the outbox this often even unwoken: the machine's clock may jump.
_REST_SECONDS = 1.0  # After a failure of our own, such as a store that cannot be read.
_CLAIM_SECONDS = 5.0  # How much longer than an attempt may take it is claimed.
_GRACE_SECONDS = 0.25  # What is on its way when the sender stops may still arrive.
_EVER = 1e15

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """One attempt, for the request log: its `number` `of` so many, and the seconds until the next or None."""

    api: str
    tenant: str
    event: str
    host: str
    number: int
    of: int
    status: int | None
    error: str | None
    state: DeliveryState
    next_in: float | None

    def __str__(self) -> str:
        outcome = self.error if self.status is None else str(self.status)
        rest = self.state if self.next_in is None else f"next in {self.next_in:g} s"
        return f"webhook {self.event} to {self.host}, attempt {self.number} of {self.of}: {outcome}, {rest}"


def _unheard(_: AttemptReport) -> None: ...


async def _alone() -> None: ...


@dataclass(frozen=True, slots=True)
class SenderOptions:
    """`pace` multiplies every retry delay (0.01 = a hundred times faster); `at_most` attempts run at a time, of one
    subscription four; `allow_loopback` lets deliveries go to a test's own receiver (M64); `log` hears of every attempt.
    `version` is told to receivers; `courier` carries deliveries in place of the usual one. `follow` is awaited before
    the time is told: others may have moved the clock.
    """

    pace: float = 1.0
    at_most: int = 64
    allow_loopback: bool = False
    version: str = ""
    resolver: Resolver = resolve
    log: Callable[[AttemptReport], None] = _unheard
    courier: Carrier | None = None
    follow: Callable[[], Awaitable[None]] = _alone


class Sender:
    """Sends in the background between `start` and `stop`, or once whenever `run_due` is called."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policies: Mapping[str, Webhooks],
        options: SenderOptions | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies
        self._options = options or SenderOptions()
        self._courier: Carrier = self._options.courier or Courier(
            allow_loopback=self._options.allow_loopback,
            version=self._options.version,
            resolver=self._options.resolver,
        )
        self._slots = asyncio.Semaphore(self._options.at_most)
        self._woken = asyncio.Event()
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        # By (tenant, subscription id): attempts launched and not landed; turns, kept while somebody waits or goes.
        self._busy: Counter[tuple[str, str]] = Counter()
        self._lanes: WeakValueDictionary[tuple[str, str], asyncio.Semaphore] = WeakValueDictionary()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send, in the running event loop. A second call does nothing."""
        if self._loop is None:
            self._store.on_enqueue = self.wake
            self._loop = asyncio.create_task(self._run(), name="webhook sender")

    def wake(self) -> None:
        """Look into the outbox now: something was put there, or the clock was moved by hand."""
        self._woken.set()

    async def stop(self) -> None:
        """End within a second. What is pending, or could not be finished, stays pending."""
        loop, self._loop = self._loop, None
        if loop is not None:
            self._store.on_enqueue = None
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
        if self._in_flight:
            _, late = await asyncio.wait(self._in_flight.values(), timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._courier.close()

    async def run_due(self, now: float) -> int:
        """Attempt once whatever is due at `now` (epoch seconds); return how many deliveries were handled.

        Time goes on from `now` as the clock does: a manual one stands still.
        """
        began = self._clock.now()
        busy = frozenset(self._in_flight)
        handled: dict[str, asyncio.Task[None]] = {}
        while True:
            due = await self._store.pending(now, limit=100 + len(busy) + len(handled))
            batch = [each for each in due if each.id not in busy and each.id not in handled]
            if not batch:
                break
            handled |= {each.id: self._launch(each, lambda: now + (self._clock.now() - began)) for each in batch}
        await asyncio.gather(*handled.values())
        return len(handled)

    async def settle(self) -> None:
        """Return when nothing is due and nothing under way."""
        while await self.run_due(self._clock.now()) or self._in_flight:
            await asyncio.gather(*self._in_flight.values())

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                pause = await self._launch_due()
            except StoreError as error:
                _log.error("webhooks cannot be sent: %s; trying again in %g s", error, _REST_SECONDS)
                pause = _REST_SECONDS
            except Exception:  # noqa: BLE001 - logged; the sender outlives every store and delivery.
                _log.exception("the outbox of webhooks cannot be read; trying again in %g s", _REST_SECONDS)
                pause = _REST_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _launch_due(self) -> float:
        """Launch what is due as far as there is room; return the seconds until there is more to do."""
        await self._options.follow()
        at_most, now = self._options.at_most, self._clock.now()
        idle = min(_IDLE_SECONDS, self._store.poll_seconds)
        launched = True
        while launched:
            launched = False
            full = [key for key, number in self._busy.items() if number >= _AT_MOST_EACH]
            # `next_due` would keep naming the deliveries in flight, which are pending too until they have ended.
            for delivery in await self._store.pending(_EVER, at_most, full):
                if len(self._in_flight) >= at_most:
                    return _IDLE_SECONDS  # The attempt that ends first wakes the loop.
                if delivery.id in self._in_flight or self._busy[_lane_of(delivery)] >= _AT_MOST_EACH:
                    continue
                if delivery.next_at > now:
                    return min(delivery.next_at - now, idle)
                self._launch(delivery, self._clock.now)
                launched = True  # Its subscription may be full now and the next ones passed over: look again.
        return idle

    def _launch(self, delivery: Delivery, tell_time: Callable[[], float]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(delivery, tell_time), name=f"webhook {delivery.id}")
        self._in_flight[delivery.id] = task
        self._busy[_lane_of(delivery)] += 1
        task.add_done_callback(lambda _: self._landed(delivery))
        return task

    def _landed(self, delivery: Delivery) -> None:
        self._in_flight.pop(delivery.id, None)
        lane = _lane_of(delivery)
        self._busy[lane] -= 1
        if not self._busy[lane]:
            del self._busy[lane]
        self.wake()

    async def _guarded(self, delivery: Delivery, tell_time: Callable[[], float]) -> None:
        lane = self._lanes.setdefault(_lane_of(delivery), asyncio.Semaphore(_AT_MOST_EACH))
        async with lane, self._slots:
            try:
                await self._handle(delivery, tell_time)
            except StoreError as error:
                _log.error("webhook delivery %s: its attempt cannot be completed: %s", delivery.id, error)
            except Exception:  # noqa: BLE001 - as above.
                _log.exception("webhook delivery %s: its attempt cannot be completed", delivery.id)
                await asyncio.sleep(_REST_SECONDS)  # It is still due: without a rest the loop would spin.

    async def _handle(self, delivery: Delivery, tell_time: Callable[[], float]) -> None:
        policy = self._policies.get(delivery.api)
        subscription = await self._subscription(delivery)
        seconds = 0.0 if policy is None or subscription is None else _seconds(subscription, policy)
        if not await self._store.claim(delivery, seconds + _CLAIM_SECONDS):
            return
        try:
            await self._attempt(delivery, tell_time, policy, subscription)
        except BaseException:
            # Ended in the middle: whoever looks next may try again.
            await self._store.unclaim(delivery)
            raise

    async def _attempt(
        self,
        delivery: Delivery,
        tell_time: Callable[[], float],
        policy: Webhooks | None,
        subscription: Subscription | None,
    ) -> None:
        number = delivery.attempt + 1
        if policy is None or subscription is None:
            unsent = Attempt(delivery.id, number, tell_time(), None, "not sent: the webhook is gone or inactive", 0.0)
            await self._store.attempted(replace(delivery, state="cancelled"), unsent)
            return
        delays = policy.retry.first(subscription.attempts or len(policy.retry.delays))
        await self._options.follow()
        sent_at, started = tell_time(), time.perf_counter()
        answer = await self._post(delivery, subscription, policy, int(sent_at))
        gone = answer.status == _GONE and SCHEMES[policy.signature].stops_on_gone
        state = _state(answer, may_retry=number < len(delays) and not gone)
        next_in = delays[number] * self._options.pace if state == "pending" else None
        seconds = time.perf_counter() - started
        # Waited from the answer on.
        await self._options.follow()
        next_at = delivery.next_at if next_in is None else tell_time() + next_in
        await self._store.attempted(
            replace(delivery, attempt=number, state=state, next_at=next_at),
            Attempt(delivery.id, number, sent_at, answer.status, answer.error, seconds),
        )
        if gone:
            await self._deactivate(delivery, subscription)
        self._options.log(
            AttemptReport(
                api=delivery.api,
                tenant=delivery.tenant,
                event=delivery.event,
                host=subscription.url.partition("://")[2].partition("/")[0],
                number=number,
                of=len(delays),
                status=answer.status,
                error=answer.error,
                state=state,
                next_in=next_in,
            )
        )

    async def _subscription(self, delivery: Delivery) -> Subscription | None:
        async with self._store.transaction(delivery.tenant) as tx:
            record = await tx.get(KIND, delivery.subscription_id)
        if record is None:
            return None
        subscription = Subscription.of(record)
        return subscription if subscription.is_active else None

    async def _post(self, delivery: Delivery, subscription: Subscription, policy: Webhooks, timestamp: int) -> Answer:
        try:
            headers = SCHEMES[policy.signature].headers(subscription.secret, delivery.payload, timestamp, delivery.id)
        except ValueError as error:
            return Answer(None, f"cannot be signed: {error}")
        return await self._courier.post(subscription.url, headers, delivery.payload, _seconds(subscription, policy))

    async def _deactivate(self, delivery: Delivery, subscription: Subscription) -> None:
        async with self._store.transaction(delivery.tenant) as tx:
            record = await tx.get(KIND, delivery.subscription_id)
            if record is not None and record.data.get("url") == subscription.url:
                await tx.put(replace(record, data={**record.data, "is_active": False}))


def _seconds(subscription: Subscription, policy: Webhooks) -> float:
    """How long an attempt may take."""
    return subscription.timeout_seconds or policy.timeout_seconds


def _lane_of(delivery: Delivery) -> tuple[str, str]:
    return (delivery.tenant, delivery.subscription_id)


def _state(answer: Answer, *, may_retry: bool) -> DeliveryState:
    if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success.
        return "delivered"
    return "pending" if may_retry else "failed"
