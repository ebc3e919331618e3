"""One implementation, right, faulty or varied, in a process of its own that counts the requests it gets.

    python -m benchmarks.detection_server API [fault|variation NAME]

It takes a free port of the loopback interface, prints the number, and serves until it is stopped.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from tests.implementations.workshop import Change, application, faults, variations

#: Answers with the number of requests so far, in plain text. No API has a path like it.
COUNT_PATH = "/-/requests"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def changes_of(api: str, kind: str, name: str) -> tuple[Change, ...]:
    """What makes this one of the right implementation. `kind` is right, fault or variation."""
    if kind == "right":
        return ()
    table = faults(api) if kind == "fault" else variations(api)
    for one in table:
        if one.name == name:
            return one.changes
    raise LookupError(f"{api} has no {kind} {name!r}")


class Counting:
    """The same application; `COUNT_PATH` tells how many requests it has had."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.requests = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"] == COUNT_PATH:
                headers = [(b"content-type", b"text/plain")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": str(self.requests).encode()})
                return
            self.requests += 1
        await self.app(scope, receive, send)


def main(arguments: list[str]) -> None:
    api, kind, name = [*arguments, "right", ""][:3]
    app = Counting(application(api, changes_of(api, kind, name)))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201  # whoever started this reads it
    # h11 hands every method to the application; httptools refuses those that it does not know.
    config = uvicorn.Config(app, http="h11", log_level="critical", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1:])
