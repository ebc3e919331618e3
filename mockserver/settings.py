"""Frozen settings of one server. No environment is read here: the command line decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server behaves beyond its contracts.

    `plans` maps an API to the plan of its demo tenant. `webhook_pace` multiplies every retry delay
    (0.01 = a hundred times faster). `loopback_webhooks` lets webhooks go to http://127.0.0.1 and
    http://localhost (decision M64). `unmetered` switches rate limits off,
    `unlimited` rate limits and quotas. `journal` requests are kept to look at, the newest (0 = none), of at most
    `journal_bytes` in all. `control_token`, where there is one, is demanded by the control plane. `workers`
    processes answer at the server's address.
    """

    apis: tuple[str, ...] = ("salesiq", "mega", "convertiq", "crmleadpro")
    database: str | None = None
    plans: Mapping[str, str] = field(default_factory=dict)
    unmetered: bool = False
    unlimited: bool = False
    loopback_webhooks: bool = True
    webhook_pace: float = 1.0
    journal: int = 1000
    journal_bytes: int = 32 * 1024 * 1024
    control_token: str | None = None
    workers: int = 1
