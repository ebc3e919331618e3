"""Searching for a counterexample with Hypothesis, and for the shortest one once there is any."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from .rule import Broken, NotChecked
from .trace import Trace
from .wire import Exchange

_T = TypeVar("_T")
_SHRINKS = 200
_SHRINK_SECONDS = 4.0


class _Enough(BaseException):
    """The search has gone on for long enough. No Exception, so that Hypothesis lets it pass."""


@dataclass(frozen=True, slots=True)
class _Failure:
    broken: Broken
    exchanges: list[Exchange]

    @property
    def size(self) -> tuple[int, int]:
        return len(self.exchanges), sum(len(one.request.body or b"") + len(one.request.path) for one in self.exchanges)


class Search:
    """One search, in which each example starts with an empty trace. Keeps the shortest failure it saw."""

    def __init__(self, trace: Trace, seed: int, examples: int) -> None:
        self._trace = trace
        self._seed = seed
        self._failures: list[_Failure] = []
        self._calls = 0
        self._until = 0.0
        self.settings = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
        )

    def values(self, strategy: SearchStrategy[_T], check: Callable[[_T], None]) -> None:
        """Try `check` on values. Raises Broken for the shortest failure, which is left in the trace."""

        def one(value: _T) -> None:
            self.begin()
            try:
                check(value)
            except Broken as broken:
                self.failed(broken)
                raise

        self._run(hypothesis.seed(self._seed)(self.settings(given(strategy)(one))))

    def sequences(self, machine: Callable[[], RuleBasedStateMachine], steps: int) -> None:
        """Try a state machine, which calls `begin` when it is made and `failed` when it fails."""

        def factory() -> RuleBasedStateMachine:
            return machine()

        seeded: Any = hypothesis.seed(self._seed)(factory)
        stateful = settings(self.settings, stateful_step_count=steps)
        self._run(lambda: run_state_machine_as_test(seeded, settings=stateful))

    def begin(self) -> None:
        """A new example starts."""
        self._trace.clear()
        if not self._failures:
            return
        self._calls += 1
        if self._calls > _SHRINKS or time.monotonic() > self._until:
            raise _Enough

    def failed(self, broken: Broken) -> None:
        if not self._failures:
            self._until = time.monotonic() + _SHRINK_SECONDS
        self._failures.append(_Failure(broken, list(self._trace.exchanges)))

    def _run(self, search: Callable[[], None]) -> None:
        # Whether Hypothesis calls a failure flaky or inconsistent does not matter: it was seen.
        with suppress(_Enough, Broken, HypothesisException):
            try:
                search()
            except (NotChecked, KeyboardInterrupt):
                raise
            except BaseException:
                if not self._failures:
                    raise
            if not self._failures:
                return
        if not self._failures:
            raise NotChecked("the search itself did not work")
        shortest = min(self._failures, key=lambda failure: failure.size)
        self._trace.exchanges = shortest.exchanges
        raise shortest.broken
