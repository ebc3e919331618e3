"""What the control plane reads of a journal, one process's own or that of all who share a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from mockserver.journal.entry import EVERYTHING, Entry, Filter
from mockserver.pipeline import Exchange

Recorder = Callable[[Exchange], Awaitable[None]]


class Pages(Protocol):
    """The newest entries, at most `limit`."""

    limit: int

    @property
    def recorder(self) -> Recorder | None:
        """What has to be awaited before a request is answered; None where it is enough to tell the journal then."""

    async def get(self, entry_id: str) -> Entry | None:
        """The entry with this id; None where there is none, or no longer."""

    async def find(self, wanted: Filter = EVERYTHING, limit: int | None = None) -> list[Entry]:
        """The entries that fit, newest first."""

    async def count(self, wanted: Filter = EVERYTHING) -> int:
        """How many entries fit."""

    async def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        """Forget the entries of an API and tenant (its id), None = any; return how many. Ids go on from there."""

    async def watch(self, wanted: Filter = EVERYTHING) -> AsyncIterator[Entry]:
        """Entries as they are recorded from the moment on at which this returns, until `close`."""

    def close(self) -> None:
        """End what every viewer watches, so that nobody keeps the server from stopping."""
