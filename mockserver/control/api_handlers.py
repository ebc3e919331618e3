"""APIs: what is served, and what of it the other calls can name."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mockserver.contract.model import Contract
from mockserver.control.call import ControlCall, answer
from mockserver.control.record_handlers import kinds_of
from mockserver.control.seed_handlers import example_row
from mockserver.control.world import World


async def list_apis(world: World, _call: ControlCall) -> Response:
    return answer({"apis": [_told(world, contract) for contract in world.contracts.values()]})


def _told(world: World, contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name,
        "title": contract.title,
        "base_path": contract.base_path,
        "tenant_noun": contract.tenancy.noun,
        "plans": list(contract.plans),
        "kinds": kinds_of(contract),
        "operations": [
            {"id": operation.id, "method": operation.method, "path": operation.path, "summary": operation.summary}
            for operation in contract.operations.values()
        ],
        "seed_example": example_row(contract),
        "events": [event.name for event in contract.events] if contract.name in world.emitters else [],
    }
