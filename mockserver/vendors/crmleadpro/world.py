"""What a CRMLead Pro workspace is set up with: one pipeline; in the demo the lead of the documentation."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from mockserver.engine.call import Tenant
from mockserver.store.base import Transaction
from mockserver.vendors.crmleadpro.records import lead_record

_STAGES = (
    ("new", "New", "open"),
    ("contacted", "Contacted", "open"),
    ("demo_scheduled", "Demo scheduled", "open"),
    ("proposal_sent", "Proposal sent", "open"),
    ("closed_won", "Closed won", "won"),
    ("closed_lost", "Closed lost", "lost"),
)
_SAMPLE = {
    "id": "lead_01J2XK3M4N5P6Q7R",
    "name": "Priya Sharma",
    "email": "priya@acmecorp.in",
    "phone": "+91 98765 43210",
    "company": "Acme Corp",
    "status": "qualified",
    "pipeline_stage": "demo_scheduled",
    "score": 87,
    "source": "website",
    "assigned_to": "user_sales_rep_01",
    "tags": ["hot-lead", "enterprise"],
    "created_at": "2026-05-15T10:30:00Z",
    "updated_at": "2026-05-20T14:22:00Z",
}
_KEY_LENGTH = 32
_ALPHANUMERIC = string.ascii_letters + string.digits


def world(tenant_id: str) -> Mapping[str, Any]:  # noqa: ARG001  # the same in every workspace
    """Pipelines by slug, as `GET /pipelines` shows them; the first is where a lead starts (P2)."""
    stages = [
        {"slug": slug, "name": name, "position": position, "outcome": outcome}
        for position, (slug, name, outcome) in enumerate(_STAGES, start=1)
    ]
    return {"pipelines": {"sales": {"slug": "sales", "name": "Sales", "stages": stages}}}


def new_secret() -> str:
    """A test key in the documented form, crmlp_test_ and 32 letters or digits (P32)."""
    return "crmlp_test_" + "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_KEY_LENGTH))


async def seed(tx: Transaction, tenant: Tenant, now: float) -> None:  # noqa: ARG001  # dated as documented
    """The lead of the documentation, so that its sample request is answered word for word."""
    await tx.put(lead_record({**_SAMPLE, "pipeline": "sales"}))
