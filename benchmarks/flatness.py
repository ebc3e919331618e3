"""Whether a request costs the same with many stored leads as with few."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from benchmarks.client import Unexpected, send
from benchmarks.rounds import Say, recorded
from benchmarks.samples import Sample, Samples
from benchmarks.servers import FILLED, Running, ServerFailed, running
from benchmarks.work import BULK, BULK_ROWS, CREATE, LIST, SEARCH, Work, requests

# Creating comes last, so that the small server is small for the others.
WORKS = (LIST, SEARCH, CREATE)
_COUNTS = {CREATE: 2000, LIST: 1000, SEARCH: 400}
# Where a request is slow, fewer of them tell as much.
_SECONDS = 10
_WARM = 200
# Above the numbers of any lead that is filled in, and of any round.
_FIRST, _STEP = 5_000_000_000, 10_000_000


def name(work: Work, stored: int) -> str:
    return f"{work.name} at {stored}"


def measure(samples: Samples, folder: Path, sizes: tuple[int, int], rounds: int, say: Say) -> None:
    """Create, list and search on two servers in turns. The small one is new each round, so that it stays small."""
    small, large = sizes
    with recorded(samples, name(CREATE, large), FILLED, say), ExitStack() as stack:
        full = stack.enter_context(running(FILLED, folder / "large"))
        empty = full.process.resident_bytes()
        say(f"filling a server with {large:,} leads, {BULK_ROWS} a request")
        took = _fill(full, large)
        grown = full.process.resident_bytes() - empty
        samples.add(Sample("filled", FILLED.name, {"leads": large, "seconds": took, "bytes": grown / large}))
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}: {small:,} and {large:,} stored leads")
            with running(FILLED, folder / f"small-{number}") as few:
                _fill(few, small)
                for work in WORKS:
                    for up, stored in ((few, small), (full, large)):
                        with recorded(samples, name(work, stored), FILLED, say):
                            _measure(samples, up, work, stored, _FIRST + number * _STEP)


def _fill(up: Running, leads: int) -> float:
    """Import so many leads, in seconds."""
    began = time.perf_counter()
    _send(up, BULK, 1, count=leads // BULK_ROWS)
    return time.perf_counter() - began


def _measure(samples: Samples, up: Running, work: Work, stored: int, first: int) -> None:
    # A search is for a lead that is there.
    first = 1 if work is SEARCH else first
    _send(up, work, first, count=min(_WARM, _COUNTS[work] // 4), seconds=_SECONDS / 2)
    before = up.process.cpu_seconds()
    count, p50 = _send(up, work, first + _STEP // 2 if work is CREATE else first, count=_COUNTS[work], seconds=_SECONDS)
    cpu = up.process.cpu_seconds() - before
    samples.add(Sample(name(work, stored), FILLED.name, {"cpu": 1000 * cpu / count, "p50": p50}))


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
