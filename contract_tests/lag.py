"""Lists that are a moment behind: no vendor says how soon what was written is seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .rule import NotChecked

if TYPE_CHECKING:
    from .lab import Lab

#: A lead that is not listed by then is lost, not late.
_LATEST = 8.0
#: Nobody waits longer than this, each time, until what was written can be seen.
_LONGEST_WAIT = 4.0
_LOOK_SECONDS = 0.05
#: So many times as long as it once took is waited.
_MARGIN = 2
_READS = frozenset(("GET", "HEAD", "OPTIONS"))


class Lag:
    """Without strict, waits before a read until what was written before it can be seen.

    How long that takes is measured once, before the first read. With most targets it is not at all. Where it is long,
    nothing is said of what depends on it.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._seconds: float | None = None
        self._written = 0.0

    def wait(self, method: str) -> None:
        """To be called before a request with this method is sent. Raises NotChecked where it would be too long."""
        if self._lab.strict or method not in _READS:
            return
        if self._seconds is None:
            self._seconds = _MARGIN * self._measured()
        left = self._written + self._seconds - time.monotonic()
        if left > 0 and self._seconds > _LONGEST_WAIT:
            raise NotChecked(f"what is written is seen some {self._seconds / _MARGIN:.0f} seconds later")
        if self._seconds and left > 0:
            time.sleep(left)

    def note(self, method: str) -> None:
        """To be called when it was answered."""
        if method not in _READS:
            self._written = time.monotonic()

    def _measured(self) -> float:
        """How long a new lead takes to be listed, in seconds; 0 where that is at once, or cannot be seen."""
        lab, world = self._lab, self._lab.world
        if world.listed_by is None or lab.frugal:
            return 0.0
        operation, member = world.listed_by
        lead = world.lead(lab.fresh)
        # Not into the trace: it belongs to no promise.
        made = lab.wire.send(lab.main.request(world.create, body=world.body(lead)))
        look = lab.main.request(operation, query={"search": lead[member]})
        while (seconds := time.perf_counter() - made.ended) < _LATEST:
            seen = lab.wire.send(look)
            if not (made.answer.ok and seen.answer.ok):
                return 0.0
            if lead[member].encode() in seen.answer.body.lower():
                # The first look comes as soon as that of any rule does.
                return seconds if seconds > _LOOK_SECONDS else 0.0
            time.sleep(_LOOK_SECONDS)
        return 0.0
