"""The journal, through the control plane of a live server."""

from __future__ import annotations

import os
import subprocess
import threading

import httpx
import pytest

from mockserver.client import Access, ControlClient, ControlError, RequestSummary
from mockserver.journal import Filter
from mockserver.tenants import DEMOS
from tests.edge_cases.live import Live
from tests.serving import Serving

LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


def push(access: Access, body: object = None, **headers: str) -> httpx.Response:
    body = LEAD if body is None else body
    return httpx.post(f"{access.base_url}/leads", json=body, headers={**access.headers, **headers})


def test_requests_are_found_counted_and_shown(control: ControlClient, fresh: Access) -> None:
    push(fresh)
    push(fresh, {"contact_email": 5})
    tenant = fresh.tenant.id
    refused, created = control.requests(tenant=tenant)
    assert (created.status, created.operation, created.outcome[:12]) == (201, "createLead", "created lead")
    assert (refused.status, refused.reason) == (400, "body-invalid")
    assert control.count_requests(tenant=tenant, operation="createLead", status="201", body="sam@") == 1
    assert control.count_requests(tenant=tenant, status="4xx") == 1
    assert control.requests(tenant=tenant, since=created.id) == [refused]
    whole = control.request(created.id)
    assert whole["request"]["json"] == LEAD
    assert whole["response"]["json"]["lead"]["contact_name"] == "Sam"
    assert whole["rule"]["level"] in {"documented", "vendor-page", "assumed"}
    assert fresh.credential.secret not in str(whole)
    assert whole["curl"].startswith("curl -i -X POST 'http://127.0.0.1")
    assert '--data-raw \'{"contact_name": "Sam"' in whole["curl"]


def test_a_refused_request_is_explained(control: ControlClient, fresh: Access) -> None:
    push(fresh, **{"Idempotency-Key": "k"})
    push(fresh, {"contact_name": "Alex"}, **{"Idempotency-Key": "k"})
    second, first = control.requests(tenant=fresh.tenant.id)
    told = control.explain(second.id)
    assert (told.status, told.reason, told.related) == (409, "idempotency-mismatch", first.id)
    assert "/contact_name, /contact_email" in told.why
    assert told.rule is not None
    assert told.rule["level"] == "documented"


def test_requests_are_watched_as_they_arrive(control: ControlClient, server: Live, fresh: Access) -> None:
    seen: list[RequestSummary] = []

    def watch() -> None:
        with ControlClient(server.origin) as viewer:
            for each in viewer.watch(tenant=fresh.tenant.id, status="201"):
                seen.append(each)
                return

    viewer = threading.Thread(target=watch)
    viewer.start()
    while not server.mock.journal._viewers:
        pass
    push(fresh, {"contact_email": 5})
    push(fresh)
    viewer.join(30)
    assert [each.outcome[:12] for each in seen] == ["created lead"]
    assert control.requests(tenant=fresh.tenant.id, status="201") == seen


def test_the_journal_is_emptied_for_a_tenant(control: ControlClient, fresh: Access) -> None:
    push(fresh)
    assert control.clear_requests(tenant=fresh.tenant.id) == 1
    assert control.requests(tenant=fresh.tenant.id) == []


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/requests?statsu=4xx", 400, "did you mean 'status'"),
        ("/requests?status=40", 400, "status: "),
        ("/requests?limit=0", 400, "at least 1"),
        ("/requests?limit=1&limit=2", 400, "more than once"),
        ("/requests?api=megga", 400, "there are salesiq"),
        ("/requests?" + "&".join("a=1" for _ in range(200)), 400, "too many parameters"),
        ("/requests/999999", 404, "lists what it has"),
        ("/requests/x", 404, "request"),
        ("/requsts", 404, "did you mean '/_mock/requests'"),
        ("/tenants/mega/nobody", 404, "has no customer 'nobody'"),
        ("/tenants/megga/nobody", 404, "there are salesiq"),
    ],
)
def test_a_mistake_is_told_with_the_way_out(control: ControlClient, path: str, status: int, told: str) -> None:
    with pytest.raises(ControlError) as refusal:
        control.call("GET", path)
    assert refusal.value.status == status
    assert told in str(refusal.value)


def test_metrics_count_requests_faults_and_records(control: ControlClient, fresh: Access) -> None:
    control.add_fault("status", tenant=fresh.tenant.id, times=1)
    push(fresh)
    push(fresh)
    lines = control.metrics().splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert int(samples['leadmock_requests_total{api="mega",operation="createLead",status="201"}']) >= 1
    assert int(samples['leadmock_requests_total{api="mega",operation="createLead",status="503"}']) >= 1
    assert int(samples['leadmock_faults_total{api="mega",kind="status"}']) >= 1
    assert int(samples['leadmock_records{api="mega",kind="lead"}']) >= 1
    name = "leadmock_request_duration_seconds"
    last = samples[f'{name}_bucket{{api="mega",operation="createLead",le="+Inf"}}']
    assert last == samples[f'{name}_count{{api="mega",operation="createLead"}}']
    families = {line.split(" ")[2] for line in lines if line.startswith("# TYPE")}
    told = {sample.split("{")[0] for sample in samples}
    assert all(any(name.startswith(family) for family in families) for name in told)


def test_a_live_view_does_not_keep_the_server_from_stopping() -> None:
    ended: list[str] = []
    with Serving("--api", "mega") as serving:

        def watch() -> None:
            with ControlClient(serving.origin) as viewer:
                ended.extend(each.id for each in viewer.watch())
                ended.append("the end")

        with httpx.stream("GET", f"{serving.origin}/_mock/requests/stream", timeout=30) as other:
            viewer = threading.Thread(target=watch)
            viewer.start()
            assert next(other.iter_lines()) == ": leadmock"
            while not ended:
                httpx.get(f"{serving.origin}/api/agents/crm/leads")
            assert serving.interrupt() == 0
        viewer.join(30)
    assert ended[-1] == "the end"
    assert serving.lines[-1] == "leadmock stopped"


BODIES = {
    "all bytes": bytes(range(256)),
    "lines": b"a\r\n\tb\n",
    "escape": b"\x1b[2J\x07",
    "quotes": b'it\'s "$HOME" `id` \\n %s \\0101 \x00',
    "dash": b"-n \\c\n",
    "file": b"@/etc/hostname",
    "long": b"x" * 300_000,
    "percent": "100 % é\u0085".encode(),
    "json": b'{"contact_name": "\xc2\x85\x7f"}',
}


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_line_of_curl_sends_the_same_bytes_from_any_shell(
    server: Live, control: ControlClient, fresh: Access, shell: str, body: bytes
) -> None:
    """And the line itself holds no character that a terminal would take for a key when it is pasted."""
    httpx.post(f"{fresh.base_url}/leads?a[]={{1}}", content=body, headers=fresh.headers)
    line = control.request(control.requests(tenant=fresh.tenant.id, limit=1)[0].id)["curl"]
    assert line.isprintable()
    environment = {**os.environ, "MEGA_KEY": fresh.credential.secret}
    # From a file, as what is pasted is no argument.
    subprocess.run([shell], input=line, env=environment, capture_output=True, text=True, check=True)
    second, first = server.mock.journal.find(Filter(tenant=fresh.tenant.id))
    for each in (first, second):
        assert each.body == body
    assert (second.query, second.status, second.header("content-type")) == (first.query, 415, None)


def test_a_line_of_curl_leads_to_the_same_path_and_ends(control: ControlClient, fresh: Access) -> None:
    for method, path in (("HEAD", "/leads"), ("GET", "/a%20b%22/%1b%5b/é")):
        control.clear_requests()
        httpx.request(method, fresh.base_url + path, headers=fresh.headers)
        line = control.request(control.requests(limit=1)[0].id)["curl"]
        environment = {**os.environ, "MEGA_KEY": fresh.credential.secret}
        subprocess.run(["dash"], input=line, env=environment, capture_output=True, text=True, check=True)
        second, first = control.requests()
        assert (second.method, second.path, second.status) == (first.method, first.path, first.status)


def test_the_line_of_curl_repeats_the_request_when_it_is_pasted(control: ControlClient, fresh: Access) -> None:
    """A demo key stands in it, as everybody knows those; for another key stands a variable, to be set beforehand."""
    demo = {"Authorization": "Bearer " + next(iter(DEMOS["mega"][0].secrets)), "x-customer-id": DEMOS["mega"][0].id}
    for headers, environment in ((demo, {}), (fresh.headers, {"MEGA_KEY": fresh.credential.secret})):
        lead = {**LEAD, "contact_name": "O'Neil $HOME"}
        first = httpx.post(f"{fresh.base_url}/leads", json=lead, headers={**headers, "Idempotency-Key": "pasted"})
        line = control.request(control.requests(api="mega", limit=1)[0].id)["curl"]
        pasted = subprocess.run(
            ["bash", "-c", line], env={**os.environ, **environment}, capture_output=True, text=True, check=True
        )
        assert first.status_code == 201
        assert pasted.stdout.startswith("HTTP/1.1 201")
        assert pasted.stdout.endswith(first.text)
        assert fresh.credential.secret not in line


@pytest.mark.parametrize(
    ("method", "path", "changed", "status"),
    [
        ("POST", "/leads", {"Authorization": "Bearer mega_wrong"}, 401),
        ("POST", "/leads", {"x-customer-id": "c2a9a0de-51f4-4c0b-8f0e-6a1d2b3c4d5e"}, 403),
        ("POST", "/led", {}, 404),
        ("PUT", "/leads", {}, 405),
        ("POST", "/leads", {"Prefer": "code=429"}, 429),
        ("POST", "/leads", {}, 429),
    ],
)
def test_the_body_of_a_request_that_was_answered_without_it_is_kept(
    control: ControlClient, method: str, path: str, changed: dict[str, str], status: int
) -> None:
    """What was sent can be found, seen and sent again, although nobody needed it to refuse."""
    access = control.create_tenant("mega", limits={"default": [{"limit": 1, "seconds": 3600}]})
    with httpx.Client(base_url=access.base_url, headers={**access.headers, **changed}) as http:
        if not changed:
            http.get("/leads")  # All that the limit allows.
        assert http.request(method, path, json={"contact_name": access.tenant.id}).status_code == status
    (found,) = control.requests(body=access.tenant.id)
    whole = control.request(found.id)
    assert whole["request"]["json"] == {"contact_name": access.tenant.id}
    assert access.tenant.id in whole["curl"].split("--data-raw")[1]


def test_a_body_that_never_comes_keeps_nobody_waiting_for_the_refusal(server: Live) -> None:
    """Where it is large, or the client asks first whether it is wanted."""
    for line in (b"Content-Length: 500000", b"Content-Length: 20\r\nExpect: 100-continue"):
        with server.connect() as connection:
            connection.sendall(b"POST /api/agents/crm/leads HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
