"""Figures about the traffic, as Prometheus reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate
from operator import itemgetter

from mockserver.engine.sender import AttemptReport
from mockserver.pipeline import Exchange

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Durations:
    """A histogram: how many were between each two bounds, in seconds, and their sum."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.buckets[bisect_left(_BOUNDS, seconds)] += 1
        self.total += seconds

    def add_all(self, other: _Durations) -> None:
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.total += other.total


class Metrics:
    """Counts requests, durations, faults and webhook attempts since the start."""

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


def _sorted(counter: Counter[tuple[str, str]]) -> Iterable[tuple[tuple[str, str], int]]:
    return sorted(counter.items())


def _family(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _line(name: str, value: float, **labels: str) -> str:
    told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{told}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
