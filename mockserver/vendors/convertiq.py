"""ConvertIQ: leads pushed one by one, never deduplicated (C13)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_ms
from mockserver.store.base import Record

_SHOWN = ("id", "user_id", "name", "email", "source", "industry", "status", "created_at")  # C4
_KEPT = ("phone", "score", "monthly_revenue", "budget", "description")


def world(tenant_id: str) -> Mapping[str, Any]:
    """The user who owns the account's key (C22)."""
    return {"user_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"convertiq:{tenant_id}"))}


def new_secret() -> str:
    """A key in the documented form, ciq_..."""
    return f"ciq_{secrets.token_hex(16)}"


async def createLead(call: Call) -> Reply:
    """Create a lead and answer the eight documented members."""
    given = call.body["lead"]
    lead = {
        "id": str(uuid.uuid4()),
        "user_id": call.tenant.world["user_id"],
        "name": given["name"],
        "email": given["email"],
        "source": given["source"],
        "industry": given["industry"],
        "status": given.get("status") or "new",  # C6
        "created_at": iso_ms(call.now),
    }
    kept = {name: given.get(name) for name in _KEPT}
    await call.tx.put(Record("lead", lead["id"], {**lead, **kept}))
    call.outcome = f"created lead {lead['id']}"
    return Reply(201, {"success": True, "lead": {name: lead[name] for name in _SHOWN}})
