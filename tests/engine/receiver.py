"""A webhook receiver on loopback: keeps what arrives, byte for byte, and answers what it was told to."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

Step = int | Literal["hang"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: headers by lower-case name, the body as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Answers its script step by step, then 200 for ever. "hang" answers only when the receiver closes."""

    def __init__(self, *script: Step) -> None:
        self.arrivals: list[Arrival] = []
        self.script: deque[Step] = deque(script)
        self.arrived = threading.Event()
        self._changed = threading.Condition()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?to=me"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, number: int, seconds: float = 60) -> bool:
        """Whether so many have arrived in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.arrivals) >= number, seconds)

    def answer(self) -> int | None:
        step: Step = self.script.popleft() if self.script else 200
        if step == "hang":
            self._released.wait()
            return None
        return step

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.arrivals.append(Arrival(self.path, headers, body))
                receiver.arrived.set()
                with receiver._changed:
                    receiver._changed.notify_all()
                status = receiver.answer()
                if status is None:
                    return
                self.send_response(status)
                if status in {301, 302, 307, 308}:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Set-Cookie", "seen=before; Path=/")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def do_GET(self) -> None:
                receiver.arrivals.append(Arrival(self.path, {}, b""))
                self.send_error(500)

            def log_message(self, *_: object) -> None:
                """Nothing: what counts is in `arrivals`."""

        return Handler
