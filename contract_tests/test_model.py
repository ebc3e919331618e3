"""Any sequence of operations does what a small reference model says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("model")
def test_model(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
