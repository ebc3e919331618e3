"""Requests at the same time have the effect of some order of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("races")
def test_races(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
