"""What a fault does to one request: before it is served, and to its answer on the way out."""

from __future__ import annotations

from starlette.types import Scope, Send

from mockserver import wire
from mockserver.contract.model import Contract
from mockserver.engine.faults import BODILESS, Fault
from mockserver.engine.refusal import Refusal
from mockserver.reply import Answer, dump, refuse, render

_PIECES = 20  # Of an answer that drips.
_GARBAGE = b"\x00<malformed>"


async def instead(fault: Fault, contract: Contract, scope: Scope, heard: wire.Heard) -> Answer | None:
    """Wait as long as the fault says; then what is answered instead of serving the request, None = nothing."""
    if fault.latency:
        await wire.pause(scope, heard.wait, fault.latency)
    if fault.kind == "drop":
        return render(503, None, {})  # Never sent.
    if fault.kind == "rate-limit":
        headers = {**fault.headers, "Retry-After": str(fault.retry_after)}
        return refuse(contract, Refusal("rate-limited", "Rate limit exceeded", (), headers, 429), {})
    if fault.kind != "status":
        return None
    if fault.body is not None:
        return _own_answer(fault)
    if fault.status in BODILESS:
        return render(fault.status, None, fault.headers)
    return refuse(contract, Refusal("internal", "A fault that was switched on", (), fault.headers, fault.status), {})


def _own_answer(fault: Fault) -> Answer:
    """The answer that the fault brings with it: JSON, or text as it is where it names another media type."""
    headers = {name.lower(): value for name, value in fault.headers.items()}
    media_type = headers.pop("content-type", "application/json")
    as_it_is = isinstance(fault.body, str) and "json" not in media_type
    body = fault.body.encode() if as_it_is else dump(fault.body)
    answer = render(fault.status, body, headers)
    pairs = ((name, media_type.encode() if name == b"content-type" else value) for name, value in answer.headers)
    return Answer(answer.status, tuple(pairs), body)


async def send(fault: Fault, answer: Answer, scope: Scope, heard: wire.Heard, send: Send) -> None:
    """Send the answer as the fault lets it through."""
    if fault.kind in {"drop", "lost-response"}:
        await wire.close(scope, heard)
        return
    headers, body = answer.headers, answer.body
    if fault.kind == "malformed" and body:
        body = body[: len(body) // 2] + _GARBAGE
        length = (b"content-length", str(len(body)).encode())
        headers = (*(pair for pair in headers if pair[0] != b"content-length"), length)
    if scope["method"] == "HEAD":
        body = b""
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if fault.kind == "truncate":
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await wire.close(scope, heard)
        return
    if fault.kind == "slow":
        await _drip(body, fault.seconds, scope, heard, send)
        return
    await send({"type": "http.response.body", "body": body})


async def _drip(body: bytes, seconds: float, scope: Scope, heard: wire.Heard, send: Send) -> None:
    size = max(1, -(-len(body) // _PIECES))
    pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    for piece in pieces:
        await wire.pause(scope, heard.wait, seconds / len(pieces))
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
