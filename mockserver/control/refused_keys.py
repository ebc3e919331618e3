"""Why an idempotency key was refused, and in what two bodies differ."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mockserver.contract.document import escape
from mockserver.control.explanation import MOST, Case, Explanation, otherwise


def mismatch(case: Case) -> Explanation:
    operation = case.operation
    if operation is None or operation.idempotency is None:
        return otherwise(case)
    header = operation.idempotency.header
    key = case.entry.header(header.lower())
    earlier = [
        each
        for each in case.others
        if each.number < case.entry.number and each.header(header.lower()) == key and each.refusal is None
    ]
    if not earlier:
        why = f"{header} {key!r} was used before, by a request that the journal no longer has."
        return Explanation(why, (f"a fresh {header}", "the body of the first request"))
    first = earlier[-1]
    differing = differences(first.body, case.entry.body)
    return Explanation(
        f"{header} {key!r} was used by request {first.id} with another body. They differ in: "
        f"{', '.join(differing[:MOST]) or 'nothing that the journal kept'}.",
        (f"a fresh {header}", f"the body of request {first.id}, which would be answered with the stored answer"),
        first.id,
    )


def differences(first: bytes, second: bytes) -> list[str]:
    """Pointers of the members in which two JSON bodies differ; the whole body where one of them is no JSON."""
    try:
        return list(_differing(json.loads(first), json.loads(second), ""))
    except (ValueError, RecursionError):
        return ["the whole body"]


def _differing(one: Any, other: Any, pointer: str) -> Iterable[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            if name not in one or name not in other:
                yield f"{pointer}/{escape(name)}"
            else:
                yield from _differing(one[name], other[name], f"{pointer}/{escape(name)}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, f"{pointer}/{at}")
    elif one != other or type(one) is not type(other):
        yield pointer or "the whole body"
