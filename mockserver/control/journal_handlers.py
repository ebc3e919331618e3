"""Journal: find requests, count them, watch them, and have them explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from starlette.responses import Response, StreamingResponse

from mockserver.contract.model import Source
from mockserver.control.call import ControlCall, answer, unknown
from mockserver.control.explain import explain, rule_of
from mockserver.control.world import World
from mockserver.journal import Entry, Filter
from mockserver.rendering import curl, summary, whole
from mockserver.reply import dump
from mockserver.tenants import PLACEHOLDERS

_FILTERS = ("api", "operation", "tenant", "status", "method", "path", "body", "since")


async def list_requests(world: World, call: ControlCall) -> Response:
    wanted = _filter(world, call)
    found = await world.journal.find(wanted, call.query["limit"])
    return answer({"requests": [summary(entry) for entry in found], "total": await world.journal.count(wanted)})


async def count_requests(world: World, call: ControlCall) -> Response:
    return answer({"count": await world.journal.count(_filter(world, call))})


async def clear_requests(world: World, call: ControlCall) -> Response:
    world.check_api(call.query.get("api"))
    return answer({"count": await world.journal.clear(call.query.get("api"), call.query.get("tenant"))})


async def get_request(world: World, call: ControlCall) -> Response:
    entry = await _entry(world, call)
    rule = rule_of(entry, world.contracts[entry.api])
    return answer({**whole(entry), "rule": _told(rule), "curl": curl(entry, PLACEHOLDERS)})


async def explain_request(world: World, call: ControlCall) -> Response:
    entry = await _entry(world, call)
    others = await world.journal.find(Filter(entry.api, entry.operation, entry.tenant))
    found = explain(entry, world.contracts[entry.api], world.directories[entry.api], others)
    told = {
        **asdict(found),
        "request": entry.id,
        "status": entry.status,
        "reason": None if entry.refusal is None else entry.refusal.reason,
        "rule": _told(found.rule),
    }
    return answer(told)


async def stream_requests(world: World, call: ControlCall) -> Response:
    stream = _events(await world.journal.watch(_filter(world, call)))
    return StreamingResponse(stream, headers={"Cache-Control": "no-store"}, media_type="text/event-stream")


async def _events(entries: AsyncIterator[Entry]) -> AsyncIterator[bytes]:
    yield b": leadmock\n\n"  # At once, so that the viewer knows that it is connected.
    async for entry in entries:
        yield b"id: %d\nevent: request\ndata: %s\n\n" % (entry.number, dump(summary(entry)))


def _filter(world: World, call: ControlCall) -> Filter:
    world.check_api(call.query.get("api"))
    return Filter(**{name: call.query[name] for name in _FILTERS if name in call.query})


async def _entry(world: World, call: ControlCall) -> Entry:
    entry = await world.journal.get(call.path["request"])
    if entry is None:
        raise unknown(
            f"the journal has no request {call.path['request']}, or no longer", "GET /_mock/requests lists what it has"
        )
    return entry


def _told(rule: Source | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {"level": rule.level, "document": rule.document or rule.page or rule.decision, "text": rule.text}
