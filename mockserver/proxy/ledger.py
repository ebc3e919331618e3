"""The ledger: how often each promise was put to the test, and the exchanges that broke it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mockserver.proxy.exchange import Exchange
from mockserver.proxy.judge import Ruling
from mockserver.proxy.promises import Promise

#: So many different deviations of one promise are kept with an exchange that shows them.
SHOWN = 5


@dataclass(slots=True)
class Entry:
    """One promise. `shown` maps what was wrong to the first exchange that showed it, without its secrets."""

    promise: Promise
    tested: int = 0
    broken: int = 0
    shown: dict[str, Exchange] = field(default_factory=dict)


class Ledger:
    """Adds up rulings. `outside` counts requests that did not go to this API, `failed` those that got no answer."""

    def __init__(self, promises: Mapping[str, Promise]) -> None:
        self._entries = {name: Entry(one) for name, one in promises.items()}
        self.exchanges = 0
        self.outside = 0
        self.failed = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, ruling: Ruling, redacted: Exchange) -> None:
        """Count one exchange."""
        self.exchanges += 1
        self.outside += not ruling.ours
        self.failed += redacted.answer is None
        for one in ruling.tested:
            entry = self._entries[one.promise.id]
            entry.tested += 1
            entry.broken += bool(one.problems)
            for problem in one.problems:
                if len(entry.shown) < SHOWN:
                    entry.shown.setdefault(problem.detail, redacted)

    @property
    def deviations(self) -> Counter[str]:
        """Tests that failed, by side."""
        found: Counter[str] = Counter()
        for entry in self:
            found[entry.promise.side] += entry.broken
        return +found
