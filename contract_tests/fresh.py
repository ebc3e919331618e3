"""Contact data that nobody has used before: not in this run, not in an earlier one on the same target."""

from __future__ import annotations

import itertools
import random
import string

_ALPHABET = string.digits + string.ascii_lowercase
# Coprime to a thousand million, so that the last nine digits come round only after all were used.
_STRIDE = 104_729_371
_SPACE = 1_000_000_000


class Fresh:
    """Not drawn from the seed: a second run with the same seed must not meet the leads of the first."""

    def __init__(self) -> None:
        chance = random.SystemRandom()
        self._run = "".join(chance.choices(_ALPHABET, k=7))
        self._start = chance.randrange(_SPACE)
        self._number = itertools.count()

    def token(self) -> str:
        """Letters and digits, small; never the same twice."""
        number, digits = next(self._number), ""
        while number:
            number, digit = divmod(number, len(_ALPHABET))
            digits = _ALPHABET[digit] + digits
        return f"{self._run}{digits or '0'}"

    def email(self) -> str:
        return f"lead.{self.token()}@example.com"

    def name(self) -> str:
        return f"Lead {self.token()}"

    def phone(self) -> str:
        """Ten digits, the first 6 to 9; the last nine of no two are the same."""
        number = next(self._number)
        return f"{6 + number % 4}{(self._start + number * _STRIDE) % _SPACE:09d}"
