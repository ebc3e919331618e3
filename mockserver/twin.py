"""The built-in mock as something to be verified: fresh tenants of one API, with every kind of credential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockserver.app import Mock
from mockserver.engine.call import Credential
from mockserver.settings import Settings

_NAMES_OF_WINDOWS = {60: "per_minute", 3600: "per_hour"}


class Twin:
    """A mock of its own for one API. `described` is what a target file would say of it, but for an address."""

    def __init__(self, api: str, database: str | None = None) -> None:
        # Retries as fast as a test can wait for.
        self.mock = Mock(Settings(apis=(api,), database=database, webhook_pace=0.05))
        self.api = api
        self._contract = self.mock.contracts[api]

    def described(self) -> dict[str, Any]:
        """Credentials and facts in the shape of a target file's table."""
        main = self.mock.add_tenant(self.api, unlimited=True)
        other = self.mock.add_tenant(self.api, unlimited=True)
        credentials = [self._told("full", main), self._told("other", other)]
        scopes = [scope for scheme in self._contract.security.values() for scope in scheme.scopes]
        credentials.append(self._told("colleague", self.mock.add_credential(main)))
        for scope in scopes:
            narrow = self.mock.add_credential(main, scopes=(scope,))
            credentials.append(self._told(scope.partition(":")[2] or scope, narrow, scopes=[scope]))
        credentials += self._limited()
        facts = self._facts(main, other)
        return {"credentials": credentials, "facts": facts}

    def _limited(self) -> list[dict[str, Any]]:
        plan = next((name for name, plan in self._contract.plans.items() if plan.quotas), self._contract.default_plan)
        first = self.mock.add_tenant(self.api, plan=plan)
        second = self.mock.add_credential(first)
        limits = self._limits(plan)
        told = [self._told(name, one, limits=limits) for name, one in (("limited", first), ("limited too", second))]
        quota = self._contract.plans[plan].quotas.get("lead") if plan else None
        if quota:
            capped = self.mock.add_tenant(self.api, plan=plan, unmetered=True)
            told.append(self._told("capped", capped, limits={"max_leads": quota}))
        return told

    def _limits(self, plan: str | None) -> dict[str, int]:
        limits: dict[str, int] = {}
        for operation in self._contract.operations.values():
            if operation.rate_limit is None:
                continue
            bucket = operation.rate_limit.bucket
            windows = operation.rate_limit.windows
            if windows is None:
                windows = self._contract.plans[plan].rate_limits.get(bucket, ()) if plan else ()
            for window in windows:
                name = _NAMES_OF_WINDOWS[window.seconds]
                limits[name if bucket == "default" else f"{bucket}_{name}"] = window.limit
        if plan and "lead" in self._contract.plans[plan].quotas:
            limits["max_leads"] = self._contract.plans[plan].quotas["lead"]
        return limits

    def _told(
        self,
        name: str,
        credential: Credential,
        *,
        scopes: Sequence[str] | None = None,
        limits: dict[str, int] | None = None,
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"name": name, "token": credential.secret, "tenant": credential.tenant.id}
        if scopes is not None:
            told["scopes"] = list(scopes)
        return {**told, "unlimited": True} if limits is None else {**told, "limits": limits}

    def _facts(self, main: Credential, other: Credential) -> dict[str, Any]:
        world = main.tenant.world
        facts: dict[str, Any] = {}
        if "stages" in world:
            facts["stages"] = list(world["stages"])
            facts["custom_fields"] = sorted(set(world["custom_fields"]) - {"lead_line"})
            facts["owner_id"] = next(iter(world["owners"]))
            facts["foreign_owner_id"] = next(iter(other.tenant.world["owners"]))
        if "pipelines" in world:
            facts["pipelines"] = {
                slug: [stage["slug"] for stage in pipeline["stages"]] for slug, pipeline in world["pipelines"].items()
            }
        return facts
