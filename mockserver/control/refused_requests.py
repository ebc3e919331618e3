"""Why a request of somebody known was refused: its path, method, body and media type, and the limits it met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from mockserver.control.explanation import MOST, Case, Explanation
from mockserver.engine.refusal import sentence


def path_unknown(case: Case) -> Explanation:
    base = case.contract.base_path
    known = [base + operation.path for operation in case.contract.operations.values()]
    near = get_close_matches(case.entry.path[:200], known, n=3, cutoff=0.3) or known[:MOST]
    if case.entry.path.rstrip("/") in known and case.entry.path.endswith("/"):
        return Explanation("Paths match exactly, and this one ends with a slash too many.", (near[0],))
    return Explanation(f"{case.contract.title} has nothing at {case.entry.path}.", tuple(dict.fromkeys(near)))


def method_not_allowed(case: Case) -> Explanation:
    allowed = case.refusal.headers.get("Allow", "")
    told = [f"{method} {case.entry.path}" for method in allowed.split(", ") if method not in {"OPTIONS", "HEAD"}]
    return Explanation(f"This path exists, but not for {case.entry.method}.", tuple(told))


def rate_limited(case: Case) -> Explanation:
    seconds = case.refusal.headers.get("Retry-After", "?")
    limit = None if case.operation is None else case.operation.rate_limit
    bucket = "" if limit is None else limit.bucket
    return Explanation(
        f"{case.refusal.message}, counted per key in the bucket {bucket!r}. It reopens {seconds} s after this request.",
        (
            f'the same request {seconds} s later: POST /_mock/clock/advance with {{"seconds": {seconds}}}',
            'a key of a tenant made with {"unmetered": true}',
        ),
    )


def quota_exceeded(case: Case) -> Explanation:
    plans = [
        f"the plan {plan.name}" + "".join(f", {limit} {kind}s" for kind, limit in plan.quotas.items())
        for plan in case.contract.plans.values()
    ]
    return Explanation(f"{case.refusal.message}.", tuple(plans))


def invalid(case: Case) -> Explanation:
    told = tuple(sentence(error) for error in case.refusal.errors[:MOST])
    more = len(case.refusal.errors) - len(told)
    why = "; ".join(told) or case.refusal.message
    return Explanation(f"{why}{f'; and {more} more' if more > 0 else ''}.", tuple(_example(case)))


def _example(case: Case) -> Iterable[str]:
    operation = case.operation
    body = {} if operation is None else operation.raw.get("requestBody", {})
    if not isinstance(body, Mapping):
        return
    for media in body.get("content", {}).values():
        for example in media.get("examples", {}).values():
            yield json.dumps(example.get("value"), ensure_ascii=False)
            return


def media_type(case: Case) -> Explanation:
    operation = case.operation
    types = () if operation is None else operation.media_types
    given = case.entry.header("content-type")
    return Explanation(
        f"{case.refusal.message}; it is {given or 'missing'}.", tuple(f"Content-Type: {each}" for each in types)
    )
