"""Snapshots of a state that belongs to one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.store.commons import MOST_SNAPSHOTS, ShelfFullError

if TYPE_CHECKING:
    from mockserver.store.base import Store


class OwnShelf:
    """See commons.Shelf. In memory, gone with the process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, tuple[float, dict[str, Any]]] = {}

    async def taken(self) -> dict[str, float]:
        return {name: at for name, (at, _) in self._held.items()}

    async def take(self, name: str, at: float) -> None:
        if name not in self._held and len(self._held) >= MOST_SNAPSHOTS:
            raise ShelfFullError(list(self._held))
        self._held[name] = (at, await self._store.snapshot())

    async def restore(self, name: str) -> float | None:
        held = self._held.get(name)
        if held is None:
            return None
        at, state = held
        await self._store.restore(state)
        return at

    async def delete(self, name: str) -> bool:
        return self._held.pop(name, None) is not None
