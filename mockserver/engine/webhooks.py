"""Webhooks on the side of the request: who listens to an event, and the deliveries that wait in the outbox.

The sender (`engine/sender.py`) takes them from there once the transaction is committed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.store.base import Delivery, Record, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mockserver.contract.model import Contract, Webhooks

KIND = "webhook"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a webhook record says about sending. None = as the contract has it (seconds; attempts in all)."""

    id: str
    url: str
    secret: str
    is_active: bool
    events: tuple[str, ...]
    timeout_seconds: float | None
    attempts: int | None

    @classmethod
    def of(cls, record: Record) -> Subscription:
        """Reads every record: one that lacks something makes its deliveries fail, not the sender."""
        data = record.data
        timeout, retries = data.get("timeout_seconds"), data.get("retry_attempts")
        return cls(
            id=record.id,
            url=str(data.get("url", "")),
            secret=str(data.get("secret", "")),
            is_active=data.get("is_active", True) is True and not record.archived,
            events=tuple(data.get("event_types") or ()),
            timeout_seconds=float(timeout) if isinstance(timeout, int | float) else None,
            attempts=retries + 1 if isinstance(retries, int) else None,
        )


def policies(contracts: Iterable[Contract]) -> dict[str, Webhooks]:
    """How each API that has webhooks signs and retries, by the name of the API."""
    return {
        contract.name: operation.webhooks
        for contract in contracts
        for operation in contract.operations.values()
        if operation.webhooks is not None
    }


async def enqueue_event(  # noqa: PLR0913, PLR0917 - an event is just that much, and a class for it would say no more.
    tx: Transaction,
    contract_name: str,
    event: str,
    payload: Callable[[], Mapping[str, Any]],
    now: float,
    ids: Callable[[], str],
) -> int:
    """Put one delivery into the outbox for each active subscription that listens; return how many.

    `ids` makes delivery ids. `payload` is called once if anybody listens, and becomes bytes here: every attempt
    signs and sends the same.
    """
    subscriptions = map(Subscription.of, await tx.scan(KIND))
    listening = [each for each in subscriptions if each.is_active and event in each.events]
    if not listening:
        return 0
    body = bytes(bytearray(orjson.dumps(payload())))  # A copy: what dumps returns occupies 4 KB.
    for subscription in listening:
        await tx.enqueue(
            Delivery(
                id=ids(),
                api=contract_name,
                tenant=tx.tenant,
                subscription_id=subscription.id,
                event=event,
                payload=body,
                next_at=now,
                created_at=now,
            )
        )
    return len(listening)
