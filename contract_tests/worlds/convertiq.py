"""ConvertIQ: creating leads."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..caller import Caller
    from ..fresh import Fresh
    from ..lab import Lab
    from ..wire import Answer

REQUIRED = ("name", "email", "source", "industry")
OPTIONAL = ("phone", "score", "status", "monthly_revenue", "budget", "description")
STATUSES = ("new", "contacted", "qualified", "lost")
#: The members of the lead in an answer.
SHOWN = ("id", "user_id", "name", "email", "source", "industry", "status", "created_at")


class ConvertIQ:
    create = "createLead"
    listed_by: tuple[str, str] | None = None

    def lead(self, fresh: Fresh) -> dict[str, Any]:
        return {"name": fresh.name(), "email": fresh.email(), "source": "API", "industry": "Technology"}

    def body(self, lead: dict[str, Any]) -> Any:
        return {"lead": lead}

    def lead_id(self, answer: Answer) -> str:
        return str(answer.at("/lead/id"))

    def call(self, _operation: str, lab: Lab, _caller: Caller) -> dict[str, Any]:
        return {"body": self.body(self.lead(lab.fresh))}


def small(lab: Lab, **more: Any) -> dict[str, Any]:
    """A new lead with the four required fields, and what else is given."""
    return {"name": lab.fresh.name(), "email": lab.fresh.email(), "source": "API", "industry": "Technology"} | more


def complete(lab: Lab, **more: Any) -> dict[str, Any]:
    """A new lead with every documented field."""
    return small(
        lab,
        phone=f"1206{lab.fresh.phone()[3:]}",
        score=7,
        status="contacted",
        monthly_revenue=50000,
        budget=10000,
        description="Interested in AI calling",
    ) | dict(more)


def create(lab: Lab, lead: Any, why: str = "", caller: Caller | None = None) -> Answer:
    """Creates a lead, which must succeed."""
    answer = (caller or lab.main)("createLead", body={"lead": lead})
    told(lab, answer, lead, why and f" ({why})")
    return answer


def told(lab: Lab, answer: Answer, lead: Any, about: str = "") -> None:
    """The answer must be the one that the document shows, with this lead's own values."""
    lab.expect(answer.ok, f"a success{about}", answer)
    lab.expect(answer.at("/success") is True, f"success: true{about}", answer)
    for name in REQUIRED:
        shown = answer.at(f"/lead/{name}")
        same = shown == lead[name] or (not lab.strict and _plain(shown) == _plain(lead[name]))
        lab.expect(same, f"the {name} {lead[name]!r} as it was sent{about}", answer)
    for name in ("id", "user_id", "created_at"):
        value = answer.at(f"/lead/{name}")
        number = name != "created_at" and type(value) is int and not lab.strict
        lab.expect(number or (isinstance(value, str) and value), f"{name}: a text{about}", answer)
    answer.at("/lead/status")
    if lead.get("status"):
        want = lead["status"]
        lab.expect(answer.at("/lead/status") == want, f"the status {want!r} as it was sent{about}", answer)


def _plain(text: Any) -> str:
    """A text without what somebody may tidy up."""
    return unicodedata.normalize("NFC", str(text)).strip().casefold()


def refused(lab: Lab, answer: Answer, why: str, status: int = 400) -> None:
    """The answer must be a refusal in the decided envelope: for rules on what is assumed."""
    lab.expect(answer.status == status, f"{status} for {why}", answer)
    lab.expect(answer.at("/success") is False, f"success: false for {why}", answer)
    text = answer.at("/error")
    lab.expect(isinstance(text, str) and text.strip(), f"error: a text for {why}", answer)
    lab.expect(answer.at("/lead", None) is None, f"no lead in the answer to {why}", answer)
