"""One run of the proxy: what it was asked for, what it saw, what it says."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mockserver.contract.model import Contract, Source
from mockserver.engine.words import printable
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.judge import Judge, Ruling
from mockserver.proxy.ledger import Ledger
from mockserver.proxy.promises import SIDES, Problem, Promise, Side
from mockserver.proxy.recording import Recorder
from mockserver.proxy.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to judge and where to keep it. `every`: exchanges without a deviation get a line too."""

    strict: bool = False
    only: Side | None = None
    every: bool = False
    record: Path | None = None
    append: bool = False


class Session:
    """Hears of every exchange. Raises RecordingError where nothing can be recorded. `cite` tells a source in words."""

    def __init__(
        self, contract: Contract, wanted: Wanted, cite: Callable[[Source], str], out: TextIO | None = None
    ) -> None:
        self.contract = contract
        self.wanted = wanted
        self.judge = Judge(contract, strict=wanted.strict, only=wanted.only)
        self.ledger = Ledger(self.judge.promises)
        self.recorder = None if wanted.record is None else Recorder(wanted.record, append=wanted.append)
        first = 1 if self.recorder is None else self.recorder.placeholders + 1
        self._redactor = Redactor(contract, first=first)
        self._cite = cite
        self._out = out or sys.stdout
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return time.monotonic() - self._started

    def __call__(self, exchange: Exchange) -> None:
        """Judge, tell, keep."""
        ruling = self.judge(exchange)
        redacted = self._redactor.exchange(exchange)
        self.ledger.add(ruling, redacted)
        if self.recorder is not None:
            self.recorder(self.contract.name, ruling.operation, redacted)
        self._tell(ruling, redacted)

    def close(self) -> None:
        if self.recorder is not None:
            self.recorder.close()

    def _tell(self, ruling: Ruling, one: Exchange) -> None:
        head = f"{one.at:%H:%M:%S} {one.request.method} {one.request.target[:200]} "
        head += str(one.answer.status) if one.answer is not None else "---"
        lines = [
            f"{head} {SIDES[tested.promise.side]}: {self._redactor.text(self._sentence(tested.promise, problem))}"
            for tested in ruling.tested
            for problem in tested.problems
        ]
        if not lines and (self.wanted.every or one.answer is None):
            lines = [f"{head} {one.failure or ('as declared' if ruling.ours else 'not of this API, handed on')}"]
        # Whoever read this may not be reading any more; requests are handed on all the same.
        with contextlib.suppress(OSError, ValueError):
            for line in lines:
                self._out.write(printable(line) + "\n")
            self._out.flush()

    def _sentence(self, promise: Promise, problem: Problem) -> str:
        return f"{problem.detail} [{promise.id}] {self._cite(problem.source or promise.source)}"
