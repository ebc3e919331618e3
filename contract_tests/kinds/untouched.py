"""Valid calls that are about to be refused, and how to see afterwards that they left nothing behind."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mockserver.contract import Operation

from ..models.mega_webhooks import MEMBERS as WEBHOOK_MEMBERS
from ..rule import Broken
from ..wire import Request
from ..worlds.crmleadpro import shows, told

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..rule import Attempt, Kind
    from ..wire import Exchange

Parts = dict[str, Any]
#: Raises Broken if the call with these parts had an effect that this caller can see.
Look = Callable[["Lab", Parts, "Caller"], None]
_NEWEST = {"sort_by": "created_at", "sort_dir": "desc", "limit": "20"}


@dataclass(frozen=True)
class Trial:
    """The parts of a valid call of an operation, with data that nobody else uses."""

    lab: Lab
    parts: Parts
    look: Look | None

    def untouched(self, caller: Caller | None = None) -> None:
        """Raise Broken if the call left something that the owner, or another caller, can see. To be used once."""
        if self.look is not None:
            self.look(self.lab, self.parts, caller or self.lab.main)


def call(lab: Lab, operation: Operation, caller: Caller | None = None) -> Parts:
    """The parts of a valid call; what it needs belongs to the caller, or else to the main credential."""
    parts = lab.world.call(operation.id, lab, caller or lab.main)
    if "events" in parts.get("body", {}):
        # Of an event that nothing causes: a webhook that hears of leads would slow down all that comes after.
        parts["body"] = {**parts["body"], "events": ["deal.lost"]}
    return parts


def trial(lab: Lab, operation: Operation) -> Trial:
    """A valid call; what it needs belongs to the main credential."""
    parts = call(lab, operation)
    prepare = _PREPARE.get((lab.contract.name, operation.id))
    return Trial(lab, parts, prepare(lab, parts) if prepare else None)


def _sent_again(_lab: Lab, _parts: Parts) -> Look:
    def look(lab: Lab, parts: Parts, caller: Caller) -> None:
        answer = caller("captureLead", body=parts["body"])
        lab.expect(
            answer.status == 201 and answer.at("/duplicate", None) is not True,
            "201 for the same lead, sent properly afterwards: the refused request wrote nothing",
            answer,
        )

    return look


def _not_shown(word: str, what: str, operation: str, query: Mapping[str, str]) -> Look:
    def look(lab: Lab, _parts: Parts, caller: Caller) -> None:
        answer = caller(operation, query=query)
        lab.expect(word.encode() not in answer.body, f"{what} {word} not to be listed after the refusal", answer)

    return look


def _mega_lead(_lab: Lab, parts: Parts) -> Look:
    return _not_shown(parts["body"]["contact_email"], "the lead", "listLeads", _NEWEST)


def _mega_row(_lab: Lab, parts: Parts) -> Look:
    return _not_shown(parts["body"]["leads"][0]["contact_email"], "the row", "listLeads", _NEWEST)


def _mega_webhook(lab: Lab, parts: Parts) -> Look:
    note = f"note {lab.fresh.token()}"
    parts["body"] = {**parts["body"], "description": note}
    return _not_shown(note, "a webhook with the description", "listLeadWebhooks", {})


def _mega_webhook_left(lab: Lab, parts: Parts) -> Look:
    """The webhook is there, and says of itself what it said before."""
    webhook_id = parts["path"]["id"]

    def shown() -> Any:
        webhooks = lab.main("listLeadWebhooks").at("/webhooks", [])
        found: Parts = next((webhook for webhook in webhooks if webhook.get("id") == webhook_id), {})
        # Other members may change by themselves, such as the time of the last delivery.
        return found if lab.strict else {name: value for name, value in found.items() if name in WEBHOOK_MEMBERS}

    before = shown()

    def look(lab: Lab, _parts: Parts, _caller: Caller) -> None:
        after = shown()
        lab.expect(after == before, f"the webhook as it was, {before}", after)

    return look


def _crm_lead(_lab: Lab, parts: Parts) -> Look:
    email = parts["body"]["email"]

    def look(lab: Lab, _parts: Parts, caller: Caller) -> None:
        answer = caller("listLeads", query={"search": email})
        seen = email.encode() in answer.body if lab.strict else answer.ok and shows(answer.json, email)
        lab.expect(not seen, f"the lead {email} not to be listed after the refusal", answer)

    return look


def _crm_lead_left(lab: Lab, parts: Parts) -> Look:
    before = lab.main("getLead", path=parts["path"])

    def look(lab: Lab, parts: Parts, _caller: Caller) -> None:
        after = lab.main("getLead", path=parts["path"])
        same = after.status == before.status and told(lab, after) == told(lab, before)
        lab.expect(same, f"the lead as it was, {before}", after)

    return look


def _crm_deal(lab: Lab, parts: Parts) -> Look | None:
    # No endpoint lists deals, but the funnel adds up their value by currency, and nobody else uses this one.
    currency = odd_currency(lab)
    parts["body"] = {**parts["body"], "currency": currency}

    def look(lab: Lab, _parts: Parts, caller: Caller) -> None:
        answer = caller("getPipelineAnalytics")
        lab.expect(
            currency.encode() not in answer.body, f"no deal in {currency} in the funnel after the refusal", answer
        )

    return look


def odd_currency(lab: Lab) -> str:
    """Three capital letters that hardly anybody uses."""
    digits = int(lab.fresh.phone())
    return "".join(chr(ord("A") + digits // 26**at % 26) for at in range(3))


_PREPARE: Mapping[tuple[str, str], Callable[[Lab, Parts], Look | None]] = {
    ("salesiq", "captureLead"): _sent_again,
    ("mega", "createLead"): _mega_lead,
    ("mega", "bulkImportLeads"): _mega_row,
    ("mega", "createLeadWebhook"): _mega_webhook,
    ("mega", "updateLeadWebhook"): _mega_webhook_left,
    ("mega", "deleteLeadWebhook"): _mega_webhook_left,
    ("crmleadpro", "createLead"): _crm_lead,
    ("crmleadpro", "updateLead"): _crm_lead_left,
    ("crmleadpro", "archiveLead"): _crm_lead_left,
    ("crmleadpro", "createDeal"): _crm_deal,
}


# Webhooks that were registered on the way hear of every lead that is created later, so they are taken away again.


def tidied(kind: Kind) -> None:
    """Make every promise of the kind take away the webhooks that it registers, where that can be done."""
    kind.promises[:] = [replace(promise, attempt=_tidied(promise.attempt)) for promise in kind.promises]


def _tidied(attempt: Attempt) -> Attempt:
    @functools.wraps(attempt)
    def tidy(lab: Lab, operation: Operation) -> None:
        try:
            attempt(lab, operation)
        finally:
            for exchange in list(lab.trace.exchanges):
                take_away(lab, exchange)

    return tidy


def take_away(lab: Lab, exchange: Exchange) -> None:
    """Delete the webhook that was registered, if one was."""
    request, answer = exchange.request, exchange.answer
    if request.method != "POST" or not request.path.endswith("/lead-webhooks") or answer.status != 201:
        return
    try:
        webhook_id = str(answer.json["webhook"]["id"])
    except (Broken, LookupError, TypeError):
        return
    headers = tuple((name, value) for name, value in request.headers if name.lower() != "content-type")
    path = f"{request.path}/{quote(webhook_id, safe='')}"
    # Not into the trace: it belongs to no promise.
    lab.wire.send(Request("DELETE", path, headers, sender=request.sender))
