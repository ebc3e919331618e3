"""The last request that is allowed, the first that is refused, and what the headers say of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("limits")
def test_limits(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
