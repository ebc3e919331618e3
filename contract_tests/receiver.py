"""A receiver of webhooks: real sockets, an inbox for each path, and answers as a test wants them."""

from __future__ import annotations

import itertools
import json
import re
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

from .rule import Broken, NotChecked
from .target import Listening
from .wire import Answer

#: After so many deliveries that never came, others are awaited for so many times as long as the slowest, or so long.
_VAIN, _SLOWER, _LEAST_SECONDS = 2, 3, 1.5
#: How often the server looks whether it is to end.
_LOOK_SECONDS = 0.05
_IDLE_SECONDS = 30.0
_LONGEST_BODY = 4 << 20
_SHOWN = 300
#: A text of so many symbols is hardly ever part of another one by chance.
_SURE = 6
#: The names of this machine that a target set up for testing may take.
_LOOPBACK = ("127.0.0.1", "localhost")
#: A delivery to a name has to arrive in so many seconds: names of other receivers may have to be looked up before.
LOOKED_UP = 15.0
#: Tells a receiver that nobody listens here, so that it may stop for good.
_GONE = 410


@dataclass(frozen=True, slots=True)
class Reply:
    """What a delivery is answered with, after so many seconds. A status of 0 hangs up without an answer."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0


@dataclass(frozen=True)
class Delivery:
    """A request that arrived. `path` has its query; `arrived` is in seconds of a clock that only runs forward,
    `moment` in seconds since 1970.
    """

    method: str
    path: str
    headers: httpx.Headers
    body: bytes
    arrived: float
    moment: float

    @property
    def json(self) -> Any:
        """The body's value. Raises Broken where it is not JSON."""
        try:
            return Answer(200, self.headers, self.body).json
        except Broken:
            raise Broken("a delivery in JSON", str(self)) from None

    def at(self, pointer: str, default: Any = None) -> Any:
        """The value at a JSON pointer, `default` where there is none."""
        return Answer(200, self.headers, self.body).at(pointer, default)

    def holds(self, *texts: str) -> bool:
        """Whether one of these is in the body, as a value or as a whole word of one.

        Ids may be as short as numbers that are counted up: a short text, or one of digits, must be a value by itself.
        """
        return any(text in self._values or (_is_unlike_others(text) and self._has_word(text)) for text in texts)

    def _has_word(self, text: str) -> bool:
        """Only for letters and digits at its ends, which JSON never spells otherwise."""
        word = text.encode()
        # Most hold it nowhere, which is seen much sooner without a pattern.
        return word in self.body and bool(re.search(rb"(?<![0-9A-Za-z])%b(?![0-9A-Za-z])" % re.escape(word), self.body))

    @cached_property
    def _values(self) -> frozenset[str]:
        """The texts and numbers in the body, all as texts; none where it is not JSON."""
        try:
            return frozenset(_scalars(json.loads(self.body)))
        except ValueError:
            return frozenset()

    def __str__(self) -> str:
        text = self.body.decode("utf-8", "replace")
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(self.body)} bytes)"
        return f"{self.method} {self.path} {shown}".strip()


def _is_unlike_others(text: str) -> bool:
    return len(text) >= _SURE and not text.isdecimal()


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _scalars(one)
    elif isinstance(value, str | int):
        yield str(value)


@dataclass(slots=True)
class Patience:
    """How long a delivery that is due is waited for: 8 seconds, or less once two never came.

    Where a target loses deliveries, each rule would wait in vain; those that come do not take much longer than others.
    """

    seconds: float = 8.0
    slowest: float = 0.0
    vain: int = 0

    def learn(self, seconds: float, *, came: bool) -> None:
        if came:
            self.slowest = max(self.slowest, seconds)
        else:
            self.vain += 1
        if self.vain >= _VAIN:
            self.seconds = min(self.seconds, max(_LEAST_SECONDS, _SLOWER * self.slowest))


@dataclass
class Inbox:
    """What arrives at one path, which nobody else knows, at `url`."""

    url: str
    _news: threading.Condition
    _patience: Patience
    _received: list[Delivery] = field(default_factory=list)
    _replies: dict[str, list[Reply]] = field(default_factory=dict)
    _closed: bool = False

    def script(self, *replies: Reply, about: str) -> None:
        """Answer those that hold this text with these in turn; the last one goes on. All others are answered 200."""
        with self._news:
            self._replies[about] = list(replies)

    def about(self, *texts: str) -> list[Delivery]:
        """What has arrived so far and holds one of these texts, in the order of arrival."""
        with self._news:
            return [one for one in self._received if one.holds(*texts)]

    def wait(self, *texts: str, number: int = 1, seconds: float) -> list[Delivery]:
        """The same, once there are so many or the time is over."""
        with self._news:
            self._news.wait_for(lambda: len(self.about(*texts)) >= number, seconds)
            return self.about(*texts)

    def due(self, *texts: str, number: int = 1) -> list[Delivery]:
        """The same for what should have come soon."""
        with self._news:
            _wait_patiently(self._news, self._patience, lambda: len(self.about(*texts)) >= number)
            return self.about(*texts)

    def close(self) -> None:
        """Answer 410 from now on, and keep nothing more: what is registered at some vendors cannot be deleted."""
        with self._news:
            self._closed = True

    def take(self, delivery: Delivery) -> Reply:
        """Keep a delivery and say how to answer it."""
        with self._news:
            if self._closed:
                return Reply(_GONE)
            self._received.append(delivery)
            self._news.notify_all()
            for text, replies in self._replies.items():
                if delivery.holds(text):
                    return replies.pop(0) if len(replies) > 1 else replies[0]
            return Reply()


def _wait_patiently(news: threading.Condition, patience: Patience, enough: Callable[[], bool]) -> bool:
    started = time.monotonic()
    came = news.wait_for(enough, patience.seconds)
    patience.learn(time.monotonic() - started, came=came)
    return came


def spelt_otherwise(url: str) -> str:
    """The same place of this machine by its other name. Raises NotChecked where it is elsewhere."""
    for one, other in itertools.permutations(_LOOPBACK):
        if url.startswith(f"http://{one}:"):
            return url.replace(one, other, 1)
    raise NotChecked(f"the receiver at {url} is not on loopback")


class Receiver:
    """Listens while its `with` block runs. Raises NotChecked where it cannot."""

    def __init__(self, where: Listening) -> None:
        self._where = where
        self._news = threading.Condition(threading.RLock())
        self._inboxes: dict[str, Inbox] = {}
        self._patience = Patience()

    def __enter__(self) -> Self:
        try:
            self._server = _Server(self._where, self._take)
        except OSError as error:
            place = f"{self._where.host}:{self._where.port}"
            raise NotChecked(f"cannot listen for webhooks at {place}: {error.strerror or error}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK_SECONDS,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.end()
        self._thread.join()

    def inbox(self, more: str = "") -> Inbox:
        """A new one, at a path that is hard to guess, with this after it: more of a path, a query or both."""
        path = f"/{secrets.token_hex(12)}{more}"
        host = f"[{self._where.url_host}]" if ":" in self._where.url_host else self._where.url_host
        made = Inbox(f"http://{host}:{self._server.server_address[1]}{path}", self._news, self._patience)
        with self._news:
            self._inboxes[path.partition("?")[0]] = made
        return made

    def wait(self, enough: Callable[[], bool], seconds: float) -> bool:
        """Wait until this holds, which is looked at with each arrival, or the time is over. Whether it holds."""
        with self._news:
            return self._news.wait_for(enough, seconds)

    def due(self, enough: Callable[[], bool]) -> bool:
        """The same for what should hold soon."""
        with self._news:
            return _wait_patiently(self._news, self._patience, enough)

    def _take(self, delivery: Delivery) -> Reply:
        with self._news:
            inbox = self._inboxes.get(delivery.path.partition("?")[0])
        return Reply(_GONE) if inbox is None else inbox.take(delivery)


class _Server(ThreadingHTTPServer):
    """Each connection has a thread; `end` closes them all."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, where: Listening, take: Callable[[Delivery], Reply]) -> None:
        self.take = take
        self.ended = threading.Event()
        self._connections: set[socket.socket] = set()
        self.address_family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        super().__init__((where.host, where.port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look up the name of the address, which can take seconds.
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up is none of our business."""

    def end(self) -> None:
        self.ended.set()
        self.server_close()
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed by the other side
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server
    _SILENT: ClassVar[frozenset[int]] = frozenset((204, 304))

    def answer(self) -> None:
        arrived, moment = time.monotonic(), time.time()
        body = self._chunks() if "chunked" in self.headers.get("transfer-encoding", "").lower() else self._measured()
        headers = httpx.Headers(list(self.headers.items()))
        reply = self.server.take(Delivery(self.command, self.path, headers, body, arrived, moment))
        ended = bool(reply.after) and self.server.ended.wait(reply.after)
        if ended or not reply.status:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.status not in self._SILENT:
            self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815  # named so there

    def _measured(self) -> bytes:
        length = self.headers.get("content-length", "0")
        return self.rfile.read(min(int(length), _LONGEST_BODY)) if length.isdecimal() else b""

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            body += self.rfile.read(min(size, _LONGEST_BODY))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # named so in the base class
        """What arrives is kept, not printed."""
