"""MEGA in sequences: creates, imports, retries, lists and webhooks of two customers, against a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.mega_machine import Customers
from ..rule import Kind, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("model")

_CREATE = only("mega/createLead")


@kind.promise(
    "identity",
    "In whatever order leads are created, imported, retried and listed, no one is doubled, lost or mixed up.",
    on=_CREATE,
    source=named("dedup"),
)
def identity(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: Customers(lab, search, exact=False), examples=18, steps=12)


@kind.promise(
    "content",
    "In whatever order leads are created, imported, retried and listed, each is the sum of what was sent for it.",
    on=_CREATE,
    source=assumed("M32", "Email first, then phone; what is given overwrites, what is not given stays."),
)
def content(lab: Lab, _operation: Operation) -> None:
    lab.sequences(lambda search: Customers(lab, search, exact=True), examples=25, steps=15)
