"""What a server sends after the head of an answer to HEAD is a finding, though HTTP clients throw it away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contract_tests.rule import Verdict
from tests.contract_suite.judged import described, verdicts_on
from tests.contract_suite.served import served

HEAD = "salesiq/getCaptureInfo/robustness-head"


class _Silent(BaseHTTPRequestHandler):
    """Answers GET and HEAD as HTTP has it."""

    body = b'{"service": "SalesIQ Auto Lead Capture"}'
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(self.body)

    def do_HEAD(self) -> None:
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Talkative(_Silent):
    """Answers HEAD with the body too."""

    def do_GET(self) -> None:
        super().do_HEAD()
        self.wfile.write(self.body)

    def do_HEAD(self) -> None:
        self.do_GET()


@contextmanager
def _answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _of_head(url: str) -> Verdict:
    return verdicts_on(replace(described("salesiq"), url=url, app=None), strict=True, only=(HEAD,))[0]


@pytest.mark.parametrize(("handler", "status"), [(_Silent, "kept"), (_Talkative, "broken")])
def test_a_body_in_an_answer_to_head_is_found(handler: type[BaseHTTPRequestHandler], status: str) -> None:
    with _answering(handler) as url:
        found = _of_head(url)
    assert found.status == status, found.detail


def test_a_server_that_keeps_bodies_to_itself_is_right() -> None:
    with served(described("salesiq").app) as url:
        assert _of_head(url).status == "kept"
