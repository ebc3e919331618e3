"""What passes through the proxy: a request, its answer, and what can be read of them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Headers = tuple[tuple[str, str], ...]

#: A body that unpacks to more than this is not looked into.
MOST_UNPACKED = 64 * 1024 * 1024

#: What `unpacked` can unpack.
READABLE = frozenset(("gzip", "x-gzip", "deflate", "identity"))

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_MOST_LEVELS = 200
_MOST_MEMBERS = 16  # gzip may come in several pieces, one after the other


class UnreadableError(Exception):
    """A body cannot be unpacked here; the text says why."""


class TooDeepError(ValueError):
    """JSON, perhaps, but nested too deep to be looked into."""

    def __init__(self) -> None:
        super().__init__("nested too deep to be read")


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is path and query as they were sent; names of headers as they came."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """As it was sent, without its question mark."""
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it came, packed if it was packed."""

    status: int
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """`answer` is None where the API gave none, and `failure` then says why. `started` and `ended` are seconds of a
    clock that only runs forward, `at` is the time of day of the request.
    """

    request: Request
    answer: Answer | None
    failure: str
    started: float
    ended: float
    at: datetime


def header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of a header, in whatever letter case, or None."""
    wanted = name.lower()
    return next((value for given, value in headers if given.lower() == wanted), None)


def unpacked(headers: Headers, body: bytes) -> bytes:
    """The body without its content encoding. Raises UnreadableError for a broken, huge or unknown one."""
    codings = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    for coding in reversed(codings.lower().split(",")):
        match coding.strip():
            case "" | "identity":
                continue
            case "gzip" | "x-gzip" | "deflate" if body:
                body = _inflated(body)
            case "gzip" | "x-gzip" | "deflate":
                continue
            case other:
                raise UnreadableError(f"packed as {other[:40]}, which is not unpacked here")
    return body


def _inflated(body: bytes) -> bytes:
    plain, rest = b"", body
    for _ in range(_MOST_MEMBERS):
        engine = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            plain += engine.decompress(rest, MOST_UNPACKED - len(plain) + 1)
        except zlib.error as error:
            raise UnreadableError(f"not what its Content-Encoding says: {error}") from None
        if len(plain) > MOST_UNPACKED:
            raise UnreadableError(f"more than {MOST_UNPACKED} bytes when unpacked")
        if not engine.eof:
            raise UnreadableError("packed, but cut off before its end")
        rest = engine.unused_data
        if not rest:
            return plain
    raise UnreadableError(f"packed in more than {_MOST_MEMBERS} pieces")


def media_type(headers: Headers) -> str:
    """The media type in lower case, without parameters; empty where there is none."""
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


def json_of(body: bytes) -> Any:
    """The value of a body in JSON. Raises ValueError, TooDeepError for what cannot be looked into."""
    try:
        value = json.loads(body)
    except RecursionError:
        raise TooDeepError from None
    if is_deep(value):
        raise TooDeepError
    return value


def is_deep(value: Any) -> bool:
    """Whether JSON is nested deeper than what looks into it can go."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        inside = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [one for values in inside for one in values]
    return bool(level)
