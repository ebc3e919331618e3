"""CRMLead Pro's deals: made here, won and lost elsewhere (P14)."""

from __future__ import annotations

from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_seconds
from mockserver.store.base import Record
from mockserver.vendors.crmleadpro.ids import new_id
from mockserver.vendors.crmleadpro.pipelines import check_pipeline, check_stage
from mockserver.vendors.crmleadpro.records import live_lead


async def createDeal(call: Call) -> Reply:
    """Create an open deal, with a lead of the workspace or without (P31)."""
    given, at = call.body, iso_seconds(call.now)
    pipeline = check_pipeline(call.tenant, given["pipeline"])
    stage = check_stage(pipeline, given.get("stage"), "/stage", is_open=True)
    lead_id = given.get("lead_id")
    if lead_id is not None:
        await live_lead(call, lead_id)
    deal = {
        "id": new_id("deal", call.now),
        "title": given["title"],
        "value": given["value"],
        "currency": given.get("currency", "INR"),
        "pipeline": pipeline["slug"],
        "stage": stage,
        "status": "open",
        "lead_id": lead_id,
        "created_at": at,
        "updated_at": at,
    }
    await call.tx.put(Record("deal", deal["id"], deal))
    call.outcome = f"created {deal['id']} in {pipeline['slug']}/{stage}"
    return Reply(201, deal)
