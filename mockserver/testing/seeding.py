"""Records that are there before a test begins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from mockserver.app import Mock
from mockserver.contract.model import Contract, Operation
from mockserver.contract.schema import property_names
from mockserver.engine.call import Tenant
from mockserver.engine.refusal import Refusal
from mockserver.seeding import Creator
from mockserver.store.base import Record
from mockserver.testing.records import meant

# What a test gets wrong is shown where the test says it; `pytest --full-trace` shows the frames of here too.
__tracebackhide__ = True

_PEOPLE = count(1)


class Seeder:
    """Makes records of one API. `kinds` maps each kind that can be made to its operation."""

    def __init__(self, mock: Mock, api: str) -> None:
        self._mock = mock
        self._contract: Contract = mock.contracts[api]
        self.kinds: dict[str, Operation] = {}
        self._fields: dict[str, dict[str, Any]] = {}
        for operation in self._contract.operations.values():
            if operation.record_action == "create" and operation.record_kind:
                kind = operation.record_kind
                self.kinds.setdefault(kind, operation)
                self._fields.setdefault(kind, {}).update(dict.fromkeys(property_names(_record_schema(operation, kind))))
        self._creators: dict[str, Creator] = {}

    def members(self, kind: str) -> dict[str, Any]:
        """What a record of this kind can be made with."""
        operation = self.kinds.get(kind)
        return {} if operation is None else dict.fromkeys(property_names(operation.body_schema or {}))

    def check_kind(self, kind: str) -> None:
        """ValueError for a kind that no record of this API is of."""
        known = {each.record_kind: None for each in self._contract.operations.values() if each.record_kind}
        if kind not in known:
            raise ValueError(f"{self._contract.title} has no records of the kind {kind!r}{meant(str(kind), known)}")

    def check(self, kind: str, fields: Mapping[str, Any]) -> None:
        """ValueError for a kind that nothing makes, TypeError for a field that it cannot be made with."""
        if kind not in self.kinds:
            raise ValueError(f"{self._contract.title} has no {kind!r} that could be made{meant(str(kind), self.kinds)}")
        self._check_names(kind, fields, self._fields[kind])

    def _check_names(self, kind: str, fields: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        for name in fields:
            if name not in known:
                raise TypeError(f"a {kind} of {self._contract.title} has no {name!r}{meant(name, known)}")

    async def give(self, tenant: Tenant, kind: str, fields: Mapping[str, Any]) -> Record:
        """Make a record with these fields and whatever else the vendor demands.

        ValueError in the vendor's words where it would refuse them, TypeError for a field that it does not know.
        """
        self.check(kind, fields)
        _check_values(fields)
        operation = self.kinds[kind]
        creator = self._creator(operation)
        body = self._body(operation, kind, fields)
        # A quota that a test sets up a workspace beyond is still a quota; a rate limit is not in the way here.
        async with self._mock.store.transaction(tenant.key) as tx:
            try:
                reply, _ = await creator.create(tx, tenant, body, self._mock.clock.now())
            except Refusal as refusal:
                raise ValueError(f"{self._contract.title} would refuse this {kind}: {refusal.message}") from None
            for text in _texts(reply.body):
                record = await tx.get(kind, text)
                if record is not None:
                    return record
        raise RuntimeError(f"{operation.id} of {self._contract.title} answered without the id of its {kind}")

    def _creator(self, operation: Operation) -> Creator:
        creator = self._creators.get(operation.id)
        if creator is None:
            directory = self._mock.directories[self._contract.name]
            creator = Creator(self._contract, operation, directory, self._mock.settings)
            self._creators[operation.id] = creator
        return creator

    def _body(self, operation: Operation, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        inner = _record_schema(operation, kind)
        wrapped = inner is not operation.body_schema
        self._check_names(kind, fields, dict.fromkeys(property_names(inner)))
        content = operation.raw["requestBody"]["content"]["application/json"]
        example = next(iter(content["examples"].values()))["value"]
        person = _Person(next(_PEOPLE), example[kind] if wrapped else example)
        body = {**fields, **{name: person.value(name) for name in _missing(inner, fields)}}
        return {kind: body} if wrapped else body


def _check_values(fields: Mapping[str, Any]) -> None:
    """TypeError for what no request could have sent."""
    for name, value in fields.items():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{name}={value!r}: must be JSON: text, a number, a list, a dictionary …; {error}"
            ) from None


def _record_schema(operation: Operation, kind: str) -> dict[str, Any]:
    """That of the body, or, where the body wraps the record, of the one member in it."""
    schema = operation.body_schema or {}
    wrapped: dict[str, Any] = schema["properties"][kind] if schema.get("required") == [kind] else schema
    return wrapped


def _missing(schema: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Required members that are not given; of alternatives all, where none is."""
    missing = [name for name in schema.get("required", ()) if name not in given]
    groups = [each.get("required", ()) for each in schema.get("anyOf", ())]
    if groups and not any(all(name in given for name in group) for group in groups):
        missing += [name for group in groups for name in group if name not in missing]
    return missing


class _Person:
    """Somebody nobody else in the tests is, and what else the vendor's own example says."""

    def __init__(self, number: int, example: Mapping[str, Any]) -> None:
        self._number = number
        self._example = example

    def value(self, member: str) -> Any:
        if member.endswith("email"):
            return f"lead{self._number}@example.com"
        if member.endswith("phone"):
            return f"98{self._number:08d}"
        if member in {"name", "contact_name"}:
            return f"Lead {self._number}"
        return self._example[member]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)


def with_plan(tenant: Tenant, contract: Contract, plan: str) -> Tenant:
    """The tenant on another plan of its vendor. ValueError names those there are."""
    if plan not in tuple(contract.plans):  # not in the mapping itself, which fails for what has no hash
        there = f"; there are {', '.join(contract.plans)}" if contract.plans else ": it has no plans"
        raise ValueError(f"{contract.title} has no plan {plan!r}{there}")
    return replace(tenant, plan=plan, unmetered=False, unlimited=False)
