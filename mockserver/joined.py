"""A transport that writes once what an answer consists of.

uvicorn writes the head and the body of an answer apart. Each write is a system call and wakes the client, which can do
nothing with a head alone: apart, they cost a request a sixth more.
"""

from __future__ import annotations

import asyncio
from typing import Any

# A piece of more bytes, or more pieces, go out at once: so the transport can say that its reader is slow.
_LARGE = 64 * 1024
_MOST_PIECES = 8


class JoiningTransport(asyncio.Transport):
    """Hands on to `transport`, at the end of the loop's turn, what was written during it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self.is_closing = transport.is_closing  # type: ignore[method-assign]  # asked for with every answer
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: Any) -> None:
        held = self._held
        if not held:
            self._loop.call_soon(self.flush)
        held.append(data)
        if len(data) > _LARGE or len(held) > _MOST_PIECES:
            self.flush()

    def flush(self) -> None:
        """Hand on what is held; nothing where the connection is gone."""
        held = self._held
        if not held:
            return
        self._held = []
        if not self._transport.is_closing():
            self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._held = []
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
