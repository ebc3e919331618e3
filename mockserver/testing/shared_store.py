"""State in memory that several threads use: a test's own, a server's, and those that its code starts."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from mockserver.store.base import Attempt, Delivery, Usage
from mockserver.store.memory import MemoryStore, MemoryTransaction


class SharedTransaction(MemoryTransaction):
    """Holds the store's lock from its first access to its end. It never suspends, so one thread has all of it."""

    _store: SharedStore

    async def _begin(self) -> None:
        self._store.lock.acquire()
        try:
            await super()._begin()
        except BaseException:
            self._store.lock.release()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        held = self._store.owner is self
        try:
            await super().__aexit__(kind, error, traceback)
        finally:
            if held:
                self._store.lock.release()


class SharedStore(MemoryStore):
    """See MemoryStore; safe to use from any thread and event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()

    def transaction(self, tenant: str) -> SharedTransaction:
        return SharedTransaction(self, tenant)

    async def hit(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        with self.lock:
            return await super().hit(key, windows, now)

    async def usage(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        with self.lock:
            return await super().usage(key, windows, now)

    async def forget_windows(self, key: str) -> None:
        with self.lock:
            await super().forget_windows(key)

    async def pending(
        self, now: float, limit: int = 100, passing_over: Collection[tuple[str, str]] = ()
    ) -> list[Delivery]:
        with self.lock:
            return await super().pending(now, limit, passing_over)

    async def next_due(self) -> float | None:
        with self.lock:
            return await super().next_due()

    async def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        with self.lock:
            await super().attempted(delivery, attempt)

    async def deliveries(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        with self.lock:
            return await super().deliveries(tenant)

    async def tenants(self) -> list[str]:
        with self.lock:
            return await super().tenants()

    async def reset(self, tenant: str | None = None) -> None:
        with self.lock:
            await super().reset(tenant)
