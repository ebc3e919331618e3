"""What is told of one answer, and what it is told from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mockserver.contract.model import Contract, Operation, Source
from mockserver.engine.access import Directory
from mockserver.engine.refusal import Refusal
from mockserver.journal import Entry

MOST = 8  # Hints of one kind; more would hide the one that matters.


@dataclass(frozen=True, slots=True)
class Explanation:
    """`why` in one or two sentences; `accepted`: what would have been; `related`: the id of an earlier request that
    this one depends on; `rule`: what the contract says, and where that comes from.
    """

    why: str
    accepted: tuple[str, ...] = ()
    related: str | None = None
    rule: Source | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A refused request, among `others` of its tenant and operation, newest first."""

    entry: Entry
    refusal: Refusal
    contract: Contract
    directory: Directory
    others: Sequence[Entry]

    @property
    def operation(self) -> Operation | None:
        return self.entry.called


def otherwise(case: Case) -> Explanation:
    """What the API itself has told, where there is nothing to add."""
    return Explanation(f"{case.refusal.message}.")
