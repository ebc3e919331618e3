"""Two workspaces of CRMLead Pro, and what a model says of them, taken through the same steps."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ..rule import NotChecked
from ..worlds.workspace import Workspace, writable
from .crmleadpro import CONTACT_SORTS, LEAD_SORTS, OPEN, SLUGS, STATUSES, Lead, came_to, matches, ordered, recipients
from .crmleadpro_values import BAD, members
from .machine import Machine, step

if TYPE_CHECKING:
    from ..lab import Lab
    from ..search import Search

_WHICH = st.integers(0, 1)
_AT = st.integers(0, 20)
_WRONG = st.sampled_from([(name, value) for name, values in BAD.items() for value in values[:4]])
_QUERY = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "pipeline_stage": st.sampled_from(SLUGS),
        "sort": st.sampled_from(LEAD_SORTS),
        "per_page": st.integers(1, 4),
        "page": st.integers(1, 3),
    },
)


class _Side:
    """One workspace: its leads as the model has them, and what its figures were at the beginning."""

    def __init__(self, here: Workspace, mark: str) -> None:
        self.here = here
        self.mark = mark
        self.live: list[Lead] = []
        self.archived: list[Lead] = []
        self.sent: list[dict[str, Any]] = []
        self.deals: Counter[str] = Counter()
        self.worth = 0.0
        self.before = self.figures()

    def figures(self) -> dict[str, Any]:
        return self.here.body(self.here.ask("getPipelineAnalytics"), 200, "the funnel")

    def every(self) -> list[Lead]:
        return self.live + self.archived


class CRMLeadProMachine(Machine):
    """Creates, patches, archives, lists and counts in two workspaces; neither must notice the other."""

    def __init__(self, lab: Lab, search: Search) -> None:
        super().__init__(lab, search)
        self.sides: list[_Side] = []
        self.telling(self.begin)

    def begin(self) -> None:
        callers = [self.lab.main]
        with suppress(NotChecked):
            callers.append(self.lab.other_tenant())
        workspaces = [Workspace(self.lab, caller) for caller in callers]
        self.sides = [_Side(here, here.mark()) for here in workspaces]
        for side in self.sides:
            self.make(side, {"name": f"{side.mark} first", "phone": "+91 98765 43210", "tags": ["a", "b"]})
            self.make(side, {"name": f"{side.mark} second", "email": self.lab.fresh.email(), "status": "qualified"})

    @step(which=_WHICH, said=members())
    def create(self, which: int, said: dict[str, Any]) -> None:
        side = self.side(which)
        self.make(side, {"name": f"{side.mark} lead", "email": self.lab.fresh.email(), **said})

    @step(which=_WHICH, at=_AT, swapped=st.booleans())
    def create_again(self, which: int, at: int, swapped: bool) -> None:  # noqa: FBT001  # drawn by name
        """What was sent before makes another lead, in either workspace."""
        side = self.side(which)
        sent = self.side(1 - which if swapped else which).sent
        if sent:
            self.make(side, {**sent[at % len(sent)], "name": f"{side.mark} again"})

    def side(self, which: int) -> _Side:
        """The first or the second workspace; the only one where there is no other."""
        return self.sides[which % len(self.sides)]

    def make(self, side: _Side, sent: dict[str, Any]) -> None:
        lead = side.here.made(sent)
        known = {one["id"] for each in self.sides for one in each.every()}
        self.lab.expect(lead["id"] not in known, "a new lead with an id of its own", lead["id"])
        side.live.append(lead)
        side.sent.append(sent)

    @step(which=_WHICH, at=_AT)
    def read(self, which: int, at: int) -> None:
        here = self.side(which).here
        for side in self.sides:
            for lead in _one(side.live, at):
                if side.here is here:
                    here.unchanged(lead, "other steps")
                else:
                    here.gone(lead["id"], "another workspace's lead")
            for lead in _one(side.archived, at):
                here.gone(lead["id"], "an archived lead")

    @step(which=_WHICH, at=_AT, patch=members())
    def patch(self, which: int, at: int, patch: dict[str, Any]) -> None:
        side = self.side(which)
        for lead in _one(side.live, at):
            side.live[side.live.index(lead)] = side.here.patch(lead, patch)

    @step(which=_WHICH, at=_AT)
    def patch_again(self, which: int, at: int) -> None:
        side = self.side(which)
        for lead in _one(side.live, at):
            side.here.patch(lead, writable(lead))

    @step(which=_WHICH, at=_AT, wrong=_WRONG)
    def patch_wrongly(self, which: int, at: int, wrong: tuple[str, Any]) -> None:
        here, (name, value) = self.side(which).here, wrong
        for lead in _one(self.side(which).live, at):
            body = (
                {"company": "Changed", name: value, "tags": ["changed"]}
                if name != "tags"
                else {"score": 1, name: value}
            )
            answer = here.ask("updateLead", path={"id": lead["id"]}, body=body)
            here.refused(answer, 422, f"a patch of {name} to {str(value)[:40]!r}", f"/{name}")
            here.unchanged(lead, "a refused patch")

    @step(which=_WHICH, at=_AT)
    def archive(self, which: int, at: int) -> None:
        side = self.side(which)
        for lead in _one(side.live, at):
            side.here.archive(lead)
            side.live.remove(lead)
            side.archived.append(lead)

    @step(which=_WHICH, at=_AT)
    def archive_again(self, which: int, at: int) -> None:
        here = self.side(which).here
        for side in self.sides:
            for lead in _one(side.archived, at):
                answer = here.ask("archiveLead", path={"id": lead["id"]})
                if side.here is here:
                    here.archived(answer)
                else:
                    here.missing(answer, "archiving another workspace's lead")

    @step(which=_WHICH, query=_QUERY)
    def list_leads(self, which: int, query: dict[str, Any]) -> None:
        self.compare(self.side(which), "listLeads", query)

    @step(which=_WHICH, query=_QUERY)
    def list_contacts(self, which: int, query: dict[str, Any]) -> None:
        known = {name: value for name, value in query.items() if name not in {"status", "pipeline_stage"}}
        if known.get("sort") not in (None, *CONTACT_SORTS):
            del known["sort"]
        self.compare(self.side(which), "listContacts", known)

    def compare(self, side: _Side, operation: str, query: dict[str, Any]) -> None:
        found = ordered([lead for lead in side.live if matches(lead, query)], query.get("sort", "-created_at"))
        number, size = query.get("page", 1), query.get("per_page", 25)
        shown = found[(number - 1) * size : number * size]
        side.here.shows(shown, len(found), operation, search=side.mark, **query)

    @step(which=_WHICH, at=_AT, value=st.sampled_from((0, 1, 0.5, 240000)), stage=st.sampled_from(OPEN))
    def deal(self, which: int, at: int, value: float, stage: str) -> None:
        here = self.side(which).here
        body = {"title": "Plan", "value": value, "currency": "INR", "pipeline": "sales", "stage": stage}
        for side in self.sides:
            for lead in _one(side.every(), at):
                answer = here.ask("createDeal", body={**body, "lead_id": lead["id"]})
                if side.here is not here or lead in side.archived:
                    here.missing(answer, "a deal with an archived lead, or another workspace's")
                    continue
                made = here.body(answer, 201, "the new deal")
                here.agree({**made, **body, "value": made["value"], "lead_id": lead["id"]}, made, "in the new deal")
                side.deals[stage] += 1
                side.worth += value

    @step(which=_WHICH, statuses=st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3, unique=True))
    def campaign(self, which: int, statuses: list[str]) -> None:
        here = self.side(which).here
        ids = [lead["id"] for side in self.sides for lead in side.every()]
        audience: dict[str, Any] = {"statuses": statuses, "lead_ids": ids or ["lead_0000000000000000"]}
        body = {"name": "Launch", "template": "demo", "audience": audience}
        number = here.body(here.ask("createWhatsappCampaign", body=body), 202, "the campaign")["recipients"]
        wanted = recipients(self.side(which).live, "whatsapp", audience)
        self.lab.expect(number == wanted, f"{wanted} recipients with the statuses {statuses}", number)

    @step(which=_WHICH)
    def figures(self, which: int) -> None:
        self.count(self.side(which))

    def count(self, side: _Side) -> None:
        told, before = side.figures(), side.before
        made = Counter(lead["pipeline_stage"] for lead in side.live)
        counts = {stage["slug"]: stage["leads"] + made[stage["slug"]] for stage in before["stages"]}
        now = {stage["slug"]: stage["leads"] for stage in told["stages"]}
        self.lab.expect(now == counts, f"{counts} leads at the stages", now)
        volume, worth = told["volume"], before["volume"]["value"].get("INR", 0) + side.worth
        self.lab.expect(volume["leads"] == sum(counts.values()), f"{sum(counts.values())} leads", volume)
        deals = before["volume"]["deals"] + side.deals.total()
        self.lab.expect(volume["deals"] == deals, f"{deals} deals", volume)
        near = math.isclose(volume["value"].get("INR", 0), worth, rel_tol=1e-9)
        self.lab.expect(near, f"deals worth {worth} INR", volume)
        for stage in told["stages"] if volume["leads"] else ():
            rate = came_to(stage["slug"], counts) / volume["leads"]
            sound = abs(stage["conversion_rate"] - rate) < 0.0001
            self.lab.expect(sound, f"a conversion rate of {rate:.4f} at {stage['slug']}", stage)

    def finish(self) -> None:
        for side in self.sides:
            here = side.here
            self.compare(side, "listLeads", {})
            self.compare(side, "listContacts", {"sort": "name"})
            page = here.page(search=side.mark, archived="true")
            gone = [lead["id"] for lead in ordered(side.archived)]
            self.lab.expect(page.ids == gone, f"the archived leads {gone}", page.ids)
            self.count(side)


def _one(leads: list[Lead], at: int) -> list[Lead]:
    """One of the leads, or none where there are none."""
    return [leads[at % len(leads)]] if leads else []
