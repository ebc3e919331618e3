"""Arithmetic of fixed rate windows, the same for every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.store.base import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

State = dict[int, tuple[int, float]]
"""Of one key: seconds of a window -> (hits used, epoch seconds at which it ends)."""


def tally(state: State, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
    """Count a hit at `now` in all windows, or in none if one is full; `state` is changed only if counted."""
    before = read(state, windows, now)
    if not all(usage.allowed for usage in before):
        return before
    counted = [Usage(usage.limit, usage.seconds, usage.used + 1, usage.resets_at, allowed=True) for usage in before]
    state.update({usage.seconds: (usage.used, usage.resets_at) for usage in counted})
    return counted


def read(state: State, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
    """How full the windows are at `now`, nothing counted."""
    usages = []
    for limit, seconds in windows:
        used, ends_at = state.get(seconds, (0, now))
        if now >= ends_at:
            used, ends_at = 0, now + seconds
        usages.append(Usage(limit, seconds, used, ends_at, allowed=used < limit))
    return usages


def over(state: State, now: float) -> bool:
    """Whether nothing of this state matters any more."""
    return all(ends_at <= now for _, ends_at in state.values())
