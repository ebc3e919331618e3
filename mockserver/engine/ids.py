"""Ids of records: UUIDs whose order is the order of creation."""

from __future__ import annotations

import os
from random import Random

_RANDOM_BITS = 74  # What a version 7 UUID (RFC 9562) has beside its millisecond: 12 bits and 62.
_LOWER = (1 << 62) - 1
_STEP_BITS = 16


class _Sequence:
    """Pairs of a millisecond and random bits that only ever grow, within one millisecond too.

    A list that is sorted by time breaks ties by id: so a record that is added while somebody pages comes
    after those that were there, and no cursor skips it.
    """

    __slots__ = ("_bits", "_millis", "_random")

    def __init__(self) -> None:
        # An id is no secret: it only must not meet another's, of another process either.
        self._random = Random()  # noqa: S311  # see above
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._random.seed)
        self._millis = 0
        self._bits = 0

    def uuid(self, now: float) -> str:
        """A fresh version 7 UUID; `now` in epoch seconds."""
        millis = int(now * 1000)
        if millis > self._millis:
            # The upper half stays free: growing must not run into the next millisecond.
            self._millis, self._bits = millis, self._random.getrandbits(_RANDOM_BITS - 1)
        else:
            self._bits += 1 + self._random.getrandbits(_STEP_BITS)
        bits = self._bits
        whole = self._millis << 80 | 7 << 76 | bits >> 62 << 64 | 2 << 62 | bits & _LOWER
        text = whole.to_bytes(16).hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def start_anew(self) -> None:
        """Let the next id be of its own time, even if earlier ones were ahead of it: for when no record is left.

        It is none of the earlier ones: its bits are drawn.
        """
        self._millis = 0


_SEQUENCE = _Sequence()
new_uuid = _SEQUENCE.uuid
start_anew = _SEQUENCE.start_anew
