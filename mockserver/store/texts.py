"""An index of texts: which records may contain some, by the pieces of three characters that it is made of.

Candidates only: whoever asks looks into each of them. The numbers of the records that contain a piece are an array, so
a record costs four bytes a piece.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHORTEST = 3
"""Characters that a text must have to be looked up."""

_MOST_CHANGED = 256  # records that are candidates of every search, since they were changed
_WORTH_CUTTING = 8  # how many times longer than the shortest a list of numbers may be for it to narrow that one


class Texts:
    """`count` records of a table, its first ones, were added; some of them more than once, when they had changed."""

    def __init__(self) -> None:
        self.count = 0
        self._ids: list[str] = []  # by number
        self._numbers: dict[str, array[int]] = {}  # by piece, ascending
        self._changed: dict[str, None] = {}

    @property
    def is_worn(self) -> bool:
        """Whether most of it is about what records were."""
        return len(self._ids) > 2 * self.count + _MOST_CHANGED

    def add(self, texts: Iterable[tuple[str, str]]) -> None:
        """The next records, id and text."""
        for record_id, text in texts:
            self._add(record_id, text)
            self.count += 1

    def changing(self, record_id: str) -> None:
        """A record gets another text, or is removed."""
        self._changed[record_id] = None

    def cut(self, count: int) -> None:
        """The table has only so many records now, its last ones having been removed."""
        self.count = min(self.count, count)

    def renew(self, text_of: Callable[[str], str]) -> None:
        """Take in what has changed, once it is much."""
        if len(self._changed) < _MOST_CHANGED:
            return
        for record_id in self._changed:
            self._add(record_id, text_of(record_id))
        self._changed.clear()

    def candidates(self, texts: tuple[str, ...]) -> set[str]:
        """Ids of all records that may contain one of these, none shorter than SHORTEST; and of some that are gone."""
        found = set(self._changed)
        for text in texts:
            found.update(self._ids[number] for number in self._with(text))
        return found

    def _with(self, text: str) -> Iterable[int]:
        lists = [self._numbers.get(piece) for piece in _pieces(text)]
        known = sorted((numbers for numbers in lists if numbers is not None), key=len)
        if len(known) < len(lists):
            return ()
        if len(known) == 1 or len(known[1]) > _WORTH_CUTTING * len(known[0]):
            return known[0]
        return set(known[0]).intersection(known[1])

    def _add(self, record_id: str, text: str) -> None:
        number = len(self._ids)
        self._ids.append(record_id)
        for piece in _pieces(text):
            numbers = self._numbers.get(piece)
            if numbers is None:
                numbers = self._numbers[piece] = array("I")
            numbers.append(number)


def _pieces(text: str) -> set[str]:
    return {text[at : at + SHORTEST] for at in range(len(text) - SHORTEST + 1)}
