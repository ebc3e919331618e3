"""What the store in memory keeps to answer lists and searches quickly shows what is stored, however it was changed."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.store import Condition, Query, Record, Store
from mockserver.store import table as table_module
from mockserver.store import texts as texts_module
from mockserver.store.memory import MemoryStore
from mockserver.store.texts import Texts
from tests.store.store_world import lead, put

TEXT = st.text(st.sampled_from("abé\U0001f600"), max_size=12)
ROWS = st.dictionaries(
    st.sampled_from([f"{n:02}" for n in range(30)]), st.tuples(TEXT, st.integers(0, 2), st.booleans()), max_size=12
)
BATCHES = st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=8)
QUERIES = st.builds(
    Query,
    st.just("lead"),
    where=st.just(()) | st.integers(0, 2).map(lambda v: (Condition("v", "eq", v),)),
    search=st.lists(st.text(st.sampled_from("abé\U0001f600"), min_size=3, max_size=10), max_size=2).map(tuple),
    sort=st.sampled_from(["v", "id"]),
    archived=st.sampled_from([False, True, None]),
)
BOUNDS = st.tuples(
    st.fixed_dictionaries(
        {"_FEWEST_SEARCHED": st.just(0), "_TEXTS_AT_ONCE": st.integers(1, 9), "_MOST_STALE": st.integers(1, 9)}
    ),
    st.fixed_dictionaries(
        {"_MOST_CHANGED": st.integers(1, 6), "_FULL": st.integers(1, 4), "_PARTS": st.integers(2, 4)}
    ),
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
    monkeypatch.setattr(table_module, "_FEWEST_SEARCHED", 0)

    async def search() -> list[int]:
        store = MemoryStore()
        await put(store, lead("a", search=f"the {text} end", v='"",{"'), lead("b", search=text))
        async with store.transaction("t") as tx:
            needles = (f"{text} e", f"e {text}", text + " end")
            return [(await tx.list(Query("lead", search=(needle,)))).total for needle in needles]

    assert asyncio.run(search()) == [1, 1, 1]


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


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab"), max_size=14), max_size=12), st.integers(1, 5), st.integers(2, 4))
def test_each_text_is_found_by_each_part_of_it(stored: list[str], full: int, parts: int) -> None:
    """Texts that repeat themselves, in lists that are parted at once: none is left out of the candidates."""
    with patch.dict(vars(texts_module), _FULL=full, _PARTS=parts):
        texts = Texts(lambda record_id: stored[int(record_id)])
        texts.add(((str(number), text) for number, text in enumerate(stored)), len(stored))
        assert texts.count == len(stored)
        for needle in {text[a:b] for text in stored for a in range(len(text)) for b in range(a + 3, len(text) + 1)}:
            assert texts.candidates((needle,)) >= {str(number) for number, text in enumerate(stored) if needle in text}


def test_adding_texts_stops_sooner_where_lists_are_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no search takes long over it: a thousand lists may be full at once. What is left comes next time."""
    monkeypatch.setattr(texts_module, "_FULL", 16)
    monkeypatch.setattr(texts_module, "_READ_AGAIN", 1)
    read: list[str] = []

    def text_of(record_id: str) -> str:
        read.append(record_id)
        return f"lead {record_id}"

    texts = Texts(text_of)
    for _ in range(6):
        before = texts.count
        read.clear()
        texts.add(((f"{n:03}", f"lead {n:03}") for n in range(before, 1000)), 50)
        # One text has six pieces, and its lists may all be parted before that is seen.
        assert texts.count - before + len(read) < 50 + 6 * 16
    assert 100 < texts.count < 300
    assert texts.candidates(("lead 099",)) == {"099"}


def test_a_search_reads_as_little_among_many_texts_as_among_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists of numbers that a search for something rare goes through do not grow with what is stored."""
    monkeypatch.setattr(texts_module, "_FULL", 16)
    monkeypatch.setattr(texts_module, "_PARTS", 64)
    counted: list[int] = []
    read = texts_module._read

    def counting(numbers: bytearray) -> memoryview:
        found = read(numbers)
        counted.append(len(found))
        return found

    numbers = Random(1)  # noqa: S311 - no secret
    stored = {str(n): f"sam{numbers.randrange(10**10):010}@example.com" for n in range(20_000)}
    texts = Texts(stored.__getitem__)
    texts.add(stored.items(), 10 * len(stored))
    monkeypatch.setattr(texts_module, "_read", counting)
    for record_id in list(stored)[::200]:
        assert record_id in texts.candidates((stored[record_id],))
        assert record_id in texts.candidates((stored[record_id][3:11],))
    # In each of the 1,000 pieces of three digits are 160 of the texts.
    assert max(counted) < 2 * 16


def test_one_and_true_are_different_filters() -> None:
    """An index of what one of them leaves is not taken for the other's."""

    async def check() -> None:
        store = MemoryStore()
        await put(store, lead("a", v=1), lead("b", v=True))
        async with store.transaction("t") as tx:
            found = [(await tx.list(Query("lead", (Condition("v", "eq", value),)))).records for value in (1, True)]
        assert [[record.id for record in records] for records in found] == [["a"], ["b"]]

    asyncio.run(check())
