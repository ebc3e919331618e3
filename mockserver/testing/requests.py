"""Requests as a test reads them, after they were answered."""

from __future__ import annotations

import json
from typing import Any

import httpx

from mockserver.engine.faults import UNANSWERED
from mockserver.journal import Entry

_SHOWN = 120


class Request:
    """One request that the mock has got, and what became of it.

    `method`, `path`; `headers` (names in any case); `query`; `content` (bytes); `operation`, the operationId, empty
    where there is none; `tenant_id`, empty where nobody was recognised; `outcome`, in words, as the server logs it.
    """

    def __init__(self, entry: Entry) -> None:
        self._answer = entry.answer
        self._fault = entry.fault
        self.method = entry.method
        self.path = entry.path
        self.headers = httpx.Headers(entry.headers)
        self.query = httpx.QueryParams(entry.query)
        self.content = entry.body
        self.operation = entry.operation
        self.action = entry.called.record_action if entry.called is not None else None
        self.kind = entry.called.record_kind if entry.called is not None else None
        self.tenant_id = entry.tenant
        self.outcome = entry.outcome

    @property
    def json(self) -> Any:
        """The body, read as JSON; None where it is not."""
        return _read(self.content)

    @property
    def processed(self) -> bool:
        """Whether it was served, even if a fault kept the answer from arriving. A replay was not."""
        refused = self._answer.status >= 400  # noqa: PLR2004  # the classes of errors
        return not refused and not self.replayed

    @property
    def replayed(self) -> bool:
        """Whether the stored answer of its idempotency key was given again."""
        return self.outcome.startswith("replayed")

    @property
    def status(self) -> int | None:
        """Of the answer; None where a fault closed the connection before there was one."""
        if self._fault is not None and self._fault.kind in UNANSWERED:
            return None
        return self._answer.status

    @property
    def response_json(self) -> Any:
        """The body of the answer, read as JSON; None where it is not, or never left."""
        return None if self.status is None else _read(self._answer.body)

    def __repr__(self) -> str:
        text = self.content.decode("utf-8", "replace")
        body = f" {text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}" if text else ""
        status = "no answer" if self.status is None else self.status
        query = f"?{self.query}" if self.query else ""
        return f"{self.method} {self.path}{query}{body} -> {status}, {self.outcome}"


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
