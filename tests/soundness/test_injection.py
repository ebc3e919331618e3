"""What a client sends stays data: in a page, in a line to paste, in the log, and on a connection with others."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.edge_cases.live import Live, parse
from tests.serving import Serving
from tests.soundness.wire import BODY, JSON, KEY, STATUS

HOSTS = (
    "$(id)",
    "`id`",
    "x;id",
    "a&b",
    "x';id;'",
    "<script>alert(1)</script>",
    'a"onload="b',
    "a|b",
    "a b",
    "[::1",
    "x\\y",
    "é",
)


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with Live() as live:
        yield live


@pytest.mark.parametrize("host", HOSTS)
def test_the_name_that_the_landing_page_is_called_by_is_no_markup_and_no_command(live: Live, host: str) -> None:
    """A browser takes many characters in a name; whoever owns a domain may point `$(id)` in it here."""
    answer = live.send(b"GET / HTTP/1.1\r\nConnection: close\r\nHost: " + host.encode() + b"\r\n\r\n")
    page = answer.body.decode()
    assert answer.status == 200
    assert "<script" not in page
    assert '"onload' not in page
    lines = re.findall("<pre>(.*?)</pre>", page, re.DOTALL)
    assert len(lines) == 4
    for line in lines:
        words = shlex.split(html.unescape(line))
        assert words[:3] == ["curl", "-X", "POST"]
        assert words[3].startswith("http://")
        assert words[4] == "-H"
        # As a shell reads it: nothing outside of quotes that it would act on.
        bare = re.sub(r"""'[^']*'|"'"|\\'""", "", html.unescape(line))
        assert not re.search(r"[$`;&|<>()]", bare), line


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_sent_begins_a_line_of_the_log_or_steers_a_terminal(form: str) -> None:
    hostile = "\r\n12:00:00 GET /api/forged 200\x1b[2J\u2028\u202e\x9b"
    with Serving("--log", form) as server, httpx.Client(base_url=server.origin, timeout=60) as client:
        client.get("/api/leads/" + quote(hostile, safe=""))
        client.get("/api/agents/crm/leads", params={"search": hostile}, headers={"Authorization": "Bearer x"})
        body = {"contact_name": "a", "custom_fields": {hostile: 1}, hostile: 1, "stage_slug": hostile}
        key = {
            "Authorization": "Bearer mega_" + "0123456789abcdef" * 4,
            "x-customer-id": "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11",
        }
        client.post("/api/agents/crm/leads", json=body, headers=key)
        body.pop("stage_slug")
        client.post("/api/agents/crm/leads", json=body, headers=key)
        client.get("/api/the-last-one")
        server.wait_for_line("the-last-one")
        told = server.lines[server.lines.index("Ready.") + 1 :]
        assert len(told) == 5, told
        assert all(line.isprintable() for line in told)
        if form == "json":
            assert [json.loads(line)["api"] for line in told] == ["salesiq", "mega", "mega", "mega", "salesiq"]


SMUGGLED = b"GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
FRAMES = {
    "both, chunked first": b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n",
    "both, length first": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n",
    "the same length twice": b"Content-Length: %d\r\nContent-Length: %d\r\n",
    "a list of lengths": b"Content-Length: 0, %d\r\n",
    "space before the colon": b"Content-Length: %d\r\nTransfer-Encoding : chunked\r\n",
    "vertical tab": b"Content-Length: %d\r\nTransfer-Encoding:\x0bchunked\r\n",
    "folded": b"Content-Length: %d\r\nTransfer-Encoding:\r\n chunked\r\n",
    "another coding last": b"Content-Length: %d\r\nTransfer-Encoding: chunked, identity\r\n",
    "no coding at all": b"Content-Length: %d\r\nTransfer-Encoding: x\r\n",
    "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: %d\r\n",
    "a plus": b"Content-Length: +%d\r\n",
    "a line ended by LF": b"Content-Length: %d\nTransfer-Encoding: chunked\r\n",
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_body_framed_in_two_ways_is_refused_and_the_connection_closed(live: Live, frame: bytes) -> None:
    """Else two programs in a row could see different requests."""
    lengths = (len(BODY),) * frame.count(b"%d")
    head = b"POST /api/leads/capture HTTP/1.1\r\nHost: x\r\n" + KEY + JSON + frame % lengths + b"\r\n"
    with live.connect() as connection:
        connection.sendall(head + b"0\r\n\r\n" + SMUGGLED)
        raw = b"".join(iter(lambda: connection.recv(65536), b""))
    assert STATUS.findall(raw) == [b"400"]
    assert parse(raw).headers["connection"] == "close"
    assert b"smuggled" not in raw
