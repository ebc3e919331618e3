"""CRMLead Pro's funnel: what it counts, when, and in which period."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.crmleadpro import OPEN, SLUGS, Lead, funnel, moment, rates, same
from ..rule import Kind, NotChecked, assumed, named, only, own
from ..worlds.population import population
from ..worlds.workspace import Workspace
from .sales_crmleadpro import deal

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

FUNNEL = only("crmleadpro/getPipelineAnalytics")
#: What the figures may have to be asked with.
_QUERIES = ({"pipeline": "sales"}, {"created_from": "2026-01-01T00:00:00Z", "created_to": "2036-01-01T00:00:00Z"})
_HALF = 0.0000500001
_NEGLIGIBLE = 1e-9
PRESENT = assumed("P31", "Everything is counted from the present state; archived leads do not count.")


@kind.promise("funnel-answered", "GET /analytics/pipeline answers figures.", on=FUNNEL, source=own())
def answered(lab: Lab, _operation: Operation) -> None:
    answer = lab.main("getPipelineAnalytics")
    for query in () if lab.strict else _QUERIES:
        # What it has to be asked with, and which plans include it, is nowhere said.
        if answer.status in {400, 422}:
            answer = lab.main("getPipelineAnalytics", query=query)
    if answer.status in {400, 402, 403, 422} and not lab.strict:
        raise NotChecked(f"the target asks for more than the document names: {answer}")
    lab.expect(answer.ok and isinstance(answer.json, dict | list), "the metrics of the pipeline", answer)


def figures(here: Workspace, **query: Any) -> dict[str, Any]:
    """The funnel, of the right form, and its shares such as follow from its counts."""
    told = here.body(here.ask("getPipelineAnalytics", query=query), 200, f"the funnel {query}")
    members = ("pipeline", "volume", "stages", "conversion_rate", "velocity_days")
    here.check_members(told, members, "the funnel")
    here.check_members(told["volume"], ("leads", "deals", "value"), "the volume")
    counts = {stage["slug"]: stage["leads"] for stage in told["stages"]}
    whole = told["volume"]["leads"]
    counted = type(whole) is int and type(told["volume"]["deals"]) is int and whole == sum(counts.values())
    here.lab.expect(counted, f"a volume of {sum(counts.values())} leads, as at all stages together", told["volume"])
    wanted = {**rates(counts), "pipeline": "sales"}
    agrees(here, wanted, {name: told[name] for name in wanted}, f"in the funnel {query}")
    velocity = told["velocity_days"]
    here.lab.expect(velocity is None or velocity >= 0, "velocity_days, a number or null", velocity)
    return told


def agrees(here: Workspace, wanted: Mapping[str, Any], got: Mapping[str, Any], where: str) -> None:
    """Compare figures: shares are rounded to four decimals, either way where they lie in the middle."""
    here.agree(_rounded(wanted, got), got, where)


def _rounded(wanted: Any, got: Any) -> Any:
    """What is wanted, but with each number that the one that came is a rounding of replaced by that."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return {name: _rounded(value, got.get(name)) for name, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(got, list):
        return [*(_rounded(one, other) for one, other in zip(wanted, got, strict=False)), *wanted[len(got) :]]
    if type(wanted) is not float or type(got) not in {int, float}:
        return wanted
    return got if abs(wanted - got) <= _HALF and abs(got - round(got, 4)) <= _NEGLIGIBLE else round(wanted, 4)


@kind.promise(
    "funnel",
    "The funnel counts each lead at its stage: one more when it is made, moved when it is patched, gone when archived.",
    on=FUNNEL,
    source=PRESENT,
)
def counted(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    counts = _counts(figures(here))
    leads: list[Lead] = []
    for slug in (*SLUGS, "new", "closed_won", "proposal_sent"):
        leads.append(here.create(pipeline_stage=slug))
        counts = _moves(here, counts, f"a new lead at {slug}", {slug: 1})
    for lead, slug in zip(leads, (*SLUGS[1:], "new"), strict=False):
        moved = here.patch(lead, {"pipeline_stage": slug})
        counts = _moves(
            here, counts, f"a lead moved from {lead['pipeline_stage']}", {lead["pipeline_stage"]: -1, slug: 1}
        )
        here.patch(moved, {"status": "converted", "score": 3})
        counts = _moves(here, counts, "a patch of the status", {})
    for lead, slug in zip(leads, (*SLUGS[1:], "new"), strict=False):
        for once_more in ({slug: -1}, {}):
            here.archive(lead)
            counts = _moves(here, counts, f"archiving a lead at {slug}", once_more)
    with suppress(NotChecked):
        there = Workspace(lab, lab.other_tenant())
        theirs = there.create(pipeline_stage="closed_won")
        deal(there, currency="INR", lead_id=theirs["id"])
        _moves(here, counts, "a lead and a deal in another workspace", {})


def _counts(told: Mapping[str, Any]) -> dict[str, int]:
    return {stage["slug"]: stage["leads"] for stage in told["stages"]}


def _moves(here: Workspace, before: Mapping[str, int], why: str, moved: Mapping[str, int]) -> dict[str, int]:
    told = _counts(figures(here))
    wanted = {slug: number + moved.get(slug, 0) for slug, number in before.items()}
    here.lab.expect(told == wanted, f"{wanted} leads at the stages after {why}", told)
    return told


@kind.promise(
    "funnel-deals",
    "The funnel counts each deal and adds its value to those in its currency, exactly.",
    on=FUNNEL,
    source=PRESENT,
)
def deals_counted(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    told = figures(here)["volume"]
    lead = here.create()
    told["leads"] += 1
    letters = [first + second + third for first in "QZ" for second in "QXYZ" for third in "ABCDEFGHIJ"]
    new = [code for code in letters if code not in told["value"]][:3]
    for at, (value, currency) in enumerate(
        [(0.1, new[0]), (0.2, new[0]), (10, new[1]), (0, new[2]), (4999.5, "INR"), (3, new[1]), (1, new[0])]
    ):
        made = deal(here, value=value, currency=currency, stage=OPEN[at % 4], lead_id=lead["id"] if at % 2 else None)
        told = {**told, "deals": told["deals"] + 1}
        told["value"] = {**told["value"], currency: round(told["value"].get(currency, 0) + made["value"], 4)}
        now = figures(here)["volume"]
        lab.expect(_same_volume(now, told), f"{told} after a deal of {value} {currency}", now)
    here.archive(lead)
    told["leads"] -= 1
    now = figures(here)["volume"]
    lab.expect(_same_volume(now, told), f"{told} after the lead of some deals was archived", now)


def _same_volume(got: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Values are sums of fractions, which a computer may add up with the slightest of errors."""
    if got["leads"] != wanted["leads"] or got["deals"] != wanted["deals"] or set(got["value"]) != set(wanted["value"]):
        return False
    numbers = all(type(value) in {int, float} for value in got["value"].values())
    return numbers and all(
        math.isclose(got["value"][code], value, rel_tol=_NEGLIGIBLE, abs_tol=1e-6)
        for code, value in wanted["value"].items()
    )


@kind.promise(
    "funnel-period",
    "A period takes in what was created from its start until just before its end, wherever the zone is.",
    on=FUNNEL,
    source=assumed("P31", "created_from belongs to the period, created_to does not."),
)
def period(lab: Lab, _operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    early = funnel(people.early, [here.body(answer, 201, "a new deal") for answer in people.deals])
    start, middle = moment(people.start), moment(people.middle)
    zones = (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=11)))
    for zone in zones:
        _told(here, early, start.astimezone(zone), middle.astimezone(zone))
    almost = timedelta(microseconds=1)
    _told(here, early, start - almost, middle - almost)
    nothing = funnel([], [])
    far = timedelta(days=9000)
    for first, last in ((middle, start), (start, start), (middle + far, None), (None, start - far)):
        _told(here, nothing, first, last)
    after = [lead for lead in people.early if moment(lead["created_at"]) > start]
    _leads_told(here, after, start + almost, middle)
    before = [lead for lead in people.early if moment(lead["created_at"]) <= start]
    _leads_told(here, before, start, start + almost)
    whole, open_start = figures(here), figures(here, created_to=_text(middle))
    open_end = figures(here, created_from=_text(middle))
    both = Counter(_counts(open_start)) + Counter(_counts(open_end))
    lab.expect(both == +Counter(_counts(whole)), "the counts before and from a moment to add up to all", [both, whole])
    same_again = figures(here, pipeline="sales", colour="red")
    lab.expect(same(same_again, whole), "the same of the pipeline sales as without a name", same_again)


@kind.promise(
    "funnel-period-deals",
    "A deal that was created at the start of a period belongs to it, one created at its end does not.",
    on=FUNNEL,
    source=assumed("P31", "created_from belongs to the period, created_to does not."),
)
def period_of_deals(lab: Lab, _operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    deals = [here.body(answer, 201, "a new deal") for answer in people.deals]
    start, middle = moment(people.start), moment(people.middle)
    moments = sorted({moment(one["created_at"]) for one in deals})
    almost = timedelta(microseconds=1)
    for at in moments:
        for first, last in ((start, at), (start, at + almost), (at, middle), (at + almost, middle), (at, at + almost)):
            within = [one for one in deals if first <= moment(one["created_at"]) < last]
            told = figures(here, created_from=_text(first), created_to=_text(last))["volume"]
            wanted = {**told, **{name: funnel([], within)["volume"][name] for name in ("deals", "value")}}
            lab.expect(
                _same_volume(told, wanted), f"{wanted} from {_text(first)} until just before {_text(last)}", told
            )


@kind.promise(
    "funnel-period-leads",
    "A lead that was created at the start of a period belongs to it, one created at its end does not.",
    on=FUNNEL,
    source=assumed("P31", "created_from belongs to the period, created_to does not."),
)
def period_of_leads(lab: Lab, _operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    start, middle = moment(people.start), moment(people.middle)
    moments = sorted({moment(lead["created_at"]) for lead in people.early})
    for at in dict.fromkeys((moments[0], moments[len(moments) // 2], moments[-1])):
        for first, last in ((start, at), (at, middle), (at, at)):
            within = [lead for lead in people.early if first <= moment(lead["created_at"]) < last]
            _leads_told(here, within, first, last)


def _told(here: Workspace, wanted: Mapping[str, Any], first: datetime | None, last: datetime | None) -> None:
    query = {name: _text(at) for name, at in (("created_from", first), ("created_to", last)) if at is not None}
    agrees(here, wanted, figures(here, **query), f"in the funnel {query}")


def _leads_told(here: Workspace, leads: Sequence[Lead], first: datetime, last: datetime) -> None:
    told = figures(here, created_from=_text(first), created_to=_text(last))
    agrees(here, {"stages": funnel(leads, [])["stages"]}, {"stages": told["stages"]}, f"in the funnel from {first}")


def _text(at: datetime) -> str:
    text = at.isoformat()
    return text.replace("+00:00", "Z")


@kind.promise(
    "funnel-query",
    "The funnel answers 400 to an unknown pipeline and to what is no moment with a zone, and names it.",
    on=FUNNEL,
    source=named("P39"),
)
def query_refused(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for pipeline in ("marketing", "Sales", "", "sales ", "null"):
        here.refused(
            lab.main("getPipelineAnalytics", query={"pipeline": pipeline}), 400, f"pipeline={pipeline!r}", "pipeline"
        )
    bad: tuple[str, ...] = (
        "",
        "yesterday",
        "2026-05-01",
        "2026-05-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "1779440400",
    )
    bad += ("2026-05-01T25:00:00Z", "2026-05-01 00:00:00Z", "2026-05-01T00:00:00+99:00", "2026-05-01T00:00Z", "null")
    for name in ("created_from", "created_to"):
        for value in bad:
            here.refused(lab.main("getPipelineAnalytics", query={name: value}), 400, f"{name}={value!r}", name)
