"""Requests with an idempotency key, to an operation that creates one lead or to one that imports many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from .mega_leads import search, shown

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..wire import Answer

Body = dict[str, Any]


@dataclass(frozen=True)
class Keyed:
    """The operation that the keys are used at."""

    lab: Lab
    operation: Operation

    def body(self, lead: Mapping[str, Any], **more: Any) -> Body:
        """A request for this lead: the only row, where the operation takes rows."""
        if self.operation.batch is None:
            return {**lead, **more}
        return {**more, self.operation.batch.rows[1:]: [{"row_ref": "r1", **lead}]}

    def key(self) -> str:
        """A key that nobody has used, of the form that the document shows."""
        return f"8f2c1e10-{self.lab.fresh.token()}"

    def send(
        self,
        body: Body | bytes,
        key: str | None,
        caller: Caller | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        name = self.operation.idempotency.header if self.operation.idempotency else ""
        sent = {**(headers or {}), **({name: key} if key is not None else {})}
        return (caller or self.lab.main)(self.operation.id, content=content, headers=sent)

    def ids(self, answer: Answer) -> list[str]:
        """The ids of the leads in a successful answer, null left out."""
        self.lab.expect(answer.ok, "success", answer)
        if self.operation.batch is None:
            return [self.lab.world.lead_id(answer)]
        return [str(row["lead_id"]) for row in answer.at("/results") if row["lead_id"] is not None]

    def done(self, body: Body | bytes, key: str, caller: Caller | None = None) -> Answer:
        """The answer to the first request with a key, which must succeed."""
        answer = self.send(body, key, caller)
        self.lab.expect(answer.ok, f"success for a key's first request, {self._told(body)}", answer)
        return answer

    def replays(
        self, first: Answer, body: Body | bytes, key: str, what: str = "a used key", caller: Caller | None = None
    ) -> None:
        """Raise Broken unless the request is answered as the first one was."""
        again = self.send(body, key, caller)
        expected = f"the original answer, {first}, for {what} with {self._told(body)}"
        self.lab.expect(again.status == first.status and again.json == first.json, expected, again)

    def executes(self, body: Body, key: str, what: str, caller: Caller | None = None) -> Answer:
        """Raise Broken unless the request creates a lead, which is remembered from now on."""
        answer = self.send(body, key, caller)
        self.lab.expect(answer.ok and self.ids(answer), f"a new lead with {what}", answer)
        self.replays(answer, body, key, what, caller)
        return answer

    def named(self, name: str, caller: Caller | None = None) -> int:
        """How many leads have this name."""
        return sum(lead.get("contact_name") == name for lead in search(self.lab, name, caller))

    def other_batches(self, body: Body, lead: Mapping[str, Any]) -> list[Body]:
        """Where the operation takes rows: bodies that are different in rows and options."""
        batch = self.operation.batch
        if batch is None:
            return []
        name, rows = batch.rows[1:], body[batch.rows[1:]]
        return [
            {**body, name: [*rows, dict(lead)]},
            {**body, name: [dict(lead), *rows]},
            {**body, name: [*rows, *rows]},
            {**body, name: [{**rows[0], "row_ref": "r2"}]},
            {**body, "on_duplicate": "skip"},
        ]

    def subtle_batches(self, body: Body) -> list[Body]:
        """Where the operation takes rows: bodies that mean the same, or nearly."""
        batch = self.operation.batch
        if batch is None:
            return []
        row = body[batch.rows[1:]][0]
        refless = {name: value for name, value in row.items() if name != "row_ref"}
        rows: tuple[Body, ...] = (
            {**row, "row_ref": None},
            refless,
            {**row, "owner_id": None},
            {**row, "lead_line": None},
        )
        more: tuple[Body, ...] = ({"dry_run": False}, {"on_duplicate": "update"}, {"on_duplicate": "skip"})
        return [*({**body, batch.rows[1:]: [one]} for one in rows), *({**body, **one} for one in more)]

    def invalid(self) -> list[Body]:
        """Bodies that are refused as a whole."""
        batch = self.operation.batch
        if batch is None:
            name = self.lab.fresh.name()
            alone: list[Body] = [{}, {"contact_name": 5}, {"contact_name": "x" * 256}, {"contact_email": "no"}]
            alone += [{"contact_phone": "---"}, {"contact_name": " "}]
            beside: list[Body] = [{"source_type": "fax"}, {"source_platform": "x"}, {"stage_slug": "no-such-stage"}]
            beside += [{"custom_fields": {"made_up": []}}, {"custom_fields": {"lead_line": "x"}}]
            return [*alone, *({"contact_name": name, **wrong} for wrong in beside)]
        rows, row = batch.rows[1:], {"contact_name": self.lab.fresh.name()}
        many = [{"contact_name": ""}] * (batch.max + 1)
        wrong: list[Body] = [{rows: [row], "on_duplicate": "no"}, {rows: [row], "dry_run": "no"}]
        return [{}, {rows: []}, {rows: many}, {rows: row}, {rows: None}, *wrong]

    def _told(self, body: Body | bytes) -> str:
        return repr(body[:200]) if isinstance(body, bytes) else shown(body)
