"""Values that no member of SalesIQ or ConvertIQ takes: blank texts, other types, addresses that are none."""

from __future__ import annotations

from typing import Any

BLANK = ("", " ", "   ", "\t\n", "\u00a0", "\u3000")
NO_TEXT: tuple[Any, ...] = (5, 5.5, True, False, ["a"], {"a": "b"}, [], {})
NO_EMAIL = (
    "not-an-email",
    "a@",
    "@b",
    "@example.com",
    "a b@example.com",
    "a@example",
    "a@@example.com",
    "a@example..com",
    ".a@example.com",
    "a.@example.com",
    "a@b@example.com",
    "a@-example.com",
    "a@example.com\n",
    " a@example.com",
    "a@example.com ",
    "a" * 250 + "@example.com",
)
