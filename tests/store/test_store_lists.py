"""Lists against a model that sorts and filters by Python's own means."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from functools import cache, cmp_to_key
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.store import Condition, Query, Record, Store
from tests.postgres import cluster
from tests.store.store_world import BACKENDS, lead, on_every_store, put, with_store

TEXT = st.text(st.sampled_from("aZ%_'\"\\é\uffee\U0001f600 1"), max_size=3)
ATOMS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0, 0.1, 1e300, -2.5]) | TEXT
VALUES = ATOMS | st.lists(ATOMS, max_size=3) | st.just({"x": 1})
DATA = st.fixed_dictionaries({}, optional={"v": VALUES, "w": ATOMS, "o": st.fixed_dictionaries({"v": VALUES})})
CONDITIONS = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(["v", "w", "o.v", "v.x"]),
        st.sampled_from(["eq", "ne", "ge", "le", "has"]),
        ATOMS,
    ),
    st.builds(Condition, st.sampled_from(["v", "o.v"]), st.just("in"), st.lists(ATOMS, max_size=3)),
)
IDS = st.text(st.sampled_from("abé\U0001f600\uffee"), min_size=1, max_size=4)
RECORDS = st.dictionaries(IDS, st.tuples(DATA, TEXT, st.booleans()), max_size=12)
QUERIES = st.builds(
    Query,
    kind=st.just("lead"),
    where=st.lists(CONDITIONS, max_size=2).map(tuple),
    search=st.lists(TEXT, max_size=2).map(tuple),
    sort=st.sampled_from(["v", "w", "o.v"]),
    descending=st.booleans(),
    limit=st.integers(0, 4),
    offset=st.integers(0, 4),
    archived=st.sampled_from([False, True, None]),
)


def _member(record: Record, field: str) -> Any:
    value: Any = record.data
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _equal(a: Any, b: Any) -> bool:
    return _type(a) == _type(b) and bool(a == b)


def _holds(record: Record, condition: Condition) -> bool:
    value, wanted = _member(record, condition.field), condition.value
    if value is None:
        return condition.op == "eq" and wanted is None
    if condition.op == "has":
        return isinstance(value, list) and any(_equal(one, wanted) for one in value)
    if condition.op == "in":
        return any(_equal(value, one) for one in wanted)
    if condition.op in {"eq", "ne"}:
        return _equal(value, wanted) is (condition.op == "eq")
    if _type(value) != _type(wanted) or _type(value) not in {"boolean", "number", "str"}:
        return False
    return bool(value >= wanted if condition.op == "ge" else value <= wanted)


def _expected(records: list[Record], query: Query) -> list[str]:
    types = ["boolean", "number", "str"]

    def compare(a: Record, b: Record) -> int:
        one, other = (_member(record, query.sort) for record in (a, b))
        none, no_other = (_type(value) not in types for value in (one, other))
        if none != no_other:
            return 1 if none else -1
        left, right = (
            ((a.id,), (b.id,))
            if none
            else ((types.index(_type(one)), one, a.id), (types.index(_type(other)), other, b.id))
        )
        return ((left > right) - (left < right)) * (-1 if query.descending else 1)

    matching = [
        record
        for record in records
        if query.archived in {None, record.archived}
        and all(_holds(record, condition) for condition in query.where)
        and (not query.search or any(needle in record.search for needle in query.search))
    ]
    return [record.id for record in sorted(matching, key=cmp_to_key(compare))]


async def _check(store: Store, batches: list[dict[str, Any]], queries: list[Query]) -> None:
    known: dict[str, Record] = {}
    for batch in batches:
        records = [Record("lead", i, data, (), search, archived) for i, (data, search, archived) in batch.items()]
        known |= {record.id: record for record in records}
        await put(store, *records)
        async with store.transaction("t") as tx:
            for query in queries:
                expected = _expected(list(known.values()), query)
                page = await tx.list(query)
                stop = query.offset + query.limit
                assert [record.id for record in page.records] == expected[query.offset : stop]
                assert (page.total, page.more) == (len(expected), stop < len(expected))


async def _walk(store: Store, query: Query) -> list[str]:
    """The whole list by keyset, two at a time."""
    seen: list[str] = []
    after: tuple[Any, str] | None = None
    async with store.transaction("t") as tx:
        while True:
            page = await tx.list(
                Query(
                    *(query.kind, query.where, query.search, query.sort, query.descending),
                    after=after,
                    limit=2,
                    archived=query.archived,
                )
            )
            seen += [record.id for record in page.records]
            if not page.more:
                return seen
            last = page.records[-1]
            after = (_member(last, query.sort), last.id)


_schema = cache(lambda: cluster().fresh())  # of this process: each example empties it


def _on(backend: str, check: Callable[[Store], Awaitable[None]]) -> None:
    async def emptied(store: Store) -> None:
        await store.reset()
        await check(store)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.db"
        where = _schema() if backend == "postgres" else path if backend == "sqlite" else None
        asyncio.run(with_store(where, emptied))


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=80, deadline=None)
@given(batches=st.lists(RECORDS, min_size=1, max_size=3), queries=st.lists(QUERIES, min_size=1, max_size=3))
def test_a_page_is_what_sorting_and_filtering_all_records_gives(
    backend: str, batches: list[dict[str, Any]], queries: list[Query]
) -> None:
    """For any records, filters, searches, sorts: page, total and more agree with the model, also after changes."""
    _on(backend, lambda store: _check(store, batches, queries))


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=60, deadline=None)
@given(
    records=st.dictionaries(IDS, st.tuples(DATA, TEXT, st.booleans()), min_size=4, max_size=12),
    query=st.one_of(
        QUERIES, st.builds(Query, st.just("lead"), sort=st.just("w"), descending=st.booleans(), archived=st.none())
    ),
)
def test_paging_by_keyset_loses_and_repeats_nothing(backend: str, records: dict[str, Any], query: Query) -> None:
    """Pages that each begin after the last record of the one before add up to the list."""

    async def check(store: Store) -> None:
        known = [Record("lead", i, data, (), search, archived) for i, (data, search, archived) in records.items()]
        await put(store, *known)
        assert await _walk(store, query) == _expected(known, query)

    _on(backend, check)


async def _ids(store: Store, query: Query) -> list[str]:
    async with store.transaction("t") as tx:
        return [record.id for record in (await tx.list(query)).records]


@on_every_store
async def test_missing_and_null_come_last_in_both_directions(store: Store) -> None:
    """Ties go by id in the direction of the list."""
    await put(store, lead("a", v=1), lead("b"), lead("c", v=2), lead("d", v=None), lead("e", v=1))
    assert await _ids(store, Query("lead", sort="v")) == ["a", "e", "c", "b", "d"]
    assert await _ids(store, Query("lead", sort="v", descending=True)) == ["c", "e", "a", "d", "b"]
    # And so when the keyset leads from the last value, or from the first null, on to the others.
    assert await _walk(store, Query("lead", sort="v")) == ["a", "e", "c", "b", "d"]
    assert await _walk(store, Query("lead", sort="v", descending=True)) == ["c", "e", "a", "d", "b"]
    await put(store, lead("f", v="text"), lead("g"))
    assert await _walk(store, Query("lead", sort="v")) == ["a", "e", "c", "f", "b", "d", "g"]
    assert await _walk(store, Query("lead", sort="v", descending=True)) == ["f", "c", "e", "a", "g", "d", "b"]


@on_every_store
async def test_search_takes_wildcards_literally(store: Store) -> None:
    """%, _ and * are plain characters; any of several substrings suffices; case is the caller's to fold."""
    await put(store, lead("a", search="100% sure"), lead("b", search="100 sure"), lead("c", search="a_b*"))
    assert await _ids(store, Query("lead", search=("100%",))) == ["a"]
    assert await _ids(store, Query("lead", search=("_",))) == ["c"]
    assert await _ids(store, Query("lead", search=("b*", "100 "))) == ["b", "c"]
    assert await _ids(store, Query("lead", search=("SURE",))) == []


@on_every_store
async def test_a_list_follows_many_changes(store: Store) -> None:
    """After a first list, hundreds of puts, replacements and archivings show in the next, rolled back ones do not."""
    await put(store, *(lead(f"{n:03}", v=n) for n in range(300)))
    assert await _ids(store, Query("lead", sort="v", limit=2)) == ["000", "001"]
    await put(store, *(lead(f"{n:03}", v=-n, archived=n % 2 == 0) for n in range(300)))
    async with store.transaction("t") as tx:
        for n in range(300):
            await tx.put(lead(f"{n:03}", v=1000))
        assert (await tx.list(Query("lead", sort="v", limit=1))).records[0].data["v"] == 1000
        tx.undo()
    assert await _ids(store, Query("lead", sort="v", limit=2)) == ["299", "297"]
    assert await _ids(store, Query("lead", sort="v", limit=2, archived=True)) == ["298", "296"]


@pytest.mark.parametrize("field", ["", ".", "a.", "a'b", 'a"b', "a\\b", "a\nb", "a?"])
def test_a_field_that_cannot_be_looked_up_is_refused(field: str) -> None:
    """Neither a condition nor a sort can carry anything but names into a statement."""
    with pytest.raises(ValueError, match="is no field"):
        Condition(field, "eq", 1)
    with pytest.raises(ValueError, match="is no field"):
        Query("lead", sort=field)


def test_a_condition_takes_atoms_only() -> None:
    """A list or object as a value, a bare value for `in`, a negative page: the caller's mistake is told."""
    with pytest.raises(TypeError, match="no string, number"):
        Condition("a", "eq", [1])
    with pytest.raises(TypeError, match="needs a list"):
        Condition("a", "in", "text")
    with pytest.raises(ValueError, match="negative"):
        Query("lead", limit=-1)
    with pytest.raises(ValueError, match="after a record or at an offset"):
        Query("lead", after=("x", "a"), offset=1)
