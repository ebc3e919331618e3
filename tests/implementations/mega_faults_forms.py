"""How the faults of MEGA are written down."""

from __future__ import annotations

from tests.implementations.workshop import Change, Fault


def documented(name: str, breaks: str, *changes: Change, subtle: bool = False) -> Fault:
    """A fault that breaks what the vendor's documents say."""
    return Fault(name, f"mega/{breaks}-*", changes, "documented", subtle)


def vendor_page(name: str, breaks: str, *changes: Change, subtle: bool = False) -> Fault:
    """A fault that breaks what the vendor's public pages say."""
    return Fault(name, f"mega/{breaks}-*", changes, "vendor-page", subtle)


def assumed(name: str, breaks: str, *changes: Change, subtle: bool = False) -> Fault:
    """A fault that breaks what was decided where documents and pages are silent."""
    return Fault(name, f"mega/{breaks}-*", changes, "assumed", subtle)
