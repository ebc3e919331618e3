"""Records of one kind of one tenant in memory, with indexes that are built when first asked for.

A million records must cost the garbage collector nothing: rows, keys and archived map strings to bytes, strings,
booleans, and such dictionaries CPython does not track. So a record is one JSON text, its keys included. The names of
its members, of which few sequences occur, are kept once for all records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

import orjson
from sortedcontainers import SortedList

from mockserver.store.base import Page, Query, Record
from mockserver.store.pieces import SHORTEST
from mockserver.store.texts import Texts
from mockserver.store.values import NULL_ENTRY, entry, getter, test_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.store.base import Archived, Condition

_MOST_STALE = 128  # records by which an index may lag behind: bounds the work that falls to one list()
_MOST_FILTERED = 4  # indexes of what some filter leaves; each may be as large as that of all
_FEWEST_SEARCHED = 2000  # records below which looking through all of them is as quick
_FEWEST_ADDED = 64  # records that are rather looked through than added to the index of texts
_FEW = 1 / 16  # of the records: to look into more takes longer than to look through all of them
_BACKSLASH = ord("\\")
_TEXTS_AT_ONCE = 20_000  # records whose texts one search adds to their index: half a second's work
_MOST_SHAPES = 10_000  # sequences of names kept for good: clients can make up some, in what they send as an object

_names: list[tuple[str, ...]] = []
_shapes: dict[tuple[str, ...], int] = {}  # number in that list
_shaping = Lock()


def pack(record: Record, seq: int) -> bytes:
    """One JSON text, which begins with what is searched.

    The concatenation copies, for the serializer's own buffer is kilobytes larger.
    """
    names = tuple(record.data)
    shape = _shapes.get(names)
    told = _new_shape(names) if shape is None else shape
    values = tuple(record.data.values())
    return orjson.dumps((record.search, values, told, record.keys, record.archived, seq)) + b"\n"


def _new_shape(names: tuple[str, ...]) -> int | tuple[str, ...]:
    """The number of these names from now on; themselves where there are too many already."""
    with _shaping:  # Mocks in several threads share the list.
        if names not in _shapes and len(_names) < _MOST_SHAPES:
            _names.append(names)
            _shapes[names] = len(_names) - 1
        return _shapes.get(names, names)


def unpack(kind: str, record_id: str, row: bytes) -> Record:
    """A record that shares nothing with the store."""
    search, values, shape, keys, archived, seq = orjson.loads(row)
    return Record(kind, record_id, _data(shape, values), tuple(map(tuple, keys)), search, archived, seq)


def _data(shape: int | list[str], values: list[Any]) -> dict[str, Any]:
    return dict(zip(_names[shape] if isinstance(shape, int) else shape, values, strict=True))


def _text_of(row: bytes) -> str:
    """What is searched of a record: spares the parsing of the rest."""
    end = row.index(b'",[')
    text: str = orjson.loads(row)[0] if row[end - 1] == _BACKSLASH else orjson.loads(row[1 : end + 1])
    return text


@dataclass(frozen=True, slots=True)
class _Index:
    """The entries, in order, of all records that pass the tests and contain one of the needles, if there are any."""

    sort: Callable[[dict[str, Any]], Any]
    archived: Archived
    tests: tuple[Callable[[dict[str, Any]], bool], ...]
    needles: tuple[str, ...]
    entries: SortedList = field(default_factory=SortedList)

    def entry(self, record_id: str, row: bytes) -> tuple[int, Any, str] | None:
        """What the index shows of a row, None if it does not belong here."""
        search, values, shape, _, archived, _ = orjson.loads(row)
        data = _data(shape, values)
        if self.archived not in {None, archived} or not all(test(data) for test in self.tests):
            return None
        if self.needles and not any(needle in search for needle in self.needles):
            return None
        return entry(self.sort(data), record_id)

    def change(self, record_id: str, shown: bytes | None, row: bytes | None) -> None:
        """Show `row` instead of `shown`; None is no row."""
        former = None if shown is None else self.entry(record_id, shown)
        new = None if row is None else self.entry(record_id, row)
        if former == new:
            return
        if former is not None:
            self.entries.remove(former)
        if new is not None:
            self.entries.add(new)


class Table:
    """The dictionaries are the transaction's to change (`keys`: name -> value -> id); the indexes follow."""

    __slots__ = ("_indexes", "_stale", "_texts", "archived", "keys", "kind", "rows")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.rows: dict[str, bytes] = {}  # in order of insertion
        self.archived: dict[str, bool] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self._indexes: dict[tuple[str, Archived, str], _Index] = {}  # the last one used is the last
        self._stale: dict[str, bytes | None] = {}  # id -> row that the indexes still show
        self._texts: Texts | None = None

    @property
    def is_indexed(self) -> bool:
        """Whether there is anything to be told of changes."""
        return bool(self._indexes) or self._texts is not None

    def changing(self, record_id: str) -> None:
        """To be told before a row changes, in rolling back too: so the indexes know what they still show."""
        row = self.rows.get(record_id)
        if self._texts is not None and row is not None:
            self._texts.changing(record_id)
        if not self._indexes:
            return
        if len(self._stale) >= _MOST_STALE:
            # Nobody has listed anything since: filters are not asked for again so soon, and would cost each change.
            self._indexes = {key: index for key, index in self._indexes.items() if not index.tests}
            self._catch_up()
        self._stale.setdefault(record_id, row)

    def rolled_back(self) -> None:
        """To be told after new rows, the last ones, were removed again."""
        if self._texts is not None:
            self._texts.cut(len(self.rows))

    def count(self, archived: Archived) -> int:
        if archived is None:
            return len(self.rows)
        return len(self.archived) if archived else len(self.rows) - len(self.archived)

    def scan(self, archived: Archived, start: int = 0, limit: int | None = None) -> list[Record]:
        rows = islice(self._rows(archived), start, None if limit is None else start + limit)
        return [unpack(self.kind, record_id, row) for record_id, row in rows]

    def page(self, query: Query) -> Page:
        entries = self._found(query) if query.search else self._index(query).entries
        ordered = _Ordered(entries, descending=query.descending)
        first = query.offset if query.after is None else ordered.after(entry(*query.after))
        records = tuple(
            unpack(self.kind, found[2], self.rows[found[2]]) for found in ordered.slice(first, first + query.limit)
        )
        return Page(records, len(entries), more=first + query.limit < len(entries))

    def _rows(self, archived: Archived) -> Iterable[tuple[str, bytes]]:
        if archived is None or (not archived and not self.archived):
            return self.rows.items()
        return (pair for pair in self.rows.items() if (pair[0] in self.archived) is archived)

    def _found(self, query: Query) -> SortedList:
        """The entries of a search, which is not expected to be asked for again."""
        index = _index_of(query)
        found: dict[str, tuple[int, Any, str]] = {}
        for rows in self._candidates(query.search):
            for record_id, row in _hinted(query, rows):
                shown = index.entry(record_id, row)
                if shown is not None:
                    found[record_id] = shown
        return SortedList(found.values())

    def _candidates(self, needles: tuple[str, ...]) -> Iterator[Iterable[tuple[str, bytes]]]:
        """Rows that may contain one of these, archived ones too, some of them twice."""
        rows = self.rows
        if len(rows) < _FEWEST_SEARCHED or any(len(needle) < SHORTEST for needle in needles):
            yield rows.items()
            return
        texts = self._texts
        if texts is None or texts.is_worn:
            texts = self._texts = Texts(lambda record_id: _text_of(rows[record_id]) if record_id in rows else "")
        if not texts.is_usable:
            yield rows.items()
            return
        # What is not in the index yet is looked through; of that, a part is added.
        if len(rows) - texts.count >= _FEWEST_ADDED:
            texts.add(((record_id, _text_of(row)) for record_id, row in self._after(texts.count)), _TEXTS_AT_ONCE)
        texts.renew()
        found = texts.candidates(needles, int(len(rows) * _FEW))
        if found is None:
            yield rows.items()
            return
        yield ((record_id, rows[record_id]) for record_id in found if record_id in rows)
        yield self._after(texts.count)

    def _after(self, count: int) -> Iterator[tuple[str, bytes]]:
        """All rows but the first `count`. Begins at the nearer end, for it takes time to come there."""
        rows = self.rows
        last = len(rows) - count
        return islice(rows.items(), count, None) if last > count else reversed([*islice(reversed(rows.items()), last)])

    def _index(self, query: Query) -> _Index:
        self._catch_up()
        # As text, for 1 and true are equal as conditions' values, and a list has no hash.
        key = (query.sort, query.archived, repr(query.where) if query.where else "")
        index = self._indexes.pop(key, None)
        if index is None:
            index = _index_of(query)
            rows = _hinted(query, self._rows(query.archived))
            found = (index.entry(record_id, row) for record_id, row in rows)
            index.entries.update(one for one in found if one is not None)
            filtered = [other for other in self._indexes if other[2]]
            if query.where and len(filtered) >= _MOST_FILTERED:
                del self._indexes[filtered[0]]
        self._indexes[key] = index
        return index

    def _catch_up(self) -> None:
        for record_id, shown in self._stale.items():
            row = self.rows.get(record_id)
            if row != shown:
                for index in self._indexes.values():
                    index.change(record_id, shown, row)
        self._stale.clear()


def _index_of(query: Query) -> _Index:
    """An empty one."""
    tests = tuple(test_of(condition) for condition in query.where)
    return _Index(getter(query.sort), query.archived, tests, query.search)


def _hinted(query: Query, rows: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
    """The rows that may match: spares most of them the parsing."""
    for alternatives in _hints(query):
        rows = _with_any_of(alternatives, rows)
    return rows


def _hints(query: Query) -> list[tuple[bytes, ...]]:
    """Bytes of which a matching row must contain one, per test."""
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
