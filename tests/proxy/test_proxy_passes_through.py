"""What the proxy hands on is what it was given: each byte that means something, in both directions."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mockserver.proxy.recording import read
from tests.proxy.watching import Watched, in_front_of

HEADERS = {"Authorization": "Bearer x", "x-customer-id": "y"}


class _Origin(BaseHTTPRequestHandler):
    """Keeps each request and answers as the server was told."""

    protocol_version = "HTTP/1.1"
    server: Any

    def _any(self) -> None:
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            body = b"chunked"
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers.items(), body))
        status, headers, answer = self.server.answer
        if status == 0:
            self.close_connection = True
            self.wfile.write(answer)
            return
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_HEAD = do_DELETE = do_PATCH = _any  # noqa: N815  # the standard library's names

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def _origin(answer: tuple[int, list[tuple[str, str]], bytes], context: ssl.SSLContext | None = None) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Origin)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.seen, server.answer = [], answer
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _through(answer: tuple[int, list[tuple[str, str]], bytes], **options: Any) -> Iterator[tuple[Any, Watched]]:
    with _origin(answer) as server:
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        with in_front_of("mega", origin, HEADERS, **options) as proxy:
            yield server, proxy


def test_a_request_arrives_as_it_was_sent_but_for_its_host() -> None:
    with _through((200, [], b"{}")) as (server, proxy):
        body = b'{ "contact_name":"\xc3\x89\\u00e9" }\r\n'
        sent = [("X-One", "1"), ("X-One", "2"), ("Content-Type", "application/json"), ("Connection", "x-gone")]
        request = httpx.Request(
            "POST", proxy.url + "/leads", headers=[*sent, ("X-Gone", "1"), ("TE", "trailers")], content=body
        )
        with httpx.Client() as client:
            client.send(request)
            proxy.call("GET", "/leads/%7Ea%2Fb%20;c?q=%41+b&q=&e=%C3%A9")
        (method, path, headers, arrived), (_, odd, _, _) = server.seen
    assert (method, path, arrived) == ("POST", "/api/agents/crm/leads", body)
    assert odd == "/api/agents/crm/leads/%7Ea%2Fb%20;c?q=%41+b&q=&e=%C3%A9"
    named = [(name.lower(), value) for name, value in headers]
    assert [value for name, value in named if name == "x-one"] == ["1", "2"]
    assert ("host", f"127.0.0.1:{server.server_address[1]}") in named
    assert ("content-length", str(len(body))) in named
    assert not {"x-gone", "te", "connection", "user-agent", "accept-encoding"} & {name for name, _ in named}


def test_an_answer_arrives_as_it_was_given_packed_if_it_was_packed() -> None:
    packed = gzip.compress(b'{"leads": []}')
    given = [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("X-A", "1"), ("X-A", "2")]
    with (
        _through((200, given, packed)) as (_, proxy),
        httpx.stream("GET", proxy.url + "/leads", headers=HEADERS) as answer,
    ):
        raw = b"".join(answer.iter_raw())
        # The server that the proxy runs in here adds two of its own.
        headers = [pair for pair in answer.headers.raw if pair[0] not in {b"date", b"server"}]
    assert raw == packed
    assert headers == [
        *((name.lower().encode(), value.encode()) for name, value in given),
        (b"content-length", str(len(packed)).encode()),
    ]
    # It was unpacked to be judged all the same.
    assert "total: is required" in "; ".join(proxy.of_the_api["listLeads/api-body"])


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("gzip, compress, deflate, br", "gzip, deflate"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=0.8"),
        ("zstd, br", "identity"),
        ("identity", "identity"),
    ],
)
def test_the_api_is_asked_for_no_packing_that_could_not_be_looked_into(given: str, asked: str) -> None:
    with _through((200, [], b"{}")) as (server, proxy):
        proxy.call("GET", "/leads", headers={"Accept-Encoding": given})
    assert dict(server.seen[0][2])["accept-encoding"] == asked


def test_the_space_around_a_header_is_none_of_it() -> None:
    """Who writes the next request would refuse it, and the API would be blamed."""
    with _through((200, [], b"{}")) as (server, proxy):
        host = urlsplit(proxy.url)
        with socket.create_connection((host.hostname, host.port or 0)) as connection:
            connection.sendall(f"GET {host.path}/leads HTTP/1.1\r\nHost: x\r\nX-Wide:\t a \t\r\n\r\n".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert dict(server.seen[0][2])["x-wide"] == "a"


@pytest.mark.parametrize(("status", "length"), [(304, "1234"), (204, "5")])
def test_an_answer_that_has_no_body_leaves_the_connection_as_it_was(
    status: int, length: str, caplog: pytest.LogCaptureFixture
) -> None:
    """304 may tell the length of what it does not send."""
    with (
        _through((status, [("Content-Length", length), ("ETag", '"x"')], b"")) as (server, proxy),
        httpx.Client() as one,
    ):
        answers = [one.get(proxy.url + "/leads", headers=HEADERS) for _ in range(2)]
        assert len(server.seen) == 2
    assert [(answer.status_code, answer.headers["etag"]) for answer in answers] == [(status, '"x"')] * 2
    assert caplog.messages == []


@pytest.mark.parametrize("status", [600, 999])
def test_a_status_that_http_has_not_is_no_answer(status: int) -> None:
    with _through((status, [], b"{}")) as (_, proxy):
        answer = proxy.call("GET", "/leads")
    assert (answer.status_code, answer.headers["leadmock-proxy"]) == (502, "no-answer")
    assert f"it answered {status}, which is the status of no answer in HTTP" in answer.text


@pytest.mark.parametrize("levels", [300, 500, 800, 5000])
def test_what_is_nested_deep_is_judged_and_recorded_too(tmp_path: Path, levels: int) -> None:
    record = tmp_path / "deep.jsonl"
    deep = b"[" * levels + b"]" * levels
    with _through((200, [("Content-Type", "application/json")], deep), record=record) as (_, proxy):
        assert proxy.call("POST", "/leads", content=deep).content == deep
        assert proxy.session.ledger.exchanges == 1
    assert [(one.request.body, one.answer.body) for one in read(record)] == [(deep, deep)]


def test_a_redirect_is_handed_back_and_not_followed() -> None:
    with _through((302, [("Location", "https://elsewhere.example/")], b"")) as (server, proxy):
        answer = proxy.call("GET", "/leads")
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example/")
    assert len(server.seen) == 1
    assert "listLeads/api-status" in proxy.of_the_api


def test_the_answer_to_head_keeps_its_length_and_has_no_body() -> None:
    with _through((200, [("Content-Length", "77"), ("Content-Type", "application/json")], b"")) as (_, proxy):
        answer = proxy.call("HEAD", "/leads")
    assert (answer.headers["Content-Length"], answer.content) == ("77", b"")
    assert proxy.of_the_api == {}


def test_a_body_in_chunks_arrives_whole() -> None:
    with _through((200, [], b"{}")) as (server, proxy):
        proxy.call("POST", "/leads", content=iter([b'{"contact_', b'name": "x"}']))
    assert server.seen[0][3] == b'{"contact_name": "x"}'


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"", "the connection failed"), (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "the connection failed")],
    ids=["none", "half"],
)
def test_no_whole_answer_is_a_502_in_the_vendors_form_and_told(answer: bytes, words: str) -> None:
    with _through((0, [], answer)) as (_, proxy):
        got = proxy.call("GET", "/leads")
    assert got.status_code == 502
    assert got.headers["leadmock-proxy"] == "no-answer"
    assert got.json()["error"]["code"] == 502
    assert words in got.json()["error"]["message"]
    assert words in proxy.of_the_api["listLeads/api-answers"][0]


def test_an_answer_that_takes_too_long_is_a_504() -> None:
    with _origin((200, [("Content-Length", "99")], b"{")) as server:  # the rest never comes
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        with in_front_of("mega", origin, HEADERS, seconds=0.5) as proxy:
            got = proxy.call("GET", "/leads")
    assert got.status_code == 504
    assert "no complete answer within 0.5 seconds" in got.json()["error"]["message"]
    assert proxy.of_the_api == {"listLeads/api-answers": ["no answer: no complete answer within 0.5 seconds"]}


def test_a_certificate_is_verified_unless_that_is_switched_off(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*words, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _origin((200, [], b"{}"), context) as server:
        origin = f"https://127.0.0.1:{server.server_address[1]}"
        with in_front_of("mega", origin, HEADERS) as proxy:
            refused = proxy.call("GET", "/leads")
        with in_front_of("mega", origin, HEADERS, insecure=True) as proxy:
            taken = proxy.call("GET", "/leads")
    assert refused.status_code == 502
    assert "its certificate is not accepted" in refused.json()["error"]["message"]
    assert "--insecure" in refused.json()["error"]["message"]
    assert (taken.status_code, taken.content) == (200, b"{}")
