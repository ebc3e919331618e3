"""Faults: switch them on and off."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from mockserver.contract.document import did_you_mean
from mockserver.contract.schema import FieldError
from mockserver.control.call import ControlCall, answer, invalid, nothing, unknown
from mockserver.control.world import World
from mockserver.engine.faults import BODILESS, Fault, settable


async def list_faults(world: World, _call: ControlCall) -> Response:
    return answer({"faults": [asdict(fault) for fault in world.controls.faults]})


async def add_fault(world: World, call: ControlCall) -> Response:
    _check_names(world, call.body)
    if call.body["kind"] == "latency" and not call.body.get("latency"):
        raise invalid(FieldError("/latency", "is how many seconds to wait, and has to be given for this kind"))
    return answer(asdict(await world.controls.add(Fault(**call.body))), 201)


async def get_fault(world: World, call: ControlCall) -> Response:
    fault = world.controls.faults.get(call.path["fault"])
    if fault is None:
        raise _unknown(call)
    return answer(asdict(fault))


async def remove_fault(world: World, call: ControlCall) -> Response:
    if not await world.controls.remove(call.path["fault"]):
        raise _unknown(call)
    return nothing()


async def clear_faults(world: World, call: ControlCall) -> Response:
    world.check_api(call.query.get("api"))
    return answer({"count": await world.controls.clear(call.query.get("api"), call.query.get("tenant"))})


def _check_names(world: World, body: dict[str, Any]) -> None:
    """A fault for something that does not exist would never strike, and nobody would know why."""
    api, operation = body.get("api"), body.get("operation")
    world.check_api(api)
    contracts = world.contracts.values() if api is None else [world.contracts[api]]
    known = [name for contract in contracts for name in contract.operations]
    if operation is not None and operation not in known:
        raise invalid(FieldError("/operation", f"is no operation; {did_you_mean(operation, known)}"))
    tenants = world.registry.tenants(api)
    if "tenant" in body and body["tenant"] not in {tenant.id for tenant in tenants}:
        raise invalid(FieldError("/tenant", "is the id of no tenant; GET /_mock/tenants lists them"))
    for name in body.get("headers", {}):
        if not settable(name):
            raise invalid(FieldError("/headers", f"{name[:50]!r} is no header that can be set here; leave it out"))
    if body.get("status") in BODILESS and body.get("body") is not None:
        raise invalid(FieldError("/body", f"an answer with status {body['status']} has no body; leave it out"))


def _unknown(call: ControlCall) -> Exception:
    return unknown(f"there is no fault {call.path['fault'][:100]!r}, or no longer", "GET /_mock/faults lists them")
