"""The whole state in one JSON document, and back again, into any store."""

from __future__ import annotations

import asyncio
import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.store import Attempt, KeyTaken, Query, Record, SnapshotError, Store
from tests.store.store_world import BACKENDS, answer, delivery, lead, on_every_store, put, with_backend

if TYPE_CHECKING:
    from pathlib import Path

PHONE = ("phone", "9876543210")


async def _fill(store: Store) -> None:
    await put(store, *(lead(name, n=n) for n, name in enumerate("zyx")))
    await put(store, Record("lead", "a", {"b": 1, "a": ["\x00 नम", 0.1, 2**53]}, (PHONE,), "seek \x00", archived=True))
    await put(store, lead("z", n=9), tenant="u")
    async with store.transaction("t") as tx:
        await tx.counter("n", 7)
        await tx.remember("first", answer(expires_at=50.0))
        await tx.remember("second", answer(expires_at=100.0, body=b"\x00\xff"))
        await tx.enqueue(delivery("done"))
        await tx.enqueue(delivery("open", next_at=5.0))
    await store.attempted(
        replace(delivery("done"), attempt=1, state="delivered"), Attempt("done", 1, 0, 200, None, 0.5)
    )
    await store.hit("k", [(1, 60), (5, 3600)], 10.0)


async def _seen(store: Store) -> object:
    async with store.transaction("t") as tx:
        records = [replace(record, seq=0) for record in await tx.scan("lead", None)]
        page = await tx.list(Query("lead", sort="n", archived=None))
        told = (
            *(records, [record.id for record in page.records], await tx.holder("lead", *PHONE)),
            *(await tx.counter("n"), await tx.recall("first", 0.0), await tx.recall("second", 0.0)),
        )
    windows = await store.usage("k", [(1, 60), (5, 3600)], 11.0)
    return told, windows, await store.deliveries("t"), await store.pending(9.0), await store.tenants()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("source", BACKENDS)
@pytest.mark.parametrize("target", BACKENDS)
def test_what_one_store_tells_any_other_takes_over(source: str, target: str, tmp_path: Path) -> None:
    """Everything is there afterwards, and nothing of what was there before; the document survives JSON."""
    told: list[Any] = []

    async def tell(store: Store) -> None:
        await _fill(store)
        told.extend([json.dumps(await store.snapshot()), await _seen(store)])

    async def take_over(store: Store) -> None:
        await put(store, lead("old", PHONE), tenant="old")
        await store.hit("k", [(1, 60)], 0.0)
        await store.restore(json.loads(told[0]))
        assert await _seen(store) == told[1]
        assert json.loads(json.dumps(await store.snapshot())) == json.loads(told[0])
        # What is restored is as alive as what was written.
        with pytest.raises(KeyTaken):
            await put(store, lead("b", PHONE))
        await put(store, lead("new", n=1))
        async with store.transaction("t") as tx:
            assert [record.id for record in await tx.scan("lead", None)][-2:] == ["a", "new"]
            assert await tx.recall("first", 60.0) is None
            assert await tx.recall("second", 60.0) is not None
        assert not (await store.hit("k", [(1, 60)], 11.0))[0].allowed

    asyncio.run(with_backend(source, tmp_path, tell))
    asyncio.run(with_backend(target, _made(tmp_path / "target"), take_over))


@on_every_store
async def test_an_empty_snapshot_empties(store: Store) -> None:
    empty = await store.snapshot()
    await _fill(store)
    await store.restore(empty)
    assert await store.tenants() == []
    assert await store.pending(99.0) == []
    assert (await store.usage("k", [(1, 60)], 11.0))[0].used == 0


@on_every_store
async def test_restoring_wakes_the_sender(store: Store) -> None:
    """Deliveries that were pending then are due now."""
    await _fill(store)
    snapshot = await store.snapshot()
    calls: list[str] = []
    store.on_enqueue = lambda: calls.append("woken")
    await store.restore(snapshot)
    assert calls == ["woken"]


def _with(place: list[Any], value: object) -> Any:
    def change(snapshot: dict[str, Any]) -> None:
        found: Any = snapshot
        for name in place[:-1]:
            found = found[name]
        found[place[-1]] = value

    return change


RECORD = ["tenants", "t", "records", 0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_with(["format"], "other"), "format is 'other'.*give one made by leadmock"),
        (_with(["version"], 2), "version 2.*use the program that made it"),
        (_with(["tenants"], []), "'tenants' must be an object"),
        (_with(["tenants", "t"], 1), "tenant 't' must be an object"),
        (_with([*RECORD, "data"], None), "tenant 't', records 0: 'data' must be an object, not missing"),
        (_with([*RECORD, "data"], {"n": 2**64}), "is no JSON data"),
        (_with([*RECORD, "data"], {"n": "\ud800"}), "is no JSON data"),
        (_with([*RECORD, "archived"], 0), "'archived' must be true or false"),
        (_with([*RECORD, "keys"], [["phone"]]), "'keys' must hold pairs of texts"),
        (_with([*RECORD, "id"], "x"), r"records are not distinct: \('lead', 'x'\) is there twice"),
        (_with([*RECORD, "keys"], [list(PHONE)]), "unique keys are not distinct"),
        (_with(["tenants", "t", "counters", "n"], "7"), "'n' must be an integer"),
        (_with(["tenants", "t", "counters", "n"], 2**63), "'n' is beyond 64 bits"),
        (_with(["tenants", "t", "answers", 0, "body"], "é"), "'body' must be a base64 text"),
        (_with(["windows", 0, "ends_at"], "soon"), "'ends_at' must be a number"),
        (_with(["deliveries", 0, "state"], "lost"), "state must be one of pending.*not 'lost'"),
        (_with(["deliveries", 0, "attempts"], {}), "'attempts' must be a list"),
    ],
)
@on_every_store
async def test_what_is_no_snapshot_changes_nothing(store: Store, change: Any, problem: str) -> None:
    """The error names the place and what is wrong."""
    await _fill(store)
    before = await store.snapshot()
    broken = copy.deepcopy(before)
    change(broken)
    with pytest.raises(SnapshotError, match=problem):
        await store.restore(broken)
    assert await store.snapshot() == before


@pytest.mark.parametrize("document", [None, [], "text", {}])
@on_every_store
async def test_another_document_is_refused(store: Store, document: object) -> None:
    with pytest.raises(SnapshotError, match="snapshot"):
        await store.restore(document)


@on_every_store
async def test_answers_are_told_the_latest_to_expire_first(store: Store) -> None:
    """Of one tenant, so many at most."""
    async with store.transaction("t") as tx:
        for key, expires_at in (("a", 50.0), ("b", 70.0), ("c", 60.0)):
            await tx.remember(key, answer(expires_at=expires_at))
    async with store.transaction("t") as tx:
        await tx.remember("d", answer(expires_at=90.0))
        tx.undo()
    assert await store.answers("t") == [(key, answer(at)) for key, at in (("b", 70.0), ("c", 60.0), ("a", 50.0))]
    assert [key for key, _ in await store.answers("t", 2)] == ["b", "c"]
    assert await store.answers("u") == []
