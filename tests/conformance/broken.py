"""Implementations that are wrong in one thing: the mock behind a wrapper that changes requests or answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer on its way out; header names in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def with_json(self, value: Any) -> Answer:
        """The same answer with another body."""
        body = json.dumps(value).encode()
        return replace(self, body=body, headers={**self.headers, "content-length": str(len(body))})

    def without_header(self, name: str) -> Answer:
        """The same answer without a header."""
        return replace(self, headers={key: value for key, value in self.headers.items() if key != name})


Before = Callable[[Request], Request | Answer]
After = Callable[[Request, Answer], Answer]


def broken(app: ASGIApp, *, before: Before | None = None, after: After | None = None) -> ASGIApp:
    """`app` with each request changed, or answered, by `before`, and each answer changed by `after`."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = await _read(scope, receive)
        changed = request if before is None else before(request)
        answer = changed if isinstance(changed, Answer) else await _ask(app, scope, changed)
        if after is not None:
            answer = after(request, answer)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return wrapped


async def _read(scope: Scope, receive: Receive) -> Request:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], headers, body)


async def _ask(app: ASGIApp, scope: Scope, request: Request) -> Answer:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": request.body}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {**request.headers, "content-length": str(len(request.body))}
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await app({**scope, "method": request.method, "headers": pairs}, receive, send)
    start, *rest = sent
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], told, b"".join(message.get("body", b"") for message in rest))
