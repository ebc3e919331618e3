"""CRMLead Pro's pipelines and deals."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.crmleadpro import OPEN, SLUGS, STAGES, same
from ..models.crmleadpro_values import TEXTS
from ..rule import Kind, NotChecked, assumed, named, only, own
from ..worlds.crmleadpro import has_list
from ..worlds.population import population
from ..worlds.workspace import ID, MOMENT, Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

PIPELINES = only("crmleadpro/listPipelines")
DEAL = only("crmleadpro/createDeal")
_DEAL_MEMBERS = (
    "id",
    "title",
    "value",
    "currency",
    "pipeline",
    "stage",
    "status",
    "lead_id",
    "created_at",
    "updated_at",
)
_NOT_TEXT: tuple[Any, ...] = (None, 5, True, ["x"], {})
_WORTH = (0, 1, 0.1, 12.3456, 0.005, 4999.5, 240000, 2_147_483_648, 999_999_999.99, 1_000_000_000_000)
#: Of each member of a deal, what must be refused.
_BAD: Mapping[str, tuple[Any, ...]] = {
    "title": ("", "  ", "\u200b", "t" * 201, *_NOT_TEXT),
    "value": (None, -1, -0.01, 1_000_000_000_001, "5", "", True, [5], {}),
    "currency": ("", "inr", "IN", "INRR", "₹", "US$", "INR ", "INR\n", "ÄÖÜ", "ЖЖЖ", *_NOT_TEXT),
    "pipeline": ("", "marketing", "Sales", "sales ", *_NOT_TEXT),
    "stage": ("", "closed_won", "closed_lost", "nowhere", "New", *_NOT_TEXT),
    "lead_id": ("", "x", "lead_", "lead_!", "lead_" + "Z" * 65, "contact_0000000000000000", 5, True, ["x"], {}),
}


@kind.promise(
    "exists",
    "{method} {path} is there: a call of it is not answered as an unknown path or method is.",
    on=only(
        "crmleadpro/createDeal",
        "crmleadpro/createEmailCampaign",
        "crmleadpro/createWhatsappCampaign",
        "crmleadpro/createWebhook",
    ),
    source=own(),
)
def exists(lab: Lab, operation: Operation) -> None:
    # The document shows no body of these, so that one may be refused for what it has.
    answer = lab.main(operation.id, **lab.world.call(operation.id, lab, lab.main))
    nowhere = lab.main(operation.id, body={}, url=f"{lab.contract.base_path}/no-such-endpoint")
    like_unknown = (
        answer.status == 404 and answer.body.replace(operation.path.encode(), b"/no-such-endpoint") == nowhere.body
    )
    if like_unknown and not lab.strict:
        # What it speaks of may be what is not found; then a body without all that is told otherwise.
        like_unknown = lab.main(operation.id, body={}).status == 404
    lab.expect(answer.status < 500 and answer.status != 405 and not like_unknown, "the endpoint", answer)


@kind.promise("listed", "GET /pipelines answers the pipelines and their stages.", on=PIPELINES, source=own())
def listed(lab: Lab, _operation: Operation) -> None:
    answer = lab.main("listPipelines")
    lab.expect(answer.ok and has_list(answer.json), "a list of pipelines and their stages", answer)


@kind.promise(
    "pipelines",
    "A workspace has the pipeline sales with its six stages in order, and every lead and deal fits them.",
    on=PIPELINES,
    source=assumed("P2", "One pipeline, sales; its stages lead from new to closed_won and closed_lost."),
)
def pipelines(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    stages = [
        {"slug": slug, "name": name, "position": position, "outcome": outcome}
        for position, (slug, name, outcome) in enumerate(STAGES, start=1)
    ]
    wanted = {"data": [{"slug": "sales", "name": "Sales", "stages": stages}]}
    body = here.body(lab.main("listPipelines"), 200, "the pipelines")
    lab.expect(same(body, wanted), f"{wanted}", body)
    for slug in SLUGS:
        here.create(pipeline="sales", pipeline_stage=slug)
    for slug in OPEN:
        deal(here, stage=slug)
    again = here.body(lab.main("listPipelines"), 200, "the pipelines")
    lab.expect(same(again, wanted), "the same pipelines as before", again)


def deal(here: Workspace, **members: Any) -> dict[str, Any]:
    """A new deal with these members, compared with them as a whole."""
    sent = {"title": "Annual plan", "value": 240000, "pipeline": "sales", **members}
    answer = here.ask("createDeal", body=sent)
    made = here.body(answer, 201, "the new deal")
    here.check_members(made, _DEAL_MEMBERS, "the new deal")
    given = {name: sent[name] for name in _DEAL_MEMBERS if name in sent and name not in {"id", "status", "value"}}
    given = {name: value for name, value in given.items() if not name.endswith("_at")}
    wanted = {**made, "currency": "INR", "stage": "new", "lead_id": None, "status": "open", **given}
    here.agree(wanted, made, "in the answer to a new deal")
    is_number = type(made["value"]) in {int, float} and made["value"] == sent["value"]
    here.lab.expect(is_number, f"the value {sent['value']}", made["value"])
    sound = ID.fullmatch(str(made["id"])) and str(made["id"]).startswith("deal_")
    here.lab.expect(sound, "an id of deal_ and 16 symbols of Crockford's base32", made["id"])
    dated = MOMENT.fullmatch(str(made["created_at"])) and made["created_at"] == made["updated_at"]
    here.lab.expect(dated, "one moment such as 2026-05-15T10:30:00Z as created_at and updated_at", made)
    return made


@kind.promise(
    "deal",
    "A new deal answers 201 with the deal as it was sent, open and at the first stage unless it names another.",
    on=DEAL,
    source=named("P31"),
)
def deals(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    lead = here.create(email=None, phone="+91 98765 43210")
    made = [deal(here, title=title) for title in (*TEXTS, "x", "t" * 200, "😀" * 200)]
    made += [deal(here, value=value) for value in _WORTH]
    made += [deal(here, currency=currency) for currency in ("INR", "USD", "XXX")]
    made += [deal(here, stage=stage) for stage in OPEN]
    made += [deal(here, lead_id=lead["id"]), deal(here, lead_id=None), deal(here, lead_id=lead["id"])]
    every = {"title": "Every member", "value": 12.5, "currency": "EUR", "stage": "proposal_sent", "lead_id": lead["id"]}
    made += [deal(here, **every), deal(here, **every)]
    numbers = [one["id"] for one in made]
    lab.expect(len(set(numbers)) == len(numbers), f"{len(numbers)} deals with as many ids", numbers)
    here.unchanged(lead, "deals were made with it")


@kind.promise(
    "deal-ignored",
    "A new deal ignores members that it cannot be told: it is open, with an id and a time of its own.",
    on=DEAL,
    source=named("tolerant"),
)
def deal_ignored(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    first = deal(here)
    moment = "2001-01-01T00:00:00Z"
    more = {"id": first["id"], "status": "won", "created_at": moment, "updated_at": moment, "note": ["x", None], "": 1}
    second = deal(here, **more)
    own_time = second["created_at"] >= first["created_at"]
    lab.expect(second["id"] != first["id"] and own_time, "an id and a time of its own", second)


@kind.promise(
    "deal-refused",
    "A deal with a missing or wrong member answers 422, names it, and is not counted.",
    on=DEAL,
    source=named("P39"),
)
def deal_refused(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    before = volume(here)
    sound = {"title": "Wrong", "value": 5, "currency": "INR", "pipeline": "sales", "stage": "new", "lead_id": None}
    for name, values in _BAD.items():
        for value in values:
            answer = lab.main("createDeal", body={**sound, name: value})
            here.refused(answer, 422, f"a deal with {name} {str(value)[:60]!r}", f"/{name}")
    for name in ("title", "value", "pipeline"):
        body = {other: value for other, value in sound.items() if other != name}
        here.refused(lab.main("createDeal", body=body), 422, f"a deal without {name}", f"/{name}")
    several = {**sound, "title": "", "value": -1, "currency": "inr"}
    here.refused(
        lab.main("createDeal", body=several), 422, "a deal with three mistakes", "/title", "/value", "/currency"
    )
    no_objects: tuple[Any, ...] = ({}, [], [sound], "x", None)
    for no_object in no_objects:
        here.refused(lab.main("createDeal", body=no_object), 422, f"the body {no_object}")
    here.refused(lab.main("createDeal", content=b'{"title": "x"'), 400, "a body that is cut off")
    here.refused(lab.main("createDeal", content=b'{"title":"x","value":NaN,"pipeline":"sales"}'), 400, "the value NaN")
    after = volume(here)
    lab.expect(same(after, before), f"{before} in the funnel, as before the refused deals", after)


@kind.promise(
    "deal-lead",
    "A deal with an unknown lead, an archived one or another workspace's answers 404 and is not counted.",
    on=DEAL,
    source=named("P22"),
)
def deal_lead(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    lead, gone = here.create(), here.create()
    here.archive(gone)
    before = volume(here)
    near = f"{lead['id'][:-1]}{'1' if lead['id'].endswith('0') else '0'}"
    ids = {
        "an unknown lead": "lead_0000000000000000",
        "a short id": "lead_x",
        "almost the id of a lead": near,
        "the start of an id": lead["id"][:-1],
        "an id and more": f"{lead['id']}0",
        "an archived lead": gone["id"],
    }
    if lead["id"] != lead["id"].lower():
        ids["an id in small letters"] = lead["id"].lower()
    for what, lead_id in ids.items():
        body = {"title": "Nobody's", "value": 5, "pipeline": "sales", "lead_id": lead_id}
        here.missing(lab.main("createDeal", body=body), f"a deal with {what}")
    lab.expect(same(volume(here), before), f"{before} in the funnel, as before the refused deals", volume(here))
    with suppress(NotChecked):
        there = Workspace(lab, lab.other_tenant())
        theirs = volume(there)
        body = {"title": "Mallory's", "value": 5, "pipeline": "sales", "lead_id": lead["id"]}
        here.missing(there.ask("createDeal", body=body), "a deal with another workspace's lead")
        after = (volume(here), volume(there))
        lab.expect(same(after, (before, theirs)), f"{before} and {theirs} in the funnels, as before", after)
    here.unchanged(lead, "refused deals with it")


def volume(here: Workspace) -> dict[str, Any]:
    """How much the funnel says that the workspace holds."""
    body = here.body(here.ask("getPipelineAnalytics"), 200, "the funnel")
    return dict(body["volume"])


@kind.promise(
    "deal-aside",
    "A new deal changes nothing of its lead, updated_at included.",
    on=DEAL,
    source=assumed("P31", "A deal is a record of its own."),
)
def deal_aside(lab: Lab, _operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    lead = people.live[0]
    deal(here, lead_id=lead["id"], stage="proposal_sent")
    here.unchanged(lead, "a deal was made with it")
