"""CRMLead Pro's deliveries that fail: what is tried again, what it says then, and what stops it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.crmleadpro import Lead, same
from ..receiver import Delivery, Inbox, Reply
from ..rule import Kind, NotChecked, assumed, only
from ..worlds.workspace import Workspace
from .crmleadpro_deliveries import (
    CREATED,
    SENT,
    SETTLE,
    STATUS,
    Hook,
    expect_signed,
    header,
    home,
    hooks,
    refusing,
    register,
    rest,
)

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("events")
#: What is still to come when the others are over, and need not be waited for at once.
last = Kind("events")

_REGISTER = only("crmleadpro/createWebhook")
_AGAIN = assumed("P17", "As in Standard Webhooks: whatever is no 2xx is tried again, for the first time after 5 s.")
_STANDARD = assumed("P16", "As in Standard Webhooks: the id and the body stay, the timestamp is that of the attempt.")
_OK = Reply(200)
#: The first retry comes after 5 s, with some chance in it, or sooner in a test setup.
_LONGEST = 8.0
_PATIENT, _AT_ONCE = 1.5, 1.2
_LATE = 1.2
#: In Standard Webhooks the second retry waits 60 times as long as the first one; longer than so many seconds here,
#: nobody waits for it.
_SLOWER, _LONGEST_AGAIN, _AGAIN_AT_LEAST = 64, 20.0, 3
_FAILURES: Mapping[str, Reply] = {
    **{str(status): Reply(status) for status in (500, 503, 400, 404, 429)},
    **{str(status): Reply(status, (("Location", "{elsewhere}"),)) for status in (301, 307)},
    "no answer at all": Reply(0),
    # So late that the retry falls into another second.
    "500, late": Reply(500, after=_LATE),
}
_TAKEN: Mapping[str, Reply] = {"201": Reply(201), "204": Reply(204), "200, late": Reply(200, after=_PATIENT)}

#: The webhook that answers 410 to the second attempt.
_LATER = "500, then 410"


@dataclass(frozen=True, slots=True)
class _Scene:
    """One campaign and what came of it to each webhook, by its name; then another one. `seconds`: its request took."""

    hooks: dict[str, Hook]
    first: dict[str, list[Delivery]]
    second: dict[str, list[Delivery]]
    elsewhere: list[Delivery]
    seconds: float
    past: _Past


@dataclass(frozen=True, slots=True)
class _Past:
    """A lead that was changed while its events were told: what each of them, in turn, has to tell of it."""

    inbox: Inbox
    lead_id: str
    told: list[tuple[str, Lead]]


def _scene(lab: Lab) -> _Scene:
    hooks(lab)
    return lab.once("crmleadpro retries", lambda: _play(lab))


def _play(lab: Lab) -> _Scene:
    tokens = [lab.fresh.token(), lab.fresh.token()]
    elsewhere = lab.receiver().inbox()
    made: dict[str, Hook] = {}
    for name, reply in {**_FAILURES, **_TAKEN, "410": Reply(410)}.items():
        made[name] = register(lab, name, [SENT])
        headers = tuple((key, elsewhere.url) for key, _ in reply.headers)
        made[name].inbox.script(Reply(reply.status, headers, reply.after), _OK, about=tokens[0])
    made[_LATER] = register(lab, _LATER, [SENT])
    made[_LATER].inbox.script(Reply(500), Reply(410), _OK, about=tokens[0])
    past = _change(lab)
    _send(lab, tokens[0])
    asked, started = lab.trace.exchanges[-1], time.monotonic()
    again = [made[name].inbox for name in (*_FAILURES, _LATER)]
    lab.receiver().wait(lambda: all(len(inbox.about(tokens[0])) > 1 for inbox in again), _LONGEST)
    past.inbox.due(past.lead_id, number=2 * len(past.told))
    rest(lab, max(0.3, _PATIENT + 0.4 - (time.monotonic() - started)))
    _send(lab, tokens[1])
    others = [one.inbox for name, one in made.items() if name not in {"410", _LATER}]
    lab.receiver().due(lambda: all(inbox.about(tokens[1]) for inbox in others))
    rest(lab)
    first, second = ({name: one.inbox.about(token) for name, one in made.items()} for token in tokens)
    found = elsewhere.about(*tokens)
    for inbox in (*(one.inbox for one in made.values()), past.inbox):
        inbox.close()
    return _Scene(made, first, second, found, asked.ended - asked.started, past)


def _change(lab: Lab) -> _Past:
    """Make a lead and change it, while the receiver of its events takes its time to fail."""
    here, token = Workspace(lab, home(lab)), lab.fresh.token()
    events = (CREATED, STATUS, STATUS)
    inbox = register(lab, "a lead that changes", [CREATED, STATUS]).inbox
    inbox.script(*[Reply(500, after=_LATE)] * len(events), _OK, about=token)
    leads = [here.create(name=f"Lead {token}")]
    for patch in ({"status": "qualified"}, {"status": "lost", "tags": ["late"]}):
        leads.append(here.patch(leads[-1], patch))
    here.patch(leads[-1], {"company": "Acme", "score": 1})
    return _Past(inbox, leads[0]["id"], list(zip(events, leads, strict=True)))


def _send(lab: Lab, token: str) -> None:
    body = {"name": f"Launch {token}", "subject": "A", "body": "B", "audience": {"tags": [token]}}
    answer = home(lab)("createEmailCampaign", body=body)
    lab.expect(answer.status == 202, "202 for a campaign", answer)


@kind.promise("retried", "A delivery that is not answered with a 2xx is tried again.", on=_REGISTER, source=_AGAIN)
def retried(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name in _FAILURES:
        count = len(scene.first[name])
        lab.expect(count > 1, f"a second attempt after {name}", f"{count} attempts in {_LONGEST:.0f} seconds")
        lab.expect(count == 2, f"no attempt after the 200 that followed {name}", f"{count} attempts")
        lab.expect(len(scene.second[name]) == 1, f"one delivery of a later event after {name}", len(scene.second[name]))


@kind.promise("redirect", "A redirect is not followed.", on=_REGISTER, source=_AGAIN)
def redirect(lab: Lab, _operation: Operation) -> None:
    found = _scene(lab).elsewhere
    lab.expect(not found, "nothing at the address of a redirect", found[0] if found else "")


@kind.promise("accepted", "A delivery that is answered with a 2xx is not sent again.", on=_REGISTER, source=_AGAIN)
def accepted(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name in _TAKEN:
        count = len(scene.first[name])
        lab.expect(count == 1, f"one attempt where it is answered with {name}", count)


@kind.promise(
    "retry-same",
    "All attempts of a delivery have the same webhook-id and body, and each is signed anew.",
    on=_REGISTER,
    source=_STANDARD,
)
def retry_same(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    for name in _FAILURES:
        found = scene.first[name]
        lab.expect(found, "a delivery of a campaign", "none")
        for first, one in ((found[0], later) for later in found[1:]):
            expected = header(first, "webhook-id")
            got = header(one, "webhook-id")
            lab.expect(got == expected, f"webhook-id {expected} on the retry after {name}", got)
            lab.expect(one.body == first.body, f"the same body after {name}: {first}", one)
            expect_signed(lab, one, scene.hooks[name].secret)
            stamps = [int(header(each, "webhook-timestamp")) for each in (first, one)]
            soon = name != "500, late" and one.arrived - first.arrived < 2.5
            apart = soon or stamps[1] > stamps[0]
            lab.expect(apart, f"a timestamp of its own on the retry after {name}", stamps)


@kind.promise(
    "as-then",
    "Each attempt tells of the lead as it was at the event, however it has changed since.",
    on=_REGISTER,
    source=_STANDARD,
)
def as_then(lab: Lab, _operation: Operation) -> None:
    past = _scene(lab).past
    firsts: dict[str, Delivery] = {}
    for one in past.inbox.about(past.lead_id):
        first = firsts.setdefault(header(one, "webhook-id"), one)
        lab.expect(one.body == first.body, f"the same body on the retry after a change: {first}", one)
    came = [(str(one.json["type"]), one.json["data"]) for one in firsts.values()]
    for event, lead in past.told:
        said = any(event == other and same(lead, data) for other, data in came)
        lab.expect(said, f"a {event} with {lead}", came)
    lab.expect(len(came) == len(past.told), f"{len(past.told)} events", came)


@kind.promise(
    "gone",
    "A webhook that answers 410 is told nothing more.",
    on=_REGISTER,
    source=assumed("172", "As in Standard Webhooks: 410 disables a webhook."),
)
def gone(lab: Lab, _operation: Operation) -> None:
    scene = _scene(lab)
    lab.expect(len(scene.first["410"]) == 1, "one attempt where the receiver answers 410", len(scene.first["410"]))
    found = scene.second["410"]
    lab.expect(not found, "no delivery to a webhook that answered 410 before", found[0] if found else "")
    # It may not have been tried again in time.
    later = scene.second[_LATER] if len(scene.first[_LATER]) > 1 else []
    lab.expect(not later, "no delivery to a webhook that answered 410 to a second attempt", later[0] if later else "")


@kind.promise(
    "not-waited-for",
    "A request does not wait for the receivers of its event.",
    on=_REGISTER,
    source=assumed("P17", "Deliveries go out after the answer."),
)
def not_waited_for(lab: Lab, _operation: Operation) -> None:
    seconds = _scene(lab).seconds
    wanted = f"an answer while a receiver takes {_PATIENT} seconds for its own"
    lab.expect(seconds < _AT_ONCE, wanted, f"one after {seconds:.2f} s")


@last.promise(
    "retried-again",
    "A delivery that has failed twice is tried a third time, with the same webhook-id and body.",
    on=_REGISTER,
    source=_AGAIN,
)
def retried_again(lab: Lab, _operation: Operation) -> None:
    hooks(lab)
    inbox, name = refusing(lab)
    found = inbox.wait(name, number=2, seconds=_LONGEST)
    lab.expect(len(found) > 1, "a second attempt after 500", f"{len(found)} in {_LONGEST:.0f} seconds")
    due = found[1].arrived + _SLOWER * (found[1].arrived - found[0].arrived) - time.monotonic()
    found = inbox.wait(name, number=3, seconds=min(max(due, SETTLE), _LONGEST_AGAIN))
    inbox.close()
    if len(found) < _AGAIN_AT_LEAST and due > _LONGEST_AGAIN:
        raise NotChecked("a third attempt may be due too late to be awaited")
    lab.expect(len(found) >= _AGAIN_AT_LEAST, "a third attempt after 500 and 500", f"{len(found)} attempts")
    for one in found[1:]:
        same_id = header(one, "webhook-id") == header(found[0], "webhook-id")
        lab.expect(same_id and one.body == found[0].body, f"the delivery as it was at first: {found[0]}", one)
