"""Not faster than a target allows: the rate asked for, and the limits documented for a key."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Sequence

from mockserver.contract.model import Window


class Pace:
    """Waits before a request where it would be one too many in a window. Seconds of a clock that only runs forward."""

    def __init__(self, rate: Window | None = None) -> None:
        self._rate = rate
        self._sent: dict[str, deque[float]] = defaultdict(deque)

    def wait(self, counter: str, windows: Sequence[Window], *, hold: bool = True) -> None:
        """Wait until `counter` has room in each of its windows and the run has in its rate; then count.

        Without `hold`, `counter` is only counted: for who wants to see its limit reached.
        """
        self._room("", [self._rate] if self._rate else [])
        self._room(counter, windows, hold=hold)

    def rest(self, counter: str, seconds: float) -> None:
        """Wait until so many seconds have gone by since the last one that was counted, if there was any."""
        if self._sent[counter]:
            time.sleep(max(0.0, self._sent[counter][-1] + seconds - time.monotonic()))

    def _room(self, counter: str, windows: Sequence[Window], *, hold: bool = True) -> None:
        if not windows:
            return
        sent = self._sent[counter]
        for window in windows if hold else ():
            if len(sent) >= window.limit:
                time.sleep(max(0.0, sent[-window.limit] + window.seconds - time.monotonic()))
        sent.append(time.monotonic())
        while len(sent) > max(window.limit for window in windows):
            sent.popleft()
