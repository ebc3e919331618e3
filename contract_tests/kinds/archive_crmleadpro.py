"""CRMLead Pro's leads: archived, which is a soft delete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.crmleadpro import contact_of, ordered
from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.crmleadpro import CRMLeadPro, records_in
from ..worlds.workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")
WORLD = CRMLeadPro()

ARCHIVE = only("crmleadpro/archiveLead")
_MARKS = ("archiv", "delet", "trash")
#: A list may be so many seconds behind.
_LAG = 3.0


@kind.promise(
    "soft-delete",
    "An archived lead leaves the list of leads, or is marked there as archived; other leads stay.",
    on=ARCHIVE,
    source=named("archive-lead"),
)
def soft_delete(lab: Lab, _operation: Operation) -> None:
    lead_id, other_id = WORLD.made(lab, lab.main), WORLD.made(lab, lab.main)
    name = lab.main("getLead", path={"id": lead_id}).at("/name")
    # The document names no parameters; what is unknown is, with luck, ignored.
    for query in ({}, {"search": name}, {"q": name}, {"sort": "-created_at", "per_page": "100"}):
        if (record := _shown(lab, query, lead_id)) is not None:
            listed = _known(record)
            break
    else:
        raise NotChecked("the new lead is not on the first page of any list that was tried")
    answer = lab.main("archiveLead", path={"id": lead_id})
    lab.expect(answer.ok, "the lead to be archived", answer)
    shown = _shown(lab, query, lead_id)
    marked = shown is not None and any(_tells(name, value) for name, value in shown.items())
    if not lab.strict:
        # Some lists lag behind, and some mark what is archived in words of their own.
        until = time.monotonic() + _LAG
        while shown is not None and _known(shown) == listed and time.monotonic() < until:
            time.sleep(_LAG / 10)
            shown = _shown(lab, query, lead_id)
        marked = marked or (shown is not None and _known(shown) != listed)
    lab.expect(
        shown is None or marked, f"the archived lead {lead_id} not to be listed as if nothing had happened", shown
    )
    after = lab.main("getLead", path={"id": lead_id})
    lab.expect(after.status < 500, "a refusal, or the archived lead", after)
    lab.expect(lab.main("getLead", path={"id": other_id}).ok, "the other lead, as before", other_id)


def _shown(lab: Lab, query: dict[str, str], lead_id: str) -> dict[str, Any] | None:
    answer = lab.main("listLeads", query=query)
    found = records_in(answer.json) if answer.ok else iter(())
    return next((record for record in found if record["id"] == lead_id), None)


def _known(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "updated_at"}


def _tells(name: str, value: Any) -> bool:
    """Whether a member says of its lead that it is archived."""
    said = any(word in name.lower() for word in _MARKS) and value not in (None, False, "", 0)
    return said or (isinstance(value, str) and any(word in value.lower() for word in _MARKS))


@kind.promise(
    "archived",
    "DELETE answers 204 without a body, also the second time; the lead can then be neither read nor changed.",
    on=ARCHIVE,
    source=named("P21"),
)
def archived(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    shared = {"name": lab.fresh.name(), "email": lab.fresh.email(), "phone": "+91 98765 43210"}
    lead, double, patched = here.made(shared), here.made(shared), here.create(score=5)
    patched = here.patch(patched, {"status": "lost"})
    for one in (lead, patched):
        for _ in range(3):
            here.archive(one)
            here.gone(one["id"], "an archived lead")
    here.unchanged(double, "its double was archived")
    here.missing(lab.main("archiveLead", path={"id": "lead_0000000000000000"}), "archiving a lead that never was")
    here.unchanged(here.patch(double, {"score": 1}), "it was patched beside its archived double")


@kind.promise(
    "archived-list",
    "An archived lead is listed with archived=true alone, as it was, and its contact nowhere.",
    on=ARCHIVE,
    source=named("P20"),
)
def archived_list(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    leads = [here.create(name=f"{mark} {at}", tags=[mark], status="qualified", company=mark) for at in range(5)]
    gone, live = leads[1::2], leads[::2]
    for times, lead in enumerate(gone):
        for _ in range(times + 1):
            here.archive(lead)
    live, gone = ordered(live), ordered(gone)
    restricted: tuple[dict[str, Any], ...] = ({"search": mark}, {"tag": mark}, {"search": mark, "status": "qualified"})
    for query in restricted:
        here.lists(live, **query)
        here.lists(live, **query, archived="false")
        _lists_archived(here, gone, **query)
    here.lists([], search=mark, status="new", archived="true")
    _lists_archived(here, ordered(gone, "name"), search=mark, sort="name")
    for query in ({"search": mark}, {"tag": mark}, {"company": mark}, {"search": mark, "archived": "true"}):
        here.lists(live, "listContacts", **query)
    for lead in gone:
        page = here.page("listContacts", search=lead["name"])
        lab.expect(contact_of(lead)["id"] not in page.ids, "no contact of an archived lead", page.ids)
    here.page(archived="true", per_page=1)


def _lists_archived(here: Workspace, leads: list[dict[str, Any]], **query: Any) -> None:
    """The archived leads as they were. Whether archiving counts as a change of `updated_at` is left open."""
    page = here.page(archived="true", **query)
    ids = [lead["id"] for lead in leads]
    here.lab.expect(page.ids == ids and page.total == len(ids), f"{ids} in the archived leads with {query}", page)
    for lead, got in zip(leads, page.items, strict=True):
        here.agree({**lead, "updated_at": got["updated_at"]}, got, "in the list of the archived leads")


@kind.promise(
    "archived-for-good",
    "Nothing brings an archived lead back: no patch, no second DELETE, no new lead with the same address.",
    on=ARCHIVE,
    source=assumed("P22", "An archived lead stays archived."),
)
def archived_for_good(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    sent = {"name": f"{mark} once", "email": lab.fresh.email(), "phone": "+91 98765 43210", "tags": [mark]}
    lead = here.made(sent)
    here.archive(lead)
    patches: tuple[dict[str, Any], ...] = ({}, {"archived": False}, {"status": "new"}, {"name": "Back again"})
    for patch in patches:
        here.missing(
            lab.main("updateLead", path={"id": lead["id"]}, body=patch), f"the patch {patch} of an archived lead"
        )
    here.archive(lead)
    new = here.made(sent)
    lab.expect(new["id"] != lead["id"], "a new lead, with an id of its own", new)
    here.unchanged(new, "it was made like an archived one")
    here.gone(lead["id"], "a lead that was archived before one like it was made")
    here.lists([new], search=mark)
    _lists_archived(here, [lead], tag=mark)
    here.archive(new)
    _lists_archived(here, ordered([lead, new]), tag=mark)


@kind.promise(
    "archived-together",
    "A lead that is archived many times at once is archived once.",
    on=ARCHIVE,
    source=assumed("P23", "Archiving again answers 204 as well."),
)
def archived_together(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    lead = here.create(name=mark)
    for exchange in lab.send_all([lab.main.request("archiveLead", path={"id": lead["id"]}) for _ in range(8)]):
        here.archived(exchange.answer)
    _lists_archived(here, [lead], search=mark)
    here.lists([], search=mark)
