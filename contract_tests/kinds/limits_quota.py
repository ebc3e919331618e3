"""Limits: how many leads a plan holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only
from ..wire import Answer
from .limits_requests import can_be_filled, free, known_lead
from .limits_story import story_of

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

kind = Kind("limits")

_CAPTURE = only("salesiq/captureLead")
_MOST = 1000
# So much room is left when leads are captured at the same time.
_ROOM = 3


@dataclass(slots=True)
class _Story:
    """A workspace filled up. `created` are the answers to new leads; the last of them was refused if `full`."""

    caller: Caller
    limit: int
    first: dict[str, Any]
    created: list[Answer] = field(default_factory=list)
    before: Answer | None = None
    together: int | None = None
    full: bool = False

    def capture(self, **parts: Any) -> Answer:
        """Not faster than the key's own rate, and whatever comes of it."""
        return self.caller.send("captureLead", self.caller.request("captureLead", **parts))


@kind.promise(
    "leads-allowed", "So many leads as the plan holds can be captured.", on=_CAPTURE, source=named("rate-limits")
)
def leads_allowed(lab: Lab, _operation: Operation) -> None:
    story = _story(lab)
    passed = sum(answer.status == 201 for answer in story.created)
    lab.expect(passed >= story.limit, f"{story.limit} captured leads", f"{passed}, then {story.created[-1]}")


@kind.promise(
    "leads-refused", "A lead above the plan's number is refused with 429.", on=_CAPTURE, source=named("lead-limit")
)
def leads_refused(lab: Lab, _operation: Operation) -> None:
    story = _story(lab)
    lab.expect(story.created[-1].status == 429, f"429 to lead {story.limit + 1}", story.created[-1])


@kind.promise(
    "leads-refused-writes-nothing",
    "A lead that the plan has no room for is not stored: sent again, it is refused again.",
    on=_CAPTURE,
    source=named("lead-limit"),
)
def leads_refused_writes_nothing(lab: Lab, _operation: Operation) -> None:
    story = _full(lab)
    body = lab.world.lead(lab.fresh)
    for _ in range(2):
        answer = story.capture(body=body)
        lab.expect(answer.status == 429, "429 each time", answer)


@kind.promise(
    "leads-of-workspace",
    "The plan is the workspace's: what it has no room for is refused whichever key captures it.",
    on=_CAPTURE,
    source=assumed("Q31", "Deduplication, lead codes and plan are the workspace's."),
)
def leads_of_workspace(lab: Lab, _operation: Operation) -> None:
    story = _full(lab)
    filler = story.caller.credential
    assert filler is not None
    others = [one for one in lab.limited("max_leads") if one.credential and one.credential.tenant == filler.tenant]
    other = next((one for one in others if one.credential and one.credential.secret != filler.secret), None)
    if other is None:
        raise NotChecked("needs a second credential of the same workspace with the limit max_leads")
    answer = other("captureLead", body=lab.world.lead(lab.fresh))
    lab.expect(answer.status == 429, "429 to another key of the full workspace", answer)


@kind.promise(
    "leads-duplicate",
    "In a full workspace a known lead is still answered as a duplicate.",
    on=_CAPTURE,
    source=assumed("Q11", "A duplicate creates nothing, so it is answered even when the plan is full."),
)
def leads_duplicate(lab: Lab, _operation: Operation) -> None:
    story = _full(lab)
    phone, whatsapp = story.first["phone"], story.first["whatsapp"]
    again = {
        "the very same lead": story.first,
        "another name": {**lab.world.lead(lab.fresh), "phone": phone},
        "its WhatsApp number as phone": {**lab.world.lead(lab.fresh), "phone": whatsapp},
        "its phone as WhatsApp number": {**lab.world.lead(lab.fresh), "whatsapp": phone},
        "its WhatsApp number": {**lab.world.lead(lab.fresh), "whatsapp": whatsapp},
    }
    for what, body in again.items():
        answer = story.capture(body=body)
        known = answer.status == 200 and answer.at("/duplicate") is True
        lab.expect(known, f"200, a duplicate ({what})", answer)


@kind.promise(
    "leads-invalid",
    "In a full workspace what is wrong with a request comes first: it is answered as ever.",
    on=_CAPTURE,
    source=assumed("X1", "Key, media type and body are looked at before the request is carried out."),
)
def leads_invalid(lab: Lab, _operation: Operation) -> None:
    story = _full(lab)
    lead = lab.world.lead(lab.fresh)
    nameless = {"phone": lead["phone"]}
    wrong: list[tuple[str, int, dict[str, Any]]] = [
        ("a lead without a name", 400, {"body": nameless}),
        ("a lead with a wrong phone", 400, {"body": {**lead, "phone": "12345"}}),
        ("budgets the wrong way round", 400, {"body": {**lead, "budgetMin": 2, "budgetMax": 1}}),
        ("a body that is no JSON", 400, {"content": b'{"name": '}),
        ("a text", 415, {"content": b"name", "headers": {"Content-Type": "text/plain"}}),
    ]
    for what, status, parts in wrong:
        answer = story.capture(**parts)
        lab.expect(answer.status == status, f"{status} to {what}", answer)


@kind.promise(
    "leads-counted",
    "Only new leads count against the plan: no duplicates and no refused requests.",
    on=_CAPTURE,
    source=assumed("Q11", "A duplicate creates nothing, so it counts for nothing."),
)
def leads_counted(lab: Lab, _operation: Operation) -> None:
    story = _story(lab)
    if story.before is None:
        raise NotChecked("the workspace was full before")
    passed = sum(answer.status == 201 for answer in story.created)
    lab.expect(passed == story.limit, f"{story.limit} new leads beside duplicates and refused requests", passed)


def _rate_refusal(lab: Lab) -> Answer | None:
    """How a request above the rate limit is refused; None where no key for that is known."""
    try:
        return story_of(lab).refusal
    except NotChecked:
        return None


def _full(lab: Lab) -> _Story:
    story = _story(lab)
    if not story.full:
        raise NotChecked("the workspace could not be filled")
    return story


def _story(lab: Lab) -> _Story:
    return lab.once("story of a full plan", lambda: _fill(lab))


def _fill(lab: Lab) -> _Story:
    """Capture leads until the plan is full."""
    caller, limit = _to_fill(lab)
    first = {**lab.world.lead(lab.fresh), "whatsapp": lab.fresh.phone()}
    if not free(lab, caller):
        known_lead(lab, caller, first)  # so that the key's rate can be tried when there is no room for others
    story = _Story(caller, limit, first)
    story.created.append(story.capture(body=story.first))
    if story.created[0].status == 429:
        raise NotChecked("the plan is full already, as an earlier run has left it")
    story.before = story.created[0]
    for _ in range(3):
        story.capture(body=story.first)
        story.capture(body={"name": "no phone"})
    if limit > _ROOM:
        while len(story.created) < limit - _ROOM:
            story.created.append(story.capture(body=lab.world.lead(lab.fresh)))
            if story.created[-1].status != 201:
                break
        requests = [caller.request("captureLead", body=lab.world.lead(lab.fresh)) for _ in range(4 * _ROOM)]
        caller.reserve("captureLead", len(requests))
        answers = [one.answer for one in lab.send_all(requests)]
        story.together = sum(answer.status == 201 for answer in answers)
        story.created += [answer for answer in answers if answer.status == 201]
    while len(story.created) <= limit:
        story.created.append(story.capture(body=lab.world.lead(lab.fresh)))
        if story.created[-1].status != 201:
            break
    story.full = story.created[-1].status == 429
    lab.trace.exchanges = lab.trace.exchanges[-6:]
    return story


def _to_fill(lab: Lab) -> tuple[Caller, int]:
    """The key whose plan is to be filled, rather one without a rate, and how many leads the plan holds."""
    keys = [one.credential for one in lab.limited("max_leads") if one.credential]
    key = min(keys, key=lambda one: ("per_minute" in one.limits, one.limits["max_leads"]))
    limit = key.limits["max_leads"]
    if limit > _MOST:
        raise NotChecked(f"{limit} leads are too many to create")
    if not can_be_filled(key):
        rate = key.limits["per_minute"]
        raise NotChecked(
            f"needs a credential with the limit max_leads that is sooner reached, or without per_minute: {limit} leads "
            f"at {rate} a minute take too long"
        )
    return lab.caller(key), limit


@kind.promise(
    "leads-together",
    "The plan's number of leads holds for leads captured at the same time too.",
    on=_CAPTURE,
    source=named("lead-limit"),
)
def leads_together(lab: Lab, _operation: Operation) -> None:
    story = _story(lab)
    if story.together is None:
        raise NotChecked("the plan has too little room to fill it at once")
    # Others than the first may be refused while it is not yet known whether there is room.
    right = story.together == _ROOM if lab.strict else story.together <= _ROOM
    lab.expect(right, f"{_ROOM} captured leads of {4 * _ROOM} at the same time", story.together)


# The last one: how a refusal for the rate differs is seen when the rate is spent, and it may be that of the same key.


@kind.promise(
    "leads-message",
    "The refusal for the plan is told apart from that for the rate: another message, and no Retry-After.",
    on=_CAPTURE,
    source=assumed(
        "Q10", "Two kinds of 429; only the one per minute has Retry-After, since waiting does not cure a plan."
    ),
)
def leads_message(lab: Lab, _operation: Operation) -> None:
    story = _full(lab)
    answer = story.capture(body=lab.world.lead(lab.fresh))
    lab.expect("retry-after" not in answer.headers, "no Retry-After", dict(answer.headers))
    error = answer.at("/error")
    lab.expect(
        answer.at("/success") is False and isinstance(error, str) and error, "success false and an error", answer
    )
    rate = _rate_refusal(lab)
    lab.expect(rate is None or rate.at("/error", None) != error, "another message than that of the rate limit", error)
    text = str(error).lower()
    lab.expect("plan" in text or "lead limit" in text, "a message about the plan, as in the vendor's table", error)
