"""All or nothing, one at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mockserver.store import Query, Store, open_store
from tests.store.store_world import answer, delivery, lead, on_every_store, put, with_backend

if TYPE_CHECKING:
    from pathlib import Path

    from mockserver.store import Transaction

PHONE, EMAIL = ("phone", "1"), ("email", "a@example.com")


async def _seen(store: Store) -> object:
    """All that can be observed of tenant t."""
    async with store.transaction("t") as tx:
        return (
            list(await tx.scan("lead", None)),
            [await tx.list(Query("lead", sort="n", archived=archived)) for archived in (False, True, None)],
            await tx.list(Query("note")),
            [await tx.holder("lead", *key) for key in (PHONE, EMAIL)],
            [await tx.counter(name) for name in ("leads", "notes")],
            [await tx.recall(key, 0.0) for key in ("old", "new")],
            await tx.try_lock("name"),
            await store.deliveries("t"),
            await store.next_due(),
        )


async def _change_everything(tx: Transaction, *, listing: bool) -> None:
    await tx.put(lead("a", EMAIL, n=9, archived=True))
    await tx.put(lead("new", PHONE, n=0))
    await tx.counter("leads", 5)
    await tx.counter("notes", 1)
    await tx.remember("old", answer(body=b"other"))
    await tx.remember("new", answer())
    await tx.enqueue(delivery("d"))
    assert await tx.try_lock("name")
    if listing:  # so that indexes have taken the changes in
        assert [r.id for r in (await tx.list(Query("lead", sort="n"))).records] == ["new", "b"]
        assert [r.id for r in (await tx.list(Query("lead", sort="m", archived=None))).records] == ["a", "b", "new"]
    await tx.put(lead("b", n=-1))


async def _fail(store: Store, *, listing: bool) -> None:
    async with store.transaction("t") as tx:
        await _change_everything(tx, listing=listing)
        raise ZeroDivisionError


@on_every_store
async def test_what_is_rolled_back_leaves_no_trace(store: Store) -> None:
    """After an exception or undo(): records, keys, lists, counters, answers, locks, outbox are as before."""
    await put(store, lead("a", PHONE, n=1), lead("b", n=2))
    async with store.transaction("t") as tx:
        await tx.counter("leads", 2)
        await tx.remember("old", answer())
    before = await _seen(store)
    for listing in (False, True):
        with pytest.raises(ZeroDivisionError):
            await _fail(store, listing=listing)
        assert await _seen(store) == before
        async with store.transaction("t") as tx:
            await _change_everything(tx, listing=listing)
            tx.undo()
        assert await _seen(store) == before


@on_every_store
async def test_undo_holds_whenever_it_is_said(store: Store) -> None:
    """undo() at the beginning also undoes what follows, which the transaction itself sees meanwhile."""
    async with store.transaction("t") as tx:
        tx.undo()
        await tx.put(lead("a", PHONE))
        assert await tx.holder("lead", *PHONE) == "a"
        assert await tx.counter("leads", 1) == 1
    async with store.transaction("t") as tx:
        assert await tx.count("lead", None) == 0
        assert await tx.counter("leads") == 0
    assert await store.tenants() == []


@on_every_store
async def test_other_transactions_wait_for_an_open_one(store: Store) -> None:
    """What an unfinished transaction wrote is never seen by another, even if it lets others run."""
    wrote, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with store.transaction("t") as tx:
            await tx.counter("n", 1)
            wrote.set()
            await go_on.wait()
            tx.undo()

    async def read() -> int:
        async with store.transaction("t") as tx:
            return await tx.counter("n")

    writer = asyncio.create_task(write())
    await wrote.wait()
    given_up, reader = asyncio.create_task(read()), asyncio.create_task(read())
    await asyncio.sleep(0)
    assert not reader.done()
    given_up.cancel()
    go_on.set()
    assert await reader == 0
    await writer
    assert given_up.cancelled()


@on_every_store
async def test_a_lock_is_held_until_the_end_and_refused_meanwhile(store: Store) -> None:
    """try_lock is False while another open transaction of the tenant holds the name, whatever its outcome."""
    async with store.transaction("t") as first, store.transaction("t") as second, store.transaction("u") as other:
        assert await first.try_lock("key")
        assert await first.try_lock("key")
        assert not await second.try_lock("key")
        assert await second.try_lock("another")
        assert await other.try_lock("key")
    with pytest.raises(ZeroDivisionError):
        await _fail(store, listing=False)
    async with store.transaction("t") as tx:
        assert await tx.try_lock("key")
        assert await tx.try_lock("name")


@on_every_store
async def test_a_lock_is_refused_without_waiting_for_the_holder(store: Store) -> None:
    """A transaction that has only tried a lock learns at once that its like is in flight."""
    async with store.transaction("t") as first:
        await first.try_lock("key")
        await first.counter("n", 1)
        async with store.transaction("t") as second:
            assert not await second.try_lock("key")


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_a_transaction_inside_another_is_told_rather_than_waiting_forever(backend: str, tmp_path: Path) -> None:
    """In SQL, where it costs little to know: the mistake is named, changes nothing, holds nobody up afterwards."""

    async def check(store: Store) -> None:
        async with store.transaction("t") as outer:
            await outer.counter("n", 1)
            async with store.transaction("t") as inner:
                with pytest.raises(RuntimeError, match="another transaction of this task is open"):
                    await inner.counter("n", 1)
            with pytest.raises(RuntimeError, match="another transaction of this task is open"):
                await store.reset()
        async with store.transaction("t") as tx:
            assert await tx.counter("n") == 1

    asyncio.run(with_backend(backend, tmp_path, check))


@on_every_store
async def test_an_ended_transaction_cannot_be_used(store: Store) -> None:
    """Using one after its end says so, rather than holding up all others."""
    async with store.transaction("t") as tx:
        await tx.counter("n", 1)
    with pytest.raises(RuntimeError, match="has ended"):
        await tx.counter("n", 1)
    with pytest.raises(RuntimeError, match="has ended"):
        await tx.try_lock("key")
    async with store.transaction("t") as tx:
        assert await tx.counter("n") == 1


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_no_access_suspends_when_nobody_holds_a_transaction_open(backend: str, tmp_path: Path) -> None:
    """In the stores of one process, all of it runs to its end in one step, and can be driven without an event loop."""

    async def work(store: Store) -> None:
        async with store.transaction("t") as tx:
            await tx.put(lead("b", n=3))
            await _change_everything(tx, listing=True)
        await store.hit("key", [(1, 60)], 0.0)
        await store.pending(0.0)
        await store.reset()
        await store.close()

    with pytest.raises(StopIteration):
        work(open_store(tmp_path / "state.db" if backend == "sqlite" else None)).send(None)
