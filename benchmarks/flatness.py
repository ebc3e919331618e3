"""Whether a request costs the same with many stored leads as with few."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.client import Unexpected, send
from benchmarks.rounds import Say, recorded
from benchmarks.samples import Sample, Samples
from benchmarks.servers import FILLED, FILLED_FILE, Running, Server, ServerFailed, running
from benchmarks.work import BULK, BULK_ROWS, CREATE, LIST, SEARCH, Work, requests

# Creating comes last, so that the small server is small for the others.
WORKS = (LIST, SEARCH, CREATE)
SERVERS = {FILLED: "in memory", FILLED_FILE: "SQLite file"}
_COUNTS = {CREATE: 2000, LIST: 1000, SEARCH: 400}
# Where a request is slow, fewer of them tell as much.
_SECONDS = 10
_PATIENCE = 300
_WARM = 200
# Above the numbers of any lead that is filled in, and of any round.
_FIRST, _STEP = 5_000_000_000, 10_000_000


def name(work: Work, stored: int) -> str:
    return f"{work.name} at {stored}"


def measure(samples: Samples, folder: Path, sizes: tuple[int, int], rounds: int, say: Say) -> None:
    """In memory, and then in a file."""
    for server, where in SERVERS.items():
        _Comparison(server, samples, folder / where, say).run(sizes, rounds)


@dataclass(frozen=True, slots=True)
class _Comparison:
    server: Server
    samples: Samples
    folder: Path
    say: Say

    def run(self, sizes: tuple[int, int], rounds: int) -> None:
        """Create, list and search with few and with many leads, in turns.

        The server with few is new each round, so that it stays small.
        """
        small, large = sizes
        with self._recorded(CREATE, large), ExitStack() as stack:
            full = stack.enter_context(running(self.server, self.folder / "large"))
            self._fill(full, large)
            for number in range(rounds):
                self.say(f"round {number + 1} of {rounds}: {small:,} and {large:,} stored leads")
                with running(self.server, self.folder / f"small-{number}") as few:
                    _fill(few, small)
                    for work in WORKS:
                        for up, stored in ((few, small), (full, large)):
                            with self._recorded(work, stored):
                                _measure(self.samples, up, work, stored, _FIRST + number * _STEP)

    def _fill(self, full: Running, leads: int) -> None:
        empty = full.process.resident_bytes()
        self.say(f"filling {self.server.name} with {leads:,} leads, {BULK_ROWS} a request")
        took = _fill(full, leads)
        grown = full.process.resident_bytes() - empty
        values = {"leads": leads, "seconds": took, "bytes": grown / leads}
        self.samples.add(Sample("filled", self.server.name, values))

    def _recorded(self, work: Work, stored: int) -> AbstractContextManager[None]:
        return recorded(self.samples, name(work, stored), self.server, self.say)


def _fill(up: Running, leads: int) -> float:
    """Import so many leads, in seconds."""
    began = time.perf_counter()
    _send(up, BULK, 1, count=leads // BULK_ROWS)
    return time.perf_counter() - began


def _measure(samples: Samples, up: Running, work: Work, stored: int, first: int) -> None:
    # A search is for a lead that is there.
    first = 1 if work is SEARCH else first
    # The first requests build the indexes that the later ones find.
    began = time.perf_counter()
    _send(up, work, first, count=min(_WARM, _COUNTS[work] // 4), seconds=_PATIENCE)
    warm = time.perf_counter() - began
    before = up.process.cpu_seconds()
    count, p50 = _send(up, work, first + _STEP // 2 if work is CREATE else first, count=_COUNTS[work], seconds=_SECONDS)
    cpu = up.process.cpu_seconds() - before
    samples.add(Sample(name(work, stored), up.server.name, {"cpu": 1000 * cpu / count, "p50": p50, "warm": warm}))


def _send(up: Running, work: Work, first: int, *, count: int, seconds: float = 3600) -> tuple[int, float]:
    """How many were answered before the time was over, and the median in milliseconds."""
    wanted = _until(islice(requests(up.template(work), first), count), seconds)
    connections = 1 if work is BULK else 4
    try:
        sent = send(up.port, wanted, count=count, status=work.status, connections=connections)
    except Unexpected as error:
        raise ServerFailed(f"{work.name} {error}") from None
    return len(sent.milliseconds), sent.p50


def _until(wanted: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    ends = time.monotonic() + seconds
    for request in wanted:
        if time.monotonic() > ends:
            return
        yield request
