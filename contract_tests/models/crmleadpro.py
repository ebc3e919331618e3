"""What a right CRMLead Pro answers: leads as they are made, patched, found, sorted and counted."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

Lead = dict[str, Any]

MEMBERS = (
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
#: What a client may say of a lead.
WRITABLE = MEMBERS[1:-2]
OF_CONTACT = ("name", "email", "phone", "company", "tags")
STATUSES = ("new", "contacted", "qualified", "unqualified", "converted", "lost")
#: The stages of the one pipeline, `sales`, in order: slug, name, outcome.
STAGES = (
    ("new", "New", "open"),
    ("contacted", "Contacted", "open"),
    ("demo_scheduled", "Demo scheduled", "open"),
    ("proposal_sent", "Proposal sent", "open"),
    ("closed_won", "Closed won", "won"),
    ("closed_lost", "Closed lost", "lost"),
)
SLUGS = tuple(slug for slug, _, _ in STAGES)
OPEN = tuple(slug for slug, _, outcome in STAGES if outcome == "open")
LEAD_SORTS = tuple(f"{sign}{name}" for name in ("created_at", "updated_at", "name", "score") for sign in ("", "-"))
CONTACT_SORTS = LEAD_SORTS[:6]
DEFAULT_SORT = "-created_at"

_DEFAULTS: Mapping[str, Any] = {"status": "new", "pipeline_stage": "new", "tags": []}
_EXACT = ("status", "pipeline_stage", "source", "assigned_to", "company")
_SEARCHED = ("name", "email", "phone", "company")


def said_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The writable members of the lead that these members make."""
    return {name: sent.get(name, _DEFAULTS.get(name)) for name in WRITABLE}


def patched(lead: Lead, patch: Mapping[str, Any]) -> Lead:
    """The lead after a merge patch, but for its `updated_at`."""
    return {**lead, **{name: patch[name] for name in WRITABLE if name in patch}}


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same: 1 is neither 1.0 nor true."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def contact_of(lead: Lead) -> dict[str, Any]:
    """The person behind the lead."""
    shared = {name: lead[name] for name in (*OF_CONTACT, "created_at", "updated_at")}
    return {**shared, "id": lead["id"].replace("lead_", "contact_", 1), "lead_id": lead["id"]}


def matches(lead: Lead, query: Mapping[str, Any]) -> bool:
    """Whether a list with this query shows the lead."""
    if any(name in query and lead[name] != query[name] for name in _EXACT):
        return False
    if "tag" in query and query["tag"] not in lead["tags"]:
        return False
    return found(lead, str(query.get("search", "")))


def found(lead: Lead, text: str) -> bool:
    """Whether a search for the text finds the lead: in any letter case, a phone number on its digits too."""
    wanted = text.casefold()
    if any(wanted in (lead[name] or "").casefold() for name in _SEARCHED):
        return True
    digits = digits_of(text)
    phone_like = len(digits) >= 7 and not set(text) - set("0123456789 ()+.-")
    return (phone_like or text.isdecimal()) and digits in digits_of(lead["phone"] or "")


def digits_of(text: str) -> str:
    return "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())


def ordered(leads: Iterable[Lead], sort: str = DEFAULT_SORT) -> list[Lead]:
    """The leads in the order of a sort: ties by id in its direction, what has no value last."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    with_value: list[Lead] = []
    without: list[Lead] = []
    for lead in leads:
        (without if lead[name] is None else with_value).append(lead)
    with_value.sort(key=lambda lead: (_comparable(name, lead[name]), lead["id"]), reverse=descending)
    without.sort(key=lambda lead: str(lead["id"]), reverse=descending)
    return with_value + without


def _comparable(name: str, value: Any) -> Any:
    return moment(value) if name.endswith("_at") else value


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def pages(total: int, size: int) -> int:
    return -(-total // size)


def recipients(leads: Iterable[Lead], channel: str, audience: Mapping[str, Any]) -> int:
    """How many of the leads, which are live ones, a campaign reaches."""
    needed = "email" if channel == "email" else "phone"
    return sum(lead[needed] is not None and _is_meant(lead, audience) for lead in leads)


def _is_meant(lead: Lead, audience: Mapping[str, Any]) -> bool:
    return (
        ("tags" not in audience or not set(audience["tags"]).isdisjoint(lead["tags"]))
        and ("statuses" not in audience or lead["status"] in audience["statuses"])
        and ("lead_ids" not in audience or lead["id"] in audience["lead_ids"])
    )


def funnel(leads: Sequence[Lead], deals: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of the pipeline with these live leads and open deals."""
    values: dict[str, Decimal] = {}
    for deal in deals:
        values[deal["currency"]] = values.get(deal["currency"], Decimal(0)) + Decimal(str(deal["value"]))
    counts = Counter(lead["pipeline_stage"] for lead in leads)
    volume = {"leads": len(leads), "deals": len(deals), "value": {code: float(sum_) for code, sum_ in values.items()}}
    return {"pipeline": "sales", "volume": volume, **rates(counts), "velocity_days": None}


def rates(counts: Mapping[str, int]) -> dict[str, Any]:
    """The stages, how many leads are at each, and the shares that follow from that."""
    total = sum(counts.get(slug, 0) for slug in SLUGS)
    stages = [
        {
            "slug": slug,
            "name": name,
            "leads": counts.get(slug, 0),
            "conversion_rate": share(came_to(slug, counts), total),
        }
        for slug, name, _ in STAGES
    ]
    return {"stages": stages, "conversion_rate": share(counts.get("closed_won", 0), total)}


def came_to(slug: str, counts: Mapping[str, int]) -> int:
    """How many leads are at the stage or a later one; a lost lead is at the lost stage alone."""
    if slug == SLUGS[-1]:
        return counts.get(slug, 0)
    return sum(counts.get(each, 0) for each in SLUGS[SLUGS.index(slug) : -1])


def share(part: int, whole: int) -> float | None:
    """Not rounded: what is told has four decimals."""
    return part / whole if whole else None
