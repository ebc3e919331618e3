"""Webhooks: deliveries with their attempts, sending again, and events that no operation fires."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from mockserver.control.call import ControlCall, Problem, answer, unknown
from mockserver.control.world import World
from mockserver.engine.call import Tenant
from mockserver.engine.clock import iso_ms
from mockserver.engine.refusal import Refusal
from mockserver.engine.signature import SCHEMES
from mockserver.engine.webhooks import KIND, Subscription, policies
from mockserver.rendering import without_secrets
from mockserver.store.base import Attempt, Delivery

_Kept = tuple[Delivery, tuple[Attempt, ...]]


async def list_deliveries(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    state, event = call.query.get("state"), call.query.get("event")
    found = [
        each
        for each in reversed(await world.store.deliveries(tenant.key))
        if state in {None, each[0].state} and event in {None, each[0].event}
    ]
    page = found[call.query["offset"] :][: call.query["limit"]]
    return answer({"deliveries": await _told(world, tenant, page), "total": len(found)})


async def get_delivery(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    return answer((await _told(world, tenant, [await _delivery(world, tenant, call)]))[0])


async def redeliver(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    delivery, _ = await _delivery(world, tenant, call)
    async with world.store.transaction(tenant.key) as tx:
        await tx.enqueue(replace(delivery, state="pending", attempt=0, next_at=world.clock.now()))
    return answer((await _told(world, tenant, [await _delivery(world, tenant, call)]))[0], 202)


async def emit_event(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    emitter = world.emitters.get(tenant.api)
    if emitter is None:
        able = ", ".join(world.emitters) or "no API here has any"
        raise unknown(f"{tenant.api} has no events that can be made to happen", f"those that have: {able}")
    try:
        return answer(await emitter.emit(tenant.key, call.body))
    except Refusal as refusal:
        raise Problem(404 if refusal.reason == "record-unknown" else 400, refusal.message, refusal.errors) from None


def _tenant(world: World, call: ControlCall) -> Tenant:
    return world.tenant(call.path["api"], call.path["tenant"])


async def _delivery(world: World, tenant: Tenant, call: ControlCall) -> _Kept:
    wanted = call.path["delivery"]
    for delivery, attempts in await world.store.deliveries(tenant.key):
        if delivery.id == wanted:
            return delivery, attempts
    way_out = f"GET /_mock/tenants/{tenant.api}/{tenant.id}/deliveries lists them"
    raise unknown(f"{tenant.name} has no delivery {wanted[:100]!r}, or no longer", way_out)


async def _told(world: World, tenant: Tenant, deliveries: Sequence[_Kept]) -> list[dict[str, Any]]:
    async with world.store.transaction(tenant.key) as tx:
        records = {record.id: record for record in await tx.scan(KIND, archived=None)}
    subscriptions = {record_id: Subscription.of(record) for record_id, record in records.items()}
    return [_one(world, tenant, kept, subscriptions.get(kept[0].subscription_id)) for kept in deliveries]


def _one(world: World, tenant: Tenant, kept: _Kept, subscription: Subscription | None) -> dict[str, Any]:
    delivery, attempts = kept
    return {
        "id": delivery.id,
        "api": delivery.api,
        "tenant": tenant.id,
        "event": delivery.event,
        "state": delivery.state,
        "url": None if subscription is None else subscription.url,
        "subscription": delivery.subscription_id,
        "attempt": delivery.attempt,
        "created_at": iso_ms(delivery.created_at),
        "next_at": iso_ms(delivery.next_at) if delivery.state == "pending" else None,
        "payload": without_secrets(json.loads(delivery.payload)),
        "attempts": [
            {
                "number": attempt.number,
                "at": iso_ms(attempt.at),
                "status": attempt.status,
                "error": attempt.error,
                "milliseconds": round(attempt.seconds * 1000, 3),
                "signature": _signature(world, delivery, attempt, subscription),
            }
            for attempt in attempts
        ],
    }


def _signature(
    world: World, delivery: Delivery, attempt: Attempt, subscription: Subscription | None
) -> Mapping[str, str] | None:
    """The headers that signed an attempt: a function of the payload, the second and the secret."""
    policy = policies([world.contracts[delivery.api]]).get(delivery.api)
    if policy is None or subscription is None:
        return None
    try:
        return SCHEMES[policy.signature].headers(subscription.secret, delivery.payload, int(attempt.at), delivery.id)
    except ValueError:  # A secret that cannot sign: the attempt's error says so.
        return None
