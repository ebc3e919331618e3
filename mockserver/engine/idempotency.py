"""Idempotency keys: the same key and body replay the stored answer, another body is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from mockserver.contract.model import Operation
from mockserver.contract.schema import FieldError
from mockserver.engine import strict_json
from mockserver.engine.call import Call
from mockserver.engine.refusal import Refusal, invalid_parameter
from mockserver.store.base import Remembered

_MOST_CHARACTERS = 255


class Claim(NamedTuple):
    """The right to execute a keyed request, with what to remember it by."""

    key: str
    fingerprint: str
    expires_at: float


async def claim(call: Call, repeated: AbstractSet[str]) -> Claim | Remembered | None:
    """Claim the request's key for its operation and tenant (M25), or give the answer it is remembered by.

    None where there is no key, or where the contract exempts the request: a dry run neither stores nor
    looks up (M26). Raises Refusal for a malformed key (cases 104 to 109), for a key used with another
    body, and for one whose first request is still running (M22).
    """
    rule = call.operation.idempotency
    if rule is None:
        return None
    key = call.headers.get(rule.header.lower())
    if key is None:
        return None
    _check(key, rule.header, repeated)
    if rule.unless is not None and _is_exempt(*rule.unless, call.body):
        return None
    scoped = f"{call.operation.id}:{key}"
    if not await call.tx.try_lock(scoped):
        text = f"A request with this {rule.header} is still being processed. Retry shortly."
        raise Refusal("idempotency-in-flight", text, (), {"Retry-After": "1"}, status=rule.in_flight)
    fingerprint = hashlib.blake2b(strict_json.canonical(call.body), digest_size=16).hexdigest()
    remembered = await call.tx.recall(scoped, call.now)
    if remembered is None:
        return Claim(scoped, fingerprint, call.now + rule.retention_seconds)
    if remembered.fingerprint != fingerprint:
        text = f"This {rule.header} was already used with a different request body"
        raise Refusal("idempotency-mismatch", text, status=rule.mismatch)
    return remembered


async def remember(call: Call, claim: Claim, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Store a successful answer under the claimed key, in the transaction that made it true (M21)."""
    if status < 300:  # noqa: PLR2004  # only 2xx outcomes are stored
        value = Remembered(claim.fingerprint, status, tuple(headers.items()), content, claim.expires_at)
        await call.tx.remember(claim.key, value)


def marker(operation: Operation) -> dict[str, str]:
    """The header that tells a replay from the original (M23)."""
    rule = operation.idempotency
    return {} if rule is None or rule.replay_header is None else {rule.replay_header: "true"}


def _is_exempt(pointer: str, exempt: Any, body: Any) -> bool:
    if not isinstance(body, Mapping):
        return False
    value = body.get(pointer[1:])
    return type(value) is type(exempt) and value == exempt


def _check(key: str, header: str, repeated: AbstractSet[str]) -> None:
    if header.lower() in repeated:
        raise invalid_parameter(FieldError(header, "is given more than once"))
    if not (key.isascii() and key.isprintable() and " " not in key and 0 < len(key) <= _MOST_CHARACTERS):
        raise invalid_parameter(FieldError(header, "must be 1 to 255 visible ASCII characters"))
