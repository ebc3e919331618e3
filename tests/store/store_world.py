"""What the store's tests share: each promise is tried on both stores."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.store import Delivery, Record, Remembered, Store, open_store
from tests.postgres import cluster, database_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


BACKENDS = ["memory", "sqlite", "postgres"]


def on_every_store(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an async test with an empty store in memory, and with one in a file; further arguments are parameters."""

    def run(*, backend: str, tmp_path: Path, **parameters: Any) -> None:
        asyncio.run(with_backend(backend, tmp_path, partial(test, **parameters)))

    own = list(signature(test).parameters.values())[1:]
    added = [Parameter(name, Parameter.KEYWORD_ONLY) for name in ("backend", "tmp_path")]
    own = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own]
    run.__signature__ = Signature([*added, *own])  # type: ignore[attr-defined]  # pytest reads it
    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    marks = getattr(test, "pytestmark", [])
    run.pytestmark = [*marks, pytest.mark.parametrize("backend", BACKENDS).mark]  # type: ignore[attr-defined]
    return run


async def with_backend(backend: str, folder: Path, test: Callable[[Store], Awaitable[None]]) -> None:
    """Run a test with an empty store of this kind; a file goes into `folder`."""
    await with_store(database_of(backend, folder), test)


async def with_store(url: Path | str | None, test: Callable[[Store], Awaitable[None]]) -> None:
    store = open_store(url)
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


@asynccontextmanager
async def stores(number: int, url: str | None = None) -> AsyncIterator[list[Store]]:
    """So many stores on one database, a fresh one unless its address is given."""
    where = url or cluster().fresh()
    opened = [open_store(where) for _ in range(number)]
    try:
        yield opened
    finally:
        for store in opened:
            await store.close()


def with_stores(number: int) -> Callable[[Callable[..., Awaitable[None]]], Callable[[], None]]:
    """Run an async test with so many stores on one fresh database."""

    def decorate(test: Callable[..., Awaitable[None]]) -> Callable[[], None]:
        async def play() -> None:
            async with stores(number) as opened:
                await test(*opened)

        def run() -> None:
            asyncio.run(play())

        run.__name__, run.__doc__ = test.__name__, test.__doc__
        return run

    return decorate
