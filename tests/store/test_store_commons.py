"""What several stores on one database share beside the state: each change is seen by all, and no two get in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mockserver.store.commons import MOST_SNAPSHOTS, ShelfFullError
from tests.store.store_world import with_stores

if TYPE_CHECKING:
    from mockserver.store import Store
    from mockserver.store.commons import Commons


def _commons(store: Store) -> Commons:
    assert store.commons is not None
    return store.commons


@with_stores(4)
async def test_no_more_snapshots_are_held_than_fit_whoever_takes_them(*given: Store) -> None:
    """Of 40 that are taken at once ten are held, the same for all; the others are refused with the names of those."""

    async def take(number: int) -> ShelfFullError | None:
        try:
            await _commons(given[number % 4]).shelf.take(str(number), float(number))
        except ShelfFullError as full:
            return full
        return None

    refusals = [each for each in await asyncio.gather(*map(take, range(40))) if each is not None]
    held = await _commons(given[0]).shelf.taken()
    assert len(held) == 40 - len(refusals) == MOST_SNAPSHOTS
    for refusal in refusals:
        assert refusal.names == list(held)
