# ruff: noqa: S608 - what is put into statements are constants of this package; all values are parameters
"""The index of texts of an SQLite file: which records may contain what a search looks for.

Writing a record costs nothing more: searches take in what is new, and what a trigger has noted as changed, in their own
transaction. What they leave for the next one is looked through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.store import pieces, select

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from mockserver.store.base import Query
    from mockserver.store.select import Matching

_FEWEST_SEARCHED = 2000  # records of a tenant below which looking through all of them is as quick
_FEW = 1 / 16  # of the records: to look into more takes longer than to look through all of them
_FEWEST_ADDED = 64  # records that are rather looked through than added
_AT_ONCE = 20_000  # records that one search adds: a second's work,
_SHARE = 8  # or one of so many that are not in yet, which takes no longer than looking through those
_MOST_GONE = 10_000  # texts of records that are gone, or were something else, beside as many as there are records


class FileTexts:
    """`execute` runs a statement, and `execute_many` one for each row, in the transaction that is open."""

    def __init__(
        self,
        execute: Callable[[str, Sequence[Any]], sqlite3.Cursor],
        execute_many: Callable[[str, Sequence[Sequence[Any]]], None],
    ) -> None:
        self._execute = execute
        self._execute_many = execute_many

    def narrowed(self, where: Matching, tenant: str, query: Query) -> Matching:
        """What a query with a search looks for, told which records to look into, if they are few."""
        ((stored,),) = self._execute(*select.count(tenant, query.kind, None))
        if stored < _FEWEST_SEARCHED or any(len(needle) < pieces.SHORTEST for needle in query.search):
            return where
        found = self._candidates(query.search, int(stored * _FEW))
        if found is None:
            return where
        # Not by another index, which SQLite may prefer, for it does not know how few these are.
        text = f"seq IN (SELECT value FROM json_each(?)) AND {where.text}"
        return select.Matching(text, [str(found), *where.parameters], "records NOT INDEXED")

    def _candidates(self, needles: tuple[str, ...], most: int) -> list[int] | None:
        """Numbers of all records that may contain one of these; None for more than `most`."""
        up_to = self._catch_up()
        found = self._execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? UNION ALL SELECT seq FROM changed_texts"
            " UNION ALL SELECT seq FROM records WHERE seq > ? LIMIT ?",
            (pieces.expression(needles), up_to, most + 1),
        ).fetchall()
        return None if len(found) > most else [seq for (seq,) in found]

    def _catch_up(self) -> int:
        """Take in a part of what is new or has changed, if it is much; return the last number that is in."""
        ((up_to, texts),) = self._execute("SELECT up_to, texts FROM indexed_texts", ())
        ((records,),) = self._execute("SELECT coalesce(sum(records), 0) FROM totals", ())
        if texts > 2 * records + _MOST_GONE:
            up_to = texts = 0
            self._execute(pieces.FORGET, ())
            self._execute("DELETE FROM changed_texts", ())
        changed = self._execute(
            "SELECT changed_texts.seq, coalesce(search, '') FROM changed_texts LEFT JOIN records USING (seq)"
            " ORDER BY changed_texts.seq LIMIT ?",
            (_AT_ONCE,),
        ).fetchall()
        ((last,),) = self._execute("SELECT coalesce(max(seq), 0) FROM records", ())
        new = self._execute(
            "SELECT seq, search FROM records WHERE seq > ? ORDER BY seq LIMIT ?",
            (up_to, max(_AT_ONCE, (last - up_to) // _SHARE)),
        ).fetchall()
        if len(changed) + len(new) < _FEWEST_ADDED:
            return int(up_to)
        self._execute_many(pieces.ADD, [(seq, pieces.document(search)) for seq, search in (*changed, *new)])
        if changed:
            self._execute("DELETE FROM changed_texts WHERE seq <= ?", (changed[-1][0],))
        up_to = new[-1][0] if new else up_to
        self._execute("UPDATE indexed_texts SET up_to = ?, texts = ?", (up_to, texts + len(changed) + len(new)))
        return int(up_to)
