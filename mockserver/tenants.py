"""Tenants and their credentials: fresh ones for tests, and the demo ones that are the same at every start."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mockserver import vendors
from mockserver.contract.model import Contract
from mockserver.engine.call import Credential, Tenant
from mockserver.settings import Settings


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo tenant: `secrets` maps each credential to its scopes (None: all there are)."""

    id: str
    name: str
    secrets: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    seeded: bool = False


# The first secret of the first tenant is the one that is shown at start. The placeholders that the
# vendors print in their examples are valid, so that those examples work as they stand.
DEMOS: Mapping[str, tuple[Demo, ...]] = MappingProxyType(
    {
        "salesiq": (
            Demo("demo-workspace", "demo workspace", {"sqk_live_your_api_key": None}),
            Demo("second-workspace", "second workspace", {"sqk_live_second_workspace": None}),
        ),
        "mega": (
            Demo(
                "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11",
                "demo customer",
                {
                    "mega_" + "0123456789abcdef" * 4: None,
                    "mega_" + "aaaabbbbccccdddd" * 4: ("public_api:leads:read",),
                },
                seeded=True,
            ),
            Demo(
                "c2a9a0de-51f4-4c0b-8f0e-6a1d2b3c4d5e",
                "second customer",
                {"mega_" + "fedcba9876543210" * 4: None},
            ),
        ),
        "convertiq": (
            Demo("demo-account", "demo account", {"ciq_your_api_key_here": None, "YOUR_API_KEY": None}),
            Demo("second-account", "second account", {"ciq_second_account": None}),
        ),
        "crmleadpro": (
            Demo(
                "demo-workspace",
                "demo workspace",
                {"crmlp_live_" + "x" * 32: None, "YOUR_API_KEY": None},
                seeded=True,
            ),
            Demo("second-workspace", "second workspace", {"crmlp_test_" + "y" * 32: None}),
        ),
    }
)
PLACEHOLDERS = frozenset(secret for demos in DEMOS.values() for demo in demos for secret in demo.secrets)
"""The secrets that are none: they are printed in documentation and at each start."""


def new_tenant(
    contract: Contract,
    *,
    tenant_id: str | None = None,
    name: str = "",
    plan: str | None = None,
    unlimited: bool = False,
) -> Tenant:
    """A tenant with the vendor's usual world; its id is a fresh UUID where none is given."""
    own_id = tenant_id or str(uuid.uuid4())
    world = vendors.module(contract.name).world(own_id)
    key = f"{contract.name}:{own_id}"
    own_plan = plan or contract.default_plan
    return Tenant(key, own_id, name or own_id, contract.name, plan=own_plan, unlimited=unlimited, world=world)


def new_credential(
    contract: Contract,
    tenant: Tenant,
    *,
    secret: str | None = None,
    scopes: tuple[str, ...] | None = None,
    name: str = "",
) -> Credential:
    """A credential of `tenant`, with every scope where none are given."""
    every = frozenset(scope for scheme in contract.security.values() for scope in scheme.scopes)
    own_secret = secret or vendors.module(contract.name).new_secret()
    return Credential(own_secret, tenant, name or tenant.name, every if scopes is None else frozenset(scopes))


def demo_credentials(contract: Contract, settings: Settings) -> list[Credential]:
    """The demo credentials of one API, the one to show first."""
    credentials = []
    for demo in DEMOS[contract.name]:
        tenant = new_tenant(
            contract,
            tenant_id=demo.id,
            name=demo.name,
            plan=settings.plans.get(contract.name),
            unlimited=settings.unlimited,
        )
        tenant = replace(tenant, unmetered=settings.unmetered)
        credentials += [
            new_credential(contract, tenant, secret=secret, scopes=scopes) for secret, scopes in demo.secrets.items()
        ]
    return credentials
