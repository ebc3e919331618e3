"""Who is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("access")
def test_access(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
