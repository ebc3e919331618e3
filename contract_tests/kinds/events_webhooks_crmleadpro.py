"""CRMLead Pro's webhooks and their deliveries: how they are signed, whose they are, and what is tried again."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..receiver import Delivery, Reply
from ..rule import Kind, NotChecked, assumed, named, only
from .crmleadpro_deliveries import (
    CREATED,
    SENT,
    SOON,
    Hook,
    Watch,
    digests,
    expect_signed,
    header,
    home,
    hook,
    hooks,
    register,
    rest,
    stranger,
)

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("events")

_REGISTER = only("crmleadpro/createWebhook")
_AGAIN = assumed("P17", "As in Standard Webhooks: whatever is no 2xx is tried again, for the first time after 5 s.")
_STANDARD = assumed("P16", "As in Standard Webhooks: the id and the body stay, the timestamp is that of the attempt.")
_OK = Reply(200)
#: The first retry comes after 5 s, with some chance in it, or sooner in a test setup.
_LONGEST = 8.0
_PATIENT, _AT_ONCE = 1.5, 1.2
_FAILURES: Mapping[str, Reply] = {
    **{str(status): Reply(status) for status in (500, 503, 400, 404, 429)},
    **{str(status): Reply(status, (("Location", "{elsewhere}"),)) for status in (301, 307)},
    # So late that the retry falls into another second.
    "500, late": Reply(500, after=1.2),
}
_TAKEN: Mapping[str, Reply] = {"201": Reply(201), "204": Reply(204), "200, late": Reply(200, after=_PATIENT)}


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
        found = one.inbox.wait(token, seconds=SOON)
        lab.expect(found, f"a delivery that tells of the new lead {token} of its workspace", "none")
    rest(lab)
    for one, token in zip((theirs, mine), tokens, strict=True):
        found = one.inbox.about(token)
        lab.expect(not found, "no delivery of another workspace's lead", found[0] if found else "")


@kind.promise("signed", "Deliveries are signed with HMAC-SHA256.", on=_REGISTER, source=named("signed-webhooks"))
def signed(lab: Lab, _operation: Operation) -> None:
    found = []
    inbox = hook(lab, "created").inbox
    for _ in range(2):
        token = lab.fresh.token()
        answer = home(lab)("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {token}"})
        lab.expect(answer.ok, "a 2xx for a new lead", answer)
        found.append(inbox.wait(token, seconds=SOON))
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
    seen: dict[str, str] = {}
    for record in watch.wanted:
        for one in watch.hooks:
            for delivery in one.inbox.about(record):
                expect_signed(lab, delivery, one.secret)
                number = header(delivery, "webhook-id")
                what = f"{one.name} {delivery.json['type']} {record}"
                lab.expect(number not in seen, f"a webhook-id of its own for {what}", f"that of {seen.get(number)}")
                seen[number] = what


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


# What is tried again.


@dataclass(frozen=True, slots=True)
class _Scene:
    """One campaign and what came of it to each webhook, by its name; then another one. `seconds`: its request took."""

    hooks: dict[str, Hook]
    first: dict[str, list[Delivery]]
    second: dict[str, list[Delivery]]
    elsewhere: list[Delivery]
    seconds: float


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
    _send(lab, tokens[0])
    asked, started = lab.trace.exchanges[-1], time.monotonic()
    again = [made[name].inbox for name in _FAILURES]
    lab.receiver().wait(lambda: all(len(inbox.about(tokens[0])) > 1 for inbox in again), _LONGEST)
    rest(lab, max(0.3, _PATIENT + 0.4 - (time.monotonic() - started)))
    _send(lab, tokens[1])
    others = [one.inbox for name, one in made.items() if name != "410"]
    lab.receiver().wait(lambda: all(inbox.about(tokens[1]) for inbox in others), SOON)
    rest(lab)
    first, second = ({name: one.inbox.about(token) for name, one in made.items()} for token in tokens)
    found = elsewhere.about(*tokens)
    for one in made.values():
        one.inbox.close()
    return _Scene(made, first, second, found, asked.ended - asked.started)


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
