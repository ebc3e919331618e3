"""Records made by the vendor's own operation, but by no request."""

from __future__ import annotations

from typing import Any

from mockserver import vendors
from mockserver.contract.model import Contract, Operation
from mockserver.engine.access import Directory
from mockserver.engine.call import Call, Reply, Tenant
from mockserver.engine.refusal import invalid_body
from mockserver.plan import compile_plan
from mockserver.settings import Settings
from mockserver.store.base import Transaction


class Creator:
    """Carries out one operation of an API.

    What it makes keeps every rule of the vendor (validation, deduplication, defaults, quotas), and uses up no limit,
    fault or journal.
    """

    def __init__(self, contract: Contract, operation: Operation, directory: Directory, settings: Settings) -> None:
        handler = getattr(vendors.module(contract.name), operation.id)
        self._plan = compile_plan(contract, operation, handler, directory)
        self._settings = settings

    async def create(self, tx: Transaction, tenant: Tenant, body: Any, now: float) -> tuple[Reply, str]:
        """What the operation answers to this body, and in words what happened. `now` in epoch seconds. Raises Refusal.

        Who may do so, and how often, does not matter.
        """
        plan = self._plan
        if plan.body is not None and not plan.body.is_valid(body):
            raise invalid_body(*plan.body.errors(body))
        call = Call(plan.contract, plan.operation, self._settings, tenant, tx, now, {}, body)
        reply = await plan.handler(call)
        return reply, call.outcome + plan.ignored(body)
