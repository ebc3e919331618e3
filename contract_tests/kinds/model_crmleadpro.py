"""CRMLead Pro: any sequence of calls in two workspaces does what a small model says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.crmleadpro_machine import CRMLeadProMachine
from ..rule import Kind, assumed, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("model")


@kind.promise(
    "sequence",
    "Whatever is created, patched, archived and sold, in whatever order, every answer and every list follows from it.",
    on=only("crmleadpro/createLead"),
    source=assumed("P1", "The API is what its operations, taken together, say."),
)
def sequence(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: CRMLeadProMachine(lab, search), examples=10, steps=12)
