# ruff: noqa: S608 - what is put into statements are constants of this module; all values are parameters
"""The newest requests that were answered, by all who share a database.

Each takes its number from one row, which is locked until it is there to see: so numbers are seen in their order, and
whoever has seen one has seen all before it. Rows that are dropped are passed over where somebody else drops them. The
tables are unlogged: after a crash of the database they are empty, and numbers begin anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.store.commons import LogRow
from mockserver.store.dialect import POSTGRES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.store.sql_store import SQLStore

_TURN = "_mock:log"
_COLUMNS = "number, api, operation, tenant, method, status, path, body, answer, rest"
_OVERHEAD = 200  # Bytes that a row takes beside what is in it, roughly.
_TRIM_EVERY = 16  # Rows. Until then those that are too many are there, and not told.
_LARGE = 65_536  # Bytes; after such a row it is done at once.
_WRITE = f"""
WITH head AS (
  INSERT INTO journal_head AS kept (id, last) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET last = kept.last + 1
  RETURNING last)
INSERT INTO journal ({_COLUMNS}, size) SELECT last, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM head RETURNING number
"""
_TRIM = f"""
DELETE FROM journal WHERE number IN (SELECT number FROM journal WHERE number <= greatest(
  (SELECT last FROM journal_head) - ?,
  (SELECT max(number) FROM (
    SELECT number, sum(size) OVER newest AS total, row_number() OVER newest AS place FROM journal
    WINDOW newest AS (ORDER BY number DESC)) AS weighed
  WHERE total > ? AND place > 1)) {POSTGRES.skip_locked})
"""
_CONDITIONS = {
    "number": "number = ?",
    "since": "number > ?",
    "newest": "number > (SELECT last - ? FROM journal_head)",
    "api": "api = ?",
    "apis": "api = ANY(?)",
    "operation": "operation = ?",
    "tenant": "tenant = ?",
    "method": "method = upper(?)",
    "status": "lower(?) IN (status::text, (status / 100)::text || 'xx')",
    "path": "strpos(path, ?) > 0",
    "body": "position(?::bytea IN body) > 0",
}


class PostgresLog:
    """See commons.Log."""

    def __init__(self, store: SQLStore) -> None:
        self._store = store

    async def write(self, row: LogRow, limit: int, max_bytes: int) -> None:
        size = len(row.body) + len(row.answer) + len(row.path) + len(row.rest) + _OVERHEAD
        async with self._store.looking() as session:
            ((number,),) = await session.rows(_WRITE, (*row[1:], size))
            if number % _TRIM_EVERY == 0 or size > _LARGE:
                await session.change(_TRIM, (limit, max_bytes))

    async def rows(self, wanted: Mapping[str, Any], limit: int | None = None) -> list[LogRow]:
        where, parameters = _where(wanted)
        async with self._store.looking() as session:
            rows = await session.rows(
                f"SELECT {_COLUMNS} FROM journal WHERE {where} ORDER BY number DESC LIMIT ?", [*parameters, limit]
            )
        return [LogRow(*row) for row in rows]

    async def count(self, wanted: Mapping[str, Any]) -> int:
        where, parameters = _where(wanted)
        async with self._store.looking() as session:
            ((count,),) = await session.rows(f"SELECT count(*) FROM journal WHERE {where}", parameters)
        return int(count)

    async def clear(self, wanted: Mapping[str, Any]) -> int:
        where, parameters = _where(wanted)
        async with self._store.alone(_TURN) as session:
            return await session.change(f"DELETE FROM journal WHERE {where}", parameters)

    async def last(self) -> int:
        async with self._store.looking() as session:
            rows = await session.rows("SELECT last FROM journal_head")
        return int(rows[0][0]) if rows else 0


def _where(wanted: Mapping[str, Any]) -> tuple[str, list[Any]]:
    conditions = [_CONDITIONS[name] for name in wanted]
    values = [
        value.encode("utf-8", "surrogatepass") if name == "body" and isinstance(value, str) else value
        for name, value in wanted.items()
    ]
    return " AND ".join(conditions) or "true", values
