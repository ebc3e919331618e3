"""Many leads in one request: each row's own result."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("batch")
def test_batch(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
