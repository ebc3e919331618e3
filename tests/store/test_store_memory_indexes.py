"""What the store in memory keeps to answer lists and searches quickly shows what is stored, however it was changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.store import Condition, Query, Record
from mockserver.store import table as table_module
from mockserver.store import texts as texts_module
from mockserver.store.memory import MemoryStore
from mockserver.store.texts import Texts
from tests.store.store_world import lead, put

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.text(st.sampled_from("abé\U0001f600"), max_size=16)
ROWS = st.dictionaries(
    st.sampled_from([f"{n:02}" for n in range(30)]), st.tuples(TEXT, st.integers(0, 2), st.booleans()), max_size=12
)
BATCHES = st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=8)
QUERIES = st.builds(
    Query,
    st.just("lead"),
    where=st.just(()) | st.integers(0, 2).map(lambda v: (Condition("v", "eq", v),)),
    search=st.lists(st.text(st.sampled_from("abé\U0001f600"), min_size=3, max_size=12), max_size=2).map(tuple),
    sort=st.sampled_from(["v", "id"]),
    archived=st.sampled_from([False, True, None]),
)
BOUNDS = st.tuples(
    st.fixed_dictionaries(
        {
            "_FEWEST_SEARCHED": st.just(0),
            "_FEWEST_ADDED": st.integers(1, 3),
            "_TEXTS_AT_ONCE": st.integers(1, 9),
            "_FEW": st.just(100),
            "_MOST_STALE": st.integers(1, 9),
        }
    ),
    st.fixed_dictionaries({"_MOST_CHANGED": st.integers(1, 6)}),
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
@given(BATCHES, st.lists(QUERIES, min_size=1, max_size=7), BOUNDS)
def test_lists_and_searches_show_what_is_stored_whatever_the_indexes_have_taken_in(
    batches: list[tuple[dict[str, Any], bool]], queries: list[Query], bounds: tuple[dict[str, int], dict[str, int]]
) -> None:
    """Records are added, changed, archived and rolled back; bounds that are thousands otherwise are passed often."""
    with patch.dict(vars(table_module), bounds[0]), patch.dict(vars(texts_module), bounds[1]):
        asyncio.run(_check(batches, queries))


@pytest.mark.parametrize(
    "text", ["", '"', '",{', 'a",{"b":1},', "\\", 'a\\",{', 'a\\\\",{"', "end\\", "a\nb\u0000c\u2028"]
)
def test_a_text_is_found_whatever_it_is_made_of(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes, backslashes and what looks like the JSON around it do not end what is searched."""
    for name in ("_FEWEST_SEARCHED", "_FEWEST_ADDED", "_FEW"):
        monkeypatch.setattr(table_module, name, 1)

    async def search() -> list[int]:
        store = MemoryStore()
        await put(store, lead("a", search=f"the {text} end", v='"",{"'), lead("b", search=text))
        async with store.transaction("t") as tx:
            needles = (f"{text} e", f"e {text}", text + " end")
            return [(await tx.list(Query("lead", search=(needle,)))).total for needle in needles]

    assert asyncio.run(search()) == [1, 1, 1]


def test_the_index_of_a_table_that_has_shrunk_is_about_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that are put, found and rolled back again and again do not pile up in it."""
    made: list[Texts] = []

    class Noted(Texts):
        def __init__(self, text_of: Callable[[str], str]) -> None:
            super().__init__(text_of)
            made.append(self)

    monkeypatch.setattr(table_module, "Texts", Noted)

    async def search() -> None:
        store = MemoryStore()
        await put(store, *(lead(f"{n:05}", v=n, search=f"sam{n:05}@example.com") for n in range(3000)))
        for _ in range(5):
            async with store.transaction("t") as tx:
                for n in range(3000, 6000):
                    await tx.put(lead(f"{n:05}", v=n, search=f"sam{n:05}@example.com"))
                assert (await tx.list(Query("lead", search=("sam05999",)))).total == 1
                tx.undo()

    asyncio.run(search())
    assert len(made) == 3  # after each second time most of it would be gone


def test_one_and_true_are_different_filters() -> None:
    """An index of what one of them leaves is not taken for the other's."""

    async def check() -> None:
        store = MemoryStore()
        await put(store, lead("a", v=1), lead("b", v=True))
        async with store.transaction("t") as tx:
            found = [(await tx.list(Query("lead", (Condition("v", "eq", value),)))).records for value in (1, True)]
        assert [[record.id for record in records] for records in found] == [["a"], ["b"]]

    asyncio.run(check())
