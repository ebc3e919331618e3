"""A WSGI application is tried like any other target: over HTTP, with every header and body that a client can send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from contract_tests.target import Target
from contract_tests.wire import Request, Wire
from tests.contract_suite.judged import broken, described, verdicts_on

Environment = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]


class Wsgi:
    """An ASGI application as a WSGI one."""

    def __init__(self, app: Any, portal: BlockingPortal) -> None:
        self._app = app
        self._portal = portal

    def __call__(self, environment: Environment, start: Start) -> Iterable[bytes]:
        status, headers, body = self._portal.call(self._answer, _scope(environment), _body(environment))
        start(f"{status} Answered", headers)
        return [body]

    async def _answer(self, scope: Any, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        headers = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def _scope(environment: Environment) -> dict[str, Any]:
    names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    headers = [
        (names.get(name, name[5:].lower().replace("_", "-")).encode(), value.encode("latin-1"))
        for name, value in environment.items()
        if name in names or name.startswith("HTTP_")
    ]
    path = environment["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    raw = environment["RAW_URI"].partition("?")[0].encode()
    query = environment["QUERY_STRING"].encode("latin-1")
    method = environment["REQUEST_METHOD"]
    return {"type": "http", "method": method, "path": path, "raw_path": raw, "query_string": query, "headers": headers}


def _body(environment: Environment) -> bytes:
    length = environment.get("CONTENT_LENGTH")
    if length:
        return bytes(environment["wsgi.input"].read(int(length)))
    return bytes(environment["wsgi.input"].read()) if environment.get("wsgi.input_terminated") else b""


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as opened:
        yield opened


def test_a_right_wsgi_application_breaks_nothing(portal: BlockingPortal) -> None:
    told = described("convertiq")
    found = verdicts_on(replace(told, app=Wsgi(told.app, portal), wsgi=True))
    assert broken(found) == []
    assert sum(one.status == "kept" for one in found) > 20, "little was tried"


def test_headers_and_bodies_reach_the_application_as_they_were_sent() -> None:
    """Letters beyond ASCII, a header that is there twice, and a body in chunks."""
    seen: list[tuple[str, str, bytes]] = []

    def app(environment: Environment, start: Start) -> Iterable[bytes]:
        seen.append((environment["HTTP_X_NAME"], environment["PATH_INFO"], _body(environment)))
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    with Wire(Target("convertiq", (), app=app, wsgi=True)) as wire:
        headers = (("X-Name", "Zoë"), ("X-Name", "again"), ("Transfer-Encoding", "chunked"))
        answer = wire.send(Request("POST", "/%F0%9F%A6%8A", headers, b"in chunks")).answer
    assert (answer.status, answer.body) == (200, b"ok")
    (name, path, body), *more = seen
    assert [part.strip() for part in name.encode("latin-1").decode().split(",")] == ["Zoë", "again"]
    assert path.encode("latin-1").decode() == "/🦊"
    assert (body, more) == (b"in chunks", [])


def test_an_application_that_raises_answers_500() -> None:
    def app(_environment: Environment, _start: Start) -> Iterable[bytes]:
        raise RuntimeError

    with Wire(Target("convertiq", (), app=app, wsgi=True)) as wire:
        assert wire.send(Request("GET", "/")).answer.status == 500
