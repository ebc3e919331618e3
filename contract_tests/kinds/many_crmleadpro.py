"""CRMLead Pro's leads once there are many: what is old is found, counted and reached as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.crmleadpro import SLUGS, STATUSES, pages, recipients
from ..rule import Kind, NotChecked, assumed, only
from ..worlds.population import Population, population
from ..worlds.workspace import Workspace
from .analytics_crmleadpro import figures
from .campaigns_crmleadpro import send
from .lists_crmleadpro import check

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

#: So many leads came after those that are looked for; most of them other rules have made already.
MANY = 520
_PAGE = 100


def _many(lab: Lab) -> tuple[Workspace, Population, int]:
    """The workspace, some of its oldest leads of this run, and how many there are in all."""
    if lab.frugal:
        raise NotChecked("needs a main credential with unlimited = true")
    here, people = Workspace(lab), population(lab)
    for _ in range(MANY - _later(here, people)):
        here.create(phone="+91 98765 43210")
    total, least = here.page(per_page=1).total, MANY + len(people.live)
    lab.expect(total >= least, f"a total of {least} or more once so many leads were made", total)
    return here, people, total


def _later(here: Workspace, people: Population) -> int:
    """How many leads are newer than these, as far as that matters."""
    newest, found = people.live[-1]["id"], 0
    for number in range(1, MANY // _PAGE + 2):
        ids = here.page(per_page=_PAGE, page=number).ids
        if newest in ids:
            return found + ids.index(newest)
        found += len(ids)
    return found


@kind.promise(
    "many",
    "{method} {path} finds, sorts, pages and counts the old ones too, however many there are.",
    on=only("crmleadpro/listLeads", "crmleadpro/listContacts"),
    source=assumed("P18", "total is how many match, and the pages hold them all."),
)
def many(lab: Lab, operation: Operation) -> None:
    here, people, total = _many(lab)
    for query in ({}, {"tag": "hot"}, {"sort": "created_at", "per_page": 7, "page": 2}, {"sort": "-name"}):
        check(here, people, operation.id, query)
    last = pages(total, _PAGE)
    for number in (last - 1, last, last + 1):
        page = here.page(operation.id, per_page=_PAGE, page=number)
        lab.expect(page.total == total, f"a total of {total} on page {number}", page.total)
    oldest = here.page(operation.id, per_page=_PAGE, page=last).ids[::-1]
    first = here.page(operation.id, per_page=_PAGE, sort="created_at").ids[: len(oldest)]
    lab.expect(first == oldest, f"the oldest, {oldest}, on page one of sort=created_at", first)
    if operation.id == "listLeads":
        for name, words in (("status", STATUSES), ("pipeline_stage", SLUGS)):
            parts = [here.page(per_page=1, **{name: word}).total for word in words]
            lab.expect(sum(parts) == total, f"totals by {name} of {total} together", parts)
        for lead in (*people.live[:2], people.live[-1]):
            here.unchanged(lead, "many others were made")


@kind.promise(
    "many-reached",
    "{method} {path} reaches the old leads too, however many there are.",
    on=only("crmleadpro/createEmailCampaign", "crmleadpro/createWhatsappCampaign"),
    source=assumed("P29", "An audience is drawn from all leads of the workspace."),
)
def many_reached(lab: Lab, operation: Operation) -> None:
    here, people, _ = _many(lab)
    channel = "email" if operation.id == "createEmailCampaign" else "whatsapp"
    for audience in ({"tags": [people.mark]}, {"lead_ids": [lead["id"] for lead in people.live]}):
        wanted, got = recipients(people.live, channel, audience), send(here, operation.id, audience)
        lab.expect(got == wanted, f"{wanted} recipients of the audience {str(audience)[:200]}", got)


@kind.promise(
    "many-counted",
    "{method} {path} counts all leads, however many there are.",
    on=only("crmleadpro/getPipelineAnalytics"),
    source=assumed("P31", "Everything is counted from the present state."),
)
def many_counted(lab: Lab, _operation: Operation) -> None:
    here, _, total = _many(lab)
    counted = figures(here)["volume"]["leads"]
    lab.expect(counted == total, f"{total} leads in the funnel, as in the list", counted)
