"""Arithmetic of fixed rate windows, the same for every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

State = dict[int, tuple[int, float]]
"""Of one key: seconds of a window -> (hits used, epoch seconds at which it ends)."""


def tally(state: State, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
    """Count a hit at `now` in all windows, or in none if one is full; `state` is changed only if counted."""
    current: State = {}
    for _, seconds in windows:
        used, ends_at = state.get(seconds, (0, now))
        current[seconds] = (used, ends_at) if now < ends_at else (0, now + seconds)
    rooms = [current[seconds][0] < limit for limit, seconds in windows]
    if all(rooms):
        current = {seconds: (used + 1, ends_at) for seconds, (used, ends_at) in current.items()}
        state.update(current)
    return [
        Usage(limit, seconds, *current[seconds], allowed)
        for (limit, seconds), allowed in zip(windows, rooms, strict=True)
    ]


def over(state: State, now: float) -> bool:
    """Whether nothing of this state matters any more."""
    return all(ends_at <= now for _, ends_at in state.values())
