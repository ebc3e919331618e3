"""What was written can be read, listed, changed and archived."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("records")
def test_records(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
