"""Idempotency keys: replay, conflict, scope."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("idempotency")
def test_idempotency(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
