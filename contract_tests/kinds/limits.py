"""Limits: the last request that is allowed, the first that is refused, and what the headers say of it.

A limited key is spent once a run. What was seen then is told as a story, and each promise is judged by it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, by_api, named, once, only, page
from ..wire import Answer
from .limits_story import CROWD, HEADERS, number, story_of

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

kind = Kind("limits")
_MINUTE = 60

METERED = once(lambda operation: operation.rate_limit is not None)
LIMIT = by_api(
    salesiq=named("rate-limits"),
    mega=named("page-rate-limits"),
    convertiq=named("rate-limit"),
    crmleadpro=named("rate-limits"),
)
_silent = by_api(
    salesiq=assumed("Q13", "The limit is told in RateLimit-Limit, -Remaining and -Reset."),
    mega=named("page-rate-limits"),
    convertiq=assumed("C17", "The limit is told in RateLimit-Limit, -Remaining and -Reset."),
    crmleadpro=named("limit-headers"),
)


@kind.promise("allowed", "So many requests a minute as the key's limit says are allowed.", on=METERED, source=LIMIT)
def allowed(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    early = next((at for at, step in enumerate(story.plain) if step.answer.status == 429), None)
    lab.expect(early is None, f"{story.limit} allowed requests", f"429 to request {(early or 0) + 1}")


@kind.promise("refused", "The first request above the limit is refused with 429.", on=METERED, source=LIMIT)
def refused(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    most = story.limit + _refilled(lab, story.limit, story.seconds)
    if story.refusal is None and story.counted <= most:
        raise NotChecked("the target answers too slowly to reach a limit")
    lab.expect(
        story.refusal is not None and story.counted <= most,
        f"429 after {most} requests in {story.seconds:.1f} s",
        f"{story.counted} that were allowed",
    )


def _refilled(lab: Lab, limit: int, seconds: float) -> int:
    """How many more a bucket lets through that is refilled all the time, and not once a minute."""
    return 0 if lab.strict else int(limit * seconds / 60) + 1


@kind.promise(
    "exactly",
    "The limit is of a window of a minute: exactly so many requests are allowed, whatever is asked for.",
    on=METERED,
    source=assumed("C17", "A window of 60 seconds that starts with its first request."),
)
def exactly(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    counted = ", ".join(dict.fromkeys(step.name for step in story.steps if step.counts))
    lab.expect(
        story.refusal is not None and story.counted == story.limit,
        f"exactly {story.limit} allowed requests, {counted} counted",
        f"{story.counted}",
    )


@kind.promise("refusal", "A refusal says in Retry-After, in seconds, when to come back.", on=METERED, source=by_api(
    salesiq=assumed("Q10", "The 429 of the rate limit has Retry-After."),
    mega=named("page-rate-limits"),
    convertiq=assumed("C17", "429 with Retry-After."),
    crmleadpro=named("limit-status"),
))  # fmt: skip
def refusal(lab: Lab, _operation: Operation) -> None:
    answer = _refusal(lab)
    seconds = number(answer.headers.get("retry-after"))
    least = 1 if lab.strict else 0
    told = seconds is not None and seconds >= least
    lab.expect(told, f"Retry-After, a whole number of {least} or more", dict(answer.headers))
    lab.expect((seconds or 0) <= 3600, "Retry-After of an hour at most", seconds)
    if lab.strict:
        lab.expect((seconds or 0) <= 60, "Retry-After within the window of a minute", seconds)


@kind.promise("refusal-body", "A refusal has the vendor's error body.", on=METERED, source=by_api(
    salesiq=assumed("Q14", "success is false and error is a text."),
    mega=named("page-errors"),
    convertiq=assumed("C14", "success is false and error is a text."),
    crmleadpro=named("P3"),
))  # fmt: skip
def refusal_body(lab: Lab, _operation: Operation) -> None:
    answer = _refusal(lab)
    errors = lab.contract.errors
    if errors.envelope == "error-object":
        error = answer.at("/error")
        wanted = {"type": errors.types[429], "code": 429, "message": errors.messages["rate-limited"]}
        lab.expect({name: error.get(name) for name in wanted} == wanted, f"the error {wanted}", answer)
    elif errors.envelope == "success-flag":
        lab.expect(
            answer.at("/success") is False and isinstance(answer.at("/error"), str), "success false and error", answer
        )
    else:
        lab.expect(answer.headers.get("content-type", "").startswith("application/problem+json"), "a problem", answer)
        lab.expect(answer.at("/status") == 429, "status 429 in the problem", answer)


def _refusal(lab: Lab) -> Answer:
    story = story_of(lab)
    if story.refusal is None:
        raise NotChecked("the key was never refused")
    return story.refusal


@kind.promise(
    "headers", "Every answer to a limited key has RateLimit-Limit, -Remaining and -Reset.", on=METERED, source=_silent
)
def headers(lab: Lab, _operation: Operation) -> None:
    for step in story_of(lab).steps:
        if not step.known:
            continue
        values = [number(step.answer.headers.get(name)) for name in HEADERS]
        lab.expect(
            None not in values, f"{', '.join(HEADERS)} as whole numbers after {step.name}", dict(step.answer.headers)
        )
        limit, remaining, reset = (value or 0 for value in values)
        lab.expect(0 <= remaining <= limit, f"RateLimit-Remaining from 0 to {limit} after {step.name}", remaining)
        lab.expect(0 <= reset <= 3600, f"RateLimit-Reset from 0 to an hour after {step.name}", reset)


@kind.promise("limit-header", "RateLimit-Limit is the limit of the key.", on=METERED, source=_silent)
def limit_header(lab: Lab, operation: Operation) -> None:
    story = story_of(lab)
    told = {number(step.answer.headers.get(HEADERS[0])) for step in story.steps if step.known}
    # Which of several windows is reported is nowhere said.
    known = {story.limit} if lab.strict else {story.limit, story.per_hour or story.limit, *_usual(operation)}
    lab.expect(told and told <= known, f"RateLimit-Limit {story.limit} in every answer", told)


def _usual(operation: Operation) -> set[int]:
    """The limits of keys of which nothing else is said."""
    windows = (operation.rate_limit and operation.rate_limit.windows) or ()
    return {window.limit for window in windows}


@kind.promise("countdown", "RateLimit-Remaining counts down by one a request, to 0.", on=METERED, source=_silent)
def countdown(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    lefts: list[int] = []
    for at, step in enumerate(story.steps):
        if not step.known:
            continue
        left = number(step.answer.headers.get(HEADERS[1]))
        if left is None:
            raise NotChecked("no RateLimit-Remaining to look at")
        if lab.strict and step.answer.status != 429:
            wanted = story.limit - sum(one.counts for one in story.steps[: at + 1])
            lab.expect(
                left == max(0, wanted),
                f"RateLimit-Remaining {max(0, wanted)} after {step.name}, request {at + 1}",
                left,
            )
        elif lab.strict and lefts:
            lab.expect(left <= lefts[-1], f"RateLimit-Remaining of {lefts[-1]} at most after request {at + 1}", left)
        # It may be that of another window than the one that is full.
        whole = number(step.answer.headers.get(HEADERS[0])) == story.limit
        if step.answer.status == 429 and (lab.strict or whole):
            lab.expect(left == 0, "RateLimit-Remaining 0 in a refusal", left)
        lefts.append(left)
    # Where a limit comes back bit by bit, there may be more left than a moment before.
    if len(lefts) > story.limit // 2:
        lab.expect(lefts[-1] < lefts[0], f"RateLimit-Remaining of less than {lefts[0]} at last", lefts[-1])


@kind.promise("per-key", "Each key has a limit of its own.", on=METERED, source=by_api(
    salesiq=assumed("Q12", "Requests are counted per API key."),
    mega=named("page-rate-limits"),
    convertiq=named("rate-limit"),
    crmleadpro=assumed("P28", "Requests are counted per API key."),
))  # fmt: skip
def per_key(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    if story.other is None:
        raise NotChecked("needs a second limited credential")
    _refusal(lab)
    lab.expect(story.other.status != 429, "no refusal of another key", story.other)
    left = number(story.other.headers.get(HEADERS[1]))
    # Earlier rules may have used it a little.
    own = left is None or left >= story.limit // 2 or not lab.strict
    lab.expect(own, "RateLimit-Remaining of another key, which was hardly used", left)
    lab.expect(
        story.unlimited is None or story.unlimited.status != 429, "no refusal of an unlimited key", story.unlimited
    )


@kind.promise(
    "refused-writes-nothing", "A create that is refused for the limit writes nothing.", on=METERED, source=LIMIT
)
def refused_writes_nothing(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    if story.written is None:
        raise NotChecked("what was written cannot be seen")
    lab.expect(not story.written, "no lead of a refused request", "that lead")


@kind.promise(
    "refused-not-remembered",
    "An idempotency key whose request was refused for the limit can be used again.",
    on=only("mega/createLead"),
    source=assumed("M21", "Only successful answers are remembered."),
)
def refused_not_remembered(lab: Lab, _operation: Operation) -> None:
    retried = story_of(lab).retried
    if retried is None:
        raise NotChecked("needs a second limited credential of the same customer")
    lab.expect(retried.status == 201, "201 to the retry with another key of the customer", retried)


@kind.promise(
    "bulk-apart",
    "Bulk import has a counter of its own, with its own limit.",
    on=only("mega/bulkImportLeads"),
    source=named("page-bulk-rate"),
)
def bulk_apart(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    if story.bulk_limit is None:
        raise NotChecked("needs a credential with limits per_minute, bulk_per_minute")
    statuses = [answer.status for answer in story.bulk]
    passed = statuses.index(429) if 429 in statuses else len(statuses)
    lab.expect(passed >= story.bulk_limit, f"{story.bulk_limit} imports although the other limit is spent", f"{passed}")
    most = story.bulk_limit + _refilled(lab, story.bulk_limit, story.bulk_seconds)
    lab.expect(passed <= most, f"429 to import {most + 1}", f"{passed} that were allowed")
    for at, answer in enumerate(story.bulk if lab.strict else ()):
        told = [number(answer.headers.get(name)) for name in HEADERS[:2]]
        wanted = [story.bulk_limit, max(0, story.bulk_limit - at - 1)]
        lab.expect(told == wanted, f"RateLimit-Limit and -Remaining {wanted} after import {at + 1}", told)


@kind.promise(
    "bulk-refusal",
    "An import above the limit is refused as any request above a limit is, and imports nothing.",
    on=only("mega/bulkImportLeads"),
    source=page("dev.gomega.ai rate-limits", "429 adds Retry-After and says: Rate limit exceeded. Please retry later."),
)
def bulk_refusal(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    answer = next((one for one in story.bulk if one.status == 429), None)
    if answer is None:
        raise NotChecked("no import was refused")
    seconds = number(answer.headers.get("retry-after"))
    told = bool(seconds) if lab.strict else seconds is not None
    lab.expect(told, "Retry-After, a whole number above 0", dict(answer.headers))
    lab.expect(answer.at("/error/type") == "rate_limit_error", "the type rate_limit_error", answer)
    lab.expect(not story.bulk_written, "no lead of a refused import", "that lead")


@kind.promise(
    "hour",
    "So many requests an hour as the key's limit says are allowed, and no more.",
    on=once(lambda operation: operation.rate_limit is not None and len(operation.rate_limit.windows or ()) > 1),
    source=named("page-rate-limits", "rate-limits"),
)
def hour(lab: Lab, _operation: Operation) -> None:
    spent = _spent_hour(lab)
    lab.expect(
        spent.limit <= spent.passed <= spent.most,
        f"{spent.limit} allowed requests in an hour",
        f"{spent.passed}{'' if spent.passed <= spent.limit else ' or more'}",
    )


@kind.promise(
    "bulk-hour",
    "An import is allowed when the hour of all other requests is spent.",
    on=only("mega/bulkImportLeads"),
    source=named("page-bulk-rate"),
)
def bulk_hour(lab: Lab, _operation: Operation) -> None:
    spent = _spent_hour(lab)
    if spent.passed > spent.most:
        raise NotChecked("the key's hour has no end")
    answer = spent.caller("bulkImportLeads", body={"dry_run": True, "leads": [lab.world.lead(lab.fresh)]})
    lab.expect(answer.status != 429, "no refusal of an import", answer)


@dataclass(frozen=True, slots=True)
class _Hour:
    """A key's hour: how many requests were allowed in it, and how many may be."""

    caller: Caller
    limit: int
    passed: int
    most: int


def _spent_hour(lab: Lab) -> _Hour:
    return lab.once("hour of limits", lambda: _spend_hour(lab))


def _spend_hour(lab: Lab) -> _Hour:
    keys = [one for one in lab.limited("per_hour") if one.credential and "per_minute" not in one.credential.limits]
    if not keys or keys[0].credential is None:
        raise NotChecked("needs a credential with the limit per_hour and without per_minute")
    caller, limit = keys[0], keys[0].credential.limits["per_hour"]
    if limit > 5000:
        raise NotChecked(f"{limit} requests an hour are too many to send")
    first, started = caller("listLeads", query={"limit": 1}), time.time()
    if first.status == 429:
        raise NotChecked("the key's hour is spent already")
    left = number(first.headers.get(HEADERS[1]))
    spent = limit - 1 - left if left is not None and limit - 1 - left > 0 and not lab.strict else 0
    passed, most = 1, limit
    while passed + spent <= most:
        answer = caller("listLeads", query={"limit": 1})
        if answer.status == 429:
            break
        passed += 1
        # As with the minute, a bucket may be refilled all the time.
        most = limit + _refilled(lab, limit, (time.time() - started) / 60)
    lab.trace.exchanges = lab.trace.exchanges[-3:]
    if not lab.strict:
        _see_that_it_was_the_hour(answer, started, short=passed + spent < limit)
    return _Hour(caller, limit, passed + spent, most)


def _see_that_it_was_the_hour(answer: Answer, started: float, *, short: bool) -> None:
    """Raises NotChecked where something else than the key's own hour ended, or refused the last request."""
    if int(started // 3600) != int(time.time() // 3600):
        raise NotChecked("an hour by the clock ended meanwhile")
    if short and (number(answer.headers.get("retry-after")) or 0) <= _MINUTE:
        raise NotChecked("the key was refused for another limit, or was used before")


@kind.promise(
    "together",
    "The limit holds for requests at the same time too.",
    on=METERED,
    source=LIMIT,
)
def together(lab: Lab, _operation: Operation) -> None:
    story = story_of(lab)
    if story.together is None:
        raise NotChecked("needs a second limited credential, of a limit that can be spent at once")
    passed, left = story.together
    # The key may have been used before, and not every request need count.
    most = left + _refilled(lab, story.limit, story.together_seconds) + (0 if lab.strict else 2)
    fine = passed == left if lab.strict else passed <= most
    lab.expect(fine, f"{left} allowed of {left + left // 2 + 1} at the same time", passed)


@kind.promise(
    "counted-together",
    "Requests at the same time are each counted.",
    on=only("crmleadpro/listLeads"),
    source=named("limit-headers"),
)
def counted_together(lab: Lab, _operation: Operation) -> None:
    crowd = story_of(lab).crowd
    if crowd is None:
        raise NotChecked("needs a second limited credential, of a limit that is too high to be spent at once")
    before, after = (number(answer.headers.get(HEADERS[1])) for answer in crowd)
    if before is None or after is None:
        raise NotChecked("no RateLimit-Remaining to look at")
    wanted = before - CROWD - 1
    lab.expect(after == wanted, f"RateLimit-Remaining {wanted} after {before} and {CROWD} requests at once", after)


@kind.promise(
    "shared-workspace",
    "All keys of a workspace see the same leads: what one has captured is a duplicate for another.",
    on=only("salesiq/captureLead"),
    source=named("workspace"),
)
def shared_workspace(lab: Lab, _operation: Operation) -> None:
    shared = story_of(lab).shared
    if shared is None:
        raise NotChecked("needs a second limited credential of the same workspace")
    if shared.status == 429 and not lab.strict:
        raise NotChecked("the workspace is full")
    lab.expect(shared.status == 200 and shared.at("/duplicate") is True, "200, a duplicate", shared)


@kind.promise(
    "unlimited-headers",
    "A key without a limit is told of none.",
    on=only("salesiq/captureLead", "convertiq/createLead"),
    source=assumed("Q33", "Without a limit the RateLimit headers are left out entirely."),
)
def unlimited_headers(lab: Lab, _operation: Operation) -> None:
    answer = story_of(lab).unlimited
    if answer is None:
        raise NotChecked("the limited key was never refused")
    told = [name for name in HEADERS if name in answer.headers]
    lab.expect(not told, "no RateLimit headers for an unlimited key", dict(answer.headers))
