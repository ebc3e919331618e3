"""Sequences of SalesIQ's captures against a small reference model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.salesiq import DecidedMachine, SalesIQMachine
from ..rule import Kind, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("model")
CAPTURE = only("salesiq/captureLead")


@kind.promise(
    "captures",
    "In any sequence of captures, a lead is new exactly if no lead of its workspace has its phone.",
    on=CAPTURE,
    source=named("duplicate"),
)
def captures(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: SalesIQMachine(lab, search), examples=8, steps=12)


@kind.promise(
    "captures-whatsapp",
    "In any sequence of captures with and without WhatsApp numbers, a lead is new exactly if neither number is known.",
    on=CAPTURE,
    source=assumed("Q18", "Each of a lead's two numbers is compared with both of an existing lead; the phone decides."),
)
def captures_whatsapp(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: DecidedMachine(lab, search), examples=20, steps=20)
