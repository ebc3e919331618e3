"""Webhooks: what fires, how it is signed, what is tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("events")
def test_events(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
