"""What a handler gets and gives: the Call and the Reply, and who is calling."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.contract.model import Contract, Operation, Window
from mockserver.contract.schema import Validator
from mockserver.settings import Settings
from mockserver.store.base import Transaction


@dataclass(frozen=True, slots=True)
class Tenant:
    """One workspace, customer or account: the wall that no request sees across.

    `key` names it in the store ("mega:<customer id>"), `id` is what the vendor's API shows. `unmetered`: no
    rate limits; `unlimited`: no quotas either. `limits` are windows of its own by bucket. `world` is what it has
    been set up with (stages, users, pipelines), by vendor.
    """

    key: str
    id: str
    name: str
    api: str
    plan: str | None = None
    unmetered: bool = False
    unlimited: bool = False
    limits: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    world: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or token: belongs to one tenant and carries scopes. `id` names it where the secret must not
    appear: in counters and logs.
    """

    secret: str
    tenant: Tenant
    name: str
    scopes: frozenset[str] = frozenset()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.secret.encode("utf-8", "surrogateescape")).hexdigest()
        object.__setattr__(self, "id", digest[:16])


@dataclass(slots=True)
class Call:
    """One request that has passed the guards before its body, and what its handler needs to answer it.

    `path` and `query` hold checked values; `body` is parsed JSON, checked before the handler sees it, and
    `row_validator` checks one row of a batch. The handler sets `outcome`: what happened, in words for the
    request log. `now` is in epoch seconds.
    """

    contract: Contract
    operation: Operation
    settings: Settings
    tenant: Tenant
    tx: Transaction
    now: float
    headers: Mapping[str, str]
    body: Any = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    row_validator: Validator | None = None
    outcome: str = ""


@dataclass(slots=True)
class Reply:
    """A handler's answer: `body` is JSON data, or None for no body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
