"""Which tests go to the same process when pytest-xdist spreads them over several.

The groups of pytest-xdist 3.8 are for this, but pytest 9.2 takes no notice of them: the ids of tests, which carried
the groups, cannot be changed any more.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has no types

#: Rules of these kinds spend one limited key, or look at one shared experiment.
_TOGETHER = re.compile(r"::test_(limits|conformance|events)\[(\w+)/")


class Schedule(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Each test by itself, but for the rules of one API that belong together, and for `files` that stay whole."""

    def __init__(self, config: pytest.Config, log: Any, files: Collection[str] = ()) -> None:
        super().__init__(config, log)
        self._files = files

    def _split_scope(self, nodeid: str) -> str:
        rule = _TOGETHER.search(nodeid)
        if rule is not None:
            return f"{rule[2]} {rule[1]}"
        file = nodeid.partition("::")[0]
        return file if file in self._files else nodeid
