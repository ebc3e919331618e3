# ruff: noqa: S608 - what is put into statements are constants of this package; all values are parameters
"""State in a PostgreSQL database that several processes and machines share.

Each transaction has a connection of its own from a pool. Transactions of one tenant take turns, wherever they run:
each begins with an advisory lock on the tenant; those of other tenants go on beside it. A lock on a name is an advisory
lock too. All of them end with the transaction, and so with the process, its connection or its machine.

Nobody waits for a row, and locks are taken in one order (everybody's, a tenant's): there can be no deadlock.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

from mockserver.store.base import Usage
from mockserver.store.commons import Commons
from mockserver.store.dialect import POSTGRES
from mockserver.store.pieces import SHORTEST
from mockserver.store.postgres_board import PostgresBoard
from mockserver.store.postgres_log import PostgresLog
from mockserver.store.postgres_pool import Address, Pool
from mockserver.store.postgres_schema import prepare
from mockserver.store.postgres_session import Look, PostgresSession
from mockserver.store.postgres_shelf import PostgresShelf
from mockserver.store.postgres_tally import PostgresTally
from mockserver.store.select import Matching
from mockserver.store.sql import SQLTransaction
from mockserver.store.sql_store import SQLStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from psycopg import AsyncConnection

    from mockserver.store.base import Delivery, Query
    from mockserver.store.sql import Row, Session

TRANSACTIONS_AT_ONCE = 8
"""Connections of a process for transactions."""
LOOKS_AT_ONCE = 4
"""Connections of a process for all else: never waited for by one who waits for a transaction."""

_POLL_SECONDS = 1.0
_SWEEP_EVERY = 1024  # hits
_MANY = 5000  # records that a search may look into, rather than into all of its tenant's
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_VIEW = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NOW = "extract(epoch FROM clock_timestamp())::double precision"


class PostgresTransaction(SQLTransaction):
    """See base.Transaction. Has a connection from the first lock tried or access, and its turn from the latter."""

    dialect = POSTGRES

    def __init__(self, store: PostgresStore, tenant: str) -> None:
        self.tenant = tenant
        self.sweeping = store
        self._store = store
        self._connection: AsyncConnection[Row] | None = None
        self._session: PostgresSession | None = None  # once it has its turn
        self._deliveries: list[Delivery] = []
        self._undone = self._ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        self._ended = True
        if self._connection is None:
            return
        session, self._session = self._session, None
        committing = kind is None and not self._undone and session is not None
        try:
            if committing and session is not None:
                await self.settle(session)
                for delivery in self._deliveries:
                    await self._store.enqueue(session, delivery)
                await session.commit()
        finally:
            self._store.turns.discard(self)
            await self._store.transactions.undo_and_give_back(self._connection)
        if committing and self._deliveries and self._store.on_enqueue is not None:
            self._store.on_enqueue()

    def undo(self) -> None:
        self._undone = True

    async def rows(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return await (self._session or await self._begun()).rows(text, parameters)

    async def change(self, text: str, parameters: Sequence[Any] = ()) -> int:
        return await (self._session or await self._begun()).change(text, parameters)

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        await (self._session or await self._begun()).change_later(text, parameters)

    async def change_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        await (self._session or await self._begun()).change_many(text, rows)

    async def matching(self, query: Query) -> Matching:
        """The records that may contain what is searched for are asked for first, and then looked into.

        Apart, for a planner that has few statistics would rather look into all of the tenant's.
        """
        where = await super().matching(query)
        if not query.search or any(len(needle) < SHORTEST for needle in query.search):
            return where
        tests = " OR ".join(["leadmock_pieces(search) @@ leadmock_containing(?)"] * len(query.search))
        found = await self.rows(f"SELECT seq FROM records WHERE {tests} LIMIT {_MANY}", query.search)
        if len(found) == _MANY:
            return where
        few = "(SELECT * FROM records WHERE seq = ANY (?) OFFSET 0) AS records"
        return Matching(where.text, [[seq for (seq,) in found], *where.parameters], few)

    async def try_lock(self, name: str) -> bool:
        self._check()
        lock = f"SELECT pg_try_advisory_xact_lock({self._store.lock('name', self.tenant, name)})"
        if self._connection is not None:
            return bool((await PostgresSession(self._store.address, self._connection).rows(lock))[0][0])
        self._connection, cursor = await self._store.transactions.begin(f"{_BEGIN}; {lock}")
        cursor.nextset()
        row = await cursor.fetchone()
        return row is not None and bool(row[0])

    async def enqueue(self, delivery: Delivery) -> None:
        if self._session is None:
            await self._begun()
        self._deliveries.append(delivery)

    async def _begun(self) -> PostgresSession:
        """Take the turn."""
        self._check()
        self._store.turns.check()
        turn = self._store.turn(self.tenant)
        if self._connection is None:
            self._connection, _ = await self._store.transactions.begin(f"{_BEGIN}; {turn}")
            self._session = PostgresSession(self._store.address, self._connection)
        else:
            session = PostgresSession(self._store.address, self._connection)
            await session.rows(turn)
            self._session = session
        self._store.turns.add(self)
        return self._session

    def _check(self) -> None:
        if self._ended:
            raise RuntimeError(f"this transaction of {self.tenant!r} has ended: open a new one")


class _Turns:
    """Whose task has a turn: it would wait for itself if it wanted another."""

    def __init__(self) -> None:
        self._tasks: dict[object, asyncio.Task[object] | None] = {}

    def check(self) -> None:
        if self._tasks and asyncio.current_task() in self._tasks.values():
            raise RuntimeError(
                "another transaction of this task is open, and would be waited for forever: end it first"
            )

    def add(self, owner: object) -> None:
        self._tasks[owner] = asyncio.current_task()

    def discard(self, owner: object) -> None:
        self._tasks.pop(owner, None)


class PostgresStore(SQLStore):
    """See base.Store."""

    dialect = POSTGRES
    unclaimed = f" AND claimed_until <= {_NOW}"

    def __init__(self, url: str) -> None:
        super().__init__()
        self.on_enqueue = None
        self.poll_seconds = _POLL_SECONDS
        self.address = Address(url)
        self._schema = prepare(self.address)
        self.transactions = Pool(self.address, TRANSACTIONS_AT_ONCE)
        self._looks = Pool(self.address, LOOKS_AT_ONCE)
        self.turns = _Turns()
        self._hits = 0
        self._everybody = self.lock("everybody")
        self.commons = Commons(PostgresShelf(self), PostgresBoard(self), PostgresLog(self), PostgresTally(self))

    def transaction(self, tenant: str) -> PostgresTransaction:
        return PostgresTransaction(self, tenant)

    def lock(self, *names: str) -> int:
        """The number of an advisory lock, different in each schema."""
        text = "\0".join((self._schema, *names)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)

    def turn(self, tenant: str | None) -> str:
        """Statement that waits for a tenant's turn, or for everybody's."""
        if tenant is None:
            return f"SELECT pg_advisory_xact_lock({self._everybody})"
        return (
            f"SELECT pg_advisory_xact_lock_shared({self._everybody}),"
            f" pg_advisory_xact_lock({self.lock('turn', tenant)})"
        )

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Look]:
        yield Look(self.address, self._looks)

    def viewing(self) -> AbstractAsyncContextManager[PostgresSession]:
        return self._within(self._looks, _VIEW)

    @asynccontextmanager
    async def alone(self, tenant: str | None) -> AsyncIterator[PostgresSession]:
        self.turns.check()
        async with self._within(self.transactions, f"{_BEGIN}; {self.turn(tenant)}") as session:
            if tenant is None:
                # Hits and claims take no tenant's turn. Reading goes on.
                await session.change("LOCK TABLE rate_windows, deliveries, attempts IN EXCLUSIVE MODE")
            yield session

    @asynccontextmanager
    async def _within(self, pool: Pool, begin: str) -> AsyncIterator[PostgresSession]:
        connection, _ = await pool.begin(begin)
        try:
            session = PostgresSession(self.address, connection)
            yield session
            await session.commit()
        finally:
            await pool.undo_and_give_back(connection)

    async def hit(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        async with self.looking() as session:
            rows = await session.rows(
                "SELECT used, ends_at, allowed FROM leadmock_hit(?, ?::bigint[], ?::bigint[], ?)",
                (key, [seconds for _, seconds in windows], [limit for limit, _ in windows], now),
            )
            self._hits += 1
            if self._hits % _SWEEP_EVERY == 0:
                await session.change(
                    "DELETE FROM rate_windows WHERE (key, seconds) IN"
                    f" (SELECT key, seconds FROM rate_windows WHERE ends_at <= ? {POSTGRES.skip_locked})",
                    (now,),
                )
        return [
            Usage(limit, seconds, used, ends_at, allowed=allowed)
            for (limit, seconds), (used, ends_at, allowed) in zip(windows, rows, strict=True)
        ]

    async def sweep_answers(self, session: Session, now: float) -> None:  # noqa: ARG002  # not in a tenant's turn
        async with self.looking() as apart:
            await super().sweep_answers(apart, now)

    async def claim(self, delivery: Delivery, seconds: float) -> bool:
        async with self.looking() as session:
            claimed = await session.change(
                f"UPDATE deliveries SET claimed_until = {_NOW} + ? WHERE id = (SELECT id FROM deliveries WHERE id = ?"
                f" AND state = 'pending' AND attempt = ?{self.unclaimed} {POSTGRES.skip_locked})",
                (seconds, delivery.id, delivery.attempt),
            )
        return claimed == 1

    async def unclaim(self, delivery: Delivery) -> None:
        async with self.looking() as session:
            await session.change("UPDATE deliveries SET claimed_until = 0 WHERE id = ?", (delivery.id,))

    async def close(self) -> None:
        await self.transactions.close()
        await self._looks.close()
