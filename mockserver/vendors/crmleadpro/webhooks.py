"""CRMLead Pro's webhooks: registered, and nothing else can be done with them (P15)."""

from __future__ import annotations

from mockserver.contract.schema import FieldError
from mockserver.engine.addresses import check_url
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_seconds
from mockserver.engine.refusal import invalid_body
from mockserver.engine.signature import new_standard_webhooks_secret
from mockserver.engine.webhooks import KIND
from mockserver.store.base import Record
from mockserver.vendors.crmleadpro.ids import new_id


async def createWebhook(call: Call) -> Reply:
    """Register a webhook; its secret, given or made up, is shown this once (P38)."""
    given = call.body
    problem = check_url(given["url"], allow_loopback=call.settings.loopback_webhooks)
    if problem is not None:
        raise invalid_body(FieldError("/url", problem))
    webhook = {
        "id": new_id("webhook", call.now),
        "url": given["url"],
        "is_active": True,
        "secret": given.get("secret") or new_standard_webhooks_secret(),
        "created_at": iso_seconds(call.now),
    }
    events = given["events"]
    await call.tx.put(Record(KIND, webhook["id"], {**webhook, "event_types": events}))
    call.outcome = f"registered {webhook['id']} for {', '.join(events)}"
    return Reply(201, {**webhook, "events": events})
