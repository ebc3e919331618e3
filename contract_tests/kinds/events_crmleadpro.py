"""CRMLead Pro's webhooks: which events fire, how they are signed, what is tried again."""

from __future__ import annotations

from ..rule import Kind

kind = Kind("events")
