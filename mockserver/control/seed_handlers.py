"""Seeding: rows become records by the vendor's own create operation, so that its rules apply."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from mockserver.contract.document import did_you_mean
from mockserver.contract.model import Contract, Operation
from mockserver.contract.schema import FieldError, property_of
from mockserver.control.call import ControlCall, Problem, answer, invalid
from mockserver.control.world import World
from mockserver.engine.call import Tenant
from mockserver.engine.refusal import Refusal, sentence
from mockserver.seeding import Creator

_MOST_ROWS = 2000  # As in the contract, which cannot say so of a CSV.
_MOST_COLUMNS = 1000
_LONGEST_NAME = 500
_MOST_LEVELS = 32  # As many as a body may have.
# As JSON writes them, of any size that a lead may need; anything else stays the text that it is.
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?\Z")
_DOT = re.compile(r"\.")
_AT_A_TIME = 20  # Rows between which others are served.


async def seed(world: World, call: ControlCall) -> Response:
    tenant = world.tenant(call.path["api"], call.path["tenant"])
    contract = world.contracts[tenant.api]
    operation = _operation(contract, call.query.get("operation"))
    rows = _csv_rows(call.body or "", operation) if call.media_type == "text/csv" else call.body
    wrapper = _wrapper(operation)
    creator = Creator(contract, operation, world.directories[contract.name], world.settings)
    results: list[_Result] = []
    for row in rows:
        whole = row if wrapper is None or wrapper in row else {wrapper: row}
        results.append(await _create(world, creator, tenant, whole))
        if len(results) % _AT_A_TIME == 0:
            await asyncio.sleep(0)
    told = [{"row": number, **result.told()} for number, result in enumerate(results, start=1)]
    accepted = sum(not result.errors for result in results)
    report = {"operation": operation.id, "accepted": accepted, "refused": len(results) - accepted, "rows": told}
    return answer(report)


def example_row(contract: Contract) -> dict[str, Any]:
    """A row that `seed` takes: the first example of the API's first create operation."""
    operation = _operation(contract, None)
    content = operation.raw["requestBody"]["content"]["application/json"]
    body: dict[str, Any] = next(iter(content["examples"].values()))["value"]
    wrapper = _wrapper(operation)
    return body if wrapper is None else body[wrapper]


@dataclass(frozen=True, slots=True)
class _Result:
    status: int
    outcome: str
    errors: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        return {"status": self.status, "outcome": self.outcome, "errors": list(self.errors)}


async def _create(world: World, creator: Creator, tenant: Tenant, row: Mapping[str, Any]) -> _Result:
    """What the operation would have answered, had this row been sent."""
    try:
        async with world.store.transaction(tenant.key) as tx:
            reply, outcome = await creator.create(tx, tenant, row, world.clock.now())
    except Refusal as refusal:
        errors = tuple(sentence(error) for error in refusal.errors) or (refusal.message,)
        status = refusal.status or world.contracts[tenant.api].errors.statuses[refusal.reason]
        return _Result(status, f"refused: {refusal.message}", errors)
    return _Result(reply.status, outcome)


def _operation(contract: Contract, name: str | None) -> Operation:
    creating = {
        operation.id: operation
        for operation in contract.operations.values()
        if operation.record_action == "create" and operation.body_schema is not None
    }
    if name is None:
        return next(iter(creating.values()))
    if name not in creating:
        raise Problem(400, f"operation: {name!r} creates nothing; {did_you_mean(name, creating)}")
    return creating[name]


def _wrapper(operation: Operation) -> str | None:
    """The one member that holds the whole record, where the body has one: rows may leave it out."""
    properties = (operation.body_schema or {}).get("properties", {})
    if len(properties) != 1:
        return None
    ((name, schema),) = properties.items()
    return name if schema.get("type") == "object" else None


def _csv_rows(text: str, operation: Operation) -> list[dict[str, Any]]:
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Problem(400, f"the CSV holds a NUL character in line {line}; take it out, or save the file as UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [line for line in reader if line]
    except csv.Error as error:
        raise Problem(400, f"the body is not CSV: {error} in line {reader.line_num}") from None
    if not lines:
        raise Problem(400, "the CSV is empty; its first line has to name the members, such as: name,email")
    names, rows = [name.strip() for name in lines[0]], lines[1:]
    if len(rows) > _MOST_ROWS:
        raise Problem(
            400, f"the CSV has {len(rows)} rows, and at most {_MOST_ROWS} are taken at once; send it in parts"
        )
    errors = list(_csv_errors(names, rows))
    if errors:
        raise invalid(*errors)
    schema = operation.body_schema or {}
    wrapper = _wrapper(operation)
    inner = schema["properties"][wrapper] if wrapper is not None else schema
    return [_nested(zip(names, row, strict=True), inner) for row in rows]


def _csv_errors(names: list[str], rows: list[list[str]]) -> Iterator[FieldError]:
    if len(names) > _MOST_COLUMNS:
        yield FieldError("/0", f"has {len(names)} columns, and at most {_MOST_COLUMNS} are taken")
        return
    long = next((name for name in names if len(name) > _LONGEST_NAME or name.count(".") >= _MOST_LEVELS), None)
    if long is not None:
        most = f"at most {_LONGEST_NAME} characters and {_MOST_LEVELS} levels are taken"
        yield FieldError("/0", f"{long[:50]!r} is too long a name for a column; {most}")
        return
    above = {name[: dot.start()] for name in names for dot in _DOT.finditer(name)}
    seen: set[str] = set()
    for at, name in enumerate(names):
        if not name or not all(name.split(".")):
            yield FieldError("/0", f"column {at + 1} of the first line has no name")
        elif name in seen or name in above:
            yield FieldError("/0", f"{name[:50]!r} is there twice, or both as a value and as an object")
        seen.add(name)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            yield FieldError(f"/{number}", f"row {number} has {len(row)} cells, and the first line {len(names)}")
            return


def _nested(cells: Any, schema: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, text in cells:
        if text == "":
            continue
        *parents, last = name.split(".")
        node = row
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = _typed(text, property_of(schema, tuple(name.split("."))))
    return row


def _typed(text: str, schema: dict[str, Any] | None) -> Any:
    """The value that the contract wants to be written so; the text itself where it could be none."""
    kind = (schema or {}).get("type")
    if kind in {"integer", "number"} and _NUMBER.match(text):
        number = float(text)
        # A whole one is an integer, as in a body of JSON.
        return int(text) if _INTEGER.match(text) else int(number) if number.is_integer() else number
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind == "array":
        return [part.strip() for part in text.split(";")]
    return text
