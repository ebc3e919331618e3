"""Contact data that nobody has used before: not in this run, not in an earlier one on the same target."""

from __future__ import annotations

import itertools
import random
import string

_ALPHABET = string.digits + string.ascii_lowercase
# Coprime to the space, so that the last nine digits come round only after all were used.
_STRIDE = 104_729_371
_LINES = 1_000_000
_SPACE = 9 * 10 * 8 * _LINES


class Fresh:
    """Not drawn from the seed: a second run with the same seed must not meet the leads of the first."""

    def __init__(self, *, plain: bool = False) -> None:
        #: Whether phones are to be such as nobody doubts.
        self._plain = plain
        chance = random.SystemRandom()
        self._run = "".join(chance.choices(_ALPHABET, k=7))
        self._family = "".join(chance.choices(string.ascii_lowercase, k=7))
        self._start = chance.randrange(_SPACE)
        self._number = itertools.count()

    def token(self) -> str:
        """Letters and digits, small; never the same twice."""
        return f"{self._run}{self._next(_ALPHABET)}"

    def email(self) -> str:
        return f"lead.{self.token()}@example.com"

    def name(self) -> str:
        """Of letters, for somebody may refuse digits, and with capitals, for somebody may set a name right."""
        return f"Lead {self._family.capitalize()}{self._next(string.ascii_lowercase)}"

    def phone(self) -> str:
        """Ten digits, the first 6 to 9, of plain ones 9; the last nine of no two are the same.

        A number that there may be, in India and in North America: no 9 in the second place, 2 to 9 in the fourth.
        """
        number = next(self._number)
        area, line = divmod((self._start + number * _STRIDE) % _SPACE, 8 * _LINES)
        first = 9 if self._plain else 6 + number % 4
        return f"{first}{area:02d}{2 * _LINES + line:07d}"

    def _next(self, alphabet: str) -> str:
        """A number that was not there before, written with these."""
        number, written = next(self._number), ""
        while number:
            number, digit = divmod(number, len(alphabet))
            written = alphabet[digit] + written
        return written or alphabet[0]
