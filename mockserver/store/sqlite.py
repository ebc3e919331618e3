"""State in an SQLite file. What was acknowledged is committed, and survives the process.

Calls to SQLite run on the event loop: a thread would cost more than most of them. None waits for another program,
for the file is ours alone while it is open (`sqlite_file`); what remains is the disk, at commits and checkpoints.
There is one connection, and `turns` keeps it to one transaction at a time.
"""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mockserver.store import pieces
from mockserver.store.dialect import SQLITE
from mockserver.store.sql import SQLTransaction
from mockserver.store.sql_store import SQLStore
from mockserver.store.sqlite_file import explain, open_file, path_of
from mockserver.store.sqlite_texts import FileTexts
from mockserver.store.turns import Turns, TurnTaking
from mockserver.store.windows import tally

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from mockserver.store.base import Delivery, Query, Usage
    from mockserver.store.select import Matching
    from mockserver.store.sql import Row

_BEGIN = "BEGIN IMMEDIATE"  # what keeps it from writing is told at its beginning


class SQLiteTransaction(SQLTransaction, TurnTaking):
    """See base.Transaction."""

    dialect = SQLITE
    _store: SQLiteStore

    def __init__(self, store: SQLiteStore, tenant: str) -> None:
        super().__init__(store, tenant)
        self.sweeping = store

    async def rows(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        if self._store.owner is not self:
            await self._begin()
        return self._store.execute(text, parameters).fetchall()

    async def change(self, text: str, parameters: Sequence[Any] = ()) -> int:
        if self._store.owner is not self:
            await self._begin()
        return self._store.execute(text, parameters).rowcount

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        await self.change(text, parameters)

    async def matching(self, query: Query) -> Matching:
        where = await super().matching(query)
        texts = self._store.texts
        if texts is None or not query.search:
            return where
        if self._store.owner is not self:
            await self._begin()
        return texts.narrowed(where, self.tenant, query)

    def _start(self) -> None:
        self._store.name_task()
        self._store.execute(_BEGIN)

    async def _commit(self) -> None:
        try:
            await self.settle(self._store)
            for delivery in self._deliveries or ():
                await self._store.enqueue(self._store, delivery)
        except BaseException:
            self._store.roll_back()
            raise
        self._store.commit()

    def _roll_back(self) -> None:
        self._store.roll_back()


class SQLiteStore(SQLStore, Turns):
    """See base.Store. Holds the file, alone, until it is closed or the process ends. Itself a Session."""

    dialect = SQLITE

    def __init__(self, url: str | Path) -> None:
        super().__init__()
        self._path = path_of(url)
        self._connection = open_file(self._path)
        self.texts = FileTexts(self.execute, self.execute_many) if pieces.are_known_to(self._connection) else None

    def transaction(self, tenant: str) -> SQLiteTransaction:
        return SQLiteTransaction(self, tenant)

    async def hit(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        async with self.alone(None):
            state = await self._windows(self, key)
            if not state:
                self.execute("DELETE FROM rate_windows WHERE ends_at <= ?", (now,))
            usages = tally(state, windows, now)
            if all(usage.allowed for usage in usages):
                for usage in usages:
                    self.execute(
                        "INSERT INTO rate_windows (key, seconds, used, ends_at) VALUES (?, ?, ?, ?)"
                        " ON CONFLICT (key, seconds) DO UPDATE SET used = excluded.used, ends_at = excluded.ends_at",
                        (key, usage.seconds, usage.used, usage.resets_at),
                    )
            return usages

    # Looking takes no turn: nothing uncommitted is ever seen in the tables of windows and deliveries. Windows are
    # written by `hit` alone, which never suspends; deliveries by `attempted`, likewise, and by commits.
    @asynccontextmanager
    async def looking(self) -> AsyncIterator[SQLiteStore]:
        yield self

    def viewing(self) -> _Alone:
        return _Alone(self)

    def alone(self, tenant: str | None) -> _Alone:  # noqa: ARG002  # whose turn it is makes no difference here
        return _Alone(self)

    async def claim(self, delivery: Delivery, seconds: float) -> bool:  # noqa: ARG002  # as others have it
        return True

    async def unclaim(self, delivery: Delivery) -> None:
        """Nobody else waits for it."""

    async def close(self) -> None:
        self._connection.close()

    async def rows(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.execute(text, parameters).fetchall()

    async def change(self, text: str, parameters: Sequence[Any] = ()) -> int:
        return self.execute(text, parameters).rowcount

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        self.execute(text, parameters)

    async def change_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        self.execute_many(text, rows)

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(text, rows)
        except sqlite3.Error as error:
            raise explain(self._path, error) from error

    def execute(self, text: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(text, parameters)
        except sqlite3.Error as error:
            raise explain(self._path, error) from error

    def commit(self) -> None:
        try:
            self.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    def roll_back(self) -> None:
        # Some errors (a full disk) have rolled back already.
        if self._connection.in_transaction:
            self.execute("ROLLBACK")


class _Alone:
    """A transaction of the store itself."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store

    async def __aenter__(self) -> SQLiteStore:
        await self._store.take(self)
        try:
            self._store.execute(_BEGIN)
        except BaseException:
            self._store.release()
            raise
        return self._store

    async def __aexit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        try:
            if kind is None:
                self._store.commit()
            else:
                self._store.roll_back()
        finally:
            self._store.release()
