"""What `leadmock serve` prints: how to use each API, then one readable line per request."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from mockserver.contract.model import Contract, Plan
from mockserver.control import PREFIX
from mockserver.docs import credential_headers, example_curl
from mockserver.engine.call import Credential
from mockserver.engine.sender import AttemptReport
from mockserver.engine.words import printable


class Served(Protocol):
    """What a line of the request log is made of; see pipeline.Exchange."""

    @property
    def api(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def query(self) -> str: ...

    @property
    def status(self) -> int: ...

    @property
    def operation(self) -> str: ...

    @property
    def tenant(self) -> str: ...

    @property
    def outcome(self) -> str: ...

    @property
    def seconds(self) -> float: ...


class Stream(Protocol):
    """Where lines go."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> None: ...
    def isatty(self) -> bool: ...


# What has the form of a key, not of an id: somebody may have put one where it does not belong.
_KEY = re.compile(r"([A-Za-z]+_(?:live_|test_)?)[A-Za-z0-9]{24,}")
_COLOURS = {2: "32", 3: "36", 4: "33", 5: "31"}


def welcome(
    origin: str, contracts: Mapping[str, Contract], shown: Mapping[str, Credential], state: str, version: str
) -> str:
    """What a newcomer needs: where, with which key, on which plan, and a line to paste."""
    lines = [f"leadmock {version} on {origin}  (state: {state}; Ctrl-C stops it)"]
    lines += [f"Dashboard: {origin}{PREFIX}/  (requests as they arrive, and what became of them)", ""]
    for name, contract in contracts.items():
        credential = shown[name]
        lines.append(f"{contract.title}  {origin}{contract.base_path}")
        headers = credential_headers(contract, credential).items()
        lines += [f"  header  {header}: {value}" for header, value in headers]
        lines.append("  " + _limits_of(contract, credential))
        lines.append(f"  docs    {origin}{PREFIX}/docs/{name}/")
        lines += [f"  try     {example_curl(contract, credential, origin)}", ""]
    return "\n".join(lines)


def replaying(origin: str, contracts: Mapping[str, Contract], recording: str, version: str) -> str:
    """The same where recorded exchanges are the answers."""
    lines = [f"leadmock {version} on {origin}  (replays {recording}; Ctrl-C stops it)", ""]
    lines += [f"{contract.title}  {origin}{contract.base_path}  any credential" for contract in contracts.values()]
    return "\n".join([*lines, "", "Ready."])


def _limits_of(contract: Contract, credential: Credential) -> str:
    tenant = credential.tenant
    if tenant.unlimited:
        return "limits  none"
    plan = contract.plans.get(tenant.plan or "")
    limits = [] if tenant.unmetered else _rates(contract) if plan is None else _rates_of(plan)
    if plan is None:
        return f"limits  {', '.join(limits) or 'none'}"
    limits += [f"{limit:,} {kind}s" for kind, limit in plan.quotas.items()]
    return f"plan    {plan.name}; {', '.join(limits) or 'unlimited'}"


def _rates_of(plan: Plan) -> list[str]:
    return [f"{window.limit:,} requests {_per(window.seconds)}" for window in plan.rate_limits["default"]]


def _rates(contract: Contract) -> list[str]:
    windows = {
        (operation.rate_limit.bucket, window.limit, window.seconds)
        for operation in contract.operations.values()
        if operation.rate_limit is not None
        for window in operation.rate_limit.windows or ()
    }
    ordered = sorted(windows, key=lambda item: (item[0] != "default", item[2]))
    return [f"{limit:,} {_bucket(bucket)}{_per(seconds)}" for bucket, limit, seconds in ordered]


def _bucket(bucket: str) -> str:
    return "requests " if bucket == "default" else f"{bucket} requests "


def _per(seconds: int) -> str:
    return {60: "a minute", 3600: "an hour", 86400: "a day"}.get(seconds, f"in {seconds} seconds")


def request_log(form: str, stream: Stream = sys.stdout) -> Callable[[Served], None]:
    """The observer that writes each exchange in `form`: "text" or "json"."""
    if form == "json":
        return lambda exchange: _write(stream, _as_json(exchange))
    colour = stream.isatty()
    return lambda exchange: _write(stream, _as_text(exchange, colour=colour))


def attempt_log(form: str, stream: Stream = sys.stdout) -> Callable[[AttemptReport], None]:
    """The observer that writes each webhook attempt in `form`: "text" or "json"."""
    if form == "json":
        return lambda report: _write(stream, json.dumps({"time": _iso_now(), "webhook": asdict(report)}))
    return lambda report: _write(stream, printable(f"{_clock()} {report} [{report.tenant}]"))


def _clock() -> str:
    return _clock_at(int(time.time()))


@lru_cache(maxsize=1)  # Within one second every request is told with the same.
def _clock_at(second: int) -> str:
    return datetime.fromtimestamp(second, tz=UTC).astimezone().strftime("%H:%M:%S")


def _iso_now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def _write(stream: Stream, line: str) -> None:
    # Nobody may be reading any more, and requests are served all the same.
    try:
        stream.write(_KEY.sub(r"\1…", line) + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass


def _as_text(exchange: Served, *, colour: bool) -> str:
    status = str(exchange.status)
    if colour:
        status = f"\x1b[{_COLOURS.get(exchange.status // 100, '0')}m{status}\x1b[0m"
    who = f" [{exchange.tenant}]" if exchange.tenant else ""
    target = f"{exchange.path}?{exchange.query}" if exchange.query else exchange.path
    return printable(f"{_clock()} {exchange.method} {target} ") + status + printable(f"{who} {exchange.outcome}")


def _as_json(exchange: Served) -> str:
    members = {
        "time": _iso_now(),
        "api": exchange.api,
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "status": exchange.status,
        "operation": exchange.operation or None,
        "tenant": exchange.tenant or None,
        "outcome": exchange.outcome,
        "ms": round(exchange.seconds * 1000, 3),
    }
    return json.dumps(members)
