"""CRMLead Pro's lists after a patch: what has changed is found so, and no longer as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.crmleadpro import Lead, ordered
from ..models.crmleadpro_values import NULLABLE
from ..rule import Kind, assumed, named, only
from ..worlds.workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

PATCH = only("crmleadpro/updateLead")
_LISTS = ("listLeads", "listContacts")
_Found = tuple[str, dict[str, str]]


@kind.promise(
    "patch-found",
    "A patched lead is listed by its new values, and no longer by its old ones or such as were cleared.",
    on=PATCH,
    source=named("P24"),
)
def patch_found(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    old, new = f"old-{mark}", f"new-{mark}"
    address = f"{mark}.example"
    keep, lead = here.create(name=f"Keep {mark}"), here.create(name=f"Other {mark}", **_told(old, address))
    changed = here.patch(lead, _told(new, address))
    for query in _queries(new, address):
        here.lists([changed], **query)
    for query in _queries(old, address):
        here.lists([], **query)
    here.lists([changed], search=mark, status="lost", pipeline_stage="proposal_sent")
    here.lists([keep], search=mark, status="new", pipeline_stage="new")
    renamed = here.patch(changed, {"name": f"Renamed {mark}"})
    here.lists([renamed], search=f"renamed {mark}")
    here.lists([], search=f"other {mark}")
    here.lists(ordered([keep, renamed]), search=mark)
    phone = lab.fresh.phone()
    renamed = here.patch(renamed, {"phone": phone})
    here.lists([renamed], search=phone)
    cleared = here.patch(renamed, {**dict.fromkeys(NULLABLE), "tags": []})
    for query in (*_queries(new, address), {"search": phone}):
        here.lists([], **query)
    for query in ({"tag": new}, {"search": f"works {new}"}, {"company": f"Works {new}"}, {"search": phone}):
        here.lists([], "listContacts", **query)
    here.lists(ordered([keep, cleared]), search=mark)


def _told(word: str, address: str) -> dict[str, Any]:
    told = {
        "email": f"x@{word}.{address}",
        "company": f"Works {word}",
        "source": word,
        "assigned_to": word,
        "tags": [word],
    }
    return {**told, **({"status": "lost", "pipeline_stage": "proposal_sent"} if word.startswith("new") else {})}


def _queries(word: str, address: str) -> list[dict[str, Any]]:
    searches = [{"search": f"@{word}.{address}"}, {"search": f"works {word}"}]
    return [*searches, {"source": word}, {"assigned_to": word}, {"tag": word}]


@kind.promise(
    "patch-found-each",
    "A patch of one member alone is seen by every search, filter and sort that looks at it.",
    on=PATCH,
    source=assumed("P19", "Searches, filters and sorts go by what leads are now."),
)
def patch_found_each(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    other = here.create(name=f"m {mark}", score=50, tags=[mark])
    lead = here.made({"name": f"a {mark}", "email": lab.fresh.email(), **_values(lab, mark, "first")})
    for word in ("second", "third"):
        told = {**_values(lab, mark, word), "name": f"{word} {mark}", "email": f"{word}@{mark}.example"}
        for name, value in told.items():
            before, lead = lead, here.patch(lead, {name: value})
            _found_as_it_is(here, mark, name, before, lead)
            _sorted_as_it_is(here, mark, [other, lead])
    for name in NULLABLE:
        before, lead = lead, here.patch(lead, {name: None})
        _found_as_it_is(here, mark, name, before, lead)
        _sorted_as_it_is(here, mark, [other, lead])


def _values(lab: Lab, mark: str, word: str) -> dict[str, Any]:
    phone = lab.fresh.phone()
    at = ("first", "second", "third").index(word)
    return {
        "phone": f"+91 {phone[:5]} {phone[5:]}",
        "company": f"Works of {word} {mark}",
        "source": f"{word} {mark}",
        "assigned_to": f"{word} {mark}",
        "status": ("contacted", "lost", "qualified")[at],
        "pipeline_stage": ("contacted", "closed_won", "proposal_sent")[at],
        "score": (10, 90, 0)[at],
        "tags": [mark, f"{word} {mark}"],
    }


def _found_as_it_is(here: Workspace, mark: str, name: str, before: Lead, lead: Lead) -> None:
    """Each list that looks at the member shows the lead by what it has now alone."""
    for value, found in ((before[name], []), (lead[name], [lead])):
        for operation, query in _queries_of(name, value):
            here.lists(found, operation, **{"tag": mark, **query})


def _queries_of(name: str, value: Any) -> Iterator[_Found]:
    """The queries that find a lead among the marked ones by this value of a member."""
    if value is None:
        return
    if name in {"name", "email", "company"}:
        yield from ((operation, {"search": value.upper()}) for operation in _LISTS)
    if name == "phone":
        # What was given, and its digits alone: they may be kept apart from it.
        texts = (value, value.partition(" ")[2].replace(" ", ""))
        yield from ((operation, {"search": text}) for operation in _LISTS for text in texts)
    if name == "company":
        yield "listContacts", {"company": value}
    if name == "tags":
        yield from ((operation, {"tag": value[-1]}) for operation in _LISTS)
    if name in {"status", "pipeline_stage", "source", "assigned_to"}:
        yield "listLeads", {name: value}


def _sorted_as_it_is(here: Workspace, mark: str, leads: list[Lead]) -> None:
    for sort in ("-updated_at", "name"):
        for operation in _LISTS:
            here.lists(ordered(leads, sort), operation, tag=mark, sort=sort)
    here.lists(ordered(leads, "-score"), tag=mark, sort="-score")
