"""One database, several stores, as several processes have them; and a database that goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from mockserver.store import Attempt, KeyTaken, Query, Record, Store, StoreError, named, open_store
from mockserver.store.postgres import LOOKS_AT_ONCE, TRANSACTIONS_AT_ONCE
from tests.postgres import Cluster, cluster
from tests.store.store_world import delivery, lead, put, stores, with_stores

PHONE = ("phone", "9876543210")


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that may be stopped."""
    own = Cluster()
    yield own
    own.remove()


@with_stores(4)
async def test_a_key_has_one_holder_whoever_asks_first(*given: Store) -> None:
    """Of 40 puts at once through four stores one gets the key; the others are told who."""

    async def claim(number: int) -> str:
        try:
            await put(given[number % 4], lead(f"lead {number}", PHONE))
        except KeyTaken as taken:
            return taken.holder_id
        return f"lead {number}"

    assert len(set(await asyncio.gather(*(claim(number) for number in range(40))))) == 1
    async with given[0].transaction("t") as tx:
        assert await tx.count("lead", None) == 1


@with_stores(4)
async def test_no_update_is_lost(*given: Store) -> None:
    """Reading, waiting and writing again in one transaction is alone in its tenant, in every store."""

    async def add(number: int) -> None:
        async with given[number % 4].transaction("t") as tx:
            found = await tx.get("lead", "a")
            await asyncio.sleep(0)
            await tx.put(lead("a", n=1 if found is None else found.data["n"] + 1))
            await tx.put(lead(f"another {number}"))
            await tx.counter("n", 1)

    await asyncio.gather(*(add(number) for number in range(60)))
    async with given[0].transaction("t") as tx:
        found = await tx.get("lead", "a")
        assert found is not None
        assert (found.data["n"], await tx.counter("n"), await tx.count("lead")) == (60, 60, 61)


@with_stores(4)
async def test_a_limit_holds_over_all_stores(*given: Store) -> None:
    """Of 200 hits at once exactly 60 pass, each with a place of its own, and the longer window counts the same."""
    windows = [(60, 60), (1000, 3600)]
    usages = await asyncio.gather(*(given[number % 4].hit("k", windows, 5.0) for number in range(200)))
    passed = [usage for usage in usages if all(window.allowed for window in usage)]
    assert sorted(usage[0].used for usage in passed) == sorted(usage[1].used for usage in passed) == list(range(1, 61))
    assert [window.used for window in await given[3].usage("k", windows, 6.0)] == [60, 60]


@with_stores(2)
async def test_tenants_do_not_wait_for_each_other(one: Store, other: Store) -> None:
    """While a transaction of one tenant is open, another's begins and ends, in the same store and elsewhere."""
    async with one.transaction("t") as tx:
        await tx.counter("n", 1)
        for store in (one, other):
            await asyncio.create_task(put(store, lead("a"), tenant="u"))


@with_stores(2)
async def test_a_name_that_is_locked_elsewhere_is_refused_at_once(one: Store, other: Store) -> None:
    """Also while the holder has its turn; freed when the holder ends, or its process does."""
    async with one.transaction("t") as first:
        assert await first.try_lock("key")
        await first.counter("n", 1)
        async with other.transaction("t") as second:
            assert not await second.try_lock("key")
            assert await second.try_lock("another")
    tx = await one.transaction("t").__aenter__()
    assert await tx.try_lock("key")
    await one.close()  # its connections are cut, as by the end of its process
    is_free = False
    while not is_free:  # The database has to notice.
        async with other.transaction("t") as second:
            is_free = await second.try_lock("key")


@with_stores(1)
async def test_more_transactions_than_connections_wait_their_turn(store: Store) -> None:
    """However many locks are tried and tenants used at once, all end, and each may look at the store meanwhile."""

    async def use(number: int) -> None:
        async with store.transaction(f"tenant {number % 3}") as tx:
            assert await tx.try_lock(str(number))
            await tx.counter("n", 1)
            await store.usage("k", [(1, 60)], 0.0)

    await asyncio.gather(*(use(number) for number in range(10 * (TRANSACTIONS_AT_ONCE + LOOKS_AT_ONCE))))
    totals = []
    for number in range(3):
        async with store.transaction(f"tenant {number}") as tx:
            totals.append(await tx.counter("n"))
    assert totals == [40, 40, 40]


@with_stores(1)
async def test_who_gives_up_waiting_leaves_no_trace(store: Store) -> None:
    """Cancelled while waiting for a connection or a turn, or in the middle: others go on, nothing is half done."""
    async with store.transaction("t") as tx:
        await tx.counter("n", 1)
        waiting = [asyncio.create_task(put(store, lead(str(number)))) for number in range(3 * TRANSACTIONS_AT_ONCE)]
        await asyncio.sleep(0.1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.gather(*(put(store, lead(f"new {number}")) for number in range(2 * TRANSACTIONS_AT_ONCE)))
    async with store.transaction("t") as tx:
        assert await tx.counter("n") == 1
        assert await tx.count("lead") == 2 * TRANSACTIONS_AT_ONCE


@with_stores(3)
async def test_an_attempt_is_claimed_by_one(*given: Store) -> None:
    """What one has claimed no other gets or sees, until it is attempted; the next attempt is anybody's."""
    async with given[0].transaction("t") as tx:
        await tx.enqueue(delivery("a"))
    (found,) = await given[1].pending(0.0)
    claims = await asyncio.gather(*(store.claim(found, 60.0) for store in given for _ in range(4)))
    assert sum(claims) == 1
    assert await given[2].pending(0.0) == []
    retried = replace(found, attempt=1, next_at=5.0)
    await given[0].attempted(retried, Attempt("a", 1, 0.0, 500, None, 0.1))
    assert not await given[1].claim(found, 60.0)  # as it was before
    assert await given[1].pending(5.0) == [retried]
    assert await given[1].claim(retried, 60.0)
    await given[1].unclaim(retried)
    assert await given[2].claim(retried, 60.0)


@with_stores(2)
async def test_a_claim_ends_by_itself(one: Store, other: Store) -> None:
    """A moment later, by the database's clock, another gets what was claimed and not attempted."""
    async with one.transaction("t") as tx:
        await tx.enqueue(delivery("a"))
    assert await one.claim(delivery("a"), 0.0)
    assert await other.pending(0.0) == [delivery("a")]
    assert await other.claim(delivery("a"), 60.0)
    assert not await one.claim(delivery("a"), 60.0)


@with_stores(2)
async def test_restoring_and_resetting_wait_for_open_transactions(one: Store, other: Store) -> None:
    """What somebody is writing elsewhere is finished first, and then gone."""
    empty = await one.snapshot()
    ways: list[Callable[[], Coroutine[Any, Any, None]]] = [lambda: one.restore(empty), one.reset]
    for forget in ways:
        async with other.transaction("t") as tx:
            await tx.counter("n", 1)
            forgetting = asyncio.create_task(forget())
            await asyncio.sleep(0.1)
            assert not forgetting.done()
            await tx.put(lead("a", PHONE))
        await forgetting
        assert await other.tenants() == []


@with_stores(1)
async def test_texts_with_a_nul_are_kept_found_and_sorted(store: Store) -> None:
    """In data, ids, keys, search texts and conditions: exact in what is read, in order of the code points."""
    names = ["a", "a\x00", "a\x00b", "a\x01", "a\x01\ue000", "a\x02", "b"]
    for name in names:
        await put(store, Record("lead", name, {"n": name}, (("name", name),), name))
    async with store.transaction("t") as tx:
        for name in names:
            found = await tx.get("lead", name)
            assert found is not None
            assert (found.id, found.data["n"], found.search, found.keys) == (name, name, name, (("name", name),))
            assert await tx.holder("lead", "name", name) == name
        page = await tx.list(Query("lead", sort="absent"))
        assert [record.id for record in page.records] == names
        assert [record.id for record in (await tx.list(Query("lead", search=("\x00b",)))).records] == ["a\x00b"]


@with_stores(1)
async def test_keys_may_be_long(store: Store) -> None:
    """Longer than an index takes, and told apart to the last character."""
    long = "é" * 5000
    await put(store, lead("a", ("name", long + "1")), lead("b", ("name", long + "2")))
    with pytest.raises(KeyTaken) as taken:
        await put(store, lead("c", ("name", long + "2")))
    assert (taken.value.value, taken.value.holder_id) == (long + "2", "b")
    async with store.transaction("t") as tx:
        assert await tx.holder("lead", "name", long + "1") == "a"


@with_stores(1)
async def test_a_failed_statement_cannot_be_passed_over(store: Store) -> None:
    """The database undoes the transaction, so its end says so rather than acknowledging it."""
    with pytest.raises(StoreError, match="has undone a transaction in which a statement had failed"):
        await _pass_over_an_error(store)
    async with store.transaction("t") as tx:
        assert await tx.count("lead") == 0


async def _pass_over_an_error(store: Store) -> None:
    async with store.transaction("t") as tx:
        await tx.put(lead("a"))
        with pytest.raises(StoreError, match="out of range"):
            await tx.counter("n", 2**80)


def test_many_may_start_at_once() -> None:
    """On an empty database, one makes the tables, and the others find them."""
    url = cluster().fresh()

    def start(number: int) -> None:
        async def use() -> None:
            async with stores(1, url) as (store,):
                await put(store, lead(str(number)))

        asyncio.run(use())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(start, range(8)))
    assert cluster().execute("SELECT count(*) FROM records", **_where(url)) == [(8,)]


def _where(url: str) -> dict[str, str]:
    return {"options": url.partition("options=")[2].replace("%3D", "=")}


def test_schemas_of_one_database_do_not_meet() -> None:
    """Neither records nor locks: several servers may share a database, each in a schema of its own."""

    async def use() -> None:
        async with stores(1) as (one,), stores(1) as (other,):
            async with one.transaction("t") as tx:
                assert await tx.try_lock("key")
                await tx.put(lead("a", PHONE))
                async with other.transaction("t") as its:
                    assert await its.try_lock("key")
                await asyncio.create_task(put(other, lead("b", PHONE)))
            await one.reset()
            assert await other.tenants() == ["t"]

    asyncio.run(use())


def test_tables_of_a_newer_program_are_refused() -> None:
    """With both versions and the way out; nothing is changed."""
    url = cluster().fresh()
    asyncio.run(open_store(url).close())
    cluster().execute("UPDATE leadmock_schema SET version = 99", **_where(url))
    with pytest.raises(StoreError, match=r"has schema version 99, .* up to \d+: update leadmock, or choose another"):
        open_store(url)


def test_tables_of_another_program_are_refused() -> None:
    """And left as they are."""
    url = cluster().fresh()
    cluster().execute("CREATE TABLE counters (theirs integer)", **_where(url))
    with pytest.raises(StoreError, match=r"has tables of another program .*choose another database, or another schema"):
        open_store(url)
    with pytest.raises(psycopg.errors.UndefinedTable):
        cluster().execute("SELECT * FROM records", **_where(url))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://u:secret@127.0.0.1:1/x", r"^postgresql://u@127\.0\.0\.1:1/x cannot be reached .*check host and"),
        ("postgresql://u:secret@127.0.0.1:port/x", "postgresql://"),
        ("postgresql://u:secret@127.0.0.1/x?nonsense=1", "address cannot be read.*write postgresql://"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_the_password(url: str, problem: str) -> None:
    with pytest.raises(StoreError, match=problem) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_a_database_that_cannot_be_used_is_named_with_the_way_out() -> None:
    """No such database; no right to make tables; the wrong encoding."""
    own = cluster()
    with pytest.raises(StoreError, match=r"/missing cannot be reached .*make it with createdb"):
        open_store(own.url("missing"))
    own.execute("CREATE ROLE guest LOGIN")
    own.execute("CREATE SCHEMA locked")
    with pytest.raises(StoreError, match=r"GRANT CREATE ON SCHEMA"):
        open_store(own.url(user="guest", options="-csearch_path=locked,public").replace("locked,public", "public"))
    with pytest.raises(StoreError, match=r"none of the schemas in its search_path"):
        open_store(own.url(options="-csearch_path=absent"))
    own.execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with pytest.raises(StoreError, match=r"/latin has the encoding LATIN1: make one with createdb --encoding=UTF8"):
        open_store(own.url("latin"))
    assert named("postgresql://u:secret@h:5/x") == "postgresql://u@h:5/x"


def test_a_store_that_has_been_closed_says_so() -> None:
    async def use() -> None:
        async with stores(1) as (store,):
            await store.close()
            with pytest.raises(StoreError, match="has been closed: open the store again"):
                await put(store, lead("a"))
            with pytest.raises(StoreError, match="has been closed"):
                await store.pending(0.0)

    asyncio.run(use())


def test_what_was_acknowledged_outlives_the_database(own_cluster: Cluster) -> None:
    """While it is away each access says so; a transaction that was open is undone; afterwards all goes on."""

    async def use() -> None:
        async with stores(1, own_cluster.url()) as (store,):
            await put(store, lead("kept", PHONE))
            await asyncio.gather(*(store.usage("k", [(1, 60)], 0.0) for _ in range(8)))
            lost = store.transaction("t")
            tx = await lost.__aenter__()
            await tx.put(lead("lost"))
            own_cluster.stop()
            with pytest.raises(StoreError, match="cannot be reached"):
                await tx.counter("n", 1)
            await lost.__aexit__(StoreError, None, None)
            for _ in range(3 * (TRANSACTIONS_AT_ONCE + LOOKS_AT_ONCE)):
                with pytest.raises(StoreError, match="cannot be reached"):
                    await put(store, lead("b"))
                with pytest.raises(StoreError, match="cannot be reached"):
                    await store.hit("k", [(1, 60)], 0.0)
            own_cluster.start()
            # Not one failure more, whichever connections had been kept.
            assert (await store.hit("k", [(1, 60)], 0.0))[0].allowed
            async with store.transaction("t") as found:
                assert [record.id for record in await found.scan("lead", None)] == ["kept"]
                assert await found.holder("lead", *PHONE) == "kept"

    asyncio.run(use())
