"""An index of texts in memory: which records may contain some."""

from __future__ import annotations

import sqlite3
import weakref
from itertools import islice
from typing import TYPE_CHECKING

from mockserver.store import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MOST_CHANGED = 256  # records that are candidates of every search, since they were changed


class Texts:
    """`count` records of a table, its first ones, were added; some of them more than once, when they had changed.

    `text_of` reads a record's text as it is now; "" when it is gone.
    """

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self.count = 0
        self._text_of = text_of
        self._ids: list[str] = []  # by number
        self._changed: dict[str, None] = {}
        # Several threads may use it one after the other, never two at a time.
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._connection.close)
        self.is_usable = pieces.are_known_to(self._connection)
        if self.is_usable:
            self._connection.execute(pieces.CREATE)

    @property
    def is_worn(self) -> bool:
        """Whether most of it is about what records were."""
        return len(self._ids) > 2 * self.count + _MOST_CHANGED

    def add(self, texts: Iterable[tuple[str, str]], most: int) -> None:
        """The next records, id and text, but no more than `most`."""
        new = list(islice(texts, most))
        self._add(new)
        self.count += len(new)

    def changing(self, record_id: str) -> None:
        """A record gets another text, or is removed."""
        self._changed[record_id] = None

    def cut(self, count: int) -> None:
        """The table has only so many records now, its last ones having been removed."""
        self.count = min(self.count, count)

    def renew(self) -> None:
        """Take in what has changed, once it is much."""
        if len(self._changed) < _MOST_CHANGED:
            return
        self._add([(record_id, self._text_of(record_id)) for record_id in self._changed])
        self._changed.clear()

    def candidates(self, texts: tuple[str, ...], most: int) -> set[str] | None:
        """Ids of all records that may contain one of these, none shorter than SHORTEST; and of some that are gone.

        None where the index has more than `most`.
        """
        found = self._connection.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? LIMIT ?", (pieces.expression(texts), most + 1)
        ).fetchall()
        if len(found) > most:
            return None
        return {*self._changed, *(self._ids[number] for (number,) in found)}

    def _add(self, texts: list[tuple[str, str]]) -> None:
        first = len(self._ids)
        documents = ((number, pieces.document(text)) for number, (_, text) in enumerate(texts, first))
        with self._connection:
            self._connection.executemany(pieces.ADD, documents)
        self._ids.extend(record_id for record_id, _ in texts)
