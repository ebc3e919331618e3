"""Races among CRMLead Pro's creates, changes and archivings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from .races import CROWD, at_once, rounds, told

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("races")
#: How many requests may come at the same time is nowhere said.
_TURNED_AWAY = frozenset((429, 503))


def _lead(lab: Lab) -> tuple[str, dict[str, Any]]:
    """A new lead: its id and what was sent."""
    lead = lab.world.lead(lab.fresh)
    return lab.world.lead_id(lab.main("createLead", body=lead)), lead


@kind.promise(
    "all-kept",
    "Different leads created at the same time each have an id of their own, and can all be read.",
    on=only("crmleadpro/createLead"),
    source=named("create-lead"),
)
def all_kept(lab: Lab, _operation: Operation) -> None:
    for _ in rounds(lab):
        leads = [lab.world.lead(lab.fresh) for _ in range(CROWD)]
        answers = at_once(lab, [lab.main.request("createLead", body=lead) for lead in leads])
        failed = [answer for answer in answers if not answer.ok and (lab.strict or answer.status not in _TURNED_AWAY)]
        lab.expect(not failed, f"a success for each of {CROWD} new leads at once", told(failed))
        made = [(lead, answer) for lead, answer in zip(leads, answers, strict=True) if answer.ok]
        ids = [lab.world.lead_id(answer) for _, answer in made]
        lab.expect(len(set(ids)) == len(ids), f"{len(ids)} leads with ids of their own", Counter(ids))
        for (lead, _), lead_id in zip(made, ids, strict=True):
            read = lab.main("getLead", path={"id": lead_id})
            lab.expect(read.ok, f"the lead {lead_id} that was created among others at once", read)
            own = f'"{lead["email"]}"'.encode()
            lab.expect(own in read.body.replace(b"\\/", b"/"), f"the email {own.decode()} of its own request", read)


@kind.promise(
    "no-deduplication",
    "The same lead created several times at once is as many leads.",
    on=only("crmleadpro/createLead"),
    source=assumed("P27", "No search for duplicates is documented, so there is none."),
)
def no_deduplication(lab: Lab, _operation: Operation) -> None:
    for _ in rounds(lab, 3):
        lead = lab.world.lead(lab.fresh)
        answers = at_once(lab, [lab.main.request("createLead", body=lead) for _ in range(CROWD)])
        failed = [answer for answer in answers if answer.status != 201]
        lab.expect(not failed, f"201 for each of {CROWD} creates of one lead at once", told(failed))
        ids = {lab.world.lead_id(answer) for answer in answers}
        lab.expect(len(ids) == CROWD, f"{CROWD} leads with ids of their own", ids)
        found = lab.main("listLeads", query={"search": lead["email"], "per_page": 100})
        listed = Counter(one["id"] for one in found.at("/data"))
        lab.expect(listed == Counter(ids), f"{CROWD} leads in the list for {lead['email']}", dict(listed))


@kind.promise(
    "changes",
    "Changes of different members of one lead at the same time all last.",
    on=only("crmleadpro/updateLead"),
    source=named("P24"),
)
def changes(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab):
        lead_id, lead = _lead(lab)
        path = {"id": lead_id}
        want = {
            "name": lab.fresh.name(),
            "email": lab.fresh.email(),
            "company": f"Company {number}",
            "status": "qualified",
            "score": 50 + number,
            "source": f"source {number}",
            "assigned_to": f"user_{number}",
            "tags": [f"tag-{number}"],
        }
        patches = [lab.main.request("updateLead", path=path, body={name: value}) for name, value in want.items()]
        answers = at_once(lab, patches * 2)
        for name, answer in zip([*want, *want], answers, strict=True):
            lab.expect(answer.status == 200, f"200 for a change of {name}", answer)
            lab.expect(answer.at(f"/{name}") == want[name], f"the new {name} {want[name]!r}", answer)
        now = lab.main("getLead", path=path)
        got = {name: now.at(f"/{name}") for name in want}
        lab.expect(got == want, f"{want} after all changes", got)
        lab.expect(now.at("/phone") == lead["phone"], f"the phone {lead['phone']} that nobody changed", now)


@kind.promise(
    "change-beside-archive",
    "A lead that is changed and archived at the same time is archived; a change that came too late answers 404.",
    on=only("crmleadpro/updateLead"),
    source=named("P22"),
)
def change_beside_archive(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab):
        lead_id, lead = _lead(lab)
        path = {"id": lead_id}
        values = {
            "company": "Acme",
            "score": 9,
            "assigned_to": "user_9",
            "source": "race",
            "tags": ["race"],
            "status": "lost",
        }
        requests = [lab.main.request("updateLead", path=path, body={name: value}) for name, value in values.items()]
        at = number % (len(requests) + 1)
        requests[at:at] = [lab.main.request("archiveLead", path=path)] * 2
        answers = at_once(lab, requests)
        archived = answers[at : at + 2]
        lab.expect({answer.status for answer in archived} == {204}, "204 for both archivings", told(archived))
        changed = dict(zip(values, [*answers[:at], *answers[at + 2 :]], strict=True))
        for name, answer in changed.items():
            lab.expect(answer.status in {200, 404}, f"200 or 404 for a change of {name} beside an archiving", answer)
        gone = lab.main("getLead", path=path)
        lab.expect(gone.status == 404, "404 for the archived lead", gone)
        _is_listed(lab, lead["email"], [], archived="false")
        [found] = _is_listed(lab, lead["email"], [lead_id], archived="true")
        for name, answer in changed.items():
            lasts = found[name] == values[name]
            want = "has" if answer.status == 200 else "does not have"
            lab.expect(lasts == (answer.status == 200), f"an archived lead that {want} the change of {name}", found)


def _is_listed(lab: Lab, search: str, want: list[str], archived: str) -> list[dict[str, Any]]:
    answer = lab.main("listLeads", query={"search": search, "archived": archived})
    found: list[dict[str, Any]] = answer.at("/data")
    lab.expect([lead["id"] for lead in found] == want, f"the leads {want} with archived={archived}", answer)
    return found
