"""A run in a terminal: progress by kind of rule, then a table, then each broken promise in full."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from ..rule import Verdict
from .result import Result, cited

_MARKS = {"kept": "kept", "broken": "BROKEN", "not-checked": "not checked"}


class Progress:
    """Says of each kind, when the next one begins, what came of it."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._kind = ""
        self._counts: Counter[str] = Counter()
        self._seconds = 0.0

    def __call__(self, verdict: Verdict) -> None:
        if verdict.rule.kind != self._kind:
            self.end()
            self._kind, self._seconds = verdict.rule.kind, 0.0
            self._counts.clear()
        self._counts[verdict.status] += 1
        self._seconds += verdict.seconds
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{self._line()}")
            self._out.flush()

    def end(self) -> None:
        """The last kind is done."""
        if self._kind:
            start = "\r\x1b[K" if self._out.isatty() else ""
            self._out.write(f"{start}{self._line()}\n")
            self._out.flush()

    def _line(self) -> str:
        counted = ", ".join(f"{self._counts[status]} {_MARKS[status]}" for status in _MARKS if self._counts[status])
        return f"  {self._kind:<14} {counted} ({self._seconds:.1f} s)"


def told(result: Result) -> str:
    """The table of rules, the broken ones in full, and the summary."""
    return "\n".join([*_table(result), *_details(result), *_summary(result)])


def _table(result: Result) -> Iterator[str]:
    left_out = [one for one in result.those("not-checked") if one.rule.level == "assumed" and result.level != "assumed"]
    shown = [one for one in result.verdicts if one not in left_out]
    width = max((len(one.rule.id) for one in shown), default=0)
    yield ""
    for one in shown:
        reason = f"  ({one.detail})" if one.status == "not-checked" else ""
        yield f"  {one.rule.id:<{width}}  {_MARKS[one.status]}{reason}".rstrip()
    if left_out:
        yield f"  {len(left_out)} more that the vendor is silent on were not tried; --strict tries them."


def _details(result: Result) -> Iterator[str]:
    broken = list(result.those("broken"))
    if broken:
        yield "\nThe curl lines need these in the shell: URL, the address of the target" + (
            f", and {', '.join(result.needed)}." if result.needed else "."
        )
    for one in broken:
        yield ""
        yield from broken_lines(one)


def broken_lines(verdict: Verdict) -> Iterator[str]:
    """A broken promise: its sentence, where it comes from, what was expected and what came, and the requests."""
    yield f"BROKEN {verdict.rule.id}"
    yield f"  {verdict.rule.says}"
    yield f"  {verdict.rule.level}: {cited(verdict.rule.source)}"
    yield f"  {verdict.detail}"
    yield from (f"    {line}" for line in verdict.curl)


def _summary(result: Result) -> Iterator[str]:
    yield f"\n{result.title} at {result.target}: {result.summary}"
    yield f"{result.requests} requests in {result.seconds:.1f} s" + (
        "" if result.seed is None else f", seed {result.seed}"
    )
    if result.created:
        left = ", ".join(f"{number} by {operation}" for operation, number in result.created.items())
        yield f"Left on the target: {left}"
