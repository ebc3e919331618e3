"""Ids in the documented form: a prefix and 16 Crockford base32 symbols (P7)."""

from __future__ import annotations

import secrets

_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 16
_BITS = 5
_RANDOM_BITS = 30
_MAX_STEP = 16


class _Sequence:
    """Numbers that begin with the millisecond and are random from there, but grow within one millisecond.

    So the order of ids is the order of creation, which timestamps of whole seconds cannot tell.
    """

    __slots__ = ("_last", "_millisecond")

    def __init__(self) -> None:
        self._millisecond = -1
        self._last = 0

    def next(self, now: float) -> int:
        millisecond = int(now * 1000)
        if millisecond == self._millisecond:
            self._last += 1 + secrets.randbelow(_MAX_STEP)
        else:
            self._millisecond = millisecond
            # The upper half stays free: growing must not run into the next millisecond.
            self._last = millisecond << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS - 1)
        return self._last


_sequence = _Sequence()


def new_id(prefix: str, now: float) -> str:
    """A fresh id such as lead_01J9ZB4T7QX2W5M8; `now` in epoch seconds."""
    number = _sequence.next(now)
    return f"{prefix}_" + "".join(_SYMBOLS[number >> _BITS * place & 31] for place in reversed(range(_LENGTH)))
