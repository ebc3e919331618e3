"""The journal of one process: the last requests with their answers, kept as they were and told without secrets.

What is kept of a request is one piece of bytes. A thousand entries of forty objects each would leave every request the
memory that was used a thousand requests ago, and no cache holds that: it made requests slower by a tenth.
"""

from __future__ import annotations

import asyncio
import marshal
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator

from mockserver.contract.model import Contract, Operation
from mockserver.engine.call import Credential
from mockserver.engine.faults import Fault
from mockserver.engine.refusal import Refusal
from mockserver.journal.entry import EVERYTHING, Entry, Filter
from mockserver.journal.pages import Recorder
from mockserver.pipeline import Exchange
from mockserver.reply import Answer

_OVERHEAD = 500  # Bytes that an entry takes beside what is packed, roughly.
_PLAIN = 2  # The version of the format that looks for no repetitions, and so takes half the time.
_WAITING = 256  # Entries that wait for one viewer; of a slower one the oldest are dropped.

_Kept = tuple[bytes, Contract, Operation | None, Credential | None, Refusal | None, Fault | None]


class Journal:
    """The newest entries, at most `limit` and `max_bytes` of them in all; a limit of 0 keeps none."""

    def __init__(self, *, limit: int = 1000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self.limit = limit
        self._max_bytes = max_bytes
        self._kept: OrderedDict[int, _Kept] = OrderedDict()  # by number
        self._packed = 0  # bytes
        self._last = 0
        self._viewers: set[asyncio.Queue[int | None]] = set()  # numbers: entries are held once

    @property
    def size(self) -> int:
        """Bytes that the entries occupy, roughly."""
        return self._packed + len(self._kept) * _OVERHEAD

    @property
    def keeps(self) -> bool:
        """Whether anything is recorded."""
        return self.limit > 0

    def record(self, exchange: Exchange) -> None:
        """Keep an answered exchange. Nothing is parsed here: that is done for whoever looks."""
        if not self.limit or exchange.answer is None:
            return
        self._last += 1
        self._kept[self._last] = kept = _keep(exchange, exchange.answer)
        self._packed += len(kept[0])
        while len(self._kept) > self.limit or (self.size > self._max_bytes and len(self._kept) > 1):
            self._packed -= len(self._kept.popitem(last=False)[1][0])
        for viewer in self._viewers:
            if viewer.full():
                viewer.get_nowait()
            viewer.put_nowait(self._last)

    def get(self, entry_id: str) -> Entry | None:
        """The entry with this id; None where there is none, or no longer."""
        kept = self._kept.get(int(entry_id)) if entry_id.isdecimal() and len(entry_id) < 16 else None  # noqa: PLR2004  # more than anybody sends
        return None if kept is None else _entry(int(entry_id), kept)

    def find(self, wanted: Filter = EVERYTHING, limit: int | None = None) -> list[Entry]:
        """The entries that fit, newest first."""
        found: list[Entry] = []
        for entry in self:
            if limit is not None and len(found) >= limit:
                break
            if wanted.fits(entry):
                found.append(entry)
        return found

    def count(self, wanted: Filter = EVERYTHING) -> int:
        """How many entries fit."""
        return sum(wanted.fits(entry) for entry in self)

    def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        """Forget the entries of an API and tenant (its id), None = any; return how many. Ids go on from there."""
        wanted = Filter(api=api, tenant=tenant)
        gone = [entry.number for entry in self if wanted.fits(entry)]
        for number in gone:
            self._packed -= len(self._kept.pop(number)[0])
        return len(gone)

    def watch(self, wanted: Filter = EVERYTHING) -> AsyncIterator[Entry]:
        """Entries as they are recorded from now on, until the journal is closed.

        Of a viewer who is more than 256 behind, the oldest are dropped, and so are those that the journal has dropped.
        """
        viewer: asyncio.Queue[int | None] = asyncio.Queue(_WAITING)
        self._viewers.add(viewer)
        return self._seen_by(viewer, wanted)

    async def _seen_by(self, viewer: asyncio.Queue[int | None], wanted: Filter) -> AsyncIterator[Entry]:
        try:
            while (number := await viewer.get()) is not None:
                kept = self._kept.get(number)
                if kept is not None and wanted.fits(entry := _entry(number, kept)):
                    yield entry
        finally:
            self._viewers.discard(viewer)

    def close(self) -> None:
        """End what every viewer watches, so that nobody keeps the server from stopping."""
        for viewer in self._viewers:
            if viewer.full():
                viewer.get_nowait()
            viewer.put_nowait(None)

    def __iter__(self) -> Iterator[Entry]:
        """Newest first."""
        return (_entry(number, kept) for number, kept in reversed(list(self._kept.items())))

    def __len__(self) -> int:
        return len(self._kept)


def _keep(exchange: Exchange, answer: Answer) -> _Kept:
    scope, plan = exchange.scope, exchange.plan
    asked = (scope["method"], scope["path"], scope["query_string"], scope["headers"], b"".join(exchange.received))
    answered = (answer.status, answer.headers, answer.body)
    when = (exchange.began, exchange.seconds)
    packed = marshal.dumps((when, asked, answered, exchange.outcome), _PLAIN)
    called = None if plan is None else plan.operation
    return packed, exchange.contract, called, exchange.credential, exchange.refusal, exchange.fault


def _entry(number: int, kept: _Kept) -> Entry:
    packed, contract, called, credential, refusal, fault = kept
    (began, seconds), asked, answered, outcome = marshal.loads(packed)  # noqa: S302  # what _keep has packed
    method, path, query, headers, body = asked
    return Entry(
        number=number,
        time=began,
        seconds=seconds,
        contract=contract,
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        answer=Answer(*answered),
        outcome=outcome,
        called=called,
        credential=credential,
        refusal=refusal,
        fault=fault,
    )


class OwnPages:
    """See pages.Pages."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.limit = journal.limit

    @property
    def recorder(self) -> Recorder | None:
        return None

    async def get(self, entry_id: str) -> Entry | None:
        return self._journal.get(entry_id)

    async def find(self, wanted: Filter = EVERYTHING, limit: int | None = None) -> list[Entry]:
        return self._journal.find(wanted, limit)

    async def count(self, wanted: Filter = EVERYTHING) -> int:
        return self._journal.count(wanted)

    async def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        return self._journal.clear(api, tenant)

    async def watch(self, wanted: Filter = EVERYTHING) -> AsyncIterator[Entry]:
        return self._journal.watch(wanted)

    def close(self) -> None:
        self._journal.close()
