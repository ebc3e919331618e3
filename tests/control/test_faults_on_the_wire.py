"""Faults, as a client sees them through a real socket."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from mockserver.app import Mock
from mockserver.client import ControlClient
from mockserver.docs import credential_headers
from mockserver.engine.call import Credential
from mockserver.engine.faults import KINDS, Fault, FaultKind
from mockserver.wire import ConnectionDropped
from tests.edge_cases.live import Live, read_to_the_end

LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with Live() as live:
        yield live


@pytest.fixture
def credential(server: Live) -> Credential:
    return server.mock.add_tenant("mega")


def strike(server: Live, credential: Credential, fault: Fault) -> None:
    """Switch a fault on for one request of this tenant."""
    server.mock.faults.add(replace(fault, tenant=credential.tenant.id, times=1))


def push(server: Live, credential: Credential) -> httpx.Response:
    headers = credential_headers(server.mock.contracts["mega"], credential)
    return httpx.post(server.url("mega", "/leads"), json=LEAD, headers=headers, timeout=20)


def test_a_status_comes_in_the_vendors_envelope_and_nothing_is_processed(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("status", status=503, headers={"X-Proxy": "edge"}))
    answer = push(server, credential)
    assert (answer.status_code, answer.headers["x-proxy"]) == (503, "edge")
    assert answer.json()["error"]["code"] == 503
    assert server.leads_of(credential) == 0
    assert push(server, credential).status_code == 201


@pytest.mark.parametrize("kind", KINDS)
def test_the_outcome_says_that_a_fault_struck_and_whether_there_was_an_answer(
    server: Live, credential: Credential, kind: FaultKind
) -> None:
    """Whoever reads the log or the journal would wonder why the client tells otherwise."""
    strike(server, credential, Fault(kind, latency=0.01, seconds=0.01))
    with suppress(httpx.TransportError):
        push(server, credential)
    with ControlClient(server.origin) as control:
        (request,) = control.requests(tenant=credential.tenant.id)
        told = control.explain(request.id)
    processed = "" if kind in {"status", "rate-limit", "drop"} else "created lead "
    unanswered = ", never answered" if kind in {"drop", "lost-response"} else ""
    assert request.outcome.startswith(processed)
    assert request.outcome.endswith(f"struck by a fault: {kind}{unanswered}")
    # It was to strike once, so that there is nothing left to be switched off.
    assert told.why.endswith("struck this request; it does so no more.")


def test_a_status_can_have_a_body_of_its_own(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("status", status=502, body={"message": "Bad gateway"}))
    answer = push(server, credential)
    assert (answer.status_code, answer.json()) == (502, {"message": "Bad gateway"})


def test_a_gateways_page_is_no_json(server: Live, credential: Credential) -> None:
    page = "<h1>502 Bad Gateway</h1>"
    strike(server, credential, Fault("status", status=502, body=page, headers={"Content-Type": "text/html"}))
    answer = push(server, credential)
    assert (answer.headers["content-type"], answer.text) == ("text/html", page)


def test_a_rate_limit_says_when_to_come_back(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("rate-limit", retry_after=7))
    answer = push(server, credential)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["type"] == "rate_limit_error"


def test_latency_delays_an_answer_that_is_otherwise_as_usual(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("latency", latency=0.3))
    started = time.perf_counter()
    assert push(server, credential).status_code == 201
    assert time.perf_counter() - started >= 0.3


def test_a_request_is_processed_and_told_though_its_client_gave_up_waiting(
    server: Live, credential: Credential
) -> None:
    """As by a slow vendor: this is the retry that makes a second lead where nothing recognises it."""
    strike(server, credential, Fault("latency", latency=600))
    headers = credential_headers(server.mock.contracts["mega"], credential)
    with ControlClient(server.origin) as control, ThreadPoolExecutor(1) as pool:
        watched = control.watch(tenant=credential.tenant.id)
        told = pool.submit(next, watched)
        while not server.mock.journal._viewers:
            pass
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url("mega", "/leads"), json=LEAD, headers=headers, timeout=0.2)
        request = told.result()
        assert (request.status, request.fault, request.outcome[:12]) == (201, "latency", "created lead")
        assert control.request(request.id)["request"]["json"] == LEAD
    assert server.leads_of(credential) == 1


@pytest.mark.parametrize(("kind", "leads"), [("drop", 0), ("lost-response", 1)])
def test_a_dropped_connection_has_no_answer_at_all(server: Live, credential: Credential, kind: str, leads: int) -> None:
    strike(server, credential, Fault(kind))  # type: ignore[arg-type]  # pytest gives texts
    body = b'{"contact_name": "Sam"}'
    head = server.head(credential, "POST", "/leads", "Content-Type: application/json", f"Content-Length: {len(body)}")
    with server.connect() as connection:
        connection.sendall(head + body)
        assert read_to_the_end(connection) == b""
    assert server.leads_of(credential) == leads


def test_a_truncated_answer_promises_more_than_it_sends(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("truncate"))
    with pytest.raises(httpx.RemoteProtocolError, match=r"received 2\d\d bytes, expected 5"):
        push(server, credential)
    assert server.leads_of(credential) == 1


def test_a_malformed_answer_is_complete_and_no_json(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("malformed"))
    answer = push(server, credential)
    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r".+"):
        answer.json()


def test_a_slow_answer_drips_and_is_whole(server: Live, credential: Credential) -> None:
    strike(server, credential, Fault("slow", seconds=0.4))
    headers = credential_headers(server.mock.contracts["mega"], credential)
    started = time.perf_counter()
    with httpx.stream("POST", server.url("mega", "/leads"), json=LEAD, headers=headers, timeout=20) as answer:
        pieces = [piece for piece in answer.iter_raw() if piece]
    assert time.perf_counter() - started >= 0.4
    assert len(pieces) > 1
    assert b"".join(pieces).startswith(b'{"lead":')


def test_a_fault_of_a_whole_api_strikes_requests_without_a_valid_key_too(server: Live) -> None:
    server.mock.faults.add(Fault("status", status=500, api="convertiq", times=1))
    assert httpx.post(server.url("convertiq", "/leads/create"), json={}).status_code == 500
    assert httpx.post(server.url("convertiq", "/leads/create"), json={}).status_code == 401


@pytest.mark.anyio
async def test_in_process_the_client_sees_a_dropped_connection_as_an_exception() -> None:
    mock = Mock()
    mock.faults.add(Fault("drop", api="convertiq"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=mock), base_url="http://localhost") as client:
        with pytest.raises(ConnectionDropped):
            await client.post("/api/external/leads", json={})
