"""MEGA's deliveries that fail: what is tried again, how often, and what stops it.

All of it is tried at once on a single lead, since a target may wait seconds between attempts, and other rules are
tried meanwhile.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.mega_population import some
from ..receiver import Delivery, Inbox, Reply
from ..rule import Kind, NotChecked, assumed, named, only
from .mega_deliveries import (
    SOON,
    TOLERANCE,
    WRITE,
    Hook,
    change,
    delivery_id,
    expect_signed,
    registered,
    rest,
    see_that_any_come,
    stamp,
)
from .mega_leads import made

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

kind = Kind("events")
#: Begins what the others look at, long before them.
first = Kind("events")

_CREATE, _PATCH = only("mega/createLeadWebhook"), only("mega/updateLeadWebhook")
_DELETE, _LEAD = only("mega/deleteLeadWebhook"), only("mega/createLead")
_RETRIES = named("page-retries")
_OK = Reply(200)
#: A first retry has to come in so many seconds; no other one is waited for any longer.
_LONGEST = 9.0
#: Where the first one of all takes longer, others may be just about to come.
_QUICK = 6.0
#: By so much waits may differ that were meant to be alike: one begins only when the time for an answer is over.
_OTHERWISE = 1.5
#: How long a patient receiver takes, and what a create may take meanwhile.
_PATIENT, _AT_ONCE = 1.5, 1.2
_LATE = Reply(200, after=2.5)
_ELSEWHERE = "{elsewhere}"
#: What the page says is tried again.
_MUST: Mapping[str, Reply] = {
    "500": Reply(500),
    "503": Reply(503),
    "301": Reply(301, (("Location", _ELSEWHERE),)),
    "no answer in time": _LATE,
}
#: What else is no 2xx.
_MAY: Mapping[str, Reply] = {
    **{str(status): Reply(status) for status in (400, 401, 404, 410, 429, 502, 304)},
    **{str(status): Reply(status, (("Location", _ELSEWHERE),)) for status in (302, 303, 307, 308)},
    "no answer at all": Reply(0),
}
_TAKEN = (200, 201, 202, 204, 299)
_LIMITS = (0, 1, 2)
#: So many webhooks that always fail, and their retries: how far they are tells what the others could have had.
_CONTROLS, _CONTROL_RETRIES, _ENOUGH = 4, 5, 4
_STOPPED = ("deleted", "paused")


@dataclass
class _Scene:
    """`attempts` are what came to each webhook, by its name, `seconds` what the create took, `later` a second lead."""

    hooks: dict[str, Hook] = field(default_factory=dict)
    attempts: dict[str, list[Delivery]] = field(default_factory=dict)
    elsewhere: list[Delivery] = field(default_factory=list)
    lead: str = ""
    seconds: float = 0.0
    later: str = ""

    @property
    def controls(self) -> list[list[Delivery]]:
        return [self.attempts[_control(place)] for place in range(_CONTROLS)]

    @property
    def reached(self) -> int:
        """How many attempts each of those that always fail has had."""
        return min(map(len, self.controls))

    @property
    def waits(self) -> list[float]:
        """How long each webhook waited for its first retry, if there was any."""
        return [found[1].arrived - found[0].arrived for found in self.attempts.values() if len(found) > 1]

    @property
    def quickest(self) -> float:
        """The shortest wait before a retry; without end where nothing was tried again in the time that was given."""
        return min(self.waits, default=math.inf)

    def pairs(self, names: Iterable[str]) -> Iterable[tuple[str, Delivery, Delivery]]:
        """The first attempts of these webhooks, each with one that followed it."""
        for name in names:
            found = self.attempts.get(name, [])
            yield from ((name, found[0], later) for later in found[1:])


def _control(place: int) -> str:
    return f"always 500, {_CONTROL_RETRIES} retries, {place}"


@dataclass(frozen=True, slots=True)
class _Begun:
    """A scene under way, since `started`; `hooks` deletes its webhooks."""

    scene: _Scene
    caller: Caller
    elsewhere: Inbox
    hooks: ExitStack
    started: float


def _scene(lab: Lab) -> _Scene:
    see_that_any_come(lab)
    return lab.once("mega retries", lambda: _end(lab, lab.once("mega retries begun", lambda: _begin(lab))))


def _elsewhere(lab: Lab) -> Caller:
    """Another customer: what the scene awaits is told of its own leads alone, and may be awaited beside other rules."""
    return lab.other_tenant(WRITE, "public_api:leads:read", "public_api:webhooks:manage")


def _begin(lab: Lab) -> _Begun:
    try:
        caller = _elsewhere(lab)
    except NotChecked:
        caller = lab.main
    scene, body = _Scene(), lab.world.lead(lab.fresh)
    elsewhere = lab.receiver().inbox()
    stack = lab.keep(ExitStack())
    for name, members, replies in _webhooks(lab):
        inbox = lab.receiver().inbox()
        inbox.script(*(_to(reply, elsewhere) for reply in replies), about=body["contact_email"])
        scene.hooks[name] = stack.enter_context(registered(lab, caller, inbox, **members))
    if lab.strict:
        change(lab, scene.hooks["fewer retries by a change"], caller, retry_attempts=0)
    lead = made(lab, body, caller)
    asked = lab.trace.exchanges[-1]
    started, scene.seconds, scene.lead = time.monotonic(), asked.ended - asked.started, str(lead["id"])
    if lab.strict:
        _interfere(lab, scene, body, caller)
    return _Begun(scene, caller, elsewhere, stack, started)


def _end(lab: Lab, begun: _Begun) -> _Scene:
    """Wait for what is still to come."""
    scene = begun.scene
    with begun.hooks:
        lab.receiver().wait(lambda: _is_complete(scene), _LONGEST - (time.monotonic() - begun.started))
        # By then a receiver that takes its time has answered, and a second attempt would have come.
        rest(lab, max(0.3, _PATIENT + 0.4 - (time.monotonic() - begun.started)))
        scene.attempts = {name: hook.inbox.about(scene.lead) for name, hook in scene.hooks.items()}
        scene.elsewhere = begun.elsewhere.about(scene.lead)
        scene.later = str(made(lab, lab.world.lead(lab.fresh), begun.caller)["id"])
        still = [hook.inbox for name, hook in scene.hooks.items() if name not in _STOPPED]
        lab.receiver().wait(lambda: all(inbox.about(scene.later) for inbox in still), SOON)
    return scene


def _webhooks(lab: Lab) -> Iterable[tuple[str, dict[str, Any], Sequence[Reply]]]:
    """Name, registration and answers of each webhook."""
    failures = {**_MUST, **_MAY} if lab.strict else _MUST
    for name, reply in failures.items():
        yield name, {"retry_attempts": 3, "timeout_seconds": 1 if reply is _LATE else 10}, (reply, _OK)
    for limit in _LIMITS:
        yield f"limit {limit}", {"retry_attempts": limit}, (Reply(500),)
    for place in range(_CONTROLS):
        yield _control(place), {"retry_attempts": _CONTROL_RETRIES}, (Reply(500),)
    yield "patient", {"timeout_seconds": 5, "retry_attempts": 3}, (Reply(200, after=_PATIENT), _OK)
    if lab.strict:
        yield "twice", {"retry_attempts": 3}, (Reply(500), Reply(503), _OK)
        yield "fewer retries by a change", {"retry_attempts": 3}, (Reply(500),)
        for status in some(lab, _TAKEN):
            yield f"taken with {status}", {"retry_attempts": 3}, (Reply(status), _OK)
        for name in _STOPPED:
            # So slow that the webhook is stopped before the attempt has failed.
            yield name, {"retry_attempts": 3}, (Reply(500, after=0.8), Reply(500))


def _to(reply: Reply, inbox: Inbox) -> Reply:
    headers = tuple((name, value.replace(_ELSEWHERE, inbox.url)) for name, value in reply.headers)
    return Reply(reply.status, headers, reply.after)


def _interfere(lab: Lab, scene: _Scene, body: Mapping[str, Any], caller: Caller) -> None:
    """Stop two webhooks during their first attempt, and change the lead before most second ones."""
    hooks = [scene.hooks[name] for name in _STOPPED]
    lab.receiver().wait(lambda: all(hook.inbox.about(scene.lead) for hook in hooks), _LONGEST)
    made(lab, {**body, "contact_name": lab.fresh.name()}, caller)
    caller("deleteLeadWebhook", path={"id": hooks[0].id})
    change(lab, hooks[1], caller, is_active=False)


def _is_complete(scene: _Scene) -> bool:
    wanted = dict.fromkeys((*_MUST, *_MAY), 2) | {"twice": 3, "patient": 1}
    wanted |= {_control(place): _CONTROL_RETRIES + 1 for place in range(_CONTROLS)}
    return all(len(hook.inbox.about(scene.lead)) >= wanted.get(name, 1) for name, hook in scene.hooks.items())


# What is seen at once. It is tried apart from the others, so that these need not wait.


@first.promise(
    "not-waited-for",
    "A create does not wait for the receivers of its event.",
    on=_LEAD,
    source=assumed("own-choice", "Deliveries go out after the answer, so that no receiver can slow down a client."),
)
def not_waited_for(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    begun: _Begun = lab.once("mega retries begun", lambda: _begin(lab))
    seconds = begun.scene.seconds
    wanted = f"an answer while a receiver takes {_PATIENT} seconds for its own"
    lab.expect(seconds < _AT_ONCE, wanted, f"one after {seconds:.2f} s")


# What is tried again.


@kind.promise(
    "retried",
    "A delivery that meets a 5xx, a redirect or no answer in time is tried again.",
    on=_CREATE,
    source=_RETRIES,
)
def retried(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    _see_that_retries_come(scene)
    late = any(len(scene.attempts[name]) == 1 for name in _MUST)
    if late and not lab.strict and max(scene.waits) > 2 * scene.quickest + _OTHERWISE:
        raise NotChecked("the waits before a retry differ, and some may be longer than could be waited for")
    _all_retried(lab, scene, _MUST)


@kind.promise(
    "retried-any",
    "Whatever is no 2xx is tried again, soon for the first time.",
    on=_CREATE,
    source=assumed(
        "M65", "Each answer but a 2xx, 410 and redirects too, is a failed attempt; retries begin after 1 s."
    ),
)
def retried_any(lab: Lab, _operation: Operation) -> None:
    _all_retried(lab, _scene(lab), {**_MUST, **_MAY})


def _see_that_retries_come(scene: _Scene) -> None:
    """Raises NotChecked where they come too late to be waited for."""
    if scene.quickest > _QUICK:
        raise NotChecked(f"no retry came in {_QUICK:.0f} seconds")


def _all_retried(lab: Lab, scene: _Scene, names: Iterable[str]) -> None:
    for name in names:
        count = len(scene.attempts[name])
        lab.expect(count > 1, f"a second attempt after {name}", f"{count} attempts in {_LONGEST:.0f} seconds")


@kind.promise("redirect", "A redirect is not followed.", on=_CREATE, source=_RETRIES)
def redirect(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    lab.expect(scene.attempts["301"], "a delivery to the webhook that redirects", "none")
    lab.expect(not scene.elsewhere, "nothing at the address of a redirect", [str(one) for one in scene.elsewhere[:1]])


@kind.promise("attempts", "A delivery is tried once and retry_attempts times again.", on=_CREATE, source=_RETRIES)
def attempts(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for limit in _LIMITS:
        count = len(scene.attempts[f"limit {limit}"])
        most = limit + 1
        # There may be some chance in the waits.
        least = most if scene.reached > most + 1 else 1
        got = f"{count}, while one with {_CONTROL_RETRIES} had {scene.reached}"
        lab.expect(least <= count <= most, f"{most} attempts with retry_attempts {limit}", got)
    for found in scene.controls:
        most = _CONTROL_RETRIES + 1
        lab.expect(len(found) <= most, f"{most} attempts with retry_attempts {_CONTROL_RETRIES}", len(found))


@kind.promise(
    "attempts-exact",
    "Each of its retries is made, and it follows a change of retry_attempts.",
    on=_CREATE,
    source=assumed("own-choice", "Retries come 1, 2, 4 … seconds after one another, or sooner in a test setup."),
)
def attempts_exact(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    expected = {f"limit {limit}": limit + 1 for limit in _LIMITS}
    expected |= {"twice": 3, "fewer retries by a change": 1}
    for name, number in expected.items():
        got = len(scene.attempts[name])
        lab.expect(got == number, f"{number} attempts in {_LONGEST:.0f} seconds ({name})", got)


@kind.promise(
    "accepted",
    "A delivery that is answered with a 2xx in timeout_seconds is not sent again.",
    on=_CREATE,
    source=assumed("own-choice", "Any 2xx means received."),
)
def accepted(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name, found in scene.attempts.items():
        if name.startswith("taken") or name == "patient":
            lab.expect(len(found) == 1, f"one attempt where it is {name}", len(found))
    for name in (*_MUST, *_MAY):
        lab.expect(len(scene.attempts[name]) <= 2, f"no attempt after the 200 that followed {name}", "a third")


@kind.promise(
    "still-told",
    "A webhook whose deliveries failed is told of the next lead.",
    on=_CREATE,
    source=assumed("172", "No answer disables a webhook, not even 410."),
)
def still_told(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name, hook in scene.hooks.items():
        found = name in _STOPPED or hook.inbox.about(scene.later)
        lab.expect(found, f"a delivery of the next lead, {scene.later}, after {name}", "none")


# What a retry says.


@kind.promise(
    "retry-signed", "A retry is signed and dated as any delivery.", on=_CREATE, source=named("page-signature")
)
def retry_signed(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name, _, retry in scene.pairs(scene.attempts):
        expect_signed(lab, retry, scene.hooks[name].secret, f"the webhook's secret on the retry after {name}")
        near = abs(stamp(retry) - retry.moment) <= TOLERANCE
        lab.expect(near, f"X-Mega-Timestamp near {retry.moment:.0f} on a retry", stamp(retry))


@kind.promise(
    "retry-same",
    "All attempts of a delivery have the same X-Mega-Delivery and body, each its own X-Mega-Timestamp.",
    on=_CREATE,
    source=assumed("173", "As in Standard Webhooks: the id and the body stay, the timestamp is that of the attempt."),
)
def retry_same(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name, first, retry in scene.pairs(scene.attempts):
        expected = delivery_id(first)
        lab.expect(delivery_id(retry) == expected, f"X-Mega-Delivery {expected} after {name}", delivery_id(retry))
        lab.expect(retry.body == first.body, f"the same body after {name}: {first}", retry)
        near = abs(stamp(retry) - retry.moment) <= 15
        lab.expect(near, f"X-Mega-Timestamp {retry.moment:.0f} on a retry, give or take a little", stamp(retry))
    for _, first, retry in scene.pairs(["no answer in time"]):
        # More than timeout_seconds, which is 1, lie between the two.
        lab.expect(stamp(retry) > stamp(first), f"a timestamp after {stamp(first)} on a later attempt", stamp(retry))
    for _, first, retry in scene.pairs(scene.attempts):
        late = retry.arrived - first.arrived > 2.5
        lab.expect(not late or stamp(retry) > stamp(first), "a timestamp of its own on each attempt", stamp(retry))


@kind.promise(
    "backoff",
    "Each retry waits longer than the one before.",
    on=_CREATE,
    source=assumed("own-choice", "The wait doubles with each retry, without much chance in it."),
)
def backoff(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    if scene.reached < _ENOUGH:
        raise NotChecked(f"{_ENOUGH - 1} retries did not come in {_LONGEST:.0f} seconds")
    waits = [[late.arrived - early.arrived for early, late in itertools.pairwise(found)] for found in scene.controls]
    # A busy machine makes waits longer, hardly ever shorter.
    least = [min(several) for several in zip(*waits, strict=False)]
    shown = ", ".join(f"{wait:.2f}" for wait in least)
    # One of the first may have come late itself.
    early = min(least[:2])
    lab.expect(least[-1] > 1.7 * early, "a last wait that is much longer than the first ones", f"waits of {shown} s")


@kind.promise(
    "timeout",
    "A receiver has timeout_seconds to answer.",
    on=_CREATE,
    source=assumed("own-choice", "The time that a receiver has begins when it is called."),
)
def timeout(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name, first, retry in scene.pairs(["no answer in time"]):
        wait = retry.arrived - first.arrived
        lab.expect(wait > 0.5, f"no retry in the second that timeout_seconds 1 allows ({name})", f"{wait:.2f} s")


# What stops it.


@kind.promise(
    "deleted-meanwhile",
    "A webhook that is deleted while a delivery fails is not tried again.",
    on=_DELETE,
    source=assumed("175", "A webhook that is deleted or paused during retries stops them."),
)
def deleted_meanwhile(lab: Lab, _operation: Operation) -> None:
    _stopped(lab, "deleted")


@kind.promise(
    "paused-meanwhile",
    "A webhook that is paused while a delivery fails is not tried again.",
    on=_PATCH,
    source=assumed("175", "A webhook that is deleted or paused during retries stops them."),
)
def paused_meanwhile(lab: Lab, _operation: Operation) -> None:
    _stopped(lab, "paused")


def _stopped(lab: Lab, name: str) -> None:
    scene = _scene(lab)
    _see_that_retries_come(scene)
    lab.expect(len(scene.attempts[name]) == 1, f"one attempt where the webhook is {name}", len(scene.attempts[name]))
