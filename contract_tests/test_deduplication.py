"""Which leads are the same, and what a match keeps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("deduplication")
def test_deduplication(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
