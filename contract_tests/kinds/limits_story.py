"""Spending a limited key: what was sent and answered until it was refused, and right after."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..rule import NotChecked
from ..wire import Answer
from ..worlds.crmleadpro import shows
from .limits_requests import IMPORT, ask, extras, holds_few, known_lead, plain_request

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")

# A minute that ends while the key is being spent would give it a second one, where windows go by the clock.
_MARGIN_SECONDS = 4
_LONGEST_MARGIN = 30
_LONGEST_WAIT = 61
# Requests for each of the limit, those at the same time among them, and then some for imports and looks.
_EACH, _MORE = 2.5, 20
# Above the limit by so many: a bucket that is refilled all the time gives some back.
_SLACK = 1.25
_MOST_TOGETHER = 120
_MINUTE = 60.0
# So many requests at the pace of the limit, in seconds, show whether it comes back bit by bit.
_PACED, _LEAST_PACE = 3, 0.3
#: Requests at once where there are more than that.
CROWD = 40


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the story. `counts`: against the limit; `known`: the key was valid, so that headers are due."""

    name: str
    answer: Answer
    at: float
    counts: bool = True
    known: bool = True


@dataclass(slots=True)
class Story:
    """`plain` are the first requests of `caller`, all alike; `steps` all until the refusal, the last of them.

    `other` and `unlimited` are answers to other keys right after it, `written` and `retried` tell of a refused create,
    `shared` answers a known lead with another key of the tenant. `together` is how many requests at the same time
    were allowed, and how many should have been. `crowd` are the answers right before and right after `CROWD` requests
    at the same time, where the limit is too high to be spent so.
    """

    caller: Caller
    limit: int
    per_hour: int | None
    bulk_limit: int | None
    plain: list[Step] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    refusal: Answer | None = None
    captured: Any = None
    begins: int = 0
    other: Answer | None = None
    unlimited: Answer | None = None
    written: bool | None = None
    retried: Answer | None = None
    shared: Answer | None = None
    together: tuple[int, int] | None = None
    together_seconds: float = 0.0
    crowd: tuple[Answer, Answer] | None = None
    bulk: list[Answer] = field(default_factory=list)
    bulk_seconds: float = 0.0
    bulk_written: bool = False

    @property
    def counted(self) -> int:
        """How many were allowed."""
        return sum(step.counts and step.answer.status != 429 for step in self.steps)

    @property
    def seconds(self) -> float:
        return self.steps[-1].at - self.steps[0].at if self.steps else 0.0


def number(text: str | None) -> int | None:
    """A header's whole number; None where it is none."""
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None


def story_of(lab: Lab) -> Story:
    """The story of this run."""
    return lab.once("story of limits", lambda: _spent(lab))


def _spent(lab: Lab) -> Story:
    """Spend a limited key of this API."""
    callers = lab.limited("per_minute")
    story = _tell(lab, callers)
    early = story.refusal is not None and story.counted < story.limit
    if early and not lab.strict:
        if holds_few(story.caller) and story.caller(lab.world.create, body=story.captured).ok:
            raise NotChecked("the plan of the limited key is full before its minute is: a known lead is still answered")
        # Somebody may have used the keys before, and what is left of that is told nowhere.
        time.sleep(_LONGEST_WAIT)
        return _tell(lab, callers)
    return story


def _see_that_it_is_a_window(lab: Lab, story: Story) -> None:
    """Raises NotChecked where requests are allowed at the limit's own pace, and fewer than the limit at once.

    Whether so many a minute may all come together is nowhere said. A window refuses them all until it ends.
    """
    if lab.strict or story.counted >= story.limit:
        return
    for _ in range(_PACED):
        time.sleep(max(1.1 * _MINUTE / story.limit, _LEAST_PACE))
        if ask(lab, story.caller).status == 429:
            return
    raise NotChecked("the limit comes back bit by bit, and fewer may be sent at once than in a minute")


def _tell(lab: Lab, callers: tuple[Caller, ...]) -> Story:
    caller = _unspent(lab, callers)
    assert caller.credential is not None
    limits = caller.credential.limits
    story = Story(caller, limits["per_minute"], limits.get("per_hour"), limits.get("bulk_per_minute"))
    if story.limit > 3000:
        raise NotChecked(f"{story.limit} requests a minute are too many to send")
    if lab.options.rate is not None:
        raise NotChecked("a run with --rate does not reach a limit")
    others = [one for one in callers if one.credential and one.credential.secret != caller.credential.secret]
    same = next((one for one in others if one.credential and one.credential.tenant == caller.credential.tenant), None)
    story.begins = len(lab.trace.exchanges)
    _spend(lab, caller, story)
    if story.refusal is None:
        return story
    _see_that_it_is_a_window(lab, story)
    other = same or next(iter(others), None)
    if same is not None and lab.contract.name == "salesiq":
        # Before it is asked anything else: what it captures itself would be known to it.
        story.shared = same(lab.world.create, body=story.captured)
    if other is not None:
        story.other = ask(lab, other)
    story.unlimited = ask(lab, lab.main) if lab.credential.unlimited else None
    if story.other is not None and story.other.status == 429:
        story.shared = None
        return story  # the limit is the tenant's, not the key's
    witness = same or _witness(lab, caller)
    if witness is not None:
        _refused_create(lab, caller, witness, story)
    if story.bulk_limit is not None:
        _imports(lab, caller, same, story, story.bulk_limit)
    if other is not None and other.credential is not None:
        _together(lab, other, story)
    return story


def _witness(lab: Lab, caller: Caller) -> Caller | None:
    """A key without a limit that sees what the limited one has written."""
    if lab.contract.name != "crmleadpro" or caller.credential is None:
        return None
    tenant = caller.credential.tenant
    found = (one for one in lab.target.credentials if one.tenant == tenant and one.unlimited)
    return next((lab.caller(one) for one in found), None)


def _unspent(lab: Lab, callers: tuple[Caller, ...]) -> Caller:
    """A limited key that an earlier run has not spent; waits for one if need be. Its first request has been sent."""
    if holds_few(callers[0]):
        callers[0].rest(lab.world.create)  # its plan may have been filled right before
    left = 60 - time.time() % 60
    if left < _margin(lab, callers):
        time.sleep(left + 0.1)
    answer = ask(lab, callers[0])
    if answer.status == 429 and holds_few(callers[0]) and _answers_known(lab, callers[0]):
        raise NotChecked("the plan of the limited key is full: it is refused a new lead, but not a known one")
    if answer.status == 429 and not number(answer.headers.get(HEADERS[1])):
        # Where it is refilled bit by bit, Retry-After tells only when the next request is allowed.
        told = [number(answer.headers.get(name)) for name in ("retry-after", HEADERS[2])]
        wait = _LONGEST_WAIT if None in told else max(one or 0 for one in told)
        time.sleep(min(wait, _LONGEST_WAIT) + _MARGIN_SECONDS)
        answer = ask(lab, callers[0])
    if answer.status == 429 and holds_few(callers[0]):
        raise NotChecked(
            "the limited key is refused from the start: its plan may be full, as earlier runs have left it"
        )
    return callers[0]


def _answers_known(lab: Lab, caller: Caller) -> bool:
    return caller(lab.world.create, body=lab.world.body(known_lead(lab, caller))).ok


def _margin(lab: Lab, callers: tuple[Caller, ...]) -> float:
    """So many seconds, or a little less, the whole story takes."""
    if lab.strict:
        return _MARGIN_SECONDS
    started = time.perf_counter()
    ask(lab, lab.main if lab.credential.unlimited else lab.nobody())
    each = time.perf_counter() - started
    limit = max(one.credential.limits["per_minute"] for one in callers if one.credential)
    return min(max(_MARGIN_SECONDS, each * (limit * _EACH + _MORE)), _LONGEST_MARGIN)


def _spend(lab: Lab, caller: Caller, story: Story) -> None:
    """Plain requests up to a few before the limit, in a strict run then one of each kind, then plain ones again."""
    first = lab.trace.exchanges[-1]
    if first.request.body is not None:
        story.captured = json.loads(first.request.body)
    story.plain.append(Step("a plain request", first.answer, first.ended))
    story.steps.append(story.plain[0])
    others = extras(lab, caller) if lab.strict else []
    for _ in range(story.limit - 3 - sum(counts for _, counts, _, _ in others)):
        story.plain.append(_step("a plain request", ask(lab, caller)))
        story.steps.append(story.plain[-1])
        if story.plain[-1].answer.status == 429:
            story.refusal = story.plain[-1].answer
            return
    for name, counts, known, send in others:
        story.steps.append(_step(name, send(), counts=counts, known=known))
    while len(story.steps) < story.limit * _SLACK + 2 + len(others):
        step = _step("a plain request", ask(lab, caller))
        story.steps.append(step)
        if step.answer.status == 429:
            story.refusal = step.answer
            if story.counted < story.limit:
                story.plain.append(step)
            return


def _step(name: str, answer: Answer, *, counts: bool = True, known: bool = True) -> Step:
    return Step(name, answer, time.perf_counter(), counts, known)


def _refused_create(lab: Lab, caller: Caller, same: Caller, story: Story) -> None:
    """Create while refused, then look with another key of the tenant whether it was written."""
    lead = lab.world.lead(lab.fresh)
    create, body = lab.world.create, lab.world.body(lead)
    match lab.contract.name:
        case "mega":
            key = {"Idempotency-Key": lab.fresh.token()}
            answer = caller(create, body=body, headers=key)
            if answer.ok and not lab.strict:
                return  # a bucket that is refilled all the time may let it through
            found = same("listLeads", query={"search": lead["contact_email"]})
            story.written = bool(found.at("/leads", None))
            story.retried = same(create, body=body, headers=key)
        case "salesiq":
            if caller(create, body=body).ok and not lab.strict:
                return
            story.written = same(create, body=body).status == 200
        case "crmleadpro":
            if caller(create, body=body).ok and not lab.strict:
                return
            found = same("listLeads", query={"search": lead["email"]})
            story.written = found.ok and shows(found.json, lead["email"])


def _imports(lab: Lab, caller: Caller, same: Caller | None, story: Story, limit: int) -> None:
    story.bulk += [step.answer for step in story.steps if step.name == IMPORT]
    _bulk(lab, caller, same, story)
    if len(story.bulk) <= limit and not lab.strict:
        # Its minute may have begun later than the other one, in an earlier run.
        time.sleep(_LONGEST_WAIT)
        story.bulk.clear()
        _bulk(lab, caller, same, story)


def _bulk(lab: Lab, caller: Caller, same: Caller | None, story: Story) -> None:
    """Import until that is refused too; above the limit in earnest, below it as a dry run."""
    assert story.bulk_limit is not None
    started = time.perf_counter()
    while len(story.bulk) < story.bulk_limit + 2:
        lead = lab.world.lead(lab.fresh)
        # Whether a dry run counts is nowhere said.
        dry_run = lab.strict and len(story.bulk) < story.bulk_limit
        answer = caller("bulkImportLeads", body={"dry_run": dry_run, "leads": [lead]})
        story.bulk.append(answer)
        story.bulk_seconds = time.perf_counter() - started
        if answer.status == 429 and same is not None:
            found = same("listLeads", query={"search": lead["contact_email"]})
            story.bulk_written = bool(found.at("/leads", None))
        if answer.status == 429:
            return


def _together(lab: Lab, other: Caller, story: Story) -> None:
    """Spend what another key has left with requests at the same time, half as many again as it has."""
    assert other.credential is not None
    spent = sum(one.request.sender == other.credential.name for one in lab.trace.exchanges[story.begins :])
    left = other.credential.limits["per_minute"] - spent
    if left > _MOST_TOGETHER:
        story.crowd = _crowd(lab, other) if lab.strict else None
        return
    if left <= 0:
        return
    requests = [plain_request(lab, other) for _ in range(left + left // 2 + 1)]
    started = time.perf_counter()
    answers = [one.answer for one in lab.send_all(requests)]
    story.together_seconds = time.perf_counter() - started
    story.together = sum(answer.status != 429 for answer in answers), left


def _crowd(lab: Lab, other: Caller) -> tuple[Answer, Answer] | None:
    """The answers before and after a crowd of requests; None where a window ended meanwhile, twice."""
    for _ in range(2):
        before = ask(lab, other)
        lab.send_all([plain_request(lab, other) for _ in range(CROWD)])
        after = ask(lab, other)
        resets = [number(answer.headers.get(HEADERS[2])) or 0 for answer in (before, after)]
        if resets[1] <= resets[0]:
            return before, after
    return None
