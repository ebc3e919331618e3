"""leadmock: the contract of four lead-capture CRM APIs as code, and a mock server that keeps it."""

from __future__ import annotations

__version__ = "0.1.0"
