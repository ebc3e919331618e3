"""How the faults of CRMLead Pro are written down."""

from __future__ import annotations

from tests.implementations.workshop import Change, Fault


def documented(name: str, breaks: str, *changes: Change, subtle: bool = False) -> Fault:
    """A fault that breaks what the vendor's document says."""
    return Fault(name, f"crmleadpro/{breaks}-*", changes, "documented", subtle)


def assumed(name: str, breaks: str, *changes: Change, subtle: bool = False) -> Fault:
    """A fault that breaks what was decided where the document is silent."""
    return Fault(name, f"crmleadpro/{breaks}-*", changes, "assumed", subtle)
