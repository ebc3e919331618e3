"""What the control plane works on: the parts of a running mock."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from mockserver.contract.model import Contract
from mockserver.control.call import Problem, unknown
from mockserver.control.emitting import Emitter
from mockserver.engine.access import Directory
from mockserver.engine.call import Tenant
from mockserver.engine.clock import AdjustableClock
from mockserver.engine.controls import Controls
from mockserver.journal import Pages
from mockserver.metrics import Metrics
from mockserver.registry import Registry
from mockserver.settings import Settings
from mockserver.store.base import Store
from mockserver.store.commons import Shelf


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """`seed` gives the demo tenants their first records; `emitters` are of the APIs that have such events."""

    settings: Settings
    contracts: Mapping[str, Contract]
    directories: Mapping[str, Directory]
    store: Store
    shelf: Shelf
    controls: Controls
    registry: Registry
    journal: Pages
    metrics: Metrics
    seed: Callable[[], Awaitable[None]]
    emitters: Mapping[str, Emitter]
    started: float = field(default_factory=time.monotonic)

    @property
    def clock(self) -> AdjustableClock:
        return self.controls.clock

    def contract(self, api: str) -> Contract:
        """The contract of an API that is served. Raises Problem 404."""
        if api not in self.contracts:
            raise unknown(f"there is no API {api[:50]!r} here", f"there are {', '.join(self.contracts)}")
        return self.contracts[api]

    def tenant(self, api: str, tenant_id: str) -> Tenant:
        """The tenant of an API. Raises Problem 404."""
        contract = self.contract(api)
        tenant = self.registry.tenant(api, tenant_id)
        if tenant is None:
            noun = contract.tenancy.noun
            raise unknown(f"{api} has no {noun} {tenant_id[:100]!r}", f"GET /_mock/tenants?api={api} lists them")
        return tenant

    def check_api(self, api: str | None) -> None:
        """Raises Problem 400 for a filter by an API that is not served: it would find nothing, for ever."""
        if api is not None and api not in self.contracts:
            raise Problem(400, f"api: there is no API {api!r} here; there are {', '.join(self.contracts)}")
