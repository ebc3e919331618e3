"""How a webhook is signed: one pure function a scheme, over the exact bytes that are sent."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MEGA_SECRET_PREFIX = "mega_whsec_"  # noqa: S105 - the prefix is public, what follows it is not.
STANDARD_SECRET_PREFIX = "whsec_"  # noqa: S105 - as above.
_SECRET_BYTES = 32
_STANDARD_KEY_BYTES = range(24, 65)

Headers = Callable[[str, bytes, int, str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to sign: `headers(secret, payload, timestamp, delivery_id)`, timestamp in epoch seconds.
    `stops_on_gone`: a receiver that answers 410 gets nothing more.
    """

    headers: Headers
    new_secret: Callable[[], str]
    stops_on_gone: bool = False


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The raw 32 bytes of HMAC-SHA-256."""
    return hmac.new(key, message, hashlib.sha256).digest()


def mega_headers(secret: str, payload: bytes, timestamp: int, delivery_id: str) -> dict[str, str]:
    """MEGA: hex over `timestamp.payload`, keyed with the whole secret as text (1.1, webhooks page)."""
    signed = b"%d." % timestamp + payload
    return {
        "X-Mega-Signature": f"sha256={hmac_sha256(secret.encode(), signed).hex()}",
        "X-Mega-Timestamp": str(timestamp),
        "X-Mega-Delivery": delivery_id,
    }


def standard_webhooks_headers(secret: str, payload: bytes, timestamp: int, delivery_id: str) -> dict[str, str]:
    """Standard Webhooks 1.0.0: base64 over `id.timestamp.payload`. ValueError for a malformed secret."""
    signed = b"%s.%d." % (delivery_id.encode(), timestamp) + payload
    digest = hmac_sha256(standard_webhooks_key(secret), signed)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def standard_webhooks_key(secret: str) -> bytes:
    """The key inside `whsec_<base64>`: 24 to 64 bytes. ValueError says what is wrong without the secret."""
    if not secret.startswith(STANDARD_SECRET_PREFIX):
        raise ValueError(f"the secret must start with {STANDARD_SECRET_PREFIX}, followed by base64")
    try:
        key = base64.b64decode(secret.removeprefix(STANDARD_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the secret after {STANDARD_SECRET_PREFIX} must be padded base64") from None
    if len(key) not in _STANDARD_KEY_BYTES:
        raise ValueError(f"the secret must hold 24 to 64 bytes, this one holds {len(key)}")
    return key


def new_mega_secret() -> str:
    """A fresh `mega_whsec_` secret of 32 random bytes in hex."""
    return MEGA_SECRET_PREFIX + secrets.token_hex(_SECRET_BYTES)


def new_standard_webhooks_secret() -> str:
    """A fresh `whsec_` secret of 32 random bytes in base64."""
    return STANDARD_SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "mega-sha256": Scheme(mega_headers, new_mega_secret),
        "standard-webhooks": Scheme(standard_webhooks_headers, new_standard_webhooks_secret, stops_on_gone=True),
    }
)
