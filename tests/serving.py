"""`leadmock serve` as a child process, the way a user runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_START_SECONDS = 60
_ORIGIN = re.compile(r"leadmock \S+ on (http://\S+)")


def leadmock(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; for those that do not stay."""
    command = [sys.executable, "-m", "mockserver", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class Serving:
    """A running `leadmock serve`: `origin` is where, `lines` what it has printed so far."""

    command = "serve"

    def __init__(self, *options: str, encoding: str = "utf-8") -> None:
        command = [sys.executable, "-m", "mockserver", self.command, "--port", "0", *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": encoding},
        )
        self.lines: list[str] = []
        self.origin = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for(lambda lines: "Ready." in lines)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for_line(self, pattern: str) -> str:
        """The first printed line that the pattern is found in."""
        found: list[str] = []

        def look(lines: list[str]) -> bool:
            found[:] = [line for line in lines if re.search(pattern, line)]
            return bool(found)

        self.wait_for(look)
        return found[0]

    def wait_for(self, ready: Callable[[list[str]], bool]) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: ready(self.lines), timeout=_START_SECONDS):
                raise AssertionError(f"it did not print what was waited for; it printed:\n{self.text}")

    def interrupt(self, how: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, or send another signal, wait, and give the exit status."""
        self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                match = _ORIGIN.search(line)
                self.origin = match[1] if match else self.origin
                self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.interrupt()
        if self.process.stdout is not None:
            self.process.stdout.close()
