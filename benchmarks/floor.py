"""The floor: an ASGI application that reads a request and says hello. Nothing on this server can be cheaper."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

_BODY = b'{"hello": "world"}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 201 to every POST and 200 to the rest."""
    while (await receive()).get("more_body"):
        pass
    status = 201 if scope["method"] == "POST" else 200
    await send({"type": "http.response.start", "status": status, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})
