"""YAML is slow to read, and nobody waits for it but who has sent it."""

from __future__ import annotations

import asyncio
import json

import pytest

from mockserver.app import Mock
from mockserver.settings import Settings

pytestmark = pytest.mark.anyio


async def test_others_are_served_while_yaml_is_read() -> None:
    mock, tenant = Mock(Settings(apis=("mega",))), "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11"
    body = b"- {a: b}\n" * 40_000  # Refused as soon as it has been read: it has too many rows.
    delivered = asyncio.Event()
    answer: list[bytes] = []

    async def receive() -> dict[str, object]:
        delivered.set()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        answer.append(json.dumps(message.get("status")).encode() + bytes(message.get("body", b"")))  # type: ignore[call-overload]

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/_mock/tenants/mega/{tenant}/seed",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/yaml")],
    }
    seeding = asyncio.create_task(mock(scope, receive, send))  # type: ignore[arg-type]  # as a server would
    await delivered.wait()
    assert not seeding.done(), "nobody else had a turn before the YAML was read"
    await seeding
    assert answer[0].startswith(b"400")
    assert b"2000" in answer[1]
