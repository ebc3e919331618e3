"""Answers httpx requests by calling an ASGI application in the same process, without an event loop."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

import anyio
import httpx
from starlette.types import ASGIApp, Message, Scope

from mockserver import wire

_T = TypeVar("_T")
_EXTENSIONS = {"http_version": b"HTTP/1.1"}


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine that never waits, in any thread, whether or not an event loop runs there.

    State in memory never makes a request wait. RuntimeError where something else does.
    """
    __tracebackhide__ = True
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: _T = done.value
        return result
    coroutine.close()
    raise RuntimeError(
        f"{coroutine!r} had to wait, which in process nothing can: "
        "use state in memory, or the live server (fixture leadmock_server)"
    )


class InProcess:
    """An ASGI application as the other end of httpx's connections, one request at a time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.lock = threading.Lock()

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request of a synchronous client. Raises what httpx would: see `_Connection.response`."""
        request.read()
        connection = self._serve(request)
        if connection.paused:
            time.sleep(connection.pause_of(request))
        return connection.response(request)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request of an asynchronous client."""
        await request.aread()
        connection = self._serve(request)
        if connection.paused:
            await anyio.sleep(connection.pause_of(request))
        return connection.response(request)

    def _serve(self, request: httpx.Request) -> _Connection:
        connection = _Connection(request.content)
        with self.lock:
            run(self._call(request, connection))
        return connection

    async def _call(self, request: httpx.Request, connection: _Connection) -> None:
        url = request.url
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port or 443),
            "client": ("127.0.0.1", 0),
            "root_path": "",
            "extensions": connection.extensions,
        }
        await self._app(scope, connection.receive, connection.send)


class _Connection:
    """What is sent to the application and comes back from it. `extensions` are what it can do to a connection."""

    __slots__ = ("_body", "_closed", "_complete", "_headers", "_parts", "_sent", "_status", "extensions", "paused")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._sent = self._complete = self._closed = False
        self._status: int | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        # How long the application would have waited, wait by wait; it goes on at once, and the client waits instead.
        self.paused: list[float] = []
        self.extensions: dict[str, Any] = {
            wire.CLOSE: {"close": self._close},
            wire.PAUSE: {"pause": self.paused.append},
        }

    async def receive(self) -> Message:
        if self._sent:
            return {"type": "http.disconnect"}
        self._sent = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Message) -> None:
        if self._closed:
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = list(message["headers"])
            return
        self._parts.append(message.get("body", b""))
        self._complete = not message.get("more_body", False)

    def _close(self) -> None:
        self._closed = True

    def pause_of(self, request: httpx.Request) -> float:
        """Seconds to wait for the answer. Raises ReadTimeout, at once, where the client would not wait as long."""
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and max(self.paused) >= patience:
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        return sum(self.paused)

    def response(self, request: httpx.Request) -> httpx.Response:
        """What the client gets. Raises RemoteProtocolError where the connection was closed without an answer; where
        it was closed in the middle of one, reading the response does.
        """
        if self._status is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        body = b"".join(self._parts)
        stream = httpx.ByteStream(body) if self._complete else _CutOff(body, dict(self._headers), request)
        return httpx.Response(
            self._status, headers=self._headers, stream=stream, extensions=dict(_EXTENSIONS), request=request
        )


class _CutOff(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body whose end never comes."""

    def __init__(self, body: bytes, headers: Mapping[bytes, bytes], request: httpx.Request) -> None:
        self._body, self._request = body, request
        self._expected = headers.get(b"content-length", b"more").decode()

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        raise self._error()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body
        raise self._error()

    def _error(self) -> httpx.RemoteProtocolError:
        got = f"received {len(self._body)} bytes, expected {self._expected}"
        text = f"peer closed connection without sending complete message body ({got})"
        return httpx.RemoteProtocolError(text, request=self._request)
