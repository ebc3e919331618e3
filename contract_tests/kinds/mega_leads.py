"""Creating MEGA's leads, singly and in bulk, and reading them back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..rule import NotChecked

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..wire import Answer

Lead = dict[str, Any]
#: How white space and nothing can be said. A blank field counts as not given.
BLANKS: tuple[str | None, ...] = (None, "", " ", "\t \n")
#: What the vendor's pages name of a lead.
MEMBERS = (
    *("id", "customer_id", "contact_name", "contact_phone", "contact_email", "source_platform", "source_type"),
    *("status", "score", "qualified", "current_stage", "owner", "last_interaction_at", "interaction_count"),
    *("lead_line", "custom_fields", "created_at", "updated_at"),
)
_DIGITS = frozenset("0123456789")
_RESERVED = "lead_line"


def ask(lab: Lab, body: Mapping[str, Any], caller: Caller | None = None, **parts: Any) -> Answer:
    """Ask for one lead."""
    return (caller or lab.main)("createLead", body=body, **parts)


def nobodys_id(lab: Lab) -> str:
    """The id of an owner that there is nowhere: a UUID made of a word that was never used, not one from a sample."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, lab.fresh.token()))


def made(lab: Lab, body: Mapping[str, Any], caller: Caller | None = None) -> Lead:
    """The lead that a create answers with 201: a new one, or the one that it was merged into."""
    answer = ask(lab, body, caller)
    lab.expect(answer.status == 201, f"201 for the lead {shown(body)}", answer)
    lead: Lead = answer.at("/lead")
    return _told(lab, lead)


def imported(lab: Lab, rows: Sequence[Any], caller: Caller | None = None, **options: Any) -> dict[str, Any]:
    """What a bulk import answers with 200."""
    answer = (caller or lab.main)("bulkImportLeads", body={**options, "leads": list(rows)})
    lab.expect(
        answer.status == 200, f"200 for a bulk import of {len(rows)} rows with {options or 'no options'}", answer
    )
    result: dict[str, Any] = answer.json
    count = len(result["results"])
    lab.expect(count == len(rows), f"{len(rows)} results for as many rows", count)
    return result


def search(lab: Lab, text: str, caller: Caller | None = None) -> list[Lead]:
    """The leads that a search lists, with their custom fields."""
    answer = (caller or lab.main)("listLeads", query={"search": text, "include_custom_fields": "true", "limit": "100"})
    lab.expect(answer.status == 200, f"200 for a search for {text!r}", answer)
    found: list[Lead] = answer.at("/leads")
    return [_told(lab, one) for one in found]


def _told(lab: Lab, lead: Lead) -> Lead:
    """Members that no page names may change by themselves, such as when the lead was last looked at."""
    return lead if lab.strict else {name: lead[name] for name in MEMBERS if name in lead}


def with_email(lab: Lab, email: str, caller: Caller | None = None) -> list[Lead]:
    """The leads that have this email, whatever else a search for it may list."""
    return [one for one in search(lab, email, caller) if str(one.get("contact_email")).lower() == email.lower()]


def with_phone(lab: Lab, phone: str, caller: Caller | None = None) -> list[Lead]:
    """The leads whose phone has the same last ten digits."""
    return [one for one in search(lab, phone, caller) if last_ten(one.get("contact_phone")) == last_ten(phone)]


def listed(lab: Lab, lead: Mapping[str, Any], caller: Caller | None = None) -> Lead:
    """The lead as the list shows it now. Raises Broken where it is not listed exactly once."""
    text = lead.get("contact_email") or lead.get("contact_phone") or lead.get("contact_name") or ""
    found = [one for one in search(lab, text, caller) if one.get("id") == lead["id"]]
    lab.expect(len(found) == 1, f"the lead {lead['id']} once in a search for {text!r}", f"it {len(found)} times")
    return found[0]


def last_ten(phone: object) -> str:
    """The last ten of its digits. Only for phones without an extension and in Latin digits."""
    return "".join(one for one in str(phone) if one in _DIGITS)[-10:]


def stages(lab: Lab, number: int = 1) -> list[str]:
    """The slugs of the pipeline, at least so many."""
    found = [str(slug) for slug in lab.fact("stages")]
    if len(found) < number:
        raise NotChecked(f"needs {number} stages in mega.facts.stages")
    return found


def alike(lab: Lab, got: Any, sent: str) -> bool:
    """Whether a number that was sent as a text is kept. Strictly, it is kept as that text."""
    if lab.strict or isinstance(got, bool) or not isinstance(got, str | int | float):
        return bool(got == sent)
    try:
        return float(got) == float(sent)
    except ValueError:
        return got == sent


def custom_slugs(lab: Lab, number: int = 1) -> list[str]:
    """The slugs of custom fields that are defined, without the reserved one, at least so many."""
    found = [str(slug) for slug in lab.fact("custom_fields") if slug != _RESERVED]
    if len(found) < number:
        raise NotChecked(f"needs {number} custom fields in mega.facts.custom_fields")
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: true is not 1, and 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def without(lead: Mapping[str, Any], *names: str) -> Lead:
    return {name: value for name, value in lead.items() if name not in names}


def difference(expected: Mapping[str, Any], got: Mapping[str, Any], *ignored: str) -> str:
    """In which members two leads differ; empty where they do not."""
    names = [name for name in {**expected, **got} if name not in ignored]
    return ", ".join(
        f"{name} {got.get(name, 'absent')!r} and not {expected.get(name, 'absent')!r}"
        for name in names
        if not same(expected.get(name, "absent"), got.get(name, "absent"))
    )


def expect_same(lab: Lab, expected: Mapping[str, Any], got: Mapping[str, Any], what: str, *ignored: str) -> None:
    """Raise Broken unless two leads are the same in all but the ignored members."""
    found = difference(expected, got, *ignored)
    lab.expect(not found, what, f"it with {found}")


def shown(body: Mapping[str, Any]) -> str:
    text = str(dict(body))
    return text if len(text) <= 200 else f"{text[:200]}…"
