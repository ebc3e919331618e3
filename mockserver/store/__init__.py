"""State behind one small interface: in memory, or in an SQLite file."""

from __future__ import annotations

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
from mockserver.store.sql import SQLStore

if TYPE_CHECKING:
    from pathlib import Path

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
    "open_store",
]


def open_store(url: str | Path | None) -> Store:
    """None -> memory; a path, or `sqlite:///path` -> an SQLite file, made if absent.

    StoreError names the file that cannot be used and the way out.
    """
    return MemoryStore() if url is None else SQLStore(url)
