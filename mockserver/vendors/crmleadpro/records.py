"""A lead in the store: the 13 documented members, the pipeline, and the text it is found by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.call import Call
from mockserver.engine.normalize import digits_of
from mockserver.engine.refusal import Refusal
from mockserver.store.base import Record

_SHOWN = (
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
# Noncharacters: the first stands between two fields, so that nothing that is searched for reaches from one into
# the next; a text that holds it itself has the second instead.
_BETWEEN, _INSTEAD = "\ufdd0", "\ufdd1"


def lead_record(lead: dict[str, Any]) -> Record:
    """The lead as the store keeps it: `pipeline` is in its data, but never shown (P1)."""
    phone = lead["phone"] or ""
    texts = (lead["name"], lead["email"] or "", phone, lead["company"] or "", digits_of(phone))
    return Record("lead", lead["id"], lead, search=_BETWEEN.join(map(folded, texts)))


def folded(text: str) -> str:
    """The text as it is searched for: letter case does not count (P19)."""
    return text.casefold().replace(_BETWEEN, _INSTEAD)


def shown(lead: Mapping[str, Any]) -> dict[str, Any]:
    """The lead as the API shows it: exactly the members of the documented sample (P1)."""
    return {name: lead[name] for name in _SHOWN}


async def live_lead(call: Call, lead_id: str) -> Record:
    """The lead of this workspace; an archived one is as unknown as a foreign one (P22, P36)."""
    record = await call.tx.get("lead", lead_id)
    if record is None or record.archived:
        raise unknown_lead(lead_id)
    return record


def unknown_lead(lead_id: str) -> Refusal:
    return Refusal("record-unknown", f"There is no lead {lead_id}")
