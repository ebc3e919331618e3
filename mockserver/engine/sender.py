"""The sender: takes due deliveries out of the outbox and attempts them, each until it arrives or is given up.

Promises: at least once; the id of a delivery stays, the timestamp is each attempt's own (case 173); every
attempt reads its subscription anew, so a rotated secret, a deactivation and a deletion count at once
(cases 175, 176); a redirect is a failure (M65); a receiver that is gone (410) is deactivated where the
signature's scheme says so (case 172).
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mockserver.engine.addresses import Resolver, resolve
from mockserver.engine.courier import Answer, Courier
from mockserver.engine.signature import SCHEMES
from mockserver.engine.webhooks import KIND, Subscription
from mockserver.store.base import Attempt, Delivery, DeliveryState, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mockserver.contract.model import Webhooks
    from mockserver.engine.clock import Clock

_GONE = 410
_IDLE_SECONDS = 30.0  # Looks into the outbox this often even unwoken: the machine's clock may jump.
_REST_SECONDS = 1.0  # After a failure of our own, such as a store that cannot be read.
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


@dataclass(frozen=True, slots=True)
class SenderOptions:
    """`pace` multiplies every retry delay (0.01 = a hundred times faster); `at_most` attempts run at a time;
    `allow_loopback` lets deliveries go to a test's own receiver (M64); `log` hears of every attempt.
    """

    pace: float = 1.0
    at_most: int = 16
    allow_loopback: bool = False
    user_agent: str = "leadmock"
    resolver: Resolver = resolve
    log: Callable[[AttemptReport], None] = _unheard


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
        self._courier = Courier(
            allow_loopback=self._options.allow_loopback,
            user_agent=self._options.user_agent,
            resolver=self._options.resolver,
        )
        self._slots = asyncio.Semaphore(self._options.at_most)
        self._woken = asyncio.Event()
        self._in_flight: dict[str, asyncio.Task[None]] = {}
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
        """Attempt once whatever is due at `now` (epoch seconds); return how many deliveries were handled."""
        busy = frozenset(self._in_flight)
        handled: set[str] = set()
        while True:
            due = await self._store.pending(now, limit=100 + len(busy) + len(handled))
            batch = [each for each in due if each.id not in busy and each.id not in handled]
            if not batch:
                return len(handled)
            handled.update(each.id for each in batch)
            await asyncio.gather(*(self._launch(each, now) for each in batch))

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                pause = await self._launch_due()
            except Exception:  # noqa: BLE001 - logged; the sender outlives every store and delivery.
                _log.exception("the outbox of webhooks cannot be read; trying again in %g s", _REST_SECONDS)
                pause = _REST_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def _launch_due(self) -> float:
        """Launch what is due as far as there is room; return the seconds until there is more to do."""
        if len(self._in_flight) >= self._options.at_most:
            return _IDLE_SECONDS  # The attempt that ends first wakes the loop.
        now = self._clock.now()
        # `next_due` would keep naming the deliveries in flight, which are pending too until they have ended.
        for delivery in await self._store.pending(_EVER, limit=self._options.at_most):
            if delivery.id in self._in_flight:
                continue
            if delivery.next_at > now:
                return min(delivery.next_at - now, _IDLE_SECONDS)
            self._launch(delivery, now)
        return _IDLE_SECONDS

    def _launch(self, delivery: Delivery, now: float) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(delivery, now), name=f"webhook {delivery.id}")
        self._in_flight[delivery.id] = task
        task.add_done_callback(lambda _: self._landed(delivery.id))
        return task

    def _landed(self, delivery_id: str) -> None:
        self._in_flight.pop(delivery_id, None)
        self.wake()

    async def _guarded(self, delivery: Delivery, now: float) -> None:
        async with self._slots:
            try:
                await self._handle(delivery, now)
            except Exception:  # noqa: BLE001 - as above.
                _log.exception("webhook delivery %s: its attempt cannot be completed", delivery.id)
                await asyncio.sleep(_REST_SECONDS)  # It is still due: without a rest the loop would spin.

    async def _handle(self, delivery: Delivery, now: float) -> None:
        policy = self._policies.get(delivery.api)
        subscription = await self._subscription(delivery)
        number = delivery.attempt + 1
        if policy is None or subscription is None:
            unsent = Attempt(delivery.id, number, now, None, "not sent: the webhook is gone or inactive", 0.0)
            await self._store.attempted(replace(delivery, state="cancelled"), unsent)
            return
        delays = policy.retry.first(subscription.attempts or len(policy.retry.delays))
        began, started = self._clock.now(), time.perf_counter()
        answer = await self._post(delivery, subscription, policy, int(now))
        gone = answer.status == _GONE and SCHEMES[policy.signature].stops_on_gone
        state = _state(answer, may_retry=number < len(delays) and not gone)
        next_in = delays[number] * self._options.pace if state == "pending" else None
        # Waited from the answer on, by the clock that retries go by (a manual one may stand still).
        next_at = delivery.next_at if next_in is None else now + (self._clock.now() - began) + next_in
        seconds = time.perf_counter() - started
        await self._store.attempted(
            replace(delivery, attempt=number, state=state, next_at=next_at),
            Attempt(delivery.id, number, now, answer.status, answer.error, seconds),
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
        seconds = subscription.timeout_seconds or policy.timeout_seconds
        return await self._courier.post(subscription.url, headers, delivery.payload, seconds)

    async def _deactivate(self, delivery: Delivery, subscription: Subscription) -> None:
        async with self._store.transaction(delivery.tenant) as tx:
            record = await tx.get(KIND, delivery.subscription_id)
            if record is not None and record.data.get("url") == subscription.url:
                await tx.put(replace(record, data={**record.data, "is_active": False}))


def _state(answer: Answer, *, may_retry: bool) -> DeliveryState:
    if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success.
        return "delivered"
    return "pending" if may_retry else "failed"
