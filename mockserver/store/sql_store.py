# ruff: noqa: S608 - what is put into statements are constants of this package; all values are parameters
"""What concerns more than one transaction in SQL: rate windows, the outbox, the whole state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from mockserver.store import rows as as_rows
from mockserver.store.base import FINISHED_KEPT, Attempt, Delivery, Remembered
from mockserver.store.snapshot import State as Whole
from mockserver.store.snapshot import decode, encode
from mockserver.store.sql import ANSWER, RECORD, Session, answer_of, record_of
from mockserver.store.windows import State, read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractAsyncContextManager

    from mockserver.store.base import Usage
    from mockserver.store.commons import Commons
    from mockserver.store.dialect import Dialect

_DELIVERY = "id, api, tenant, subscription_id, event, payload, attempt, next_at, state, created_at"
_SWEEP_EVERY = 256  # recalls
_PRUNE_EVERY = 128  # deliveries of a tenant that have finished
_BY_TENANT = ("records", "totals", "unique_keys", "counters", "remembered", "deliveries")


class SQLStore(ABC):
    """See base.Store. A subclass gives the sessions, and says how a hit is counted and a delivery claimed."""

    dialect: Dialect
    on_enqueue: Callable[[], None] | None
    commons: Commons | None = None

    def __init__(self) -> None:
        super().__init__()
        self._recalls = 0
        self._finished: dict[str, int] = {}  # tenant -> deliveries seen to finish

    @abstractmethod
    def looking(self) -> AbstractAsyncContextManager[Session]:
        """A session for single statements that sees what is committed and takes no turn."""

    @abstractmethod
    def viewing(self) -> AbstractAsyncContextManager[Session]:
        """A session that sees one moment throughout, and changes nothing."""

    @abstractmethod
    def alone(self, tenant: str | None) -> AbstractAsyncContextManager[Session]:
        """A transaction that has a tenant's turn; None: everybody's."""

    async def usage(self, key: str, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
        async with self.looking() as session:
            return read(await self._windows(session, key), windows, now)

    async def forget_windows(self, key: str) -> None:
        async with self.alone(key) as session:
            await session.change("DELETE FROM rate_windows WHERE key = ?", (key,))

    async def _windows(self, session: Session, key: str) -> State:
        rows = await session.rows("SELECT seconds, used, ends_at FROM rate_windows WHERE key = ?", (key,))
        return {seconds: (used, ends_at) for seconds, used, ends_at in rows}

    async def sweep_answers(self, session: Session, now: float) -> None:
        """Called at each recall, in its transaction."""
        self._recalls += 1
        if self._recalls % _SWEEP_EVERY:
            return
        await session.change(
            "DELETE FROM remembered WHERE (tenant, key) IN"
            f" (SELECT tenant, key FROM remembered WHERE expires_at <= ? {self.dialect.skip_locked})",
            (now,),
        )

    async def pending(
        self, now: float, limit: int = 100, passing_over: Collection[tuple[str, str]] = ()
    ) -> list[Delivery]:
        others = ""
        if passing_over:
            others = f" AND (tenant, subscription_id) NOT IN (VALUES {', '.join(['(?, ?)'] * len(passing_over))})"
        async with self.looking() as session:
            rows = await session.rows(
                f"SELECT {_DELIVERY} FROM deliveries WHERE state = 'pending' AND next_at <= ?{self.unclaimed}{others}"
                " ORDER BY next_at, place LIMIT ?",
                (now, *(part for each in passing_over for part in each), limit),
            )
        return [Delivery(*row) for row in rows]

    unclaimed = ""
    """Condition for deliveries that no other process is sending."""

    async def next_due(self) -> float | None:
        async with self.looking() as session:
            ((due,),) = await session.rows("SELECT min(next_at) FROM deliveries WHERE state = 'pending'")
        return None if due is None else float(due)

    async def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        async with self.alone(delivery.tenant) as session:
            updated = await session.change(
                "UPDATE deliveries SET attempt = ?, next_at = ?, state = ?, claimed_until = 0 WHERE id = ?",
                (delivery.attempt, delivery.next_at, delivery.state, delivery.id),
            )
            if updated:
                await session.change(
                    "INSERT INTO attempts (delivery_id, number, at, status, error, seconds) VALUES (?, ?, ?, ?, ?, ?)",
                    (delivery.id, attempt.number, attempt.at, attempt.status, attempt.error, attempt.seconds),
                )
                await self._prune(session, delivery)

    async def enqueue(self, session: Session, delivery: Delivery) -> None:
        """Write a delivery at the end of its transaction."""
        await session.change_later(
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
        await self._prune(session, delivery)

    async def _prune(self, session: Session, changed: Delivery) -> None:
        """Forget the tenant's oldest finished deliveries, at the first that finishes and now and then."""
        if changed.state == "pending":
            return
        tenant = changed.tenant
        seen = self._finished.get(tenant, 0)
        self._finished[tenant] = seen + 1
        if seen % _PRUNE_EVERY:
            return
        newest_to_go = await session.rows(
            "SELECT place FROM deliveries WHERE tenant = ? AND state <> 'pending' ORDER BY place DESC LIMIT 1 OFFSET ?",
            (tenant, FINISHED_KEPT),
        )
        if not newest_to_go:
            return
        old = "FROM deliveries WHERE tenant = ? AND place <= ? AND state <> 'pending'"
        parameters = (tenant, newest_to_go[0][0])
        await session.change(f"DELETE FROM attempts WHERE delivery_id IN (SELECT id {old})", parameters)
        await session.change(f"DELETE {old}", parameters)

    async def deliveries(self, tenant: str) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
        async with self.looking() as session:
            return await _deliveries(session, "WHERE tenant = ?", (tenant,))

    async def tenants(self) -> list[str]:
        async with self.looking() as session:
            rows = await session.rows(
                "SELECT tenant FROM totals WHERE records > 0"
                " UNION SELECT tenant FROM counters UNION SELECT tenant FROM deliveries"
            )
        return sorted(row[0] for row in rows)

    async def answers(self, tenant: str, limit: int = 100) -> list[tuple[str, Remembered]]:
        async with self.viewing() as session:
            rows = await session.rows(
                f"SELECT key, {ANSWER} FROM remembered WHERE tenant = ? ORDER BY expires_at DESC, key DESC LIMIT ?",
                (tenant, limit),
            )
        return [(key, answer_of(row)) for key, *row in rows]

    async def snapshot(self) -> dict[str, Any]:
        async with self.viewing() as session:
            whole = Whole()
            for tenant, kind, *row in await session.rows(f"SELECT tenant, kind, {RECORD} FROM records ORDER BY seq"):
                whole.tenant(tenant).records.append(record_of(kind, row))
            for tenant, name, value in await session.rows("SELECT tenant, name, value FROM counters"):
                whole.tenant(tenant).counters[name] = value
            for tenant, key, *row in await session.rows(f"SELECT tenant, key, {ANSWER} FROM remembered"):
                whole.tenant(tenant).answers[key] = answer_of(row)
            windows = await session.rows("SELECT key, seconds, used, ends_at FROM rate_windows")
            whole.windows.extend((key, seconds, used, ends_at) for key, seconds, used, ends_at in windows)
            whole.deliveries.extend(await _deliveries(session))
            return encode(whole)

    async def restore(self, snapshot: object) -> None:
        whole = decode(snapshot)
        async with self.alone(None) as session:
            await _forget(session)
            for table, columns, rows in as_rows.of(whole, self.dialect):
                places = ", ".join("?" * (columns.count(",") + 1))
                await session.change_many(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
        if self.on_enqueue is not None:
            self.on_enqueue()

    async def reset(self, tenant: str | None = None) -> None:
        async with self.alone(tenant) as session:
            if tenant is None:
                await _forget(session)
            else:
                await _forget(session, "WHERE tenant = ?", (tenant,))


async def _deliveries(
    session: Session, where: str = "", parameters: Sequence[Any] = ()
) -> list[tuple[Delivery, tuple[Attempt, ...]]]:
    rows = await session.rows(f"SELECT {_DELIVERY} FROM deliveries {where} ORDER BY place", parameters)
    attempts: dict[str, list[Attempt]] = {}
    for row in await session.rows(
        "SELECT delivery_id, number, at, status, error, seconds FROM attempts WHERE delivery_id IN"
        f" (SELECT id FROM deliveries {where}) ORDER BY place",
        parameters,
    ):
        attempts.setdefault(row[0], []).append(Attempt(*row))
    return [(Delivery(*row), tuple(attempts.get(row[0], ()))) for row in rows]


async def _forget(session: Session, where: str = "", parameters: Sequence[Any] = ()) -> None:
    await session.change(f"DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries {where})", parameters)
    for table in _BY_TENANT:
        await session.change(f"DELETE FROM {table} {where}", parameters)
    if not where:
        await session.change("DELETE FROM rate_windows")
