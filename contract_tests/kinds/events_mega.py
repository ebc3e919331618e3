"""MEGA's webhooks: what fires lead.created, how it is signed, what is tried again."""

from __future__ import annotations

from ..rule import Kind

kind = Kind("events")
