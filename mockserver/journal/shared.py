"""The journal of all who share a database: an entry is there for each of them before its request is answered."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from mockserver.contract.model import Contract
from mockserver.contract.schema import FieldError
from mockserver.engine.call import Credential, Tenant
from mockserver.engine.faults import Fault
from mockserver.engine.refusal import Refusal
from mockserver.journal.entry import EVERYTHING, Entry, Filter, RawHeaders
from mockserver.journal.pages import Recorder
from mockserver.pipeline import Exchange
from mockserver.reply import Answer
from mockserver.store.base import StoreError
from mockserver.store.commons import Log, LogRow

logger = logging.getLogger("leadmock")

_LOOK_SECONDS = 0.25  # For whoever watches.
_AT_ONCE = 256  # Entries that a viewer is told between two looks; of more the oldest are left out.


class SharedJournal:
    """See pages.Pages; at most `max_bytes` in all."""

    def __init__(self, log: Log, contracts: Mapping[str, Contract], *, limit: int, max_bytes: int) -> None:
        self.limit = limit
        self._max_bytes = max_bytes
        self._log = log
        self._contracts = contracts
        self._closed = asyncio.Event()

    @property
    def recorder(self) -> Recorder | None:
        return self._record if self.limit else None

    async def _record(self, exchange: Exchange) -> None:
        """Keep an exchange that is about to be answered. One that cannot be kept is answered all the same."""
        if exchange.answer is None:
            return
        try:
            await self._log.write(_row(exchange, exchange.answer), self.limit, self._max_bytes)
        except StoreError as error:
            logger.error("a request is missing from the journal: %s", error)  # noqa: TRY400  # a traceback says no more

    async def get(self, entry_id: str) -> Entry | None:
        if not entry_id.isdecimal() or len(entry_id) > 15:  # noqa: PLR2004  # more than anybody sends
            return None
        rows = await self._log.rows({**self._given(EVERYTHING), "number": int(entry_id)}, 1)
        return self._entry(rows[0]) if rows else None

    async def find(self, wanted: Filter = EVERYTHING, limit: int | None = None) -> list[Entry]:
        return [self._entry(row) for row in await self._log.rows(self._given(wanted), limit)]

    async def count(self, wanted: Filter = EVERYTHING) -> int:
        return await self._log.count(self._given(wanted))

    async def clear(self, api: str | None = None, tenant: str | None = None) -> int:
        return await self._log.clear(self._given(Filter(api=api, tenant=tenant)))

    async def watch(self, wanted: Filter = EVERYTHING) -> AsyncIterator[Entry]:
        """Told within a quarter of a second."""
        return self._after(await self._log.last(), wanted)

    async def _after(self, last: int, wanted: Filter) -> AsyncIterator[Entry]:
        while not self._closed.is_set():
            try:
                fresh = await self.find(replace(wanted, since=last), _AT_ONCE)
            except StoreError as error:
                logger.error("who watches requests is let go: %s", error)  # noqa: TRY400  # a traceback says no more
                return
            for entry in reversed(fresh):
                last = entry.number
                yield entry
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), _LOOK_SECONDS)

    def close(self) -> None:
        self._closed.set()

    def _given(self, wanted: Filter) -> dict[str, Any]:
        """What is asked for, and no more than is served here: others may serve other APIs."""
        given = {name: value for name, value in asdict(wanted).items() if value is not None}
        return {**given, "apis": list(self._contracts), "newest": self.limit}

    def _entry(self, row: LogRow) -> Entry:
        contract = self._contracts[row.api]
        rest = json.loads(row.rest)
        return Entry(
            number=row.number,
            time=rest["time"],
            seconds=rest["seconds"],
            contract=contract,
            method=row.method,
            path=row.path,
            query=rest["query"].encode("latin-1"),
            headers=_raw(rest["headers"]),
            body=row.body,
            answer=Answer(row.status, tuple(_raw(rest["answered"])), row.answer),
            outcome=rest["outcome"],
            called=contract.operations.get(row.operation),
            credential=_credential(row, rest["credential"]),
            refusal=_refusal(rest["refusal"]),
            fault=None if rest["fault"] is None else Fault(**rest["fault"]),
        )


def _row(exchange: Exchange, answer: Answer) -> LogRow:
    scope, credential, refusal = exchange.scope, exchange.credential, exchange.refusal
    rest = {
        "time": exchange.began,
        "seconds": exchange.seconds,
        "query": scope["query_string"].decode("latin-1"),
        "headers": _told(scope["headers"]),
        "answered": _told(answer.headers),
        "outcome": exchange.outcome,
        "credential": None
        if credential is None
        else {"tenant": credential.tenant.name, "name": credential.name, "scopes": sorted(credential.scopes)},
        "refusal": None
        if refusal is None
        else {
            "reason": refusal.reason,
            "message": refusal.message,
            "errors": [asdict(error) for error in refusal.errors],
            "headers": dict(refusal.headers),
            "status": refusal.status,
        },
        "fault": None if exchange.fault is None else asdict(exchange.fault),
    }
    return LogRow(
        number=0,
        api=exchange.contract.name,
        operation=exchange.operation,
        tenant="" if credential is None else credential.tenant.id,
        method=scope["method"],
        status=answer.status,
        path=scope["path"],
        body=b"".join(exchange.received),
        answer=answer.body,
        rest=json.dumps(rest),
    )


def _told(pairs: Any) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in pairs]


def _raw(pairs: list[list[str]]) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def _credential(row: LogRow, told: Mapping[str, Any] | None) -> Credential | None:
    """Without its secret, which nothing that is told of an entry needs."""
    if told is None:
        return None
    tenant = Tenant(f"{row.api}:{row.tenant}", row.tenant, told["tenant"], row.api)
    return Credential("", tenant, told["name"], frozenset(told["scopes"]))


def _refusal(told: Mapping[str, Any] | None) -> Refusal | None:
    if told is None:
        return None
    errors = tuple(FieldError(**error) for error in told["errors"])
    return Refusal(told["reason"], told["message"], errors, told["headers"], told["status"])
