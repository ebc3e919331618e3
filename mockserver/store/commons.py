"""What those who share a state share beside it. A state that belongs to one process has no commons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Commons:
    """All of it."""

    shelf: Shelf
