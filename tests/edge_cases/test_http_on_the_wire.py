"""HTTP as bytes on a socket: chunks, half a request, Expect, paths that a client would tidy up, HEAD."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from mockserver.engine.call import Credential
from tests.edge_cases.every_api import APIS, CREATIONS, Creation, refused
from tests.edge_cases.live import Answer, Live, answer_of, parse, read_to_the_end

case = pytest.mark.case

JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
MAX_BYTES = 1024 * 1024
READABLE = [("salesiq", "/leads/capture"), ("mega", "/leads"), ("crmleadpro", "/leads"), ("crmleadpro", "/pipelines")]

# From the base path and the path below it.
OTHER_PATHS = [
    pytest.param(lambda base, path: f"{base}/{path}", id="double-slash-after-the-base"),
    pytest.param(lambda base, path: f"{base}{path.replace('/leads', '/leads//')}", id="double-slash-inside"),
    pytest.param(lambda base, path: f"/{base}{path}", id="double-slash-first"),
    pytest.param(lambda base, path: f"{base}/.{path}", id="dot"),
    pytest.param(lambda base, path: f"{base}/x/..{path}", id="two-dots"),
    pytest.param(lambda base, path: f"{base}/x/%2e%2e{path}", id="two-dots-in-escapes"),
    pytest.param(lambda base, path: f"{base}{path}/./", id="dot-last"),
    pytest.param(lambda base, path: f"{base}{path}%2F", id="slash-last-in-escapes"),
    pytest.param(lambda base, path: f"{base}{path}%00", id="nul-last"),
    pytest.param(lambda base, path: f"{base}{path}%20", id="space-last"),
    pytest.param(lambda base, path: f"{base}{path};v=1", id="parameter"),
    pytest.param(lambda base, path: f"{base}{path}%FF", id="no-utf-8"),
]


@dataclass(frozen=True, slots=True)
class Wire:
    """One API of a server that listens, and a fresh tenant of it."""

    live: Live
    credential: Credential

    @property
    def api(self) -> str:
        return self.credential.tenant.api

    @property
    def creation(self) -> Creation:
        return CREATIONS[self.api]

    @property
    def body(self) -> bytes:
        return json.dumps(self.creation.body).encode()

    def head(self, *lines: str) -> bytes:
        """A request that creates a lead, up to its body."""
        return self.live.head(self.credential, "POST", self.creation.path, *lines)

    def create(self) -> Answer:
        return self.live.send(self.head(JSON, f"Content-Length: {len(self.body)}") + self.body)

    def leads(self) -> int:
        return self.live.leads_of(self.credential)


@pytest.fixture(params=APIS)
def wire(request: pytest.FixtureRequest, live: Live) -> Wire:
    return Wire(live, live.mock.add_tenant(request.param))


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def end_of(connection: socket.socket) -> bytes:
    """What still comes until the connection ends, in whatever way it ends."""
    try:
        return read_to_the_end(connection)
    except ConnectionResetError:
        return b""


def test_a_plain_request_creates_a_lead(wire: Wire) -> None:
    """What all others here differ from."""
    assert wire.create().status == 201
    assert wire.leads() == 1


@case(135)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_body_in_chunks_without_its_length_is_read(wire: Wire, size: int) -> None:
    parts = [wire.body[start : start + size] for start in range(0, len(wire.body), size)]
    assert wire.live.send(wire.head(JSON, CHUNKED) + chunks(*parts, b"")).status == 201
    assert wire.leads() == 1


@case(135)
def test_the_size_limit_holds_while_chunks_are_read(wire: Wire) -> None:
    """The answer comes although the body never ends.

    One byte over and no more: what a server has not read when it closes makes the connection reset.
    """
    with wire.live.connect() as connection:
        connection.sendall(wire.head(JSON, CHUNKED) + chunks(wire.body, b" " * (MAX_BYTES - len(wire.body))))
        connection.sendall(chunks(b" "))
        first = connection.recv(65536)
        assert re.match(rb"HTTP/1\.1 413 ", first), first[:100]
    assert wire.leads() == 0


@case(135)
def test_chunks_up_to_the_size_limit_are_read(wire: Wire) -> None:
    padding = b" " * (MAX_BYTES - len(wire.body))
    assert wire.live.send(wire.head(JSON, CHUNKED) + chunks(wire.body, padding, b"")).status == 201
    answer = wire.live.send(wire.head(JSON, CHUNKED) + chunks(wire.body, padding, b" ", b""))
    assert str(MAX_BYTES) in refused(wire.api, answer, 413)


@case(135)
def test_no_chunk_at_all_is_an_empty_body(wire: Wire) -> None:
    assert "empty" in refused(wire.api, wire.live.send(wire.head(JSON, CHUNKED) + chunks(b"")), 400)


@case(136)
@pytest.mark.parametrize("how", ["half-closed", "closed"])
def test_a_body_shorter_than_it_says_makes_no_lead(wire: Wire, how: str) -> None:
    """The lead is all there; one more byte was announced and never came."""
    with wire.live.connect() as connection:
        connection.sendall(wire.head(JSON, f"Content-Length: {len(wire.body) + 1}") + wire.body)
        if how == "half-closed":
            connection.shutdown(socket.SHUT_WR)
            assert b" 201 " not in end_of(connection)
    assert wire.create().status == 201
    assert wire.leads() == 1


@case(136)
def test_a_body_longer_than_it_says_is_cut_where_it_says(wire: Wire) -> None:
    answer = wire.live.send(wire.head(JSON, f"Content-Length: {len(wire.body) - 1}") + wire.body)
    assert "JSON" in refused(wire.api, answer, 400)
    assert wire.leads() == 0


@case(136)
@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), "9" * 18])
def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(wire: Wire, length: str) -> None:
    with wire.live.connect() as connection:
        connection.sendall(wire.head(JSON, f"Content-Length: {length}"))
        assert refused(wire.api, answer_of(connection), 413)


@case(136)
@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "9" * 40])
def test_a_length_that_is_none_is_a_400_of_the_server(wire: Wire, length: str) -> None:
    with wire.live.connect() as connection:
        connection.sendall(wire.head(JSON, f"Content-Length: {length}") + wire.body)
        assert re.match(rb"HTTP/1\.1 400 ", end_of(connection))
    assert wire.leads() == 0


@case(137)
def test_a_client_that_asks_before_its_body_is_told_to_go_on(wire: Wire) -> None:
    with wire.live.connect() as connection:
        connection.sendall(wire.head(JSON, f"Content-Length: {len(wire.body)}", "Expect: 100-continue"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(wire.body)
        assert answer_of(connection).status == 201
    assert wire.leads() == 1


@case(137)
def test_a_client_without_a_key_is_not_told_to_go_on(wire: Wire) -> None:
    """The refusal comes at once: there is no use in sending a body that nobody will read."""
    head = wire.head(JSON, f"Content-Length: {len(wire.body)}", "Expect: 100-continue")
    head = head.replace(wire.credential.secret.encode(), b"wrong")
    with wire.live.connect() as connection:
        connection.sendall(head)
        assert refused(wire.api, answer_of(connection), 403 if wire.api == "salesiq" else 401)


@case(139)
@pytest.mark.parametrize("change", OTHER_PATHS)
def test_a_path_is_never_tidied_up(wire: Wire, change: Callable[[str, str], str]) -> None:
    base = wire.live.mock.contracts[wire.api].base_path
    target = change(base, wire.creation.path)
    right = f" {base}{wire.creation.path} ".encode()
    head = wire.head(JSON, f"Content-Length: {len(wire.body)}")
    assert right in head
    answer = wire.live.send(head.replace(right, f" {target} ".encode(), 1) + wire.body)
    assert answer.status == 404
    assert "error" in json.loads(answer.body) or json.loads(answer.body)["status"] == 404
    assert "location" not in answer.headers
    assert wire.leads() == 0


@case(139)
@pytest.mark.parametrize(
    "change",
    [
        "/{id}",
        "{id}/",
        "{id}%2F",
        "%2F{id}",
        "{id}%2Fx",
        "./{id}",
        "../leads/{id}",
        "{id}/.",
        "{id}%00",
        "{id}%20",
        ".",
    ],
)
def test_an_id_with_slashes_or_dots_names_no_lead(live: Live, change: str) -> None:
    wire = Wire(live, live.mock.add_tenant("crmleadpro"))
    lead_id = json.loads(wire.create().body)["id"]
    assert live.send(live.head(wire.credential, "GET", f"/leads/{lead_id}")).status == 200
    for method in ("GET", "DELETE"):
        path = "/leads/" + change.format(id=lead_id)
        assert refused("crmleadpro", live.send(live.head(wire.credential, method, path)), 404)
    assert live.send(live.head(wire.credential, "GET", f"/leads/{lead_id}")).status == 200


@case(139)
def test_an_escaped_letter_is_that_letter(wire: Wire) -> None:
    """RFC 3986, section 2.3: %6C is l, so this is the same path and not another."""
    head = wire.head(JSON, f"Content-Length: {len(wire.body)}").replace(b"/leads", b"/%6Ceads", 1)
    assert wire.live.send(head + wire.body).status == 201


@case(141)
@pytest.mark.parametrize(("api", "path"), READABLE)
def test_head_is_get_without_the_body(live: Live, api: str, path: str) -> None:
    credential = live.mock.add_tenant(api)
    with_body = live.send(live.head(credential, "GET", path))
    without = live.send(live.head(credential, "HEAD", path))
    assert (with_body.status, without.status) == (200, 200)
    assert without.body == b""
    assert int(without.headers["content-length"]) == len(with_body.body) > 0
    passing = {"date", "ratelimit-remaining", "ratelimit-reset"}
    assert {name: value for name, value in without.headers.items() if name not in passing} == {
        name: value for name, value in with_body.headers.items() if name not in passing
    }
    assert without.headers.keys() == with_body.headers.keys()


@case(141)
def test_head_of_what_is_not_there_is_404_without_a_body(live: Live) -> None:
    credential = live.mock.add_tenant("crmleadpro")
    answer = live.send(live.head(credential, "HEAD", "/leads/lead_0000000000000000"))
    assert (answer.status, answer.body) == (404, b"")
    assert int(answer.headers["content-length"]) > 0


@case(143)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE"])
def test_a_method_that_is_not_allowed_is_refused_whatever_its_body(wire: Wire, method: str) -> None:
    head = wire.live.head(wire.credential, method, wire.creation.path, JSON, f"Content-Length: {len(wire.body)}")
    answer = wire.live.send(head + wire.body)
    assert refused(wire.api, answer, 405)
    assert "POST" in answer.headers["allow"]


@case(127)
def test_no_body_and_no_length_is_an_empty_body(wire: Wire) -> None:
    assert "empty" in refused(wire.api, wire.live.send(wire.head(JSON)), 400)


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"\r\n\r\n\x00\x00\r\n\r\n"])
def test_what_is_no_http_is_refused_and_the_server_goes_on(wire: Wire, garbage: bytes) -> None:
    with wire.live.connect() as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        answer = end_of(connection)
    assert not answer or parse(answer).status == 400
    assert wire.create().status == 201
