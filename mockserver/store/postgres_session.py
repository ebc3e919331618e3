"""Statements on connections to PostgreSQL, and what its text cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from mockserver.store.dialect import POSTGRES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import AsyncConnection, AsyncCursor

    from mockserver.store.postgres_pool import Address, Pool
    from mockserver.store.sql import Row

# There is no NUL in a text. These keep the order by code point, and two texts that differ stay different.
_NUL, _SOH = "\x01\ue000", "\x01\ue001"


class PostgresSession:
    """A Session on one connection."""

    def __init__(self, address: Address, connection: AsyncConnection[Row]) -> None:
        self._address = address
        self._connection = connection
        self._later: list[tuple[str, Sequence[Any]]] = []  # goes with the next statement, in one round trip

    async def rows(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        rows = await (await self._execute(text, parameters)).fetchall()
        return [_restored(row) if any(type(one) is str and "\x01" in one for one in row) else row for row in rows]

    async def change(self, text: str, parameters: Sequence[Any] = ()) -> int:
        return (await self._execute(text, parameters)).rowcount

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        self._later.append((text, parameters))

    async def commit(self) -> None:
        done = await self._execute("COMMIT", ())
        if done.statusmessage != "COMMIT":  # Somebody has passed over an error.
            raise self._address.explain(psycopg.errors.InFailedSqlTransaction())

    async def change_many(self, text: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            async with self._connection.cursor() as cursor:
                await cursor.executemany(POSTGRES.statement(text), [_storable(row) for row in rows])
        except psycopg.Error as error:
            raise self._address.explain(error) from error

    async def _execute(self, text: str, parameters: Sequence[Any]) -> AsyncCursor[Row]:
        try:
            if not self._later:
                return await self._connection.execute(POSTGRES.statement(text), _storable(parameters))
            later, self._later = self._later, []
            async with self._connection.pipeline():
                for each, values in later:
                    await self._connection.execute(POSTGRES.statement(each), _storable(values))
                return await self._connection.execute(POSTGRES.statement(text), _storable(parameters))
        except psycopg.Error as error:
            raise self._address.explain(error) from error


class Look(PostgresSession):
    """Each statement on any connection, and a transaction of its own."""

    def __init__(self, address: Address, pool: Pool) -> None:
        self._address = address
        self._pool = pool

    async def change_later(self, text: str, parameters: Sequence[Any] = ()) -> None:
        await self._execute(text, parameters)

    async def _execute(self, text: str, parameters: Sequence[Any]) -> AsyncCursor[Row]:
        connection, cursor = await self._pool.begin(POSTGRES.statement(text), _storable(parameters))
        await self._pool.give_back(connection)
        return cursor  # It holds the results already.


def _storable(parameters: Sequence[Any]) -> Sequence[Any]:
    return [
        one.replace("\x01", _SOH).replace("\x00", _NUL)
        if type(one) is str and ("\x00" in one or "\x01" in one)
        else one
        for one in parameters
    ]


def _restored(row: Row) -> Row:
    return tuple(
        one.replace(_NUL, "\x00").replace(_SOH, "\x01") if type(one) is str and "\x01" in one else one for one in row
    )
