"""Events as CRMLead Pro tells them: the envelope of Standard Webhooks around the record (P16)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from mockserver.engine.clock import iso_seconds
from mockserver.engine.webhooks import enqueue_event
from mockserver.store.base import Transaction


async def announce(tx: Transaction, event: str, data: Mapping[str, Any], now: float) -> int:
    """Enqueue `event` for everyone who listens; the number of deliveries. `data` is the record as answered."""

    def payload() -> dict[str, Any]:
        return {"type": event, "timestamp": iso_seconds(now), "data": data}

    return await enqueue_event(tx, "crmleadpro", event, payload, now, _delivery_id)


def _delivery_id() -> str:
    return f"msg_{uuid.uuid4().hex}"
