"""Strict JSON, HTTP as it is spoken, and no 5xx whatever is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("robustness")
def test_robustness(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
