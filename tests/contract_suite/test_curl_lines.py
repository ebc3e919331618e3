"""The curl lines of a report: pasted into any POSIX shell, they send what was sent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from contract_tests.target import Credential
from contract_tests.trace import Secrets, curl
from contract_tests.wire import Request
from mockserver.docs import credential_headers
from mockserver.engine.call import Credential as Key
from tests.edge_cases.live import Live

BODIES = {
    "all bytes": bytes(range(256)),
    "lines": b"a\r\n\tb\n",
    "quotes": b'it\'s "$HOME" `id` \\n %s \\0101 \x00',
    "dash": b"-n \\c\n",
    "text": 'é "$HOME"'.encode(),
    "nothing": b"",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with Live() as live:
        yield live


@pytest.fixture
def key(server: Live) -> Key:
    return next(iter(server.mock.directories["mega"]))


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_of_any_bytes_is_sent_as_it_was(server: Live, key: Key, shell: str, body: bytes) -> None:
    contract = server.mock.contracts["mega"]
    headers = (("Content-Type", "application/json"), *credential_headers(contract, key).items())
    line = curl(Request("POST", "/api/agents/crm/leads", headers, body), Secrets([]))
    assert line.isprintable()
    subprocess.run(
        [shell], input=line, env={**os.environ, "URL": server.origin}, capture_output=True, text=True, check=True
    )
    entry = next(iter(server.mock.journal))
    assert (entry.method, entry.path, entry.body) == ("POST", "/api/agents/crm/leads", body)


def test_a_secret_in_such_a_body_is_not_told(key: Key) -> None:
    secrets = Secrets([Credential("full", key.secret)])
    line = curl(Request("POST", "/x", (), f"a\nkey={key.secret}\n".encode()), secrets)
    assert key.secret not in line
    assert "$FULL_KEY" in line
