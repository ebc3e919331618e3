"""What those who share a state share beside it. A state that belongs to one process has no commons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

MOST_SNAPSHOTS = 10
"""Each is a copy of the whole state."""


class ShelfFullError(Exception):
    """`take` of one snapshot too many; `names` are those that are held."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"{len(names)} snapshots are held: {', '.join(names)}")
        self.names = names


class Shelf(Protocol):
    """Snapshots of the whole state by name, at most MOST_SNAPSHOTS. Moments are in epoch seconds."""

    async def taken(self) -> dict[str, float]:
        """When each was taken, in the order in which their names came up."""

    async def take(self, name: str, at: float) -> None:
        """Keep the present state; one of the same name is replaced. Raises ShelfFullError."""

    async def restore(self, name: str) -> float | None:
        """Replace the state by a snapshot, which stays; return when it was taken, None where there is none."""

    async def delete(self, name: str) -> bool:
        """False where there is none."""


class Watched(NamedTuple):
    """A counter of the state, and the value that is known of it."""

    tenant: str
    name: str
    value: int


class Reading(NamedTuple):
    """What stands on the board. `faults`: (content, how often it has struck), the oldest first, none that is used up.

    `offset` and `frozen_at` are the clock's, in seconds; `watched` is the present value of the counter that was named.
    """

    version: int
    offset: float
    frozen_at: float | None
    faults: tuple[tuple[str, int], ...]
    watched: int


class Board(Protocol):
    """How the clock is set and which faults are on. Each change makes a new version."""

    async def read(self, known: int, watched: Watched) -> Reading | None:
        """None where there is no version after `known`, and the counter is as it is known. One round trip."""

    async def move(self, change: Callable[[float, float | None], tuple[float, float | None]]) -> None:
        """Set the clock: `change` gets its offset and where it is frozen, and gives the new ones."""

    async def add(self, fault_id: str, times: int | None, content: str) -> None:
        """Switch a fault on, to strike so often; None: without an end."""

    async def remove(self, fault_ids: Collection[str]) -> int:
        """Switch them off; return how many of them were on."""

    async def strike(self, fault_id: str) -> int | None:
        """Count that it strikes a request; return how often it has, None where it is off or used up by now."""


class LogRow(NamedTuple):
    """A request that was answered. `rest` is what nobody looks for; `number` is given when it is written."""

    number: int
    api: str
    operation: str
    tenant: str
    method: str
    status: int
    path: str
    body: bytes
    answer: bytes
    rest: str


class Log(Protocol):
    """The newest requests, numbered in the order in which they are seen.

    `wanted`, which rows, may have number, since (a number: later ones), newest (so many at most), api, apis (any of
    them), operation, tenant, method, status ("404" or "4xx"), path and body (contained in theirs).
    """

    async def write(self, row: LogRow, limit: int, max_bytes: int) -> None:
        """Add a row; now and then drop the oldest beyond `limit`, and beyond `max_bytes` in all. One round trip."""

    async def rows(self, wanted: Mapping[str, Any], limit: int | None = None) -> list[LogRow]:
        """The newest first."""

    async def count(self, wanted: Mapping[str, Any]) -> int:
        """How many there are."""

    async def clear(self, wanted: Mapping[str, Any]) -> int:
        """Drop them; return how many they were. Numbers go on."""

    async def last(self) -> int:
        """The newest number that was given; 0 before the first."""


class Figure(NamedTuple):
    """So much of what `name` and `labels` say."""

    name: str
    labels: tuple[str, ...]
    counts: tuple[float, ...]


class Tally(Protocol):
    """Figures that only grow."""

    async def add(self, figures: Sequence[Figure]) -> None:
        """Add to those of the same name and labels, count by count."""

    async def read(self) -> list[Figure]:
        """The sum of all that was added."""


@dataclass(frozen=True, slots=True)
class Commons:
    """All of it."""

    shelf: Shelf
    board: Board
    log: Log
    tally: Tally
