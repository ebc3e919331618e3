"""CRMLead Pro's leads: created, read, changed, archived."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_seconds
from mockserver.vendors.crmleadpro.contacts import OF_CONTACT, contact_of
from mockserver.vendors.crmleadpro.events import announce
from mockserver.vendors.crmleadpro.ids import new_id
from mockserver.vendors.crmleadpro.pipelines import check_pipeline, check_stage, default_pipeline
from mockserver.vendors.crmleadpro.records import lead_record, live_lead, shown, unknown_lead

_PLAIN = ("name", "email", "phone", "company", "status", "score", "source", "assigned_to", "tags")
_ANNOUNCED = ("status", "pipeline_stage")


async def createLead(call: Call) -> Reply:
    """Create a lead at the first stage of its pipeline unless told otherwise; nothing is deduplicated (P27)."""
    given, at = call.body, iso_seconds(call.now)
    pipeline = check_pipeline(call.tenant, given.get("pipeline", default_pipeline(call.tenant)))
    stage = check_stage(pipeline, given.get("pipeline_stage"), "/pipeline_stage")
    lead = {
        "id": new_id("lead", call.now),
        **{name: given.get(name) for name in _PLAIN},
        "status": given.get("status", "new"),
        "tags": given.get("tags", []),
        "pipeline": pipeline["slug"],
        "pipeline_stage": stage,
        "created_at": at,
        "updated_at": at,
    }
    await call.tx.put(lead_record(lead))
    answer = shown(lead)
    await announce(call.tx, "lead.created", answer, call.now)
    call.outcome = f"created {lead['id']} in {pipeline['slug']}/{stage}"
    return Reply(201, answer, {"Location": f"{call.contract.base_path}/leads/{lead['id']}"})


async def getLead(call: Call) -> Reply:
    """One lead, with the members of the documented sample (P12)."""
    record = await live_lead(call, call.path["id"])
    call.outcome = f"read {record.id}"
    return Reply(200, shown(record.data))


async def updateLead(call: Call) -> Reply:
    """Apply a merge patch (P24). One that changes nothing leaves no trace, not even in updated_at (P25)."""
    record = await live_lead(call, call.path["id"])
    old = record.data
    changes = {name: value for name, value in _patched(call, old).items() if value != old[name]}
    if not changes:
        call.outcome = f"changed nothing of {record.id}"
        return Reply(200, shown(old))
    lead = {**old, **changes, "updated_at": max(iso_seconds(call.now), old["updated_at"])}
    await call.tx.put(lead_record(lead))
    answer = shown(lead)
    if any(name in changes for name in _ANNOUNCED):
        await announce(call.tx, "lead.status_changed", answer, call.now)
    if any(name in changes for name in OF_CONTACT):
        await announce(call.tx, "contact.updated", contact_of(lead), call.now)
    call.outcome = f"changed {', '.join(changes)} of {record.id}"
    return Reply(200, answer)


async def archiveLead(call: Call) -> Reply:
    """Put the lead aside; doing so again is fine (P23)."""
    lead_id = call.path["id"]
    record = await call.tx.get("lead", lead_id)
    if record is None:
        raise unknown_lead(lead_id)
    if record.archived:
        call.outcome = f"{lead_id} was archived already"
        return Reply(204)
    await call.tx.put(replace(record, archived=True))
    call.outcome = f"archived {lead_id}"
    return Reply(204)


def _patched(call: Call, old: dict[str, Any]) -> dict[str, Any]:
    """What the patch says about each changeable member; the stage must be one of the pipeline's."""
    given = call.body
    pipeline = check_pipeline(call.tenant, given.get("pipeline", old["pipeline"]))
    return {
        **{name: given[name] for name in _PLAIN if name in given},
        "pipeline": pipeline["slug"],
        "pipeline_stage": check_stage(pipeline, given.get("pipeline_stage", old["pipeline_stage"]), "/pipeline_stage"),
    }
