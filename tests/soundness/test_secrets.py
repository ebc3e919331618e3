"""A key that somebody puts where it does not belong is in no log, and in no report of the contract suite."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.serving import Serving, leadmock
from tests.soundness.crash import credential

CANARY = "C4nary" * 5 + "aB"
KEYS = (f"sqk_live_{CANARY}", f"crmlp_live_{CANARY}", f"ciq_{CANARY}", "mega_" + "c0ffee" * 10 + "dead")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_log_line_holds_a_key(form: str) -> None:
    with Serving("--log", form) as server, httpx.Client(base_url=server.origin, timeout=60) as client:
        for key in KEYS:
            _spread(client, key)
        _spread_raw(int(server.origin.rpartition(":")[2]), KEYS[0])
        last = client.get("/api/the-last-one")
        assert last.status_code == 404
        server.wait_for_line("the-last-one")
        assert server.text.count("/api/agents/crm/leads") > 20
        for key in KEYS:
            assert key.rpartition("_")[2] not in server.text


def _spread(client: httpx.Client, key: str) -> None:
    """The key in every place of a request."""
    mega, crm, salesiq = credential("mega"), credential("crmleadpro"), credential("salesiq")
    for name in (
        "Authorization",
        "x-api-key",
        "X-API-Key",
        "x-customer-id",
        "Idempotency-Key",
        "Cookie",
        "Referer",
        "Host",
    ):
        for value in (key, f"Bearer {key}"):
            client.post("/api/agents/crm/leads", json={"contact_name": "a"}, headers={**mega, name: value})
            client.get("/api/v1/leads", headers={name: value})
            client.get("/api/leads/capture", headers={name: value})
    for query in ("search", "api_key", "cursor", "sort_by", "status", key):
        client.get("/api/agents/crm/leads", params={query: key}, headers=mega)
        client.get("/api/v1/leads", params={query: key}, headers=crm)
    for path in (
        f"/api/{key}",
        f"/api/leads/capture/{key}",
        f"/api/v1/leads/{key}",
        f"/{key}",
        f"/api/v1/leads/%0a{key}",
    ):
        client.get(path, headers=crm)
        client.request("PATCH", path, json={"name": key}, headers=crm)
    for body in (
        {"contact_name": key},
        {"source_platform": key},
        {key: key},
        {"stage_slug": key},
        {"custom_fields": {key: key}},
    ):
        client.post("/api/agents/crm/leads", json=body, headers=mega)
        client.post("/api/agents/crm/leads/bulk", json={"leads": [body]}, headers=mega)
    client.post("/api/leads/capture", content=f'{{"{key}', headers={**salesiq, "Content-Type": "application/json"})
    client.post("/api/leads/capture", content=key, headers={**salesiq, "Content-Type": key})


def _spread_raw(port: int, key: str) -> None:
    for raw in (f"GET /{key} HTTP/9\r\n\r\n", f"{key} / HTTP/1.1\r\n\r\n", f"GET / HTTP/1.1\r\n{key}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(raw.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_log_of_webhooks_names_the_host_and_neither_path_nor_secret(form: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with Serving("--log", form) as server, httpx.Client(base_url=server.origin, timeout=60) as client:
        body = {"url": f"http://127.0.0.1:{port}/{CANARY}?token={CANARY}", "event_types": ["lead.created"]}
        answer = client.post("/api/agents/crm/lead-webhooks", json=body, headers=credential("mega"))
        assert answer.status_code == 201
        client.post("/api/agents/crm/leads", json={"contact_name": "Sam"}, headers=credential("mega"))
        assert f"127.0.0.1:{port}" in server.wait_for_line("attempt" if form == "text" else '"webhook"')
        assert CANARY not in server.text
        assert answer.json()["secret"] not in server.text


class _Echo(BaseHTTPRequestHandler):
    """The worst implementation to report on: it tells every caller the headers that it was sent."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.dumps({"error": str(self.headers), "again": list(self.headers.items())}).encode()
        self.send_response(500)
        self.send_header("X-Told", " ".join(self.headers.get_all("x-api-key", [])))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815  # http.server's names

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def echo() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_no_report_of_the_contract_suite_holds_a_key(echo: str, tmp_path: Path) -> None:
    files = {form: tmp_path / form for form in ("junit", "json", "html")}
    options = [part for form, file in files.items() for part in (f"--{form}", str(file))]
    key = f"ciq_{CANARY}"
    run = leadmock("verify", "convertiq", "--url", echo, "--credential", key, "--max-examples", "2", *options)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "BROKEN" in run.stdout
    told = {"output": run.stdout + run.stderr, **{form: file.read_text("utf-8") for form, file in files.items()}}
    assert [name for name, text in told.items() if CANARY in text] == []
