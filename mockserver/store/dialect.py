# ruff: noqa: S608 - what is put into statements are constants and checked fields; all values are parameters
"""What differs between SQL databases, in one place; `sql` and `select` hold what does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.store.values import BOOLEAN, NUMBER, OTHER, STRING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Dialect:
    """Words and expressions of one database. Statements are written with `?` and contain no other question mark.

    Expressions take a field (checked by `base.check_field`: safe to stand in SQL) of the JSON column `data`.
    """

    placeholder: str
    begin: str  # begins a transaction that may write
    serial: str  # column types: a growing number, the primary key
    text: str  # ordered by code point
    blob: str
    double: str
    rank: Callable[[str], str]  # BOOLEAN, NUMBER, STRING or OTHER; NULL when missing or null
    value: Callable[[str], str]  # comparable with `atom` and other values of the same rank
    atom: str  # a parameter that is a JSON text, as such a value
    has: Callable[[str, int | None], str]  # the list contains the atom of this rank (None: null)
    contains: str  # the column `search` contains the parameter literally

    def statement(self, text: str) -> str:
        return text if self.placeholder == "?" else text.replace("?", self.placeholder)


def _path(field: str) -> str:
    return "'$" + "".join(f'."{name}"' for name in field.split(".")) + "'"


def _rank(json_type: str) -> str:
    return (
        f"CASE {json_type} WHEN 'true' THEN {BOOLEAN} WHEN 'false' THEN {BOOLEAN} WHEN 'integer' THEN {NUMBER}"
        f" WHEN 'real' THEN {NUMBER} WHEN 'text' THEN {STRING} WHEN 'array' THEN {OTHER}"
        f" WHEN 'object' THEN {OTHER} END"
    )


def _sqlite_has(field: str, rank: int | None) -> str:
    same = f"IS {'NULL' if rank is None else rank} AND member.value IS json_extract(?, '$')"
    return (
        f"(json_type(data, {_path(field)}) = 'array' AND EXISTS (SELECT 1 FROM json_each(data, {_path(field)})"
        f" AS member WHERE {_rank('member.type')} {same}))"
    )


# SQLite reads strings of a JSON text up to a NUL, and integers from 2**63 as doubles: in conditions and sorting,
# values that differ only beyond that are equal. What get() returns is exact.
SQLITE = Dialect(
    placeholder="?",
    begin="BEGIN IMMEDIATE",  # what keeps it from writing is told at its beginning
    serial="INTEGER PRIMARY KEY AUTOINCREMENT",
    text="TEXT",
    blob="BLOB",
    double="REAL",
    rank=lambda field: _rank(f"json_type(data, {_path(field)})"),
    value=lambda field: f"json_extract(data, {_path(field)})",
    atom="json_extract(?, '$')",  # read by the same parser as the data, so equal numbers stay equal
    has=_sqlite_has,
    contains="instr(search, ?) > 0",
)


def schema(dialect: Dialect) -> str:
    """Statements that make the tables of SCHEMA_VERSION, each ended by a semicolon."""
    return _SCHEMA.format(serial=dialect.serial, text=dialect.text, blob=dialect.blob, double=dialect.double)


SCHEMA_VERSION = 1

# One key, one holder, whoever writes at the same time: deduplication rests on the primary key of unique_keys.
_SCHEMA = """
CREATE TABLE records (seq {serial}, tenant {text} NOT NULL, kind {text} NOT NULL, id {text} NOT NULL,
  data {text} NOT NULL, search {text} NOT NULL, keys {text} NOT NULL, archived INTEGER NOT NULL,
  UNIQUE (tenant, kind, id));
CREATE INDEX records_in_order ON records (tenant, kind, archived, seq);
CREATE TABLE unique_keys (tenant {text} NOT NULL, kind {text} NOT NULL, name {text} NOT NULL, value {text} NOT NULL,
  id {text} NOT NULL, PRIMARY KEY (tenant, kind, name, value));
CREATE INDEX unique_keys_of_record ON unique_keys (tenant, kind, id);
CREATE TABLE counters (tenant {text} NOT NULL, name {text} NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY (tenant, name));
CREATE TABLE remembered (tenant {text} NOT NULL, key {text} NOT NULL, fingerprint {text} NOT NULL,
  status INTEGER NOT NULL, headers {text} NOT NULL, body {blob} NOT NULL, expires_at {double} NOT NULL,
  PRIMARY KEY (tenant, key));
CREATE INDEX remembered_by_expiry ON remembered (expires_at);
CREATE TABLE rate_windows (key {text} NOT NULL, seconds INTEGER NOT NULL, used INTEGER NOT NULL,
  ends_at {double} NOT NULL, PRIMARY KEY (key, seconds));
CREATE INDEX rate_windows_by_end ON rate_windows (ends_at);
CREATE TABLE deliveries (place {serial}, id {text} NOT NULL UNIQUE, api {text} NOT NULL, tenant {text} NOT NULL,
  subscription_id {text} NOT NULL, event {text} NOT NULL, payload {blob} NOT NULL, attempt INTEGER NOT NULL,
  next_at {double} NOT NULL, state {text} NOT NULL, created_at {double} NOT NULL);
CREATE INDEX deliveries_due ON deliveries (state, next_at, place, tenant, subscription_id);
CREATE INDEX deliveries_of_tenant ON deliveries (tenant, place);
CREATE TABLE attempts (place {serial}, delivery_id {text} NOT NULL, number INTEGER NOT NULL, at {double} NOT NULL,
  status INTEGER, error {text}, seconds {double} NOT NULL);
CREATE INDEX attempts_of_delivery ON attempts (delivery_id, place);
"""
