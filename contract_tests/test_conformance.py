"""Every answer to a valid or invalid request is one that the contract declares."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .rule import Rule


@pytest.mark.rules("conformance")
def test_conformance(rule: Rule, verdict_of: Callable[[Rule], None]) -> None:
    verdict_of(rule)
