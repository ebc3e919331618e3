"""A run as JSON, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..rule import Verdict
from .result import Result, cited


def as_json(result: Result) -> dict[str, Any]:
    """The run as plain values."""
    return {
        "api": result.api,
        "target": result.target,
        "level": result.level,
        "seed": result.seed,
        "seconds": round(result.seconds, 2),
        "requests": result.requests,
        "created": dict(result.created),
        "rules": [_rule(verdict) for verdict in result.verdicts],
    }


def write_json(result: Result, path: Path) -> None:
    path.write_text(json.dumps(as_json(result), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _rule(verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "id": rule.id,
        "kind": rule.kind,
        "level": rule.level,
        "status": verdict.status,
        "says": rule.says,
        "source": cited(rule.source),
        "detail": verdict.detail,
        "curl": list(verdict.curl),
        "requests": verdict.requests,
        "seconds": round(verdict.seconds, 3),
    }
