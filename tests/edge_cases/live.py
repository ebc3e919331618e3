"""The mock behind a real socket, for what an in-process client cannot send: raw bytes, chunks, half a request."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn

from mockserver.app import Mock
from mockserver.connection import Connection
from mockserver.docs import credential_headers
from mockserver.engine.call import Credential
from mockserver.settings import Settings
from tests.postgres import database_of

_SECONDS = 30
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response off the wire; `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Live:
    """A mock that listens on a free port, served as the command serves it, in a thread of its own."""

    def __init__(self, settings: Settings | None = None, *, connection: type[Connection] = Connection) -> None:
        self.mock = Mock(settings, on_ready=self._ready)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(self.mock, lifespan="on", log_level="error", access_log=False, http=connection)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @classmethod
    def on(cls, state: str, folder: Path) -> Self:
        """A server on this kind of state, "memory", "sqlite" or "postgres"; a file goes into `folder`."""
        return cls(Settings(database=database_of(state, folder)))

    def _ready(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._up.set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(_SECONDS), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_SECONDS)
        self._listener.close()
        assert not self._thread.is_alive(), "the server did not stop"

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine where the server runs, so that it sees and changes the same state."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_SECONDS)

    def leads_of(self, credential: Credential) -> int:
        """How many leads the tenant of this credential has."""
        return self.run(leads_of(self.mock, credential))

    def url(self, api: str, path: str) -> str:
        return self.origin + self.mock.contracts[api].base_path + path

    def head(self, credential: Credential, method: str, path: str, *lines: str) -> bytes:
        """A request as bytes up to its body: the credential's headers, then `lines`, then the blank line."""
        contract = self.mock.contracts[credential.tenant.api]
        given = credential_headers(contract, credential)
        first = [f"{method} {contract.base_path}{path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close"]
        every = [*first, *(f"{name}: {value}" for name, value in given.items()), *lines]
        return "\r\n".join(every).encode() + b"\r\n\r\n"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=_SECONDS)

    def send(self, request: bytes) -> Answer:
        """Send these very bytes and read the answer to its end."""
        with self.connect() as connection:
            connection.sendall(request)
            return answer_of(connection)


async def leads_of(mock: Mock, credential: Credential) -> int:
    """How many leads the tenant of this credential has."""
    async with mock.store.transaction(credential.tenant.key) as tx:
        return await tx.count("lead")


def read_to_the_end(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def answer_of(connection: socket.socket) -> Answer:
    """The answer on a connection that the server closes after it."""
    return parse(read_to_the_end(connection))


def parse(raw: bytes) -> Answer:
    """One response in bytes; its Content-Length, if any, is held against its body."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    assert separator, f"no response: {raw!r}"
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(":", 1) for line in lines]
    return Answer(int(first.split(" ")[1]), {name.strip().lower(): value.strip() for name, value in pairs}, body)
