"""Nothing that is kept or shown holds a secret, and equal secrets stay equal."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from mockserver.contract import load
from mockserver.proxy.exchange import Answer, Exchange, Request, header
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
