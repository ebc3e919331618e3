"""How a full-text index of words finds any part of a text: each piece of the text is a word.

From every place of a text a piece begins, eight characters long, or shorter at the end. What is looked for is the
beginning of some piece, or, when it is longer, several pieces, all of which few texts have together: so the work grows
with what is found, hardly with what is stored. Candidates only: whoever asks looks into each of them.

The index is SQLite's own (FTS5), which the state in memory uses like that in a file. A library may lack it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

SHORTEST = 3
"""Characters that a text must have to be looked up."""

_LONG = 8  # characters of a piece: shorter ones tell less, longer ones make the index larger
_MOST = 4  # pieces that are looked up of one text: each costs time, and more would hardly narrow any further
_APART = _LONG // 2  # characters between those, at most, where so few suffice for it

# Every other character is part of a word. Upper and lower case count as one there, which makes a few candidates more.
_BETWEEN = "\x1f"
_INSIDE = "".join(chr(code) for code in range(1, 128) if chr(code) != _BETWEEN and not chr(code).isalnum())
# An expression would end at a NUL.
_SAFE = str.maketrans({"\0": "\x01", _BETWEEN: "\x01"})


def _quoted(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark


_TOKENIZER = _quoted("ascii tokenchars " + _quoted(_INSIDE, "'"), '"')

# Nothing is kept but which words are in which text: neither the texts, nor where in them, nor their lengths.
CREATE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS texts"
    f" USING fts5(pieces, content='', columnsize=0, detail=none, tokenize={_TOKENIZER})"
)
ADD = "INSERT INTO texts (rowid, pieces) VALUES (?, ?)"
FORGET = "INSERT INTO texts (texts) VALUES ('delete-all')"


def are_known_to(connection: sqlite3.Connection) -> bool:
    """Whether this library of SQLite has the index."""
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def document(text: str) -> str:
    """A text as it is added to the index."""
    safe = text.translate(_SAFE)
    return _BETWEEN.join({safe[at : at + _LONG] for at in range(len(safe) - SHORTEST + 1)})


def expression(texts: Iterable[str]) -> str:
    """What matches all documents that may contain one of these, none shorter than SHORTEST."""
    return " OR ".join(f"({_containing(text)})" for text in texts)


def _containing(text: str) -> str:
    # Nothing that is stored has half of a surrogate pair, so whatever stands there finds nothing.
    safe = text.translate(_SAFE).encode(errors="replace").decode()
    last = len(safe) - _LONG
    if last <= 0:
        return _quoted(safe, '"') + "*"
    gaps = min(_MOST - 1, -(-last // _APART))
    return " AND ".join(
        _quoted(safe[at : at + _LONG], '"') for at in (last * gap // gaps for gap in range(gaps, -1, -1))
    )
