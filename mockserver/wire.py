"""Breaking the connection on purpose: ASGI has no word for it, so the server offers it as an extension of ours."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Receive, Scope

EXTENSION = "leadmock.close"
"""In `scope["extensions"]`: {"close": function without arguments}; what is buffered is written out first."""


class ConnectionDropped(Exception):
    """The connection should be closed now, and the server has no way to. In process, the client sees this itself."""


async def close(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request, whatever has been sent. Raises ConnectionDropped where nothing can."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    if extension is None:
        raise ConnectionDropped("a fault dropped the connection")
    shut: Callable[[], None] = extension["close"]
    shut()
    # Until the server has noticed it would complain about an answer that nobody sent.
    while (await receive())["type"] != "http.disconnect":
        pass
