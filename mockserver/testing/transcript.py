"""The requests of a test, as the report of a failed one shows them."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.engine.words import counted, printable
from mockserver.journal import Entry
from mockserver.rendering import summary
from mockserver.testing.requests import Request

_LONGEST = 300  # Characters of a line.


def transcript(entries: Sequence[Entry], most: int) -> str:
    """A line for each, without secrets; of more than `most` the last ones, and how many came before."""
    if not entries:
        return "The mock got no request in this test."
    shown = entries[max(0, len(entries) - most) :]
    before = len(entries) - len(shown)
    earlier = [f"({counted(before, 'earlier request')}, not shown)"] if before else []
    return "\n".join([*earlier, *map(_line, shown)])


def _line(entry: Entry) -> str:
    told = summary(entry)
    target = f"{told['path']}?{told['query']}" if told["query"] else told["path"]
    status = Request(entry).status
    line = printable(f"{told['method']} {target} -> {'no answer' if status is None else status}, {told['outcome']}")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
