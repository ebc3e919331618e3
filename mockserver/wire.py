"""What faults do to a connection: ASGI has no words for it, so who calls the application offers them as extensions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.types import Message, Receive, Scope

CLOSE = "leadmock.close"
"""In `scope["extensions"]`: {"close": function without arguments}; what is buffered is written out first."""
_MOST_HEARD = 1_048_576  # bytes
PAUSE = "leadmock.pause"
"""Likewise: {"pause": function of the seconds}, for a caller that can only wait afterwards."""


class ConnectionDropped(Exception):
    """The connection should be closed now, and the server has no way to. In process, the client sees this itself."""


class Heard:
    """A request whose body was read before time is let pass: a client that gives up meanwhile has sent it all the same.

    Called, it gives the messages again that came, and then those that follow, as ASGI's receive does.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: list[Message] = []
        self._whole = False

    async def hear(self) -> None:
        """Read the body, or its first megabyte."""
        size = 0
        while size < _MOST_HEARD and not self._whole:
            message = await self._receive()
            self._messages.append(message)
            size += len(message.get("body", b""))
            self._whole = not message.get("more_body")

    @property
    def body(self) -> list[bytes]:
        """The pieces of it that came and were not given yet."""
        return [message.get("body", b"") for message in self._messages]

    async def __call__(self) -> Message:
        return self._messages.pop(0) if self._messages else await self._receive()

    async def wait(self, seconds: float) -> None:
        """Let time pass, or less where the client hangs up before: then nobody is there to notice."""
        if not self._whole:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    pass


async def pause(scope: Scope, wait: Callable[[float], Awaitable[None]], seconds: float) -> None:
    """Let time pass before going on. In process, where nothing can wait, the client does it afterwards."""
    extension = (scope.get("extensions") or {}).get(PAUSE)
    if extension is None:
        await wait(seconds)
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
