"""The tenants made while the server runs: kept in the state, so that they last and are shared by all who share it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.contract.model import Contract, Window
from mockserver.engine import ids, rate_limit
from mockserver.engine.access import Directory, Revocation
from mockserver.engine.call import Credential, Tenant
from mockserver.engine.clock import Clock
from mockserver.store.base import Record, Store
from mockserver.store.commons import Watched
from mockserver.tenants import new_credential, new_tenant

BOOK = "_mock:registry"
"""The store's tenant under which all this is kept. No API reaches it."""

_VERSION = "version"
_TENANT, _CREDENTIAL = "tenant", "credential"


class Registry:
    """Creates and revokes, and keeps the directories equal to what is in the state.

    Where others change the state too, whoever sees that its `version` is not the one that is `known` calls `refresh`.
    """

    def __init__(
        self,
        store: Store,
        contracts: Mapping[str, Contract],
        directories: Mapping[str, Directory],
        clock: Clock,
    ) -> None:
        self._store = store
        self._clock = clock
        self._contracts = contracts
        self._directories = directories
        self._demos = {each.tenant.key: each.tenant for directory in directories.values() for each in directory}
        self._deleted: frozenset[str] = frozenset()  # Keys of those that are gone, demo ones among them.
        self._version = 0
        self._known: dict[str, Credential] = {}  # Those that came out of the state, by id.
        # Those of tenants there are, demo ones among them, with their records.
        self._revoked: dict[str, tuple[Credential, Record]] = {}
        self._tenants: dict[str, Tenant] = {}  # Those that came out of the state, by key.

    @property
    def known(self) -> Watched:
        """The counter that each change changes, as it was at the last look."""
        return Watched(BOOK, _VERSION, self._version)

    def tenants(self, api: str | None = None) -> list[Tenant]:
        """The tenants there are, demo ones included, those of one API or of all; one without a valid key stays."""
        found = {key: tenant for key, tenant in self._demos.items() if key not in self._deleted}
        for directory in self._directories.values():
            found.update((credential.tenant.key, credential.tenant) for credential in directory)
        found.update(self._tenants)
        return [tenant for tenant in found.values() if api in {None, tenant.api}]

    def tenant(self, api: str, tenant_id: str) -> Tenant | None:
        """The tenant of an API with this id, or None."""
        return next((each for each in self.tenants(api) if each.id == tenant_id), None)

    async def create(  # noqa: PLR0913  # all but the first by name, each with a default
        self,
        api: str,
        *,
        tenant_id: str | None = None,
        name: str = "",
        plan: str | None = None,
        unlimited: bool = False,
        unmetered: bool = False,
        limits: Mapping[str, tuple[Window, ...]] | None = None,
        scopes: tuple[str, ...] | None = None,
        secret: str | None = None,
    ) -> Credential:
        """A fresh tenant and a first credential of it, valid at once. ValueError for what exists already.

        `limits` are windows of its own by bucket, in place of its plan's or the contract's.
        """
        contract = self._contracts[api]
        tenant = new_tenant(contract, tenant_id=tenant_id, name=name, plan=plan, unlimited=unlimited)
        tenant = replace(tenant, unmetered=unmetered, limits=dict(limits or {}))
        if self.tenant(api, tenant.id) is not None:
            raise ValueError(f"{api} has a tenant {tenant.id!r} already; choose another id, or leave it out")
        credential = self._fresh(tenant, scopes=scopes, secret=secret, name="")
        await self._write(Record(_TENANT, tenant.key, _data_of(tenant)), _record_of(credential))
        return self._known[credential.id]

    async def add_credential(
        self, tenant: Tenant, *, scopes: tuple[str, ...] | None = None, secret: str | None = None, name: str = ""
    ) -> Credential:
        """One more credential of a tenant. ValueError for a secret that is in use."""
        credential = self._fresh(tenant, scopes=scopes, secret=secret, name=name)
        await self._write(_record_of(credential))
        return self._known[credential.id]

    async def revoke(self, credential: Credential) -> None:
        """Make a credential invalid, for good; demo ones too."""
        await self._write(self._revoked_record(credential))

    async def delete(self, tenant: Tenant) -> None:
        """Revoke every credential of a tenant and forget all that it holds."""
        credentials = self._directories[tenant.api].of_tenant(tenant.id)
        records = [self._revoked_record(credential) for credential in credentials]
        await self._write(*records, _gone(tenant.key))
        await self._forget(tenant, credentials)

    async def reset(self, tenant: Tenant) -> None:
        """Forget all that a tenant holds and has used up; its credentials stay valid."""
        await self._forget(tenant, self._directories[tenant.api].of_tenant(tenant.id))

    async def _forget(self, tenant: Tenant, credentials: Iterable[Credential]) -> None:
        await self._store.reset(tenant.key)
        for meter in rate_limit.meters(self._contracts[tenant.api]).values():
            for credential in credentials:
                await meter.forget(self._store, credential)

    async def reset_all(self) -> None:
        """Forget all that the state holds but tenants and credentials."""
        await self.refresh()
        # Before anything is forgotten: whoever looks meanwhile finds nothing, and would have us keep as much.
        every = [_record_of(each) for each in self._known.values()]
        every += [record for _, record in self._revoked.values()]
        every += [Record(_TENANT, key, _data_of(tenant)) for key, tenant in self._tenants.items()]
        every += [_gone(key) for key in self._deleted & self._demos.keys()]
        await self._store.reset()
        ids.start_anew()
        await self._write(*every)

    async def refresh(self) -> bool:
        """Take over what has changed in the state since the last look; whether anything has."""
        async with self._store.transaction(BOOK) as tx:
            version = await tx.counter(_VERSION)
            if version == self._version:
                return False
            tenants = list(await tx.scan(_TENANT, archived=None))
            records = list(await tx.scan(_CREDENTIAL, archived=None))
        self._version = version
        self._deleted = frozenset(record.id for record in tenants if record.archived)
        made = [(record.id, record.data) for record in tenants if not record.archived]
        self._tenants = {key: self._tenant_of(data) for key, data in made if data["api"] in self._contracts}
        # What was revoked is valid again where the state, restored, knows nothing of it.
        for revoked, _ in self._revoked.values():
            self._directories[revoked.tenant.api].add(revoked)
        self._revoked = {}
        valid = {}
        for record in records:
            credential = self._credential_of(record.data)
            if credential is None:
                continue
            directory = self._directories[credential.tenant.api]
            if record.archived:
                directory.remove(credential)
                self._revoked[credential.id] = (credential, record)
            else:
                valid[credential.id] = credential
                directory.add(credential)
        for gone in self._known.keys() - valid.keys():
            self._directories[self._known[gone].tenant.api].remove(self._known[gone])
        self._known = valid
        self._remember([record.data for record in records if record.archived])
        return True

    def _remember(self, revoked: Iterable[Mapping[str, Any]]) -> None:
        """Tell the directories which keys were valid once, those of deleted tenants too."""
        found: dict[str, dict[str, Revocation]] = {api: {} for api in self._directories}
        for data in revoked:
            if data["api"] in found:
                credential = self._credential_of(data)
                tenant = None
                if credential is not None and credential.tenant.key not in self._deleted:
                    tenant = credential.tenant.id
                found[data["api"]][data["secret"]] = Revocation(data["name"], tenant, data.get("revoked_at"))
        for api, each in found.items():
            self._directories[api].remember_revoked(each)

    async def _write(self, *records: Record) -> None:
        async with self._store.transaction(BOOK) as tx:
            for record in records:
                await tx.put(record)
        await self.announce()

    async def announce(self) -> None:
        """Have everybody who shares the state read it anew, this process at once; after a restore, too."""
        async with self._store.transaction(BOOK) as tx:
            # By chance, since an older state that is restored has an older version.
            await tx.counter(_VERSION, 1 + secrets.randbelow(1 << 31))
        await self.refresh()

    def _revoked_record(self, credential: Credential) -> Record:
        record = _record_of(credential)
        return replace(record, data={**record.data, "revoked_at": self._clock.now()}, archived=True)

    def _fresh(self, tenant: Tenant, *, scopes: tuple[str, ...] | None, secret: str | None, name: str) -> Credential:
        contract = self._contracts[tenant.api]
        credential = new_credential(contract, tenant, secret=secret, scopes=scopes, name=name)
        if self._directories[tenant.api].find(credential.secret) is not None:
            raise ValueError("this secret is in use already; choose another, or leave it out")
        return credential

    def _tenant_of(self, data: Mapping[str, Any]) -> Tenant:
        contract = self._contracts[data["api"]]
        plan = data["plan"] if data["plan"] in contract.plans else None
        made = new_tenant(contract, tenant_id=data["id"], name=data["name"], plan=plan, unlimited=data["unlimited"])
        limits = {
            bucket: tuple(Window(limit, seconds) for limit, seconds in windows)
            for bucket, windows in data["limits"].items()
        }
        return replace(made, unmetered=data["unmetered"], limits=limits)

    def _credential_of(self, data: Mapping[str, Any]) -> Credential | None:
        """None where its API is not served, or its tenant has gone."""
        contract = self._contracts.get(data["api"])
        if contract is None:
            return None
        tenant = self._tenants.get(data["tenant"]) or self._demos.get(data["tenant"])
        if tenant is None:
            tenant = next((each for each in self.tenants(contract.name) if each.key == data["tenant"]), None)
        if tenant is None:
            return None
        return new_credential(contract, tenant, secret=data["secret"], scopes=tuple(data["scopes"]), name=data["name"])


def _gone(key: str) -> Record:
    """Says that the tenant with this key was deleted."""
    return Record(_TENANT, key, {}, archived=True)


def _record_of(credential: Credential) -> Record:
    data = {
        "api": credential.tenant.api,
        "tenant": credential.tenant.key,
        "secret": credential.secret,
        "scopes": sorted(credential.scopes),
        "name": credential.name,
    }
    return Record(_CREDENTIAL, f"{credential.tenant.api}:{credential.id}", data)


def _data_of(tenant: Tenant) -> dict[str, Any]:
    return {
        "api": tenant.api,
        "id": tenant.id,
        "name": tenant.name,
        "plan": tenant.plan,
        "unlimited": tenant.unlimited,
        "unmetered": tenant.unmetered,
        "limits": {
            bucket: [[window.limit, window.seconds] for window in windows] for bucket, windows in tenant.limits.items()
        },
    }
