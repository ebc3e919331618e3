"""The way to a target over HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from contract_tests.target import read
from contract_tests.wire import Request, Wire

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def hanging_up() -> Iterator[str]:
    """A server that answers the first request of each connection, and hangs up when the second comes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def talk(connection: socket.socket) -> None:
        with connection:
            if connection.recv(65_536):
                connection.sendall(ANSWER)
                connection.recv(1)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_connection_that_idled_too_long_is_no_fault_however_many_there_are() -> None:
    with hanging_up() as url:
        document = {"salesiq": {"url": url, "credentials": [{"name": "full", "api_key": "sqk_live_1"}]}}
        with Wire(read(document, "salesiq")) as wire:
            assert {one.answer.status for one in wire.send_all([Request("GET", "/")] * 3)} == {200}
            assert wire.send(Request("GET", "/")).answer.status == 200
