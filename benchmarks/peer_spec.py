"""The document as the peers are given it: the same contract, without what makes one of them do less or stumble.

Prism repeats the null of a nullable enumeration; its validator then refuses the schema, and Prism validates nothing and
tries to compile it anew at every request. Mockoon logs an error at every response for header examples that are numbers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def adapted(spec: Path) -> str:
    """The text of the adapted document, in YAML like the original."""
    return yaml.safe_dump(_adapted(yaml.safe_load(spec.read_text("utf-8"))), sort_keys=False, allow_unicode=True)


def _adapted(value: Any) -> Any:
    if isinstance(value, list):
        return [_adapted(each) for each in value]
    if not isinstance(value, dict):
        return value
    adapted = {name: _adapted(each) for name, each in value.items()}
    if adapted.get("nullable") is True and isinstance(adapted.get("enum"), list):
        adapted["enum"] = [each for each in adapted["enum"] if each is not None]
    if isinstance(adapted.get("headers"), dict):
        adapted["headers"] = {name: _header(each) for name, each in adapted["headers"].items()}
    return adapted


def _header(header: Any) -> Any:
    """Its example as text, wherever it stands."""
    if not isinstance(header, dict):
        return header
    adapted = {**header, "schema": _header(header["schema"])} if "schema" in header else dict(header)
    if "example" in adapted:
        adapted["example"] = str(adapted["example"])
    return adapted
