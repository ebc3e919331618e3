"""MEGA's lead webhooks: registered, changed, paused, deleted; their secret is shown when it is made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.contract.schema import FieldError
from mockserver.engine.addresses import check_url
from mockserver.engine.call import Call, Reply
from mockserver.engine.clock import iso_ms, iso_ms_after
from mockserver.engine.refusal import Refusal, invalid_body
from mockserver.engine.signature import new_mega_secret
from mockserver.engine.webhooks import KIND
from mockserver.engine.words import counted
from mockserver.store.base import Record

_TIMEOUT_SECONDS, _RETRY_ATTEMPTS = 10, 5
_CHANGEABLE = ("url", "event_types", "is_active", "timeout_seconds", "retry_attempts", "description")


async def createLeadWebhook(call: Call) -> Reply:
    """Register a webhook and show its secret, this once."""
    given = call.body
    _check_url(call, given)
    at = iso_ms(call.now)
    webhook = {
        "id": f"wh_{uuid.uuid4()}",
        "url": given["url"],
        "event_types": given["event_types"],
        "is_active": True,
        "timeout_seconds": given.get("timeout_seconds", _TIMEOUT_SECONDS),
        "retry_attempts": given.get("retry_attempts", _RETRY_ATTEMPTS),
        "description": given.get("description"),
        "created_at": at,
        "updated_at": at,
        "secret": new_mega_secret(),
    }
    await call.tx.put(Record(KIND, webhook["id"], webhook))
    call.outcome = f"registered webhook {webhook['id']}"
    return Reply(201, {"webhook": _shown(webhook), "secret": webhook["secret"]})


async def listLeadWebhooks(call: Call) -> Reply:
    """All webhooks that are not deleted, oldest first."""
    webhooks = [_shown(record.data) for record in await call.tx.scan(KIND)]
    call.outcome = f"listed {counted(len(webhooks), 'webhook')}"
    return Reply(200, {"webhooks": webhooks})


async def updateLeadWebhook(call: Call) -> Reply:
    """Change what is given; a rotated secret signs from the next attempt on."""
    record, given = await _record(call), call.body
    _check_url(call, given)
    changes: dict[str, Any] = {name: given[name] for name in _CHANGEABLE if name in given}
    rotated = given.get("rotate_secret") is True
    if rotated:
        changes["secret"] = new_mega_secret()
    webhook = {**record.data, **changes, "updated_at": iso_ms_after(call.now, record.data["updated_at"])}
    await call.tx.put(replace(record, data=webhook))
    call.outcome = f"changed webhook {record.id}" + (", new secret" if rotated else "")
    body: dict[str, Any] = {"webhook": _shown(webhook)}
    if rotated:
        body["secret"] = webhook["secret"]
    return Reply(200, body)


async def deleteLeadWebhook(call: Call) -> Reply:
    """Soft-delete: it is gone for the API, and its deliveries stop."""
    record = await _record(call)
    await call.tx.put(replace(record, archived=True))
    call.outcome = f"deleted webhook {record.id}"
    return Reply(200, {"deleted": True})


async def _record(call: Call) -> Record:
    record = await call.tx.get(KIND, call.path["id"])
    if record is None or record.archived:
        raise Refusal("record-unknown", "There is no webhook with this id")
    return record


def _check_url(call: Call, given: Mapping[str, Any]) -> None:
    if "url" not in given:
        return
    problem = check_url(given["url"], allow_loopback=call.settings.loopback_webhooks)
    if problem is not None:
        raise invalid_body(FieldError("/url", problem))


def _shown(webhook: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in webhook.items() if name != "secret"}
