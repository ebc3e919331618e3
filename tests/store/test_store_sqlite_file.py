"""State in a file: it lasts, and files that are not ours are refused with a word on the way out."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mockserver.store import Attempt, KeyTaken, Query, Store, StoreError, migrations, open_store, sqlite_texts
from mockserver.store.dialect import SQLITE
from tests.store.store_world import answer, delivery, lead, put, with_store

ROOT = Path(__file__).parents[2]
PHONE = ("phone", "1")
IN_USE = r"state\.db: is in use by another program \(perhaps another leadmock\); stop it, or choose another path$"

# Acknowledges each commit on standard output, then goes on in an open transaction until it is killed.
CHILD = """
import asyncio, sys
from mockserver.store import Record, open_store

async def main():
    store = open_store(sys.argv[1])
    number = 0
    while True:
        async with store.transaction("t") as tx:
            await tx.put(Record("lead", str(number), {"n": number}, (("phone", str(number)),)))
            await tx.counter("n", 1)
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """Every commit that a killed process had told of is in the file, whole, and the file is free to be used on."""
    path = tmp_path / "state.db"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(50)]
        with pytest.raises(StoreError, match=IN_USE):
            open_store(path)
        child.kill()
        told += [int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]

    async def check(store: Store) -> None:
        async with store.transaction("t") as tx:
            records = list(await tx.scan("lead"))
            assert len(records) >= len(told)
            assert [record.data["n"] for record in records] == list(range(len(records)))
            assert await tx.counter("n") == len(records)
            assert await tx.holder("lead", "phone", str(told[-1])) == str(told[-1])
            await tx.put(lead("next"))

    asyncio.run(with_store(path, check))


def test_a_reopened_file_gives_the_whole_state(tmp_path: Path) -> None:
    """Records, keys, counters, answers, rate windows and deliveries, by path and by URL alike."""

    async def fill(store: Store) -> None:
        await put(store, lead("a", PHONE, n=1))
        async with store.transaction("t") as tx:
            await tx.counter("n", 7)
            await tx.remember("key", answer())
            await tx.enqueue(delivery("d"))
        await store.hit("k", [(1, 60)], 0.0)

    async def check() -> None:
        store = open_store(f"sqlite:///{tmp_path / 'state.db'}")
        async with store.transaction("t") as tx:
            found = await tx.get("lead", "a")
            assert found is not None
            assert found.data == {"id": "a", "n": 1}
            with pytest.raises(KeyTaken):
                await tx.put(lead("b", PHONE))
            assert await tx.counter("n") == 7
            assert await tx.recall("key", 0.0) == answer()
        assert await store.pending(0.0) == [delivery("d")]
        assert not (await store.hit("k", [(1, 60)], 59.0))[0].allowed
        await store.close()
        await store.close()

    asyncio.run(with_store(tmp_path / "state.db", fill))
    asyncio.run(check())


def test_a_file_has_one_store_at_a_time(tmp_path: Path) -> None:
    """A second one is refused at once, changes nothing, and gets the file when the first is closed."""
    path = tmp_path / "state.db"

    async def check(store: Store) -> None:
        began = time.perf_counter()
        with pytest.raises(StoreError, match=IN_USE):
            open_store(path)
        assert time.perf_counter() - began < 2
        await put(store, lead("a", PHONE))

    asyncio.run(with_store(path, check))

    async def follow(store: Store) -> None:
        async with store.transaction("t") as tx:
            assert await tx.holder("lead", *PHONE) == "a"

    asyncio.run(with_store(path, follow))


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "SELECT count(*) FROM records"])
def test_nobody_can_hold_up_an_open_store(statement: str, tmp_path: Path) -> None:
    """Another program's access fails, even the first one after opening; so no request waits for its lock."""
    path = tmp_path / "state.db"

    async def check(store: Store) -> None:
        other = sqlite3.connect(path, timeout=0.0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute(statement)
        await put(store, lead("a"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute(statement)
        other.close()
        await store.hit("k", [(1, 60)], 0.0)

    asyncio.run(with_store(path, check))


def test_a_file_that_another_program_is_using_is_refused(tmp_path: Path) -> None:
    """Whether it writes or has only read; when it has gone, the file can be opened."""
    path = tmp_path / "state.db"
    asyncio.run(open_store(path).close())
    other = sqlite3.connect(path, isolation_level=None)
    for statement in ("BEGIN IMMEDIATE", "ROLLBACK"):
        other.execute(statement)
        with pytest.raises(StoreError, match=IN_USE):
            open_store(path)
    other.close()

    async def close_and_use(store: Store) -> None:
        await put(store, lead("a"))
        await store.close()
        with pytest.raises(StoreError, match="has been closed"):
            await put(store, lead("b"))

    asyncio.run(with_store(path, close_and_use))


@pytest.mark.parametrize("version", range(1, migrations.SCHEMA_VERSION))
def test_a_file_of_an_older_version_is_brought_up_to_date(
    tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that is in it, and once: afterwards it is like a new one."""
    path = tmp_path / "state.db"
    asyncio.run(open_store(tmp_path / "new.db").close())
    connection = sqlite3.connect(path)
    for statement in migrations.statements(SQLITE, 0, version):
        connection.execute(statement)
    connection.execute("PRAGMA application_id = 1818583396")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute(
        "INSERT INTO records (tenant, kind, id, data, search, keys, archived)"
        """ VALUES ('t', 'lead', 'a', '{"n":1}', 'of old', '[["phone","1"]]', 0)"""
    )
    connection.execute(
        "INSERT INTO unique_keys (tenant, kind, name, value, id) VALUES ('t', 'lead', 'phone', '1', 'a')"
    )
    if version >= 5:  # from which on it is the programs that count
        connection.execute("INSERT INTO totals (tenant, kind, archived, records) VALUES ('t', 'lead', 0, 1)")
    connection.commit()
    connection.close()

    async def check(store: Store) -> None:
        async with store.transaction("t") as tx:
            found = await tx.get("lead", "a")
            assert found is not None
            assert found.data == {"n": 1}
            assert await tx.holder("lead", *PHONE) == "a"
            assert await tx.count("lead") == 1
            assert (await tx.list(Query("lead", search=("f old",)))).total == 1
            await tx.enqueue(delivery("d"))
        (due,) = await store.pending(0.0)
        await store.attempted(due, Attempt("d", 1, 0.0, 200, None, 0.1))

    monkeypatch.setattr(sqlite_texts, "_FEWEST_SEARCHED", 0)
    monkeypatch.setattr(sqlite_texts, "_FEWEST_ADDED", 1)
    for _ in range(2):
        asyncio.run(with_store(path, check))
    told = [sqlite3.connect(tmp_path / name) for name in ("state.db", "new.db")]
    schemas = [
        [
            one.execute("PRAGMA user_version").fetchall(),
            one.execute("PRAGMA table_info(deliveries)").fetchall(),
            one.execute("SELECT type, name FROM sqlite_master ORDER BY name").fetchall(),
        ]
        for one in told
    ]
    for one in told:
        one.close()
    assert schemas[0] == schemas[1]


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def _newer(path: Path) -> None:
    asyncio.run(open_store(path).close())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _no_database(path: Path) -> None:
    path.write_bytes(b"These are notes, and no database at all. " * 100)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (_foreign, "is a database of another program: choose another path"),
        (_newer, "has schema version 99.*remove the file"),
        (_no_database, r"is not a SQLite database \([^:]*\): choose another path$"),
        (Path.mkdir, "is a directory: give the path of a file in it"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(make: object, problem: str, tmp_path: Path) -> None:
    """The error names the file, what is wrong and the way out; the file keeps its bytes."""
    path = tmp_path / "state.db"
    assert callable(make)
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=rf"state\.db {problem}"):
        open_store(path)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """A path into nowhere is no reason to make directories."""
    with pytest.raises(StoreError, match=r"missing/state\.db cannot be made: .*missing is no directory; make it"):
        open_store(tmp_path / "missing" / "state.db")
    assert not (tmp_path / "missing").exists()


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at the first request."""
    path = tmp_path / "state.db"
    asyncio.run(open_store(path).close())
    connect = sqlite3.connect

    def connect_read_only(database: Path, **_: object) -> sqlite3.Connection:
        return connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)

    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    with pytest.raises(StoreError, match=r"state\.db cannot be written .*check the permissions"):
        open_store(path)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///", ":memory:", ""])
def test_what_is_no_file_is_refused(url: str) -> None:
    """The text quotes the value and says what to give."""
    with pytest.raises(StoreError, match=r"is no database that can be used: give a file's path, postgresql://"):
        open_store(url)
