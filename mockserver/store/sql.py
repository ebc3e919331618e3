# ruff: noqa: S608 - what is put into statements are constants of this package; all values are parameters
"""State in an SQLite file. What was acknowledged is committed, and survives the process.

Calls to SQLite run on the event loop: a thread would cost more than most of them. None waits for another program,
for the file is ours alone while it is open (`sqlite_file`); what remains is the disk, at commits and checkpoints.
There is one connection, and `turns` keeps it to one transaction at a time.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.store import rows as as_rows
from mockserver.store import select
from mockserver.store.base import FINISHED_KEPT, Attempt, Delivery, KeyTaken, Page, Record, Remembered
from mockserver.store.dialect import SQLITE
from mockserver.store.snapshot import State as Whole
from mockserver.store.snapshot import decode, encode
from mockserver.store.sqlite_file import explain, open_file, path_of
from mockserver.store.turns import Turns, TurnTaking
from mockserver.store.windows import State, read, tally

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from mockserver.store.base import Archived, Query, Usage

_RECORD = "id, data, search, keys, archived, seq"
_ANSWER = "fingerprint, status, headers, body, expires_at"
_DELIVERY = "id, api, tenant, subscription_id, event, payload, attempt, next_at, state, created_at"
_SWEEP_EVERY = 256  # recalls
_PRUNE_EVERY = 128  # deliveries of a tenant that have finished


class SQLTransaction(TurnTaking):
    """See base.Transaction."""

    _store: SQLStore

    async def get(self, kind: str, record_id: str) -> Record | None:
        rows = await self._execute(
            f"SELECT {_RECORD} FROM records WHERE tenant = ? AND kind = ? AND id = ?",
            (self.tenant, kind, record_id),
        )
        row = rows.fetchone()
        return None if row is None else _record(kind, row)

    async def holder(self, kind: str, key_name: str, value: str) -> str | None:
        rows = await self._execute(
            "SELECT id FROM unique_keys WHERE tenant = ? AND kind = ? AND name = ? AND value = ?",
            (self.tenant, kind, key_name, value),
        )
        row = rows.fetchone()
        return None if row is None else str(row[0])

    async def put(self, record: Record) -> None:
        data = orjson.dumps(record.data).decode()
        await self._claim(record)
        await self._execute(
            "INSERT INTO records (tenant, kind, id, data, search, keys, archived) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (tenant, kind, id) DO UPDATE SET data = excluded.data, search = excluded.search,"
            " keys = excluded.keys, archived = excluded.archived",
            (
                *(self.tenant, record.kind, record.id, data, record.search),
                *(orjson.dumps(record.keys).decode(), int(record.archived)),
            ),
        )

    async def list(self, query: Query) -> Page:
        where = select.matching(SQLITE, self.tenant, query)
        total = await self._execute(f"SELECT count(*) FROM records WHERE {where[0]}", where[1])
        (count,) = total.fetchone()
        rows = (await self._execute(*select.page(SQLITE, _RECORD, where, query))).fetchall()
        records = tuple(_record(query.kind, row) for row in rows[: query.limit])
        return Page(records, count, more=len(rows) > query.limit)

    async def scan(self, kind: str, archived: Archived = False) -> Iterable[Record]:  # noqa: FBT002  # it has three values
        where, parameters = select.of_kind(self.tenant, kind, archived)
        rows = await self._execute(f"SELECT {_RECORD} FROM records WHERE {where} ORDER BY seq", parameters)
        return [_record(kind, row) for row in rows]

    async def count(self, kind: str, archived: Archived = False) -> int:  # noqa: FBT002  # it has three values
        where, parameters = select.of_kind(self.tenant, kind, archived)
        rows = await self._execute(f"SELECT count(*) FROM records WHERE {where}", parameters)
        return int(rows.fetchone()[0])

    async def counter(self, name: str, delta: int = 0) -> int:
        if delta:
            rows = await self._execute(
                "INSERT INTO counters (tenant, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (tenant, name) DO UPDATE SET value = counters.value + excluded.value"
                " RETURNING value",
                (self.tenant, name, delta),
            )
        else:
            rows = await self._execute("SELECT value FROM counters WHERE tenant = ? AND name = ?", (self.tenant, name))
        row = rows.fetchone()
        return 0 if row is None else int(row[0])

    async def recall(self, key: str, now: float) -> Remembered | None:
        self._store.recalls += 1
        if self._store.recalls % _SWEEP_EVERY == 0:
            await self._execute("DELETE FROM remembered WHERE expires_at <= ?", (now,))
        rows = await self._execute(
            f"SELECT {_ANSWER} FROM remembered WHERE tenant = ? AND key = ? AND expires_at > ?",
            (self.tenant, key, now),
        )
        row = rows.fetchone()
        if row is None:
            return None
        return _answer(row)

    async def remember(self, key: str, value: Remembered) -> None:
        await self._execute(
            "INSERT INTO remembered (tenant, key, fingerprint, status, headers, body, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, key) DO UPDATE SET"
            " fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,"
            " body = excluded.body, expires_at = excluded.expires_at",
            (
                *(self.tenant, key, value.fingerprint, value.status),
                *(orjson.dumps(value.headers).decode(), value.body, value.expires_at),
            ),
        )

    async def _claim(self, record: Record) -> None:
        """Exchange the record's unique keys, or change nothing and raise KeyTaken: the constraint decides."""
        owner = (self.tenant, record.kind, record.id)
        await self._execute("SAVEPOINT claim")
        await self._execute("DELETE FROM unique_keys WHERE tenant = ? AND kind = ? AND id = ?", owner)
        for name, value in dict.fromkeys(record.keys):
            inserted = await self._execute(
                "INSERT INTO unique_keys (tenant, kind, id, name, value) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (tenant, kind, name, value) DO NOTHING",
                (*owner, name, value),
            )
            if inserted.rowcount == 0:
                await self._execute("ROLLBACK TO SAVEPOINT claim")
                await self._execute("RELEASE SAVEPOINT claim")
                raise KeyTaken(name, value, await self.holder(record.kind, name, value) or "")
        await self._execute("RELEASE SAVEPOINT claim")

    async def _execute(self, text: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        if self._store.owner is not self:
            await self._begin()
        return self._store.execute(text, parameters)

    def _start(self) -> None:
        self._store.name_task()
        self._store.execute(SQLITE.begin)

    def _commit(self) -> None:
        try:
            for delivery in self._deliveries or ():
                self._store.enqueue(delivery)
        except BaseException:
            self._store.roll_back()
            raise
        self._store.commit()

    def _roll_back(self) -> None:
        self._store.roll_back()


class SQLStore(Turns):
    """See base.Store. Holds the file, alone, until it is closed or the process ends."""

    def __init__(self, url: str | Path) -> None:
        super().__init__()
        self.recalls = 0
        self._finished: dict[str, int] = {}  # tenant -> deliveries seen to finish
        self._path = path_of(url)
        self._connection = open_file(self._path)

    def transaction(self, tenant: str) -> SQLTransaction:
        return SQLTransaction(self, tenant)

    async def hit(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        async with _Alone(self):
            state = self._windows(key)
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

    async def usage(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        return read(self._windows(key), windows, now)

    def _windows(self, key: str) -> State:
        rows = self.execute("SELECT seconds, used, ends_at FROM rate_windows WHERE key = ?", (key,))
        return {seconds: (used, ends_at) for seconds, used, ends_at in rows}

    # Reading windows and deliveries takes no turn: nothing uncommitted is ever seen in their tables. Windows are
    # written by `hit` alone, which never suspends; deliveries by `attempted`, likewise, and by commits.
    async def pending(
        self, now: float, limit: int = 100, passing_over: Collection[tuple[str, str]] = ()
    ) -> list[Delivery]:
        others = ""
        if passing_over:
            others = f" AND (tenant, subscription_id) NOT IN (VALUES {', '.join(['(?, ?)'] * len(passing_over))})"
        rows = self.execute(
            f"SELECT {_DELIVERY} FROM deliveries WHERE state = 'pending' AND next_at <= ?{others}"
            " ORDER BY next_at, place LIMIT ?",
            (now, *(part for each in passing_over for part in each), limit),
        )
        return [Delivery(*row) for row in rows]

    async def next_due(self) -> float | None:
        row = self.execute("SELECT min(next_at) FROM deliveries WHERE state = 'pending'").fetchone()
        return None if row[0] is None else float(row[0])

    async def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        async with _Alone(self):
            updated = self.execute(
                "UPDATE deliveries SET attempt = ?, next_at = ?, state = ? WHERE id = ?",
                (delivery.attempt, delivery.next_at, delivery.state, delivery.id),
            )
            if updated.rowcount:
                self.execute(
                    "INSERT INTO attempts (delivery_id, number, at, status, error, seconds) VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        *(delivery.id, attempt.number, attempt.at),
                        *(attempt.status, attempt.error, attempt.seconds),
                    ),
                )
                self._prune(delivery)

    async def deliveries(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        return self._deliveries("WHERE tenant = ?", (tenant,))

    def _deliveries(
        self, where: str = "", parameters: Sequence[Any] = ()
    ) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        attempts: dict[str, list[Attempt]] = {}
        for row in self.execute(
            "SELECT delivery_id, number, at, status, error, seconds FROM attempts WHERE delivery_id IN"
            f" (SELECT id FROM deliveries {where}) ORDER BY place",
            parameters,
        ):
            attempts.setdefault(row[0], []).append(Attempt(*row))
        rows = self.execute(f"SELECT {_DELIVERY} FROM deliveries {where} ORDER BY place", parameters)
        return [(Delivery(*row), tuple(attempts.get(row[0], ()))) for row in rows]

    async def tenants(self) -> list[str]:
        rows = self.execute(
            "SELECT tenant FROM records UNION SELECT tenant FROM counters UNION SELECT tenant FROM deliveries"
        )
        return sorted(row[0] for row in rows)

    async def answers(self, tenant: str, limit: int = 100) -> list[tuple[str, Remembered]]:
        async with _Alone(self):
            rows = self.execute(
                f"SELECT key, {_ANSWER} FROM remembered WHERE tenant = ? ORDER BY expires_at DESC, key DESC LIMIT ?",
                (tenant, limit),
            )
            return [(key, _answer(row)) for key, *row in rows]

    async def snapshot(self) -> dict[str, Any]:
        async with _Alone(self):
            whole = Whole()
            for tenant, kind, *row in self.execute(f"SELECT tenant, kind, {_RECORD} FROM records ORDER BY seq"):
                whole.tenant(tenant).records.append(_record(kind, row))
            for tenant, name, value in self.execute("SELECT tenant, name, value FROM counters"):
                whole.tenant(tenant).counters[name] = value
            for tenant, key, *row in self.execute(f"SELECT tenant, key, {_ANSWER} FROM remembered"):
                whole.tenant(tenant).answers[key] = _answer(row)
            whole.windows.extend(self.execute("SELECT key, seconds, used, ends_at FROM rate_windows"))
            whole.deliveries.extend(self._deliveries())
            return encode(whole)

    async def restore(self, snapshot: object) -> None:
        whole = decode(snapshot)
        async with _Alone(self):
            self._forget()
            for table, columns, rows in as_rows.of(whole):
                places = ", ".join("?" * (columns.count(",") + 1))
                self.execute_many(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
        if self.on_enqueue is not None:
            self.on_enqueue()

    async def reset(self, tenant: str | None = None) -> None:
        async with _Alone(self):
            if tenant is None:
                self._forget()
            else:
                self._forget("WHERE tenant = ?", (tenant,))

    def _forget(self, where: str = "", parameters: Sequence[Any] = ()) -> None:
        self.execute(f"DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries {where})", parameters)
        for table in ("records", "unique_keys", "counters", "remembered", "deliveries"):
            self.execute(f"DELETE FROM {table} {where}", parameters)
        if not where:
            self.execute("DELETE FROM rate_windows")

    async def close(self) -> None:
        self._connection.close()

    def execute_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(SQLITE.statement(text), rows)
        except sqlite3.Error as error:
            raise explain(self._path, error) from error

    def execute(self, text: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(SQLITE.statement(text), parameters)
        except sqlite3.Error as error:
            raise explain(self._path, error) from error

    def enqueue(self, delivery: Delivery) -> None:
        self.execute(
            f"INSERT INTO deliveries ({_DELIVERY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET api = excluded.api, tenant = excluded.tenant,"
            " subscription_id = excluded.subscription_id, event = excluded.event, payload = excluded.payload,"
            " attempt = excluded.attempt, next_at = excluded.next_at, state = excluded.state,"
            " created_at = excluded.created_at",
            (
                *(delivery.id, delivery.api, delivery.tenant, delivery.subscription_id, delivery.event),
                *(delivery.payload, delivery.attempt, delivery.next_at, delivery.state, delivery.created_at),
            ),
        )
        self._prune(delivery)

    def _prune(self, changed: Delivery) -> None:
        """Forget the tenant's oldest finished deliveries, at the first that finishes and now and then."""
        if changed.state == "pending":
            return
        tenant = changed.tenant
        seen = self._finished.get(tenant, 0)
        self._finished[tenant] = seen + 1
        if seen % _PRUNE_EVERY:
            return
        newest_to_go = self.execute(
            "SELECT place FROM deliveries WHERE tenant = ? AND state <> 'pending' ORDER BY place DESC LIMIT 1 OFFSET ?",
            (tenant, FINISHED_KEPT),
        ).fetchone()
        if newest_to_go is None:
            return
        old = "FROM deliveries WHERE tenant = ? AND place <= ? AND state <> 'pending'"
        parameters = (tenant, newest_to_go[0])
        self.execute(f"DELETE FROM attempts WHERE delivery_id IN (SELECT id {old})", parameters)
        self.execute(f"DELETE {old}", parameters)

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
    """A transaction of the store itself, of no tenant."""

    def __init__(self, store: SQLStore) -> None:
        self._store = store

    async def __aenter__(self) -> None:
        await self._store.take(self)
        try:
            self._store.execute(SQLITE.begin)
        except BaseException:
            self._store.release()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        try:
            if kind is None:
                self._store.commit()
            else:
                self._store.roll_back()
        finally:
            self._store.release()


def _answer(row: Sequence[Any]) -> Remembered:
    fingerprint, status, headers, body, expires_at = row
    return Remembered(fingerprint, status, tuple(map(tuple, orjson.loads(headers))), body, expires_at)


def _record(kind: str, row: Sequence[Any]) -> Record:
    record_id, data, search, keys, archived, seq = row
    return Record(
        kind, record_id, orjson.loads(data), tuple(map(tuple, orjson.loads(keys))), search, bool(archived), seq
    )
