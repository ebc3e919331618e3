"""Races among the changes of MEGA's webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.mega_webhooks import is_gone, listed
from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.mega import WEBHOOK_URL
from .races import at_once, rounds

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("races")
_PATCH = only("mega/updateLeadWebhook")


@kind.promise(
    "changes",
    "Changes of different members of one webhook at the same time all last.",
    on=_PATCH,
    source=assumed("R", "A change keeps the members that it does not name, whatever else happens at the same time."),
)
def changes(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab):
        path = {"id": lab.world.call("updateLeadWebhook", lab, lab.main)["path"]["id"]}
        want = {
            "description": f"round {number}",
            "timeout_seconds": 20 + number,
            "retry_attempts": number % 5,
            "is_active": False,
            "url": f"{WEBHOOK_URL}/{number}",
        }
        patches = [lab.main.request("updateLeadWebhook", path=path, body={name: value}) for name, value in want.items()]
        answers = at_once(lab, patches * 2)
        for name, answer in zip([*want, *want], answers, strict=True):
            lab.expect(answer.status == 200, f"200 for a change of {name}", answer)
            lab.expect(answer.at(f"/webhook/{name}") == want[name], f"the new {name} {want[name]!r}", answer)
        hook = listed(lab, path["id"])
        lab.expect(hook is not None, "the webhook in the list", "none")
        got = {name: (hook or {}).get(name) for name in want}
        lab.expect(got == want, f"{want} after all changes", got)
        lab.main("deleteLeadWebhook", path=path)


@kind.promise(
    "change-beside-delete",
    "A webhook that is changed and deleted at the same time is gone afterwards.",
    on=_PATCH,
    source=named("page-webhooks"),
)
def change_beside_delete(lab: Lab, _operation: Operation) -> None:
    for _ in rounds(lab, 4):
        path = {"id": lab.world.call("updateLeadWebhook", lab, lab.main)["path"]["id"]}
        requests = [
            lab.main.request("updateLeadWebhook", path=path, body={"description": f"change {place}"})
            for place in range(8)
        ]
        requests[4:4] = [lab.main.request("deleteLeadWebhook", path=path)]
        answers = at_once(lab, requests)
        if not answers[4].ok:
            raise NotChecked(f"the webhook was not deleted: {answers[4]}")
        left = listed(lab, path["id"])
        lab.expect(left is None if lab.strict else is_gone(left), "no deleted webhook in the list", left)
