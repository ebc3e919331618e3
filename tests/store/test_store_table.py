"""A record in memory is a row without the names of its members, and comes back as it was."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver.store import table
from mockserver.store.base import Record
from mockserver.store.table import pack, unpack


def _record(*names: str, search: str = "") -> Record:
    return Record(
        "lead", "1", {name: f"of {name}" for name in names}, (("email", "a@b.co"),), search, archived=False, seq=1
    )


def _comes_back(record: Record) -> bool:
    return unpack("lead", "1", pack(record, 1)) == record


@pytest.mark.parametrize("most", [0, 10_000])
def test_a_record_comes_back_however_many_sequences_of_names_are_known(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_MOST_SHAPES", most)
    assert all(_comes_back(_record(*names)) for names in ((), ("of a test", f"{most}"), (f"{most}", "of a test")))


@pytest.mark.parametrize("search", ["", '",[', '\\",[', "ends with \\", "é\n\x00", '",[1,2],"'])
def test_the_text_that_is_searched_is_read_without_the_rest(search: str) -> None:
    assert table._text_of(pack(_record("name", search=search), 1)) == search


class _Slow(str):
    """A name that lets other threads go on whenever it is looked up."""

    __slots__ = ()

    def __hash__(self) -> int:
        time.sleep(0)
        return super().__hash__()


def test_mocks_in_several_threads_do_not_mix_the_names_up() -> None:
    def tried(thread: int) -> bool:
        return all(_comes_back(_record(_Slow(f"thread {thread}"), _Slow(f"{number}"))) for number in range(100))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(tried, range(8)))
