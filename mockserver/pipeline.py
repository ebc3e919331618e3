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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connexion.middleware import SpecMiddleware
from connexion.operations import OpenAPIOperation
from connexion.resolver import Resolver
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.contract.model import Contract
from mockserver.engine import idempotency
from mockserver.engine.access import Directory
from mockserver.engine.call import Call
from mockserver.engine.clock import Clock
from mockserver.engine.refusal import Refusal, invalid_body
from mockserver.plan import Plan, compile_plan
from mockserver.reply import Answer, dump, refuse, render
from mockserver.request_body import ClientGone, read
from mockserver.routing import RouteTable
from mockserver.settings import Settings
from mockserver.store.base import Remembered, Store

logger = logging.getLogger("leadmock")


@dataclass(slots=True)
class Exchange:
    """One request and its answer, as the log tells it: `outcome` in words, `seconds` it took.

    `query` has declared parameters only: somebody may have put a key into another.
    """

    api: str
    method: str
    path: str
    query: str = ""
    status: int = 0
    operation: str = ""
    tenant: str = ""
    outcome: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Api:
    contract: Contract
    routes: RouteTable


class Pipeline(SpecMiddleware):  # type: ignore[misc]  # connexion is untyped
    """Answers every request below the base path of an API; hands all others to the next app."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        store: Store,
        clock: Clock,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._next = app
        self._settings = settings
        self._store = store
        self._clock = clock
        self._observe = observe
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
        exchange = Exchange(api.contract.name, scope["method"], scope["path"])
        try:
            answer = await self._answer(api, scope, receive, exchange)
        except ClientGone:
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})
        if self._observe is not None:
            exchange.status = answer.status
            exchange.seconds = time.perf_counter() - started
            try:
                self._observe(exchange)
            except Exception:
                logger.exception("the request log failed")

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
        gathered: dict[str, str] = {}
        try:
            return await self._serve(api, scope, receive, exchange, gathered)
        except Refusal as refusal:
            exchange.outcome = f"refused: {refusal.message}"
            return refuse(api.contract, refusal, gathered)
        except ClientGone:
            raise
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            exchange.outcome = "failed: an error in the mock itself, see the log"
            return refuse(api.contract, Refusal("internal", "Internal server error"), gathered)

    async def _serve(
        self, api: _Api, scope: Scope, receive: Receive, exchange: Exchange, gathered: dict[str, str]
    ) -> Answer:
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
        exchange.operation = plan.operation.id
        if self._observe is not None:
            exchange.query = plan.read_query.declared(scope["query_string"])
        headers, repeated = _headers(scope)
        credential = plan.authenticate(headers, repeated)
        exchange.tenant = credential.tenant.name
        try:
            plan.authorize(credential, headers, repeated)
        except Refusal:
            if plan.meter is not None:
                gathered.update(await plan.meter.look(self._store, credential, self._clock.now()))
            raise
        if plan.meter is not None:
            gathered.update(await plan.meter.count(self._store, credential, self._clock.now()))
        body = await read(plan, headers, receive) if plan.body is not None else None
        async with self._store.transaction(credential.tenant.key) as tx:
            # Only now: the body may have been long under way, and what is new must not look old.
            now = self._clock.now()
            call = Call(plan.contract, plan.operation, self._settings, credential.tenant, tx, now, headers, body)
            status, content, extra = await self._execute(plan, call, repeated, path_values, scope["query_string"])
        exchange.outcome = call.outcome
        return render(status, content, {**gathered, **extra})

    async def _execute(
        self, plan: Plan, call: Call, repeated: set[str], path_values: Mapping[str, str], query_string: bytes
    ) -> tuple[int, bytes | None, Mapping[str, str]]:
        """Replay, or validate, handle and remember: all of it in the call's one transaction."""
        claim = await idempotency.claim(call, repeated)
        if isinstance(claim, Remembered):
            call.outcome = "replayed the stored answer of this idempotency key"
            return claim.status, claim.body, {**dict(claim.headers), **idempotency.marker(call.operation)}
        call.path = plan.read_path(path_values)
        call.query = plan.read_query(query_string)
        call.row_validator = plan.row
        if plan.body is not None and not plan.body.is_valid(call.body):
            raise invalid_body(*plan.body.errors(call.body))
        reply = await plan.handler(call)
        if plan.members is not None and not call.body.keys() <= plan.members:
            ignored = sorted(call.body.keys() - plan.members)
            call.outcome += f"; ignored {', '.join(ignored[:5])}{', …' if len(ignored) > 5 else ''}"  # noqa: PLR2004  # enough to see
        content = None if reply.body is None else dump(reply.body)
        if claim is not None:
            await idempotency.remember(call, claim, reply.status, reply.headers, content or b"")
        return reply.status, content, reply.headers


def _headers(scope: Scope) -> tuple[dict[str, str], set[str]]:
    """Headers by lower-case name, and the names that came more than once: of those the first
    two values are joined, so that they pass for neither.
    """
    headers: dict[str, str] = {}
    repeated: set[str] = set()
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        if name not in headers:
            headers[name] = raw_value.decode("latin-1").strip(" \t")
        elif name not in repeated:
            repeated.add(name)
            headers[name] = f"{headers[name]}, {raw_value.decode('latin-1')}"
    return headers, repeated
