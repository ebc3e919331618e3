"""CRMLead Pro: leads, and what is sold to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..rule import NotChecked

if TYPE_CHECKING:
    from ..caller import Caller
    from ..fresh import Fresh
    from ..lab import Lab
    from ..wire import Answer

WEBHOOK_URL = "https://hooks.example.com/leadmock"
_IDS = ("/id", "/lead/id", "/data/id", "/data/lead/id", "/lead_id", "/data/lead_id", "/result/id")


class CRMLeadPro:
    create = "createLead"
    listed_by: tuple[str, str] | None = None

    def lead(self, fresh: Fresh) -> dict[str, Any]:
        phone = fresh.phone()
        return {
            "name": fresh.name(),
            "email": fresh.email(),
            "phone": f"+91 {phone[:5]} {phone[5:]}",
            "source": "website_form",
            "pipeline": "sales",
        }

    def body(self, lead: dict[str, Any]) -> Any:
        return lead

    def lead_id(self, answer: Answer) -> str:
        """The document shows no answer to a create: the id may be in an envelope, or in the Location alone."""
        for pointer in _IDS if answer.body else ():
            found = answer.at(pointer, None)
            if isinstance(found, str):
                return found
        last = str(answer.headers.get("location", "")).rstrip("/").rpartition("/")[2]
        if answer.ok and last:
            return last
        raise NotChecked(f"the answer to a new lead does not tell its id: {answer}")

    def call(self, operation: str, lab: Lab, caller: Caller) -> dict[str, Any]:
        match operation:
            case "createLead":
                return {"body": self.lead(lab.fresh)}
            case "getLead" | "archiveLead":
                return {"path": {"id": self.made(lab, caller)}}
            case "updateLead":
                return {"path": {"id": self.made(lab, caller)}, "body": {"status": "qualified"}}
            case "createDeal":
                return {"body": {"title": "Annual plan", "value": 240000, "currency": "INR", "pipeline": "sales"}}
            case "createEmailCampaign":
                audience = {"lead_ids": [self.made(lab, caller)]}
                return {"body": {"name": "Launch", "subject": "A plan", "body": "Hello!", "audience": audience}}
            case "createWhatsappCampaign":
                audience = {"lead_ids": [self.made(lab, caller)]}
                return {"body": {"name": "Reminder", "template": "demo_reminder", "audience": audience}}
            case "createWebhook":
                return {"body": {"url": WEBHOOK_URL, "events": ["deal.lost"]}}
        return {}

    def made(self, lab: Lab, caller: Caller) -> str:
        """The id of a new lead."""
        return self.lead_id(caller("createLead", body=self.lead(lab.fresh)))


def records_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object with an id anywhere in a value: the document does not say what a list looks like."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value
        for member in value.values():
            yield from records_in(member)
    elif isinstance(value, list):
        for item in value:
            yield from records_in(item)


#: The members of the document's own lead; what else there is may change by itself.
SAMPLE = (
    "id",
    "name",
    "email",
    "phone",
    "company",
    "status",
    "pipeline_stage",
    "score",
    "source",
    "assigned_to",
    "tags",
    "created_at",
    "updated_at",
)


def told(lab: Lab, answer: Answer) -> Any:
    """What an answer says of its lead: strictly all of it, else what the document's own lead has."""
    value = answer.json
    if lab.strict or not isinstance(value, dict):
        return value
    return answer.status, {name: value.get(name) for name in SAMPLE}


def shows(value: Any, *words: str) -> bool:
    """Whether a record anywhere in a value has one of these words: a list may well repeat what was asked for."""
    if isinstance(value, list):
        return any(shows(item, *words) for item in value)
    if not isinstance(value, dict):
        return False
    texts = [str(member) for member in value.values() if not isinstance(member, dict)]
    if {"id", "email"} & set(value) and any(word in text for word in words for text in texts):
        return True
    return any(shows(member, *words) for member in value.values())


def has_list(value: Any) -> bool:
    """Whether there is a list anywhere in a value."""
    if isinstance(value, dict):
        return any(has_list(member) for member in value.values())
    return isinstance(value, list)
