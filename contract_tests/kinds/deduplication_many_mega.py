"""Deduplication of MEGA's leads among more than a thousand others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, named, only
from .deduplication_mega import is_one
from .mega_leads import imported, made

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("deduplication")

_CREATE = only("mega/createLead")
_DEDUP = named("dedup")


@kind.promise("after-many", "A lead is still recognised after more than 1,200 others.", on=_CREATE, source=_DEDUP)
def after_many(lab: Lab, _operation: Operation) -> None:
    emailed = made(lab, {"contact_email": lab.fresh.email()})
    phoned = made(lab, {"contact_phone": f"+1{lab.fresh.phone()}"})
    batches = 1 if lab.frugal else 3
    ids: dict[int, str] = {}
    rows: list[dict[str, Any]] = []
    for _ in range(batches):
        more = [{"contact_email": lab.fresh.email(), "contact_phone": f"+1{lab.fresh.phone()}"} for _ in range(410)]
        results = imported(lab, more)["results"]
        ids.update({len(rows) + at: str(result["lead_id"]) for at, result in enumerate(results)})
        rows += more
    is_one(lab, emailed, made(lab, {"contact_email": emailed["contact_email"]}), f"an email, {len(rows)} leads ago,")
    is_one(lab, phoned, made(lab, {"contact_phone": phoned["contact_phone"]}), f"a phone, {len(rows)} leads ago,")
    for at in (0, len(rows) // 2, len(rows) - 102, len(rows) - 1):
        for name in ("contact_email", "contact_phone"):
            is_one(lab, {"id": ids[at]}, made(lab, {name: rows[at][name]}), f"the {name} of row {at} of {len(rows)}")
