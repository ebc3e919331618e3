"""What the store in memory keeps to answer lists and searches quickly shows what is stored, however it was changed."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.store import Condition, Query, Record, Store
from mockserver.store import table as table_module
from mockserver.store import texts as texts_module
from mockserver.store.memory import MemoryStore
from mockserver.store.texts import Texts
from tests.store.store_world import lead, put

TEXT = st.text(st.sampled_from("abé\U0001f600"), max_size=7)
ROWS = st.dictionaries(
    st.sampled_from([f"{n:02}" for n in range(30)]), st.tuples(TEXT, st.integers(0, 2), st.booleans()), max_size=12
)
BATCHES = st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=8)
QUERIES = st.builds(
    Query,
    st.just("lead"),
    where=st.just(()) | st.integers(0, 2).map(lambda v: (Condition("v", "eq", v),)),
    search=st.lists(st.text(st.sampled_from("abé\U0001f600"), min_size=3, max_size=5), max_size=2).map(tuple),
    sort=st.sampled_from(["v", "id"]),
    archived=st.sampled_from([False, True, None]),
)


def _expected(records: dict[str, Record], query: Query) -> list[str]:
    found = [
        record
        for record in records.values()
        if query.archived in {None, record.archived}
        and all(record.data["v"] == condition.value for condition in query.where)
        and (not query.search or any(needle in record.search for needle in query.search))
    ]
    return [record.id for record in sorted(found, key=lambda record: (record.data[query.sort], record.id))]


async def _check(batches: list[tuple[dict[str, Any], bool]], queries: list[Query]) -> None:
    store, known = MemoryStore(), dict[str, Record]()
    for rows, kept in batches:
        new = {i: lead(i, v=v, search=text, archived=archived) for i, (text, v, archived) in rows.items()}
        async with store.transaction("t") as tx:
            for record in new.values():
                await tx.put(record)
            if not kept:
                # Asked for before it is rolled back: then the indexes have what must leave them again.
                await _asked(tx, known | new, queries)
                tx.undo()
        known |= new if kept else {}
        async with store.transaction("t") as tx:
            await _asked(tx, known, queries)


async def _asked(tx: Any, known: dict[str, Record], queries: list[Query]) -> None:
    for query in queries:
        page = await tx.list(query)
        expected = _expected(known, query)
        assert [record.id for record in page.records] == expected[: query.limit]
        assert page.total == len(expected)


@settings(max_examples=300, deadline=None)
@given(BATCHES, st.lists(QUERIES, min_size=1, max_size=7), st.integers(1, 9), st.integers(1, 6), st.integers(1, 9))
def test_lists_and_searches_show_what_is_stored_whatever_the_indexes_have_taken_in(
    batches: list[tuple[dict[str, Any], bool]], queries: list[Query], at_once: int, changed: int, stale: int
) -> None:
    """Records are added, changed, archived and rolled back; bounds that are thousands otherwise are passed often."""
    with (
        patch.object(table_module, "_FEWEST_SEARCHED", 0),
        patch.object(table_module, "_TEXTS_AT_ONCE", at_once),
        patch.object(table_module, "_MOST_STALE", stale),
        patch.object(texts_module, "_MOST_CHANGED", changed),
    ):
        asyncio.run(_check(batches, queries))


def test_a_search_among_many_looks_into_few(monkeypatch: Any) -> None:
    """Once the texts are indexed, the records that cannot contain what is searched for are left alone."""
    looked: list[int] = []

    class Counting(Texts):
        def candidates(self, texts: tuple[str, ...]) -> set[str]:
            found = super().candidates(texts)
            looked.append(len(found))
            return found

    monkeypatch.setattr(table_module, "Texts", Counting)

    async def search() -> None:
        store: Store = MemoryStore()
        await put(store, *(lead(f"{n:05}", v=n, search=f"lead {n:05} sam{n:05}@example.com") for n in range(5000)))
        async with store.transaction("t") as tx:
            page = await tx.list(Query("lead", search=("sam01234@",)))
        assert [record.id for record in page.records] == ["01234"]

    asyncio.run(search())
    assert max(looked) < 50  # of 5,000


def test_one_and_true_are_different_filters() -> None:
    """An index of what one of them leaves is not taken for the other's."""

    async def check() -> None:
        store = MemoryStore()
        await put(store, lead("a", v=1), lead("b", v=True))
        async with store.transaction("t") as tx:
            found = [(await tx.list(Query("lead", (Condition("v", "eq", value),)))).records for value in (1, True)]
        assert [[record.id for record in records] for records in found] == [["a"], ["b"]]

    asyncio.run(check())
