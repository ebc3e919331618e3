"""Counters, remembered answers, rate windows and the outbox."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from mockserver.store import Attempt, Store, Usage
from mockserver.store.base import FINISHED_KEPT
from mockserver.store.memory import MemoryStore
from tests.store.store_world import answer, delivery, on_every_store, with_store

if TYPE_CHECKING:
    from pathlib import Path


@on_every_store
async def test_a_counter_adds_and_reads(store: Store) -> None:
    """Unknown counters are 0; each addition returns the new value; 0 only reads."""
    async with store.transaction("t") as tx:
        assert await tx.counter("a") == 0
        assert [await tx.counter("a", 3), await tx.counter("a", -1), await tx.counter("a")] == [3, 2, 2]
        assert await tx.counter("b") == 0


@on_every_store
async def test_an_answer_is_recalled_until_it_expires(store: Store) -> None:
    """Byte for byte until just before expires_at; from that moment on it is forgotten, and can be replaced."""
    remembered = answer(expires_at=100.0, body=b'line\n"\x00\xff')
    async with store.transaction("t") as tx:
        await tx.remember("key", remembered)
        assert await tx.recall("other", 0.0) is None
    async with store.transaction("t") as tx:
        assert await tx.recall("key", 99.999) == remembered
        assert await tx.recall("key", 100.0) is None
        await tx.remember("key", answer(expires_at=200.0))
        assert await tx.recall("key", 100.0) == answer(expires_at=200.0)


def test_looking_at_windows_waits_for_nobody(tmp_path: Path) -> None:
    """A file's store reads them without a turn, and so without a write lock, while a transaction is open."""

    async def check(store: Store) -> None:
        await store.hit("k", [(2, 60)], 0.0)
        async with store.transaction("t") as tx:
            await tx.counter("n", 1)
            assert await store.usage("k", [(2, 60)], 1.0) == [Usage(2, 60, 1, 60.0, allowed=True)]

    asyncio.run(with_store(tmp_path / "state.db", check))


def test_memory_keeps_no_expired_answers() -> None:
    """However many requests come, what is kept are the answers that have not expired, of idle tenants too."""

    async def check() -> None:
        store = MemoryStore()
        async with store.transaction("idle") as tx:
            await tx.remember("key", answer(expires_at=10.0))
        for second in range(2000):
            async with store.transaction("t") as tx:
                await tx.recall(str(second), second)
                await tx.remember(str(second), answer(expires_at=second + 50.0))
        busy, idle = store.tenant("t"), store.tenant("idle")
        assert len(busy.remembered) == len(busy.expiry) == 50
        assert not idle.remembered
        assert not idle.expiry

    asyncio.run(check())


def test_memory_keeps_no_ended_windows() -> None:
    """Keys that come once do not pile up."""

    async def check() -> None:
        store = MemoryStore()
        for second in range(5000):
            await store.hit(f"key {second}", [(5, 10)], second)
        assert len(store._windows) <= 300

    asyncio.run(check())


@on_every_store
async def test_a_window_starts_at_its_first_hit_and_ends_exactly(store: Store) -> None:
    """2 in 60 s: the third is refused up to 59.999 s after the first, and is the first of a new window at 60 s."""
    windows = [(2, 60)]
    assert await store.hit("k", windows, 1000.0) == [Usage(2, 60, 1, 1060.0, allowed=True)]
    assert await store.hit("k", windows, 1030.0) == [Usage(2, 60, 2, 1060.0, allowed=True)]
    assert await store.hit("k", windows, 1059.999) == [Usage(2, 60, 2, 1060.0, allowed=False)]
    assert await store.hit("other", windows, 1059.999) == [Usage(2, 60, 1, 1119.999, allowed=True)]
    assert await store.hit("k", windows, 1060.0) == [Usage(2, 60, 1, 1120.0, allowed=True)]


@on_every_store
async def test_a_refused_hit_counts_in_no_window(store: Store) -> None:
    """Of two windows, a full one keeps the other from counting, whichever it is."""
    windows = [(1, 60), (2, 3600)]
    for hit_at, expected in (
        (0.0, [Usage(1, 60, 1, 60.0, allowed=True), Usage(2, 3600, 1, 3600.0, allowed=True)]),
        (59.999, [Usage(1, 60, 1, 60.0, allowed=False), Usage(2, 3600, 1, 3600.0, allowed=True)]),
        (60.0, [Usage(1, 60, 1, 120.0, allowed=True), Usage(2, 3600, 2, 3600.0, allowed=True)]),
        (200.0, [Usage(1, 60, 0, 260.0, allowed=True), Usage(2, 3600, 2, 3600.0, allowed=False)]),
        (3600.0, [Usage(1, 60, 1, 3660.0, allowed=True), Usage(2, 3600, 1, 7200.0, allowed=True)]),
    ):
        assert await store.hit("k", windows, hit_at) == expected
    assert await store.hit("k", [], 0.0) == []


@on_every_store
async def test_looking_at_windows_counts_nothing(store: Store) -> None:
    windows = [(2, 60), (3, 3600)]
    assert await store.usage("k", windows, 5.0) == [
        Usage(2, 60, 0, 65.0, allowed=True),
        Usage(3, 3600, 0, 3605.0, allowed=True),
    ]
    for _ in range(3):
        await store.hit("k", windows, 10.0)
    for _ in range(2):
        told = await store.usage("k", windows, 20.0)
        assert told == [Usage(2, 60, 2, 70.0, allowed=False), Usage(3, 3600, 2, 3610.0, allowed=True)]
    assert (await store.usage("k", windows, 70.0))[0] == Usage(2, 60, 0, 130.0, allowed=True)


@on_every_store
async def test_the_windows_of_one_key_can_be_forgotten(store: Store) -> None:
    """All of that key, and of no other."""
    windows = [(1, 60), (2, 3600)]
    for key in ("k", "kk"):
        await store.hit(key, windows, 0.0)
    await store.forget_windows("k")
    await store.forget_windows("nobody's")
    assert [usage.used for usage in await store.usage("k", windows, 1.0)] == [0, 0]
    assert [usage.used for usage in await store.usage("kk", windows, 1.0)] == [1, 1]
    assert (await store.hit("k", windows, 1.0))[0].allowed


@on_every_store
async def test_of_32_hits_at_once_the_limit_passes(store: Store) -> None:
    """No two hits share a place."""
    usages = await asyncio.gather(*(store.hit("k", [(10, 60)], 0.0) for _ in range(32)))
    assert sum(usage.allowed for (usage,) in usages) == 10
    assert sorted(usage.used for (usage,) in usages if usage.allowed) == list(range(1, 11))


@on_every_store
async def test_deliveries_are_visible_after_commit_and_the_sender_is_woken(store: Store) -> None:
    """on_enqueue is called once per commit with deliveries: not for others, not when rolled back."""
    calls: list[str] = []
    store.on_enqueue = lambda: calls.append("woken")
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("a"))
        await tx.enqueue(delivery("b"))
        assert calls == []
    assert calls == ["woken"]
    assert await store.pending(0.0) == [delivery("a"), delivery("b")]
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("c"))
        tx.undo()
    async with store.transaction("t") as tx:
        await tx.counter("n", 1)
    assert calls == ["woken"]
    assert len(await store.deliveries("t")) == 2


@on_every_store
async def test_pending_are_those_due_oldest_first(store: Store) -> None:
    """By next_at, then as enqueued, up to the limit; next_due is the earliest of all."""
    assert await store.next_due() is None
    async with store.transaction("t") as tx:
        for name, next_at in (("late", 9.0), ("x", 2.0), ("a", 2.0), ("first", 1.0)):
            await tx.enqueue(delivery(name, next_at=next_at))
    assert [one.id for one in await store.pending(2.0)] == ["first", "x", "a"]
    assert [one.id for one in await store.pending(9.0, limit=2)] == ["first", "x"]
    assert await store.pending(0.999) == []
    assert await store.next_due() == 1.0


@on_every_store
async def test_pending_ones_of_a_subscription_can_be_passed_over(store: Store) -> None:
    """Of that tenant's subscription alone, and without taking others' room in the limit."""
    async with store.transaction("t") as tx:
        for number in range(3):
            await tx.enqueue(delivery(f"stuck {number}"))
        await tx.enqueue(replace(delivery("free", next_at=1.0), subscription_id="other"))
    async with store.transaction("u") as tx:
        await tx.enqueue(delivery("namesake", "u", next_at=2.0))
    assert [one.id for one in await store.pending(9.0, 2)] == ["stuck 0", "stuck 1"]
    assert [one.id for one in await store.pending(9.0, 2, [("t", "sub")])] == ["free", "namesake"]
    assert [one.id for one in await store.pending(9.0, 2, [("t", "sub"), ("t", "other")])] == ["namesake"]
    assert [one.id for one in await store.pending(1.0, 2, {("t", "other"), ("u", "sub")})] == ["stuck 0", "stuck 1"]


async def _finish(store: Store, name: str, tenant: str = "t") -> None:
    done = replace(delivery(name, tenant), attempt=1, state="delivered")
    await store.attempted(done, Attempt(name, 1, 0.0, 200, None, 0.1))


@on_every_store
async def test_the_newest_finished_deliveries_are_kept_and_no_more(store: Store) -> None:
    """1,000 a tenant, with their attempts; the pending ones, however old, and other tenants' are not touched."""
    names = [str(number) for number in range(FINISHED_KEPT + 400)]
    async with store.transaction("u") as tx:
        await tx.enqueue(delivery("other", "u"))
    await _finish(store, "other", "u")
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("waits"))
        for name in names:
            await tx.enqueue(delivery(name))
    for name in names:
        await _finish(store, name)
    kept = await store.deliveries("t")
    finished = [found for found, _ in kept if found.state == "delivered"]
    assert FINISHED_KEPT <= len(finished) < FINISHED_KEPT + 300
    assert [found.id for found in finished] == names[-len(finished) :]
    assert kept[0] == (delivery("waits"), ())
    assert all([attempt.delivery_id for attempt in attempts] == [found.id] for found, attempts in kept[1:])
    assert [found.id for found, _ in await store.deliveries("u")] == ["other"]
    await _finish(store, names[0])  # forgotten: nothing comes back
    assert await store.pending(9.0) == [delivery("waits")]
    assert len(await store.deliveries("t")) == len(kept)
    async with store.transaction("t") as tx:  # one that is forgotten may be enqueued anew
        await tx.enqueue(delivery(names[0]))
    assert [found.id for found in await store.pending(9.0)] == ["waits", names[0]]


@on_every_store
async def test_deliveries_that_are_cancelled_do_not_pile_up(store: Store) -> None:
    """Those count as finished too; the attempts of a forgotten one do not come back with a new one of its id."""
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("first"))
    await _finish(store, "first")
    for number in range(FINISHED_KEPT + 300):
        async with store.transaction("t") as tx:
            await tx.enqueue(replace(delivery(str(number)), state="cancelled"))
    assert FINISHED_KEPT <= len(await store.deliveries("t")) < FINISHED_KEPT + 300
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("first"))
    assert (await store.deliveries("t"))[-1] == (delivery("first"), ())


@on_every_store
async def test_an_attempt_changes_state_and_is_kept(store: Store) -> None:
    """A failed attempt is due again later, a delivered one never; both attempts are told, in order."""
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("a"))
        await tx.enqueue(delivery("b"))
    failed, done = Attempt("a", 1, 0.0, None, "refused", 0.1), Attempt("a", 2, 5.0, 200, None, 0.2)
    retried = replace(delivery("a"), attempt=1, next_at=5.0)
    await store.attempted(retried, failed)
    assert [one.id for one in await store.pending(4.0)] == ["b"]
    assert await store.pending(5.0) == [delivery("b"), retried]
    delivered = replace(delivery("a"), attempt=2, next_at=5.0, state="delivered")
    await store.attempted(delivered, done)
    assert await store.pending(99.0) == [delivery("b")]
    assert await store.deliveries("t") == [(delivered, (failed, done)), (delivery("b"), ())]


@on_every_store
async def test_enqueueing_again_replaces(store: Store) -> None:
    """A delivery can be cancelled, and revived, in a transaction; its attempts stay."""
    attempt = Attempt("a", 1, 0.0, 500, None, 0.1)
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("a"))
    await store.attempted(replace(delivery("a"), attempt=1, next_at=7.0), attempt)
    async with store.transaction("t") as tx:
        await tx.enqueue(replace(delivery("a"), state="cancelled"))
    assert await store.pending(99.0) == []
    assert await store.next_due() is None
    async with store.transaction("t") as tx:
        await tx.enqueue(delivery("a", next_at=3.0))
    assert await store.next_due() == 3.0
    assert await store.deliveries("t") == [(delivery("a", next_at=3.0), (attempt,))]


@on_every_store
async def test_reset_drops_deliveries_and_answers(store: Store) -> None:
    """Of the tenant alone; an attempt that comes in afterwards revives nothing."""
    for tenant in ("t", "u"):
        async with store.transaction(tenant) as tx:
            await tx.enqueue(delivery(tenant, tenant))
            await tx.remember("key", answer())
            await tx.counter("n", 1)
    await store.reset("t")
    await store.attempted(delivery("t"), Attempt("t", 1, 0.0, 200, None, 0.1))
    assert await store.deliveries("t") == []
    assert [one.id for one in await store.pending(0.0)] == ["u"]
    async with store.transaction("t") as tx:
        assert await tx.recall("key", 0.0) is None
        assert await tx.counter("n") == 0
    async with store.transaction("u") as tx:
        assert await tx.recall("key", 0.0) == answer()
