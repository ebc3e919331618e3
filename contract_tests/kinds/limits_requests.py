"""What is sent to spend a limited key: the plain request that counts, and one of each other kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..wire import Answer, Request

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..target import Credential

IMPORT = "an import"
_SMALL_PLAN = 20
#: To fill a plan takes so many requests beside the leads that it holds, and so many minutes at most.
_BESIDE, _MINUTES = 35, 2
_TEXT = {"Content-Type": "text/plain"}
_DEAL = {"title": "Annual plan", "value": 240000, "currency": "INR", "pipeline": "sales"}
# To nobody, and of an event that nothing causes.
_TO_NOBODY = {"lead_ids": ["lead_0000000000000000"]}
_EMAILS = {"name": "Launch", "subject": "A plan", "body": "Hello!", "audience": _TO_NOBODY}
_MESSAGES = {"name": "Reminder", "template": "demo_reminder", "audience": _TO_NOBODY}
_WEBHOOK = {"url": "https://hooks.example.com/leadmock", "events": ["deal.lost"]}
_STRANGER = {"x-customer-id": "00000000-0000-4000-8000-000000000000"}


def ask(lab: Lab, caller: Caller) -> Answer:
    """The cheapest valid request that counts."""
    match lab.contract.name:
        case "mega":
            return caller("listLeads", query={"limit": 1})
        case "crmleadpro":
            return caller("listPipelines")
    return caller(lab.world.create, body=_plain_body(lab, caller))


def plain_request(lab: Lab, caller: Caller) -> Request:
    if lab.contract.name == "mega":
        return caller.request("listLeads", query={"limit": 1})
    return caller.request(lab.world.create, body=_plain_body(lab, caller))


def _plain_body(lab: Lab, caller: Caller) -> Any:
    """A new lead. Strictly, where the plan holds few, the same one each time: it takes no room, and counts too.

    So it is where the plan has been filled before.
    """
    if caller.credential is not None and ((lab.strict and holds_few(caller)) or can_be_filled(caller.credential)):
        return lab.world.body(known_lead(lab, caller))
    return lab.world.body(lab.world.lead(lab.fresh))


def extras(lab: Lab, caller: Caller) -> list[tuple[str, bool, bool, Callable[[], Answer]]]:
    """(name, whether it counts, whether the key is valid, send)."""
    create, world = lab.world.create, lab.world
    body = world.body(known_lead(lab, caller) if _has_no_room(lab, caller) else world.lead(lab.fresh))
    wrong = {next(iter(lab.contract.security.values())).header: "Bearer wrong"}
    if lab.contract.name in {"salesiq", "convertiq"}:
        wrong = {next(iter(lab.contract.security.values())).header: "wrong"}
    unknown, most = f"{lab.contract.base_path}/unknown", lab.contract.operations[create].max_bytes
    extras = [
        ("a create", True, True, lambda: caller(create, body=body)),
        ("the same create again", True, True, lambda: caller(create, body=body)),
        ("an invalid create", True, True, lambda: caller(create, body={"nothing": "valid"})),
        ("a create that is no JSON", True, True, lambda: caller(create, content=b"{")),
        ("a create of another media type", True, True, lambda: caller(create, content=b"{}", headers=_TEXT)),
        ("a create that is too large", True, True, lambda: caller(create, content=b" " * (most + 1))),
        ("a request with a wrong key", False, False, lambda: caller(create, body=body, headers=wrong)),
        ("a method that is not there", False, False, lambda: caller(create, body=body, method="PUT")),
        ("a path that is not there", False, False, lambda: caller(create, body=body, url=unknown)),
    ]  # fmt: skip
    if lab.contract.name == "salesiq":
        extras.append(("a look at the service", False, False, lambda: caller("getCaptureInfo")))
    if lab.contract.name == "crmleadpro":
        nobody = {"id": "lead_0000000000000000"}
        extras += [
            ("a list", True, True, lambda: caller("listLeads")),
            ("a HEAD of a list", True, True, lambda: caller("listLeads", method="HEAD")),
            ("a bad query", True, True, lambda: caller("listLeads", query={"page": 0})),
            ("a read of no lead", True, True, lambda: caller("getLead", path=nobody)),
            ("a patch of no lead", True, True, lambda: caller("updateLead", path=nobody, body={})),
            ("an archiving of no lead", True, True, lambda: caller("archiveLead", path=nobody)),
            ("a list of contacts", True, True, lambda: caller("listContacts")),
            ("the funnel", True, True, lambda: caller("getPipelineAnalytics")),
            ("an archiving", True, True, lambda: caller("archiveLead", path={"id": _created(lab)})),
            ("a deal", True, True, lambda: caller("createDeal", body=_DEAL)),
            ("an email campaign", True, True, lambda: caller("createEmailCampaign", body=_EMAILS)),
            ("a WhatsApp campaign", True, True, lambda: caller("createWhatsappCampaign", body=_MESSAGES)),
            ("a webhook", True, True, lambda: caller("createWebhook", body=_WEBHOOK)),
        ]
    if lab.contract.name == "mega":
        key, nowhere = {"Idempotency-Key": lab.fresh.token()}, {"id": f"wh_{lab.fresh.token()}"}
        extras += [
            ("a create with a key", True, True, lambda: caller(create, body=body, headers=key)),
            ("its replay", True, True, lambda: caller(create, body=body, headers=key)),
            ("a conflict", True, True, lambda: caller(create, body={"contact_name": "x"}, headers=key)),
            ("a HEAD of a list", True, True, lambda: caller("listLeads", method="HEAD")),
            ("a list of webhooks", True, True, lambda: caller("listLeadWebhooks")),
            ("a change of no webhook", True, True, lambda: caller("updateLeadWebhook", path=nowhere, body={})),
            ("a deletion of no webhook", True, True, lambda: caller("deleteLeadWebhook", path=nowhere)),
            ("a bad webhook", True, True, lambda: caller("createLeadWebhook", body={})),
            ("a bad query", True, True, lambda: caller("listLeads", query={"limit": 0})),
            ("a request for another customer", False, True, lambda: caller("listLeads", headers=_STRANGER)),
            (IMPORT, False, False, lambda: caller("bulkImportLeads", body={"dry_run": True, "leads": [body]})),
        ]
    return extras


def _created(lab: Lab) -> str:
    """The id of the lead that was created last."""
    answers = [one.answer for one in lab.trace.exchanges if one.request.path.endswith("/leads")]
    made = [answer.at("/id", None) for answer in answers if answer.status == 201]
    return str(made[-1]) if made else "lead_0000000000000000"


def known_lead(lab: Lab, caller: Caller, lead: dict[str, Any] | None = None) -> dict[str, Any]:
    """The same each time, and known from the start where another key can capture it: the plan may be full already.

    It is `lead` where that is given and no other one is known.
    """

    def captured() -> dict[str, Any]:
        chosen = lead or lab.world.lead(lab.fresh)
        for other in free(lab, caller)[:1]:
            other(lab.world.create, body=lab.world.body(chosen))
        return chosen

    return lab.once(("known lead", caller.credential and caller.credential.tenant), captured)


def free(lab: Lab, caller: Caller) -> list[Caller]:
    """The keys of the same tenant that have no limits."""
    tenant = caller.credential and caller.credential.tenant
    return [lab.caller(one) for one in lab.target.credentials if one.unlimited and one.tenant == tenant]


def holds_few(caller: Caller) -> bool:
    """Whether the plan of the key has an end, so that each lead captured with it is one less for the next run."""
    return caller.credential is not None and "max_leads" in caller.credential.limits


def can_be_filled(credential: Credential) -> bool:
    """Whether its plan is full so soon that this is tried, before the rate is."""
    most, rate = (credential.limits.get(name) for name in ("max_leads", "per_minute"))
    return most is not None and (rate is None or most + _BESIDE <= _MINUTES * rate)


def _has_no_room(lab: Lab, caller: Caller) -> bool:
    """Whether a new lead may be too many: the plan is small, or other keys capture what they like."""
    if caller.credential is None or "max_leads" not in caller.credential.limits:
        return False
    is_small = caller.credential.limits["max_leads"] < _SMALL_PLAN
    return is_small or can_be_filled(caller.credential) or bool(free(lab, caller))
