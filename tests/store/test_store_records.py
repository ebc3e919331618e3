"""Records and their unique keys."""

from __future__ import annotations

import asyncio

import pytest

from mockserver.store import KeyTaken, Record, Store
from mockserver.store.base import Archived
from tests.store.store_world import lead, on_every_store, put

PHONE = ("phone", "9876543210")
EMAIL = ("email", "asha@example.com")


@on_every_store
async def test_a_record_comes_back_as_it_was_put(store: Store) -> None:
    """Data of any JSON type, keys, search text, archived and an order of insertion come back."""
    data = {"n": None, "t": True, "i": 2**53, "f": 0.1, "s": "नमस्ते \u2028 'x' \"y\" \\", "l": [1, {"a": []}], "": 1}
    await put(store, Record("lead", "a", data, (PHONE, EMAIL), "asha %_ नम", archived=True))
    async with store.transaction("t") as tx:
        found = await tx.get("lead", "a")
    assert found is not None
    assert found == Record("lead", "a", data, (PHONE, EMAIL), "asha %_ नम", archived=True, seq=found.seq)
    assert found.data["t"] is True


@on_every_store
async def test_unknown_records_and_keys_are_none(store: Store) -> None:
    """What was never put is None: neither kind, id, key name nor value is an error."""
    await put(store, lead("a", PHONE))
    async with store.transaction("t") as tx:
        assert await tx.get("lead", "b") is None
        assert await tx.get("agent", "a") is None
        assert await tx.holder("lead", "phone", "1") is None
        assert await tx.holder("lead", "email", PHONE[1]) is None
        assert await tx.holder("agent", *PHONE) is None


@on_every_store
async def test_holders_of_several_keys_come_in_their_order(store: Store) -> None:
    """One look-up for all keys: of each its holder, None where there is none; of no keys, nothing."""
    await put(store, lead("a", PHONE))
    await put(store, lead("b", EMAIL))
    async with store.transaction("t") as tx:
        assert list(await tx.holders("lead", (EMAIL, ("email", PHONE[1]), PHONE, EMAIL))) == ["b", None, "a", "b"]
        assert list(await tx.holders("lead", ())) == []
        assert list(await tx.holders("agent", (PHONE,))) == [None]


@on_every_store
async def test_a_snapshot_shares_nothing_with_the_store(store: Store) -> None:
    """Neither the dictionary that was put nor one that was read changes the state, nor does a later put change it."""
    record = lead("a", tags=["hot"])
    await put(store, record)
    record.data["tags"].append("changed by the writer")
    async with store.transaction("t") as tx:
        first = await tx.get("lead", "a")
        assert first is not None
        first.data["tags"].append("changed by a reader")
        second = await tx.get("lead", "a")
        await tx.put(lead("a", tags=["new"]))
    assert second is not None
    assert second.data == {"id": "a", "tags": ["hot"]}


@on_every_store
async def test_put_replaces_all_but_the_order(store: Store) -> None:
    """A second put replaces data, search and archived, and keeps the place in the order of insertion."""
    await put(store, lead("a", x=1, search="old"), lead("b"))
    await put(store, lead("a", y=2, search="new", archived=True))
    async with store.transaction("t") as tx:
        records = list(await tx.scan("lead", archived=None))
        assert [record.id for record in records] == ["a", "b"]
        assert records[0].data == {"id": "a", "y": 2}
        assert (records[0].search, records[0].archived) == ("new", True)
        assert records[0].seq < records[1].seq


@on_every_store
async def test_scan_gives_a_part(store: Store) -> None:
    """From a place on, no more than wanted, in order of insertion."""
    await put(store, *(lead(f"{9 - n}", archived=n % 3 == 0) for n in range(9)))
    async with store.transaction("t") as tx:

        async def ids(archived: Archived, start: int, limit: int | None = None) -> str:
            return "".join([record.id for record in await tx.scan("lead", archived, start=start, limit=limit)])

        assert await ids(archived=None, start=1, limit=3) == "876"
        assert await ids(archived=None, start=7, limit=5) == await ids(archived=None, start=7) == "21"
        assert await ids(archived=False, start=2, limit=2) == "54"
        assert await ids(archived=True, start=0, limit=0) == await ids(archived=None, start=9) == ""


@on_every_store
async def test_scan_and_count_tell_archived_from_live(store: Store) -> None:
    """False = live, True = archived, None = both; a record may go and come back."""
    await put(store, lead("a"), lead("b", archived=True), lead("c"))
    await put(store, lead("a", archived=True), lead("b"))
    async with store.transaction("t") as tx:
        for archived, ids in ((False, ["b", "c"]), (True, ["a"]), (None, ["a", "b", "c"])):
            assert [record.id for record in await tx.scan("lead", archived)] == ids
            assert await tx.count("lead", archived) == len(ids)
            assert await tx.kinds(archived) == ({"lead": len(ids)} if ids else {})
        assert list(await tx.scan("agent")) == []
        assert await tx.count("agent", None) == 0
        await tx.put(Record("agent", "x", {}, archived=True))
        assert await tx.kinds(None) == {"agent": 1, "lead": 3}
        assert await tx.kinds() == {"lead": 2}


@on_every_store
async def test_a_taken_key_is_refused_before_anything_changes(store: Store) -> None:
    """KeyTaken names key and holder; neither the record's former keys nor its data have changed."""
    await put(store, lead("a", PHONE), lead("b", EMAIL, ("whatsapp", "1"), x=1))
    async with store.transaction("t") as tx:
        with pytest.raises(KeyTaken) as caught:
            await tx.put(lead("b", ("email", "new@example.com"), PHONE, x=2))
        assert (caught.value.name, caught.value.value, caught.value.holder_id) == (*PHONE, "a")
        with pytest.raises(KeyTaken):
            await tx.put(lead("c", EMAIL))
    async with store.transaction("t") as tx:
        found = await tx.get("lead", "b")
        assert found is not None
        assert found.data["x"] == 1
        assert await tx.holder("lead", *EMAIL) == "b"
        assert await tx.holder("lead", "whatsapp", "1") == "b"
        assert await tx.holder("lead", "email", "new@example.com") is None
        assert await tx.get("lead", "c") is None


@on_every_store
async def test_put_releases_former_keys(store: Store) -> None:
    """A key that the new version lacks is free at once; keys=() releases all; a kept key stays the record's."""
    await put(store, lead("a", PHONE, EMAIL))
    async with store.transaction("t") as tx:
        await tx.put(lead("a", PHONE))
        await tx.put(lead("b", EMAIL))
        assert await tx.holder("lead", *PHONE) == "a"
        assert await tx.holder("lead", *EMAIL) == "b"
        await tx.put(lead("a", archived=True))
        await tx.put(lead("c", PHONE, PHONE))
        assert await tx.holder("lead", *PHONE) == "c"


@on_every_store
async def test_an_archived_record_holds_the_keys_it_is_put_with(store: Store) -> None:
    """Archiving alone frees no key."""
    await put(store, lead("a", PHONE, archived=True))
    async with store.transaction("t") as tx:
        assert await tx.holder("lead", *PHONE) == "a"
        with pytest.raises(KeyTaken):
            await tx.put(lead("b", PHONE))


@on_every_store
async def test_tenants_and_kinds_are_worlds_apart(store: Store) -> None:
    """The same id and key in another tenant or kind is another record."""
    await put(store, lead("a", PHONE, whose="t"))
    await put(store, lead("a", PHONE, whose="u"), tenant="u")
    await put(store, Record("agent", "a", {"whose": "agent"}, (PHONE,)))
    async with store.transaction("t") as tx:
        found = await tx.get("lead", "a")
        agent = await tx.get("agent", "a")
        assert found is not None
        assert agent is not None
        assert (found.data["whose"], agent.data["whose"]) == ("t", "agent")
        assert await tx.counter("n", 1) == 1
    async with store.transaction("u") as tx:
        assert await tx.counter("n") == 0
        assert await tx.count("lead") == 1
        assert await tx.recall("k", 0) is None
    assert await store.tenants() == ["t", "u"]


@on_every_store
async def test_of_32_tasks_that_look_and_put_one_makes_the_record(store: Store) -> None:
    """Looking for a key and putting when absent is one step, even if tasks let others run in between."""

    async def create(number: int) -> bool:
        await asyncio.sleep(0)
        async with store.transaction("t") as tx:
            if await tx.holder("lead", *PHONE):
                return False
            await asyncio.sleep(0)
            await tx.put(lead(str(number), PHONE))
            return True

    assert sum(await asyncio.gather(*map(create, range(32)))) == 1
    async with store.transaction("t") as tx:
        assert await tx.count("lead") == 1


@on_every_store
async def test_reset_forgets_one_tenant_or_all(store: Store) -> None:
    """reset(tenant) leaves the others as they were; reset() leaves nothing, rate windows included."""
    for tenant in ("t", "u"):
        await put(store, lead("a", PHONE), tenant=tenant)
    await store.hit("key", [(1, 60)], 0.0)
    await store.reset("t")
    assert await store.tenants() == ["u"]
    async with store.transaction("t") as tx:
        assert await tx.holder("lead", *PHONE) is None
        assert await tx.count("lead", None) == 0
    async with store.transaction("u") as tx:
        assert await tx.holder("lead", *PHONE) == "a"
    assert not (await store.hit("key", [(1, 60)], 1.0))[0].allowed
    await store.reset()
    assert await store.tenants() == []
    assert (await store.hit("key", [(1, 60)], 1.0))[0].allowed
