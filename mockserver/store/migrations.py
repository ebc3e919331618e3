"""The tables, and every step that has led to them. Both databases take the same steps in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.store.dialect import POSTGRES, SQLITE
from mockserver.store.select import SORTED
from mockserver.store.values import STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.store.dialect import Dialect

# One key, one holder, whoever writes at the same time: deduplication rests on the primary key of unique_keys.
_TABLES = """
CREATE TABLE records (seq {serial}, tenant {text} NOT NULL, kind {text} NOT NULL, id {text} NOT NULL,
  data {text} NOT NULL, search {text} NOT NULL, keys {text} NOT NULL, archived {integer} NOT NULL,
  UNIQUE (tenant, kind, id));
CREATE INDEX records_in_order ON records (tenant, kind, archived, seq);
CREATE TABLE unique_keys (tenant {text} NOT NULL, kind {text} NOT NULL, name {text} NOT NULL, value {text} NOT NULL,
  id {text} NOT NULL, PRIMARY KEY (tenant, kind, name, value));
CREATE INDEX unique_keys_of_record ON unique_keys (tenant, kind, id);
CREATE TABLE counters (tenant {text} NOT NULL, name {text} NOT NULL, value {integer} NOT NULL,
  PRIMARY KEY (tenant, name));
CREATE TABLE remembered (tenant {text} NOT NULL, key {text} NOT NULL, fingerprint {text} NOT NULL,
  status {integer} NOT NULL, headers {text} NOT NULL, body {blob} NOT NULL, expires_at {double} NOT NULL,
  PRIMARY KEY (tenant, key));
CREATE INDEX remembered_by_expiry ON remembered (expires_at);
CREATE TABLE rate_windows (key {text} NOT NULL, seconds {integer} NOT NULL, used {integer} NOT NULL,
  ends_at {double} NOT NULL, PRIMARY KEY (key, seconds));
CREATE INDEX rate_windows_by_end ON rate_windows (ends_at);
CREATE TABLE deliveries (place {serial}, id {text} NOT NULL UNIQUE, api {text} NOT NULL, tenant {text} NOT NULL,
  subscription_id {text} NOT NULL, event {text} NOT NULL, payload {blob} NOT NULL, attempt {integer} NOT NULL,
  next_at {double} NOT NULL, state {text} NOT NULL, created_at {double} NOT NULL);
CREATE INDEX deliveries_due ON deliveries (state, next_at, place, tenant, subscription_id);
CREATE INDEX deliveries_of_tenant ON deliveries (tenant, place);
CREATE TABLE attempts (place {serial}, delivery_id {text} NOT NULL, number {integer} NOT NULL, at {double} NOT NULL,
  status {integer}, error {text}, seconds {double} NOT NULL);
CREATE INDEX attempts_of_delivery ON attempts (delivery_id, place);
"""

# Until then, by the database's clock, a delivery is in the hands of one process of several.
_CLAIMS = "ALTER TABLE deliveries ADD COLUMN claimed_until {double} NOT NULL DEFAULT 0;"

# Written by each transaction that changes it, in its tenant's turn: so that no list has to count.
_TOTALS = """
CREATE TABLE totals (tenant {text} NOT NULL, kind {text} NOT NULL, archived {integer} NOT NULL,
  records {integer} NOT NULL, PRIMARY KEY (tenant, kind, archived));
INSERT INTO totals (tenant, kind, archived, records)
  SELECT tenant, kind, archived, count(*) FROM records GROUP BY tenant, kind, archived;
"""

# In PostgreSQL, what is looked up is read once, when it is written.
_FIELDS = r"""
ALTER TABLE records ADD COLUMN fields jsonb
  GENERATED ALWAYS AS (replace(data, '\u0000', '\u0001')::jsonb) STORED;
"""

# The arithmetic of `windows.tally` in one round trip. Hits of one key take turns; each statement of the function sees
# what was committed before it, so also the hit before.
_HIT = """
CREATE FUNCTION leadmock_hit(of_key text, lengths bigint[], limits bigint[], at_time double precision)
RETURNS TABLE (used bigint, ends_at double precision, allowed boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  counts bigint[];
  ends double precision[];
  room boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || ' hit ' || of_key, 0));
  SELECT array_agg(CASE WHEN kept.ends_at > at_time THEN kept.used ELSE 0 END ORDER BY given.place),
         array_agg(CASE WHEN kept.ends_at > at_time THEN kept.ends_at ELSE at_time + given.seconds END
                   ORDER BY given.place)
    INTO counts, ends
    FROM unnest(lengths) WITH ORDINALITY AS given (seconds, place)
    LEFT JOIN rate_windows AS kept ON kept.key = of_key AND kept.seconds = given.seconds;
  SELECT bool_and(given.count < given.most) INTO room FROM unnest(counts, limits) AS given (count, most);
  IF room THEN
    INSERT INTO rate_windows AS kept (key, seconds, used, ends_at)
      SELECT of_key, given.seconds, given.count + 1, given.ending
      FROM unnest(lengths, counts, ends) AS given (seconds, count, ending) ORDER BY given.seconds
      ON CONFLICT (key, seconds) DO UPDATE SET used = excluded.used, ends_at = excluded.ends_at;
  END IF;
  RETURN QUERY SELECT given.count + room::int, given.ending, given.count < given.most
    FROM unnest(counts, ends, limits) WITH ORDINALITY AS given (count, ending, most, place) ORDER BY given.place;
END
$$;
"""

# What those share who share a database. It is no part of the state: it is in no snapshot, and outlives a restore.
_COMMONS = """
CREATE TABLE snapshots (place {serial}, name {text} NOT NULL UNIQUE, taken_at {double} NOT NULL, state {blob} NOT NULL);
CREATE TABLE controls (version {integer} NOT NULL, clock_offset {double} NOT NULL, frozen_at {double});
INSERT INTO controls (version, clock_offset) VALUES (1, 0);
CREATE TABLE faults (place {serial}, id {text} NOT NULL UNIQUE, times {integer}, applied {integer} NOT NULL,
  content {text} NOT NULL);
CREATE UNLOGGED TABLE journal (number {integer} PRIMARY KEY, api {text} NOT NULL, operation {text} NOT NULL,
  tenant {text} NOT NULL, method {text} NOT NULL, status {integer} NOT NULL, path {text} NOT NULL,
  body {blob} NOT NULL, answer {blob} NOT NULL, rest {text} NOT NULL, size {integer} NOT NULL);
CREATE TABLE figures (name {text} NOT NULL, labels {text} NOT NULL, counts {double}[] NOT NULL,
  PRIMARY KEY (name, labels));
CREATE UNLOGGED TABLE journal_head (id {integer} PRIMARY KEY, last {integer} NOT NULL);
"""

# What the index of texts (`sqlite_texts`) has taken in: all records up to a number, but for those that have changed
# since. The index itself is made where the library can.
_INDEXED = """
CREATE TABLE indexed_texts (up_to {integer} NOT NULL, texts {integer} NOT NULL);
INSERT INTO indexed_texts (up_to, texts) VALUES (0, 0);
CREATE TABLE changed_texts (seq INTEGER PRIMARY KEY);
"""
_CHANGED = """
CREATE TRIGGER text_changed AFTER UPDATE OF search ON records
  WHEN old.search <> new.search AND old.seq <= (SELECT up_to FROM indexed_texts)
  BEGIN INSERT INTO changed_texts (seq) VALUES (old.seq) ON CONFLICT (seq) DO NOTHING; END
"""

# In PostgreSQL, `pieces.document` and `pieces.expression` of a text. What is new waits in a short list until it goes
# into the index: each search reads that list, and going there at once would take longer.
_PIECES = r"""
CREATE FUNCTION leadmock_pieces(of_text text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
BEGIN
  RETURN array_to_tsvector(ARRAY(SELECT substr(of_text, at, 8) FROM generate_series(1, length(of_text) - 2) AS at));
END
$$;
CREATE FUNCTION leadmock_containing(of_text text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  last int := greatest(length(of_text) - 8, 0);
  gaps int := least(3, greatest(1, (last + 3) / 4));
BEGIN
  RETURN (
    SELECT string_agg('''' || replace(replace(piece, '\', '\\'), '''', '''''')
                      || CASE WHEN length(piece) < 8 THEN ''':*' ELSE '''' END, ' & ')
    FROM generate_series(0, gaps) AS gap, substr(of_text, 1 + last * gap / gaps, 8) AS piece
  )::tsquery;
END
$$;
CREATE INDEX records_by_pieces ON records USING gin (leadmock_pieces(search)) WITH (gin_pending_list_limit = 64)
"""


def _first(dialect: Dialect) -> Iterator[str]:
    yield from _each(_TABLES, dialect)


def _second(dialect: Dialect) -> Iterator[str]:
    yield from _each(_CLAIMS, dialect)
    if dialect is POSTGRES:
        yield _FIELDS
        yield _HIT


def _third(dialect: Dialect) -> Iterator[str]:
    for name in SORTED:
        order = f"{dialect.group(name)}, ({dialect.value(name, STRING)}), id"
        yield f"CREATE INDEX records_by_{name} ON records (tenant, kind, archived, {order})"


def _fourth(dialect: Dialect) -> Iterator[str]:
    if dialect is POSTGRES:
        yield from _each(_COMMONS, dialect)


def _fifth(dialect: Dialect) -> Iterator[str]:
    yield from _each(_TOTALS, dialect)


def _sixth(dialect: Dialect) -> Iterator[str]:
    if dialect is SQLITE:
        yield from _each(_INDEXED, dialect)
        yield _CHANGED
    else:
        yield _PIECES


_STEPS = (_first, _second, _third, _fourth, _fifth, _sixth)
SCHEMA_VERSION = len(_STEPS)


def statements(dialect: Dialect, since: int, until: int = SCHEMA_VERSION) -> Iterator[str]:
    """What leads from one version (0: an empty database) to another."""
    for step in _STEPS[since:until]:
        yield from step(dialect)


def _each(text: str, dialect: Dialect) -> Iterator[str]:
    return (statement for statement in text.format(**dialect.types).split(";") if statement.strip())
