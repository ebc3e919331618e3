"""Arithmetic of fixed rate windows, the same for every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.store.base import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

State = dict[int, tuple[int, float]]
"""Of one key: seconds of a window -> (hits used, epoch seconds at which it ends)."""

_UNUSED = (0, float("-inf"))


def tally(state: State, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
    """Count a hit at `now` in all windows, or in none if one is full; `state` is changed only if counted."""
    counted = []
    for limit, seconds in windows:
        used, ends_at = state.get(seconds, _UNUSED)
        if now >= ends_at:
            used, ends_at = 0, now + seconds
        if used >= limit:
            return read(state, windows, now)
        counted.append(Usage(limit, seconds, used + 1, ends_at, True))  # noqa: FBT003  # by name takes twice as long
    for _, seconds, used, ends_at, _ in counted:
        state[seconds] = used, ends_at
    return counted


def read(state: State, windows: Sequence[tuple[int, int]], now: float) -> list[Usage]:
    """How full the windows are at `now`, nothing counted."""
    usages = []
    for limit, seconds in windows:
        used, ends_at = state.get(seconds, _UNUSED)
        if now >= ends_at:
            used, ends_at = 0, now + seconds
        usages.append(Usage(limit, seconds, used, ends_at, used < limit))
    return usages


def over(state: State, now: float) -> bool:
    """Whether nothing of this state matters any more."""
    return all(ends_at <= now for _, ends_at in state.values())
