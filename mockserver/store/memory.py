"""State in memory: plain dictionaries, and a journal of old values to roll back by."""

from __future__ import annotations

from collections import deque
from heapq import nlargest
from struct import Struct
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.store.base import KeyTaken, Page, Remembered
from mockserver.store.outbox import Outbox
from mockserver.store.snapshot import State as Whole
from mockserver.store.snapshot import TenantState, decode, encode
from mockserver.store.table import Table, pack, unpack
from mockserver.store.turns import Turns, TurnTaking
from mockserver.store.windows import State, over, read, tally

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mockserver.store.base import Archived, Attempt, Delivery, Query, Record, Usage
    from mockserver.store.commons import Commons

_EXPIRY = Struct("<d")
_HEAD = Struct("<dH")  # begins each remembered answer: when it expires, its status
_SWEEP_EVERY = 1024  # recalls after which every tenant's expired answers are dropped, not just the caller's
_NOTHING: dict[str, str] = {}
_FEWEST_WINDOWS = 256  # keys with windows below which sweeping is not worth its while


class _Tenant:
    """All of one tenant but its deliveries."""

    __slots__ = ("counters", "expires_at", "expiry", "remembered", "tables")

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.counters: dict[str, int] = {}
        self.remembered: dict[str, bytes] = {}  # bytes, like the records: nothing to collect
        self.expiry: deque[str] = deque()  # keys in the order in which they were remembered
        self.expires_at = float("-inf")  # before this moment there is nothing to forget

    def table(self, kind: str) -> Table:
        table = self.tables.get(kind)
        if table is None:
            table = self.tables[kind] = Table(kind)
        return table

    def snapshot(self) -> TenantState:
        records = [record for table in self.tables.values() for record in table.scan(None)]
        answers = {key: _unpack_answer(row) for key, row in self.remembered.items()}
        return TenantState(records, dict(self.counters), answers)

    def restore(self, state: TenantState) -> None:
        """Fill an empty one."""
        for record in state.records:
            table = self.table(record.kind)
            table.rows[record.id] = pack(record, len(table.rows) + 1)
            for name, value in record.keys:
                table.keys.setdefault(name, {})[value] = record.id
            if record.archived:
                table.archived[record.id] = True
        self.counters.update(state.counters)
        for key, answer in sorted(state.answers.items(), key=lambda item: item[1].expires_at):
            self.remembered[key] = _pack_answer(answer)
            self.expiry.append(key)

    def forget_expired(self, now: float) -> None:
        """Drop from the front. A long-lived answer keeps later ones until its own end, no longer."""
        if now < self.expires_at:
            return
        while self.expiry:
            row = self.remembered.get(self.expiry[0])
            if row is not None:
                (self.expires_at,) = _EXPIRY.unpack_from(row)
                if now < self.expires_at:
                    return
                del self.remembered[self.expiry[0]]
            self.expiry.popleft()


class MemoryTransaction(TurnTaking):
    """See base.Transaction. Changes are made at once; the journal holds what was there before."""

    _store: MemoryStore
    _state: _Tenant
    _remembered: list[str] | None = None

    def __init__(self, store: MemoryStore, tenant: str) -> None:
        self.tenant = tenant
        self._store = store
        self._journal: list[tuple[dict[str, Any], str, Any]] = []  # (mapping, key, old value; None = absent)

    async def get(self, kind: str, record_id: str) -> Record | None:
        if self._store.owner is not self:
            await self._begin()
        table = self._state.tables.get(kind)
        row = None if table is None else table.rows.get(record_id)
        return None if row is None else unpack(kind, record_id, row)

    async def holder(self, kind: str, key_name: str, value: str) -> str | None:
        if self._store.owner is not self:
            await self._begin()
        table = self._state.tables.get(kind)
        holders = None if table is None else table.keys.get(key_name)
        return None if holders is None else holders.get(value)

    async def holders(self, kind: str, keys: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        if self._store.owner is not self:
            await self._begin()
        table = self._state.table(kind)
        return [table.keys.get(name, _NOTHING).get(value) for name, value in keys]

    async def put(self, record: Record) -> None:
        if self._store.owner is not self:
            await self._begin()
        table = self._state.table(record.kind)
        record_id = record.id
        for name, value in record.keys:
            holder_id = table.keys.setdefault(name, {}).get(value)
            if holder_id is not None and holder_id != record_id:
                raise KeyTaken(name, value, holder_id)
        old = table.rows.get(record_id)
        former = None if old is None else unpack(record.kind, record_id, old)
        row = pack(record, len(table.rows) + 1 if former is None else former.seq)
        journal = self._journal
        if table.is_indexed:
            table.changing(record_id)
        journal.append((table.rows, record_id, old))
        table.rows[record_id] = row
        if former is not None:
            for name, value in former.keys:
                self._set(table.keys[name], value, None)
        for name, value in record.keys:
            holders = table.keys[name]
            journal.append((holders, value, holders.get(value)))
            holders[value] = record_id
        if record.archived or former is not None:
            self._set(table.archived, record_id, True if record.archived else None)

    async def list(self, query: Query) -> Page:
        if self._store.owner is not self:
            await self._begin()
        table = self._state.tables.get(query.kind)
        return Page((), 0, more=False) if table is None else table.page(query)

    async def scan(
        self,
        kind: str,
        archived: Archived = False,  # noqa: FBT002  # it has three values
        *,
        start: int = 0,
        limit: int | None = None,
    ) -> Iterable[Record]:
        if self._store.owner is not self:
            await self._begin()
        table = self._state.tables.get(kind)
        return [] if table is None else table.scan(archived, start, limit)

    async def count(self, kind: str, archived: Archived = False) -> int:  # noqa: FBT002  # it has three values
        if self._store.owner is not self:
            await self._begin()
        table = self._state.tables.get(kind)
        return 0 if table is None else table.count(archived)

    async def kinds(self, archived: Archived = False) -> dict[str, int]:  # noqa: FBT002  # it has three values
        if self._store.owner is not self:
            await self._begin()
        counts = {kind: table.count(archived) for kind, table in sorted(self._state.tables.items())}
        return {kind: count for kind, count in counts.items() if count}

    async def counter(self, name: str, delta: int = 0) -> int:
        if self._store.owner is not self:
            await self._begin()
        counters = self._state.counters
        old = counters.get(name)
        if not delta:
            return old or 0
        self._journal.append((counters, name, old))
        new = counters[name] = (old or 0) + delta
        return new

    async def recall(self, key: str, now: float) -> Remembered | None:
        if self._store.owner is not self:
            await self._begin()
        state = self._state
        self._store.forget_expired(state, now)
        row = state.remembered.get(key)
        if row is None:
            return None
        return None if now >= _EXPIRY.unpack_from(row)[0] else _unpack_answer(row)

    async def remember(self, key: str, value: Remembered) -> None:
        if self._store.owner is not self:
            await self._begin()
        row = _pack_answer(value)
        remembered = self._state.remembered
        self._journal.append((remembered, key, remembered.get(key)))
        remembered[key] = row
        if self._remembered is None:
            self._remembered = []
        self._remembered.append(key)

    def _set(self, mapping: dict[str, Any], key: str, new: object) -> None:
        """Write (None = delete) and journal."""
        self._journal.append((mapping, key, mapping.get(key)))
        if new is None:
            mapping.pop(key, None)
        else:
            mapping[key] = new

    def _start(self) -> None:
        self._state = self._store.tenant(self.tenant)

    async def _commit(self) -> None:
        if self._remembered is not None:
            self._state.expiry.extend(self._remembered)
        for delivery in self._deliveries or ():
            self._store.outbox.add(delivery)

    def _roll_back(self) -> None:
        tables = {id(table.rows): table for table in self._state.tables.values()}
        for mapping, key, old in reversed(self._journal):
            table = tables.get(id(mapping))
            if table is not None:
                table.changing(key)
            if old is None:
                mapping.pop(key, None)
            else:
                mapping[key] = old
        for table in tables.values():
            table.rolled_back()


class MemoryStore(Turns):
    """See base.Store. For one event loop at a time."""

    commons: Commons | None = None

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox()
        self._tenants: dict[str, _Tenant] = {}
        self._recalls = 0
        self._windows: dict[str, State] = {}
        self._sweep_windows_at = _FEWEST_WINDOWS

    def transaction(self, tenant: str) -> MemoryTransaction:
        return MemoryTransaction(self, tenant)

    def tenant(self, name: str) -> _Tenant:
        state = self._tenants.get(name)
        if state is None:
            state = self._tenants[name] = _Tenant()
        return state

    def forget_expired(self, state: _Tenant, now: float) -> None:
        self._recalls += 1
        if self._recalls % _SWEEP_EVERY:
            if now >= state.expires_at:
                state.forget_expired(now)
            return
        for any_state in self._tenants.values():
            any_state.forget_expired(now)

    async def hit(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        state = self._windows.get(key)
        if state is None:
            if len(self._windows) >= self._sweep_windows_at:
                self._sweep_windows(now)
            state = self._windows[key] = {}
        return tally(state, windows, now)

    async def usage(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        return read(self._windows.get(key, {}), windows, now)

    async def forget_windows(self, key: str) -> None:
        self._windows.pop(key, None)

    async def pending(
        self, now: float, limit: int = 100, passing_over: Collection[tuple[str, str]] = ()
    ) -> list[Delivery]:
        return self.outbox.pending(now, limit, passing_over)

    async def next_due(self) -> float | None:
        return self.outbox.next_due()

    async def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        self.outbox.attempted(delivery, attempt)

    async def claim(self, delivery: Delivery, seconds: float) -> bool:  # noqa: ARG002  # as others have it
        return True

    async def unclaim(self, delivery: Delivery) -> None:
        """Nobody else waits for it."""

    async def deliveries(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        return self.outbox.of(tenant)

    async def tenants(self) -> list[str]:
        used = {name for name, state in self._tenants.items() if state.counters or _has_records(state)}
        return sorted(used | self.outbox.tenants())

    async def answers(self, tenant: str, limit: int = 100) -> list[tuple[str, Remembered]]:
        await self.take(self)
        self.release()  # Nobody has changed anything that is not committed, and nothing below suspends.
        state = self._tenants.get(tenant)
        rows = {} if state is None else state.remembered
        newest = nlargest(limit, rows.items(), key=lambda item: (_EXPIRY.unpack_from(item[1])[0], item[0]))
        return [(key, _unpack_answer(row)) for key, row in newest]

    async def snapshot(self) -> dict[str, Any]:
        await self.take(self)
        try:
            tenants = {name: self._tenants[name].snapshot() for name in sorted(self._tenants)}
            windows = [
                (key, seconds, used, ends_at)
                for key, state in self._windows.items()
                for seconds, (used, ends_at) in state.items()
            ]
            return encode(Whole(tenants, windows, self.outbox.all()))
        finally:
            self.release()

    async def restore(self, snapshot: object) -> None:
        whole = decode(snapshot)
        tenants = {name: _Tenant() for name in whole.tenants}
        for name, state in whole.tenants.items():
            tenants[name].restore(state)
        windows: dict[str, State] = {}
        for key, seconds, used, ends_at in whole.windows:
            windows.setdefault(key, {})[seconds] = (used, ends_at)
        outbox = Outbox()
        for delivery, attempts in whole.deliveries:
            outbox.add(delivery, attempts)
        await self.take(self)
        self._tenants, self._windows, self.outbox = tenants, windows, outbox
        self.release()
        if self.on_enqueue is not None:
            self.on_enqueue()

    async def reset(self, tenant: str | None = None) -> None:
        await self.take(self)
        if tenant is not None:
            self._tenants.pop(tenant, None)
            self.outbox.forget(tenant)
        else:
            self._tenants.clear()
            self._windows.clear()
            self.outbox = Outbox()
        self.release()

    async def close(self) -> None:
        """Nothing to release."""

    def _sweep_windows(self, now: float) -> None:
        """Drop what has ended. The next sweep is due at twice the rest, so each hit pays a constant share."""
        for key in [key for key, state in self._windows.items() if over(state, now)]:
            del self._windows[key]
        self._sweep_windows_at = max(_FEWEST_WINDOWS, 2 * len(self._windows))


def _pack_answer(value: Remembered) -> bytes:
    """Expiry and status, fingerprint, a line end, headers as JSON if there are any, a line end, body."""
    head = _HEAD.pack(value.expires_at, value.status)
    headers = orjson.dumps(value.headers) if value.headers else b""
    return b"".join((head, value.fingerprint.encode(), b"\n", headers, b"\n", value.body))


def _unpack_answer(row: bytes) -> Remembered:
    expires_at, status = _HEAD.unpack_from(row)
    fingerprint, headers, body = row[_HEAD.size :].split(b"\n", 2)
    pairs = tuple(map(tuple, orjson.loads(headers))) if headers else ()
    return Remembered(fingerprint.decode(), status, pairs, body, expires_at)


def _has_records(state: _Tenant) -> bool:
    return any(table.rows for table in state.tables.values())
