"""What happens in CRMLead Pro without its API: deals are closed, contacts change, events tell of it (P14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.clock import iso_seconds
from mockserver.store.base import Transaction
from mockserver.vendors.crmleadpro.campaigns import shown_campaign
from mockserver.vendors.crmleadpro.contacts import OF_CONTACT, contact_of
from mockserver.vendors.crmleadpro.events import announce
from mockserver.vendors.crmleadpro.records import lead_record, shown

_SHOWN: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "lead": shown,
    "contact": contact_of,
    "deal": dict,
    "campaign": shown_campaign,
}
_CLOSED = {"deal.won": ("won", "closed_won"), "deal.lost": ("lost", "closed_lost")}


async def emit(tx: Transaction, event: str, data: Mapping[str, Any], now: float) -> int:
    """Make `event` happen at `now` (epoch seconds); the number of deliveries that it sets off.

    For deal.won, deal.lost and contact.updated, `data["id"]` may name a deal or a contact of the workspace:
    then the deal is closed, or the contact takes the name, email, phone, company and tags in `data`, and the
    event tells of the record as it is afterwards. All other data is sent as it is. What `data` holds must fit the
    schema of the event.
    """
    told: Mapping[str, Any] | None = None
    if event in _CLOSED:
        told = await _close_deal(tx, data, *_CLOSED[event], now)
    elif event == "contact.updated":
        told = await _change_contact(tx, data, now)
    return await announce(tx, event, data if told is None else told, now)


async def subject(tx: Transaction, event: str, record_id: str) -> dict[str, Any] | None:
    """What `event` would tell of the record with this id as it is now; None where the workspace has none such."""
    kind = event.partition(".")[0]
    lead_id = record_id.replace("contact_", "lead_", 1) if kind == "contact" else record_id
    record = await tx.get("lead" if kind == "contact" else kind, lead_id)
    if record is None or record.archived:
        return None
    return _SHOWN[kind](record.data)


async def _close_deal(
    tx: Transaction, data: Mapping[str, Any], status: str, stage: str, now: float
) -> dict[str, Any] | None:
    record = await tx.get("deal", str(data.get("id")))
    if record is None:
        return None
    if record.data["status"] == status:
        return record.data
    deal = {**record.data, "status": status, "stage": stage, "updated_at": _later(now, record.data)}
    await tx.put(replace(record, data=deal))
    return deal


async def _change_contact(tx: Transaction, data: Mapping[str, Any], now: float) -> dict[str, Any] | None:
    record = await tx.get("lead", str(data.get("id")).replace("contact_", "lead_", 1))
    if record is None or record.archived:
        return None
    changes = {name: data[name] for name in OF_CONTACT if name in data}
    lead = {**record.data, **changes, "updated_at": _later(now, record.data)}
    await tx.put(lead_record(lead))
    return contact_of(lead)


def _later(now: float, data: Mapping[str, Any]) -> str:
    former: str = data["updated_at"]
    return max(iso_seconds(now), former)
