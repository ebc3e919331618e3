"""An application behind a real socket, for what is tried by its address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from mockserver.listening import config


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The origin at which the application listens, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = uvicorn.Server(config(app, lifespan="auto"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        # An implementation may be looking up names whose servers are silent.
        thread.join(90)
        listener.close()
    assert not thread.is_alive(), "the server did not stop"
