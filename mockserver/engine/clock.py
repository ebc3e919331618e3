"""The time the mock lives in: the machine's, or one that only a test moves (X7)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

LATEST = 253_086_768_000.0
"""The end of the year 9989, in epoch seconds. Calendars end ten years later, and what follows a moment (the end of a
key or a window, the next attempt) has to be told too."""


class Clock(Protocol):
    """Tells the time. Everything that ages (windows, keys, retries) asks one of these."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...


class ManualClock:
    """A clock that stands still until it is told to move."""

    __slots__ = ("_now",)

    def __init__(self, start: float = 1_780_000_000.0) -> None:
        self._now = _finite(start, "start")

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> float:
        """Move forward and return the new time. ValueError for a step back: nothing could follow it."""
        self._now += _forward(seconds)
        return self._now


class Adjustment(NamedTuple):
    """How a clock differs from the one that it runs with: `offset` seconds ahead, or frozen at a moment."""

    offset: float = 0.0
    frozen_at: float | None = None


class AdjustableClock:
    """Runs with another clock, the machine's unless one is given, until it is moved or stopped.

    It can be frozen, advanced, and resumed from where it stands; `reset` makes it agree with the other clock again.
    Whoever subscribes is called, without arguments, after each such change.
    """

    __slots__ = ("_base", "_frozen_at", "_listeners", "_offset", "_other")

    def __init__(self, base: Clock | None = None, adjustment: Adjustment = Adjustment()) -> None:  # noqa: B008  # immutable
        self._other = base
        self._base = time.time if base is None else base.now
        self._offset, self._frozen_at = adjustment
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        return self._base() + self._offset if self._frozen_at is None else self._frozen_at

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen_at is not None

    @property
    def offset(self) -> float:
        """Seconds that it is ahead of the clock it runs with; negative where it is behind."""
        return self.now() - self._base() if self.frozen else self._offset

    def freeze(self, at: float | None = None) -> float:
        """Stand still, now or at a moment in epoch seconds, which may lie in the past; return that moment."""
        self._frozen_at = self.now() if at is None else _in_calendar(_finite(at, "at"))
        return self._moved()

    def advance(self, seconds: float) -> float:
        """Move forward, frozen or not, and return the new time. ValueError for a step back."""
        step = _forward(seconds)
        _in_calendar(self.now() + step)
        if self._frozen_at is None:
            self._offset += step
        else:
            self._frozen_at += step
        return self._moved()

    def resume(self) -> float:
        """Run on from where it stands; return that moment."""
        if self._frozen_at is not None:
            self._offset, self._frozen_at = self._frozen_at - self._base(), None
        return self._moved()

    def reset(self) -> float:
        """Run with the other clock again, and agree with it."""
        self._offset, self._frozen_at = 0.0, None
        return self._moved()

    @property
    def adjustment(self) -> Adjustment:
        return Adjustment(self._offset, self._frozen_at)

    def adjust(self, adjustment: Adjustment) -> None:
        """Differ so much; whoever subscribed is called where that is a change."""
        if adjustment != self.adjustment:
            self._offset, self._frozen_at = adjustment
            self._moved()

    def adjusted(self, adjustment: Adjustment) -> AdjustableClock:
        """Another clock, which runs with the same and differs so much."""
        return AdjustableClock(self._other, adjustment)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change, in the thread that makes it; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _moved(self) -> float:
        for listener in tuple(self._listeners):
            listener()
        return self.now()


def iso_ms(now: float) -> str:
    """Epoch seconds as '2026-07-02T10:00:00.123Z'; what is below a millisecond is cut off."""
    seconds, millis = divmod(_millis(now), 1000)
    return f"{_to_the_second(seconds)}.{millis:03d}Z"


def iso_ms_after(now: float, previous: str) -> str:
    """`iso_ms(now)`, or a millisecond past `previous` where that is not later: an update always shows (M2)."""
    told = iso_ms(now)
    if told > previous:
        return told
    return iso_ms(datetime.fromisoformat(previous).timestamp() + 0.001)


def iso_seconds(now: float) -> str:
    """Epoch seconds as '2026-07-02T10:00:00Z'; what is below a second is cut off."""
    return f"{_to_the_second(_millis(now) // 1000)}Z"


def _millis(now: float) -> int:
    # A double near today's epoch is exact to about 0.2 microseconds, so .123 may be stored as .12299995:
    # rounding to microseconds first keeps the millisecond that was meant.
    return round(now * 1_000_000) // 1000


@lru_cache(maxsize=8)  # Within one second every request asks for the same text.
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _forward(seconds: float) -> float:
    step = _finite(seconds, "seconds")
    if step < 0:
        raise ValueError(f"a clock cannot go back: advance({seconds!r}); give zero or more seconds")
    return step


def _in_calendar(at: float) -> float:
    if at < 0:
        raise ValueError(
            f"the clock cannot go back beyond the year 1970, to {at:.0f} epoch seconds; choose a later moment"
        )
    if at > LATEST:
        raise ValueError(
            f"the clock cannot go beyond the year 9989, to {at:.0f} epoch seconds; choose an earlier moment"
        )
    return at


def _finite(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number of seconds, not {value!r}")
    return float(value)
