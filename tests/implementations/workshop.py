"""Small implementations of the four APIs, written from the documents alone, and how to spoil or vary them.

Each API has a file with one right implementation (`salesiq.py`, …), a table of faults, each one change of its
text that breaks one promise (`salesiq_faults.py`), and a table of variations, which choose otherwise where the
vendor is silent and are as right as the first (`salesiq_variations.py`).
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
APIS = ("salesiq", "mega", "convertiq", "crmleadpro")

Change = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """A credential. `limits`: per_minute, per_hour, bulk_per_minute, max_leads; what is not there is unlimited."""

    name: str
    secret: str
    tenant: str
    scopes: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One promise broken by one change. `breaks` is a glob of rule ids; `subtle`: most requests look right.

    `level` is that of the promise: the lowest at which an alarm is due.
    """

    name: str
    breaks: str
    changes: tuple[Change, ...]
    level: str = "documented"
    subtle: bool = False


@dataclass(frozen=True, slots=True)
class Variation:
    """Another right implementation. `says` names the choices that differ."""

    name: str
    says: str
    changes: tuple[Change, ...]


def implementation(api: str, changes: Iterable[Change] = ()) -> types.ModuleType:
    """The implementation's module, built anew with these changes of its text. Each must fit in exactly one place."""
    path = HERE / f"{api}.py"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{path.name}: {text.count(old)} places fit {old!r}, not one")
        text = text.replace(old, new)
    module = types.ModuleType(f"implementation_of_{api}")
    exec(compile(text, str(path), "exec"), module.__dict__)  # noqa: S102  # the text is our own
    return module


def application(api: str, changes: Iterable[Change] = ()) -> Any:
    """A fresh ASGI application with the keys that the implementation's `KEYS` name."""
    return implementation(api, changes).application()


def target(api: str) -> dict[str, Any]:
    """What a target file says of this implementation, but for its address."""
    described: dict[str, Any] = implementation(api).target()
    return described


def faults(api: str) -> tuple[Fault, ...]:
    found: tuple[Fault, ...] = importlib.import_module(f"tests.implementations.{api}_faults").FAULTS
    return found


def variations(api: str) -> tuple[Variation, ...]:
    found: tuple[Variation, ...] = importlib.import_module(f"tests.implementations.{api}_variations").VARIATIONS
    return found
