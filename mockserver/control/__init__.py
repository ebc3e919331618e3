"""The control plane: looking into the mock, rewinding it, breaking it on purpose."""

from __future__ import annotations

PREFIX = "/_mock"
"""All below it is the mock's own: control plane, dashboard, documentation."""
