"""CRMLead Pro's campaigns: accepted, counted and announced. No message is really sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_seconds
from mockserver.engine.words import counted
from mockserver.store.base import Record
from mockserver.vendors.crmleadpro.events import announce
from mockserver.vendors.crmleadpro.ids import new_id

_SHOWN = ("id", "channel", "name", "status", "recipients", "created_at")


async def createEmailCampaign(call: Call) -> Reply:
    """Accept a campaign to all leads of the audience that have an email address."""
    return await _create(call, channel="email", needed="email", content=("subject", "body"))


async def createWhatsappCampaign(call: Call) -> Reply:
    """Accept a campaign to all leads of the audience that have a phone number."""
    return await _create(call, channel="whatsapp", needed="phone", content=("template",))


async def _create(call: Call, *, channel: str, needed: str, content: tuple[str, ...]) -> Reply:
    given = call.body
    audience = given["audience"]
    leads = await _candidates(call, audience)
    recipients = sum(lead[needed] is not None and _is_meant(lead, audience) for lead in leads)
    campaign = {
        "id": new_id("campaign", call.now),
        "channel": channel,
        "name": given["name"],
        "status": "queued",
        "recipients": recipients,
        "created_at": iso_seconds(call.now),
    }
    # Nothing is left to do once it is accepted: the answer says queued, the state and the event say sent (P30).
    sent = {**campaign, "status": "sent"}
    kept = {name: given[name] for name in (*content, "audience")}
    await call.tx.put(Record("campaign", campaign["id"], {**sent, **kept}))
    await announce(call.tx, "campaign.sent", sent, call.now)
    call.outcome = f"accepted {campaign['id']} for {counted(recipients, 'lead')}"
    return Reply(202, campaign)


def shown_campaign(campaign: Mapping[str, Any]) -> dict[str, Any]:
    """The campaign as the API shows it: without its content."""
    return {name: campaign[name] for name in _SHOWN}


async def _candidates(call: Call, audience: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """All live leads, or of the named ones those that are live, each once."""
    if "lead_ids" not in audience:
        return [record.data for record in await call.tx.scan("lead")]
    named = [await call.tx.get("lead", lead_id) for lead_id in dict.fromkeys(audience["lead_ids"])]
    return [record.data for record in named if record is not None and not record.archived]


def _is_meant(lead: Mapping[str, Any], audience: Mapping[str, Any]) -> bool:
    """Whether the lead matches every member of the audience; of tags and statuses one is enough."""
    if "statuses" in audience and lead["status"] not in audience["statuses"]:
        return False
    return "tags" not in audience or not set(audience["tags"]).isdisjoint(lead["tags"])
