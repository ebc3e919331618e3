"""Contacts of CRMLead Pro: the people behind the leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_CONTACT = ("name", "email", "phone", "company", "tags")


def contact_of(lead: Mapping[str, Any]) -> dict[str, Any]:
    """The person behind a lead: no record of its own, so that the two can never disagree."""
    contact_id = lead["id"].replace("lead_", "contact_", 1)
    shared = {name: lead[name] for name in (*OF_CONTACT, "created_at", "updated_at")}
    return {"id": contact_id, **shared, "lead_id": lead["id"]}
