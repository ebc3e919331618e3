"""An index of texts: which records may contain some, by the pieces of three characters that it is made of.

The numbers of the records that contain a piece are a list. Once it is full it is parted, by what follows the piece: so
a search mostly looks at few, also among a million texts. What still grows with their number: the search for a text that
is shorter than piece and following together, which needs all parts of its pieces; for one whose pieces are in almost
all texts, such as a small number with zeros before it; and for what has many matches.

Candidates only: whoever asks looks into each of them. A list is bytes, four for each number, for the garbage collector
would go through a hundred thousand arrays.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHORTEST = 3
"""Characters that a text must have to be looked up."""

_LONG = 6  # characters of a piece with what follows it
_FULL = 1024  # numbers at which a list is parted
_PARTS = 128  # so a million records leave a hundred numbers in each; more would cost the first of them much memory
_READ_AGAIN = 8  # texts of a list that is parted take as long as one that is added
_WIDTH = 4  # bytes of a number
_MOST_CHANGED = 256  # records that are candidates of every search, since they were changed
_WORTH_CUTTING = 8  # how many times longer than the shortest a list of numbers may be for it to narrow that one


class Texts:
    """`count` records of a table, its first ones, were added; some of them more than once, when they had changed.

    `text_of` reads a record's text as it is now; "" when it is gone.
    """

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self.count = 0
        self._text_of = text_of
        self._ids: list[str] = []  # by number
        self._lists: dict[str, bytearray] = {}  # by piece, ascending
        self._parted: dict[str, tuple[bytearray, ...]] = {}  # by piece, instead
        self._changed: dict[str, None] = {}
        self._room = 0  # records that may still be added

    @property
    def is_worn(self) -> bool:
        """Whether most of it is about what records were."""
        return len(self._ids) > 2 * self.count + _MOST_CHANGED

    def add(self, texts: Iterable[tuple[str, str]], most: int) -> None:
        """The next records, id and text: `most` of them, and fewer where lists are parted, which is work too."""
        self._room = most
        for record_id, text in texts:
            if self._room <= 0:
                return
            self._room -= 1
            self._add(record_id, text)
            self.count += 1

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
        for record_id in self._changed:
            self._add(record_id, self._text_of(record_id))
        self._changed.clear()

    def candidates(self, texts: tuple[str, ...]) -> set[str]:
        """Ids of all records that may contain one of these, none shorter than SHORTEST; and of some that are gone."""
        found = set(self._changed)
        for text in texts:
            found.update(self._ids[number] for number in self._with(text))
        return found

    def _with(self, text: str) -> Iterable[int]:
        known: list[bytearray] = []
        for long in _long_pieces(text):
            numbers = self._lists.get(long[:SHORTEST])
            if numbers is None:
                parts = self._parted.get(long[:SHORTEST])
                if parts is None:
                    return ()
                if len(long) == _LONG:
                    numbers = parts[hash(long) % _PARTS]
                elif len(text) < _LONG:
                    numbers = bytearray().join(parts)
                else:
                    continue  # The text ends here, and its beginning tells more.
            known.append(numbers)
        known.sort(key=len)
        if len(known) == 1 or len(known[1]) > _WORTH_CUTTING * len(known[0]):
            return _read(known[0])
        return set(_read(known[0])).intersection(_read(known[1]))

    def _add(self, record_id: str, text: str) -> None:
        number = len(self._ids).to_bytes(_WIDTH, sys.byteorder)
        self._ids.append(record_id)
        parted = self._parted
        for long in _long_pieces(text):
            piece = long[:SHORTEST]
            parts = parted.get(piece)
            if parts is not None:
                numbers = parts[hash(long) % _PARTS]
                numbers += number
            else:
                self._add_short(piece, number)

    def _add_short(self, piece: str, number: bytes) -> None:
        numbers = self._lists.get(piece)
        if numbers is None:
            numbers = self._lists[piece] = bytearray()
        numbers += number
        if len(numbers) == _FULL * _WIDTH:
            self._part(piece)

    def _part(self, piece: str) -> None:
        parts = self._parted[piece] = tuple(bytearray() for _ in range(_PARTS))
        self._room -= _FULL // _READ_AGAIN
        for number in set(_read(self._lists.pop(piece))):
            # The text may have changed: then the record is among the changed ones, or has been added again.
            text = self._text_of(self._ids[number])
            at = text.find(piece)
            while at >= 0:
                numbers = parts[hash(text[at : at + _LONG]) % _PARTS]
                numbers += number.to_bytes(_WIDTH, sys.byteorder)
                at = text.find(piece, at + 1)


def _long_pieces(text: str) -> set[str]:
    """The pieces with what follows them; at the end of the text that is less."""
    return {text[at : at + _LONG] for at in range(len(text) - SHORTEST + 1)}


def _read(numbers: bytearray) -> memoryview:
    return memoryview(numbers).cast("I")
