"""The scene in which MEGA's deliveries fail: webhooks of all kinds, a lead, and what each of them was told of it.

All of it is tried at once on a single lead, since a target may wait seconds between attempts, and other rules are
tried meanwhile.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..models.mega_population import some
from ..receiver import Delivery, Inbox, Reply
from ..rule import NotChecked
from .mega_deliveries import WRITE, Hook, change, registered, rest, see_that_any_come
from .mega_leads import made

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

_OK = Reply(200)
#: A first retry has to come in so many seconds; no other one is waited for any longer.
LONGEST = 9.0
#: How long a patient receiver takes.
PATIENT = 1.5
_LATE = Reply(200, after=2.5)
_ELSEWHERE = "{elsewhere}"
#: What the page says is tried again.
MUST: Mapping[str, Reply] = {
    "500": Reply(500),
    "503": Reply(503),
    "301": Reply(301, (("Location", _ELSEWHERE),)),
    "no answer in time": _LATE,
}
#: What else is no 2xx.
MAY: Mapping[str, Reply] = {
    **{str(status): Reply(status) for status in (400, 401, 404, 410, 429, 502, 304)},
    **{str(status): Reply(status, (("Location", _ELSEWHERE),)) for status in (302, 303, 307, 308)},
    "no answer at all": Reply(0),
}
_TAKEN = (200, 201, 202, 204, 299)
LIMITS = (0, 1, 2)
#: So many webhooks that always fail, and their retries: how far they are tells what the others could have had.
_CONTROLS, CONTROL_RETRIES = 4, 5
STOPPED = ("deleted", "paused")
#: During their first attempts, these get another secret, and another address.
CHANGED = ("rotated", "moved")


@dataclass
class Scene:
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
    return f"always 500, {CONTROL_RETRIES} retries, {place}"


@dataclass(frozen=True, slots=True)
class Begun:
    """A scene under way, since `started`; `hooks` deletes its webhooks."""

    scene: Scene
    caller: Caller
    elsewhere: Inbox
    hooks: ExitStack
    started: float


def play(lab: Lab) -> Scene:
    """The whole scene, played once a run. Raises NotChecked where nothing is ever delivered."""
    return lab.once("mega retries", lambda: _end(lab, begin(lab)))


def begin(lab: Lab) -> Begun:
    """Begin the scene, for whoever asks first."""
    see_that_any_come(lab)
    return lab.once("mega retries begun", lambda: _begin(lab))


def _elsewhere(lab: Lab) -> Caller:
    """Another customer: what the scene awaits is told of its own leads alone, and may be awaited beside other rules."""
    return lab.other_tenant(WRITE, "public_api:leads:read", "public_api:webhooks:manage")


def _begin(lab: Lab) -> Begun:
    try:
        caller = _elsewhere(lab)
    except NotChecked:
        caller = lab.main
    scene, body = Scene(), lab.world.lead(lab.fresh)
    elsewhere = lab.receiver().inbox()
    with ExitStack() as registering:  # where a customer may not have so many, none is left
        for name, members, replies in _webhooks(lab):
            inbox = lab.receiver().inbox()
            inbox.script(*(_to(reply, elsewhere) for reply in replies), about=body["contact_email"])
            scene.hooks[name] = registering.enter_context(registered(lab, caller, inbox, **members))
        stack = lab.keep(registering.pop_all())
    if lab.strict:
        change(lab, scene.hooks["fewer retries by a change"], caller, retry_attempts=0)
    lead = made(lab, body, caller)
    asked = lab.trace.exchanges[-1]
    started, scene.seconds, scene.lead = time.monotonic(), asked.ended - asked.started, str(lead["id"])
    if lab.strict:
        _interfere(lab, scene, body, caller)
    return Begun(scene, caller, elsewhere, stack, started)


def _end(lab: Lab, begun: Begun) -> Scene:
    """Wait for what is still to come."""
    scene = begun.scene
    with begun.hooks:
        lab.receiver().wait(lambda: _is_complete(scene), LONGEST - (time.monotonic() - begun.started))
        # By then a receiver that takes its time has answered, and a second attempt would have come.
        rest(lab, max(0.3, PATIENT + 0.4 - (time.monotonic() - begun.started)))
        scene.attempts = {name: hook.inbox.about(scene.lead) for name, hook in scene.hooks.items()}
        scene.elsewhere = begun.elsewhere.about(scene.lead)
        scene.later = str(made(lab, lab.world.lead(lab.fresh), begun.caller)["id"])
        still = [hook.inbox for name, hook in scene.hooks.items() if name not in STOPPED]
        lab.receiver().due(lambda: all(inbox.about(scene.later) for inbox in still))
    return scene


def _webhooks(lab: Lab) -> Iterable[tuple[str, dict[str, Any], Sequence[Reply]]]:
    """Name, registration and answers of each webhook."""
    failures = {**MUST, **MAY} if lab.strict else MUST
    for name, reply in failures.items():
        yield name, {"retry_attempts": 3, "timeout_seconds": 1 if reply is _LATE else 10}, (reply, _OK)
    for limit in LIMITS:
        yield f"limit {limit}", {"retry_attempts": limit}, (Reply(500),)
    for place in range(_CONTROLS):
        yield _control(place), {"retry_attempts": CONTROL_RETRIES}, (Reply(500),)
    yield "patient", {"timeout_seconds": 5, "retry_attempts": 3}, (Reply(200, after=PATIENT), _OK)
    if lab.strict:
        yield "twice", {"retry_attempts": 3}, (Reply(500), Reply(503), _OK)
        yield "fewer retries by a change", {"retry_attempts": 3}, (Reply(500),)
        for status in some(lab, _TAKEN):
            yield f"taken with {status}", {"retry_attempts": 3}, (Reply(status), _OK)
        for name in STOPPED:
            # So slow that the webhook is stopped before the attempt has failed.
            yield name, {"retry_attempts": 3}, (Reply(500, after=0.8), Reply(500))
        for name in CHANGED:
            yield name, {"retry_attempts": 3}, (Reply(500, after=0.8), _OK)


def _to(reply: Reply, inbox: Inbox) -> Reply:
    headers = tuple((name, value.replace(_ELSEWHERE, inbox.url)) for name, value in reply.headers)
    return Reply(reply.status, headers, reply.after)


def _interfere(lab: Lab, scene: Scene, body: Mapping[str, Any], caller: Caller) -> None:
    """Stop or change some webhooks during their first attempt, and change the lead before most second ones."""
    hooks = [scene.hooks[name] for name in (*STOPPED, *CHANGED)]
    lab.receiver().wait(lambda: all(hook.inbox.about(scene.lead) for hook in hooks), LONGEST)
    made(lab, {**body, "contact_name": lab.fresh.name()}, caller)
    caller("deleteLeadWebhook", path={"id": hooks[0].id})
    change(lab, hooks[1], caller, is_active=False)
    rotated, moved = hooks[2:]
    scene.hooks["rotated"] = replace(rotated, secret=change(lab, rotated, caller, rotate_secret=True))
    scene.hooks["moved"] = replace(moved, inbox=lab.receiver().inbox())
    change(lab, moved, caller, url=scene.hooks["moved"].inbox.url)


def _is_complete(scene: Scene) -> bool:
    wanted = dict.fromkeys((*MUST, *MAY, "rotated"), 2) | {"twice": 3, "patient": 1}
    wanted |= {_control(place): CONTROL_RETRIES + 1 for place in range(_CONTROLS)}
    return all(len(hook.inbox.about(scene.lead)) >= wanted.get(name, 1) for name, hook in scene.hooks.items())
