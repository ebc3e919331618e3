"""Snapshots of the whole state, kept beside it in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from mockserver.store.commons import MOST_SNAPSHOTS, ShelfFullError

if TYPE_CHECKING:
    from mockserver.store.sql_store import SQLStore

_TURN = "_mock:snapshots"


class PostgresShelf:
    """See commons.Shelf."""

    def __init__(self, store: SQLStore) -> None:
        self._store = store

    async def taken(self) -> dict[str, float]:
        async with self._store.looking() as session:
            return dict(await session.rows("SELECT name, taken_at FROM snapshots ORDER BY place"))

    async def take(self, name: str, at: float) -> None:
        state = orjson.dumps(await self._store.snapshot())
        async with self._store.alone(_TURN) as session:
            names = [row[0] for row in await session.rows("SELECT name FROM snapshots ORDER BY place")]
            if name not in names and len(names) >= MOST_SNAPSHOTS:
                raise ShelfFullError(names)
            await session.change(
                "INSERT INTO snapshots (name, taken_at, state) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET taken_at = excluded.taken_at, state = excluded.state",
                (name, at, state),
            )

    async def restore(self, name: str) -> float | None:
        async with self._store.looking() as session:
            rows = await session.rows("SELECT taken_at, state FROM snapshots WHERE name = ?", (name,))
        if not rows:
            return None
        ((at, state),) = rows
        await self._store.restore(orjson.loads(state))
        return float(at)

    async def delete(self, name: str) -> bool:
        async with self._store.looking() as session:
            return await session.change("DELETE FROM snapshots WHERE name = ?", (name,)) == 1
