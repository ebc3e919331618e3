"""MEGA: leads, bulk imports and webhooks of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..rule import NotChecked

if TYPE_CHECKING:
    from ..caller import Caller
    from ..fresh import Fresh
    from ..lab import Lab
    from ..wire import Answer

WEBHOOK_URL = "https://hooks.example.com/leadmock"
#: Where a lead may come from, and how.
PLATFORMS = (
    *("google_ads", "meta_ads", "google_organic", "direct", "referral", "hubspot"),
    *("zoho", "ghl", "shopify", "zenmaid", "lead_docket", "salesforce"),
)
SOURCE_TYPES = ("form", "phone_call", "email", "chat", "sms", "manual", "import")


class Mega:
    create = "createLead"
    listed_by: tuple[str, str] | None = ("listLeads", "contact_email")

    def lead(self, fresh: Fresh) -> dict[str, Any]:
        return {"contact_name": fresh.name(), "contact_email": fresh.email(), "contact_phone": f"+1{fresh.phone()}"}

    def body(self, lead: dict[str, Any]) -> Any:
        return lead

    def lead_id(self, answer: Answer) -> str:
        return str(answer.at("/lead/id"))

    def call(self, operation: str, lab: Lab, caller: Caller) -> dict[str, Any]:
        match operation:
            case "createLead":
                return {"body": self.lead(lab.fresh)}
            case "bulkImportLeads":
                return {"body": {"leads": [{"row_ref": "r1", **self.lead(lab.fresh)}]}}
            case "createLeadWebhook":
                return {"body": self._registration(lab)}
            case "updateLeadWebhook":
                return {"path": {"id": self._webhook(lab, caller)}, "body": {"description": "changed"}}
            case "deleteLeadWebhook":
                return {"path": {"id": self._webhook(lab, caller)}}
        return {}

    def _registration(self, lab: Lab) -> dict[str, Any]:
        # An address of its own: a second webhook for one address may be refused as a duplicate.
        return {"url": f"{WEBHOOK_URL}/{lab.fresh.token()}", "event_types": ["lead.created"]}

    def _webhook(self, lab: Lab, caller: Caller) -> str:
        """The id of a new webhook."""
        answer = caller("createLeadWebhook", body=self._registration(lab))
        if 400 <= answer.status < 500 and not lab.strict:
            # How many a customer may have is nowhere said.
            raise NotChecked(f"no further webhook is taken: {answer}")
        return str(answer.at("/webhook/id"))
