"""What a tester must know of each API beyond its contract: the smallest valid call of each operation."""

from __future__ import annotations

from collections.abc import Mapping

from .base import World
from .convertiq import ConvertIQ
from .crmleadpro import CRMLeadPro
from .mega import Mega
from .salesiq import SalesIQ

WORLDS: Mapping[str, World] = {
    "salesiq": SalesIQ(),
    "mega": Mega(),
    "convertiq": ConvertIQ(),
    "crmleadpro": CRMLeadPro(),
}

__all__ = ["WORLDS", "World"]
