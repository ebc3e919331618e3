"""Creating MEGA leads, singly and in bulk: one way in for both, so that both see one state."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Deduplication
from mockserver.contract.schema import FieldError
from mockserver.engine import batch, deduplication
from mockserver.engine.batch import Importer, RowFailed, RowResult
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_ms, iso_ms_after
from mockserver.engine.deduplication import Found, Keys, is_blank
from mockserver.engine.normalize import TRIMMED
from mockserver.engine.refusal import invalid_body
from mockserver.engine.webhooks import enqueue_event
from mockserver.engine.words import counted
from mockserver.store.base import Record
from mockserver.vendors.mega.world import new_lead, search_text

_CONTACT = ("contact_name", "contact_phone", "contact_email")
_MERGED = (*_CONTACT, "source_platform", "source_type", "current_stage", "owner", "custom_fields")
# What the contact's fields are called in the deduplication rule.
_KEY_OF = {"contact_email": "email", "contact_phone": "phone"}
_ANNOUNCED = ("id", *_CONTACT, "source_platform", "source_type", "custom_fields", "created_at", "updated_at")


async def createLead(call: Call) -> Reply:
    """Create a lead, or merge into the one with the same email or phone; 201 in both cases (M1)."""
    body = call.body
    stages = call.tenant.world["stages"]
    slug = body.get("stage_slug")
    if not is_blank(slug) and slug not in stages:
        raise invalid_body(FieldError("/stage_slug", f"is not in your pipeline, which has {', '.join(stages)}"))
    incoming = _told(body)
    incoming["current_stage"] = stages.get(slug)
    incoming["custom_fields"] = _defined(call, body.get("custom_fields"))
    keys = deduplication.keys_of(_rule(call), incoming)
    found = await deduplication.find(call.tx, "lead", keys)
    if found is None:
        lead = await _insert(call, incoming, keys, source_type="manual")
        await _announce(call, lead)
        call.outcome = f"created lead {lead['id']}"
    else:
        lead = await _merge(call, incoming, keys, found)
        call.outcome = f"merged into lead {lead['id']}, matched by {found.matched_by}"
    unknown = _ignored(call, body)
    if unknown:
        call.outcome += f"; ignored custom field {', '.join(unknown[:5])}"
    return Reply(201, {"lead": lead})


async def bulkImportLeads(call: Call) -> Reply:
    """Import up to 500 rows; inert: no event fires (M52)."""
    results = await batch.run(call, Importer(_import_row, _ignored))
    summary = batch.summary_of(results)
    unknown = dict.fromkeys(slug for result in results for slug in result.ignored)
    dry_run = batch.is_dry_run(call)
    counts = ", ".join(f"{number} {status}" for status, number in summary.items() if number and status != "total")
    call.outcome = f"{'previewed' if dry_run else 'imported'} {counted(summary['total'], 'row')}: {counts}"
    body = {
        "dry_run": dry_run,
        "summary": summary,
        "results": [_shown(result) for result in results],
        "unknown_custom_fields": list(unknown),
    }
    return Reply(200, body)


async def _import_row(call: Call, row: Mapping[str, Any], skip: bool) -> RowResult:  # noqa: FBT001  # batch's protocol
    world = call.tenant.world
    incoming = {
        **_told(row),
        "current_stage": _one_of(world["stages"], row.get("stage_slug"), "stage_slug: is not in your pipeline"),
        # One text for unknown and foreign owners: no telling which ids exist elsewhere (M51).
        "owner": _one_of(world["owners"], row.get("owner_id"), "owner_id: does not belong to your customer"),
        "custom_fields": _with_lead_line(_defined(call, row.get("custom_fields")), row.get("lead_line")),
    }
    keys = deduplication.keys_of(_rule(call), incoming)
    found = await deduplication.find(call.tx, "lead", keys)
    if found is None:
        lead = await _insert(call, incoming, keys, source_type="import")
        return RowResult("created", lead["id"])
    if skip:
        return RowResult("skipped", found.record_id, found.matched_by)
    await _merge(call, incoming, keys, found)
    return RowResult("updated", found.record_id, found.matched_by)


async def _insert(call: Call, incoming: Mapping[str, Any], keys: Keys, *, source_type: str) -> dict[str, Any]:
    lead = new_lead(call.tenant, call.now)
    lead["source_type"] = source_type
    deduplication.merge(lead, incoming, _MERGED)
    await call.tx.put(Record("lead", lead["id"], lead, keys, search_text(lead)))
    return lead


async def _merge(call: Call, incoming: Mapping[str, Any], keys: Keys, found: Found) -> dict[str, Any]:
    existing = await call.tx.get("lead", found.record_id)
    assert existing is not None  # noqa: S101  # the store gave this id as the holder of a key
    taken = await deduplication.taken_by_others(call.tx, "lead", existing.id, keys)
    # What identifies another lead stays with it and is not copied (M30).
    own = {name: value for name, value in incoming.items() if _KEY_OF.get(name) not in taken}
    lead = existing.data
    deduplication.merge(lead, own, _MERGED)
    lead["updated_at"] = iso_ms_after(call.now, lead["updated_at"])
    own_keys = deduplication.keys_of(_rule(call), lead)
    await call.tx.put(Record("lead", lead["id"], lead, own_keys, search_text(lead)))
    return lead


async def _announce(call: Call, lead: Mapping[str, Any]) -> None:
    def payload() -> dict[str, Any]:
        stage = lead["current_stage"]
        told = {name: lead[name] for name in _ANNOUNCED}
        told["lead_line"] = lead["custom_fields"].get("lead_line")
        told["current_stage"] = {"slug": stage["slug"], "name": stage["name"]}
        return {"event": "lead.created", "delivered_at": iso_ms(call.now), "lead": told}

    await enqueue_event(call.tx, "mega", "lead.created", payload, call.now, lambda: str(uuid.uuid4()))


def _rule(call: Call) -> Deduplication:
    rule = call.contract.operations["createLead"].deduplication
    assert rule is not None  # noqa: S101  # the contract of this operation has one
    return rule


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """The contact's fields as submitted, trimmed (M59), and where it comes from; what says nothing is None."""
    told: dict[str, Any] = {"source_platform": given.get("source_platform"), "source_type": given.get("source_type")}
    for name in _CONTACT:
        value = given.get(name)
        told[name] = None if value is None or not value.strip() else value.strip(TRIMMED)
    return told


def _defined(call: Call, custom_fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """The custom fields that the customer has defined; others are not stored (M37)."""
    defined = call.tenant.world["custom_fields"]
    return {slug: value for slug, value in (custom_fields or {}).items() if slug in defined}


def _ignored(call: Call, row: Any) -> tuple[str, ...]:
    given = row.get("custom_fields") if isinstance(row, dict) else None
    defined = call.tenant.world["custom_fields"]
    if not isinstance(given, dict) or given.keys() <= defined:
        return ()
    return tuple(slug for slug in given if slug not in defined)


def _one_of(known: Mapping[str, Any], value: str | None, otherwise: str) -> Any:
    if value is None or is_blank(value):
        return None
    if value not in known:
        raise RowFailed(otherwise)
    return known[value]


def _with_lead_line(custom_fields: dict[str, Any], lead_line: str | None) -> dict[str, Any]:
    """The row's own lead_line wins; one that contradicts it fails the row (M39)."""
    if lead_line is None:
        return custom_fields
    if custom_fields.get("lead_line") not in {None, lead_line}:
        raise RowFailed("lead_line: contradicts custom_fields.lead_line")
    return {**custom_fields, "lead_line": lead_line}


def _shown(result: RowResult) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "row_ref": result.row_ref,
        "status": result.status,
        "lead_id": result.record_id,
        "matched_by": result.matched_by,
        "errors": list(result.errors) or None,
    }
    if result.ignored:
        shown["ignored_custom_fields"] = list(result.ignored)
    return shown
