"""Deliveries in memory, the pending ones sorted by when they are due."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import count
from typing import TYPE_CHECKING

from sortedcontainers import SortedDict

from mockserver.store.base import FINISHED_KEPT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mockserver.store.base import Attempt, Delivery


@dataclass(slots=True)
class _Item:
    number: int  # order of enqueueing
    delivery: Delivery
    attempts: list[Attempt] = field(default_factory=list)


class Outbox:
    """Committed deliveries of all tenants."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}
        self._numbers = count(1)
        # (tenant, subscription) -> (next_at, number) -> item, pending ones only. A queue each, so that passing over
        # a long one costs nothing.
        self._queues: dict[tuple[str, str], SortedDict] = {}
        self._finished: dict[str, SortedDict] = {}  # tenant -> number -> item

    def add(self, delivery: Delivery, attempts: Sequence[Attempt] = ()) -> None:
        """Insert, with attempts already made, or replace the delivery of this id; its attempts stay."""
        # A payload fresh from a serializer may hold a far larger buffer: keep a copy.
        delivery = replace(delivery, payload=memoryview(delivery.payload).tobytes())
        item = self._items.get(delivery.id)
        if item is None:
            item = self._items[delivery.id] = _Item(next(self._numbers), delivery, list(attempts))
        else:
            self._take_out(item)
        self._place(item, delivery)

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        item = self._items.get(delivery.id)
        if item is None:
            return
        item.attempts.append(attempt)
        new = replace(item.delivery, attempt=delivery.attempt, next_at=delivery.next_at, state=delivery.state)
        self._take_out(item)
        self._place(item, new)

    def pending(self, now: float, limit: int, passing_over: Collection[tuple[str, str]]) -> list[Delivery]:
        found: list[Delivery] = []
        queues = (queue.items() for key, queue in self._queues.items() if key not in passing_over)
        for (next_at, _), item in merge(*queues):
            if next_at > now or len(found) == limit:
                break
            found.append(item.delivery)
        return found

    def next_due(self) -> float | None:
        return min((float(queue.peekitem(0)[0][0]) for queue in self._queues.values()), default=None)

    def all(self) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        return [(item.delivery, tuple(item.attempts)) for item in self._items.values()]

    def of(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        return [found for found in self.all() if found[0].tenant == tenant]

    def tenants(self) -> set[str]:
        return {item.delivery.tenant for item in self._items.values()}

    def forget(self, tenant: str) -> None:
        for item in [item for item in self._items.values() if item.delivery.tenant == tenant]:
            self._take_out(item)
            del self._items[item.delivery.id]

    def _take_out(self, item: _Item) -> None:
        delivery = item.delivery
        if delivery.state != "pending":
            del self._finished[delivery.tenant][item.number]
            return
        key = (delivery.tenant, delivery.subscription_id)
        queue = self._queues[key]
        del queue[delivery.next_at, item.number]
        if not queue:
            del self._queues[key]

    def _place(self, item: _Item, delivery: Delivery) -> None:
        item.delivery = delivery
        if delivery.state == "pending":
            queue = self._queues.setdefault((delivery.tenant, delivery.subscription_id), SortedDict())
            queue[delivery.next_at, item.number] = item
            return
        finished = self._finished.setdefault(delivery.tenant, SortedDict())
        finished[item.number] = item
        if len(finished) > FINISHED_KEPT:
            _, oldest = finished.popitem(0)
            del self._items[oldest.delivery.id]
