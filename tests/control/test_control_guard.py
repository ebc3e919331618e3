"""Who may call the control plane, and who may not."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mockserver.client import ControlClient, ControlError
from mockserver.settings import Settings
from tests.edge_cases.live import Live
from tests.serving import Serving, leadmock

TOKEN = "a-token-of-the-test"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Live]:
    with Live(Settings(apis=("mega",), control_token=TOKEN)) as live:
        yield live


def test_without_the_token_nothing_but_health_is_told(guarded: Live) -> None:
    with ControlClient(guarded.origin) as client:
        assert client.health()["status"] == "ok"
        client.wait_until_ready()
        with pytest.raises(ControlError, match="control token") as refusal:
            client.tenants()
        assert refusal.value.status == 401
        with pytest.raises(ControlError, match="control token"):
            client.call("GET", "/nothing")
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Bearer", f"Basic {TOKEN}", "Bearer é"):
        answer = httpx.get(f"{guarded.origin}/_mock/tenants", headers={b"Authorization": wrong.encode("latin-1")})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_with_the_token_everything_is_under_any_name(guarded: Live) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "mock.example"}
    assert httpx.get(f"{guarded.origin}/_mock/tenants", headers=headers).status_code == 200
    with ControlClient(guarded.origin, token=TOKEN) as client:
        assert len(client.tenants()) == 2


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "[::1]:80", "a.localhost", "LOCALHOST."])
def test_this_machine_is_called_by_its_own_names(server: Live, host: str) -> None:
    assert httpx.get(f"{server.origin}/_mock/clock", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "evil.example@localhost",
        "evil.example/@127.0.0.1",
        "localhost:80:80",
        "localhost#evil.example",
        "localhost evil.example",
        "mock",
        "",
        "[x",
    ],
)
def test_a_foreign_name_is_refused(server: Live, host: str) -> None:
    """DNS rebinding: a page from elsewhere whose name was made to lead here."""
    answer = httpx.get(f"{server.origin}/_mock/clock", headers={"Host": host})
    assert answer.status_code in {400, 403}
    if answer.status_code == 403:
        assert "--control-token" in answer.json()["detail"]


@pytest.mark.parametrize("hosts", [("localhost", "evil.example"), ("evil.example", "localhost"), ("localhost",) * 2])
def test_two_names_are_one_too_many(server: Live, hosts: tuple[str, str]) -> None:
    """What stands in between may have looked at the other one."""
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    answer = server.send(f"GET /_mock/clock HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
    assert answer.status == 403
    assert b"more than once" in answer.body


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
def test_a_page_from_elsewhere_does_not_hide_behind_another(server: Live, name: str) -> None:
    """What stands in between may have added its own."""
    own, foreign = (server.origin, "http://evil.example") if name == "Origin" else ("same-origin", "cross-site")
    headers = [(name, own), (name, foreign)]
    assert httpx.get(f"{server.origin}/_mock/clock", headers=headers).status_code == 403
    assert httpx.get(f"{server.origin}/_mock/clock", headers=headers[:1]).status_code == 200


@pytest.mark.parametrize("path", ["/reset", "/clock/reset", "/tenants/crmleadpro/demo-workspace/reset"])
def test_no_webhook_reaches_it(server: Live, control: ControlClient, path: str) -> None:
    """Who has no more than a key of an API must not reset the mock by the mock's own deliveries."""
    access = control.create_tenant("crmleadpro")
    contact = {"name": "Ada", "email": "ada@example.com"}
    hook = {"url": f"{server.origin}/_mock{path}", "events": ["lead.created"]}
    with httpx.Client(base_url=access.base_url, headers=dict(access.headers)) as client:
        assert client.post("/webhooks", json=hook).status_code == 201
        assert client.post("/leads", json=contact).status_code == 201
    server.run(server.mock.sender.settle())
    (delivery,) = control.deliveries("crmleadpro", access.tenant.id)
    assert delivery.attempts[0]["status"] == 403
    assert len(control.records("crmleadpro", access.tenant.id)) == 1


@pytest.mark.parametrize("agent", ["leadmock/0.1.0", "leadmock", "LeadMock/99 (x)"])
def test_a_delivery_is_known_by_its_user_agent(server: Live, agent: str) -> None:
    answer = httpx.post(f"{server.origin}/_mock/clock/reset", headers={"User-Agent": agent})
    assert answer.status_code == 403
    assert "takes no webhooks" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://["},
        {"Origin": "http://a]b["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_from_elsewhere_may_do_nothing(server: Live, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{server.origin}/_mock/reset", headers=headers)
    assert answer.status_code == 403
    assert "control plane may not be called" in answer.json()["detail"]


def test_a_page_of_its_own_may(server: Live) -> None:
    headers = {"Origin": server.origin, "Sec-Fetch-Site": "same-origin"}
    assert httpx.post(f"{server.origin}/_mock/clock/reset", headers=headers).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["/reset", "/clock/freeze", "/faults", "/tenants"])
def test_what_a_form_can_send_is_refused(server: Live, kind: str, path: str) -> None:
    answer = httpx.post(f"{server.origin}/_mock{path}", content=b'{"kind": "drop"}', headers={"Content-Type": kind})
    assert answer.status_code == 415


def test_a_body_without_a_type_is_refused(server: Live) -> None:
    assert httpx.post(f"{server.origin}/_mock/faults", content=b'{"kind": "drop"}').status_code == 415


def test_a_body_that_is_too_large_is_refused(server: Live) -> None:
    body = b'{"at": "' + b"x" * (16 * 1024 * 1024) + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{server.origin}/_mock/clock/freeze", content=body, headers=headers)
    assert answer.status_code == 413


def test_a_method_that_is_not_there_is_refused_with_those_that_are(server: Live) -> None:
    answer = httpx.put(f"{server.origin}/_mock/faults")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")
    answer = httpx.head(f"{server.origin}/_mock/faults")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", ["/_mock/%0A", "/_mock/tenants/mega/%0A/reset", "/_mock/%2F", "/_mock/ä"])
def test_odd_paths_are_told_in_the_same_form(server: Live, path: str) -> None:
    answer = httpx.get(server.origin + path)
    assert answer.status_code in {404, 405}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_server_for_other_machines_makes_up_a_token_and_tells_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it is given one; a variable that is empty gives none, as where Compose passes on what nobody has set."""
    monkeypatch.setenv("LEADMOCK_CONTROL_TOKEN", "")
    with Serving("--api", "mega", "--host", "0.0.0.0") as serving:  # noqa: S104  # that is the point
        line = serving.wait_for_line("Control plane: ")
        token = line.rpartition("token: ")[2]
        assert serving.text.count(token) == 1
        assert httpx.get(f"{serving.origin}/_mock/clock").status_code == 401
        refused = leadmock("clock", "show", "--url", serving.origin)
        assert refused.returncode == 2
        assert "give it with --token, or in $LEADMOCK_CONTROL_TOKEN" in refused.stderr
        shown = leadmock("clock", "show", "--url", serving.origin, "--token", token)
        assert (shown.returncode, shown.stdout.splitlines()[2]) == (0, "frozen: false")


def test_a_token_that_anybody_would_guess_is_refused() -> None:
    refused = leadmock("serve", "--control-token", "x")
    assert refused.returncode == 2
    assert "8 or more" in refused.stderr
