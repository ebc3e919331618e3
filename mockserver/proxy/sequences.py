"""What only several exchanges together can show: replays of an idempotency key, and limits that count down."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.model import Idempotency
from mockserver.contract.schema import property_names
from mockserver.proxy.exchange import Exchange, header
from mockserver.proxy.of_answers import RATE_HEADERS, Answered, canonical
from mockserver.proxy.of_requests import MISSING, credential_of
from mockserver.proxy.promises import Problem

#: So many keys, and so many callers, are remembered; the oldest is forgotten first.
REMEMBERED = 10_000
# Whole seconds may be rounded either way.
_ROUNDING = 1.0


@dataclass(frozen=True, slots=True)
class _First:
    """The first successful answer to a key: digests of the request and of the answer."""

    request: bytes
    body: Any
    status: int
    answer: bytes
    ended: float


@dataclass(frozen=True, slots=True)
class _Left:
    """What an answer said of its limit; `window_ends` by the clock of the exchanges."""

    limit: int
    left: int
    window_ends: float
    ended: float


class Sequences:
    """Remembers what later exchanges are judged by, a bounded number of each."""

    def __init__(self) -> None:
        self._firsts: OrderedDict[Hashable, _First] = OrderedDict()
        self._lefts: OrderedDict[Hashable, _Left] = OrderedDict()

    def idempotency(self, one: Answered, exchange: Exchange) -> dict[str, list[Problem]]:
        """Problems by the name of the promise that was put to the test. Only successes prove anything."""
        rule = one.asked.held.operation.idempotency
        key = None if rule is None else _key(one, rule)
        if key is None or not one.ok or one.plain is None:
            return {}
        first = self._firsts.get(key)
        if first is None:
            _keep(self._firsts, key, _first(one, exchange))
            return {}
        if exchange.started < first.ended:
            return {}  # both were under way at once
        if first.request == hashlib.sha256(one.asked.request.body).digest():
            return {"api-idempotency-replay": _replayed(one, first)}
        if _clearly_other(first.body, one.asked.body, _members(one)):
            said = f"answered {one.answer.status} to a key that came with another body before, not 409"
            return {"api-idempotency-mismatch": [Problem(said)]}
        return {}

    def refused(self, one: Answered) -> dict[str, list[Problem]]:
        """A used key with another body, refused as it must be."""
        rule = one.asked.held.operation.idempotency
        key = None if rule is None or one.answer.status != rule.mismatch else _key(one, rule)
        first = None if key is None else self._firsts.get(key)
        if first is None or not _clearly_other(first.body, one.asked.body, _members(one)):
            return {}
        return {"api-idempotency-mismatch": []}

    def countdown(self, one: Answered, exchange: Exchange) -> list[Problem] | None:
        """Two successes within a window, one after the other: less is left after the second."""
        operation = one.asked.held.operation
        texts = [header(one.answer.headers, name) or "" for name in RATE_HEADERS]
        if operation.rate_limit is None or not one.ok or not all(text.isdecimal() for text in texts):
            return None
        limit, left, reset = map(int, texts)
        caller = (credential_of(one.asked.held, one.asked.contract, exchange.request), operation.rate_limit.bucket)
        before = self._lefts.get(caller)
        _keep(self._lefts, caller, _Left(limit, left, exchange.ended + reset, exchange.ended))
        if before is None or before.limit != limit or exchange.started < before.ended:
            return None
        if abs(before.window_ends - (exchange.ended + reset)) > _ROUNDING or not reset:
            return None
        if exchange.ended >= before.window_ends - _ROUNDING:
            return None  # the window may have been renewed
        if left < before.left:
            return []
        return [Problem(f"RateLimit-Remaining is {left} after {before.left} in the same window of {limit}")]


def _keep(where: OrderedDict[Hashable, Any], key: Hashable, value: Any) -> None:
    where[key] = value
    where.move_to_end(key)
    while len(where) > REMEMBERED:
        where.popitem(last=False)


def _key(one: Answered, rule: Idempotency) -> Hashable | None:
    """What an idempotency key is scoped by, and the key; None where the layer does not apply for certain."""
    asked = one.asked
    keys = [value for name, value in asked.request.headers if name.lower() == rule.header.lower()]
    if len(keys) != 1 or not keys[0] or asked.body is MISSING:
        return None
    if rule.unless is not None and isinstance(asked.body, Mapping):
        pointer, exempt = rule.unless
        if asked.body.get(pointer[1:], None) not in (None, not exempt):
            return None
    tenant = header(asked.request.headers, asked.contract.tenancy.header or "")
    return (credential_of(asked.held, asked.contract, asked.request), tenant, asked.request.target, keys[0])


def _first(one: Answered, exchange: Exchange) -> _First:
    return _First(
        hashlib.sha256(one.asked.request.body).digest(),
        _known(one.asked.body, _members(one)),
        one.answer.status,
        hashlib.sha256(canonical(one.plain or b"")).digest(),
        exchange.ended,
    )


def _replayed(one: Answered, first: _First) -> list[Problem]:
    if one.answer.status != first.status:
        return [Problem(f"the first answer was {first.status}, this one is {one.answer.status}")]
    if hashlib.sha256(canonical(one.plain or b"")).digest() != first.answer:
        return [Problem("the body is not that of the first answer")]
    return []


def _members(one: Answered) -> list[str]:
    return property_names(one.asked.held.operation.body_schema)


def _known(body: Any, members: list[str]) -> Any:
    """The declared members that are plain texts, and how long lists are: what nobody can take for something else."""
    if not isinstance(body, Mapping):
        return {}
    known = {name: body[name] for name in members if name in body}
    texts = {name: " ".join(value.split()).casefold() for name, value in known.items() if isinstance(value, str)}
    sizes = {name: len(value) for name, value in known.items() if isinstance(value, list)}
    return {**{name: text for name, text in texts.items() if text}, **sizes}


def _clearly_other(first: Any, body: Any, members: list[str]) -> bool:
    """Whether two bodies differ in a declared member that both have; anything less may count as the same."""
    now = _known(body, members)
    return any(name in now and now[name] != value for name, value in first.items())
