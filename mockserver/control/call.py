"""One call of the control plane, its answers, and what is told when it cannot be served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from mockserver.contract.schema import FieldError
from mockserver.engine.refusal import sentence
from mockserver.reply import dump


@dataclass(frozen=True, slots=True)
class ControlCall:
    """A call whose path, query and body fit the contract. `body` is parsed JSON or YAML, or the text of a CSV."""

    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    media_type: str = ""


@dataclass(slots=True)
class Problem(Exception):
    """A call that cannot be served, told as application/problem+json: `detail` says what is wrong and the way out."""

    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        content: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            content["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in self.errors]
        return Response(dump(content), self.status, dict(self.headers), media_type="application/problem+json")


def invalid(*errors: FieldError) -> Problem:
    """400, with every mistake and its place."""
    return Problem(400, "; ".join(sentence(error) for error in errors), errors)


def unknown(what: str, way_out: str) -> Problem:
    """404: what is not there, and how to find out what is."""
    return Problem(404, f"{what}; {way_out}")


def answer(content: Any, status: int = 200) -> Response:
    """JSON, never to be sniffed for anything else."""
    return Response(dump(content), status, {"X-Content-Type-Options": "nosniff"}, media_type="application/json")


def nothing() -> Response:
    """204."""
    return Response(status_code=204)
