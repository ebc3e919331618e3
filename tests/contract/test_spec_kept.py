"""What is kept of the specs between starts is never out of date, and nothing depends on its being there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from mockserver.contract.kept import kept

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def numbers() -> Iterator[int]:
    return count(1)


def test_a_value_is_made_once(tmp_path: Path, numbers: Iterator[int]) -> None:
    made = [kept("v", [b"a", b"b"], lambda: next(numbers), tmp_path) for _ in range(3)]
    assert made == [1, 1, 1]


def test_whoever_asks_gets_a_value_of_their_own(tmp_path: Path) -> None:
    for _ in range(3):
        found = kept("v", [], lambda: {"list": [1]}, tmp_path)
        assert found == {"list": [1]}
        found["list"].append(2)


def test_it_is_made_anew_when_what_it_depends_on_changes(tmp_path: Path, numbers: Iterator[int]) -> None:
    """Also when only the border between two parts moves, and when it changes back."""
    made = [
        kept("v", parts, lambda: next(numbers), tmp_path) for parts in ([b"ab", b"c"], [b"a", b"bc"], [b"ab", b"c"])
    ]
    assert made == [1, 2, 3]


def test_a_damaged_file_is_made_anew(tmp_path: Path, numbers: Iterator[int]) -> None:
    kept("v", [], lambda: next(numbers), tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        file.write_bytes(damaged)
        assert kept("v", [], lambda: next(numbers), tmp_path) > 1
        assert file.read_bytes()[:32] == whole[:32]


def test_nothing_is_kept_where_nothing_can_be_written(tmp_path: Path, numbers: Iterator[int]) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("in the way")
    assert [kept("v", [], lambda: next(numbers), no_folder) for _ in range(2)] == [1, 2]


def test_what_cannot_be_made_is_told_and_not_kept(tmp_path: Path) -> None:
    def fails() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept("v", [], fails, tmp_path)
    assert kept("v", [], lambda: 1, tmp_path) == 1


def test_an_edited_spec_is_noticed_at_the_next_start(tmp_path: Path) -> None:
    """In a copy of the package, started anew each time: the title of an API changes with its spec, and back."""
    shutil.copytree(ROOT / "mockserver", tmp_path / "mockserver", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    spec = tmp_path / "specs" / "mega.yaml"
    text = spec.read_text("utf-8")
    told = []
    for changed in (text, text, text.replace("title: MEGA}", "title: OMEGA}"), text):
        spec.write_text(changed, "utf-8")
        program = "from mockserver.contract import load; contract = load('mega'); print(contract.title)"
        run = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        told.append(run.stdout.strip())
        assert list((tmp_path / "mockserver" / "__pycache__").glob("mega.*.pickle"))
    assert told == ["MEGA", "MEGA", "OMEGA", "MEGA"]
