"""State: start again, take a snapshot, go back to one."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mockserver.control.call import ControlCall, Problem, answer, nothing, unknown
from mockserver.control.world import Snapshot, World
from mockserver.engine.clock import iso_ms

_MOST_SNAPSHOTS = 10  # Each is a copy of the whole state in memory.


async def reset(world: World, _call: ControlCall) -> Response:
    await world.registry.reset_all()
    world.journal.clear()
    world.faults.clear()
    world.clock.reset()
    await world.seed()
    return answer({"status": "ok"})


async def reset_tenant(world: World, call: ControlCall) -> Response:
    tenant = world.tenant(call.path["api"], call.path["tenant"])
    await world.registry.reset(tenant)
    world.journal.clear(tenant.api, tenant.id)
    world.faults.clear(tenant=tenant.id)
    await world.seed()
    return answer({"status": "ok"})


async def list_snapshots(world: World, _call: ControlCall) -> Response:
    return answer({"snapshots": [_told(snapshot) for snapshot in world.snapshots.values()]})


async def take_snapshot(world: World, call: ControlCall) -> Response:
    name = call.path["name"]
    if name not in world.snapshots and len(world.snapshots) >= _MOST_SNAPSHOTS:
        raise Problem(409, f"{_MOST_SNAPSHOTS} snapshots are held: {', '.join(world.snapshots)}; delete one first")
    snapshot = Snapshot(name, world.clock.now(), await world.store.snapshot())
    world.snapshots[name] = snapshot
    return answer(_told(snapshot))


async def restore_snapshot(world: World, call: ControlCall) -> Response:
    snapshot = _snapshot(world, call)
    await world.store.restore(snapshot.state)
    await world.registry.announce()
    return answer(_told(snapshot))


async def delete_snapshot(world: World, call: ControlCall) -> Response:
    del world.snapshots[_snapshot(world, call).name]
    return nothing()


def _snapshot(world: World, call: ControlCall) -> Snapshot:
    snapshot = world.snapshots.get(call.path["name"])
    if snapshot is None:
        raise unknown(f"there is no snapshot {call.path['name']!r}", "GET /_mock/snapshots lists them")
    return snapshot


def _told(snapshot: Snapshot) -> dict[str, Any]:
    return {"name": snapshot.name, "taken_at": iso_ms(snapshot.taken_at)}
