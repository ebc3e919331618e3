"""Races among the requests that fire events: however many come at the same time, each change is told of once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, assumed, only
from . import crmleadpro_deliveries as crmleadpro
from . import mega_deliveries as mega
from .races import CROWD, at_once, rounds, told

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("races")

_CREATES = only("crmleadpro/createLead")
_STATUS, _CONTACT = "status", "contact"
#: Changes, each with the webhooks that are told of it.
_CHANGES: tuple[tuple[Mapping[str, Any], tuple[str, ...]], ...] = (
    ({"status": "qualified"}, (_STATUS,)),
    ({"pipeline_stage": "demo_scheduled"}, (_STATUS,)),
    ({"company": "Acme"}, (_CONTACT,)),
    ({"status": "lost", "tags": ["vip"]}, (_STATUS, _CONTACT)),
)
_EACH = 3
_ONCE = assumed("P26", "A patch that sets what is there already fires nothing, also when the two come together.")
_ALL_TOLD = assumed("P16", "An event is sent once to each webhook that listens, however many come at the same time.")


@kind.promise(
    "one-event",
    "The same change of a lead sent several times at once is one change: its events are sent once.",
    on=only("crmleadpro/updateLead"),
    source=_ONCE,
)
def one_event(lab: Lab, _operation: Operation) -> None:
    caller = crmleadpro.home(lab)
    hooks = {name: crmleadpro.hook(lab, name) for name in (_STATUS, _CONTACT)}
    changed: list[tuple[str, Mapping[str, Any], tuple[str, ...]]] = []
    for number in rounds(lab, _EACH * len(_CHANGES)):
        patch, names = _CHANGES[number % len(_CHANGES)]
        lead_id = lab.world.lead_id(caller("createLead", body=lab.world.lead(lab.fresh)))
        request = caller.request("updateLead", path={"id": lead_id}, body=patch)
        answers = at_once(lab, [request] * CROWD)
        failed = [answer for answer in answers if answer.status != 200]
        lab.expect(not failed, f"200 for each of {CROWD} patches {patch} at once", told(failed))
        changed.append((lead_id, patch, names))

    def complete() -> bool:
        return all(hooks[name].inbox.about(lead_id) for lead_id, _, names in changed for name in names)

    lab.receiver().due(complete)
    crmleadpro.rest(lab)
    for lead_id, patch, names in changed:
        for name, one in hooks.items():
            count, wanted = len(one.inbox.about(lead_id)), int(name in names)
            lab.expect(count == wanted, f"{wanted} {one.events[0]} for {CROWD} patches {patch} at once", count)


@kind.promise("all-told", "Of leads created at the same time, each is told of once.", on=_CREATES, source=_ALL_TOLD)
def all_told(lab: Lab, _operation: Operation) -> None:
    caller, one = crmleadpro.home(lab), crmleadpro.hook(lab, "created")
    ids: list[str] = []
    for _ in rounds(lab, 4):
        requests = [caller.request("createLead", body=lab.world.lead(lab.fresh)) for _ in range(CROWD)]
        ids += [lab.world.lead_id(answer) for answer in at_once(lab, requests)]
    lab.receiver().due(lambda: all(map(one.inbox.about, ids)))
    crmleadpro.rest(lab)
    for lead_id in ids:
        count = len(one.inbox.about(lead_id))
        lab.expect(count == 1, f"one lead.created of {lead_id}, created among {CROWD} at once", count)


@kind.promise(
    "all-registered",
    "Webhooks registered at the same time are all told of what happens next.",
    on=only("crmleadpro/createWebhook"),
    source=assumed("P38", "Sends the chosen events from now on."),
)
def all_registered(lab: Lab, _operation: Operation) -> None:
    caller = crmleadpro.home(lab)
    for _ in rounds(lab, 1):
        inboxes = [lab.receiver().inbox() for _ in range(CROWD)]
        bodies = [{"url": inbox.url, "events": [crmleadpro.CREATED]} for inbox in inboxes]
        answers = at_once(lab, [caller.request("createWebhook", body=body) for body in bodies])
        failed = [answer for answer in answers if not answer.ok]
        lab.expect(not failed, f"201 for each of {CROWD} webhooks at once", told(failed))
        lead_id = lab.world.lead_id(caller("createLead", body=lab.world.lead(lab.fresh)))
        lab.receiver().due(lambda: all(inbox.about(lead_id) for inbox in inboxes))  # noqa: B023  # run at once
        count = sum(bool(inbox.about(lead_id)) for inbox in inboxes)
        for inbox in inboxes:
            inbox.close()
        lab.expect(count == CROWD, f"{CROWD} of {CROWD} webhooks told of the lead {lead_id}", count)


@kind.promise(
    "one-event",
    "Creates of one contact at the same time make one lead, which is told of once.",
    on=only("mega/createLead"),
    source=assumed("174", "lead.created fires on genuine new inserts, not on merges, also when they come together."),
)
def one_event_of_contact(lab: Lab, _operation: Operation) -> None:
    mega.see_that_any_come(lab)
    with mega.listening(lab) as (hook,):
        leads = []
        for number in rounds(lab, 8):
            body = lab.world.lead(lab.fresh)
            body = {name: body[name] for name in (("contact_email",), ("contact_phone",), body)[number % 3]}
            answers = at_once(lab, [lab.main.request("createLead", body=body)] * CROWD)
            leads += [answer.at("/lead") for answer in answers if answer.ok][:1]
        for lead in leads:
            mega.arrives(lab, hook, lead, "of a lead created several times at once")
        mega.rest(lab)
        for lead in leads:
            mega.told_once(lab, hook, lead, f"after {CROWD} creates at once")


@kind.promise(
    "all-told",
    "Of leads created at the same time, each is told of once, to each webhook.",
    on=only("mega/createLead"),
    source=assumed("own-choice", "One delivery for each new lead, however many come at the same time."),
)
def all_told_of_contacts(lab: Lab, _operation: Operation) -> None:
    mega.see_that_any_come(lab)
    with mega.listening(lab, 2) as hooks:
        leads = []
        for _ in rounds(lab, 3):
            requests = [lab.main.request("createLead", body=lab.world.lead(lab.fresh)) for _ in range(CROWD)]
            leads += [answer.at("/lead") for answer in at_once(lab, requests)]
        for lead in leads:
            for hook in hooks:
                mega.arrives(lab, hook, lead, "of a lead created among others at once")
        mega.rest(lab)
        for lead in leads:
            for hook in hooks:
                mega.told_once(lab, hook, lead, f"created among {CROWD} at once")
