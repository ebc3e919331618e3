"""A world for the sender: a store, a clock, one registered webhook; and receivers' own checks of signatures."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mockserver.contract.model import Retry, Source, Webhooks
from mockserver.engine.clock import Clock, ManualClock
from mockserver.engine.sender import AttemptReport, Sender, SenderOptions
from mockserver.engine.webhooks import KIND, enqueue_event
from mockserver.store import Attempt, Delivery, Record, Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.engine.receiver import Arrival

SOURCE = Source(level="assumed", says="a test")
MEGA = Webhooks("mega-sha256", Retry((0, 1, 2, 4, 8, 16), factor=2, max_seconds=30), 10.0, SOURCE)
STANDARD = Webhooks("standard-webhooks", Retry((0, 5, 300)), 10.0, SOURCE)
POLICIES = {"mega": MEGA, "crmleadpro": STANDARD}
STANDARD_KEY = bytes(range(32))
STANDARD_SECRET = "whsec_" + base64.b64encode(STANDARD_KEY).decode()
PAYLOAD = {"event": "lead.created", "lead": {"contact_name": "Zo\u00eb", "note": "a  b"}}


def mega_verifies(arrival: Arrival, secret: str) -> bool:
    """A receiver's own check, from the vendor's description alone."""
    signed = arrival.headers["x-mega-timestamp"].encode() + b"." + arrival.body
    expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, arrival.headers["x-mega-signature"])


def standard_verifies(arrival: Arrival, key: bytes) -> bool:
    """A receiver's own check, from the standard's text alone."""
    head = f"{arrival.headers['webhook-id']}.{arrival.headers['webhook-timestamp']}."
    digest = hmac.new(key, head.encode() + arrival.body, hashlib.sha256).digest()
    return arrival.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def reserialised(arrival: Arrival) -> Arrival:
    return replace(arrival, body=json.dumps(json.loads(arrival.body)).encode())


def with_header(arrival: Arrival, name: str, value: str) -> Arrival:
    return replace(arrival, headers={**arrival.headers, name: value})


@dataclass
class World:
    """A store, a clock and a sender, with one webhook registered under the id "w"."""

    options: SenderOptions = field(default_factory=lambda: SenderOptions(allow_loopback=True))
    clock: Clock = field(default_factory=lambda: ManualClock(1000.0))
    api: str = "mega"

    def __post_init__(self) -> None:
        self.store: Store = open_store(None)
        self.reports: list[AttemptReport] = []
        self.heard = asyncio.Event()
        self.sender = Sender(self.store, self.clock, POLICIES, replace(self.options, log=self.hear))
        self.tenant = f"{self.api}:one"
        self.deliveries = 0

    def hear(self, report: AttemptReport) -> None:
        self.reports.append(report)
        self.heard.set()

    async def register(self, url: str, *, record_id: str = "w", **data: Any) -> None:
        secret = "mega_whsec_1" if self.api == "mega" else STANDARD_SECRET
        defaults = {"id": record_id, "event_types": ["lead.created"], "is_active": True, "secret": secret}
        async with self.store.transaction(self.tenant) as tx:
            await tx.put(Record(KIND, record_id, {**defaults, "url": url, **data}))

    async def change(self, *, archived: bool = False, **data: Any) -> None:
        async with self.store.transaction(self.tenant) as tx:
            record = await tx.get(KIND, "w")
            assert record is not None
            await tx.put(replace(record, data={**record.data, **data}, archived=archived))

    async def cause(self) -> None:
        async with self.store.transaction(self.tenant) as tx:
            await enqueue_event(tx, self.api, "lead.created", lambda: PAYLOAD, self.clock.now(), self.next_id)

    def next_id(self) -> str:
        self.deliveries += 1
        return f"d-{self.deliveries}"

    async def run_next(self) -> float:
        """Move the clock to the next attempt, make it, and return how many seconds it had to wait."""
        assert isinstance(self.clock, ManualClock)
        due = await self.store.next_due()
        assert due is not None
        waited = due - self.clock.now()
        assert await self.sender.run_due(self.clock.advance(waited)) == 1
        return waited

    async def outcome(self) -> tuple[Delivery, tuple[Attempt, ...]]:
        (found,) = await self.store.deliveries(self.tenant)
        return found


def play(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 10))


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def local_options(**changes: Any) -> SenderOptions:
    return replace(SenderOptions(allow_loopback=True, version="1.2"), **changes)
