"""Rate limits: fixed windows that start at the first request, per credential and bucket."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mockserver.contract.model import Contract, Operation
from mockserver.engine.call import Credential
from mockserver.engine.refusal import Refusal
from mockserver.store.base import Store, Usage

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as they go out: names in lower case."""


@dataclass(frozen=True, slots=True)
class Meter:
    """The limits of one operation, ready to apply; `windows` by plan name (None: no plan), `key` begins the
    names of its counters.
    """

    bucket: str
    key: str
    headers: bool
    windows: dict[str | None, tuple[tuple[int, int], ...]]

    async def count(self, store: Store, credential: Credential, now: float, told: RawHeaders) -> None:
        """Count one request, and add to `told` the headers that say what is left; raises the 429 Refusal."""
        windows = self.windows_of(credential)
        if not windows:
            return
        usages = await store.hit(self.key + credential.id, windows, now)
        if self.headers:
            told += _headers(usages, now)
        for usage in usages:
            if not usage.allowed:
                raise _exceeded(usages, now)

    async def look(self, store: Store, credential: Credential, now: float, told: RawHeaders) -> None:
        """Add the same headers without counting: for a valid key that is refused before (M68)."""
        if self.headers:
            usages = await self.usage(store, credential, now)
            if usages:
                told += _headers(usages, now)

    async def usage(self, store: Store, credential: Credential, now: float) -> list[Usage]:
        """How full each window of this credential is; none where it is not limited."""
        windows = self.windows_of(credential)
        return await store.usage(self.key + credential.id, windows, now) if windows else []

    async def forget(self, store: Store, credential: Credential) -> None:
        """Let the next request of this credential be the first."""
        await store.forget_windows(self.key + credential.id)

    def windows_of(self, credential: Credential) -> tuple[tuple[int, int], ...]:
        """(limit, seconds) of each window that applies to this credential; none where it is not limited."""
        if credential.tenant.unmetered or credential.tenant.unlimited:
            return ()
        own = credential.tenant.limits.get(self.bucket)
        if own is not None:
            return tuple((window.limit, window.seconds) for window in own)
        return self.windows.get(credential.tenant.plan) or self.windows.get(None, ())


def meter(contract: Contract, operation: Operation) -> Meter | None:
    """The meter of `operation`, or None where requests are not counted."""
    rate_limit = operation.rate_limit
    if rate_limit is None:
        return None
    windows: dict[str | None, tuple[tuple[int, int], ...]] = {}
    if rate_limit.windows is not None:
        windows[None] = tuple((window.limit, window.seconds) for window in rate_limit.windows)
    else:
        for plan in contract.plans.values():
            limits = plan.rate_limits.get(rate_limit.bucket, ())
            windows[plan.name] = tuple((window.limit, window.seconds) for window in limits)
    return Meter(rate_limit.bucket, f"{contract.name}:{rate_limit.bucket}:", rate_limit.headers, windows)


def meters(contract: Contract) -> dict[str, Meter]:
    """A meter for each bucket of an API."""
    found = (meter(contract, operation) for operation in contract.operations.values())
    return {each.bucket: each for each in found if each is not None}


def _exceeded(usages: Sequence[Usage], now: float) -> Refusal:
    blocking = [usage for usage in usages if not usage.allowed]
    wait = {"Retry-After": str(max(1, *(_seconds(usage, now) for usage in blocking)))}
    limit = min(blocking, key=lambda usage: usage.seconds)
    text = f"Rate limit exceeded: {limit.limit} requests in {limit.seconds} seconds"
    return Refusal("rate-limited", text, (), wait)


def _headers(usages: Sequence[Usage], now: float) -> RawHeaders:
    """The window with the least left is told; of equals, the one that fills again later (M15)."""
    told = usages[0]
    for usage in usages:
        less = (told.limit - told.used) - (usage.limit - usage.used)
        if less > 0 or (less == 0 and usage.resets_at > told.resets_at):
            told = usage
    return [
        (b"ratelimit-limit", b"%d" % told.limit),
        (b"ratelimit-remaining", b"%d" % max(0, told.limit - told.used)),
        (b"ratelimit-reset", b"%d" % _seconds(told, now)),
    ]


def _seconds(usage: Usage, now: float) -> int:
    return max(0, math.ceil(usage.resets_at - now))
