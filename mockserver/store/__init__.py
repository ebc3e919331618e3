"""State behind one small interface: in memory, in an SQLite file, or in a PostgreSQL database that many share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mockserver.store.base import (
    Archived,
    Attempt,
    Condition,
    Delivery,
    DeliveryState,
    KeyTaken,
    Page,
    Query,
    Record,
    Remembered,
    Store,
    StoreError,
    Transaction,
    Usage,
)
from mockserver.store.memory import MemoryStore
from mockserver.store.snapshot import SnapshotError
from mockserver.store.sqlite import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

__all__ = [
    "Archived",
    "Attempt",
    "Condition",
    "Delivery",
    "DeliveryState",
    "KeyTaken",
    "Page",
    "Query",
    "Record",
    "Remembered",
    "SnapshotError",
    "Store",
    "StoreError",
    "Transaction",
    "Usage",
    "is_shared",
    "named",
    "open_store",
]


def open_store(url: str | Path | None) -> Store:
    """None -> memory; a path, or `sqlite:///path` -> an SQLite file, made if absent; `postgresql://...` -> PostgreSQL.

    StoreError names the file or the database that cannot be used, and the way out.
    """
    if url is None:
        return MemoryStore()
    if not is_shared(url):
        return SQLiteStore(url)
    store: Store = _postgres().PostgresStore(str(url))
    return store


def named(url: str | Path) -> str:
    """How messages name this state: a database's address is told without its password."""
    return str(_postgres().Address(str(url))) if is_shared(url) else str(url)


def _postgres() -> ModuleType:
    try:
        return import_module("mockserver.store.postgres")
    except ImportError as error:
        raise StoreError(
            f"a PostgreSQL database needs psycopg ({error}); install it with: pip install 'leadmock[postgres]'"
        ) from None


def is_shared(url: str | Path | None) -> bool:
    """Whether several processes can use this state at once."""
    return str(url).startswith(("postgresql://", "postgres://"))
