"""Where a mock for tests runs: in the test's own process, or as a live server in a thread beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

import uvicorn

from mockserver.app import Mock
from mockserver.connection import Connection
from mockserver.contract.model import Contract
from mockserver.engine import ids
from mockserver.engine.courier import Courier
from mockserver.engine.sender import Sender, SenderOptions
from mockserver.engine.webhooks import policies
from mockserver.listening import config, listen
from mockserver.settings import Settings
from mockserver.testing.couriers import Post, Recorder, RoutedCourier, loopback_only
from mockserver.testing.in_process import InProcess, run
from mockserver.testing.shared_store import SharedStore

_T = TypeVar("_T")
_SETTINGS = Settings(journal=100_000)
_START_SECONDS = 60
_SETTLE_SECONDS = 60


class Place(Protocol):
    """A mock, and how a test gets at it from its own thread."""

    mock: Mock

    @property
    def posts(self) -> Sequence[Post]:
        """Every attempt to deliver a webhook, in order."""

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """The result of what touches the mock's state."""

    def origin(self, contract: Contract) -> str:
        """Where the API is, such as https://example.com."""


class ThisProcess:
    """The mock in this process, for requests that are handed to it; nothing happens in the background."""

    def __init__(self) -> None:
        self.store = SharedStore()
        self.mock = Mock(_SETTINGS, store=self.store)
        self.transport = InProcess(self.mock)
        self._routed = RoutedCourier()
        self._recorder = Recorder(self._routed)
        self._credentials = {name: tuple(directory) for name, directory in self.mock.directories.items()}

    @property
    def posts(self) -> Sequence[Post]:
        return self._recorder.posts

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        __tracebackhide__ = True
        with self.transport.lock:
            return run(coroutine)

    def origin(self, contract: Contract) -> str:
        return f"https://{contract.host}"

    def reset(self) -> None:
        """As if it had just been started, with no record in it: what a test finds."""
        mock = self.mock
        self.run(self.store.reset())
        ids.start_anew()
        for name, directory in mock.directories.items():
            for credential in directory:
                directory.remove(credential)
            for credential in self._credentials[name]:
                directory.add(credential)
        mock.journal.clear()
        mock.faults.clear()
        mock.clock.reset()
        self._recorder.posts.clear()
        self._routed.unanswered.clear()
        self._routed.failures.clear()

    async def deliver(self) -> Sequence[Post]:
        """Attempt what is due, one after the other. AssertionError for a URL that nobody answers in this test, and what
        a route asserts in vain.
        """
        __tracebackhide__ = True
        before = len(self.posts)
        # What an earlier call has told, the first of each, is over.
        self._routed.failures.clear()
        self._routed.unanswered.clear()
        options = SenderOptions(at_most=1, allow_loopback=True, courier=self._recorder)
        sender = Sender(self.store, self.mock.clock, policies(self.mock.contracts.values()), options)
        await sender.run_due(self.mock.clock.now())
        if self._routed.failures:
            raise self._routed.failures[0]
        if self._routed.unanswered:
            url = self._routed.unanswered[0]
            raise AssertionError(
                f"a webhook is due to {url}, and nobody answers there in this test: "
                f"add a route, such as respx_mock.post({url!r}).respond(204)"
            )
        return self.posts[before:]


class LiveServer:
    """The mock as a server on a free port of 127.0.0.1, in a thread, from `start` to `stop`."""

    def __init__(self) -> None:
        self._recorder = Recorder(Courier(allow_loopback=True, resolver=loopback_only))
        self.mock = Mock(_SETTINGS, courier=self._recorder, on_ready=self._is_ready)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket = listen("127.0.0.1", 0)
        particular = {"http": Connection, "loop": "asyncio", "timeout_graceful_shutdown": 1}
        self._server = uvicorn.Server(config(self.mock, **particular))
        self._thread = threading.Thread(target=self._serve, name="leadmock server", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def posts(self) -> Sequence[Post]:
        return self._recorder.posts

    def start(self) -> None:
        """Return when it answers. RuntimeError where it does not start."""
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the live leadmock server did not start; its log, above, says why")

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        __tracebackhide__ = True
        if self._loop is None:
            raise RuntimeError("the live leadmock server is not running")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        # Raised here, it comes without the frames of `result`, which say nothing.
        if (error := future.exception()) is not None:
            raise error
        return future.result()

    def origin(self, contract: Contract) -> str:  # noqa: ARG002  # all APIs are on one port
        return self.url

    async def deliver(self) -> Sequence[Post]:
        """Wait, in the server's own loop, until every due webhook has been attempted. TimeoutError after a minute."""
        before = len(self.posts)
        async with asyncio.timeout(_SETTLE_SECONDS):
            await self.mock.sender.settle()
        return self.posts[before:]

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def _is_ready(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
