"""An event becomes one delivery for each subscription that listens, in the transaction that caused it."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest

from mockserver.engine.webhooks import KIND, Subscription, enqueue_event
from mockserver.store import Delivery, Record, Store, open_store

TENANT = "mega:one"
PAYLOAD = {"event": "lead.created", "lead": {"contact_name": 'Zo\u00eb "Z" \U0001f600', "score": None}}


def webhook(record_id: str, *, archived: bool = False, **data: Any) -> Record:
    defaults = {"url": "https://example.com/hooks", "event_types": ["lead.created"], "is_active": True}
    return Record(KIND, record_id, {"id": record_id, **defaults, **data}, archived=archived)


async def cause(store: Store, *records: Record, event: str = "lead.created", undo: bool = False) -> int:
    ids = itertools.count(1)
    async with store.transaction(TENANT) as tx:
        for record in records:
            await tx.put(record)
        count = await enqueue_event(tx, "mega", event, lambda: PAYLOAD, 100.0, lambda: f"d-{next(ids)}")
        if undo:
            tx.undo()
    return count


def test_each_active_listener_gets_a_delivery_of_its_own() -> None:
    async def scenario() -> None:
        store = open_store(None)
        count = await cause(
            store,
            webhook("listens"),
            webhook("listens-to-more", event_types=["lead.updated", "lead.created"]),
            webhook("inactive", is_active=False),
            webhook("deleted", archived=True),
            webhook("other-event", event_types=["lead.updated"]),
            webhook("no-event", event_types=[]),
        )
        pending = await store.pending(100.0)
        assert count == 2
        assert [(each.id, each.subscription_id) for each in pending] == [
            ("d-1", "listens"),
            ("d-2", "listens-to-more"),
        ]
        body = pending[0].payload
        assert json.loads(body) == PAYLOAD
        assert pending[0] == Delivery(
            id="d-1",
            api="mega",
            tenant=TENANT,
            subscription_id="listens",
            event="lead.created",
            payload=body,
            attempt=0,
            next_at=100.0,
            state="pending",
            created_at=100.0,
        )

    asyncio.run(scenario())


def test_another_tenants_webhooks_hear_nothing() -> None:
    async def scenario() -> None:
        store = open_store(None)
        async with store.transaction("mega:two") as tx:
            await tx.put(webhook("listens"))
        assert await cause(store) == 0
        assert await store.next_due() is None

    asyncio.run(scenario())


def test_the_payload_is_made_once_and_only_if_somebody_listens() -> None:
    made: list[str] = []

    def payload() -> dict[str, Any]:
        made.append("payload")
        return PAYLOAD

    async def scenario() -> None:
        async with open_store(None).transaction(TENANT) as tx:
            await tx.put(webhook("other-event", event_types=["lead.updated"]))
            assert await enqueue_event(tx, "mega", "lead.created", payload, 1.0, lambda: "d") == 0
            assert made == []
            ids = iter(["d-1", "d-2"])
            await tx.put(webhook("listens"))
            await tx.put(webhook("listens-too"))
            assert await enqueue_event(tx, "mega", "lead.created", payload, 1.0, lambda: next(ids)) == 2
            assert made == ["payload"]

    asyncio.run(scenario())


def test_what_is_rolled_back_sends_nothing() -> None:
    async def scenario() -> None:
        store = open_store(None)
        assert await cause(store, webhook("listens"), undo=True) == 1
        assert await store.next_due() is None

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("data", "attempts", "timeout"),
    [
        ({"retry_attempts": 0, "timeout_seconds": 1}, 1, 1.0),
        ({"retry_attempts": 5, "timeout_seconds": 10}, 6, 10.0),
        ({}, None, None),
        ({"retry_attempts": None, "timeout_seconds": "soon"}, None, None),
    ],
)
def test_a_subscription_says_how_often_and_how_long(
    data: dict[str, Any], attempts: int | None, timeout: float | None
) -> None:
    subscription = Subscription.of(webhook("w", **data))
    assert (subscription.attempts, subscription.timeout_seconds) == (attempts, timeout)
