"""Batches: many records in one request, each with its own outcome; a failing row never stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from mockserver.contract.model import Batch
from mockserver.engine.call import Call
from mockserver.engine.refusal import sentence

Status = Literal["created", "updated", "skipped", "failed"]


class RowFailed(Exception):
    """A row cannot be imported; `errors` are sentences for its result."""

    def __init__(self, *errors: str) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row. `ignored` are the custom fields that were given but are not defined."""

    status: Status
    record_id: str | None = None
    matched_by: str | None = None
    errors: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    row_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Importer:
    """What a vendor adds: `import_row` imports a valid row, told whether a duplicate is to be skipped;
    `ignored_in` names the ignored fields of any row, also of one that fails (case 68).
    """

    import_row: Callable[[Call, Mapping[str, Any], bool], Awaitable[RowResult]]
    ignored_in: Callable[[Call, Any], tuple[str, ...]]


async def run(call: Call, importer: Importer) -> list[RowResult]:
    """Import the rows one after the other, each seeing what those before it did (M43).

    A dry run does the very same and is then undone,
    so its results cannot differ from the real ones (M49), except that a record not created has no id.
    """
    batch = call.operation.batch
    assert batch is not None  # noqa: S101  # only called by the handler of an operation that has one
    skip = batch.on_duplicate is not None and call.body.get(batch.on_duplicate[1:]) == "skip"
    dry_run = is_dry_run(call)
    results = []
    created: set[str | None] = set()
    for row in call.body[batch.rows[1:]]:
        result = await _import_one(call, batch, row, importer, skip=skip)
        if dry_run and result.status == "created":
            created.add(result.record_id)
        if dry_run and result.record_id in created:
            result = replace(result, record_id=None)
        results.append(result)
    if dry_run:
        call.tx.undo()
    return results


def is_dry_run(call: Call) -> bool:
    """Whether the request asks for a preview only."""
    batch = call.operation.batch
    return batch is not None and batch.dry_run is not None and call.body.get(batch.dry_run[1:]) is True


def summary_of(results: list[RowResult]) -> dict[str, int]:
    """How many rows there were, and how many ended in each way."""
    counts = Counter(result.status for result in results)
    statuses: tuple[Status, ...] = ("created", "updated", "skipped", "failed")
    return {"total": len(results), **{status: counts[status] for status in statuses}}


async def _import_one(call: Call, batch: Batch, row: Any, importer: Importer, *, skip: bool) -> RowResult:
    validator = call.row_validator
    assert validator is not None  # noqa: S101  # compiled for every operation with a batch
    ref = _row_ref(batch, row)
    if not validator.is_valid(row):
        errors = tuple(sentence(error) for error in validator.errors(row))
        return RowResult("failed", errors=errors, ignored=importer.ignored_in(call, row), row_ref=ref)
    try:
        result = await importer.import_row(call, row, skip)
    except RowFailed as failure:
        result = RowResult("failed", errors=failure.errors)
    return replace(result, row_ref=ref, ignored=importer.ignored_in(call, row))


def _row_ref(batch: Batch, row: Any) -> str | None:
    """The caller's own reference, or null where it cannot be read (M45, M53)."""
    value = row.get(batch.row_ref) if isinstance(row, dict) and batch.row_ref else None
    return value if isinstance(value, str) and len(value) <= 255 else None  # noqa: PLR2004  # M53
