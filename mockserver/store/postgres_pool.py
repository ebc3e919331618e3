"""Connections to one PostgreSQL database, kept for the next; and what its errors mean."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from mockserver.store.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Connection = psycopg.AsyncConnection[tuple[Any, ...]]
_Cursor = psycopg.AsyncCursor[tuple[Any, ...]]

_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
_PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}  # s, ms: a host that is gone must not hang a request


class Address:
    """Where the database is: `conninfo` to connect with, and how messages name it, without the password."""

    def __init__(self, url: str) -> None:
        try:
            given: Mapping[str, Any] = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise StoreError(
                f"the database's address cannot be read ({str(error).strip()}):"
                " write postgresql://user:password@host:port/database"
            ) from None
        self.conninfo = make_conninfo(url, **{name: each for name, each in _PATIENCE.items() if name not in given})
        user = f"{given['user']}@" if "user" in given else ""
        port = f":{given['port']}" if "port" in given else ""
        self._shown = f"postgresql://{user}{given.get('host', '')}{port}/{given.get('dbname', '')}"

    def __str__(self) -> str:
        return self._shown

    def explain(self, error: psycopg.Error) -> StoreError:
        """What PostgreSQL said, with the database and what to do."""
        said = " ".join(str(error).split())
        match error:
            case psycopg.errors.InvalidPassword() | psycopg.errors.InvalidAuthorizationSpecification():
                way_out = "check the user and the password in its address, and pg_hba.conf"
            case psycopg.errors.InvalidCatalogName():
                way_out = "make it with createdb, or check the name in its address"
            case psycopg.errors.InsufficientPrivilege():
                way_out = "give the user the right to create tables in it (GRANT CREATE ON SCHEMA public TO the user)"
            case psycopg.errors.TooManyConnections():
                way_out = "use fewer workers, or raise max_connections"
            case psycopg.errors.DiskFull():
                way_out = "make room on the database's disk"
            case psycopg.errors.ReadOnlySqlTransaction():
                way_out = "give the address of the primary, which can be written"
            case psycopg.errors.InFailedSqlTransaction():
                return StoreError(f"{self} has undone a transaction in which a statement had failed: see its log")
            case psycopg.OperationalError() | psycopg.InterfaceError():
                # Refusals before there is a connection have no code: only their text tells them apart.
                return StoreError(f"{self} cannot be reached ({said}): {_remedy(said)}")
            case _:
                way_out = "see the database's log"
        return StoreError(f"{self} cannot be used ({said}): {way_out}")


def _remedy(said: str) -> str:
    if "does not exist" in said and "database" in said:
        return "make it with createdb, or check the name in its address"
    if "authentication" in said or "password" in said or "role" in said:
        return "check the user and the password in its address, and pg_hba.conf"
    if "too many" in said or "remaining connection slots" in said:
        return "use fewer workers, or raise max_connections"
    return "see that it runs, and check host and port in its address"


class Pool:
    """At most so many connections, lent one user at a time; those who wait are served in order.

    Not bound to an event loop, as long as one at a time uses it.
    """

    def __init__(self, address: Address, limit: int) -> None:
        self._address = address
        self._room = limit
        self._idle: list[_Connection] = []
        self._lent: set[_Connection] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def begin(self, statement: str, parameters: Sequence[Any] | None = None) -> tuple[_Connection, _Cursor]:
        """Lend a connection on which `statement` has been run as its first, and the cursor of its results.

        Without parameters it may be several. A connection that was lost while it lay idle is replaced: whoever asks
        first after the database is back is served. Raises StoreError.
        """
        while True:
            connection, is_new = await self._take()
            try:
                prepare = None if parameters else False
                return connection, await connection.execute(statement, parameters, prepare=prepare)
            except psycopg.Error as error:
                await self.give_back(connection)
                if is_new or not connection.closed:
                    raise self._address.explain(error) from error
            except BaseException:
                await self.give_back(connection)
                raise

    async def undo_and_give_back(self, connection: _Connection) -> None:
        """Roll back what has not been committed; a connection that is lost has been rolled back by the database."""
        try:
            if connection.info.transaction_status in _OPEN:
                await connection.execute("ROLLBACK")
        except psycopg.Error:
            pass  # It is lost now.
        finally:
            await self.give_back(connection)

    async def give_back(self, connection: _Connection) -> None:
        """Keep it for the next, unless it is lost or left in the middle of something."""
        self._lent.discard(connection)
        if self._closed or connection.info.transaction_status != TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append(connection)
        self._leave()

    async def close(self) -> None:
        """Also those that are lent."""
        self._closed = True
        for connection in (*self._idle, *self._lent):
            await connection.close()
        self._idle.clear()

    async def _take(self) -> tuple[_Connection, bool]:
        if self._closed:
            raise StoreError(f"{self._address} has been closed: open the store again")
        await self._enter()
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                self._lent.add(connection)
                return connection, False
        try:
            connection = await psycopg.AsyncConnection.connect(self._address.conninfo, autocommit=True)
        except psycopg.Error as error:
            self._leave()
            raise self._address.explain(error) from error
        except BaseException:
            self._leave()
            raise
        self._lent.add(connection)
        return connection, True

    async def _enter(self) -> None:
        if self._room:
            self._room -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except BaseException:
            if place.done() and not place.cancelled():
                self._leave()  # It was our turn already: pass it on.
            raise

    def _leave(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._room += 1
