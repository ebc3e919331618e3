"""An address to listen on, and an application that is served there until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
from typing import Any

import uvicorn

from mockserver.usage import UsageError

LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))

_PATIENCE_SECONDS = 2


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises UsageError."""
    if not 0 <= port <= 65535:  # noqa: PLR2004  # the largest port there is
        raise UsageError(f"--port {port}: must be from 0 to 65535; 0 takes a free one")
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, OverflowError, UnicodeError) as error:
        text = f"--host {host[:100]} --port {port}: cannot be used ({error}); give an address of this machine"
        raise UsageError(text) from None
    family, kind, protocol, _, address = infos[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        busy = getattr(error, "errno", None) == errno.EADDRINUSE
        hint = "try --port 0 for a free port" if busy else "choose another --host or --port"
        raise UsageError(f"cannot listen on {host}:{port} ({reason}); {hint}") from None
    return listener


def origin_of(host: str, listener: socket.socket) -> str:
    """What a client on this machine writes before a path."""
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # only compared
    return f"http://{shown}:{port}"


def config(app: Any, **particular: Any) -> uvicorn.Config:
    """How uvicorn serves our applications."""
    usual: dict[str, Any] = {
        "lifespan": "on",
        "log_level": "error",
        "access_log": False,
        "server_header": False,
        # Nobody asks who the client is, so nobody in between is asked either.
        "proxy_headers": False,
        "http": "httptools",
        "ws": "none",
        # A client that never ends its request must not keep the server from ending.
        "timeout_graceful_shutdown": _PATIENCE_SECONDS,
    }
    made = uvicorn.Config(app, **{**usual, **particular})
    logging.getLogger("uvicorn.error").addFilter(_is_no_end)
    return made


def _is_no_end(record: logging.LogRecord) -> bool:
    """Not that a request was under way when the server was ended: whoever ended it knows, and nothing is wrong."""
    if str(record.msg).startswith("Cancel %s running task(s)"):
        return False
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)


class Server(uvicorn.Server):
    """Ends whole also where Ctrl-C is pressed a second time: requests are not waited for then, and that is all."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self.force_exit:
            for task in self.server_state.tasks:
                task.cancel()
            await self.lifespan.shutdown()


def run(server: uvicorn.Server, listener: socket.socket) -> bool:
    """Serve until Ctrl-C or SIGTERM; whether it had started. The listener is closed in any case."""
    # The end that a service manager asks for is as clean as that of Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        return server.started
    finally:
        listener.close()
