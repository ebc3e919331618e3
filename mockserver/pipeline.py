"""The pipeline: the guards around every handler, in one fixed order, as one ASGI middleware.

    path 404, method 405 -> access 401, 403 -> rate limit 429 -> size 413 -> media type 415
    -> JSON 400 -> idempotency look-up -> validation 400 -> handler

Connexion hands it each specification and resolves each operation to its handler; every operation is
compiled once into a plan, and that one path serves every request. Whatever happens on it leaves in
the vendor's own envelope.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from connexion.middleware import SpecMiddleware
from connexion.operations import OpenAPIOperation
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver import disturbance, preference, wire
from mockserver.contract.model import Contract
from mockserver.engine import idempotency
from mockserver.engine.access import Directory
from mockserver.engine.call import Call, Credential
from mockserver.engine.controls import Controls
from mockserver.engine.faults import Fault
from mockserver.engine.rate_limit import RawHeaders
from mockserver.engine.refusal import Refusal, invalid_body
from mockserver.plan import Plan, compile_plan
from mockserver.reply import Answer, dump, refuse, render
from mockserver.request_body import ClientGone, hear, read
from mockserver.routing import RouteTable
from mockserver.settings import Settings
from mockserver.store.base import Remembered, Store, StoreError

logger = logging.getLogger("leadmock")

_NONE: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and its answer, for those who watch: `began` in epoch seconds, `outcome` in words, `seconds` it took.

    `plan`, `credential` and `refusal` are None where it did not come so far. `received` are the pieces of the body
    that were read; `fault` is the one that struck.
    """

    contract: Contract
    scope: Scope
    began: float
    answer: Answer | None = None
    plan: Plan | None = None
    credential: Credential | None = None
    refusal: Refusal | None = None
    outcome: str = ""
    seconds: float = 0.0
    received: list[bytes] = field(default_factory=list)
    fault: Fault | None = None

    @property
    def api(self) -> str:
        return self.contract.name

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    @property
    def query(self) -> str:
        """Declared parameters only: somebody may have put a key into another."""
        return "" if self.plan is None else self.plan.read_query.declared(self.scope["query_string"])

    @property
    def status(self) -> int:
        """Of the answer; 0 while there is none."""
        return 0 if self.answer is None else self.answer.status

    @property
    def operation(self) -> str:
        """The operationId, empty where the path or method led to none."""
        return "" if self.plan is None else self.plan.operation.id

    @property
    def tenant(self) -> str:
        """The tenant's name, empty where nobody was recognised."""
        return "" if self.credential is None else self.credential.tenant.name


@dataclass(frozen=True, slots=True)
class _Api:
    contract: Contract
    routes: RouteTable


class Pipeline(SpecMiddleware):  # type: ignore[misc]  # connexion is untyped
    """Answers every request below the base path of an API; hands all others to the next app."""

    def __init__(  # noqa: PLR0913  # all but the first by name
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        store: Store,
        controls: Controls,
        observers: Sequence[Callable[[Exchange], None]] = (),
        record: Callable[[Exchange], Awaitable[None]] | None = None,
    ) -> None:
        self._next = app
        self._controls = controls
        self._faults = controls.faults
        self._settings = settings
        self._store = store
        self._clock = controls.clock
        self._observers = observers
        self._record = record
        self._apis: list[_Api] = []
        self._hosts: dict[bytes, _Api] = {}

    def add_api(
        self,
        specification: Specification,
        *,
        base_path: str,
        resolver: Resolver,
        contract: Contract,
        directory: Directory,
        **_options: Any,
    ) -> None:
        """Compile the operations of one API; called by connexion for each `add_api`."""
        routes = RouteTable(base_path)
        for operation in contract.operations.values():
            resolved = OpenAPIOperation.from_spec(
                specification, path=operation.path, method=operation.method.lower(), resolver=resolver
            )
            plan = compile_plan(contract, operation, resolved.function, directory)
            routes.add(operation.path, operation.method, plan)
        api = _Api(contract, routes)
        self._hosts[contract.host.encode()] = api
        self._apis.append(api)
        # "/api/agents/crm" must be tried before "/api".
        self._apis.sort(key=lambda item: -len(item.routes.base_path))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = self._api_of(scope) if scope["type"] == "http" else None
        if api is None:
            await self._next(scope, receive, send)
            return
        started = time.perf_counter()
        exchange = Exchange(api.contract, scope, self._clock.now())
        answer = await self._prepare(api, scope, exchange) if self._controls.shared or self._faults else None
        fault = exchange.fault
        try:
            if fault is not None:
                receive = heard = wire.Heard(receive)
                await heard.hear()
                answer = await disturbance.instead(fault, api.contract, scope, heard)
                exchange.outcome = fault.told
                if answer is not None and self._settings.journal:
                    exchange.received += heard.body
            if answer is None:
                answer = await self._answer(api, scope, receive, exchange)
                if not exchange.received and self._settings.journal:
                    await hear(scope["headers"], receive, exchange.received)
                if fault is not None:
                    exchange.outcome += f"; {fault.told}"
        except ClientGone:
            return
        exchange.answer = answer
        if self._record is not None:
            # Before it is answered: whoever has the answer finds the request, whomever of us is asked.
            exchange.seconds = time.perf_counter() - started
            await self._record(exchange)
        if fault is not None:
            # Told first: whoever sees its connection closed finds the request in the journal.
            self._tell(exchange, started)
            await disturbance.send(fault, answer, scope, heard, send)
            return
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            body = b"" if scope["method"] == "HEAD" else answer.body
            await send({"type": "http.response.body", "body": body})
        finally:
            self._tell(exchange, started)

    async def _prepare(self, api: _Api, scope: Scope, exchange: Exchange) -> Answer | None:
        """See how the clock is set and which fault strikes; an answer where that cannot be found out."""
        try:
            if self._controls.shared:
                await self._controls.follow()
                exchange.began = self._clock.now()
            if self._faults:
                exchange.fault = await self._fault(api, scope, exchange)
        except StoreError as error:
            exchange.plan = _plan_of(api, scope)
            return _unusable(api, exchange, error)
        return None

    def _tell(self, exchange: Exchange, started: float) -> None:
        exchange.seconds = time.perf_counter() - started
        for observe in self._observers:
            try:
                observe(exchange)
            except Exception:
                logger.exception("the request log failed")

    async def _fault(self, api: _Api, scope: Scope, exchange: Exchange) -> Fault | None:
        """The fault that strikes this request. Who sends it has to be found out first."""
        exchange.plan = plan = _plan_of(api, scope)
        if plan is not None:
            with suppress(Refusal):
                exchange.credential = plan.authenticate(*_headers(scope))
        credential = exchange.credential
        tenant, key = ("", "") if credential is None else (credential.tenant.id, credential.id)
        return await self._controls.strike(exchange.api, exchange.operation, tenant, key)

    def _api_of(self, scope: Scope) -> _Api | None:
        path: str = scope["path"]
        for api in self._apis:
            base = api.routes.base_path
            if path.startswith(base) and path[len(base) : len(base) + 1] in {"", "/"}:
                return api
        for name, value in scope["headers"]:
            if name == b"host":
                return self._hosts.get(value)
        return None

    async def _answer(self, api: _Api, scope: Scope, receive: Receive, exchange: Exchange) -> Answer:
        told: RawHeaders = []
        try:
            return await self._serve(api, scope, receive, exchange, told)
        except Refusal as refusal:
            # Without what it was raised from and through, which whoever keeps it would keep too.
            refusal.__traceback__ = refusal.__context__ = None
            exchange.refusal = refusal
            exchange.outcome = f"refused: {refusal.message}"
            return refuse(api.contract, refusal, {}, told)
        except ClientGone:
            raise
        except StoreError as error:
            return _unusable(api, exchange, error, told)
        except Exception:
            # Not the path: it may hold a line end, or a key.
            logger.exception("%s of %s failed", exchange.operation or scope["method"], api.contract.name)
            exchange.outcome = "failed: an error in the mock itself, see the log"
            return refuse(api.contract, Refusal("internal", "Internal server error"), {}, told)

    async def _serve(self, api: _Api, scope: Scope, receive: Receive, exchange: Exchange, told: RawHeaders) -> Answer:
        # An escaped slash is part of a segment, and no segment of these APIs has one.
        found = None if b"%2f" in scope.get("raw_path", b"").lower() else api.routes.find(scope["path"])
        if found is None:
            raise Refusal("path-unknown", f"There is nothing at {scope['path'][:200]}{api.routes.hint(scope['path'])}")
        route, path_values = found
        method = scope["method"]
        if method == "OPTIONS":
            exchange.outcome = "told the methods"
            return render(204, None, {"Allow": route.allow})
        plan = route.plans.get("GET" if method == "HEAD" else method)
        if plan is None:
            text = f"{method} is not allowed here, only {route.allow}"
            raise Refusal("method-not-allowed", text, (), {"Allow": route.allow})
        exchange.plan = plan
        headers, repeated = _headers(scope)
        exchange.credential = credential = plan.authenticate(headers, repeated)
        try:
            plan.authorize(credential, headers, repeated)
        except Refusal:
            if plan.meter is not None:
                await plan.meter.look(self._store, credential, exchange.began, told)
            raise
        if "prefer" in headers:
            preferred = preference.answer(plan.operation, headers["prefer"])
            if preferred is not None:
                exchange.outcome = "answered with the example that was preferred"
                return preferred
        if plan.meter is not None:
            await plan.meter.count(self._store, credential, exchange.began, told)
        body = await read(plan, headers, receive, exchange.received) if plan.body is not None else None
        async with self._store.transaction(credential.tenant.key) as tx:
            # Only now: the body may have been long under way, and what is new must not look old.
            now = self._clock.now()
            call = Call(plan.contract, plan.operation, self._settings, credential.tenant, tx, now, headers, body)
            status, content, extra = await self._execute(plan, call, repeated, path_values, scope["query_string"])
        exchange.outcome = call.outcome
        return render(status, content, extra, told=told)

    async def _execute(
        self, plan: Plan, call: Call, repeated: frozenset[str], path_values: Mapping[str, str], query_string: bytes
    ) -> tuple[int, bytes | None, Mapping[str, str]]:
        """Replay, or validate, handle and remember: all of it in the call's one transaction."""
        claim = await idempotency.claim(call, repeated)
        if isinstance(claim, Remembered):
            call.outcome = "replayed the stored answer of this idempotency key"
            return claim.status, claim.body, {**dict(claim.headers), **idempotency.marker(call.operation)}
        if path_values:
            call.path = plan.read_path(path_values)
        if plan.read_query.reads:
            call.query = plan.read_query(query_string)
        call.row_validator = plan.row
        if plan.body is not None and not plan.body.is_valid(call.body):
            raise invalid_body(*plan.body.errors(call.body))
        reply = await plan.handler(call)
        call.outcome += plan.ignored(call.body)
        content = None if reply.body is None else dump(reply.body)
        if claim is not None:
            await idempotency.remember(call, claim, reply.status, reply.headers, content or b"")
        return reply.status, content, reply.headers


def _plan_of(api: _Api, scope: Scope) -> Plan | None:
    found = api.routes.find(scope["path"])
    return None if found is None else found[0].plans.get(scope["method"])


def _unusable(api: _Api, exchange: Exchange, error: StoreError, told: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """The log says which database, and what to do; a traceback would hide that."""
    logger.error("%s of %s failed: %s", exchange.operation or exchange.method, api.contract.name, error)
    exchange.outcome = "failed: the state cannot be used, see the log"
    return refuse(api.contract, Refusal("internal", "Internal server error"), {}, told)


def _headers(scope: Scope) -> tuple[dict[str, str], frozenset[str]]:
    """Headers by lower-case name, and the names that came more than once: of those the first
    two values are joined, so that they pass for neither.
    """
    given = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("latin-1").strip(" \t") for name, value in given}
    if len(headers) == len(given):
        return headers, _NONE
    headers.clear()
    repeated: set[str] = set()
    for raw_name, raw_value in given:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip(" \t")
        if name not in headers:
            headers[name] = value
        elif name not in repeated:
            repeated.add(name)
            headers[name] += f", {value}"
    return headers, frozenset(repeated)
