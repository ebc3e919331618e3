"""The journal: the last requests with their answers, kept as they were and told without secrets.

What is kept of a request is one piece of bytes. A thousand entries of forty objects each would leave every request the
memory that was used a thousand requests ago, and no cache holds that: it made requests slower by a tenth.
"""

from __future__ import annotations

import asyncio
import marshal
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from mockserver.engine.call import Credential
from mockserver.engine.faults import Fault
from mockserver.engine.refusal import Refusal
from mockserver.pipeline import Exchange
from mockserver.plan import Plan
from mockserver.reply import Answer

_OVERHEAD = 500  # Bytes that an entry takes beside what is packed, roughly.
_PLAIN = 2  # The version of the format that looks for no repetitions, and so takes half the time.
_WAITING = 256  # Entries that wait for one viewer; of a slower one the oldest are dropped.

RawHeaders = list[tuple[bytes, bytes]]
_Kept = tuple[bytes, Plan | None, Credential | None, Refusal | None, Fault | None]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One request and its answer, as they were: show it through `mockserver.rendering`, which redacts secrets.

    `number` counts from 1; `id` is the same as text. `time` is in epoch seconds, by the mock's clock.
    """

    number: int
    time: float
    seconds: float
    api: str
    method: str
    path: str
    query: bytes
    headers: RawHeaders
    body: bytes
    answer: Answer
    outcome: str
    plan: Plan | None
    credential: Credential | None
    refusal: Refusal | None
    fault: Fault | None

    @property
    def id(self) -> str:
        return str(self.number)

    @property
    def operation(self) -> str:
        """The operationId, empty where the path or method led to none."""
        return "" if self.plan is None else self.plan.operation.id

    @property
    def tenant(self) -> str:
        """The tenant's id, empty where nobody was recognised."""
        return "" if self.credential is None else self.credential.tenant.id

    @property
    def status(self) -> int:
        return self.answer.status

    def header(self, name: str) -> str | None:
        """The first value of a request header, by its lower-case name."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), None)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; what is None does not matter. `status` is exact ("404") or a class ("4xx"), `tenant` an id.

    `path` and `body` (the request's) are looked for anywhere in theirs. `since` is an id: only later entries.
    """

    api: str | None = None
    operation: str | None = None
    tenant: str | None = None
    status: str | None = None
    method: str | None = None
    path: str | None = None
    body: str | None = None
    since: int | None = None

    def fits(self, entry: Entry) -> bool:
        return (
            self.api in {None, entry.api}
            and self.operation in {None, entry.operation}
            and self.tenant in {None, entry.tenant}
            and (self.method is None or self.method.upper() == entry.method)
            and (self.status is None or self.status.lower() in {str(entry.status), f"{entry.status // 100}xx"})
            and (self.path is None or self.path in entry.path)
            and (self.body is None or self.body.encode("utf-8", "surrogatepass") in entry.body)
            and (self.since is None or entry.number > self.since)
        )


_EVERYTHING = Filter()


class Journal:
    """The newest entries, at most `limit` and `max_bytes` of them in all; a limit of 0 keeps none."""

    def __init__(self, *, limit: int = 1000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self._limit = limit
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
        return self._limit > 0

    def record(self, exchange: Exchange) -> None:
        """Keep an answered exchange. Nothing is parsed here: that is done for whoever looks."""
        if not self._limit or exchange.answer is None:
            return
        self._last += 1
        self._kept[self._last] = kept = _keep(exchange, exchange.answer)
        self._packed += len(kept[0])
        while len(self._kept) > self._limit or (self.size > self._max_bytes and len(self._kept) > 1):
            self._packed -= len(self._kept.popitem(last=False)[1][0])
        for viewer in self._viewers:
            if viewer.full():
                viewer.get_nowait()
            viewer.put_nowait(self._last)

    def get(self, entry_id: str) -> Entry | None:
        """The entry with this id; None where there is none, or no longer."""
        kept = self._kept.get(int(entry_id)) if entry_id.isdecimal() and len(entry_id) < 16 else None  # noqa: PLR2004  # more than anybody sends
        return None if kept is None else _entry(int(entry_id), kept)

    def find(self, wanted: Filter = _EVERYTHING, limit: int | None = None) -> list[Entry]:
        """The entries that fit, newest first."""
        found: list[Entry] = []
        for entry in self:
            if limit is not None and len(found) >= limit:
                break
            if wanted.fits(entry):
                found.append(entry)
        return found

    def count(self, wanted: Filter = _EVERYTHING) -> int:
        """How many entries fit."""
        return sum(wanted.fits(entry) for entry in self)

    def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        """Forget the entries of an API and tenant (its id), None = any; return how many. Ids go on from there."""
        wanted = Filter(api=api, tenant=tenant)
        gone = [entry.number for entry in self if wanted.fits(entry)]
        for number in gone:
            self._packed -= len(self._kept.pop(number)[0])
        return len(gone)

    def watch(self, wanted: Filter = _EVERYTHING) -> AsyncIterator[Entry]:
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
    scope = exchange.scope
    asked = (scope["method"], scope["path"], scope["query_string"], scope["headers"], b"".join(exchange.received))
    answered = (answer.status, answer.headers, answer.body)
    when = (exchange.began, exchange.seconds)
    packed = marshal.dumps((when, exchange.contract.name, asked, answered, exchange.outcome), _PLAIN)
    return packed, exchange.plan, exchange.credential, exchange.refusal, exchange.fault


def _entry(number: int, kept: _Kept) -> Entry:
    packed, plan, credential, refusal, fault = kept
    (began, seconds), api, asked, answered, outcome = marshal.loads(packed)  # noqa: S302  # what _keep has packed
    method, path, query, headers, body = asked
    return Entry(
        number=number,
        time=began,
        seconds=seconds,
        api=api,
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        answer=Answer(*answered),
        outcome=outcome,
        plan=plan,
        credential=credential,
        refusal=refusal,
        fault=fault,
    )
