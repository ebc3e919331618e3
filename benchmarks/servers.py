"""The servers under comparison, each started the way its user starts it."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.peer_spec import adapted
from benchmarks.process import Process
from benchmarks.work import CREATE, Work, requests

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
#: Where `make bench` installs leadmock as `make serve` does: without what its tests need, which starts slower.
SERVING = ROOT / "benchmarks" / ".venv" / "bin"
PEERS = ROOT / "benchmarks" / "peers"
SPEC = ROOT / "specs" / "mega.yaml"
BASE = "/api/agents/crm"
_START_SECONDS = 60
_POLL_SECONDS = 0.002
_ANSWER_SECONDS = 10

Command = Callable[[int, Path], Sequence[object]]


class ServerFailed(Exception):
    """A server does not start, or does not do what is measured; the text says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """One row of the tables. `command` is given a port and a folder of its own; `prefix` is where it has the API.

    `logs`: it writes a line for each request. `ours`: it is leadmock. `keeps`: it stores leads.
    """

    name: str
    command: Command
    prefix: str = BASE
    logs: bool = False
    ours: bool = False
    keeps: bool = False


class Running:
    """A server that has answered its first create. `start_seconds` is how long that took."""

    def __init__(self, server: Server, port: int, process: Process, began: float) -> None:
        self.server = server
        self.port = port
        self.process = process
        self.first_answer = self._first_answer()
        self.start_seconds = time.perf_counter() - began

    def template(self, work: Work) -> bytes:
        return work.template(self.server.prefix)

    def ask(self, work: Work, number: int) -> int:
        """The status of a single request."""
        return _ask(self.port, next(requests(self.template(work), number)), work)[0]

    def _first_answer(self) -> dict[str, str]:
        """The headers of the first answer, in lower case; the number of its lead is 0."""
        request = next(requests(self.template(CREATE), 0))
        ends = time.monotonic() + _START_SECONDS
        while time.monotonic() < ends:
            try:
                status, headers = _ask(self.port, request, CREATE)
            except (OSError, HTTPException):
                status, headers = 0, {}
            if status == CREATE.status:
                return headers
            if not self.process.alive:
                break
            time.sleep(_POLL_SECONDS)
        raise ServerFailed(f"no lead was created within {_START_SECONDS} s; it said: {self.process.last_words()}")


def _ask(port: int, request: bytes, work: Work) -> tuple[int, dict[str, str]]:
    head, _, body = request.decode().partition("\r\n\r\n")
    line, *headers = head.split("\r\n")
    connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
    try:
        fields = dict(header.split(": ", 1) for header in headers)
        connection.request(work.method, line.split()[1], body or None, fields)
        answer = connection.getresponse()
        answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


@contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """Start it on a free port of the loopback interface, wait for its first 201, and stop it at the end."""
    own = folder / server.name.replace(" ", "-").replace(",", "")
    own.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [str(part) for part in server.command(port, own)]
    if not Path(command[0]).exists():
        raise ServerFailed(f"{command[0]} is not installed; make bench installs it")
    began = time.perf_counter()
    with Process(command, ROOT, own / "output.txt") as process:
        yield Running(server, port, process, began)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def leadmock(*options: object, counted: bool = True) -> Command:
    """Our own command; `counted`: with limits that nobody reaches in place of --unlimited."""

    def command(port: int, folder: Path) -> Sequence[object]:
        start = (_serving("python"), "-m", "benchmarks.metered") if counted else (_serving("leadmock"),)
        unlimited = () if counted else ("--unlimited",)
        given = [str(option).replace("FOLDER", str(folder)) for option in options]
        return [*start, "serve", "--api", "mega", "--port", port, *unlimited, *given]

    return command


def _serving(program: str) -> Path:
    """Of the environment that only serves; of ours where there is none, as in the tests."""
    return (SERVING if SERVING.exists() else BIN) / program


def _floor(port: int, _folder: Path) -> Sequence[object]:
    loop = ("--http", "httptools", "--loop", "uvloop", "--log-level", "critical", "--no-access-log")
    return _serving("uvicorn"), "benchmarks.floor:app", "--lifespan", "off", "--port", port, *loop


def _prism(*options: str) -> Command:
    def command(port: int, folder: Path) -> Sequence[object]:
        return PEERS / "node_modules/.bin/prism", "mock", "-h", "127.0.0.1", "-p", port, *options, _spec(folder)

    return command


def _mockoon(port: int, folder: Path) -> Sequence[object]:
    options = ("--hostname", "127.0.0.1", "--port", port, "--disable-log-to-file")
    return PEERS / "node_modules/.bin/mockoon-cli", "start", "--data", _spec(folder), *options


def _wiremock(port: int, folder: Path) -> Sequence[object]:
    """Without its journal, which keeps every request for ever."""
    (folder / "mappings").mkdir(exist_ok=True)
    for name, stub in _stubs().items():
        (folder / "mappings" / f"{name}.json").write_text(json.dumps(stub), "utf-8")
    address = ("--bind-address", "127.0.0.1", "--port", port)
    return PEERS / "node_modules/.bin/wiremock", *address, "--root-dir", folder, "--no-request-journal"


def _stubs() -> dict[str, object]:
    """A create whose answer is a template filled from the request, and a list that is always the same."""
    given = {name: f"{{{{jsonPath request.body '$.{name}'}}}}" for name in ("contact_name", "contact_phone")}
    lead = {"id": "{{randomValue type='UUID'}}", "customer_id": "{{request.headers.x-customer-id}}", **given}
    page = {"leads": [{**lead, "id": "1"}] * 20, "total": 20, "limit": 20, "offset": 0, "next_cursor": None}
    headers = {"Content-Type": "application/json"}
    path = {"urlPath": f"{BASE}/leads"}
    created = {"status": 201, "headers": headers, "body": json.dumps({"lead": lead})}
    listed = {"status": 200, "headers": headers, "body": json.dumps(page)}
    return {
        "create": {
            "request": {**path, "method": "POST"},
            "response": {**created, "transformers": ["response-template"]},
        },
        "list": {"request": {**path, "method": "GET"}, "response": listed},
    }


def _handwritten(port: int, folder: Path) -> Sequence[object]:
    return Path("/usr/bin/env"), "node", PEERS / "handwritten.mjs", _spec(folder), port


def _spec(folder: Path) -> Path:
    path = folder / "mega.yaml"
    path.write_text(adapted(SPEC), "utf-8")
    return path


FLOOR = Server("bare uvicorn", _floor)
QUIET = Server("leadmock, log off", leadmock("--log", "off"), ours=True, keeps=True)
LOGGING = Server("leadmock, text log", leadmock(), logs=True, ours=True, keeps=True)
ON_FILE = Server(
    "leadmock, SQLite file", leadmock("--log", "off", "--database", "FOLDER/state.sqlite3"), ours=True, keeps=True
)
PRISM = Server("Prism, default log", _prism(), prefix="", logs=True)
PRISM_QUIET = Server("Prism, silent", _prism("-v", "silent"), prefix="")
MOCKOON = Server("Mockoon, default log", _mockoon, logs=True)
WIREMOCK = Server("WireMock stub", _wiremock)
HANDWRITTEN = Server("openapi-backend", _handwritten, keeps=True)
#: In the order in which they take turns.
SERVERS = (FLOOR, QUIET, LOGGING, ON_FILE, PRISM, PRISM_QUIET, MOCKOON, WIREMOCK, HANDWRITTEN)

#: As their users start them, to measure how long that takes.
ALL_APIS = Server(
    "leadmock, four APIs", lambda port, _folder: (_serving("leadmock"), "serve", "--port", port), logs=True
)
ONE_API = Server(
    "leadmock, MEGA alone",
    lambda port, _folder: (_serving("leadmock"), "serve", "--port", port, "--api", "mega"),
    logs=True,
)
STARTED = (FLOOR, ALL_APIS, ONE_API, PRISM, MOCKOON, WIREMOCK, HANDWRITTEN)

#: Not counted, because what they are filled with comes in bulk.
FILLED = Server("leadmock, log off", leadmock("--log", "off", counted=False), ours=True, keeps=True)
FILLED_FILE = Server(
    "leadmock, SQLite file",
    leadmock("--log", "off", "--database", "FOLDER/state.sqlite3", counted=False),
    ours=True,
    keeps=True,
)
#: With the documented limits, which a load exceeds at once.
LIMITING = Server("leadmock, log off", lambda *given: (*ONE_API.command(*given), "--log", "off"), ours=True, keeps=True)
