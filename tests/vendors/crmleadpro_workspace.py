"""A workspace of CRMLead Pro to try things on; every answer and every event is held against the contract."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson

from mockserver.app import Mock
from mockserver.contract.model import Operation
from mockserver.contract.schema import Validator, compile_schema
from mockserver.engine.clock import ManualClock
from mockserver.pipeline import Exchange
from mockserver.settings import Settings
from mockserver.tenants import new_credential
from tests.caller import Caller
from tests.postgres import database_of

API = "crmleadpro"
KINDS_OF_STATE = ("memory", "sqlite", "postgres")


class Workspace:
    """`await workspace("GET", "/leads")`; `outcomes` are what the request log says, latest last."""

    def __init__(self, mock: Mock, caller: Caller, clock: ManualClock, outcomes: list[str]) -> None:
        self.mock = mock
        self.caller = caller
        self.clock = clock
        self.outcomes = outcomes

    @classmethod
    def opened(
        cls, state: str = "memory", folder: Path | None = None, *, start: float = 1_780_000_000, loopback: bool = True
    ) -> Workspace:
        """A workspace of a server of its own; `state` is one of KINDS_OF_STATE, files go into `folder`."""
        clock, outcomes = ManualClock(start), list[str]()

        def observe(exchange: Exchange) -> None:
            outcomes.append(exchange.outcome)

        database = None if folder is None else database_of(state, folder)
        settings = Settings(apis=(API,), database=database, loopback_webhooks=loopback)
        mock = Mock(settings, clock=clock, observe=observe)
        return cls(mock, Caller.of_new_tenant(mock, API), clock, outcomes)

    def other(self) -> Workspace:
        """Another, empty workspace of the same server."""
        return self._as(self.caller.stranger())

    def _as(self, caller: Caller) -> Workspace:
        return Workspace(self.mock, caller, self.clock, self.outcomes)

    async def demo(self) -> Workspace:
        """The workspace that is there at every start, with the lead of the documentation."""
        await self.mock.seed()
        credential = next(each for each in self.mock.directories[API] if each.tenant.id == "demo-workspace")
        return self._as(Caller(self.mock, credential))

    def with_pipelines(self, **stages: tuple[tuple[str, str], ...]) -> Workspace:
        """A workspace with pipelines of its own: each stage is (slug, outcome)."""
        contract = self.mock.contracts[API]
        pipelines = {slug: _pipeline(slug, given) for slug, given in stages.items()}
        tenant = replace(self.mock.add_tenant(API).tenant, world={"pipelines": pipelines})
        credential = new_credential(contract, tenant)
        self.mock.directories[API].add(credential)
        return self._as(Caller(self.mock, credential))

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
        text = response.headers.get(name)
        if text is None:
            assert not header.get("required"), f"{name} is missing"
            continue
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
