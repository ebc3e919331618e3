"""A client of the control plane, for tests and scripts in Python: `ControlClient("http://127.0.0.1:8080")`."""

from __future__ import annotations

from mockserver.client.control import ControlClient, ControlError
from mockserver.client.told import (
    Access,
    ClockTime,
    Credential,
    Delivery,
    Explanation,
    Fault,
    Record,
    RequestSummary,
    SeedReport,
    Tenant,
)

__all__ = [
    "Access",
    "ClockTime",
    "ControlClient",
    "ControlError",
    "Credential",
    "Delivery",
    "Explanation",
    "Fault",
    "Record",
    "RequestSummary",
    "SeedReport",
    "Tenant",
]
