"""The server as a program: one process or several that answer on one address."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import uvicorn

from mockserver import __version__
from mockserver.app import Mock
from mockserver.connection import Connection
from mockserver.console import attempt_log, request_log, welcome
from mockserver.listening import LOOPBACK, Server, config, listen, origin_of, run
from mockserver.settings import Settings
from mockserver.store import named
from mockserver.usage import TOKEN_VARIABLE

if TYPE_CHECKING:
    from mockserver.workers import Lifeline

_GARBAGE_THRESHOLDS = (20_000, 20, 20)  # as of gc.set_threshold; a request makes no cycles, and leaves only bytes


class _Server(Server):
    """Ends the live views before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, mock: Mock) -> None:
        super().__init__(config)
        self._mock = mock

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._mock.end_streams()
        await super().shutdown(sockets)


class Service:
    """A mock on an address, until Ctrl-C or SIGTERM. `log`: "text", "json" or "off". Raises UsageError, StoreError."""

    def __init__(self, settings: Settings, host: str, port: int, log: str = "off") -> None:
        # Processes as these are made on Unix alone, which whoever wants one can do without.
        self._workers = import_module("mockserver.workers") if settings.workers > 1 else None
        self._count = settings.workers
        self._host = host
        self._listener = listen(host, port)
        stream = sys.stdout if self._workers is None else self._workers.WholeLines(sys.stdout)
        self._on_ready: Callable[[], None] = self._announce
        try:
            self._mock = Mock(
                settings,
                observe=None if log == "off" else request_log(log, stream),
                on_attempt=None if log == "off" else attempt_log(log, stream),
                on_ready=self._ready,
            )
        except BaseException:
            self._listener.close()
            raise

    def run(self) -> bool:
        """Serve; whether it had started."""
        if self._workers is None:
            return run(self._server(), self._listener)
        try:
            return bool(self._workers.supervise(self._count, self._work, self._announce))
        finally:
            self._listener.close()

    def _work(self, lifeline: Lifeline) -> None:
        """Serve as one of several."""
        server = self._server()

        def stop() -> None:
            server.should_exit = True

        def begin() -> None:
            lifeline.on_loss(stop)
            lifeline.tell_ready()

        self._on_ready = begin
        server.run(sockets=[self._listener])

    def _server(self) -> _Server:
        return _Server(config(self._mock, http=Connection), self._mock)

    def _ready(self) -> None:
        # What there is now stays: collecting garbage need not look at it again, nor so often.
        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
        self._on_ready()

    def _announce(self) -> None:
        mock = self._mock
        shown = {name: next(iter(directory)) for name, directory in mock.directories.items()}
        database = mock.settings.database
        state = "in memory, gone when it stops" if database is None else named(database)
        if self._count > 1:
            state += f"; {self._count} workers"
        print(welcome(origin_of(self._host, self._listener), mock.contracts, shown, state, __version__))
        if self._host not in LOOPBACK:
            webhooks = "yes" if mock.settings.loopback_webhooks else "no"
            print(
                "Other machines can reach it, with keys that anybody can read here."
                f" Webhooks to 127.0.0.1: {webhooks}.\n"
            )
        if mock.settings.control_token is not None:
            origin = origin_of(self._host, self._listener)
            print(
                f"Control plane: {origin}/_mock  token: {mock.settings.control_token}\n"
                f"  Set {TOKEN_VARIABLE} to it for `leadmock requests` and the like, or send it as"
                " Authorization: Bearer <token>.\n"
            )
        print("Ready.", flush=True)
