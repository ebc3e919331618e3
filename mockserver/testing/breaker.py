"""The faults that a test asks for: of one API, and of one tenant of it or of all."""

from __future__ import annotations

from typing import Any

from mockserver.contract.model import Contract
from mockserver.engine.faults import Fault, FaultKind, Faults
from mockserver.reply import dump

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True


class Breaker:
    """Switches on faults of this API and tenant, None = everybody."""

    def __init__(self, faults: Faults, contract: Contract, tenant: str | None) -> None:
        self._faults = faults
        self._contract = contract
        self._tenant = tenant

    def add(self, kind: FaultKind, times: int, operation: str | None, **more: Any) -> None:
        """`more` as in Fault. ValueError or TypeError where it could never strike, or its answer could not be sent."""
        check_operation(self._contract, operation)
        try:
            dump(more.get("body"))
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"body={more['body']!r}: must be JSON, such as {{'message': 'Bad gateway'}}; {error}"
            ) from None
        fault = Fault(kind, api=self._contract.name, operation=operation, tenant=self._tenant, times=times, **more)
        try:
            self._faults.add(fault)
        except (TypeError, ValueError) as error:
            raise type(error)(str(error)) from None

    def clear(self) -> None:
        """Switch off all of them."""
        self._faults.clear(self._contract.name, self._tenant)


def check_operation(contract: Contract, operation: str | None) -> None:
    """ValueError for an operationId that the API does not have."""
    if operation is not None and operation not in contract.operations:
        there = ", ".join(sorted(contract.operations))
        raise ValueError(f"{contract.title} has no operation {operation!r}; there are {there}")
