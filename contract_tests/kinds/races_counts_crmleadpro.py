"""Races among CRMLead Pro's creates that are counted: lists, the funnel and campaigns tell of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, assumed, only
from ..worlds.workspace import Workspace
from .analytics_crmleadpro import figures
from .campaigns_crmleadpro import CONTENT
from .races import CROWD, at_once, rounds, told

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer, Request

kind = Kind("races")

_ROUNDS = 3
_COUNTED = assumed("P31", "Everything is counted from the present state, however much of it came at the same time.")
_STAGE, _CURRENCIES = "proposal_sent", ("INR", "USD")


def _all(lab: Lab, requests: list[Request], status: int, what: str) -> list[Answer]:
    """The answers to requests at the same time, all with this status."""
    answers = at_once(lab, requests)
    failed = [answer for answer in answers if answer.status != status]
    lab.expect(not failed, f"{status} for each of {len(answers)} {what} at once", told(failed))
    return answers


def _own_ids(lab: Lab, answers: list[Answer], what: str) -> list[str]:
    ids = [str(answer.at("/id")) for answer in answers]
    lab.expect(len(set(ids)) == len(ids), f"{len(ids)} {what} with ids of their own", ids)
    return ids


@kind.promise(
    "leads-counted",
    "Leads that are made, then archived, at the same time are counted each, in both lists and in the funnel.",
    on=only("crmleadpro/createLead"),
    source=_COUNTED,
)
def leads_counted(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for _ in rounds(lab, _ROUNDS):
        mark, before = here.mark(), _at_stage(figures(here))
        bodies = [{**lab.world.lead(lab.fresh), "tags": [mark], "pipeline_stage": _STAGE} for _ in range(CROWD)]
        answers = _all(lab, [lab.main.request("createLead", body=body) for body in bodies], 201, "new leads")
        ids = _own_ids(lab, answers, "leads")
        _counts(here, mark, CROWD, before + CROWD, f"after {CROWD} new leads at once")
        paths = [{"id": one} for one in ids[: CROWD // 2]] * 2
        _all(lab, [lab.main.request("archiveLead", path=path) for path in paths], 204, "archivings")
        left = CROWD - CROWD // 2
        _counts(
            here, mark, left, before + left, f"after {CROWD // 2} of {CROWD} leads were archived at once, each twice"
        )


def _counts(here: Workspace, mark: str, listed: int, at_stage: int, when: str) -> None:
    for operation in ("listLeads", "listContacts"):
        total = here.page(operation, tag=mark, per_page=100).total
        here.lab.expect(total == listed, f"a total of {listed} in {operation} {when}", total)
    count = _at_stage(figures(here))
    here.lab.expect(count == at_stage, f"{at_stage} leads at {_STAGE} {when}", count)


def _at_stage(told_figures: Mapping[str, Any]) -> int:
    return next(int(stage["leads"]) for stage in told_figures["stages"] if stage["slug"] == _STAGE)


@kind.promise(
    "deals-counted",
    "Deals that are made at the same time are all in the funnel, with their values.",
    on=only("crmleadpro/createDeal"),
    source=_COUNTED,
)
def deals_counted(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for _ in rounds(lab, _ROUNDS):
        before = figures(here)["volume"]
        deals = [{"title": f"Deal {at}", "value": at + 1, "currency": _CURRENCIES[at % 2]} for at in range(CROWD)]
        requests = [lab.main.request("createDeal", body={**one, "pipeline": "sales"}) for one in deals]
        _own_ids(lab, _all(lab, requests, 201, "new deals"), "deals")
        after = figures(here)["volume"]
        wanted = before["deals"] + CROWD
        lab.expect(after["deals"] == wanted, f"{wanted} deals after {CROWD} at once", after["deals"])
        for currency in _CURRENCIES:
            more = sum(int(str(one["value"])) for one in deals if one["currency"] == currency)
            gained = after["value"].get(currency, 0) - before["value"].get(currency, 0)
            lab.expect(abs(gained - more) < 0.001, f"{more} {currency} more after {CROWD} deals at once", gained)


@kind.promise(
    "campaigns-apart",
    "Campaigns that are sent at the same time each have an id, a name and recipients of their own.",
    on=only("crmleadpro/createEmailCampaign", "crmleadpro/createWhatsappCampaign"),
    source=assumed("P29", "Each request is a campaign of its own, of the leads that its audience names."),
)
def campaigns_apart(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    ids = [here.create(phone="+91 98765 43210")["id"] for _ in range(4)]
    for _ in rounds(lab, _ROUNDS):
        bodies = [
            {"name": f"Launch {at}", **CONTENT[operation.id], "audience": {"lead_ids": ids[: at % 4 + 1]}}
            for at in range(CROWD)
        ]
        answers = _all(lab, [lab.main.request(operation.id, body=body) for body in bodies], 202, "campaigns")
        _own_ids(lab, answers, "campaigns")
        for at, answer in enumerate(answers):
            wanted = {"name": f"Launch {at}", "recipients": at % 4 + 1}
            got = {name: answer.at(f"/{name}") for name in wanted}
            lab.expect(got == wanted, f"the campaign {wanted} among {CROWD} at once", got)
