"""What the state machines of all APIs share: each example is told to the search, and so is what it breaks."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis.stateful import RuleBasedStateMachine, rule
from hypothesis.strategies import SearchStrategy

from ..rule import Broken

if TYPE_CHECKING:
    from ..lab import Lab
    from ..search import Search


class Machine(RuleBasedStateMachine):
    """One example: a target and a model of it, taken through the same steps. Subclasses declare theirs with `step`."""

    def __init__(self, lab: Lab, search: Search) -> None:
        super().__init__()
        self.lab = lab
        self._search = search
        self._broken = False
        search.begin()

    def finish(self) -> None:
        """Compare everything once more at the end; a subclass may say how."""

    def teardown(self) -> None:
        if not self._broken:
            self.telling(self.finish)

    def telling(self, act: Callable[[], None]) -> None:
        """Do it, and tell the search of what it breaks."""
        try:
            act()
        except Broken as broken:
            self._broken = True
            self._search.failed(broken)
            raise


def step(**drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Declares a method of a machine to be a step, and what is drawn for its parameters."""

    def declare(body: Callable[..., None]) -> Any:
        @functools.wraps(body)
        def told(self: Machine, **values: Any) -> None:
            self.telling(lambda: body(self, **values))

        declared: Any = rule  # its overloads would take a parameter for its own `target`
        return declared(**drawn)(told)

    return declare
