"""Target files, as a user writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_toml(api: str, url: str, described: Mapping[str, Any], *, webhooks: bool = True) -> str:
    """The target file of one API; `described` has credentials and facts."""
    lines = [f"[{api}]", f"url = {json.dumps(url)}"]
    for credential in described["credentials"]:
        lines += ["", f"[[{api}.credentials]]"]
        lines += [f"{name} = {_value(value)}" for name, value in credential.items()]
    if described.get("facts"):
        lines += ["", f"[{api}.facts]", *(f"{name} = {_value(value)}" for name, value in described["facts"].items())]
    if webhooks:
        lines += ["", "[webhooks]", 'listen = "127.0.0.1:0"', 'url_host = "127.0.0.1"']
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
