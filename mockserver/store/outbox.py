"""Deliveries in memory, the pending ones sorted by when they are due."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from sortedcontainers import SortedDict

if TYPE_CHECKING:
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
        self._due: SortedDict = SortedDict()  # (next_at, number) -> item, pending ones only

    def add(self, delivery: Delivery) -> None:
        """Insert, or replace the delivery of this id; its attempts stay."""
        # A payload fresh from a serializer may hold a far larger buffer: keep a copy.
        delivery = replace(delivery, payload=memoryview(delivery.payload).tobytes())
        item = self._items.get(delivery.id)
        if item is None:
            item = self._items[delivery.id] = _Item(next(self._numbers), delivery)
        self._place(item, delivery)

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        item = self._items.get(delivery.id)
        if item is None:
            return
        item.attempts.append(attempt)
        new = replace(item.delivery, attempt=delivery.attempt, next_at=delivery.next_at, state=delivery.state)
        self._place(item, new)

    def pending(self, now: float, limit: int) -> list[Delivery]:
        found: list[Delivery] = []
        for (next_at, _), item in self._due.items():
            if next_at > now or len(found) == limit:
                break
            found.append(item.delivery)
        return found

    def next_due(self) -> float | None:
        return float(self._due.peekitem(0)[0][0]) if self._due else None

    def of(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        return [
            (item.delivery, tuple(item.attempts)) for item in self._items.values() if item.delivery.tenant == tenant
        ]

    def tenants(self) -> set[str]:
        return {item.delivery.tenant for item in self._items.values()}

    def forget(self, tenant: str) -> None:
        for item in [item for item in self._items.values() if item.delivery.tenant == tenant]:
            self._due.pop((item.delivery.next_at, item.number), None)
            del self._items[item.delivery.id]

    def _place(self, item: _Item, delivery: Delivery) -> None:
        self._due.pop((item.delivery.next_at, item.number), None)
        item.delivery = delivery
        if delivery.state == "pending":
            self._due[delivery.next_at, item.number] = item
