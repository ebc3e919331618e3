"""What faults do to a connection: ASGI has no words for it, so who calls the application offers them as extensions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive, Scope

CLOSE = "leadmock.close"
"""In `scope["extensions"]`: {"close": function without arguments}; what is buffered is written out first."""
PAUSE = "leadmock.pause"
"""Likewise: {"pause": function of the seconds}, for a caller that can only wait afterwards."""


class ConnectionDropped(Exception):
    """The connection should be closed now, and the server has no way to. In process, the client sees this itself."""


async def pause(scope: Scope, seconds: float) -> None:
    """Let time pass before going on. In process, where nothing can wait, the client does it afterwards."""
    extension = (scope.get("extensions") or {}).get(PAUSE)
    if extension is None:
        await asyncio.sleep(seconds)
    else:
        extension["pause"](seconds)


async def close(scope: Scope, receive: Receive) -> None:
    """Close the connection of this request, whatever has been sent. Raises ConnectionDropped where nothing can."""
    extension = (scope.get("extensions") or {}).get(CLOSE)
    if extension is None:
        raise ConnectionDropped("a fault dropped the connection")
    shut: Callable[[], None] = extension["close"]
    shut()
    # Until the server has noticed it would complain about an answer that nobody sent.
    while (await receive())["type"] != "http.disconnect":
        pass
