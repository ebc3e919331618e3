"""Reading a request's body: size 413, media type 415, strict JSON 400, in that order (X1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.types import Receive

from mockserver.engine import strict_json
from mockserver.engine.refusal import Refusal
from mockserver.plan import Plan

_MOST_HEARD = 262_144  # Bytes; what is refused may be anybody's.


class ClientGone(Exception):
    """The client hung up before its body was complete: there is nobody to answer."""


async def read(plan: Plan, headers: Mapping[str, str], receive: Receive, heard: list[bytes]) -> Any:
    """The parsed body; raises a Refusal, or ClientGone. `heard` gets the pieces that came, whatever they were."""
    max_bytes = plan.operation.max_bytes
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise _too_large(max_bytes)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    raw: bytes = message.get("body", b"")
    heard.append(raw)
    if message.get("more_body"):
        raw = await _whole(heard, max_bytes, receive)
    if len(raw) > max_bytes:
        raise _too_large(max_bytes)
    if headers.get("content-type") not in plan.media_types or "content-encoding" in headers:
        check_media_type(plan, headers)
    if not raw.strip():
        raise Refusal("body-malformed", "The request body is empty; a JSON object is needed")
    try:
        return strict_json.parse(raw, plan.operation.max_depth)
    except strict_json.MalformedJSON as error:
        raise Refusal("body-malformed", f"The request body is not valid JSON: {error}") from None


async def hear(raw_headers: Iterable[tuple[bytes, bytes]], receive: Receive, heard: list[bytes]) -> None:
    """What has been announced of a body that nobody has read, since its request was answered without it: for whoever
    looks at that request. Nothing of a large one, and of one that a client only sends when it is asked to.
    """
    announced = {name: value for name, value in raw_headers if name in {b"content-length", b"expect"}}
    length = announced.get(b"content-length", b"0")
    if b"expect" in announced or not length.isdigit() or not 0 < int(length[:20]) <= _MOST_HEARD:
        return
    more = True
    while more:
        message = await receive()
        heard.append(message.get("body", b""))
        more = message.get("more_body", False)


async def _whole(chunks: list[bytes], max_bytes: int, receive: Receive) -> bytes:
    """The first chunk and all that follow, which are added; hardly more than the limit: then what came so far."""
    size, more = len(chunks[0]), True
    while more and size <= max_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large(max_bytes: int) -> Refusal:
    return Refusal("body-too-large", f"The request body may have at most {max_bytes} bytes")


def check_media_type(plan: Plan, headers: Mapping[str, str]) -> None:
    """Refuse a body that is not one of the operation's JSON media types in UTF-8 (cases 129 to 134)."""
    content_type = headers.get("content-type", "")
    if content_type not in plan.media_types:
        media_type, _, parameters = content_type.partition(";")
        accepted = " or ".join(sorted(plan.media_types))
        if media_type.strip().lower() not in plan.media_types:
            raise Refusal("media-type-unsupported", f"Content-Type must be {accepted}")
        for parameter in parameters.split(";"):
            name, _, value = parameter.strip().partition("=")
            if name.strip().lower() == "charset" and value.strip(' "').lower() not in {"utf-8", "utf8"}:
                raise Refusal("media-type-unsupported", f"Content-Type must be {accepted} in UTF-8")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal("media-type-unsupported", "Content-Encoding is not supported: send the body as it is")
