"""Schemathesis let loose on the operations of one contract."""

from __future__ import annotations

from .facts import Facts, facts_of
from .outcome import Failure, Report
from .run import View, conform

__all__ = ["Facts", "Failure", "Report", "View", "conform", "facts_of"]
