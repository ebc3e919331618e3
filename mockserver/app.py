"""All wiring, on one page: contracts, state, pipeline, webhooks and docs become one ASGI application."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import connexion.spec
import orjson
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.main import API
from connexion.resolver import RelativeResolver
from connexion.spec import Specification
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import __version__, vendors
from mockserver.contract import load
from mockserver.contract.kept import code_in, kept
from mockserver.contract.model import Contract
from mockserver.control.emitting import emitters, event_routes
from mockserver.control.operations import ControlSpec
from mockserver.control.plane import ControlPlane
from mockserver.control.world import World
from mockserver.dashboard import dashboard_routes
from mockserver.docs import control_docs, docs_app
from mockserver.engine.access import Directory
from mockserver.engine.call import Credential
from mockserver.engine.clock import AdjustableClock, Clock
from mockserver.engine.controls import Controls, SharedControls
from mockserver.engine.courier import Carrier
from mockserver.engine.sender import AttemptReport, Sender, SenderOptions
from mockserver.engine.webhooks import policies
from mockserver.garbage import uncollected
from mockserver.journal import Journal, OwnPages, Pages, SharedJournal
from mockserver.metrics import Metrics, SharedMetrics
from mockserver.pipeline import Exchange, Pipeline
from mockserver.registry import Registry
from mockserver.settings import Settings
from mockserver.store import Store, open_store
from mockserver.store.shelf import OwnShelf
from mockserver.tenants import DEMOS, demo_credentials, new_credential, new_tenant


def _specification(contract: Contract) -> Specification:
    """The contract as connexion has read and validated it, which takes connexion longer than all the rest."""

    def read() -> Specification:
        return Specification.load(copy.deepcopy(contract.document))

    document = orjson.dumps(contract.document)
    return kept(f"{contract.name}.connexion", [document, code_in(Path(connexion.spec.__file__).parent)], read)


class Mock:
    """The mock server: an ASGI application, and what tests and the command line reach into."""

    @uncollected()
    def __init__(  # noqa: PLR0913  # all but the first by name, each with a default
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        observe: Callable[[Exchange], None] | None = None,
        on_attempt: Callable[[AttemptReport], None] | None = None,
        on_ready: Callable[[], None] | None = None,
        store: Store | None = None,
        courier: Carrier | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = clock if isinstance(clock, AdjustableClock) else AdjustableClock(clock)
        self.contracts: Mapping[str, Contract] = {name: load(name) for name in self.settings.apis}
        self.store: Store = store or open_store(self.settings.database)
        self.directories = {
            name: Directory(demo_credentials(contract, self.settings)) for name, contract in self.contracts.items()
        }
        self.registry = Registry(self.store, self.contracts, self.directories, self.clock)
        self.controls = self._new_controls()
        self.faults = self.controls.faults
        self.journal = Journal(
            limit=self.settings.journal if self.store.commons is None else 0, max_bytes=self.settings.journal_bytes
        )
        self._pages = self._new_pages()
        self.metrics = Metrics() if self.store.commons is None else SharedMetrics(self.store.commons.tally)
        self._on_attempt = on_attempt
        options = SenderOptions(
            pace=self.settings.webhook_pace,
            allow_loopback=self.settings.loopback_webhooks,
            version=__version__,
            log=self._attempted,
            courier=courier,
            follow=self.controls.follow,
        )
        self.sender = Sender(self.store, self.clock, policies(self.contracts.values()), options)
        self.clock.subscribe(self.sender.wake)
        self._on_ready = on_ready
        self.emitters = emitters(self.contracts, self.store, self.controls)
        self._asgi = self._build(observe)

    def _new_controls(self) -> Controls:
        commons, registry = self.store.commons, self.registry
        if commons is None:
            return Controls(self.clock)
        return SharedControls(self.clock, commons.board, counted=lambda: registry.known, learn=registry.refresh)

    def _new_pages(self) -> Pages:
        if self.store.commons is None:
            return OwnPages(self.journal)
        limit, max_bytes = self.settings.journal, self.settings.journal_bytes
        return SharedJournal(self.store.commons.log, self.contracts, limit=limit, max_bytes=max_bytes)

    def _build(self, observe: Callable[[Exchange], None] | None) -> ConnexionMiddleware:
        observers: list[Callable[[Exchange], None]] = [self.metrics.count]
        if self.journal.keeps:
            observers.append(self.journal.record)
        if observe is not None:
            observers.append(observe)
        pipeline = partial(
            Pipeline,
            settings=self.settings,
            store=self.store,
            controls=self.controls,
            observers=observers,
            record=self._pages.recorder,
        )
        behind = docs_app(self.contracts, self.directories)
        behind.router.routes += self._control(behind.router)
        app: ConnexionMiddleware = ConnexionMiddleware(
            behind,
            import_name=__name__,
            lifespan=self._lifespan,
            # Connexion's own routing, security and validation are not in the list: the pipeline compiles
            # them from the same specification, several times faster and with the vendors' envelopes.
            middlewares=[pipeline, ExceptionMiddleware, LifespanMiddleware],
        )
        for name, contract in self.contracts.items():
            api = API(
                _specification(contract),
                base_path=contract.base_path,
                name=name,
                resolver=RelativeResolver(vendors.module(name)),
                contract=contract,
                directory=self.directories[name],
            )
            app.apis.append(api)
        return app

    def _control(self, router: Router) -> list[Route]:
        """The control plane: its documentation and events by credential; the rest is what no route of ours answers."""
        spec = ControlSpec()
        world = World(
            settings=self.settings,
            contracts=self.contracts,
            directories=self.directories,
            store=self.store,
            shelf=OwnShelf(self.store) if self.store.commons is None else self.store.commons.shelf,
            controls=self.controls,
            registry=self.registry,
            journal=self._pages,
            metrics=self.metrics,
            seed=self.seed,
            emitters=self.emitters,
        )
        router.default = ControlPlane(world, spec, otherwise=router.default)
        return [
            *dashboard_routes(),
            *control_docs(spec.document),
            *event_routes(self.contracts, self.directories, self.emitters, self.controls),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._asgi(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _app: ASGIApp) -> AsyncIterator[None]:
        await self.registry.refresh()
        await self.controls.follow()
        await self.seed()
        self.sender.start()
        self.metrics.start()
        if self._on_ready is not None:
            self._on_ready()
        try:
            yield
        finally:
            self.end_streams()
            await self.sender.stop()
            await self.metrics.stop()
            await self.store.close()

    def end_streams(self) -> None:
        """End the live views, which would otherwise keep a server from stopping."""
        self._pages.close()

    def _attempted(self, report: AttemptReport) -> None:
        self.metrics.count_attempt(report)
        if self._on_attempt is not None:
            tenants = self.registry.tenants()
            name = next((tenant.name for tenant in tenants if tenant.key == report.tenant), report.tenant)
            self._on_attempt(replace(report, tenant=name))

    async def seed(self) -> None:
        """Give the demo tenants their first records, once per database."""
        for api in self.contracts:
            seeded = {demo.id for demo in DEMOS[api] if demo.seeded}
            for tenant in self.registry.tenants(api):
                if tenant.id in seeded:
                    async with self.store.transaction(tenant.key) as tx:
                        if await tx.counter("seeded") == 0:
                            await tx.counter("seeded", 1)
                            await vendors.module(api).seed(tx, tenant, self.clock.now())

    def add_tenant(  # noqa: PLR0913  # all but the first by name, each with a default
        self,
        api: str,
        *,
        name: str = "",
        plan: str | None = None,
        unlimited: bool = False,
        unmetered: bool = False,
        scopes: tuple[str, ...] | None = None,
    ) -> Credential:
        """A fresh, empty tenant and a credential of it. `unmetered`: no rate limits; `unlimited`: no quotas either."""
        tenant = new_tenant(self.contracts[api], name=name, plan=plan, unlimited=unlimited)
        tenant = replace(tenant, unmetered=unmetered)
        credential = new_credential(self.contracts[api], tenant, scopes=scopes)
        self.directories[api].add(credential)
        return credential

    def add_credential(self, tenant_of: Credential, *, scopes: tuple[str, ...] | None = None) -> Credential:
        """One more credential of the tenant that `tenant_of` belongs to."""
        api = tenant_of.tenant.api
        credential = new_credential(self.contracts[api], tenant_of.tenant, scopes=scopes)
        self.directories[api].add(credential)
        return credential
