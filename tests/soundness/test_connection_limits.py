"""No client can make the server wait for ever, or hold what never ends."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any, ClassVar, cast

import pytest

from mockserver.connection import MAX_HEAD_BYTES, MAX_HEADER_LINES, MAX_MESSAGE_BYTES, MAX_PIPELINED, Connection
from tests.edge_cases.live import Live, parse, read_to_the_end

HEAD = b"GET /api/leads/capture HTTP/1.1\r\nHost: x\r\n"
POST = (
    b"POST /api/leads/capture HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
)
KEYED = POST + b"x-api-key: sqk_live_your_api_key\r\n\r\n"
LEAD = b'{"name": "Amit Kumar", "phone": "9876543210"}'


class Hurried(Connection):
    patience_seconds = 0.2
    lost: ClassVar = threading.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost.set()


@pytest.fixture(scope="module")
def hurried() -> Iterator[Live]:
    with Live(connection=Hurried) as live:
        yield live


@pytest.fixture(scope="module")
def patient() -> Iterator[Live]:
    with Live() as live:
        yield live


def end_of(connection: socket.socket) -> bytes:
    """What comes until the connection ends, in whatever way it ends."""
    received = b""
    try:
        for part in iter(lambda: connection.recv(65536), b""):
            received += part
    except ConnectionResetError:
        pass
    return received


def flood(live: Live, first: bytes, piece: bytes) -> tuple[int, bytes]:
    """Send `first`, then `piece` again and again until the server has enough: bytes sent, and its answer."""
    sent = 0
    with live.connect() as connection:
        try:
            connection.sendall(first)
            while sent < 50_000_000:
                connection.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return sent, end_of(connection)


def served(live: Live) -> bool:
    return live.send(HEAD + b"Connection: close\r\n\r\n").status == 200


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(HEAD, id="half-a-head"),
        pytest.param(b"GE", id="half-a-method"),
        pytest.param(KEYED + b"20\r\n{", id="half-a-body"),
    ],
)
def test_half_a_request_is_answered_with_408_and_its_connection_closed(hurried: Live, start: bytes) -> None:
    with hurried.connect() as connection:
        connection.sendall(start)
        answer = parse(end_of(connection))
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert served(hurried)


def test_half_a_body_makes_no_lead(hurried: Live) -> None:
    credential = hurried.mock.add_tenant("salesiq")
    head = hurried.head(credential, "POST", "/leads/capture", "Content-Type: application/json", "Content-Length: 99")
    with hurried.connect() as connection:
        connection.sendall(head + LEAD)
        assert parse(end_of(connection)).status == 408
    assert hurried.leads_of(credential) == 0


@pytest.mark.parametrize("start", [b"", b"\r\n"], ids=["nothing", "an-empty-line"])
def test_a_connection_without_a_request_is_closed(hurried: Live, start: bytes) -> None:
    with hurried.connect() as connection:
        connection.sendall(start)
        assert end_of(connection) == b""


def test_a_refused_request_whose_body_never_ends_is_closed_with_one_answer(hurried: Live) -> None:
    with hurried.connect() as connection:
        connection.sendall(POST + b"\r\n20\r\n{")
        assert re.findall(rb"HTTP/1\.1 (\d+)", end_of(connection)) == [b"401"]


def test_a_client_that_reads_no_answer_is_let_go(hurried: Live) -> None:
    """It may have as many answers on their way as the system's buffers hold, and no more."""
    with hurried.connect() as connection:
        page = b"GET /_mock/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(page * 20)
        assert connection.recv(1)
        Hurried.lost.clear()
        assert Hurried.lost.wait(30)
        assert len(end_of(connection)) < 20 * 1_000_000
    assert served(hurried)


def test_a_client_that_takes_its_time_between_requests_is_served(patient: Live) -> None:
    with patient.connect() as connection:
        for _ in range(3):
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("first", "piece", "most", "status"),
    [
        pytest.param(HEAD, b"x-a: bbbbbbbb\r\n" * 100, MAX_HEAD_BYTES, 431, id="headers"),
        pytest.param(HEAD + b"x-a: ", b"b" * 10_000, MAX_HEAD_BYTES, 431, id="one-header"),
        pytest.param(b"GET /", b"b" * 10_000, MAX_HEAD_BYTES, 431, id="the-address"),
        pytest.param(KEYED + b"2\r\n{}\r\n0\r\n", b"x-a: b\r\n" * 100, MAX_HEAD_BYTES, 431, id="trailers"),
        pytest.param(KEYED + b"2;", b"b" * 100_000, MAX_MESSAGE_BYTES, 413, id="an-extension-of-a-chunk"),
        pytest.param(POST + b"\r\n", b"1000\r\n" + b"b" * 4096 + b"\r\n", MAX_MESSAGE_BYTES, 401, id="refused-body"),
        pytest.param(b"", b"\r\n" * 10_000, MAX_MESSAGE_BYTES, 0, id="empty-lines"),
    ],
)
def test_what_never_ends_is_cut_off(patient: Live, first: bytes, piece: bytes, most: int, status: int) -> None:
    """The system's own buffers take a few megabytes more than the server has read."""
    sent, answer = flood(patient, first, piece)
    assert sent < most + 12_000_000
    # Where it still sent when it was cut off, its own system may have thrown the answer away.
    assert not answer or int(answer.split(b" ")[1]) == status
    assert served(patient)


def test_too_many_headers_in_one_piece_make_no_lead(patient: Live) -> None:
    credential = patient.mock.add_tenant("salesiq")
    lines = ["Content-Type: application/json", f"Content-Length: {len(LEAD)}", *["x: y"] * (MAX_HEADER_LINES + 1)]
    request = patient.head(credential, "POST", "/leads/capture", *lines) + LEAD
    assert patient.send(request).status == 431
    assert patient.leads_of(credential) == 0


def test_requests_may_be_sent_before_the_answers_come(patient: Live) -> None:
    requests = (HEAD + b"\r\n") * (MAX_PIPELINED - 1) + HEAD + b"Connection: close\r\n\r\n"
    with patient.connect() as connection:
        connection.sendall(requests)
        assert read_to_the_end(connection).count(b"HTTP/1.1 200 OK") == MAX_PIPELINED


def test_too_many_requests_in_one_piece_close_the_connection(patient: Live) -> None:
    with patient.connect() as connection:
        connection.sendall((HEAD + b"\r\n") * 4 * MAX_PIPELINED)
        assert end_of(connection).count(b"HTTP/1.1 200 OK") <= MAX_PIPELINED
    assert served(patient)


def test_the_head_and_the_body_of_an_answer_are_written_together() -> None:
    """So that one system call does, and a client wakes once."""
    written: list[list[bytes]] = []

    class Watched:
        def __init__(self, transport: asyncio.Transport) -> None:
            self._transport = transport

        def writelines(self, pieces: list[bytes]) -> None:
            written.append(pieces)
            self._transport.writelines(pieces)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._transport, name)

    class Watching(Connection):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
            super().connection_made(cast("asyncio.Transport", Watched(transport)))

    with Live(connection=Watching) as live:
        assert served(live)
    ((head, body),) = written
    assert head.endswith(b"\r\n\r\n")
    assert f"content-length: {len(body)}\r\n".encode() in head


def test_who_shuts_its_side_while_an_answer_waits_gets_it() -> None:
    """What is held back for the next turn of the loop goes out before the connection closes."""

    class Closing(Connection):
        def on_response_complete(self) -> None:
            super().on_response_complete()
            # As the transport does when the client's end of data is read now: before anything held is written.
            self.eof_received()
            self._joining._transport.close()

    with Live(connection=Closing) as live, live.connect() as connection:
        connection.sendall(HEAD + b"\r\n")
        assert parse(read_to_the_end(connection)).status == 200
