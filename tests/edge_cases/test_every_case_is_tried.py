"""Every numbered edge case of the contracts has a test that really runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LAST_CASE = 182
_NEVER_RUN = ("skip", "xfail")


class _Numbers:
    """A pytest plugin that notes the numbers on the `case` marks of all tests that would run."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.errors: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if any(item.get_closest_marker(name) for name in _NEVER_RUN):
                continue
            for mark in item.iter_markers("case"):
                self.numbers.update(mark.args)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(report.nodeid)


def collect(folder: str) -> str:
    """The numbers and the files that cannot be collected, as JSON."""
    found = _Numbers()
    pytest.main([folder, "--collect-only", "-qq", "-p", "no:cacheprovider"], plugins=[found])
    return json.dumps({"numbers": sorted(found.numbers), "errors": found.errors})


def test_every_case_has_a_test() -> None:
    # In a process of its own: collecting twice in one would import the tests anew under the running ones.
    command = [sys.executable, __file__, str(Path(__file__).parent)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["errors"] == []
    assert [number for number in range(1, LAST_CASE + 1) if number not in found["numbers"]] == []
    assert set(found["numbers"]) <= set(range(1, LAST_CASE + 1)), "a mark has a number that no case has"


if __name__ == "__main__":
    sys.stdout.write("\n" + collect(sys.argv[1]) + "\n")
