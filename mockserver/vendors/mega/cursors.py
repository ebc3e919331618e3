"""Cursors of MEGA's list: signed, for one customer and one sort."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

import orjson

from mockserver.contract.schema import FieldError
from mockserver.engine.call import Call
from mockserver.engine.refusal import Refusal, invalid_parameter
from mockserver.store.base import Record

SORTS = frozenset(("created_at", "updated_at"))

_PREFIX = "c1."
_SIGNATURE_BYTES = 12


async def make(call: Call, sort: str, direction: str, last: Record) -> str:
    """The cursor of the page that follows `last`."""
    content = orjson.dumps([sort, direction, last.data[sort], last.id])
    return _encode(_signature(await _key(call), content) + content)


async def read(call: Call, cursor: str, sort: str, direction: str) -> tuple[str, str]:
    """The sort value and id that the page begins after; raises parameter-invalid for any cursor that was
    not given to this customer, or for another sort.
    """
    if sort not in SORTS:
        raise _bad(f"cannot be used with sort_by={sort}, only with created_at and updated_at")
    try:
        text = cursor.removeprefix(_PREFIX)
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise _bad("is not a cursor of this API") from None
    signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    # Encoding again shows a change that decoding does not: the last character has bits to spare.
    if _encode(raw) != cursor or not hmac.compare_digest(signature, _signature(await _key(call), content)):
        raise _bad("is not a cursor that was given to you")
    made_for, made_dir, value, lead_id = orjson.loads(content)
    if (made_for, made_dir) != (sort, direction):
        raise _bad(f"was made for sort_by={made_for} and sort_dir={made_dir}; use it with those")
    return value, lead_id


async def _key(call: Call) -> bytes:
    """The customer's signing key, made at first need and kept with its records."""
    record = await call.tx.get("cursor-key", "current")
    if record is None:
        record = Record("cursor-key", "current", {"key": secrets.token_hex(32)})
        await call.tx.put(record)
    return bytes.fromhex(record.data["key"])


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bad(problem: str) -> Refusal:
    return invalid_parameter(FieldError("/cursor", problem))
