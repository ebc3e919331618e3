"""Records: what a tenant holds, which keys are remembered, and what is left of its limits."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from mockserver.contract.model import Contract
from mockserver.control.call import ControlCall, answer, unknown
from mockserver.control.world import World
from mockserver.engine import rate_limit
from mockserver.engine.call import Tenant
from mockserver.engine.clock import iso_ms
from mockserver.rendering import without_secrets
from mockserver.store.base import Record

_MOST_KEYS = 1000


def kinds_of(contract: Contract) -> list[str]:
    """The kinds of records that operations of an API make."""
    kinds = (operation.record_kind for operation in contract.operations.values())
    return list(dict.fromkeys(kind for kind in kinds if kind is not None))


async def list_records(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    kind, offset, limit = call.query["kind"], call.query["offset"], call.query["limit"]
    archived = None if call.query["archived"] else False
    text = call.query.get("text", "").casefold()
    async with world.store.transaction(tenant.key) as tx:
        if text:
            found = [record for record in await tx.scan(kind, archived) if _holds(record, text)]
            records, total = found[offset : offset + limit], len(found)
        else:
            # The dashboard asks every few seconds: a million records are not to be read each time.
            records = list(await tx.scan(kind, archived, start=offset, limit=limit))
            total = await tx.count(kind, archived)
        kinds = await tx.kinds(archived=None)
    told = {"records": [_told(record) for record in records], "total": total, "kinds": kinds}
    return answer(told)


async def get_record(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    async with world.store.transaction(tenant.key) as tx:
        record = await tx.get(call.path["kind"], call.path["id"])
    if record is None:
        what = f"{tenant.name} has no {call.path['kind'][:50]} {call.path['id'][:100]!r}"
        raise unknown(what, f"GET /_mock/tenants/{tenant.api}/{tenant.id}/records lists them")
    return answer(_told(record))


async def list_idempotency_keys(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    now = world.clock.now()
    operations = world.contracts[tenant.api].operations
    keys = []
    for scoped, remembered in await world.store.answers(tenant.key, _MOST_KEYS):
        name, _, key = scoped.partition(":")
        rule = operations[name].idempotency if name in operations else None
        if rule is None or remembered.expires_at <= now:
            continue
        created_at = remembered.expires_at - rule.retention_seconds
        keys.append(
            {
                "operation": name,
                "key": key,
                "status": remembered.status,
                "created_at": iso_ms(created_at),
                "age_seconds": max(0.0, round(now - created_at, 3)),
                "expires_at": iso_ms(remembered.expires_at),
            }
        )
    return answer({"keys": keys})


async def get_limits(world: World, call: ControlCall) -> Response:
    tenant = _tenant(world, call)
    return answer({"windows": await _windows(world, tenant), "quotas": await _quotas(world, tenant)})


async def _windows(world: World, tenant: Tenant) -> list[dict[str, Any]]:
    contract, now = world.contracts[tenant.api], world.clock.now()
    meters = rate_limit.meters(contract)
    return [
        {
            "credential": credential.id,
            "name": credential.name,
            "bucket": bucket,
            "limit": usage.limit,
            "seconds": usage.seconds,
            "used": usage.used,
            "remaining": max(0, usage.limit - usage.used),
            "resets_in_seconds": max(0.0, round(usage.resets_at - now, 3)) if usage.used else 0.0,
        }
        for credential in world.directories[tenant.api].of_tenant(tenant.id)
        for bucket, meter in meters.items()
        for usage in await meter.usage(world.store, credential, now)
    ]


async def _quotas(world: World, tenant: Tenant) -> list[dict[str, Any]]:
    plan = world.contracts[tenant.api].plans.get(tenant.plan or "")
    if plan is None or tenant.unlimited:
        return []
    async with world.store.transaction(tenant.key) as tx:
        used = {kind: await tx.count(kind) for kind in plan.quotas}
    return [
        {"kind": kind, "limit": limit, "used": used[kind], "remaining": max(0, limit - used[kind])}
        for kind, limit in plan.quotas.items()
    ]


def _holds(record: Record, text: str) -> bool:
    """Whether it is anywhere in what is shown of the record; `text` is case-folded."""
    return not text or text in json.dumps(_told(record), ensure_ascii=False).casefold()


def _tenant(world: World, call: ControlCall) -> Tenant:
    return world.tenant(call.path["api"], call.path["tenant"])


def _told(record: Record) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "id": record.id,
        "archived": record.archived,
        "keys": dict(record.keys),
        "data": without_secrets(record.data),
    }
