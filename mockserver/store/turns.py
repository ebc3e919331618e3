"""How the transactions of one event loop take turns, and the names that they hold."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.store.base import Delivery


class Turns:
    """One turn for all: taking it suspends only while a transaction is held open across an await of its own.

    Not an asyncio.Lock: that is bound to the first event loop that had to wait, and costs more where none does.
    """

    def __init__(self) -> None:
        self.on_enqueue: Callable[[], None] | None = None
        self.poll_seconds = math.inf
        self.owner: object | None = None
        self.locks: dict[tuple[str, str], TurnTaking] = {}  # (tenant, name) -> holder
        self._task: asyncio.Task[object] | None = None  # of the owner, if it has said so
        self._waiters: list[asyncio.Future[None]] = []

    async def take(self, owner: object) -> None:
        while self.owner is not None:
            if self._task is not None and asyncio.current_task() is self._task:
                raise RuntimeError(
                    "another transaction of this task is open, and would be waited for forever: end it first"
                )
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        self.owner = owner

    def name_task(self) -> None:
        """Lets the owner's own task be told, rather than hang, when it would wait for itself. Costs 0.3 us."""
        try:
            self._task = asyncio.current_task()
        except RuntimeError:  # driven without an event loop
            self._task = None

    def release(self) -> None:
        self.owner = self._task = None
        if not self._waiters:
            return
        # All wake and the first takes the turn: so none is lost when one of them has been cancelled.
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class TurnTaking:
    """What a transaction is apart from its storage: turn, locks, outcome.

    Each access begins with `if self._store.owner is not self: await self._begin()`. The turn is taken so late
    that a transaction which only tried a lock, and lost, need not wait for the holder's end.
    """

    # Defaults of the class, for most transactions change none of them.
    _deliveries: list[Delivery] | None = None
    _locks: list[tuple[str, str]] | None = None
    _undone = False
    _ended = False

    def __init__(self, store: Turns, tenant: str) -> None:
        self.tenant = tenant
        self._store = store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        self._ended = True
        store = self._store
        if self._locks is not None:
            for name in self._locks:
                del store.locks[name]
        if store.owner is not self:
            return
        committing = kind is None and not self._undone
        try:
            if committing:
                await self._commit()
            else:
                self._roll_back()
        finally:
            store.release()
        if committing and self._deliveries is not None and store.on_enqueue is not None:
            store.on_enqueue()

    def undo(self) -> None:
        self._undone = True

    async def try_lock(self, name: str) -> bool:
        if self._ended:
            raise self._misuse()
        key = (self.tenant, name)
        if self._store.locks.setdefault(key, self) is not self:
            return False
        if self._locks is None:
            self._locks = []
        if key not in self._locks:
            self._locks.append(key)
        return True

    async def enqueue(self, delivery: Delivery) -> None:
        if self._store.owner is not self:
            await self._begin()
        if self._deliveries is None:
            self._deliveries = []
        self._deliveries.append(delivery)

    async def _begin(self) -> None:
        if self._ended:
            raise self._misuse()
        store = self._store
        if store.owner is None:
            store.owner = self
        else:
            await store.take(self)
        try:
            self._start()
        except BaseException:
            store.release()
            raise

    def _misuse(self) -> RuntimeError:
        return RuntimeError(f"this transaction of {self.tenant!r} has ended: open a new one")

    def _start(self) -> None:
        raise NotImplementedError

    async def _commit(self) -> None:
        raise NotImplementedError

    def _roll_back(self) -> None:
        raise NotImplementedError
