"""Health: is it up, can it serve, what has it done."""

from __future__ import annotations

import time
from collections import Counter

from starlette.responses import Response

from mockserver import __version__
from mockserver.control.call import ControlCall, answer
from mockserver.control.record_handlers import kinds_of
from mockserver.control.world import World
from mockserver.metrics import CONTENT_TYPE
from mockserver.registry import BOOK


async def get_health(world: World, _call: ControlCall) -> Response:
    told = {
        "status": "ok",
        "version": __version__,
        "uptime_seconds": round(time.monotonic() - world.started, 3),
        "apis": list(world.contracts),
        "journal": world.journal.limit,
        "shared": world.controls.shared,
    }
    return answer(told)


async def get_readiness(world: World, _call: ControlCall) -> Response:
    async with world.store.transaction(BOOK) as tx:
        await tx.counter("version")
    return answer({"status": "ready"})


async def get_metrics(world: World, _call: ControlCall) -> Response:
    records: Counter[tuple[str, str]] = Counter()
    deliveries: Counter[tuple[str, str]] = Counter()
    for tenant in world.registry.tenants():
        async with world.store.transaction(tenant.key) as tx:
            held = await tx.kinds()
        # A figure that is nought is told too: one that comes and goes cannot be watched.
        for kind in {*kinds_of(world.contracts[tenant.api]), *held}:
            records[tenant.api, kind] += held.get(kind, 0)
        for delivery, _ in await world.store.deliveries(tenant.key):
            deliveries[tenant.api, delivery.state] += 1
    counted = await world.metrics.whole()
    return Response(counted.exposition(records, deliveries), headers={"Content-Type": CONTENT_TYPE})
