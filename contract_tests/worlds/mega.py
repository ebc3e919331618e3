"""MEGA: leads, bulk imports and webhooks of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..caller import Caller
    from ..fresh import Fresh
    from ..lab import Lab
    from ..wire import Answer

WEBHOOK_URL = "https://hooks.example.com/leadmock"


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
        return str(caller("createLeadWebhook", body=self._registration(lab)).at("/webhook/id"))
