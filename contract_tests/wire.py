"""Sending requests: over HTTP, or to an application in process, one at a time or many at once."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import anyio.from_thread
import httpx

from .rule import Broken
from .served import served
from .target import Target, TargetError

SECONDS = 30.0
MOST_TOGETHER = 200
_ORIGIN_IN_PROCESS = "http://target.test"
_MISSING = object()
_TEXT_SHOWN = 300
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins after the origin and has its query; `sender` names the credential, "" for none."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    sender: str = ""


@dataclass(frozen=True)
class Answer:
    """A response; `crash` is what an application in process raised instead of answering (then `status` is 500)."""

    status: int
    headers: httpx.Headers
    body: bytes
    crash: str = ""

    @cached_property
    def json(self) -> Any:
        """The body's value. Raises Broken where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Broken("an answer in JSON", str(self)) from None

    def at(self, pointer: str, default: Any = _MISSING) -> Any:
        """The value at a JSON pointer; `default`, or else Broken, where there is none."""
        value = self.json
        for token in pointer.split("/")[1:]:
            if isinstance(value, dict) and token in value:
                value = value[token]
            elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
                value = value[int(token)]
            elif default is not _MISSING:
                return default
            else:
                raise Broken(f"a member {pointer} in the answer", str(self))
        return value

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        if self.crash:
            return f"a crash: {self.crash}"
        text = self.body.decode("utf-8", "replace")
        shown = text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}… ({len(self.body)} bytes)"
        return f"{self.status} {shown}".strip()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; `started` and `ended` in seconds of a clock that only runs forward."""

    request: Request
    answer: Answer
    started: float
    ended: float


class Wire:
    """The way to one target, to be used in a `with` block. `base` is the origin that it answers at."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open = ExitStack()
        self._portal: anyio.from_thread.BlockingPortal | None = None
        self._client: httpx.Client | httpx.AsyncClient
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=64)
        self.base = self._target.url or _ORIGIN_IN_PROCESS
        if self._target.wsgi:
            self.base = self._open.enter_context(served(self._target.app))
        if self._target.app is None or self._target.wsgi:
            transport = httpx.HTTPTransport(limits=limits)
            self._client = self._open.enter_context(httpx.Client(transport=transport, timeout=SECONDS))
        else:
            self._portal = self._open.enter_context(anyio.from_thread.start_blocking_portal())
            life = self._portal.wrap_async_context_manager(_Life(self._target.app))
            self._open.enter_context(life)
            transport_of_app = httpx.ASGITransport(self._target.app)
            self._client = httpx.AsyncClient(transport=transport_of_app, timeout=SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._threads is not None:
            self._threads.shutdown()
        self._open.close()

    def send(self, request: Request) -> Exchange:
        """Raises TargetError where nothing can be reached."""
        if self._portal is None:
            return self._blocking(request)
        return self._portal.call(self._awaiting, request)

    def app(self) -> Any:
        """The application in process, for another client in another thread; None where `base` is asked over HTTP.

        Its requests run in the loop that the application was started in.
        """
        if self._portal is None:
            return None
        return _Bridged(self._target.app, self._portal)

    def send_all(self, requests: Sequence[Request]) -> list[Exchange]:
        """All at the same time, each on a connection of its own; MOST_TOGETHER of them at most."""
        if len(requests) > MOST_TOGETHER:
            raise ValueError(f"{len(requests)} requests at the same time are more than {MOST_TOGETHER}")
        if self._portal is not None:
            return self._portal.call(self._together, requests)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(max_workers=MOST_TOGETHER)
        gate = threading.Barrier(len(requests))

        def go(request: Request) -> Exchange:
            gate.wait()
            return self._blocking(request)

        return list(self._threads.map(go, requests))

    def _blocking(self, request: Request) -> Exchange:
        assert isinstance(self._client, httpx.Client)
        prepared = self._prepared(request)
        started = time.perf_counter()
        try:
            response = self._client.send(prepared)
        except httpx.TimeoutException:
            return Exchange(request, _no_answer(f"no answer in {SECONDS:.0f} seconds"), started, time.perf_counter())
        except httpx.ConnectError as error:
            raise TargetError(f"{self.base}: cannot be reached: {error}") from None
        except httpx.TransportError:
            # A server may close a connection that has idled; a second try on a fresh one tells that from a fault.
            return self._again(request, started)
        return Exchange(request, _answer(response), started, time.perf_counter())

    def _again(self, request: Request, started: float) -> Exchange:
        # Other connections of the pool may have idled as long, so that it is not asked for one.
        try:
            with httpx.Client(transport=httpx.HTTPTransport(), timeout=SECONDS) as fresh:
                response = fresh.send(self._prepared(request))
        except httpx.TransportError as error:
            return Exchange(request, _no_answer(_told(error)), started, time.perf_counter())
        return Exchange(request, _answer(response), started, time.perf_counter())

    async def _awaiting(self, request: Request) -> Exchange:
        assert isinstance(self._client, httpx.AsyncClient)
        prepared = self._prepared(request)
        started = time.perf_counter()
        try:
            answer = _answer(await self._client.send(prepared))
        except Exception as error:  # noqa: BLE001  # an application may raise anything
            answer = _no_answer(_told(error))
        return Exchange(request, answer, started, time.perf_counter())

    async def _together(self, requests: Sequence[Request]) -> list[Exchange]:
        results: list[Exchange | None] = [None] * len(requests)

        async def go(at: int, request: Request) -> None:
            results[at] = await self._awaiting(request)

        async with anyio.create_task_group() as group:
            for at, request in enumerate(requests):
                group.start_soon(go, at, request)
        return [result for result in results if result is not None]

    def _prepared(self, request: Request) -> httpx.Request:
        headers = [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in request.headers]
        url = self.base + request.path
        if not any(name.lower() == "transfer-encoding" for name, _ in request.headers):
            return httpx.Request(request.method, url, headers=headers, content=request.body)
        host = httpx.URL(url).netloc
        return httpx.Request(
            request.method, url, headers=[(b"Host", host), *headers], stream=_Chunks(request.body or b"")
        )


class _Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces, without its length."""

    def __init__(self, body: bytes) -> None:
        self._pieces = [body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK)]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class _Bridged:
    """An ASGI application that runs in another event loop than its caller's."""

    def __init__(self, app: Any, portal: anyio.from_thread.BlockingPortal) -> None:
        self._app = app
        self._portal = portal

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        for message in await asyncio.wrap_future(self._portal.start_task_soon(self._answer, scope, body)):
            await send(message)

    async def _answer(self, scope: Any, body: bytes) -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        return sent


class _Life(AbstractAsyncContextManager[None]):
    """The life span of an ASGI application: it is started, and stopped at the end."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __aenter__(self) -> None:
        self._to_app, self._inbox = anyio.create_memory_object_stream[Mapping[str, Any]](2)
        self._outbox, self._from_app = anyio.create_memory_object_stream[Mapping[str, Any]](2)
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._run)
        await self._to_app.send({"type": "lifespan.startup"})
        told = await self._from_app.receive()
        if told["type"] == "lifespan.startup.failed":
            raise TargetError(f"the application did not start: {told.get('message', '')}")

    async def __aexit__(self, *_: object) -> None:
        await self._to_app.send({"type": "lifespan.shutdown"})
        with anyio.move_on_after(SECONDS):
            await self._from_app.receive()
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(None, None, None)
        for stream in (self._to_app, self._inbox, self._outbox, self._from_app):
            stream.close()

    async def _run(self) -> None:
        try:
            await self._app(
                {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, self._inbox.receive, self._outbox.send
            )
        except Exception:  # noqa: BLE001  # an application without a life span says so by raising
            await self._outbox.send({"type": "lifespan.startup.complete"})
            await self._outbox.send({"type": "lifespan.shutdown.complete"})


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, response.headers, response.content)


def _no_answer(why: str) -> Answer:
    return Answer(500, httpx.Headers(), b"", why)


def _told(error: BaseException) -> str:
    return re.sub(r"\s+", " ", f"{type(error).__name__}: {error}".strip(": "))
