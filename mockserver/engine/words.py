"""Words for the request log."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number with its noun, as people say it: 1 lead, 2 leads, 0 leads."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
