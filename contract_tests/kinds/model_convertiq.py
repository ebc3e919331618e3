"""Sequences of ConvertIQ's creates against a small reference model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.convertiq import ConvertIQMachine, DecidedMachine
from ..rule import Kind, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("model")
CREATE = only("convertiq/createLead")


@kind.promise(
    "creates",
    "In any sequence of requests, each valid one makes a lead of its own, answered with its own values.",
    on=CREATE,
    source=named("response"),
)
def creates(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: ConvertIQMachine(lab, search), examples=6, steps=8)


@kind.promise(
    "creates-decided",
    "In any sequence of requests, leads sent again are new leads of the account's user, and refusals leave no trace.",
    on=CREATE,
    source=assumed("C13", "No search for duplicates is documented, so there is none."),
)
def creates_decided(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: DecidedMachine(lab, search), examples=8, steps=12)
