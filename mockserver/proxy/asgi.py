"""Requests and answers of the proxy, in and out of ASGI."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from mockserver.contract.model import Contract
from mockserver.engine.refusal import Refusal
from mockserver.proxy.exchange import Answer, Headers, Request
from mockserver.reply import refuse

#: A larger request is not taken.
MOST_BYTES = 64 * 1024 * 1024

# What HTTP permits in a request target.
_TARGET = frozenset(range(0x21, 0x7F))
_NO_BODY = frozenset((204, 304))


class ClientGoneError(Exception):
    """The client hung up before its request was complete."""


class TooLargeError(Exception):
    """The request has more than MOST_BYTES."""


async def request_of(scope: Scope, receive: Receive) -> Request:
    """The whole request. Raises ClientGoneError, or TooLargeError when it has been read to its end."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= MOST_BYTES:
            chunks.append(chunk)
        if not message.get("more_body"):
            break
    if size > MOST_BYTES:
        raise TooLargeError
    # The space around a value is none of it, and who writes the next request refuses it.
    headers = tuple((name.decode("latin-1"), value.decode("latin-1").strip(" \t")) for name, value in scope["headers"])
    return Request(scope["method"], _target(scope), headers, b"".join(chunks))


def _target(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if query := scope["query_string"]:
        raw += b"?" + query
    return "".join(chr(byte) if byte in _TARGET else f"%{byte:02X}" for byte in raw)


async def send_answer(send: Send, method: str, answer: Answer) -> None:
    """Send it as it is, with the length that its body has now."""
    headers: Headers = answer.headers
    has_body = method != "HEAD" and answer.status not in _NO_BODY
    if method != "HEAD":
        # It may have come in chunks, or ended with its connection; or be that of a body that does not follow.
        headers = tuple((name, value) for name, value in headers if name.lower() != "content-length")
    if has_body:
        headers = (*headers, ("content-length", str(len(answer.body))))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body if has_body else b""})


def own_answer(contract: Contract, status: int, text: str, mark: tuple[str, str]) -> Answer:
    """An answer that is none of the API's, in the vendor's own form; `mark` is a header that says so."""
    refused = refuse(contract, Refusal("internal", text, status=status), dict((mark,)))
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in refused.headers)
    return Answer(refused.status, headers, refused.body)
