"""A search finds what contains the text, on every store, whatever its index has taken in."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.store import Query, Store, open_store, pieces, sqlite_texts
from mockserver.store import table as table_module
from mockserver.store import texts as texts_module
from mockserver.store.sqlite_texts import FileTexts
from mockserver.store.texts import Texts
from tests.postgres import cluster, database_of
from tests.store.store_world import BACKENDS, lead, put, with_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.store import Record

# Few words, so that much is found; among them what patterns, quotes and the index itself give a meaning to.
WORDS = ["sam", "samA", "0000", "é\U0001f600", "%_", "'\"", "*\\", "\x00", "\x01", "\x1f", " ", "\uffff"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=7).map("".join)
PARTS = st.tuples(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map("".join), st.integers(0, 2))
NEEDLES = st.lists(PARTS.map(lambda part: part[0][part[1] :] or part[0]), min_size=1, max_size=2)
TENANTS = ("t", "u")

Step = tuple[str, Any]
ROWS = st.dictionaries(st.sampled_from([f"{n:02}" for n in range(8)]), st.tuples(TEXTS, st.booleans()), max_size=8)
PUTS = st.tuples(st.sampled_from(["put", "undone"]), st.tuples(st.sampled_from(TENANTS), ROWS))
STEPS = st.one_of(
    PUTS,
    PUTS,
    PUTS,
    st.tuples(st.just("reset"), st.sampled_from([None, *TENANTS])),
    st.sampled_from([("snapshot", None), ("restore", None), ("reopen", None)]),
)
# What are thousands otherwise.
BOUNDS = {
    "_FEWEST_SEARCHED": st.just(0),
    "_FEWEST_ADDED": st.integers(1, 5),
    "_FEW": st.just(100),
}
MODULES = {table_module: "memory", texts_module: "changes", sqlite_texts: "file"}
ALL_BOUNDS = st.fixed_dictionaries(
    {
        "memory": st.fixed_dictionaries({**BOUNDS, "_TEXTS_AT_ONCE": st.integers(1, 5)}),
        "changes": st.fixed_dictionaries({"_MOST_CHANGED": st.integers(1, 6)}),
        "file": st.fixed_dictionaries({**BOUNDS, "_AT_ONCE": st.integers(1, 5), "_MOST_GONE": st.integers(0, 9)}),
    }
)

_schema = cache(lambda: cluster().fresh())  # of this process: each example empties it


class _Played:
    """A store, and what should be in it."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self.store = open_store(url)
        self._known: dict[str, dict[str, Record]] = {tenant: {} for tenant in TENANTS}
        self._kept: tuple[Any, Any] | None = None

    async def step(self, step: Step, needles: list[list[str]]) -> None:
        match step:
            case "put", (tenant, rows):
                await self._put(tenant, rows, needles, kept=True)
            case "undone", (tenant, rows):
                await self._put(tenant, rows, needles, kept=False)
            case "reset", tenant:
                await self.store.reset(tenant)
                self._known |= {name: {} for name in TENANTS if tenant in {None, name}}
            case "snapshot", _:
                self._kept = await self.store.snapshot(), {name: dict(known) for name, known in self._known.items()}
            case "restore", _ if self._kept is not None:
                await self.store.restore(self._kept[0])
                self._known = {name: dict(known) for name, known in self._kept[1].items()}
            case "reopen", _ if self._url is not None:
                await self.store.close()
                self.store = open_store(self._url)
        for tenant, known in self._known.items():
            await _asked(self.store, tenant, known, needles)

    async def _put(self, tenant: str, rows: Any, needles: list[list[str]], *, kept: bool) -> None:
        new = {i: lead(i, archived=archived, search=text, v=i) for i, (text, archived) in rows.items()}
        async with self.store.transaction(tenant) as tx:
            for record in new.values():
                await tx.put(record)
            # Asked for before it is undone: then the index has what must leave it again.
            await _found(tx, self._known[tenant] | new, needles)
            if kept:
                self._known[tenant] |= new
            else:
                tx.undo()


async def _asked(store: Store, tenant: str, known: dict[str, Record], needles: list[list[str]]) -> None:
    async with store.transaction(tenant) as tx:
        await _found(tx, known, needles)


async def _found(tx: Any, known: dict[str, Record], needles: list[list[str]]) -> None:
    for wanted in needles:
        for archived in (False, None):
            page = await tx.list(Query("lead", search=tuple(wanted), sort="v", limit=50, archived=archived))
            expected = [
                record.id
                for _, record in sorted(known.items())
                if any(needle in record.search for needle in wanted) and archived in {None, record.archived}
            ]
            assert [record.id for record in page.records] == expected
            assert (page.total, page.more) == (len(expected), False)


async def _play(url: str | None, steps: list[Step], needles: list[list[str]]) -> None:
    played = _Played(url)
    try:
        await played.store.reset()
        for step in steps:
            await played.step(step, needles)
    finally:
        await played.store.close()


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(STEPS, min_size=1, max_size=8),
    needles=st.lists(NEEDLES, min_size=3, max_size=6),
    bounds=ALL_BOUNDS,
)
def test_a_search_finds_what_looking_through_all_records_does(
    backend: str, steps: list[Step], needles: list[list[str]], bounds: dict[str, dict[str, int]]
) -> None:
    """After records came, changed, were archived or rolled back, were reset or restored, and the file opened again."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for module, name in MODULES.items():
            stack.enter_context(patch.dict(vars(module), bounds[name]))
        url = _schema() if backend == "postgres" else f"{folder}/state.db" if backend == "sqlite" else None
        asyncio.run(_play(url, steps, needles))


def _many(number: int) -> list[Record]:
    return [lead(f"{n:05}", v=n, search=f"lead\uffffsam{n:010}@example.com\uffff1{n:010}") for n in range(number)]


async def _total(store: Store, *needles: str, tenant: str = "t") -> int:
    async with store.transaction(tenant) as tx:
        return (await tx.list(Query("lead", search=needles))).total


@pytest.fixture
def looked_into(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records each search has looked into, in memory or in a file, of those that found few."""
    counts: list[int] = []

    def noting(find: Callable[..., Any]) -> Callable[..., Any]:
        def find_and_note(*given: Any) -> Any:
            found = find(*given)
            counts.append(-1 if found is None else len(found))
            return found

        return find_and_note

    monkeypatch.setattr(Texts, "candidates", noting(Texts.candidates))
    monkeypatch.setattr(FileTexts, "_candidates", noting(FileTexts._candidates))
    return counts


@pytest.mark.parametrize("state", ["memory", "sqlite"])
def test_a_search_among_many_looks_into_few(state: str, tmp_path: Path, looked_into: list[int]) -> None:
    """For a name, a number with zeros before it, a part, a piece of three, and what nobody has."""
    needles = {
        ("sam0000001234",): 1,
        ("0000001234",): 1,
        ("sam0000001234@example.com",): 1,
        ("01234@exam",): 1,
        ("234@e",): 5,
        ("999",): 5,
        ("sam0000004321", "10000000987"): 2,
        ("nobody",): 0,
    }

    async def check(store: Store) -> None:
        await put(store, *_many(5000))
        for wanted, hits in needles.items():
            assert await _total(store, *wanted) == hits
            assert looked_into.pop() <= hits + 1

    asyncio.run(with_store(tmp_path / "state.db" if state == "sqlite" else None, check))


@pytest.mark.parametrize("state", ["memory", "sqlite"])
def test_what_most_records_contain_is_found_without_the_index(
    state: str, tmp_path: Path, looked_into: list[int]
) -> None:
    async def check(store: Store) -> None:
        await put(store, *_many(3000))
        assert await _total(store, "@example.com") == 3000

    asyncio.run(with_store(tmp_path / "state.db" if state == "sqlite" else None, check))
    assert looked_into == [-1]


@pytest.mark.parametrize("state", ["memory", "sqlite"])
def test_a_record_is_found_by_its_new_text_alone(state: str, tmp_path: Path) -> None:
    """Among so many that there is an index, and as often as the text changes."""

    async def check(store: Store) -> None:
        await put(store, *_many(2500))
        assert await _total(store, "sam0000000123@") == 1
        for number in range(3):
            await put(store, lead("00123", v=1, search=f"changed for the {number}. time"))
            assert await _total(store, "sam0000000123@") == 0
            assert [await _total(store, f"for the {n}. time") for n in range(3)] == [int(n == number) for n in range(3)]

    asyncio.run(with_store(tmp_path / "state.db" if state == "sqlite" else None, check))


def test_without_a_full_text_index_searches_look_through_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a library of SQLite that was built without it. Once one has it, it takes in what came meanwhile."""
    monkeypatch.setattr(pieces, "are_known_to", lambda _: False)
    path = tmp_path / "state.db"

    async def check(store: Store) -> None:
        assert await _total(store, "sam0000001234") == 0
        await put(store, *_many(2500))
        assert await _total(store, "sam0000001234") == 1

    async def change(store: Store) -> None:
        assert await _total(store, "sam0000001234") == 1
        await put(store, lead("01234", v=1, search="changed"))
        assert [await _total(store, text) for text in ("sam0000001234", "changed")] == [0, 1]

    asyncio.run(with_store(None, check))
    asyncio.run(with_store(path, check))
    for known in (True, False, True):
        monkeypatch.setattr(pieces, "are_known_to", lambda _, known=known: known)
        asyncio.run(with_store(path, change))
        asyncio.run(with_store(path, lambda store: put(store, *_many(2500))))


def test_the_index_of_a_file_keeps_little_of_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a tenant is filled, searched and reset, it is not about much more than there is."""
    monkeypatch.setattr(sqlite_texts, "_MOST_GONE", 100)

    async def check(store: Store) -> None:
        sizes = []
        for _ in range(6):
            await put(store, *_many(2100))
            assert await _total(store, "sam0000001234") == 1
            async with store.transaction("t") as tx:
                sizes += [row[0] for row in await tx.rows("SELECT texts FROM indexed_texts")]  # type: ignore[attr-defined]
            await store.reset("t")
        assert max(sizes) <= 3 * 2100
        assert min(sizes[3:]) == 2100

    asyncio.run(with_store(tmp_path / "state.db", check))


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_part_of_a_text_finds_it(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From beginning to end, whatever it is made of."""
    for module in (table_module, sqlite_texts):
        for name, bound in (("_FEWEST_SEARCHED", 0), ("_FEWEST_ADDED", 1), ("_FEW", 100)):
            monkeypatch.setattr(module, name, bound)
    text = 'O\'Neil "é"\\\U0001f600%_*\x00\x1f:&|!end'

    async def check(store: Store) -> None:
        await put(store, lead("a", search=text), lead("b", search="another"))
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                assert await _total(store, text[start:end]) >= 1, text[start:end]
            assert await _total(store, text[start:] + "!") == 0

    asyncio.run(with_store(database_of(backend, tmp_path), check))
