"""State: start again, take a snapshot, go back to one."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mockserver.control.call import ControlCall, Problem, answer, nothing, unknown
from mockserver.control.world import World
from mockserver.engine.clock import AdjustableClock, iso_ms
from mockserver.store.commons import ShelfFullError


async def reset(world: World, _call: ControlCall) -> Response:
    # First the clock: what is made from now on is of the present, ids included.
    await world.controls.move(AdjustableClock.reset)
    await world.registry.reset_all()
    await world.journal.clear()
    await world.controls.clear()
    await world.seed()
    return answer({"status": "ok"})


async def reset_tenant(world: World, call: ControlCall) -> Response:
    tenant = world.tenant(call.path["api"], call.path["tenant"])
    await world.registry.reset(tenant)
    await world.journal.clear(tenant.api, tenant.id)
    await world.controls.clear(tenant=tenant.id)
    await world.seed()
    return answer({"status": "ok"})


async def list_snapshots(world: World, _call: ControlCall) -> Response:
    return answer({"snapshots": [_told(name, at) for name, at in (await world.shelf.taken()).items()]})


async def take_snapshot(world: World, call: ControlCall) -> Response:
    name, at = call.path["name"], world.clock.now()
    try:
        await world.shelf.take(name, at)
    except ShelfFullError as full:
        raise Problem(409, f"{full}; delete one first") from None
    return answer(_told(name, at))


async def restore_snapshot(world: World, call: ControlCall) -> Response:
    name = call.path["name"]
    at = await world.shelf.restore(name)
    if at is None:
        raise _unknown(name)
    await world.registry.announce()
    return answer(_told(name, at))


async def delete_snapshot(world: World, call: ControlCall) -> Response:
    if not await world.shelf.delete(call.path["name"]):
        raise _unknown(call.path["name"])
    return nothing()


def _unknown(name: str) -> Problem:
    return unknown(f"there is no snapshot {name!r}", "GET /_mock/snapshots lists them")


def _told(name: str, at: float) -> dict[str, Any]:
    return {"name": name, "taken_at": iso_ms(at)}
