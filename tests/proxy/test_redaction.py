"""Nothing that is kept or shown holds a secret, and equal secrets stay equal."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime

import pytest

from mockserver.contract import load
from mockserver.proxy.exchange import Answer, Exchange, Headers, Request, header
from mockserver.proxy.redaction import Redactor

TOKEN = "mega_" + "0a1b2c3d4e5f6789" * 4


def _exchange(request: Request, answer: Answer | None = None) -> Exchange:
    return Exchange(request, answer, "", 0.0, 0.1, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_secret_has_one_placeholder_wherever_it_stands() -> None:
    redactor = Redactor(load("mega"))
    request = Request(
        "POST",
        f"/leads?token={TOKEN}&limit=5",
        (("authorization", f"Bearer {TOKEN}"), ("x-customer-id", "c1")),
        json.dumps({"note": f"my key is {TOKEN}", "n": 1}).encode(),
    )
    found = redactor.exchange(_exchange(request, Answer(200, (), TOKEN.encode())))
    assert header(found.request.headers, "authorization") == "Bearer <redacted-1>"
    assert header(found.request.headers, "x-customer-id") == "c1"
    assert found.request.target == "/leads?token=<redacted-1>&limit=5"
    assert json.loads(found.request.body) == {"note": "my key is <redacted-1>", "n": 1}
    assert found.answer is not None
    assert found.answer.body == b"<redacted-1>"
    other = redactor.exchange(_exchange(Request("GET", "/leads", (("Authorization", "Bearer another-key"),))))
    assert header(other.request.headers, "authorization") == "Bearer <redacted-2>"


@pytest.mark.parametrize("name", ["secret", "webhook_secret", "clientSecret", "password", "access_token", "api_key"])
def test_a_member_with_the_name_of_a_secret_is_hidden_at_any_depth(name: str) -> None:
    body = json.dumps({"webhook": [{name: "s3c", "url": "https://x.example/h"}]}).encode()
    found = Redactor().exchange(_exchange(Request("POST", "/", (), body)))
    assert json.loads(found.request.body) == {"webhook": [{name: "<redacted-1>", "url": "https://x.example/h"}]}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://me:pass-word@x.example/", "https://me:<redacted-1>@x.example/"),
        ("https://x.example/?a=1&api_key=abc", "https://x.example/?a=1&api_key=<redacted-1>"),
        ("https://x.example/?sig=abc#top", "https://x.example/?sig=<redacted-1>#top"),
        ("mega_whsec_abcdefgh1234", "<redacted-1>"),
        (f"use {TOKEN} now", "use <redacted-1> now"),
        ("https://x.example/?cursor=abc&stage=key", "https://x.example/?cursor=abc&stage=key"),
    ],
)
def test_secrets_in_texts_are_hidden_and_nothing_else(text: str, hidden: str) -> None:
    assert Redactor(load("mega")).text(text) == hidden


def test_what_is_no_json_or_packed_is_looked_through_too() -> None:
    redactor = Redactor(load("mega"))
    broken = redactor.exchange(_exchange(Request("POST", "/", (), b'{"secret": "hush-hush", ')))
    assert broken.request.body == b'{"secret": "<redacted-1>", '
    form = redactor.exchange(_exchange(Request("POST", "/", (), b"user=me&password=hush-hush")))
    assert form.request.body == b"user=me&password=<redacted-1>"
    packed = Answer(
        200, (("Content-Encoding", "gzip"), ("Content-Length", "9")), gzip.compress(b'{"secret":"hush-hush"}')
    )
    found = redactor.exchange(_exchange(Request("GET", "/", ()), packed)).answer
    assert found == Answer(200, (), b'{"secret":"<redacted-1>"}')


def test_a_body_without_secrets_keeps_its_very_bytes() -> None:
    body = b'{ "a" : 1.0,\n "b":"\\u00e9" }'
    assert Redactor().exchange(_exchange(Request("POST", "/", (), body))).request.body == body


def test_what_was_redacted_once_stays_as_it_is() -> None:
    request = Request(
        "POST", "/?token=<redacted-7>", (("Authorization", "Bearer <redacted-3>"),), b'{"secret":"<redacted-9>"}'
    )
    assert Redactor(load("mega")).request(request) == request


@pytest.mark.parametrize(
    ("request_headers", "answer"),
    [
        pytest.param(
            (("Authorization", "Bearer a-wrong+key/1"),),
            Answer(401, (("X-Key", "a-wrong+key/1"), ("Location", "/?k=a-wrong%2Bkey%2F1")), b"{}"),
            id="told back in headers",
        ),
        pytest.param(
            (("Authorization", "ApiKey a-wrong+key/1"),),
            Answer(401, (), b"no: a-wrong+key/1"),
            id="of an unknown scheme",
        ),
        pytest.param((("X-Webhook-Secret", "a-wrong+key/1"),), Answer(200, (), b"{}"), id="in a header named so"),
        pytest.param(
            (("Authorization", "Bearer a-wrong+key/1"),),
            Answer(401, (), b'{"next": "/leads?after=a-wrong%2Bkey%2F1"}'),
            id="as an address spells it",
        ),
        pytest.param((), Answer(200, (), b'{"secret": "a-wrong+key/1", "name": "Jos\xe9"}'), id="not in UTF-8"),
        pytest.param((), Answer(200, (), '{"secret": "a-wrong+key/1"}'.encode("utf-16")), id="in UTF-16"),
        pytest.param((), Answer(200, (), b'{"secret": "a-wrong+key/1", "secret": null}'), id="under a name twice"),
        pytest.param(
            (), Answer(200, (), json.dumps({"raw": '{"secret": "a-wrong+key/1"}'}).encode()), id="in JSON within JSON"
        ),
        pytest.param(
            (),
            Answer(200, (("Content-Encoding", "gzip"),), gzip.compress(b'{"secret": "a-wrong+key/1"}')[:-4]),
            id="packed and cut off",
        ),
        pytest.param(
            (),
            Answer(200, (("Content-Encoding", "br"),), b"a-wrong+key/1"),
            id="packed as nobody can read here",
        ),
        pytest.param(
            (),
            Answer(
                200,
                (("Content-Encoding", "identity"), ("Content-Encoding", "gzip")),
                gzip.compress(b'{"secret": "a-wrong+key/1"}'),
            ),
            id="packed, as a second header says",
        ),
    ],
)
def test_a_secret_is_hidden_wherever_it_comes_back(request_headers: Headers, answer: Answer) -> None:
    found = Redactor(load("mega")).exchange(_exchange(Request("GET", "/leads", request_headers), answer))
    assert found.answer is not None
    told = f"{found.request} {found.answer} {found.answer.body.decode('utf-16', 'replace')}".encode(
        "latin-1", "replace"
    )
    # What is packed is looked for in what it unpacks to.
    told += zlib.decompressobj(47).decompress(found.answer.body) if found.answer.body[:2] == b"\x1f\x8b" else b""
    assert b"a-wrong" not in told


def test_what_cannot_be_unpacked_is_said_not_to_be_recorded() -> None:
    answer = Answer(200, (("Content-Encoding", "br"), ("Content-Type", "application/json")), b"\x0b\x02")
    found = Redactor().exchange(_exchange(Request("GET", "/", ()), answer)).answer
    told = b"<not recorded: packed as br, which is not unpacked here>"
    assert found == Answer(200, (("Content-Type", "application/json"),), told)


def test_what_is_packed_in_pieces_is_looked_through_whole() -> None:
    packed = gzip.compress(b'{"a": 1, ') + gzip.compress(b'"secret": "hush-hush"}')
    answer = Answer(200, (("Content-Encoding", "gzip"),), packed)
    found = Redactor().exchange(_exchange(Request("GET", "/", ()), answer)).answer
    assert found == Answer(200, (), b'{"a":1,"secret":"<redacted-1>"}')


@pytest.mark.parametrize("levels", [300, 500, 800, 5000])
def test_what_is_nested_deep_is_looked_through_as_text(levels: int) -> None:
    body = b"[" * levels + f'"{TOKEN}"'.encode() + b"]" * levels
    found = Redactor(load("mega")).exchange(_exchange(Request("POST", "/", (), body))).request
    assert found.body == body.replace(TOKEN.encode(), b"<redacted-1>")
