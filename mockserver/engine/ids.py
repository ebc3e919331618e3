"""Ids of records: UUIDs whose order is the order of creation."""

from __future__ import annotations

import secrets
import uuid

_RANDOM_BITS = 74  # What a version 7 UUID (RFC 9562) has beside its millisecond.
_MAX_STEP = 1 << 16


class _Sequence:
    """Numbers that begin with the millisecond and only ever grow, within one millisecond too.

    A list that is sorted by time breaks ties by id: so a record that is added while somebody pages comes
    after those that were there, and no cursor skips it.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: float) -> int:
        # The upper half stays free: growing must not run into the next millisecond.
        number = int(now * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS - 1)
        if number >> _RANDOM_BITS <= self._last >> _RANDOM_BITS:
            number = self._last + 1 + secrets.randbelow(_MAX_STEP)
        self._last = number
        return number


_sequence = _Sequence()


def new_uuid(now: float) -> str:
    """A fresh version 7 UUID; `now` in epoch seconds."""
    number = _sequence.next(now)
    head, tail = number >> 62, number & (1 << 62) - 1
    whole = head >> 12 << 80 | 7 << 76 | (head & 0xFFF) << 64 | 2 << 62 | tail
    return str(uuid.UUID(int=whole))
