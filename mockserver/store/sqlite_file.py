"""Opening an SQLite file of ours, and refusing any other with a word on the way out.

A file is taken for good: until its connection is closed, or the process ends, nobody else can read or write it.
So no request ever waits for another program, and no two servers send the same webhooks.
"""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path

from mockserver.store import pieces
from mockserver.store.base import StoreError
from mockserver.store.dialect import SQLITE
from mockserver.store.migrations import SCHEMA_VERSION, statements

_APPLICATION_ID = 0x6C65_6164  # "lead", in the file's header
# Two that open a file in the same instant may keep it from each other: both let go, and try again by chance apart.
_TRIES = 5
_APART_SECONDS = (0.01, 0.05)


def path_of(url: str | Path) -> Path:
    """The file that a path or `sqlite:///path` names."""
    text = str(url)
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return Path(text.removeprefix("sqlite:///"))
    if not text or "://" in text or text == ":memory:":
        raise StoreError(
            f"{text!r} is no database that can be used: give a file's path, postgresql://user@host/database, or"
            " sqlite:///path, or leave it out to keep state in memory"
        )
    return Path(text)


def open_file(path: Path) -> sqlite3.Connection:
    """The only connection to a file with our tables, made if absent. StoreError otherwise."""
    if path.is_dir():
        raise StoreError(f"{path} is a directory: give the path of a file in it, such as {path / 'leads.db'}")
    if not path.parent.is_dir():
        raise StoreError(f"{path} cannot be made: {path.parent} is no directory; make it, or choose another path")
    tries = _TRIES
    while True:
        try:
            return _opened(path)
        except sqlite3.Error as error:
            tries -= 1
            if not tries or _code(error) != sqlite3.SQLITE_BUSY:
                raise explain(path, error) from error
            time.sleep(random.uniform(*_APART_SECONDS))  # noqa: S311 - no secret.


def _opened(path: Path) -> sqlite3.Connection:
    # Several threads may own it one after the other (a server in a thread); never two at a time.
    connection = sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def explain(path: Path, error: sqlite3.Error) -> StoreError:
    """What SQLite said, with the file and what to do."""
    code = _code(error)
    # A file that may only be read opens all the same; what fails is to lock it for good.
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_LOCK:
        code = sqlite3.SQLITE_READONLY
    match code:
        case sqlite3.SQLITE_NOTADB:
            return StoreError(f"{path} is not a SQLite database ({error}): choose another path")
        case sqlite3.SQLITE_CORRUPT:
            return StoreError(f"{path} is damaged ({error}): put a sound copy in its place, or choose another path")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreError(
                f"{path}: is in use by another program (perhaps another leadmock); stop it, or choose another path"
            )
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StoreError(
                f"{path} cannot be written ({error}): check the permissions of the file and its directory,"
                " or choose another path"
            )
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return StoreError(f"{path} cannot be written ({error}): check the disk and its free space")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreError(f"{path} has been closed: open the store again")
    return StoreError(f"{path}: {error}")


def _code(error: sqlite3.Error) -> int:
    """The primary code, without the details of the extended one."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # Said before the first access, so that WAL works without memory shared with others; the write below takes the
    # lock, and it stays.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables:
        _check_version(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    # With WAL, a committed transaction survives the process; only a power cut may lose the latest.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    for statement in statements(SQLITE, 0 if empty else _check_version(connection, path)):
        connection.execute(statement)
    if pieces.are_known_to(connection):
        connection.execute(pieces.CREATE)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    # A write that changes nothing: a file that is in use, or cannot be written, says so now, not at a request.
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program: choose another path")
    if not 1 <= version <= SCHEMA_VERSION:
        raise StoreError(
            f"{path} has schema version {version}, and this program knows versions up to {SCHEMA_VERSION}:"
            " use the program that wrote it, or remove the file, or choose another path"
        )
    return int(version)
