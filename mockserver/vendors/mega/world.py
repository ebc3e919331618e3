"""What a MEGA customer is set up with: a pipeline, people, custom fields."""

from __future__ import annotations

import secrets
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from mockserver.engine.call import Tenant
from mockserver.engine.clock import iso_ms
from mockserver.engine.ids import new_uuid
from mockserver.engine.normalize import digits_of, phone_last_10
from mockserver.store.base import Record, Transaction

_STAGES = (
    ("new", "New", "#22c55e"),
    ("contacted", "Contacted", "#3b82f6"),
    ("qualified", "Qualified", "#a855f7"),
    ("appointment_set", "Appointment set", "#f59e0b"),
    ("closed", "Closed", "#64748b"),
)
# lead_line is the vendor's reserved custom field (M39).
_CUSTOM_FIELDS = ("budget", "timeline", "property_address", "lead_line")
_OWNERS = (("Olivia Owner", "Team lead"), ("Amir Agent", "Agent"))

# No character that anybody writes: a non-character of Unicode.
_BETWEEN = "\uffff"


def world(tenant_id: str) -> Mapping[str, Any]:
    """Stages by slug, the first being where a lead starts (M35); owners by id; custom-field slugs."""
    stages = {
        slug: {"id": _id(tenant_id, "stage", slug), "slug": slug, "name": name, "color": color}
        for slug, name, color in _STAGES
    }
    owners = {
        _id(tenant_id, "owner", name): {"id": _id(tenant_id, "owner", name), "name": name, "role_name": role}
        for name, role in _OWNERS
    }
    return {"stages": stages, "owners": owners, "custom_fields": frozenset(_CUSTOM_FIELDS)}


def _id(tenant_id: str, kind: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mega:{tenant_id}:{kind}:{name}"))


def new_secret() -> str:
    """A token in the documented form, mega_<64 hex>."""
    return f"mega_{secrets.token_hex(32)}"


async def seed(tx: Transaction, tenant: Tenant, now: float) -> None:
    """One lead whose phone the vendor's bulk example repeats, so that the example answers as printed."""
    lead = new_lead(tenant, now)
    lead |= {"contact_name": "Riley Returning", "contact_phone": "(206) 555-0125"}
    key = phone_last_10(lead["contact_phone"]) or ""
    await tx.put(Record("lead", lead["id"], lead, (("phone", key),), search_text(lead)))


def search_text(lead: Mapping[str, Any]) -> str:
    """What a search looks into: no text reaches from one field into the next, and phones count by their digits."""
    name, email, phone = lead["contact_name"] or "", lead["contact_email"] or "", lead["contact_phone"] or ""
    return _BETWEEN.join((folded(name), folded(email), folded(phone), digits_of(phone)))


def folded(text: str) -> str:
    """Letter case and the ways to write an accent do not count in a search."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).lower()


def new_lead(tenant: Tenant, now: float) -> dict[str, Any]:
    """A lead with nothing known about it yet, made at `now` in epoch seconds."""
    at = iso_ms(now)
    return {
        "id": new_uuid(now),
        "customer_id": tenant.id,
        "contact_name": None,
        "contact_phone": None,
        "contact_email": None,
        "source_platform": "direct",
        "source_type": "manual",
        "status": "active",
        "score": None,
        "qualified": None,
        "current_stage": next(iter(tenant.world["stages"].values())),
        "owner": None,
        "last_interaction_at": None,
        "interaction_count": 0,
        "custom_fields": {},
        "created_at": at,
        "updated_at": at,
    }
