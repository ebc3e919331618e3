"""Records of one kind of one tenant in memory, with indexes that are built when first asked for.

A million records must cost the garbage collector nothing: rows, keys and archived map strings to bytes, strings,
booleans, and such dictionaries CPython does not track. So a record is one JSON text, its keys included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sortedcontainers import SortedList

from mockserver.store.base import Page, Query, Record
from mockserver.store.values import NULL_ENTRY, entry, getter, test_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockserver.store.base import Archived, Condition

_MOST_STALE = 128  # records by which an index may lag behind: bounds the work that falls to one list()


def pack(record: Record, seq: int) -> bytes:
    """One JSON text. The concatenation copies, for the serializer's own buffer is kilobytes larger."""
    return orjson.dumps((record.data, record.search, record.keys, record.archived, seq)) + b"\n"


def unpack(kind: str, record_id: str, row: bytes) -> Record:
    """A record that shares nothing with the store."""
    data, search, keys, archived, seq = orjson.loads(row)
    return Record(kind, record_id, data, tuple(map(tuple, keys)), search, archived, seq)


class Table:
    """The dictionaries are the transaction's to change (`keys`: name -> value -> id); the indexes follow."""

    __slots__ = ("_indexes", "_stale", "archived", "keys", "kind", "rows")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: dict[str, bytes] = {}  # in order of insertion
        self.archived: dict[str, bool] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self._indexes: dict[tuple[str, Archived], SortedList] = {}
        self._stale: dict[str, bytes | None] = {}  # id -> row that the indexes still show

    @property
    def is_indexed(self) -> bool:
        """Whether there is anything to be told of changes."""
        return bool(self._indexes)

    def changing(self, record_id: str) -> None:
        """To be told before a row changes, in rolling back too: so the indexes know what they still show."""
        if not self._indexes:
            return
        if len(self._stale) >= _MOST_STALE:
            self._catch_up()
        self._stale.setdefault(record_id, self.rows.get(record_id))

    def count(self, archived: Archived) -> int:
        if archived is None:
            return len(self.rows)
        return len(self.archived) if archived else len(self.rows) - len(self.archived)

    def scan(self, archived: Archived) -> list[Record]:
        return [unpack(self.kind, record_id, row) for record_id, row in self._rows(archived)]

    def page(self, query: Query) -> Page:
        if query.where or query.search:
            entries = SortedList(self._matching(query))
        else:
            entries = self._index(query.sort, query.archived)
        ordered = _Ordered(entries, descending=query.descending)
        first = query.offset + (0 if query.after is None else ordered.after(entry(*query.after)))
        records = tuple(
            unpack(self.kind, found[2], self.rows[found[2]]) for found in ordered.slice(first, first + query.limit)
        )
        return Page(records, len(entries), more=first + query.limit < len(entries))

    def _rows(self, archived: Archived) -> Iterable[tuple[str, bytes]]:
        if archived is None or (not archived and not self.archived):
            return self.rows.items()
        return (pair for pair in self.rows.items() if (pair[0] in self.archived) is archived)

    def _matching(self, query: Query) -> Iterator[tuple[int, Any, str]]:
        sort = getter(query.sort)
        tests = [test_of(condition) for condition in query.where]
        rows = self._rows(query.archived)
        for alternatives in _hints(query):
            rows = _with_any_of(alternatives, rows)
        for record_id, row in rows:
            data, search, *_ = orjson.loads(row)
            if query.search and not any(needle in search for needle in query.search):
                continue
            if all(test(data) for test in tests):
                yield entry(sort(data), record_id)

    def _index(self, field: str, archived: Archived) -> SortedList:
        self._catch_up()
        index = self._indexes.get((field, archived))
        if index is None:
            get = getter(field)
            index = SortedList(entry(get(orjson.loads(row)[0]), record_id) for record_id, row in self._rows(archived))
            self._indexes[field, archived] = index
        return index

    def _catch_up(self) -> None:
        for record_id, shown in self._stale.items():
            row = self.rows.get(record_id)
            if row == shown:
                continue
            for (field, archived), index in self._indexes.items():
                get = getter(field)
                if shown is not None:
                    _apply(index.remove, get, archived, record_id, shown)
                if row is not None:
                    _apply(index.add, get, archived, record_id, row)
        self._stale.clear()


def _apply(
    change: Callable[[Any], None],
    get: Callable[[dict[str, Any]], Any],
    archived: Archived,
    record_id: str,
    row: bytes,
) -> None:
    """Add to, or remove from, an index the entry of a row, if the row belongs there."""
    data, _, _, is_archived, _ = orjson.loads(row)
    if archived is None or archived is is_archived:
        change(entry(get(data), record_id))


def _hints(query: Query) -> list[tuple[bytes, ...]]:
    """Bytes of which a matching row must contain one, per test: spares most rows the parsing."""
    hints: list[tuple[bytes, ...]] = [(_text(c.value),) for c in query.where if _is_hint(c)]
    if query.search:
        hints.append(tuple(_text(needle)[1:-1] for needle in query.search))
    return hints


def _with_any_of(hints: tuple[bytes, ...], rows: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    if len(hints) == 1:  # Most have one, and a million rows are then looked through in a tenth of the time.
        (hint,) = hints
        return [pair for pair in rows if hint in pair[1]]
    return [pair for pair in rows if any(hint in pair[1] for hint in hints)]


def _is_hint(condition: Condition) -> bool:
    return condition.op in {"eq", "has"} and isinstance(condition.value, str)


def _text(value: str) -> bytes:
    # Lone surrogates cannot be in a row: what is left of them narrows less, and stays true.
    return orjson.dumps(value.encode(errors="ignore").decode())


class _Ordered:
    """Entries in a direction, those without a sort value last in both."""

    def __init__(self, entries: SortedList, *, descending: bool) -> None:
        self._entries = entries
        self._descending = descending
        self._valued = int(entries.bisect_left(NULL_ENTRY))

    def after(self, last: tuple[int, Any, str]) -> int:
        """Position of the first one strictly after `last`."""
        if not self._descending:
            return int(self._entries.bisect_right(last))
        at = int(self._entries.bisect_left(last))
        if last < NULL_ENTRY:
            return self._valued - at
        return self._valued + len(self._entries) - at

    def slice(self, start: int, stop: int) -> Iterator[tuple[int, Any, str]]:
        if not self._descending:
            yield from self._entries.islice(start, stop)
            return
        valued, total = self._valued, len(self._entries)
        start, stop = min(start, total), min(stop, total)
        if start < valued:
            yield from self._entries.islice(valued - min(stop, valued), valued - start, reverse=True)
        if stop > valued:
            end = valued + total
            yield from self._entries.islice(end - stop, end - max(start, valued), reverse=True)
