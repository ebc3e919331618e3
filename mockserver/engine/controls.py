"""The clock and the faults as a test sets them: of one process, or of all that share a state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from mockserver.engine.clock import AdjustableClock, Adjustment
from mockserver.engine.faults import Fault, Faults
from mockserver.store.commons import Board, Reading, Watched


class Controls:
    """Those of one process. `clock` and `faults` tell how they are set; to change them is done here."""

    shared = False
    """Whether others may have changed something, which `follow` finds out."""

    def __init__(self, clock: AdjustableClock) -> None:
        self.clock = clock
        self.faults = Faults()

    async def follow(self) -> None:
        """See what others have changed before this call. Raises StoreError."""

    async def move(self, change: Callable[[AdjustableClock], object]) -> None:
        """Set the clock. Raises what `change` raises."""
        change(self.clock)

    async def add(self, fault: Fault) -> Fault:
        """Switch a fault on; return it with its id. ValueError where it could never strike."""
        return self.faults.add(fault)

    async def remove(self, fault_id: str) -> bool:
        """Switch it off; False where there is none of this id, or no longer."""
        return self.faults.remove(fault_id)

    async def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        """Switch off all faults of this API and tenant, None = any; return how many."""
        return self.faults.clear(api, tenant)

    async def strike(self, api: str, operation: str, tenant: str, credential: str) -> Fault | None:
        """The fault that strikes this request, which is then counted, or None."""
        return self.faults.take(api, operation, tenant, credential)


class SharedControls(Controls):
    """Those of all processes. What one has changed all others obey once it is answered: each request begins by a look
    at the board, which is one round trip.

    `counted` is the counter of the state that changes with the tenants and their keys; `learn` reads those anew.
    """

    shared = True

    def __init__(
        self,
        clock: AdjustableClock,
        board: Board,
        counted: Callable[[], Watched],
        learn: Callable[[], Awaitable[object]],
    ) -> None:
        super().__init__(clock)
        self._board = board
        self._counted = counted
        self._learn = learn
        self._version = 0
        self._look = _Latest(self._read)

    async def follow(self) -> None:
        await self._look()

    async def move(self, change: Callable[[AdjustableClock], object]) -> None:
        def moved(offset: float, frozen_at: float | None) -> Adjustment:
            clock = self.clock.adjusted(Adjustment(offset, frozen_at))
            change(clock)
            return clock.adjustment

        await self._board.move(moved)
        await self.follow()

    async def add(self, fault: Fault) -> Fault:
        added = Faults().add(fault)
        await self._board.add(added.id, added.times, json.dumps(asdict(added)))
        await self.follow()
        return added

    async def remove(self, fault_id: str) -> bool:
        gone = await self._board.remove([fault_id])
        await self.follow()
        return gone == 1

    async def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        await self.follow()
        gone = await self._board.remove([fault.id for fault in self.faults.of(api, tenant)])
        await self.follow()
        return gone

    async def strike(self, api: str, operation: str, tenant: str, credential: str) -> Fault | None:
        for fault in self.faults.drawn(api, operation, tenant, credential):
            applied = await self._board.strike(fault.id)
            if applied is not None:
                return replace(fault, applied=applied)
        return None

    async def _read(self) -> None:
        found = await self._board.read(self._version, self._counted())
        if found is None:
            return
        if found.watched != self._counted().value:
            await self._learn()
        self._adopt(found)

    def _adopt(self, found: Reading) -> None:
        self.faults.replace(replace(_fault(content), applied=applied) for content, applied in found.faults)
        self.clock.adjust(Adjustment(found.offset, found.frozen_at))
        self._version = found.version


def _fault(content: str) -> Fault:
    members: dict[str, Any] = json.loads(content)
    return Fault(**members)


class _Latest:
    """Runs some work for whoever asks; those who ask while it runs share the next run, which begins after that."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._begun = 0
        self._running: asyncio.Future[BaseException | None] | None = None  # what it has raised

    async def __call__(self) -> None:
        asked = self._begun
        while self._running is not None:
            is_later = self._begun > asked
            raised = await asyncio.shield(self._running)
            if is_later and isinstance(raised, Exception):
                raise raised
            if is_later and raised is None:  # Else who ran it was cancelled: somebody has to do it again.
                return
        await self._run()

    async def _run(self) -> None:
        running = self._running = asyncio.get_running_loop().create_future()
        self._begun += 1
        raised: BaseException | None = None
        try:
            await self._work()
        except BaseException as error:
            raised = error
            raise
        finally:
            self._running = None
            running.set_result(raised)
