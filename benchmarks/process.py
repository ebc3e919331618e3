"""A server as a process of ours: started, looked at through the operating system, ended with all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_END_SECONDS = 10
_LAST_WORDS = 300
# From <linux/posix-timers.h>: the clock of a process' CPU time, in nanoseconds, dead threads included.
_CPU_CLOCK = 2


class Process:
    """A running command and its children. What it prints goes to `output`."""

    def __init__(self, command: Sequence[str], folder: Path, output: Path) -> None:
        self._output = output
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        with output.open("ab") as file:
            self._popen = subprocess.Popen(  # noqa: S603  # the commands are those of servers.py
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def wait(self, seconds: float) -> int:
        """Its exit status. Raises subprocess.TimeoutExpired."""
        return self._popen.wait(seconds)

    def cpu_seconds(self) -> float:
        """CPU time, of user and system, that it and its living children have used."""
        return sum(_cpu_seconds(pid) for pid in self._family())

    def resident_bytes(self) -> int:
        """Resident memory of it and its children; what they share is counted for each."""
        return sum(_resident_bytes(pid) for pid in self._family())

    def last_words(self) -> str:
        """The end of what it printed, in one line."""
        return " ".join(self._output.read_text("utf-8", errors="replace").split())[-_LAST_WORDS:]

    def stop(self) -> None:
        """End it and its children: kindly first, then for good."""
        family = list(self._family())
        for signal_ in (signal.SIGTERM, signal.SIGKILL):
            for pid in family:
                _send(pid, signal_)
            ends = time.monotonic() + _END_SECONDS
            while family and time.monotonic() < ends:
                self._popen.poll()
                family = [pid for pid in family if is_running(pid)]
                time.sleep(0.01)
        self._popen.wait()

    def _family(self) -> Iterator[int]:
        waiting = [self._popen.pid] if self.alive else []
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += _children(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # a thread that has ended meanwhile
            continue
    return found


def _cpu_seconds(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << 3 | _CPU_CLOCK)
    except OSError:  # it has ended meanwhile
        return 0.0


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and that nobody has looked after is none."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _send(pid: int, signal_: signal.Signals) -> None:
    try:
        os.kill(pid, signal_)
    except ProcessLookupError:
        return
