"""The interleaved rounds: all servers run from the first round to the last, and take turns under load."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from benchmarks import load
from benchmarks.metered import LIMIT
from benchmarks.samples import Sample, Samples
from benchmarks.servers import (
    HANDWRITTEN,
    LIMITING,
    MOCKOON,
    PRISM_QUIET,
    QUIET,
    SERVERS,
    WIREMOCK,
    Running,
    Server,
    ServerFailed,
    running,
)
from benchmarks.work import ANONYMOUS, BULK, BULK_ROWS, CONFLICT, CREATE, INVALID, LIMITED, LIST, REFUSED, Work

#: One of each product, its log off: who is asked to refuse.
REFUSING = (QUIET, PRISM_QUIET, MOCKOON, WIREMOCK, HANDWRITTEN)
# Numbers that one load may use. Ten digits hold a thousand such blocks.
_BLOCK = 10_000_000
# How often a request is sent until it must have been refused: the second use of a key, the 61st request of a minute.
_TRIES = {CONFLICT: 2, LIMITED: 70}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: `seconds` of each load, `servers` in their order.

    Before the first round each server has answered `warm` creates, since compilers learn by the request, or has had
    `patience` seconds to do so.
    """

    rounds: int
    seconds: int
    warm: int
    patience: int
    servers: Sequence[Server] = SERVERS
    refusing: Sequence[Server] = REFUSING


@dataclass(slots=True)
class _Turns:
    """The servers that have started, and what was measured of them."""

    samples: Samples
    plan: Plan
    say: Say
    up: dict[str, Running] = field(default_factory=dict)
    _block: int = 0
    _sent: dict[str, int] = field(default_factory=dict)
    _leads: dict[str, int] = field(default_factory=dict)

    def first(self) -> int:
        """The first of so many numbers that nobody else has."""
        self._block += 1
        return self._block * _BLOCK

    def take(self, work: Work, servers: Sequence[Server]) -> None:
        """One round of one work: each server in turn, with one load."""
        for server in servers:
            up = self.up.get(server.name)
            if up is None:
                continue
            with recorded(self.samples, work.name, server, self.say):
                self._ask_first(up, work)
                self.samples.add(Sample(work.name, server.name, self._measured(up, work, self.plan.seconds)))

    def warm(self) -> None:
        for up in self.up.values():
            with recorded(self.samples, "warming up", up.server, self.say):
                ends = time.monotonic() + self.plan.patience
                while self._sent.get(up.server.name, 0) < self.plan.warm and time.monotonic() < ends:
                    self._measured(up, CREATE, 1)

    def leads(self, server: Server) -> int:
        return self._leads.get(server.name, 0)

    def _ask_first(self, up: Running, work: Work) -> None:
        """The answer must be the right one before it is measured how fast it comes."""
        first, status = self.first(), 0
        for number in range(first, first + _TRIES.get(work, 1)):
            status = up.ask(work, number)
            if status == work.status:
                return
        raise ServerFailed(f"answers {status}")

    def _measured(self, up: Running, work: Work, seconds: int) -> dict[str, float]:
        before = up.process.cpu_seconds()
        done = load.run(up.port, up.template(work), work, first=self.first(), seconds=seconds)
        cpu = up.process.cpu_seconds() - before
        stored = {CREATE: done.requests, BULK: done.requests * BULK_ROWS}.get(work, 0)
        self._leads[up.server.name] = self.leads(up.server) + stored
        self._sent[up.server.name] = self._sent.get(up.server.name, 0) + done.requests
        wrong = 1 - done.errors if work in REFUSED else done.errors
        return {
            "cpu": 1000 * cpu / done.requests,
            "rate": done.rate,
            "p50": done.p50,
            "p99": done.p99,
            "wrong": wrong,
        }


def measure(samples: Samples, folder: Path, plan: Plan, say: Say) -> None:
    """Create, list, bulk and the refusals, and the memory of each server before and after."""
    with ExitStack() as stack:
        turns = _Turns(samples, plan, say)
        for server in plan.servers:
            with recorded(samples, CREATE.name, server, say):
                up = stack.enter_context(running(server, folder))
                if server.ours and up.first_answer.get("ratelimit-limit") != str(LIMIT):
                    raise ServerFailed("it does not count requests, so its figures would be too good")
                turns.up[server.name] = up
        boot = {name: up.process.resident_bytes() for name, up in turns.up.items()}
        say(f"warming up, {plan.warm:,} creates each")
        turns.warm()
        for number in range(1, plan.rounds + 1):
            for work, servers in _program(plan):
                say(f"round {number} of {plan.rounds}: {work.name}")
                turns.take(work, servers)
        for name, up in turns.up.items():
            after, leads = up.process.resident_bytes(), turns.leads(up.server)
            samples.add(Sample("memory", name, {"boot": boot[name], "after": after, "leads": leads}))
    _measure_limited(samples, folder, plan, say)


def _program(plan: Plan) -> Iterator[tuple[Work, Sequence[Server]]]:
    yield CREATE, plan.servers
    yield LIST, plan.servers
    for work in (INVALID, ANONYMOUS, CONFLICT):
        yield work, plan.refusing
    yield BULK, [server for server in plan.servers if server.ours]


def _measure_limited(samples: Samples, folder: Path, plan: Plan, say: Say) -> None:
    """Too many requests, which leadmock alone refuses: on a server of its own, since its key is then used up."""
    with recorded(samples, LIMITED.name, LIMITING, say), running(LIMITING, folder / "limited") as up:
        turns = _Turns(samples, plan, say, {LIMITING.name: up})
        for number in range(1, plan.rounds + 1):
            say(f"round {number} of {plan.rounds}: {LIMITED.name}")
            turns.take(LIMITED, (LIMITING,))


def measure_starts(samples: Samples, folder: Path, servers: Sequence[Server], times: int, say: Say) -> None:
    """From the command to the first 201, in turns. The first start of each is not counted: it may compile."""
    for number in range(times + 1):
        say(f"start {number} of {times}" if number else "start once, not counted")
        for server in servers:
            with recorded(samples, "start", server, say), running(server, folder / f"start-{number}") as up:
                time.sleep(0.2)  # what is still being set up after the first answer belongs to its memory
                if number:
                    values = {"seconds": up.start_seconds, "resident": up.process.resident_bytes()}
                    samples.add(Sample("start", server.name, values))


@contextmanager
def recorded(samples: Samples, work: str, server: Server, say: Say) -> Iterator[None]:
    """A failure of one server is a result like others, and stops nothing else."""
    try:
        yield
    except (ServerFailed, load.LoadFailed, OSError, HTTPException) as error:
        reason = f"{error}" or type(error).__name__
        samples.add(Sample(work, server.name, failed=reason))
        say(f"  {server.name}, {work}: {reason}")
