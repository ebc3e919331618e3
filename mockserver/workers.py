"""Several processes that do the same work beside each other, and one that looks after them."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import TextIO

_PATIENCE_SECONDS = 6.0  # for the end of all; after that they are killed
_REST_SECONDS = 1.0  # before one is replaced that has not lived longer
_LOOK_SECONDS = 0.02


class Lifeline:
    """What a worker knows of the process that looks after it."""

    def __init__(self, life: int, ready: int) -> None:
        self._life = life
        self._ready = ready

    def tell_ready(self) -> None:
        os.write(self._ready, b".")

    def on_loss(self, stop: Callable[[], None]) -> None:
        """Call `stop` in the running event loop once nobody looks after this worker any more."""
        loop = asyncio.get_running_loop()

        def lost() -> None:
            loop.remove_reader(self._life)
            stop()

        loop.add_reader(self._life, lost)


class WholeLines:
    """A stream that several processes write to: one write at a time, however long."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._turn = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the process; freed even by kill -9

    def write(self, text: str) -> None:
        fcntl.lockf(self._turn, fcntl.LOCK_EX)
        try:
            self._stream.write(text)
            self._stream.flush()
        finally:
            fcntl.lockf(self._turn, fcntl.LOCK_UN)

    def flush(self) -> None:
        """Done with each write."""

    def isatty(self) -> bool:
        return self._stream.isatty()


def supervise(count: int, work: Callable[[Lifeline], None], on_ready: Callable[[], None]) -> bool:
    """Run `work` in so many processes until Ctrl-C or SIGTERM; whether all had become ready.

    They are forks of this one, so `work` may use what is there already. One that dies is replaced. None outlives this
    process, whatever ends it.
    """
    return _Supervisor(count, work).run(on_ready)


class _Supervisor:
    def __init__(self, count: int, work: Callable[[Lifeline], None]) -> None:
        self._count = count
        self._work = work
        self._life = os.pipe()
        self._ready = os.pipe()
        self._started: dict[int, float] = {}  # process id -> when

    def run(self, on_ready: Callable[[], None]) -> bool:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)
        gc.freeze()  # What all share stays shared: nobody's collector touches it.
        is_ready = False
        try:
            for _ in range(self._count):
                self._start()
            is_ready = self._become_ready()
            if is_ready:
                on_ready()
                while True:
                    self._replace(*os.wait())
        except KeyboardInterrupt:
            pass
        finally:
            self._stop()
        return is_ready

    def _start(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or each would write what is waiting there
        process = os.fork()
        if process == 0:
            os.close(self._life[1])
            os._exit(self._run_worker())
        self._started[process] = time.monotonic()

    def _run_worker(self) -> int:
        try:
            self._work(Lifeline(self._life[0], self._ready[1]))
        except KeyboardInterrupt:
            return 0
        except BaseException as error:  # noqa: BLE001  # the last word of a process
            print(f"leadmock: a worker failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return 1
        return 0

    def _become_ready(self) -> bool:
        """Wait for all; False if one ends before."""
        told = 0
        while told < self._count:
            if select.select([self._ready[0]], [], [], _LOOK_SECONDS)[0]:
                told += len(os.read(self._ready[0], self._count))
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if ended:
                del self._started[ended]
                return False
        return True

    def _replace(self, process: int, status: int) -> None:
        started = self._started.pop(process, None)
        if started is None:
            return
        code = os.waitstatus_to_exitcode(status)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        print(f"leadmock: worker {process} {how}; another takes its place", file=sys.stderr, flush=True)
        if time.monotonic() - started < _REST_SECONDS:
            time.sleep(_REST_SECONDS)
        self._start()

    def _stop(self) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # It will not take longer than _PATIENCE_SECONDS.
        for process in self._started:
            os.kill(process, signal.SIGTERM)
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while self._started:
            if time.monotonic() > give_up_at:
                for process in self._started:
                    os.kill(process, signal.SIGKILL)
                give_up_at += _PATIENCE_SECONDS
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if ended:
                self._started.pop(ended, None)
            else:
                time.sleep(_LOOK_SECONDS)
