"""Figures about the traffic, as Prometheus reads them."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from operator import itemgetter
from typing import Self

from mockserver.engine.sender import AttemptReport
from mockserver.pipeline import Exchange
from mockserver.store.base import StoreError
from mockserver.store.commons import Figure, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_REQUESTS, _FAULTS, _ATTEMPTS = "requests", "faults", "attempts"
_EVERY_SECONDS = 1.0


class _Durations:
    """A histogram: how many were between each two bounds, in seconds, and their sum."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    @classmethod
    def of(cls, counts: Sequence[float]) -> Self:
        """Out of its buckets and, at the end, the sum."""
        made = cls()
        made.buckets, made.total = [int(each) for each in counts[:-1]], counts[-1]
        return made

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds

    def add_all(self, other: _Durations) -> None:
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.total += other.total


class Metrics:
    """Counts requests, durations, faults and webhook attempts since the start, of one process."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], _Durations] = {}  # by API, operation and status
        self._faults: Counter[tuple[str, str]] = Counter()
        self._attempts: Counter[tuple[str, str, str]] = Counter()

    def count(self, exchange: Exchange) -> None:
        """One answered request."""
        plan, answer = exchange.plan, exchange.answer
        operation, status = "" if plan is None else plan.operation.id, 0 if answer is None else answer.status
        key = (exchange.contract.name, operation, status)
        durations = self._requests.get(key)
        if durations is None:
            durations = self._requests[key] = _Durations()
        durations.add(exchange.seconds)
        if exchange.fault is not None:
            self._faults[exchange.contract.name, exchange.fault.kind] += 1

    def count_attempt(self, report: AttemptReport) -> None:
        """One attempt to deliver a webhook."""
        self._attempts[report.api, report.event, "failed" if report.state != "delivered" else "delivered"] += 1

    def start(self) -> None:
        """Begin to share the figures, in the running event loop, where others count too."""

    async def stop(self) -> None:
        """Share what has not been shared yet; within a second, or not at all."""

    async def whole(self) -> Metrics:
        """The figures of all who count together."""
        return self

    def take(self) -> list[Figure]:
        """What has been counted; it begins at zero again."""
        durations = [
            Figure(_REQUESTS, (api, operation, str(status)), (*each.buckets, each.total))
            for (api, operation, status), each in self._requests.items()
        ]
        counted = [
            Figure(name, key, (number,))
            for name, counter in ((_FAULTS, self._faults), (_ATTEMPTS, self._attempts))
            for key, number in counter.items()
        ]
        self._requests, self._faults, self._attempts = {}, Counter(), Counter()
        return durations + counted

    def add(self, figures: Iterable[Figure]) -> None:
        """Count these too."""
        for name, labels, counts in figures:
            if name == _REQUESTS:
                api, operation, status = labels
                self._requests.setdefault((api, operation, int(status)), _Durations()).add_all(_Durations.of(counts))
            elif name == _FAULTS:
                api, kind = labels
                self._faults[api, kind] += int(counts[0])
            else:
                api, event, outcome = labels
                self._attempts[api, event, outcome] += int(counts[0])

    def exposition(self, records: Mapping[tuple[str, str], int], deliveries: Mapping[tuple[str, str], int]) -> str:
        """All of it in Prometheus' text format. `records` by API and kind, `deliveries` by API and state, as of now."""
        lines: list[str] = []
        lines += _family("leadmock_requests_total", "counter", "Requests answered, by API, operation and status.")
        for api, operation, status in sorted(self._requests):
            number = sum(self._requests[api, operation, status].buckets)
            lines.append(_line("leadmock_requests_total", number, api=api, operation=operation, status=str(status)))
        lines += self._histogram()
        lines += _family("leadmock_faults_total", "counter", "Faults that struck a request, by API and kind.")
        lines += [_line("leadmock_faults_total", n, api=api, kind=kind) for (api, kind), n in _sorted(self._faults)]
        lines += _family("leadmock_webhook_attempts_total", "counter", "Attempts to deliver webhooks, by outcome.")
        for (api, event, outcome), number in sorted(self._attempts.items()):
            lines.append(_line("leadmock_webhook_attempts_total", number, api=api, event=event, outcome=outcome))
        lines += _family("leadmock_records", "gauge", "Records held, by API and kind.")
        lines += [_line("leadmock_records", n, api=api, kind=kind) for (api, kind), n in sorted(records.items())]
        lines += _family("leadmock_webhook_deliveries", "gauge", "Webhook deliveries kept, by API and state.")
        lines += [
            _line("leadmock_webhook_deliveries", n, api=api, state=state)
            for (api, state), n in sorted(deliveries.items())
        ]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        name = "leadmock_request_duration_seconds"
        lines = _family(name, "histogram", "Time taken to answer, by API and operation.")
        whole: dict[tuple[str, str], _Durations] = {}
        for (api, operation, _), durations in sorted(self._requests.items(), key=itemgetter(0)):
            whole.setdefault((api, operation), _Durations()).add_all(durations)
        for (api, operation), durations in whole.items():
            totals = list(accumulate(durations.buckets))
            for bound, total in zip((*map(str, _BOUNDS), "+Inf"), totals, strict=True):
                lines.append(_line(f"{name}_bucket", total, api=api, operation=operation, le=bound))
            lines.append(_line(f"{name}_sum", durations.total, api=api, operation=operation))
            lines.append(_line(f"{name}_count", totals[-1], api=api, operation=operation))
        return lines


class SharedMetrics(Metrics):
    """The figures of all who share a database: each process adds what it has counted once a second, and at its end.

    So what a process has counted outlives it, but for the last second of one that is killed.
    """

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally
        self._ending = asyncio.Event()
        self._adding: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._adding = asyncio.create_task(self._run(), name="figures")

    async def stop(self) -> None:
        adding, self._adding = self._adding, None
        self._ending.set()
        if adding is not None:
            await asyncio.wait([adding], timeout=_EVERY_SECONDS)
            adding.cancel()
            await asyncio.gather(adding, return_exceptions=True)

    async def whole(self) -> Metrics:
        await self._flush()
        found = Metrics()
        found.add(await self._tally.read())
        return found

    async def _run(self) -> None:
        is_last = False
        while not is_last:
            with suppress(TimeoutError):
                is_last = await asyncio.wait_for(self._ending.wait(), _EVERY_SECONDS)
            with suppress(StoreError):  # Whoever asks for figures is told.
                await self._flush()

    async def _flush(self) -> None:
        figures = self.take()
        if not figures:
            return
        try:
            await self._tally.add(figures)
        except BaseException:
            self.add(figures)
            raise


def _sorted(counter: Counter[tuple[str, str]]) -> Iterable[tuple[tuple[str, str], int]]:
    return sorted(counter.items())


def _family(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _line(name: str, value: float, **labels: str) -> str:
    told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{told}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
