# ruff: noqa: S608 - what is put into statements are constants of this package; all values are parameters
"""A tenant's records, keys, counters and answers in SQL, the same for every database.

How a transaction begins, takes its turn and ends is the database's own: see `sqlite` and `postgres`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson

from mockserver.store import select
from mockserver.store.base import KeyTaken, Page, Record, Remembered
from mockserver.store.values import rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.store.base import Archived, Query
    from mockserver.store.dialect import Dialect

Row = tuple[Any, ...]

RECORD = "id, data, search, keys, archived, seq"
_ALL = 2**62  # as a LIMIT
ANSWER = "fingerprint, status, headers, body, expires_at"


class Session(Protocol):
    """Statements, written with `?`, on one connection. All raise StoreError."""

    async def rows(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """What a statement gives."""

    async def change(self, text: str, parameters: Sequence[Any] = ()) -> int:
        """How many rows a statement has changed."""

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        """Change something at the latest when it can be noticed: before the next statement, or at the end."""

    async def change_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of parameters."""


class Sweeping(Protocol):
    """Of the store, what its transactions need."""

    async def sweep_answers(self, session: Session, now: float) -> None:
        """Now and then, drop every tenant's expired answers."""


class SQLTransaction:
    """See base.Transaction. A subclass is a Session that takes its turn at the first statement."""

    dialect: Dialect
    tenant: str
    sweeping: Sweeping
    _counted: dict[tuple[str, bool], int] | None = None  # by kind and archived: records more than in `totals`

    async def rows(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        raise NotImplementedError

    async def change(self, text: str, parameters: Sequence[Any] = ()) -> int:
        raise NotImplementedError

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        raise NotImplementedError

    async def change_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        raise NotImplementedError

    async def get(self, kind: str, record_id: str) -> Record | None:
        rows = await self.rows(
            f"SELECT {RECORD} FROM records WHERE tenant = ? AND kind = ? AND id = ?", (self.tenant, kind, record_id)
        )
        return record_of(kind, rows[0]) if rows else None

    async def holder(self, kind: str, key_name: str, value: str) -> str | None:
        rows = await self.rows(
            "SELECT id FROM unique_keys WHERE tenant = ? AND kind = ? AND name = ? AND value = ?",
            (self.tenant, kind, key_name, self.dialect.key(value)),
        )
        return str(rows[0][0]) if rows else None

    async def holders(self, kind: str, keys: Sequence[tuple[str, str]]) -> Sequence[str | None]:
        where = "tenant = ? AND kind = ? AND name = ? AND value = ?"
        selects = [f"SELECT {number}, id FROM unique_keys WHERE {where}" for number in range(len(keys))]
        parameters = [one for name, value in keys for one in (self.tenant, kind, name, self.dialect.key(value))]
        found: dict[int, str] = dict(await self.rows(" UNION ALL ".join(selects), parameters)) if keys else {}
        return [found.get(number) for number in range(len(keys))]

    async def put(self, record: Record) -> None:
        data = orjson.dumps(record.data).decode()
        former = await self._exchange_keys(record)
        if former is not record.archived:
            self._count(record.kind, archived=record.archived, change=1)
            if former is not None:
                self._count(record.kind, archived=former, change=-1)
        await self.change_later(
            "INSERT INTO records (tenant, kind, id, data, search, keys, archived) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (tenant, kind, id) DO UPDATE SET data = excluded.data, search = excluded.search,"
            " keys = excluded.keys, archived = excluded.archived",
            (
                *(self.tenant, record.kind, record.id, data, record.search),
                *(orjson.dumps(record.keys).decode(), int(record.archived)),
            ),
        )

    async def list(self, query: Query) -> Page:
        await self.settle(self)
        where = await self.matching(query)
        counts = {group: int(count) for group, count in await self.rows(*select.counts(self.dialect, where, query))}
        groups = select.groups(query)
        if query.after is not None:
            groups = groups[groups.index(rank(query.after[0])) :]
        rows: list[Row] = []
        offset, wanted = query.offset, query.limit + 1
        for group in groups:
            if offset >= counts.get(group, 0):
                offset -= counts.get(group, 0)
                continue
            page, parameters = select.page(self.dialect, RECORD, where, query, group)
            rows += await self.rows(page, [*parameters, wanted - len(rows), offset])
            offset = 0
            if len(rows) == wanted:
                break
        records = tuple(record_of(query.kind, row) for row in rows[: query.limit])
        return Page(records, sum(counts.values()), more=len(rows) > query.limit)

    async def matching(self, query: Query) -> select.Matching:
        """What to look for, and where."""
        return select.matching(self.dialect, self.tenant, query)

    async def scan(
        self,
        kind: str,
        archived: Archived = False,  # noqa: FBT002  # it has three values
        *,
        start: int = 0,
        limit: int | None = None,
    ) -> Iterable[Record]:
        where, parameters = select.of_kind(self.tenant, kind, archived)
        page = "" if limit is None and not start else " LIMIT ? OFFSET ?"
        values = [*parameters, *((_ALL if limit is None else limit, start) if page else ())]
        rows = await self.rows(f"SELECT {RECORD} FROM records WHERE {where} ORDER BY seq{page}", values)
        return [record_of(kind, row) for row in rows]

    async def count(self, kind: str, archived: Archived = False) -> int:  # noqa: FBT002  # it has three values
        await self.settle(self)
        ((count,),) = await self.rows(*select.count(self.tenant, kind, archived))
        return int(count)

    async def kinds(self, archived: Archived = False) -> dict[str, int]:  # noqa: FBT002  # it has three values
        await self.settle(self)
        where, parameters = select.of_kind(self.tenant, None, archived)
        rows = await self.rows(f"SELECT kind, sum(records) FROM totals WHERE {where} GROUP BY kind", parameters)
        return {kind: int(count) for kind, count in sorted(rows) if count}

    async def counter(self, name: str, delta: int = 0) -> int:
        if delta:
            rows = await self.rows(
                "INSERT INTO counters (tenant, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (tenant, name) DO UPDATE SET value = counters.value + excluded.value"
                " RETURNING value",
                (self.tenant, name, delta),
            )
        else:
            rows = await self.rows("SELECT value FROM counters WHERE tenant = ? AND name = ?", (self.tenant, name))
        return int(rows[0][0]) if rows else 0

    async def recall(self, key: str, now: float) -> Remembered | None:
        await self.sweeping.sweep_answers(self, now)
        rows = await self.rows(
            f"SELECT {ANSWER} FROM remembered WHERE tenant = ? AND key = ? AND expires_at > ?",
            (self.tenant, key, now),
        )
        return answer_of(rows[0]) if rows else None

    async def remember(self, key: str, value: Remembered) -> None:
        await self.change_later(
            "INSERT INTO remembered (tenant, key, fingerprint, status, headers, body, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, key) DO UPDATE SET"
            " fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,"
            " body = excluded.body, expires_at = excluded.expires_at",
            (
                *(self.tenant, key, value.fingerprint, value.status),
                *(orjson.dumps(value.headers).decode(), value.body, value.expires_at),
            ),
        )

    async def settle(self, session: Session) -> None:
        """Write how many records there are by now: before that is read, and at the transaction's end."""
        counted, self._counted = self._counted, None
        for (kind, archived), change in (counted or {}).items():
            if change:
                await session.change_later(
                    "INSERT INTO totals (tenant, kind, archived, records) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (tenant, kind, archived) DO UPDATE SET records = totals.records + excluded.records",
                    (self.tenant, kind, int(archived), change),
                )

    def _count(self, kind: str, *, archived: bool, change: int) -> None:
        if self._counted is None:
            self._counted = {}
        self._counted[kind, archived] = self._counted.get((kind, archived), 0) + change

    async def _exchange_keys(self, record: Record) -> bool | None:
        """Take the record's keys and release its former ones, or change nothing and raise KeyTaken.

        Whether the record was archived so far; None if it is new.

        Looking first is safe, for the turn is ours; the table's primary key would refuse a second holder.
        """
        wanted = {(name, self.dialect.key(value)): (name, value) for name, value in record.keys}
        # One SELECT each, not one with OR, for which a planner may read all the tenant's keys.
        select = "SELECT name, value, id FROM unique_keys WHERE tenant = ? AND kind = ? AND"
        asked = f" UNION {select} name = ? AND value = ?" * len(wanted)
        scope = (self.tenant, record.kind)
        found = await self.rows(
            "SELECT NULL AS name, CAST(archived AS TEXT) AS value, id FROM records"
            f" WHERE tenant = ? AND kind = ? AND id = ? UNION {select} id = ?{asked}",
            (*scope, record.id, *scope, record.id, *(part for key in wanted for part in (*scope, *key))),
        )
        former = next((value == "1" for name, value, _ in found if name is None), None)
        holders = {(name, value): holder_id for name, value, holder_id in found if name is not None}
        for key, told in wanted.items():
            if holders.get(key, record.id) != record.id:
                raise KeyTaken(*told, holders[key])
        if holders.keys() - wanted.keys():
            await self.change_later(
                "DELETE FROM unique_keys WHERE tenant = ? AND kind = ? AND id = ?",
                (self.tenant, record.kind, record.id),
            )
            holders.clear()
        new = [(self.tenant, record.kind, *key, record.id) for key in wanted if key not in holders]
        if new:
            places = ", ".join(["(?, ?, ?, ?, ?)"] * len(new))
            await self.change_later(
                f"INSERT INTO unique_keys (tenant, kind, name, value, id) VALUES {places}",
                [part for row in new for part in row],
            )
        return former


def answer_of(row: Sequence[Any]) -> Remembered:
    fingerprint, status, headers, body, expires_at = row
    return Remembered(fingerprint, status, tuple(map(tuple, orjson.loads(headers))), body, expires_at)


def record_of(kind: str, row: Sequence[Any]) -> Record:
    record_id, data, search, keys, archived, seq = row
    return Record(
        kind, record_id, orjson.loads(data), tuple(map(tuple, orjson.loads(keys))), search, bool(archived), seq
    )
