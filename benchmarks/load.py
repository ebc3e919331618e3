"""Load by wrk, and what it saw."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.work import Work

_SCRIPT = Path(__file__).with_name("load.lua")
_PATIENCE_SECONDS = 30


class LoadFailed(Exception):
    """wrk could not do its work; the text says why."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the client saw: times in milliseconds, `errors` as the share of answers from 400 up."""

    requests: int
    seconds: float
    errors: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run(port: int, template: bytes, work: Work, *, first: int, seconds: int) -> Load:
    """One client with the work's connections, kept open, for so long. Numbers begin at `first`."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(template)
        file.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{work.connections}",
            f"-d{seconds}s",
            f"--timeout={_PATIENCE_SECONDS}s",
            "-s",
            str(_SCRIPT),
        ]
        command += [f"http://127.0.0.1:{port}", "--", file.name, str(first)]
        try:
            done = subprocess.run(  # noqa: S603  # a command of our own making
                command, capture_output=True, text=True, timeout=seconds + 2 * _PATIENCE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LoadFailed(f"wrk: {error}") from None
    if done.returncode:
        raise LoadFailed(f"wrk: {done.stderr.strip()[-200:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if not told["requests"]:
        raise LoadFailed("it answered no request")
    if told["broken"]:
        raise LoadFailed(f"{told['broken']} connections broke or timed out")
    return Load(told["requests"], told["seconds"], told["errors"] / told["requests"], told["p50"], told["p99"])
