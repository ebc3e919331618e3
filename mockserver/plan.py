"""A plan: one operation compiled, once, into everything its requests will need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mockserver.contract.model import Contract, Operation
from mockserver.contract.schema import Validator, compile_schema, property_names
from mockserver.engine import access, rate_limit
from mockserver.engine.call import Call, Reply
from mockserver.parameters import PathReader, QueryReader

Handler = Callable[[Call], Awaitable[Reply]]

_TOLD = 5  # Enough to see what is meant.


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The guards of one operation and its handler, in the order in which the pipeline runs them.

    `members` are those of the body that the contract knows: others are ignored, and the log says so.
    """

    contract: Contract
    operation: Operation
    handler: Handler
    directory: access.Directory
    authenticate: access.Authenticate
    authorize: access.Authorize
    meter: rate_limit.Meter | None
    read_path: PathReader
    read_query: QueryReader
    body: Validator | None
    row: Validator | None
    members: frozenset[str] | None
    media_types: frozenset[str]

    def ignored(self, body: Any) -> str:
        """What the log says of members of a body that the contract does not know; empty where it knows them all."""
        if self.members is None or body.keys() <= self.members:
            return ""
        names = sorted(body.keys() - self.members)
        return f"; ignored {', '.join(names[:_TOLD])}{', …' if len(names) > _TOLD else ''}"


def compile_plan(contract: Contract, operation: Operation, handler: Handler, directory: access.Directory) -> Plan:
    """Compile `operation`; schemas become validators here, never while a request waits."""
    body, batch = operation.body_schema, operation.batch
    return Plan(
        contract=contract,
        operation=operation,
        handler=handler,
        directory=directory,
        authenticate=access.authentication(contract, operation, directory),
        authorize=access.authorization(contract, operation),
        meter=rate_limit.meter(contract, operation),
        read_path=PathReader(operation),
        read_query=QueryReader(operation),
        body=None if body is None else Validator(compile_schema(body)),
        row=None if batch is None else Validator(compile_schema(batch.row_schema)),
        members=None if body is None else frozenset(property_names(body)),
        media_types=frozenset(operation.media_types),
    )
