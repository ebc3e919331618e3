"""How many records there are is kept, not counted: it is right after any changes, and no page counts them."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.store import Query, Store, Transaction
from mockserver.store.base import Archived
from mockserver.store.dialect import POSTGRES
from mockserver.store.migrations import statements
from mockserver.store.sqlite import SQLiteStore
from tests.postgres import cluster
from tests.store.store_world import BACKENDS, lead, put, with_store

ARCHIVED: tuple[Archived, ...] = (False, True, None)
PUTS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=4)
STEPS = st.one_of(
    st.tuples(st.sampled_from("tu"), PUTS, st.booleans()),
    st.sampled_from(["restore", "reset t"]),
)
Step = tuple[str, list[tuple[str, bool]], bool] | str

_schema = cache(lambda: cluster().fresh())  # of this process: each example empties it


async def _agree(tx: Transaction, known: dict[str, bool]) -> None:
    totals = Counter(known.values())
    for archived, expected in zip(ARCHIVED, (totals[False], totals[True], len(known)), strict=True):
        assert await tx.count("lead", archived) == expected
        assert await tx.kinds(archived) == ({"lead": expected} if expected else {})
        assert (await tx.list(Query("lead", archived=archived))).total == expected


async def _play(store: Store, steps: list[Step]) -> None:
    await store.reset()
    known: dict[str, dict[str, bool]] = {"t": {}, "u": {}}
    for step in steps:
        if step == "restore":
            await store.restore(await store.snapshot())
        elif isinstance(step, str):
            await store.reset("t")
            known["t"] = {}
        else:
            tenant, changes, kept = step
            async with store.transaction(tenant) as tx:
                for record_id, archived in changes:
                    await tx.put(lead(record_id, archived=archived, created_at="2026-01-01"))
                await _agree(tx, known[tenant] | dict(changes))
                if not kept:
                    tx.undo()
            known[tenant] |= dict(changes) if kept else {}
        for tenant, records in known.items():
            async with store.transaction(tenant) as tx:
                await _agree(tx, records)
        assert await store.tenants() == [tenant for tenant, records in known.items() if records]


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, max_size=5))
def test_totals_are_right_after_any_changes(backend: str, steps: list[Step]) -> None:
    """Adding, replacing, archiving and bringing back, rolled back or not; restoring, and forgetting a tenant."""
    with tempfile.TemporaryDirectory() as folder:
        where = _schema() if backend == "postgres" else Path(folder) / "state.db" if backend == "sqlite" else None
        asyncio.run(with_store(where, lambda store: _play(store, steps)))


def test_totals_of_an_older_database_are_counted_once() -> None:
    """A PostgreSQL database from before there were totals has them when it is opened."""
    url = cluster().fresh()
    with psycopg.connect(url) as connection:
        for statement in statements(POSTGRES, 0, 3):
            connection.execute(statement)
        connection.execute("CREATE TABLE leadmock_schema (version integer NOT NULL)")
        connection.execute("INSERT INTO leadmock_schema VALUES (3)")
        for record_id in "abc":
            connection.execute(
                "INSERT INTO records (tenant, kind, id, data, search, keys, archived)"
                " VALUES ('t', 'lead', %s, '{}', '', '[]', %s)",
                (record_id, int(record_id == "c")),
            )

    async def check(store: Store) -> None:
        async with store.transaction("t") as tx:
            await _agree(tx, {"a": False, "b": False, "c": True})

    asyncio.run(with_store(url, check))


def test_a_page_of_a_file_takes_as_many_steps_among_many_records_as_among_few(tmp_path: Path) -> None:
    """Steps of SQLite's machine, which are the same on every computer."""

    async def steps(number: int) -> list[int]:
        store = SQLiteStore(tmp_path / f"{number}.db")
        leads = (lead(f"{n:05}", created_at=f"{n:05}", updated_at=f"{-n:05}") for n in range(number))
        await put(store, *leads)
        middle = f"{number // 2:05}"
        pages: list[dict[str, Any]] = [
            {},
            {"descending": True},
            {"sort": "updated_at"},
            {"after": (middle, middle)},
            {"after": (middle, middle), "descending": True},
        ]
        taken = []
        for page in pages:
            async with store.transaction("t") as tx:
                seen: list[int] = []
                store._connection.set_progress_handler(partial(seen.append, 1), 10)
                assert len((await tx.list(Query("lead", **page))).records) == 20
                store._connection.set_progress_handler(None, 0)
                taken.append(len(seen))
        await store.close()
        return taken

    few, many = asyncio.run(steps(100)), asyncio.run(steps(5000))
    assert all(more <= 1.2 * fewer for fewer, more in zip(few, many, strict=True)), (few, many)
