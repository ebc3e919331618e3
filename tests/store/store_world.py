"""What the store's tests share: each promise is tried on both stores."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.store import Delivery, Record, Remembered, Store, open_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


def on_both_stores(test: Callable[[Store], Awaitable[None]]) -> Callable[[str, Path], None]:
    """Run an async test with an empty store in memory, and with one in a file."""

    @pytest.mark.parametrize("backend", ["memory", "sqlite"])
    def run(backend: str, tmp_path: Path) -> None:
        asyncio.run(with_store(None if backend == "memory" else tmp_path / "state.db", test))

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


async def with_store(path: Path | None, test: Callable[[Store], Awaitable[None]]) -> None:
    store = open_store(path)
    try:
        await test(store)
    finally:
        await store.close()


def lead(record_id: str, *keys: tuple[str, str], archived: bool = False, search: str = "", **data: Any) -> Record:
    return Record("lead", record_id, {"id": record_id, **data}, keys, search, archived)


def answer(expires_at: float = 100.0, body: bytes = b'{"id": 1}') -> Remembered:
    return Remembered("f" * 64, 201, (("content-type", "application/json"),), body, expires_at)


def delivery(delivery_id: str, tenant: str = "t", next_at: float = 0.0) -> Delivery:
    return Delivery(delivery_id, "mega", tenant, "sub", "lead.created", b'{"a":\n1}', next_at=next_at)


async def put(store: Store, *records: Record, tenant: str = "t") -> None:
    async with store.transaction(tenant) as tx:
        for record in records:
            await tx.put(record)
