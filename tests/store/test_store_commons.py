"""What several stores on one database share beside the state: each change is seen by all, and no two get in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest

from mockserver.store.commons import MOST_SNAPSHOTS, Figure, LogRow, ShelfFullError, Watched
from mockserver.store.dialect import POSTGRES
from mockserver.store.migrations import SCHEMA_VERSION, statements
from tests.postgres import cluster
from tests.store.store_world import stores, with_stores

if TYPE_CHECKING:
    from mockserver.store import Store
    from mockserver.store.commons import Commons


def _commons(store: Store) -> Commons:
    assert store.commons is not None
    return store.commons


@with_stores(4)
async def test_no_more_snapshots_are_held_than_fit_whoever_takes_them(*given: Store) -> None:
    """Of 40 that are taken at once ten are held, the same for all; the others are refused with the names of those."""

    async def take(number: int) -> ShelfFullError | None:
        try:
            await _commons(given[number % 4]).shelf.take(str(number), float(number))
        except ShelfFullError as full:
            return full
        return None

    refusals = [each for each in await asyncio.gather(*map(take, range(40))) if each is not None]
    held = await _commons(given[0]).shelf.taken()
    assert len(held) == 40 - len(refusals) == MOST_SNAPSHOTS
    for refusal in refusals:
        assert refusal.names == list(held)


_COUNTER = Watched("t", "n", 0)


@with_stores(4)
async def test_a_fault_strikes_so_often_and_no_more_whoever_counts(*given: Store) -> None:
    """Of 60 strikes at once five are counted, each with a number of its own and a new version; then it is off."""
    board = _commons(given[0]).board
    await board.add("f", 5, "{}")
    before = await board.read(0, _COUNTER)
    assert before is not None
    assert before.faults == (("{}", 0),)
    counted = await asyncio.gather(*(_commons(given[number % 4]).board.strike("f") for number in range(60)))
    assert sorted(each for each in counted if each is not None) == [1, 2, 3, 4, 5]
    after = await board.read(before.version, _COUNTER)
    assert after is not None
    assert (after.version, after.faults) == (before.version + 5, ())
    assert await board.remove(["f"]) == 0


@with_stores(4)
async def test_no_move_of_the_clock_is_lost(*given: Store) -> None:
    """Of 40 at once each begins where another has ended."""
    await asyncio.gather(*(_commons(given[at % 4]).board.move(lambda offset, _: (offset + 1, 7.0)) for at in range(40)))
    for store in given:
        found = await _commons(store).board.read(0, _COUNTER)
        assert found is not None
        assert (found.offset, found.frozen_at) == (40, 7.0)
        assert await _commons(store).board.read(found.version, _COUNTER) is None


@with_stores(2)
async def test_a_change_of_the_counter_that_is_watched_is_news(one: Store, other: Store) -> None:
    found = await _commons(other).board.read(0, _COUNTER)
    assert found is not None
    assert found.watched == 0
    async with one.transaction("t") as tx:
        await tx.counter("n", 3)
    found = await _commons(other).board.read(found.version, _COUNTER)
    assert found is not None
    assert found.watched == 3
    assert await _commons(other).board.read(found.version, Watched("t", "n", 3)) is None


@with_stores(2)
async def test_what_is_shared_is_no_part_of_the_state(one: Store, other: Store) -> None:
    """Neither a restore nor a reset takes a fault, a snapshot or the clock away."""
    shared = _commons(one)
    await shared.shelf.take("empty", 1.0)
    await shared.board.add("f", None, "{}")
    await shared.board.move(lambda _offset, _frozen_at: (0.0, 7.0))
    assert await _commons(other).shelf.restore("empty") == 1.0
    await one.reset()
    found = await _commons(other).board.read(0, _COUNTER)
    assert found is not None
    assert (found.frozen_at, found.faults) == (7.0, (("{}", 0),))
    assert await _commons(other).shelf.taken() == {"empty": 1.0}


def _row(body: bytes = b"") -> LogRow:
    return LogRow(0, "mega", "createLead", "t", "POST", 201, "/leads", body, b"{}", "{}")


@with_stores(4)
async def test_a_journal_is_bounded_by_number_and_by_size(*given: Store) -> None:
    """Whoever writes; the newest is kept, however large, and the numbers of those that are there follow each other."""
    logs = [_commons(store).log for store in given]
    await asyncio.gather(*(logs[at % 4].write(_row(), 20, 10**6) for at in range(80)))
    assert [row.number for row in await logs[0].rows({})] == list(range(80, 60, -1))
    await logs[0].write(_row(), 20, 10**6)
    assert [row.number for row in await logs[1].rows({"newest": 20})] == list(range(81, 61, -1))
    await asyncio.gather(*(logs[at % 4].write(_row(bytes(70_000)), 20, 10**6) for at in range(30)))
    kept = await logs[1].rows({})
    assert [row.number for row in kept] == list(range(111, 111 - len(kept), -1))
    assert 900_000 < sum(len(row.body) for row in kept) < 1_000_000
    await logs[2].write(_row(bytes(2_000_000)), 20, 10**6)
    assert [row.number for row in await logs[3].rows({})] == [112]


@with_stores(4)
async def test_who_has_seen_a_number_of_the_journal_has_seen_all_before_it(*given: Store) -> None:
    """However many write at once: so a viewer who goes on from there misses none."""
    logs = [_commons(store).log for store in given]
    writing = asyncio.gather(*(logs[at % 4].write(_row(), 1000, 10**6) for at in range(300)))
    seen = 0
    while seen < 300:
        numbers = [row.number for row in reversed(await logs[0].rows({"since": seen}))]
        assert numbers == list(range(seen + 1, seen + 1 + len(numbers)))
        seen += len(numbers)
    await writing


@with_stores(4)
async def test_no_figure_is_lost_when_all_add_at_once(*given: Store) -> None:
    """In whatever order each of them names them."""
    figures = [Figure("requests", (str(number),), (1, 0.5)) for number in range(5)]
    await asyncio.gather(*(_commons(given[at % 4]).tally.add(figures if at % 3 else figures[::-1]) for at in range(40)))
    read = await _commons(given[0]).tally.read()
    assert sorted(read) == [Figure("requests", (str(number),), (40.0, 20.0)) for number in range(5)]


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_database_of_an_older_version_is_brought_up_to_date(version: int) -> None:
    """With all that is in it, by whoever opens it first; afterwards there is room for what is shared."""
    url = cluster().fresh()
    with psycopg.connect(url) as connection:
        for statement in statements(POSTGRES, 0, version):
            connection.execute(statement)
        connection.execute("CREATE TABLE leadmock_schema (version integer NOT NULL)")
        connection.execute("INSERT INTO leadmock_schema VALUES (%s)", (version,))
        connection.execute("INSERT INTO counters (tenant, name, value) VALUES ('t', 'n', 7)")

    async def play() -> None:
        async with stores(2, url) as (one, other):
            async with one.transaction("t") as tx:
                assert await tx.counter("n") == 7
            await _commons(one).shelf.take("kept", 1.0)
            found = await _commons(other).board.read(0, _COUNTER)
            assert found is not None
            assert (found.offset, found.frozen_at, found.faults, found.watched) == (0.0, None, (), 7)
            assert await _commons(other).shelf.taken() == {"kept": 1.0}

    asyncio.run(play())
