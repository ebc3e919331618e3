# ruff: noqa: S608 - what is put into statements are constants and checked fields; all values are parameters
"""What differs between SQL databases, in one place; `sql` and `select` hold what does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from mockserver.store.values import BOOLEAN, NUMBER, OTHER, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _as_it_is(value: str) -> str:
    return value


@dataclass(frozen=True, slots=True)
class Dialect:
    """Words and expressions of one database. Statements are written with `?` and contain no other question mark.

    Expressions take a field (checked by `base.check_field`: safe to stand in SQL) of the JSON column `data`.
    """

    placeholder: str
    types: Mapping[str, str]  # what `migrations` writes in braces
    rank: Callable[[str], str]  # BOOLEAN, NUMBER, STRING or OTHER; NULL when missing or null
    value: Callable[[str, int], str]  # comparable with `atom` and other values of this rank
    atom: Callable[[int], str]  # a parameter that is a JSON text, as a value of this rank
    has: Callable[[str, int | None], str]  # the list contains the atom of this rank (None: null)
    contains: str  # the column `search` contains the parameter literally
    skip_locked: str = ""  # ends a SELECT of rows to delete: leaves out those that somebody else is changing
    key: Callable[[str], str] = field(default=_as_it_is)  # a unique key's value, as it is stored

    def group(self, name: str) -> str:
        """As `rank`, and OTHER for missing and null: what lists are ordered by first."""
        return f"coalesce({self.rank(name)}, {OTHER})"

    def statement(self, text: str) -> str:
        return text if self.placeholder == "?" else _with_placeholders(text, self.placeholder)


@lru_cache(maxsize=512)
def _with_placeholders(text: str, placeholder: str) -> str:
    return text.replace("?", placeholder)


def _path(name: str) -> str:
    return "'$" + "".join(f'."{part}"' for part in name.split(".")) + "'"


def _rank(json_type: str) -> str:
    return (
        f"CASE {json_type} WHEN 'true' THEN {BOOLEAN} WHEN 'false' THEN {BOOLEAN} WHEN 'integer' THEN {NUMBER}"
        f" WHEN 'real' THEN {NUMBER} WHEN 'text' THEN {STRING} WHEN 'array' THEN {OTHER}"
        f" WHEN 'object' THEN {OTHER} END"
    )


def _sqlite_has(name: str, rank: int | None) -> str:
    same = f"IS {'NULL' if rank is None else rank} AND member.value IS json_extract(?, '$')"
    return (
        f"(json_type(data, {_path(name)}) = 'array' AND EXISTS (SELECT 1 FROM json_each(data, {_path(name)})"
        f" AS member WHERE {_rank('member.type')} {same}))"
    )


# SQLite reads strings of a JSON text up to a NUL, and integers from 2**63 as doubles: in conditions and sorting,
# values that differ only beyond that are equal. What get() returns is exact.
SQLITE = Dialect(
    placeholder="?",
    types={
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "text": "TEXT",
        "blob": "BLOB",
        "double": "REAL",
        "integer": "INTEGER",
    },
    rank=lambda name: _rank(f"json_type(data, {_path(name)})"),
    value=lambda name, _: f"json_extract(data, {_path(name)})",
    atom=lambda _: "json_extract(?, '$')",  # read by the same parser as the data, so equal numbers stay equal
    has=_sqlite_has,
    contains="instr(search, ?) > 0",
)


_JSONB_RANK = (
    f"WHEN 'boolean' THEN {BOOLEAN} WHEN 'number' THEN {NUMBER} WHEN 'string' THEN {STRING}"
    f" WHEN 'array' THEN {OTHER} WHEN 'object' THEN {OTHER} END"
)
_LONGEST_KEY = 1000  # characters: an entry of an index has room for 2,700 bytes


def _member(name: str) -> str:
    return "(fields" + "".join(f" -> '{part}'" for part in name.split(".")) + ")"


def _unwrapped(name: str, json_type: str, text: str) -> str:
    """Guarded, for a cast of another type is an error."""
    return f"CASE jsonb_typeof({_member(name)}) WHEN '{json_type}' THEN {text} END"


def _postgres_value(name: str, rank: int) -> str:
    member = _member(name)
    match rank:
        case 0:  # BOOLEAN
            return _unwrapped(name, "boolean", f"{member}::boolean")
        case 1:  # NUMBER
            return _unwrapped(name, "number", f"{member}::numeric")
    return _unwrapped(name, "string", f"({member} #>> '{{}}') COLLATE \"C\"")


def _postgres_atom(rank: int) -> str:
    match rank:
        case 0:  # BOOLEAN
            return f"{_JSONB}::boolean"
        case 1:  # NUMBER
            return f"{_JSONB}::numeric"
    return f"({_JSONB} #>> '{{}}')"


def _shortened(value: str) -> str:
    """Long ones by their beginning and a digest: as distinct as before."""
    if len(value) <= _LONGEST_KEY:
        return value
    return f"{value[:_LONGEST_KEY]}…{sha256(value.encode()).hexdigest()}"


# PostgreSQL's jsonb has no NUL. It stands there for U+0001: in conditions and sorting the two are equal. What get()
# returns comes from the text, and is exact.
_JSONB = r"(replace(?, '\u0000', '\u0001')::jsonb)"

POSTGRES = Dialect(
    placeholder="%s",
    types={
        "serial": "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "text": 'text COLLATE "C"',
        "blob": "bytea",
        "double": "double precision",
        "integer": "bigint",
    },
    rank=lambda name: f"CASE jsonb_typeof({_member(name)}) {_JSONB_RANK}",
    value=_postgres_value,
    atom=_postgres_atom,
    has=lambda name, _: f"(jsonb_typeof({_member(name)}) = 'array' AND {_member(name)} @> {_JSONB})",
    contains="strpos(search, ?) > 0",
    skip_locked="FOR UPDATE SKIP LOCKED",
    key=_shortened,
)
