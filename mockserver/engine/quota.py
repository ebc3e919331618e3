"""Plan quotas: how many records of a kind a tenant's plan holds (Q10, Q11)."""

from __future__ import annotations

from mockserver.engine.call import Call
from mockserver.engine.refusal import Refusal


async def check(call: Call) -> None:
    """Refuse to create one more record than the plan allows; duplicates must be answered before."""
    quota = call.operation.quota
    tenant = call.tenant
    if quota is None or tenant.plan is None or tenant.unlimited:
        return
    limit = call.contract.plans[tenant.plan].quotas.get(quota.kind)
    if limit is not None and await call.tx.count(quota.kind) >= limit:
        raise Refusal("quota-exceeded", f"The {tenant.plan} plan holds {limit} records of this kind")
