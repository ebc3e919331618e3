"""A create costs so many times what the bare server costs, and not far more."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.client import send
from benchmarks.servers import FLOOR, QUIET, Running, running
from benchmarks.work import CREATE, requests

_ROUNDS = 5
_REQUESTS = 400
# Three to five is normal. CPU time moves little with the load of the machine, and what it moves, moves for both.
_FAR_OUTSIDE = 8


def test_a_create_is_not_far_more_work_than_the_bare_server_does(tmp_path: Path) -> None:
    """Interleaved; CPU time of the server processes, as the operating system counts it."""
    with running(FLOOR, tmp_path) as floor, running(QUIET, tmp_path) as mock:
        ratios = []
        for number in range(_ROUNDS):
            first = 1 + number * _REQUESTS
            ratios.append(_cpu_seconds(mock, first) / _cpu_seconds(floor, first))
    # The first round warms up.
    assert median(ratios[1:]) < _FAR_OUTSIDE, f"times the CPU of the bare server, by round: {ratios}"


def _cpu_seconds(up: Running, first: int) -> float:
    before = up.process.cpu_seconds()
    send(up.port, requests(up.template(CREATE), first), count=_REQUESTS, status=CREATE.status)
    return up.process.cpu_seconds() - before
