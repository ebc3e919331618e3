"""The part of MEGA's machine that registers, changes and deletes webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ..rule import NotChecked
from .machine import Machine, step
from .mega_webhooks import HOST, everyone, same

if TYPE_CHECKING:
    from ..lab import Lab
    from ..search import Search

WHO = st.integers(0, 1)
_AT = st.integers(0, 2)
_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "timeout_seconds": st.sampled_from([1, 30, 60]),
        "retry_attempts": st.sampled_from([0, 3, 10]),
        "description": st.sampled_from(["One", "Two 🦊"]),
    },
)
_DEFAULTS = {"is_active": True, "timeout_seconds": 10, "retry_attempts": 5}
_SCOPES = tuple(f"public_api:{name}" for name in ("leads:read", "leads:write", "webhooks:manage"))


class Hooks(Machine):
    """Two customers, or one where the target file has no more, and their webhooks."""

    def __init__(self, lab: Lab, search: Search, *, exact: bool) -> None:
        super().__init__(lab, search)
        self.exact = exact
        main = lab.main
        try:
            self.callers = [main, lab.other_tenant(*_SCOPES)]
        except NotChecked:
            self.callers = [main, main]
        self.hooks: list[dict[str, dict[str, Any]]] = [{}, {}]

    def number(self, who: int) -> int:
        """The customer; always the first where there is only one."""
        return who if self.callers[0] is not self.callers[1] else 0

    @step(who=WHO, given=_CHANGES)
    def register(self, who: int, given: dict[str, Any]) -> None:
        who = self.number(who)
        body = {"url": f"{HOST}/{self.lab.fresh.token()}", "event_types": ["lead.created"], **given}
        answer = self.callers[who]("createLeadWebhook", body=body)
        if 400 <= answer.status < 500 and self.hooks[who] and not self.exact:
            return  # how many a customer may have is nowhere said
        self.lab.expect(answer.ok, "201 for a webhook", answer)
        webhook = answer.at("/webhook")
        self.lab.expect(webhook["id"] not in self.hooks[0] | self.hooks[1], "an id of its own", webhook)
        same(self.lab, webhook, _DEFAULTS | body, "in the answer")
        self.hooks[who][webhook["id"]] = webhook

    @step(who=WHO, owner=WHO, at=_AT, change=_CHANGES)
    def change(self, who: int, owner: int, at: int, change: dict[str, Any]) -> None:
        self._at(who, owner, at, "updateLeadWebhook", change | {"is_active": not at})

    @step(who=WHO, owner=WHO, at=_AT)
    def remove(self, who: int, owner: int, at: int) -> None:
        self._at(who, owner, at, "deleteLeadWebhook", None)

    def _at(self, who: int, owner: int, at: int, operation: str, change: dict[str, Any] | None) -> None:
        """Change or delete a webhook, one's own or another's."""
        who, owner = self.number(who), self.number(owner)
        known = list(self.hooks[owner])
        if not known:
            return
        webhook_id = known[at % len(known)]
        parts = {} if change is None else {"body": change}
        answer = self.callers[who](operation, path={"id": webhook_id}, **parts)
        if who != owner:
            self.lab.expect(400 <= answer.status < 500, "a refusal for another customer's webhook", answer)
        elif change is None:
            self.lab.expect(answer.ok, "200 for a webhook that is deleted", answer)
            del self.hooks[who][webhook_id]
        else:
            self.lab.expect(answer.ok, "200 for a webhook that is changed", answer)
            self.hooks[who][webhook_id] |= change

    @step(who=WHO)
    def list_hooks(self, who: int) -> None:
        who = self.number(who)
        found = {one["id"]: one for one in everyone(self.lab, self.callers[who])}
        for webhook_id, expected in self.hooks[who].items():
            self.lab.expect(webhook_id in found, f"the webhook {webhook_id}", list(found))
            kept = {name: expected[name] for name in ("url", "event_types", *_DEFAULTS)}
            same(self.lab, found[webhook_id], kept, "in the list")
        others = self.hooks[1 - who].keys() & found.keys()
        self.lab.expect(not others, "none of the other customer's webhooks", others)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            for caller, hooks in zip(self.callers, self.hooks, strict=True):
                for webhook_id in hooks:
                    caller("deleteLeadWebhook", path={"id": webhook_id})
