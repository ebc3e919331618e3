"""Signatures are what the vendors' receivers compute: over raw bytes, timestamp and, if so, id."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from mockserver.engine.signature import (
    SCHEMES,
    hmac_sha256,
    mega_headers,
    new_mega_secret,
    new_standard_webhooks_secret,
    standard_webhooks_headers,
    standard_webhooks_key,
)

BLOCK = 64


def hmac_from_its_definition(key: bytes, message: bytes) -> bytes:
    """RFC 2104, written out, so that the expectation does not come from the module under test."""
    if len(key) > BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(BLOCK, b"\0")
    inner = hashlib.sha256(bytes(k ^ 0x36 for k in key) + message).digest()
    return hashlib.sha256(bytes(k ^ 0x5C for k in key) + inner).digest()


def test_the_hmac_is_githubs_published_one() -> None:
    digest = hmac_sha256(b"It's a Secret to Everybody", b"Hello, World!")
    assert digest.hex() == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_mega_signs_timestamp_dot_body_with_the_whole_secret() -> None:
    secret, body = "mega_whsec_0123", b'{"event":"lead.created","name":"Zo\xc3\xab"}'
    digest = hmac_from_its_definition(secret.encode(), b"1782986400." + body)
    assert mega_headers(secret, body, 1782986400, "d-1") == {
        "X-Mega-Signature": f"sha256={digest.hex()}",
        "X-Mega-Timestamp": "1782986400",
        "X-Mega-Delivery": "d-1",
    }


def test_standard_webhooks_signs_id_timestamp_and_body_with_the_decoded_secret() -> None:
    key, body = bytes(range(32)), b'{"type":"deal.won"}'
    secret = "whsec_" + base64.b64encode(key).decode()
    digest = hmac_from_its_definition(key, b"msg_1.1782986400." + body)
    assert standard_webhooks_headers(secret, body, 1782986400, "msg_1") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1782986400",
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_standard_webhooks_agrees_with_the_vector_of_its_reference_libraries() -> None:
    headers = standard_webhooks_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b'{"test": 2432232314}',
        1614265330,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("name", SCHEMES)
def test_a_signature_depends_on_secret_body_and_timestamp(name: str) -> None:
    scheme = SCHEMES[name]
    secret = scheme.new_secret()

    def signature(secret: str, body: bytes, timestamp: int) -> str:
        headers = scheme.headers(secret, body, timestamp, "d-1")
        return next(value for key, value in headers.items() if key.lower().endswith("signature"))

    signatures = {
        signature(secret, b'{"a":1}', 100),
        signature(secret, b'{"a": 1}', 100),
        signature(secret, b'{"a":1}', 101),
        signature(scheme.new_secret(), b'{"a":1}', 100),
    }
    assert len(signatures) == 4
    assert signature(secret, b'{"a":1}', 100) in signatures


def test_only_standard_webhooks_stops_at_a_receiver_that_is_gone() -> None:
    assert {name: scheme.stops_on_gone for name, scheme in SCHEMES.items()} == {
        "mega-sha256": False,
        "standard-webhooks": True,
    }


def test_new_secrets_have_their_form_and_are_never_the_same() -> None:
    mega, standard = new_mega_secret(), new_standard_webhooks_secret()
    assert re.fullmatch(r"mega_whsec_[0-9a-f]{64}", mega)
    assert len(standard_webhooks_key(standard)) == 32
    assert mega != new_mega_secret()
    assert standard != new_standard_webhooks_secret()


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        (base64.b64encode(bytes(32)).decode(), "must start with whsec_"),
        ("whsec_not-base64!", "padded base64"),
        ("whsec_AAA", "padded base64"),
        ("whsec_Zo\u00eb=", "padded base64"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "holds 23"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "holds 65"),
        ("", "must start with whsec_"),
    ],
)
def test_a_malformed_secret_is_refused_and_not_repeated(secret: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refusal:
        standard_webhooks_key(secret)
    assert not secret or secret not in str(refusal.value)


@pytest.mark.parametrize("size", [24, 64])
def test_the_shortest_and_the_longest_secret_are_accepted(size: int) -> None:
    assert standard_webhooks_key("whsec_" + base64.b64encode(bytes(size)).decode()) == bytes(size)
