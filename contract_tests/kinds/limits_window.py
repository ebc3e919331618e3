"""Limits: when the window of a limited key ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed
from .limits import LIMIT, METERED
from .limits_requests import ask
from .limits_story import HEADERS, number, story_of

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("limits")
# So exactly, in seconds, a reset is told; and so much later a window that started anew differs from one that did not.
_CLOCKS, _TOLD_APART = 2, 5


@kind.promise(
    "reset",
    "RateLimit-Reset counts down to the end of the window of a minute.",
    on=METERED,
    source=assumed("M15", "The window with the least left is reported, in whole seconds until it is full again."),
)
def reset(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    first: tuple[float, int] | None = None
    for step in story.steps:
        left = number(step.answer.headers.get(HEADERS[2])) if step.known else None
        if left is None:
            continue
        lab.expect(0 <= left <= 60, "RateLimit-Reset from 0 to 60", left)
        if first is None:
            first = (step.at, left)
        wanted = first[1] - (step.at - first[0])
        lab.expect(abs(left - wanted) <= _CLOCKS, f"RateLimit-Reset of about {wanted:.0f}", left)
    if first is None:
        raise NotChecked("no RateLimit-Reset to look at")
    lab.expect(first[1] >= 57, "RateLimit-Reset of about 60 after the first request", first[1])


@kind.promise(
    "refused-counts-nothing",
    "A refused request is not counted, and does not start the window anew: it ends when it would have.",
    on=METERED,
    source=assumed("C17", "A window of 60 seconds that starts with its first request, and with nothing else."),
)
def refused_counts_nothing(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    if story.refusal is None:
        raise NotChecked("the key was never refused")
    first, reset_at_first = story.steps[0].at, number(story.steps[0].answer.headers.get(HEADERS[2]))
    if reset_at_first is None:
        raise NotChecked("no RateLimit-Reset to look at")
    # A window that started anew a moment ago can be told from one that started with the first request.
    time.sleep(max(0.0, first + _TOLD_APART - time.perf_counter()))
    # The first of these may be what starts it.
    ask(lab, story.caller)
    answer = ask(lab, story.caller)
    wanted = reset_at_first - (time.perf_counter() - first)
    if wanted < _CLOCKS:
        raise NotChecked("the window has ended")
    lab.expect(answer.status == 429, f"429 still, {wanted:.0f} s before the window ends", answer)
    for name in (HEADERS[2], "retry-after"):
        left = number(answer.headers.get(name))
        near = left is not None and abs(left - wanted) <= _CLOCKS
        lab.expect(near, f"{name} of about {wanted:.0f} in another refusal", left)


# The last one: it waits until the minute is over.


@kind.promise(
    "reopens",
    "A key whose limit was spent is let in again when it has sent nothing for a minute.",
    on=METERED,
    source=LIMIT,
)
def reopens(lab: Lab, _operation: Operation) -> None:
    if not lab.options.patient:
        raise NotChecked("takes a minute; tried with --patient")
    story = story_of(lab)
    if story.refusal is None:
        raise NotChecked("the key was never refused")
    story.caller.rest(lab.world.create)
    time.sleep(_CLOCKS)
    answer = ask(lab, story.caller)
    lab.expect(answer.status != 429, "an allowed request, more than a minute after the last one", answer)
    left = number(answer.headers.get(HEADERS[1]))
    whole = left is None or left == story.limit - 1 or not lab.strict
    lab.expect(whole, f"RateLimit-Remaining {story.limit - 1} after the first request of a new window", left)
    if story.bulk_limit is not None:
        imported = story.caller("bulkImportLeads", body={"dry_run": True, "leads": [lab.world.lead(lab.fresh)]})
        lab.expect(imported.status != 429, "an allowed import, more than a minute after the last one", imported)
