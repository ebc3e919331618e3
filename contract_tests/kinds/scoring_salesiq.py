"""What SalesIQ makes of a new lead: its score and temperature, its code, and to whom it is given."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from ..worlds.salesiq import OPTIONAL, PROPERTY_TYPES, code_of, complete, elsewhere, known, new, small

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")
CAPTURE = only("salesiq/captureLead")
_HOT, _WARM = 70, 40
# More than the few numbers that a cache or a scan of the latest leads would hold.
_MANY, _FEW = 150, 12
# More than any person may be given of leads in a row, be they ever so alike.
_ALIKE = 5
# So many leads are made to come to each score of interest.
_NEAREST = 8


@kind.promise("score", "The score of a lead is 0 to 100.", on=CAPTURE, source=named("score-page"))
def score(lab: Lab, _operation: Operation) -> None:
    for lead in _graded(lab):
        answer = new(lab, lead)
        lab.expect(0 <= answer.at("/score") <= 100, "a score of 0 to 100", answer)


def _graded(lab: Lab) -> list[dict[str, Any]]:
    """Leads that tell more and more of themselves, with the smallest and the largest budgets."""
    full = complete(lab)
    names = ["name", "phone", *OPTIONAL]
    leads = [{name: full[name] for name in names[:count]} for count in range(2, len(names) + 1)]
    # How small or large a budget may be is nowhere said.
    least, most = (0, 10**12) if lab.strict else (100_000, 500_000_000)
    more = [{"budgetMin": least, "budgetMax": least}, {"budgetMin": least}, {"budgetMax": most}, {"budgetMin": most}]
    leads += [{"name": full["name"], **one} for one in more]
    widest = {"budgetMin": 1, "budgetMax": 10**15} if lab.strict else {"budgetMin": least, "budgetMax": most}
    leads += [{**full, **widest, "whatsapp": lab.fresh.phone()}]
    leads += [{**full, "propertyType": word, "whatsapp": lab.fresh.phone()} for word in PROPERTY_TYPES]
    return [{**lead, "phone": lab.fresh.phone()} for lead in leads]


@kind.promise(
    "temperature",
    "A lead is Hot from a score of 70, Warm from 40, and else Cold.",
    on=CAPTURE,
    source=named("Q23"),
)
def temperature(lab: Lab, _operation: Operation) -> None:
    """The worth of each field is seen first; then leads are made whose scores should come to the bounds."""
    full = complete(lab)
    scores: dict[frozenset[str], int] = {}

    def graded(names: frozenset[str]) -> None:
        if names in scores:
            return
        lead = {**{name: full[name] for name in names}, "name": full["name"], "phone": lab.fresh.phone()}
        if "whatsapp" in lead:
            lead["whatsapp"] = lab.fresh.phone()
        scores[names] = _is_as_warm_as_scored(lab, new(lab, lead))

    for names in [frozenset[str](), *(frozenset([name]) for name in OPTIONAL)]:
        graded(names)
    least = scores[frozenset()]
    worth = {name: scores[frozenset([name])] - least for name in OPTIONAL}
    every = [frozenset(some) for count in range(len(OPTIONAL) + 1) for some in combinations(OPTIONAL, count)]
    for wanted in (*range(_WARM - 2, _WARM + 3), 50, 60, 65, *range(_HOT - 2, _HOT + 3), 100):
        near = sorted(every, key=lambda names: abs(least + sum(worth[name] for name in names) - wanted))
        for names in near[: 1 if lab.frugal else _NEAREST]:
            graded(names)
    for lead in _graded(lab)[: _FEW if lab.frugal else None]:
        _is_as_warm_as_scored(lab, new(lab, lead))


def _is_as_warm_as_scored(lab: Lab, answer: Answer) -> int:
    scored: int = answer.at("/score")
    want = "Hot" if scored >= _HOT else "Warm" if scored >= _WARM else "Cold"
    lab.expect(answer.at("/temperature") == want, f"the temperature {want} for a score of {scored}", answer)
    return scored


@kind.promise(
    "score-same",
    "The score says what the lead tells of itself: the same lead has the same score again, and in another workspace.",
    on=CAPTURE,
    source=assumed("Q24", "The score is a function of how complete a lead is and of its budget, and of nothing else."),
)
def score_same(lab: Lab, _operation: Operation) -> None:
    for lead in _graded(lab)[::3]:
        first = new(lab, lead)
        again = {**lead, "phone": lab.fresh.phone()}
        if "whatsapp" in lead:
            again["whatsapp"] = lab.fresh.phone()
        backwards = {name: again[name] for name in reversed(again)}
        for name in {"phone", "whatsapp"} & set(backwards):
            backwards[name] = lab.fresh.phone()
        tries = [(lab.main, again, "captured again with another phone")]
        tries.append((lab.main, backwards, "captured again with its members in another order"))
        tries += [(caller, lead, "in another workspace") for caller in elsewhere(lab)]
        known(lab, lead, first)
        for caller, body, what in tries:
            answer = new(lab, body, what, caller)
            for name in ("score", "temperature"):
                want = first.at(f"/{name}")
                lab.expect(answer.at(f"/{name}") == want, f"the {name} {want!r} of the same lead, {what}", answer)


def many(lab: Lab) -> list[tuple[dict[str, Any], Answer]]:
    """Leads captured one after the other, and now and then the first of them again."""

    def capture() -> list[tuple[dict[str, Any], Answer]]:
        made: list[tuple[dict[str, Any], Answer]] = []
        for number in range(_FEW if lab.frugal else _MANY):
            lead = small(lab)
            made.append((lead, new(lab, lead)))
            if number % 10 == 9:
                known(lab, made[0][0], made[0][1], f"after {number} others")
        return made

    return lab.once("salesiq many", capture)


@kind.promise("lead-ids", "Each new lead has a leadId of its own.", on=CAPTURE, source=named("created"))
def lead_ids(lab: Lab, _operation: Operation) -> None:
    made = many(lab)
    held = Counter(answer.at("/leadId") for _, answer in made)
    twice = [value for value, count in held.items() if count > 1]
    lab.expect(not twice, f"{len(made)} leads with {len(made)} different leadIds", f"{twice[:3]} more than once")


@kind.promise(
    "lead-code",
    "Lead codes are LD and at least four digits, and go up by one with each new lead of the workspace.",
    on=CAPTURE,
    source=named("Q22"),
)
def lead_code(lab: Lab, _operation: Operation) -> None:
    last = None
    for _, answer in many(lab):
        code, number = answer.at("/leadCode"), code_of(lab, answer)
        lab.expect(code == f"LD{number:04d}", "LD and the number in at least four digits", answer)
        lab.expect(last is None or number == last + 1, f"the code after LD{last or 0:04d}", answer)
        last = number


@kind.promise(
    "lead-code-kept",
    "A duplicate, a refused lead and another workspace's lead use up no lead code.",
    on=CAPTURE,
    source=named("Q22"),
)
def lead_code_kept(lab: Lab, _operation: Operation) -> None:
    first_lead = complete(lab)
    first = new(lab, first_lead)
    capture = lab.main

    def attempt(what: str, caller: Caller, **parts: Any) -> tuple[str, Caller, dict[str, Any]]:
        return what, caller, parts

    attempts = [
        attempt("a duplicate", capture, body=first_lead),
        attempt("a duplicate by WhatsApp number", capture, body=small(lab, phone=first_lead["whatsapp"])),
        attempt("a lead without a name", capture, body={"phone": lab.fresh.phone()}),
        attempt("a lead without a phone", capture, body={"name": lab.fresh.name()}),
        attempt("a lead with a wrong phone", capture, body=small(lab, phone="12345")),
        attempt("a lead with a wrong property type", capture, body=small(lab, propertyType="Castle")),
        attempt("a lead with budgets the wrong way round", capture, body=small(lab, budgetMin=2, budgetMax=1)),
        attempt("a body that is no JSON", capture, content=b'{"name": '),
        attempt("a lead without a key", lab.nobody(), body=small(lab)),
        attempt("a lead with a wrong key", capture, body=small(lab), headers={"x-api-key": "sqk_live_unknown"}),
        *(attempt("another workspace's lead", caller, body=small(lab)) for caller in elsewhere(lab)),
    ]
    last = code_of(lab, first)
    for what, caller, parts in attempts:
        caller("captureLead", **parts)
        answer = new(lab, small(lab), f"after {what}")
        lab.expect(code_of(lab, answer) == last + 1, f"the code LD{last + 1:04d} after {what}", answer)
        last += 1


@kind.promise(
    "lead-code-own",
    "Each workspace counts its lead codes by itself.",
    on=CAPTURE,
    source=named("Q22"),
)
def lead_code_own(lab: Lab, _operation: Operation) -> None:
    other = lab.other_tenant()
    last = code_of(lab, new(lab, small(lab), caller=other))
    for _ in range(3):
        new(lab, small(lab))
        answer = new(lab, small(lab), caller=other)
        lab.expect(code_of(lab, answer) == last + 1, f"the code LD{last + 1:04d} of that workspace", answer)
        last += 1


@kind.promise(
    "assigned-balanced",
    "A new lead goes to the person with the fewest leads.",
    on=CAPTURE,
    source=assumed("Q25", "Nothing but new leads changes how many leads a person has, as far as this API goes."),
)
def assigned_balanced(lab: Lab, _operation: Operation) -> None:
    people = [answer.at("/assignedTo") for _, answer in many(lab)]
    unfair = _unexplained(people)
    lab.expect(unfair is None, "each new lead assigned to the person with the fewest", f"the assignments {unfair}")
    if lab.frugal:
        return
    given: list[str] = []
    for what, leads in _alike_in_one(lab).items():
        given += [new(lab, lead, what).at("/assignedTo") for lead in leads]
        unfair = _unexplained(given)
        found = f"after leads {what}, the assignments {unfair}"
        lab.expect(unfair is None, "each new lead assigned to the person with the fewest", found)
    for count in range(1, _ALIKE):
        for _ in range(count):
            lab.main("captureLead", body=small(lab, budgetMin=2, budgetMax=1))
            for other in elsewhere(lab):
                other("captureLead", body=small(lab))
        given.append(new(lab, small(lab)).at("/assignedTo"))
    unfair = _unexplained(given)
    found = f"with leads in between that are refused or another workspace's, the assignments {unfair}"
    lab.expect(unfair is None, "each new lead assigned to the person with the fewest", found)


def _alike_in_one(lab: Lab) -> dict[str, list[dict[str, Any]]]:
    """Some leads in a row that have one thing in common, by which somebody might choose the person."""
    full = complete(lab)
    common = [{name: full[name]} for name in OPTIONAL if name != "whatsapp"]
    common += [{"propertyType": word} for word in PROPERTY_TYPES]
    common += [{"source": word} for word in ("Website", "Google")]
    rows = {f"with {one}": [small(lab, **one) for _ in range(_ALIKE)] for one in common}
    rows["with a WhatsApp number"] = [small(lab, whatsapp=lab.fresh.phone()) for _ in range(_ALIKE)]
    rows["with every field"] = [complete(lab) for _ in range(_ALIKE)]
    return rows


def _unexplained(people: list[str]) -> str | None:
    """Two people whose assignments no numbers of leads at the start explain, or None.

    When u gets a lead, it has no more than v: load(u) + so far(u) <= load(v) + so far(v). That bounds the difference
    of the two loads at the start, from both sides; it must leave room.
    """
    counts: Counter[str] = Counter()
    bounds: dict[tuple[str, str], int] = {}
    everyone = sorted(set(people))
    for person in people:
        for other in everyone:
            ahead = counts[other] - counts[person]
            bounds[person, other] = min(ahead, bounds.get((person, other), ahead))
        counts[person] += 1
    for one in everyone:
        for other in everyone:
            if one < other and bounds[one, other] + bounds[other, one] < 0:
                marks = {one: "+", other: "-"}
                return f"{''.join(marks.get(who, '.') for who in people)} (+ is {one}, - is {other})"
    return None


@kind.promise(
    "assigned-pool",
    "A workspace's leads are spread over more than one person.",
    on=CAPTURE,
    source=assumed("Q25", "A workspace has several people who take leads."),
)
def assigned_pool(lab: Lab, _operation: Operation) -> None:
    people = {answer.at("/assignedTo") for _, answer in many(lab)}
    lab.expect(len(people) > 1, "more than one assignedTo among many leads", people)
