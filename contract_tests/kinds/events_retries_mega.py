"""MEGA's deliveries that fail: what is tried again, how often, and what stops it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only
from .mega_deliveries import TOLERANCE, delivery_id, expect_signed, stamp
from .mega_retries import CHANGED, CONTROL_RETRIES, LIMITS, LONGEST, MAY, MUST, PATIENT, STOPPED, Scene, begin, play

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("events")
#: Begins what the others look at, long before them.
first = Kind("events")

_CREATE, _PATCH = only("mega/createLeadWebhook"), only("mega/updateLeadWebhook")
_DELETE, _LEAD = only("mega/deleteLeadWebhook"), only("mega/createLead")
_RETRIES = named("page-retries")
#: Where the first one of all takes longer, others may be just about to come.
_QUICK = 6.0
#: By so much waits may differ that were meant to be alike: one begins only when the time for an answer is over.
_OTHERWISE = 1.5
#: What a create may take while a patient receiver takes its time.
_AT_ONCE = 1.2
#: So many attempts of those that always fail tell how the waits grow.
_ENOUGH = 4


# What is seen at once. It is tried apart from the others, so that these need not wait.


@first.promise(
    "not-waited-for",
    "A create does not wait for the receivers of its event.",
    on=_LEAD,
    source=assumed("own-choice", "Deliveries go out after the answer, so that no receiver can slow down a client."),
)
def not_waited_for(lab: Lab, _operation: Operation) -> None:
    seconds = begin(lab).scene.seconds
    wanted = f"an answer while a receiver takes {PATIENT} seconds for its own"
    lab.expect(seconds < _AT_ONCE, wanted, f"one after {seconds:.2f} s")


# What is tried again.


@kind.promise(
    "retried",
    "A delivery that meets a 5xx, a redirect or no answer in time is tried again.",
    on=_CREATE,
    source=_RETRIES,
)
def retried(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    _see_that_retries_come(scene)
    late = any(len(scene.attempts[name]) == 1 for name in MUST)
    if late and not lab.strict and max(scene.waits) > 2 * scene.quickest + _OTHERWISE:
        raise NotChecked("the waits before a retry differ, and some may be longer than could be waited for")
    _all_retried(lab, scene, MUST)


@kind.promise(
    "retried-any",
    "Whatever is no 2xx is tried again, soon for the first time.",
    on=_CREATE,
    source=assumed(
        "M65", "Each answer but a 2xx, 410 and redirects too, is a failed attempt; retries begin after 1 s."
    ),
)
def retried_any(lab: Lab, _operation: Operation) -> None:
    _all_retried(lab, play(lab), {**MUST, **MAY})


def _see_that_retries_come(scene: Scene) -> None:
    """Raises NotChecked where they come too late to be waited for."""
    if scene.quickest > _QUICK:
        raise NotChecked(f"no retry came in {_QUICK:.0f} seconds")


def _all_retried(lab: Lab, scene: Scene, names: Iterable[str]) -> None:
    for name in names:
        count = len(scene.attempts[name])
        lab.expect(count > 1, f"a second attempt after {name}", f"{count} attempts in {LONGEST:.0f} seconds")


@kind.promise("redirect", "A redirect is not followed.", on=_CREATE, source=_RETRIES)
def redirect(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    lab.expect(scene.attempts["301"], "a delivery to the webhook that redirects", "none")
    lab.expect(not scene.elsewhere, "nothing at the address of a redirect", [str(one) for one in scene.elsewhere[:1]])


@kind.promise("attempts", "A delivery is tried once and retry_attempts times again.", on=_CREATE, source=_RETRIES)
def attempts(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    for limit in LIMITS:
        count = len(scene.attempts[f"limit {limit}"])
        most = limit + 1
        # There may be some chance in the waits.
        least = most if scene.reached > most + 1 else 1
        got = f"{count}, while one with {CONTROL_RETRIES} had {scene.reached}"
        lab.expect(least <= count <= most, f"{most} attempts with retry_attempts {limit}", got)
    for found in scene.controls:
        most = CONTROL_RETRIES + 1
        lab.expect(len(found) <= most, f"{most} attempts with retry_attempts {CONTROL_RETRIES}", len(found))


@kind.promise(
    "attempts-exact",
    "Each of its retries is made, and it follows a change of retry_attempts.",
    on=_CREATE,
    source=assumed("own-choice", "Retries come 1, 2, 4 … seconds after one another, or sooner in a test setup."),
)
def attempts_exact(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    expected = {f"limit {limit}": limit + 1 for limit in LIMITS}
    expected |= {"twice": 3, "fewer retries by a change": 1}
    for name, number in expected.items():
        got = len(scene.attempts[name])
        lab.expect(got == number, f"{number} attempts in {LONGEST:.0f} seconds ({name})", got)


@kind.promise(
    "accepted",
    "A delivery that is answered with a 2xx in timeout_seconds is not sent again.",
    on=_CREATE,
    source=assumed("own-choice", "Any 2xx means received."),
)
def accepted(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    for name, found in scene.attempts.items():
        if name.startswith("taken") or name == "patient":
            lab.expect(len(found) == 1, f"one attempt where it is {name}", len(found))
    for name in (*MUST, *MAY):
        lab.expect(len(scene.attempts[name]) <= 2, f"no attempt after the 200 that followed {name}", "a third")


@kind.promise(
    "still-told",
    "A webhook whose deliveries failed is told of the next lead.",
    on=_CREATE,
    source=assumed("172", "No answer disables a webhook, not even 410."),
)
def still_told(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    for name, hook in scene.hooks.items():
        found = name in STOPPED or hook.inbox.about(scene.later)
        lab.expect(found, f"a delivery of the next lead, {scene.later}, after {name}", "none")


# What a retry says.


@kind.promise(
    "retry-signed", "A retry is signed and dated as any delivery.", on=_CREATE, source=named("page-signature")
)
def retry_signed(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    for name, _, retry in scene.pairs(name for name in scene.attempts if name not in CHANGED):
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
    scene = play(lab)
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
    scene = play(lab)
    if scene.reached < _ENOUGH:
        raise NotChecked(f"{_ENOUGH - 1} retries did not come in {LONGEST:.0f} seconds")
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
    scene = play(lab)
    for name, first, retry in scene.pairs(["no answer in time"]):
        wait = retry.arrived - first.arrived
        lab.expect(wait > 0.5, f"no retry in the second that timeout_seconds 1 allows ({name})", f"{wait:.2f} s")


@kind.promise(
    "changed-meanwhile",
    "A retry goes to the address, and is signed with the secret, that the webhook has by then.",
    on=_PATCH,
    source=assumed("176", "The next attempt of every delivery follows a change of the webhook."),
)
def changed_meanwhile(lab: Lab, _operation: Operation) -> None:
    scene = play(lab)
    _see_that_retries_come(scene)
    retries = [retry for _, _, retry in scene.pairs(["rotated"])]
    lab.expect(retries, "a second attempt where the secret was rotated during the first", "none")
    expect_signed(lab, retries[0], scene.hooks["rotated"].secret, "the rotated secret on the retry after the rotation")
    lab.expect(scene.attempts["moved"], "the second attempt at the address that the webhook was moved to", "none")


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
    scene = play(lab)
    _see_that_retries_come(scene)
    lab.expect(len(scene.attempts[name]) == 1, f"one attempt where the webhook is {name}", len(scene.attempts[name]))
