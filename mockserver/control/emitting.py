"""Making events happen from outside an API: `POST /_mock/{api}/events`, with a credential of that API."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mockserver import vendors
from mockserver.contract.model import Contract
from mockserver.contract.schema import FieldError, Validator, compile_schema
from mockserver.control import PREFIX
from mockserver.engine.access import Directory
from mockserver.engine.controls import Controls
from mockserver.engine.refusal import Refusal, invalid_body
from mockserver.plan import compile_plan
from mockserver.reply import Answer, dump, refuse, render
from mockserver.request_body import ClientGone, read
from mockserver.store.base import Store, Transaction


class Emitter:
    """Makes events of one API happen to any tenant of it."""

    def __init__(self, contract: Contract, module: ModuleType, store: Store, controls: Controls) -> None:
        self._module, self._store, self._clock = module, store, controls.clock
        payloads = {event.name: event.schema or {} for event in contract.events}
        self._data = {
            name: Validator(compile_schema(schema["properties"]["data"], response=True))
            for name, schema in payloads.items()
        }
        members = {"event": {"type": "string", "enum": list(payloads)}, "data": {"type": "object"}}
        schema = {"type": "object", "required": list(members), "properties": members, "additionalProperties": False}
        self._body = Validator(schema)

    async def emit(self, tenant: str, body: Any) -> dict[str, Any]:
        """Make `{"event", "data"}` happen to the tenant with this key; the event, and how many are told of it.

        Raises Refusal: body-invalid, or record-unknown.
        """
        if not self._body.is_valid(body):
            raise invalid_body(*self._body.errors(body))
        event = body["event"]
        async with self._store.transaction(tenant) as tx:
            data = await self._complete(tx, event, body["data"])
            deliveries = await self._module.emit(tx, event, data, self._clock.now())
        return {"event": event, "deliveries": deliveries}

    async def _complete(self, tx: Transaction, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """What is given on top of the record that its id names, where there is one; it must fit the event."""
        record_id = data.get("id")
        record = await self._module.subject(tx, event, record_id) if isinstance(record_id, str) else None
        if record is None and isinstance(record_id, str) and len(data) == 1:
            raise Refusal("record-unknown", f"There is no record {record_id[:100]!r} that {event} could be about")
        whole = {**(record or {}), **data}
        errors = [FieldError(f"/data{e.pointer}", e.detail, whole=e.whole) for e in self._data[event].errors(whole)]
        if errors:
            raise invalid_body(*errors)
        try:
            orjson.dumps(whole)
        except TypeError:
            raise invalid_body(FieldError("/data", "holds an integer beyond 64 bits")) from None
        return whole


def emitters(contracts: Mapping[str, Contract], store: Store, controls: Controls) -> dict[str, Emitter]:
    """An emitter for each API whose events can be made to happen."""
    modules = {name: vendors.module(name) for name in contracts}
    return {
        name: Emitter(contract, modules[name], store, controls)
        for name, contract in contracts.items()
        if contract.events and hasattr(modules[name], "emit")
    }


def event_routes(
    contracts: Mapping[str, Contract],
    directories: Mapping[str, Directory],
    available: Mapping[str, Emitter],
    controls: Controls,
) -> list[Route]:
    """`POST /_mock/{api}/events` for each of them, with a credential of that API."""
    return [
        Route(f"{PREFIX}/{name}/events", _Events(contracts[name], directories[name], emitter, controls))
        for name, emitter in available.items()
    ]


class _Events:
    """Makes one event happen to the tenant whose credential the request carries; who may register webhooks may."""

    def __init__(self, contract: Contract, directory: Directory, emitter: Emitter, controls: Controls) -> None:
        self._contract, self._emitter, self._controls = contract, emitter, controls
        operation = contract.operations[contract.events[0].registered_by]
        handler = getattr(vendors.module(contract.name), operation.id)
        self._plan = compile_plan(contract, operation, handler, directory)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except Refusal as refusal:
            answer = refuse(self._contract, refusal, {})
        except ClientGone:
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            text = f"{scope['method']} is not allowed here, only POST"
            raise Refusal("method-not-allowed", text, (), {"Allow": "POST"})
        await self._controls.follow()
        given = Headers(scope=scope)
        headers, repeated = dict(given), {name for name in given if len(given.getlist(name)) > 1}
        credential = self._plan.authenticate(headers, repeated)
        self._plan.authorize(credential, headers, repeated)
        body = await read(self._plan, headers, receive, [])
        return render(200, dump(await self._emitter.emit(credential.tenant.key, body)), {})
