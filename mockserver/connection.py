"""One connection of the server, with the limits that uvicorn has none for: how long a client may take to send a
request or to read an answer, and how much it may have the server hold meanwhile. It also lets the application
close it, for faults that are switched on.

What these limits refuse is answered in plain text, like all that is no complete HTTP request.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.joined import JoiningTransport
from mockserver.wire import CLOSE

PATIENCE_SECONDS = 15.0
"""A client is late when it was waited for throughout this time: so it has one to two times as long."""
MAX_HEAD_BYTES = 64 * 1024
MAX_HEADER_LINES = 200  # trailers included
MAX_MESSAGE_BYTES = 32 * 1024 * 1024  # twice the largest body there is: chunks have a frame each
MAX_PIPELINED = 100


class Connection(HttpToolsProtocol):
    """See above. Sizes are looked at once per read, so a connection may hold one read more than its limit."""

    patience_seconds = PATIENCE_SECONDS
    _bytes = 0  # of the message that is being read, without those of the read in which it began
    _awaited: tuple[object, int] | None = None  # what the client was waited for at the last look
    _served: RequestResponseCycle | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self._joining = JoiningTransport(transport, self.loop)
        super().connection_made(self._joining)
        self._extensions: dict[str, dict[object, object]] = {CLOSE: {"close": self._joining.close}}
        self._timer = self.loop.call_later(self.patience_seconds, self._look)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._leave()
        if self._timer is not None:
            self._timer.cancel()

    def eof_received(self) -> None:
        # The transport closes now, after what it was given: whoever asks and shuts its side is still answered.
        self._joining.flush()
        super().eof_received()

    def data_received(self, data: bytes) -> None:
        message = self.scope
        super().data_received(data)
        self._bytes = 0 if self.scope is not message else self._bytes + len(data)
        if self._bytes > MAX_HEAD_BYTES or len(self.headers or ()) > MAX_HEADER_LINES or self.pipeline:
            self._measure()

    def _measure(self) -> None:
        in_head = self.scope is None or "method" not in self.scope
        if (in_head and self._bytes > MAX_HEAD_BYTES) or len(self.headers or ()) > MAX_HEADER_LINES:
            limits = f"{MAX_HEAD_BYTES} bytes and {MAX_HEADER_LINES} lines"
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"The headers may have at most {limits}")
        elif self._bytes > MAX_MESSAGE_BYTES:
            text = f"The request may have at most {MAX_MESSAGE_BYTES} bytes"
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
        elif len(self.pipeline) > MAX_PIPELINED:
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, f"At most {MAX_PIPELINED} requests may be under way")

    def _look(self) -> None:
        awaited, before = self._waiting_for(), self._awaited
        if awaited is not None and before is not None and awaited[0] is before[0] and awaited[1] == before[1]:
            text = f"The request did not come to its end within {2 * self.patience_seconds:g} seconds"
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, text)
            return
        self._awaited = awaited
        self._timer = self.loop.call_later(self.patience_seconds, self._look)

    def _waiting_for(self) -> tuple[object, int] | None:
        """What the client has still to do: the message and how many are queued; None while it waits for us."""
        if self.timeout_keep_alive_task is not None:
            return None  # Between two requests, where uvicorn itself closes it.
        idle = self.cycle is None or self.cycle.response_complete
        if idle or self.cycle.more_body or self.flow.write_paused:
            return (self.scope, len(self.pipeline))
        return None

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Close, with an answer where one is due: the message has begun, and nothing of an answer was sent."""
        if self.transport.is_closing():
            return
        begun = self.cycle is None or self.cycle.scope is not self.scope or not self.cycle.response_started
        if self.scope is not None and begun and not self.pipeline and not self.flow.write_paused:
            self.transport.write(_plain(status, text))
        self._leave()
        if self.flow.write_paused:
            self.transport.abort()
        else:
            self.transport.close()

    def _leave(self) -> None:
        """Nobody is there for answers any more: a handler that still reads a body ends now. What is being served is
        not what was read last when requests are queued; uvicorn would write its answer to a closed connection.
        """
        self.pipeline.clear()
        for cycle in (self._served, self.cycle):
            if cycle is not None:
                cycle.disconnected = True
                cycle.message_event.set()


def _plain(status: HTTPStatus, text: str) -> bytes:
    body = text.encode()
    head: dict[str, Any] = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": len(body),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
