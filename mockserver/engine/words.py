"""Words for people to read, in the request log and elsewhere."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number with its noun, as people say it: 1 lead, 2 leads, 0 leads."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """`text` without characters that could steer a terminal: they come escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
