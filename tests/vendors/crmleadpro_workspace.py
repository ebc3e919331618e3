"""A workspace of CRMLead Pro to try things on; every answer and every event is held against the contract."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
from caller import Caller

from mockserver.app import Mock
from mockserver.contract.model import Operation
from mockserver.contract.schema import Validator, compile_schema
from mockserver.engine.clock import ManualClock
from mockserver.pipeline import Exchange
from mockserver.settings import Settings
from mockserver.tenants import new_credential

API = "crmleadpro"
KINDS_OF_STATE = ("memory", "sqlite")


class Workspace:
    """`await workspace("GET", "/leads")`; `outcomes` are what the request log says, latest last."""

    def __init__(self, mock: Mock, caller: Caller, outcomes: list[str]) -> None:
        self.mock = mock
        self.caller = caller
        self.outcomes = outcomes

    @classmethod
    def opened(cls, clock: ManualClock, database: Path | None = None, *, loopback: bool = True) -> Workspace:
        """A fresh workspace, in memory unless there is a file for it."""
        outcomes: list[str] = []

        def observe(exchange: Exchange) -> None:
            outcomes.append(exchange.outcome)

        settings = Settings(apis=(API,), database=database and str(database), loopback_webhooks=loopback)
        mock = Mock(settings, clock=clock, observe=observe)
        return cls(mock, Caller.of_new_tenant(mock, API), outcomes)

    def other(self) -> Workspace:
        """Another workspace of the same server."""
        return Workspace(self.mock, self.caller.stranger(), self.outcomes)

    async def demo(self) -> Workspace:
        """The workspace that is there at every start, with the lead of the documentation."""
        await self.mock.seed()
        credential = next(each for each in self.mock.directories[API] if each.tenant.id == "demo-workspace")
        return Workspace(self.mock, Caller(self.mock, credential), self.outcomes)

    def with_pipelines(self, **stages: tuple[tuple[str, str], ...]) -> Workspace:
        """A workspace with pipelines of its own: each stage is (slug, outcome)."""
        contract = self.mock.contracts[API]
        pipelines = {slug: _pipeline(slug, given) for slug, given in stages.items()}
        tenant = replace(self.mock.add_tenant(API).tenant, world={"pipelines": pipelines})
        credential = new_credential(contract, tenant)
        self.mock.directories[API].add(credential)
        return Workspace(self.mock, Caller(self.mock, credential), self.outcomes)

    async def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = await self.caller(method, path, **options)
        _check_answer(self._operation(method, path), response)
        return response

    async def made(self, path: str, **body: Any) -> dict[str, Any]:
        """What was created at `path`."""
        response = await self("POST", path, json=body)
        assert response.status_code in {201, 202}, response.text
        created: dict[str, Any] = response.json()
        return created

    async def lead(self, **members: Any) -> dict[str, Any]:
        """A lead with these members."""
        return await self.made("/leads", **{"name": "Anita Desai", "phone": "+91 98200 11223", **members})

    async def listed(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """The items of one page."""
        response = await self("GET", path, params=query)
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["data"]
        return items

    async def listening(self, *events: str) -> dict[str, Any]:
        """A webhook for these events."""
        return await self.made("/webhooks", url="https://hooks.acmecorp.in/crmlead", events=list(events))

    async def events(self) -> list[dict[str, Any]]:
        """The payloads of all deliveries so far."""
        schemas = {event.name: event.schema for event in self.mock.contracts[API].events}
        payloads = []
        for delivery, _ in await self.mock.store.deliveries(self.caller.credential.tenant.key):
            payload = orjson.loads(delivery.payload)
            assert delivery.event == payload["type"]
            _check(schemas[delivery.event], payload)
            payloads.append(payload)
        return payloads

    def _operation(self, method: str, path: str) -> Operation:
        for operation in self.mock.contracts[API].operations.values():
            pattern = re.sub(r"\{[a-z]+\}", "[^/]+", operation.path)
            if operation.method == method and re.fullmatch(pattern, path):
                return operation
        raise LookupError(f"the contract has no {method} {path}")


def _pipeline(slug: str, stages: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    shown = [
        {"slug": stage, "name": stage, "position": position, "outcome": outcome}
        for position, (stage, outcome) in enumerate(stages, start=1)
    ]
    return {"slug": slug, "name": slug, "stages": shown}


def _check_answer(operation: Operation, response: httpx.Response) -> None:
    declared = operation.responses[response.status_code]
    for name, header in declared.get("headers", {}).items():
        text = response.headers[name]
        _check(header["schema"], int(text) if header["schema"]["type"] == "integer" else text)
    if "content" not in declared:
        assert response.content == b""
        return
    schema = declared["content"][response.headers["content-type"]]["schema"]
    _check(schema, response.json())


def _check(schema: dict[str, Any] | None, value: Any) -> None:
    assert schema is not None
    errors = Validator(compile_schema(schema, response=True)).errors(value)
    assert errors == (), f"{errors} in {value}"
