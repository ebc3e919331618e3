"""CRMLead Pro's webhooks and their deliveries: how they are signed and whose they are."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..receiver import LOOKED_UP, spelt_otherwise
from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.workspace import Workspace
from .crmleadpro_deliveries import (
    CREATED,
    SENT,
    STATUS,
    Watch,
    digests,
    excuse,
    expect_signed,
    header,
    home,
    hook,
    hooks,
    is_signed,
    register,
    rest,
    stranger,
)

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("events")

_REGISTER = only("crmleadpro/createWebhook")
_REFUSED = 422
#: What is wrong with a webhook whose URL and first event are sound.
_WRONG: tuple[dict[str, Any], ...] = (
    {"secret": "weak"},
    {"secret": None},
    {"events": [CREATED, CREATED]},
    {"events": [CREATED, "lead.deleted"]},
    {"events": [CREATED, None]},
)
#: What stands behind the host in a URL, beginning with what tells the inboxes apart.
_PLACES = ("", "/", "/Hooks/CRM.Lead_v1~a-b", "?From=CRM&kind=a+b&kind=&last", "/Deep/Path/?token=Ab-1.2_~&n=5")


# Whose they are, and how they are signed.


@kind.promise(
    "workspace", "A webhook is told nothing of another workspace.", on=_REGISTER, source=named("workspace-keys")
)
def workspace(lab: Lab, _operation: Operation) -> None:
    other = stranger(lab)
    mine, theirs = hook(lab, "all"), hook(lab, "stranger")
    tokens = [lab.fresh.token(), lab.fresh.token()]
    for token, caller in zip(tokens, (home(lab), other), strict=True):
        answer = caller("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {token}"})
        lab.expect(answer.ok, "a 2xx for a new lead", answer)
    for one, token in zip((mine, theirs), tokens, strict=True):
        found = one.inbox.due(token)
        excuse(lab, found)
        lab.expect(found, f"a delivery that tells of the new lead {token} of its workspace", "none")
    rest(lab)
    for one, token in zip((theirs, mine), tokens, strict=True):
        found = one.inbox.about(token)
        lab.expect(not found, "no delivery of another workspace's lead", found[0] if found else "")


@kind.promise(
    "colleague",
    "A webhook is told of what any key of its workspace does, whichever key registered it.",
    on=_REGISTER,
    source=assumed("P38", "A webhook is its workspace's, not its key's."),
)
def colleague(lab: Lab, _operation: Operation) -> None:
    other = lab.colleague()
    hooks(lab)
    inbox = lab.receiver().inbox()
    answer = lab.main("createWebhook", body={"url": inbox.url, "events": [CREATED]})
    lab.expect(answer.ok, "a 2xx for a webhook", answer)
    leads = {
        "the key that registered it": Workspace(lab).create(),
        "another key of its workspace": Workspace(lab, other).create(),
    }
    found = {whose: inbox.due(lead["id"]) for whose, lead in leads.items()}
    inbox.close()
    for whose, deliveries in found.items():
        lab.expect(deliveries, f"a delivery that tells of the new lead that {whose} made", "none")


@kind.promise("signed", "Deliveries are signed with HMAC-SHA256.", on=_REGISTER, source=named("signed-webhooks"))
def signed(lab: Lab, _operation: Operation) -> None:
    found = []
    inbox = hook(lab, "created").inbox
    for _ in range(2):
        token = lab.fresh.token()
        answer = home(lab)("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {token}"})
        lab.expect(answer.ok, "a 2xx for a new lead", answer)
        found.append(inbox.due(token))
    if not all(found):
        raise NotChecked("nothing is delivered to a new webhook")
    first, second = (list(digests(deliveries[0])) for deliveries in found)
    lab.expect(first and second, "32 bytes in hex or base64 that may be an HMAC-SHA256", found[0][0].headers)
    lab.expect(set(first) != set(second), "another signature for another payload", first)


@kind.promise(
    "signature",
    "A delivery is signed as Standard Webhooks has it, with the webhook's secret.",
    on=_REGISTER,
    source=named("P16"),
)
def signature(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    watch.hooks += [
        register(
            lab,
            f"{length} bytes",
            [CREATED],
            secret=f"whsec_{base64.b64encode(bytes(range(150, 150 + length))).decode()}",
        )
        for length in (24, 25, 64)
    ]
    for name in (lab.fresh.name(), f"Zoë 🦊 李小龙 {lab.fresh.token()}", f'"quoted" \\ / {lab.fresh.token()}'):
        lead = watch.patch(watch.create(name=name), status="qualified")
        watch.patch(lead, company="Acme / Söhne")
    watch.verify()
    _all_signed(lab, watch)
    for one in watch.hooks[-3:]:
        one.inbox.close()


def _all_signed(lab: Lab, watch: Watch) -> None:
    """Each with the secret of its webhook. Whether one event has one id for all webhooks is left open."""
    seen: dict[str, str] = {}
    for record in watch.wanted:
        for one in watch.hooks:
            for delivery in one.inbox.about(record):
                expect_signed(lab, delivery, one.secret)
                number = header(delivery, "webhook-id")
                what = f"{delivery.json['type']} {record}"
                before = seen.setdefault(number, what)
                lab.expect(before == what, f"a webhook-id of its own for {what}", f"that of {before}")


@kind.promise(
    "chosen",
    "A webhook is told of the events that it was registered for, and of no others.",
    on=_REGISTER,
    source=assumed("P38", "events are those that are sent."),
)
def chosen(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    lead = watch.patch(watch.create(), status="qualified", email=lab.fresh.email())
    body = {"name": lab.fresh.name(), "subject": "A", "body": "B", "audience": {"lead_ids": [lead["id"]]}}
    campaign = watch.here.body(home(lab)("createEmailCampaign", body=body), 202, "the campaign")
    watch.expects(campaign["id"], "a campaign", (SENT, {**campaign, "status": "sent"}))
    watch.verify()


@kind.promise(
    "late",
    "A webhook is told of what happens once it is there, and not of what happened before.",
    on=_REGISTER,
    source=assumed("P38", "Sends the chosen events from now on."),
)
def late(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    early = watch.create()
    watch.hooks.append(new := register(lab, "late", [CREATED]))
    watch.create()
    wanted, watch.wanted = watch.wanted, {key: value for key, value in watch.wanted.items() if key != early["id"]}
    watch.verify()
    watch.hooks.remove(new)
    watch.wanted = wanted
    watch.verify()
    lab.expect(not new.inbox.about(early["id"]), "nothing of a lead that came before the webhook", "a delivery")
    new.inbox.close()


@kind.promise(
    "same-url",
    "Each webhook at one URL is told of its own events, with its own secret.",
    on=_REGISTER,
    source=assumed("P38", "Each registration is a webhook of its own, whatever its URL."),
)
def same_url(lab: Lab, _operation: Operation) -> None:
    hooks(lab)
    inbox = lab.receiver().inbox()
    chosen_by = {"first": [CREATED], "second": [CREATED], "third": [STATUS]}
    several = [register(lab, name, events, inbox=inbox) for name, events in chosen_by.items()]
    here = Workspace(lab, home(lab))
    lead = here.patch(here.create(), {"status": "qualified"})
    found = inbox.due(lead["id"], number=len(several))
    rest(lab)
    found = inbox.about(lead["id"])
    inbox.close()
    told = sorted(delivery.json["type"] for delivery in found)
    lab.expect(told == [CREATED, CREATED, STATUS], "two lead.created and a lead.status_changed at the one URL", told)
    for one in several:
        mine = [delivery for delivery in found if is_signed(delivery, one.secret)]
        events = [delivery.json["type"] for delivery in mine]
        lab.expect(events == list(one.events), f"{one.events[0]} signed with the secret of the {one.name}", events)


@kind.promise(
    "refused-webhook",
    "A webhook whose registration was refused is told nothing.",
    on=_REGISTER,
    source=assumed("P39", "What is refused leaves no trace."),
)
def refused_webhook(lab: Lab, _operation: Operation) -> None:
    listening = hooks(lab)[0]
    inbox = lab.receiver().inbox()
    sound = {"url": inbox.url, "events": [CREATED]}
    for wrong in _WRONG:
        answer = home(lab)("createWebhook", body={**sound, **wrong})
        lab.expect(answer.status == _REFUSED, f"{_REFUSED} for a webhook with {wrong}", answer)
    answer = lab.nobody()("createWebhook", body=sound)
    lab.expect(not answer.ok, "a refusal of who has no key", answer)
    answer = home(lab)("createWebhook", content=json.dumps(sound)[:-1].encode())
    lab.expect(not answer.ok, "a refusal of a body that is cut off", answer)
    lead = Workspace(lab, home(lab)).create()
    listening.inbox.due(lead["id"])
    rest(lab)
    found = inbox.about(lead["id"])
    inbox.close()
    lab.expect(not found, "nothing to a webhook that was refused", found[0] if found else "")


@kind.promise(
    "exact-url",
    "A delivery goes to exactly the URL that was registered, with its path and its query as they are.",
    on=_REGISTER,
    source=assumed("P38", "url is where the events go."),
)
def exact_url(lab: Lab, _operation: Operation) -> None:
    hooks(lab)
    inboxes = [lab.receiver().inbox(more) for more in _PLACES]
    for inbox in inboxes:
        register(lab, f"at {inbox.url}", [CREATED], inbox=inbox)
    lead = Workspace(lab, home(lab)).create()
    for inbox in inboxes:
        found = inbox.due(lead["id"])
        inbox.close()
        lab.expect(found, f"a delivery of the new lead {lead['id']} to {inbox.url}", "none")
        lab.expect(inbox.url.endswith(found[0].path), f"a delivery to {inbox.url}", found[0].path)


@kind.promise(
    "localhost",
    "A webhook at localhost is told of events as one at 127.0.0.1 is, where it is taken.",
    on=_REGISTER,
    source=assumed("M64", "A target set up for testing may take a receiver at 127.0.0.1 or localhost."),
)
def localhost(lab: Lab, _operation: Operation) -> None:
    hooks(lab)
    inbox = lab.receiver().inbox()
    one = register(lab, "at localhost", [CREATED], inbox=inbox, url=spelt_otherwise(inbox.url))
    lead = Workspace(lab, home(lab)).create()
    found = inbox.wait(lead["id"], seconds=LOOKED_UP)
    inbox.close()
    lab.expect(found, f"a delivery of the new lead {lead['id']} to {spelt_otherwise(inbox.url)}", "none")
    expect_signed(lab, found[0], one.secret)
