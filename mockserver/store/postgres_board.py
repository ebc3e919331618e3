# ruff: noqa: S608 - what is put into statements are constants of this module; all values are parameters
"""The clock and the faults of all who share a database.

A fault's row is always locked before that of the clock and the version, which each change locks: there can be no
deadlock, and versions are seen in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.store.commons import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mockserver.store.commons import Watched
    from mockserver.store.sql_store import SQLStore

_TURN = "_mock:controls"
_IS_ON = "(times IS NULL OR applied < times)"
_READ = f"""
SELECT version, clock_offset, frozen_at,
  (SELECT array_agg(content ORDER BY place) FROM faults WHERE {_IS_ON}),
  (SELECT array_agg(applied ORDER BY place) FROM faults WHERE {_IS_ON}),
  coalesce(value, 0)
FROM controls LEFT JOIN counters ON tenant = ? AND name = ?
WHERE version > ? OR coalesce(value, 0) <> ?
"""
# Of those who want the last one of so many, the row's lock lets one through, and the condition is tried again then.
_STRIKE = f"""
WITH struck AS (UPDATE faults SET applied = applied + 1 WHERE id = ? AND {_IS_ON} RETURNING applied),
  told AS (UPDATE controls SET version = version + 1 FROM struck)
SELECT applied FROM struck
"""
_CHANGED = "UPDATE controls SET version = version + 1"


class PostgresBoard:
    """See commons.Board."""

    def __init__(self, store: SQLStore) -> None:
        self._store = store

    async def read(self, known: int, watched: Watched) -> Reading | None:
        async with self._store.looking() as session:
            rows = await session.rows(_READ, (watched.tenant, watched.name, known, watched.value))
        if not rows:
            return None
        version, offset, frozen_at, contents, applied, value = rows[0]
        return Reading(version, offset, frozen_at, tuple(zip(contents or (), applied or (), strict=True)), value)

    async def move(self, change: Callable[[float, float | None], tuple[float, float | None]]) -> None:
        async with self._store.alone(_TURN) as session:
            ((offset, frozen_at),) = await session.rows("SELECT clock_offset, frozen_at FROM controls")
            await session.change(f"{_CHANGED}, clock_offset = ?, frozen_at = ?", change(offset, frozen_at))

    async def add(self, fault_id: str, times: int | None, content: str) -> None:
        async with self._store.alone(_TURN) as session:
            await session.change(f"DELETE FROM faults WHERE NOT {_IS_ON}")
            await session.change(
                "INSERT INTO faults (id, times, applied, content) VALUES (?, ?, 0, ?)", (fault_id, times, content)
            )
            await session.change(_CHANGED)

    async def remove(self, fault_ids: Collection[str]) -> int:
        async with self._store.alone(_TURN) as session:
            gone = await session.change(f"DELETE FROM faults WHERE id = ANY(?) AND {_IS_ON}", (list(fault_ids),))
            await session.change(_CHANGED)
        return gone

    async def strike(self, fault_id: str) -> int | None:
        async with self._store.looking() as session:
            rows = await session.rows(_STRIKE, (fault_id,))
        return int(rows[0][0]) if rows else None
