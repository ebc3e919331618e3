"""Figures of all who share a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from mockserver.store.commons import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.store.sql_store import SQLStore

_TURN = "_mock:figures"
_ADD = """
INSERT INTO figures AS kept (name, labels, counts) VALUES (?, ?, ?::double precision[])
ON CONFLICT (name, labels) DO UPDATE SET counts = ARRAY(
  SELECT mine + theirs FROM unnest(kept.counts, excluded.counts) WITH ORDINALITY AS each (mine, theirs, place)
  ORDER BY place)
"""


class PostgresTally:
    """See commons.Tally."""

    def __init__(self, store: SQLStore) -> None:
        self._store = store

    async def add(self, figures: Sequence[Figure]) -> None:
        rows = [(name, orjson.dumps(labels).decode(), list(map(float, counts))) for name, labels, counts in figures]
        async with self._store.alone(_TURN) as session:
            await session.change_many(_ADD, rows)

    async def read(self) -> list[Figure]:
        async with self._store.looking() as session:
            rows = await session.rows("SELECT name, labels, counts FROM figures")
        return [Figure(name, tuple(orjson.loads(labels)), tuple(counts)) for name, labels, counts in rows]
