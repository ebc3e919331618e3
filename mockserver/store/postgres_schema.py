"""Making our tables in a PostgreSQL database, or bringing them up to date, while others may do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from mockserver.store.base import StoreError
from mockserver.store.dialect import POSTGRES
from mockserver.store.migrations import SCHEMA_VERSION, statements

if TYPE_CHECKING:
    from mockserver.store.postgres_pool import Address

_OURS = "leadmock_schema"
_LOCK = 0x6C65_6164_6D6F_636B  # "leadmock": those who start at once wait for the first
_OLDEST_SERVER = 120_000  # generated columns


def prepare(address: Address) -> str:
    """See that the tables are there; return the name of the schema that they are in. Raises StoreError."""
    try:
        with psycopg.connect(address.conninfo) as connection:
            _check_server(address, connection)
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            return _prepare(address, connection)
    except psycopg.Error as error:
        raise address.explain(error) from error


def _check_server(address: Address, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    if connection.info.server_version < _OLDEST_SERVER:
        version = connection.info.server_version // 10_000
        raise StoreError(f"{address} is PostgreSQL {version}: version 12 or newer is needed")
    encoding = _one(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"{address} has the encoding {encoding}: make one with createdb --encoding=UTF8 -T template0")


def _prepare(address: Address, connection: psycopg.Connection[tuple[Any, ...]]) -> str:
    schema = _one(connection, "SELECT current_schema()")
    if schema is None:
        raise StoreError(f"{address}: none of the schemas in its search_path is there; make one with CREATE SCHEMA")
    version = 0
    if _one(connection, "SELECT to_regclass(current_schema() || '." + _OURS + "')") is not None:
        version = int(_one(connection, f"SELECT max(version) FROM {_OURS}"))  # noqa: S608  # a constant
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{address} has schema version {version}, and this program knows versions up to {SCHEMA_VERSION}:"
            " update leadmock, or choose another database"
        )
    if version == SCHEMA_VERSION:
        return str(schema)
    try:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_OURS} (version integer NOT NULL)")
        for statement in statements(POSTGRES, version):
            connection.execute(statement)
    except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateFunction) as error:
        raise StoreError(
            f"{address} has tables of another program in the schema {schema} ({' '.join(str(error).split())}):"
            " choose another database, or another schema with ?options=-csearch_path%3Dname"
        ) from error
    connection.execute(f"DELETE FROM {_OURS}")  # noqa: S608  # a constant
    connection.execute(f"INSERT INTO {_OURS} VALUES (%s)", (SCHEMA_VERSION,))  # noqa: S608  # a constant
    return str(schema)


def _one(connection: psycopg.Connection[tuple[Any, ...]], question: str) -> Any:
    row = connection.execute(question).fetchone()
    return None if row is None else row[0]
