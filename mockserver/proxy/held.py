"""What each operation is held to: all of its contract, or only what the vendor says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mockserver.contract.documented import documented
from mockserver.contract.model import Contract, Operation, Parameter
from mockserver.contract.schema import Validator, compile_schema
from mockserver.engine.access import Directory
from mockserver.engine.call import Call, Reply
from mockserver.parameters import PathReader, QueryReader
from mockserver.plan import Plan, compile_plan
from mockserver.routing import RouteTable


@dataclass(frozen=True, slots=True)
class HeldHeader:
    """A header of an answer."""

    name: str
    required: bool
    validator: Validator


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer of one status. `media` maps media types to what the body must be, None where nothing is said of that;
    `media` itself is None where nothing is said of bodies at all.
    """

    media: Mapping[str, Validator | None] | None
    headers: tuple[HeldHeader, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """`operation` is the contract's own, `plan` what its requests are held to, `must_refuse` finds the bodies that
    every right implementation refuses. `answers` go by status, such as "201", or by class, such as "4XX".
    """

    operation: Operation
    plan: Plan
    read_headers: QueryReader
    read_path: PathReader | None
    must_refuse: Validator | None
    answers: Mapping[str, HeldAnswer]

    def answer(self, status: int) -> HeldAnswer | None:
        """What an answer of this status is held to, None where there must be none such."""
        return self.answers.get(str(status)) or self.answers.get(f"{status // 100}XX")


def held_routes(contract: Contract, *, strict: bool) -> tuple[RouteTable, Mapping[str, Held]]:
    """The paths of the contract, and each operation by its id. `strict`: what is only assumed is held too."""
    describing: dict[str, Any] = {} if strict else documented(contract, "describing")["paths"]
    refusing: dict[str, dict[str, Any]] = {} if strict else documented(contract, "refusing")["paths"]
    routes = RouteTable(contract.base_path)
    every: dict[str, Held] = {}
    for operation in contract.operations.values():
        at = (operation.path, operation.method.lower())
        if strict:
            one = _in_full(contract, operation)
        else:
            forbidden = (refusing.get(at[0]) or {}).get(at[1])
            one = _described(contract, operation, describing[at[0]][at[1]], forbidden)
        routes.add(operation.path, operation.method, one.plan)
        every[operation.id] = one
    return routes, every


def _in_full(contract: Contract, operation: Operation) -> Held:
    plan = _plan(contract, operation)
    answers = {str(status): _answer(node, closed=True) for status, node in operation.responses.items()}
    return Held(operation, plan, _of_headers(operation), plan.read_path, plan.body, answers)


def _described(contract: Contract, operation: Operation, node: dict[str, Any], refusing: dict[str, Any] | None) -> Held:
    known = {(one.location, one.name): one for one in operation.parameters}
    parameters = tuple(
        Parameter(one["name"], one["in"], one["required"], one["schema"], known[one["in"], one["name"]].source)
        for one in node.get("parameters", ())
        if one["in"] != "path"
    )
    body = _body_of(node) if operation.body_schema is not None else None
    told = replace(operation, parameters=parameters, body_schema=body, batch=None)
    forbidden = None if refusing is None or body is None else _body_of(refusing)
    return Held(
        operation,
        _plan(contract, told),
        _of_headers(told),
        None,  # What is answered to an id that is none, and to one of another form, is nowhere said.
        Validator(compile_schema(forbidden)) if forbidden else None,
        {status: _answer(one, closed=False) for status, one in node["responses"].items()},
    )


def _body_of(node: dict[str, Any]) -> dict[str, Any]:
    media: dict[str, Any] = next(iter(node["requestBody"]["content"].values()), {})
    schema: dict[str, Any] = media.get("schema", {})
    return schema


def _plan(contract: Contract, operation: Operation) -> Plan:
    return compile_plan(contract, operation, _nobody, Directory())


async def _nobody(_call: Call) -> Reply:
    raise NotImplementedError("the proxy handles no request itself")


def _of_headers(operation: Operation) -> QueryReader:
    """Headers are texts with names, as a query has them."""
    as_query = [
        replace(one, name=one.name.lower(), location="query")
        for one in operation.parameters
        if one.location == "header"
    ]
    return QueryReader(replace(operation, parameters=tuple(as_query)))


def _answer(node: dict[str, Any], *, closed: bool) -> HeldAnswer:
    """`closed`: an answer of which no body is declared has none."""
    content = node.get("content")
    media = {
        name: Validator(compile_schema(part["schema"], response=True)) if part.get("schema") else None
        for name, part in (content or {}).items()
    }
    headers = tuple(
        HeldHeader(name, one.get("required", False), Validator(compile_schema(one.get("schema", {}), response=True)))
        for name, one in node.get("headers", {}).items()
    )
    return HeldAnswer(media if content or closed else None, headers)
