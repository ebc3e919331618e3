"""SalesIQ: leads captured by form, deduplicated by phone, scored and assigned."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from mockserver.contract.schema import FieldError
from mockserver.engine import deduplication, quota
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_ms
from mockserver.engine.deduplication import Keys, is_blank
from mockserver.engine.refusal import invalid_body
from mockserver.store.base import Record, Transaction

HOT, WARM = 70, 40  # Q23: a score of 65 is Warm.

# What each field is worth: the more a lead tells, the better it can be served (Q24).
_SCORES: Mapping[str, int] = {
    "email": 10,
    "source": 5,
    "city": 10,
    "propertyType": 10,
    "budgetMin": 5,
    "budgetMax": 10,
    "notes": 5,
    "preferredLocation": 10,
    "whatsapp": 5,
}
_BASE_SCORE = 20
_OPTIONAL = (
    "email",
    "source",
    "sourceDetails",
    "city",
    "propertyType",
    "budgetMin",
    "budgetMax",
    "notes",
    "preferredLocation",
    "whatsapp",
)


def world(tenant_id: str) -> Mapping[str, Any]:
    """Every workspace has three people who take leads (Q25)."""
    return {"users": tuple(f"{tenant_id}-agent-{number}" for number in (1, 2, 3))}


def new_secret() -> str:
    """A key in the documented form, sqk_live_..."""
    return f"sqk_live_{secrets.token_hex(16)}"


async def getCaptureInfo(call: Call) -> Reply:
    """Health and usage, told from the contract itself (Q7)."""
    schema = call.contract.operations["captureLead"].body_schema or {}
    required = list(schema["required"])
    call.outcome = "told that the service is active"
    usage = {
        "method": "POST",
        "headers": {"x-api-key": "<your-api-key>"},
        "requiredFields": required,
        "optionalFields": [name for name in schema["properties"] if name not in required],
    }
    body = {"service": "SalesIQ Auto Lead Capture", "status": "active", "version": "1.0", "usage": usage}
    return Reply(200, body)


async def captureLead(call: Call) -> Reply:
    """Create a lead, or answer with the one that has the phone already."""
    rule = call.operation.deduplication
    assert rule is not None  # noqa: S101  # the contract of this operation has one
    _check_budget(call.body)
    keys = deduplication.keys_of(rule, call.body)
    found = await deduplication.find(call.tx, "lead", keys)
    if found is not None:
        return await _recapture(call, found.record_id, rule.status)
    await quota.check(call)
    return await _create(call, keys)


async def _create(call: Call, keys: Keys) -> Reply:
    body, tx = call.body, call.tx
    given = {name: None if is_blank(body.get(name)) else body[name] for name in _OPTIONAL}
    score = score_of(given)
    given["source"] = given["source"] or "Website"
    lead = {
        "leadId": str(uuid.uuid4()),
        "leadCode": f"LD{await tx.counter('leadCode', 1):04d}",
        "score": score,
        "temperature": temperature_of(score),
        "assignedTo": await _assign(tx, call.tenant.world["users"]),
        "name": body["name"],
        "phone": body["phone"],
        "created_at": iso_ms(call.now),
        **given,
    }
    await tx.put(Record("lead", lead["leadId"], lead, keys))
    shown = {name: lead[name] for name in ("leadId", "leadCode", "score", "temperature", "assignedTo")}
    call.outcome = f"created {lead['leadCode']}, {lead['temperature']} ({score}), for {lead['assignedTo']}"
    return Reply(201, {"success": True, **shown, "message": "Lead captured successfully"})


async def _recapture(call: Call, lead_id: str, status: int) -> Reply:
    """The existing lead stays as it is; only its activity log grows (Q19)."""
    existing = await call.tx.get("lead", lead_id)
    assert existing is not None  # noqa: S101  # the store gave this id as the holder of a key
    activity = {"leadId": lead_id, "text": "Lead Re-captured", "at": iso_ms(call.now)}
    await call.tx.put(Record("activity", str(uuid.uuid4()), activity))
    lead = existing.data
    message = f'Lead already exists as "{lead["name"]}" ({lead["phone"]}). Activity logged.'
    call.outcome = f"duplicate of {lead['leadCode']}: Lead Re-captured"
    return Reply(status, {"success": True, "duplicate": True, "leadId": lead_id, "message": message})


async def _assign(tx: Transaction, users: tuple[str, ...]) -> str:
    """The person with the fewest leads; of equals, the first."""
    loads = [(await tx.counter(f"leads of {user}"), index) for index, user in enumerate(users)]
    user = users[min(loads)[1]]
    await tx.counter(f"leads of {user}", 1)
    return user


def score_of(lead: Mapping[str, Any]) -> int:
    """0 to 100, a function of what the lead tells about itself and of nothing else (Q24)."""
    return min(100, _BASE_SCORE + sum(worth for name, worth in _SCORES.items() if not is_blank(lead.get(name))))


def temperature_of(score: int) -> str:
    """Hot from 70, Warm from 40, else Cold (Q23)."""
    if score >= HOT:
        return "Hot"
    return "Warm" if score >= WARM else "Cold"


def _check_budget(body: Mapping[str, Any]) -> None:
    low, high = body.get("budgetMin"), body.get("budgetMax")
    if low is not None and high is not None and low > high:
        raise invalid_body(FieldError("/budgetMin", "must not be greater than budgetMax"))
