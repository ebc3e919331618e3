"""SalesIQ: capturing leads, and a page about the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rule import NotChecked

if TYPE_CHECKING:
    from ..caller import Caller
    from ..fresh import Fresh
    from ..lab import Lab
    from ..wire import Answer

#: As the document lists them, with those two whose names only the vendor's page has.
OPTIONAL = (
    "email",
    "source",
    "sourceDetails",
    "city",
    "propertyType",
    "budgetMin",
    "budgetMax",
    "notes",
    "preferredLocation",
    "whatsapp",
)
PROPERTY_TYPES = ("Flat", "Villa", "Plot", "Commercial")


class SalesIQ:
    create = "captureLead"
    listed_by: tuple[str, str] | None = None

    def lead(self, fresh: Fresh) -> dict[str, Any]:
        return {"name": fresh.name(), "phone": fresh.phone()}

    def body(self, lead: dict[str, Any]) -> Any:
        return lead

    def lead_id(self, answer: Answer) -> str:
        return str(answer.at("/leadId"))

    def call(self, operation: str, lab: Lab, _caller: Caller) -> dict[str, Any]:
        return {"body": self.lead(lab.fresh)} if operation == self.create else {}


def small(lab: Lab, **more: Any) -> dict[str, Any]:
    """A name and a phone that are new, and what else is given."""
    return {"name": lab.fresh.name(), "phone": lab.fresh.phone(), **more}


def complete(lab: Lab, **more: Any) -> dict[str, Any]:
    """A new lead with every documented field."""
    return small(
        lab,
        email=lab.fresh.email(),
        source="Facebook",
        sourceDetails="3BHK Noida ad",
        city="Noida",
        propertyType="Flat",
        budgetMin=7500000,
        budgetMax=9500000,
        notes="Prefers a corner flat. Call after 6 pm.",
        preferredLocation="Sector 62",
        whatsapp=lab.fresh.phone(),
    ) | dict(more)


def new(lab: Lab, lead: dict[str, Any], why: str = "", caller: Caller | None = None) -> Answer:
    """Captures a lead that must be a new one."""
    answer = (caller or lab.main)("captureLead", body=lead)
    lab.expect(answer.status == 201, f"201 for a lead with a new number{why and f' ({why})'}", answer)
    return answer


def documented(lab: Lab, answer: Answer, about: str = "") -> None:
    """The answer must tell of a new lead as the document shows it."""
    lab.expect(answer.at("/success") is True, f"success: true{about}", answer)
    for name in ("leadId", "leadCode", "temperature", "assignedTo"):
        value = answer.at(f"/{name}")
        # Ids of the sample are of no one form, and nobody says what it is where there is nobody to assign.
        other = not lab.strict and ((name == "leadId" and type(value) is int) or (name == "assignedTo" and not value))
        lab.expect(other or (isinstance(value, str) and value.strip()), f"{name}: a text{about}", answer)
    score = answer.at("/score")
    lab.expect(isinstance(score, int | float) and not isinstance(score, bool), f"score: a number{about}", answer)
    said = "Lead captured successfully"
    lab.expect(answer.at("/message") == said, f"the message {said!r}{about}", answer)
    lab.expect(answer.at("/duplicate", None) is not True, f"no duplicate: true for a new lead{about}", answer)
    media = answer.headers.get("content-type", "").lower()
    lab.expect("json" in media, f"a Content-Type of JSON{about}", media or "none")


def known(lab: Lab, lead: dict[str, Any], first: Answer, why: str = "", caller: Caller | None = None) -> Answer:
    """Captures a lead that must be a duplicate of the one that `first` told of."""
    answer = (caller or lab.main)("captureLead", body=lead)
    lead_id, about = first.at("/leadId"), why and f" ({why})"
    lab.expect(answer.status == 200, f"200 for a duplicate of {lead_id}{about}", answer)
    lab.expect(answer.at("/success") is True, f"success: true for a duplicate{about}", answer)
    lab.expect(answer.at("/duplicate") is True, f"duplicate: true{about}", answer)
    lab.expect(answer.at("/leadId") == lead_id, f"the leadId {lead_id} of the existing lead{about}", answer)
    return answer


def refused(lab: Lab, answer: Answer, why: str, status: int = 400) -> None:
    """The answer must be a refusal in the decided envelope: for rules on what is assumed."""
    lab.expect(answer.status == status, f"{status} for {why}", answer)
    lab.expect(answer.at("/success") is False, f"success: false for {why}", answer)
    text = answer.at("/error")
    lab.expect(isinstance(text, str) and text.strip(), f"error: a text for {why}", answer)


def code_of(lab: Lab, answer: Answer) -> int:
    """The number in a lead's code."""
    code = answer.at("/leadCode")
    good = isinstance(code, str) and code[:2] == "LD" and code[2:].isascii() and code[2:].isdecimal()
    lab.expect(good, "a leadCode of LD and digits", answer)
    return int(code[2:])


def elsewhere(lab: Lab) -> list[Caller]:
    """A credential of another workspace, where the target has one."""
    try:
        return [lab.other_tenant()]
    except NotChecked:
        return []
