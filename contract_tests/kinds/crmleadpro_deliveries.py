"""CRMLead Pro's webhooks at work: registering them, what each must be told, and reading what arrives.

A webhook cannot be deleted, so the few that are needed are registered once a run, and in the other workspace where
there is one: they go on being told of all that happens there, and most of it happens in the main workspace.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..models.crmleadpro import OF_CONTACT, Lead, contact_of, moment, patched, same
from ..receiver import Delivery, Inbox, Reply
from ..rule import Broken, NotChecked
from ..worlds.workspace import MOMENT, Workspace

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

CREATED, STATUS, CONTACT, SENT = "lead.created", "lead.status_changed", "contact.updated", "campaign.sent"
EVENTS = (CREATED, STATUS, "deal.won", "deal.lost", SENT, CONTACT)
#: What was sent before something that has arrived may come so much later.
SETTLE = 0.3
#: How far the times that a delivery tells may be from now.
NOW = 15.0
_SHOWN = 200
_OWN_SECRET = f"whsec_{base64.b64encode(bytes(range(200, 240))).decode()}"
#: The webhooks of a run: what each listens to. `stranger` is another workspace's.
_HOOKS: Mapping[str, tuple[str, ...]] = {
    "all": EVENTS,
    "created": (CREATED,),
    "status": (STATUS,),
    "contact": (CONTACT,),
    "campaign": (SENT,),
    "deals": ("deal.won", "deal.lost"),
    "pair": (CONTACT, CREATED),
    "stranger": EVENTS,
}


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook whose deliveries come to `inbox`."""

    name: str
    events: tuple[str, ...]
    secret: str
    inbox: Inbox


def home(lab: Lab) -> Caller:
    """Whoever's workspace the webhooks are in."""
    try:
        return lab.other_tenant()
    except NotChecked:
        return lab.main


def stranger(lab: Lab) -> Caller:
    """Somebody of another workspace than that. Raises NotChecked where there is none."""
    lab.other_tenant()
    return lab.main


def hook(lab: Lab, name: str) -> Hook:
    """One of the webhooks of this run."""

    def make() -> Hook:
        caller = stranger(lab) if name == "stranger" else home(lab)
        more: dict[str, Any] = {"secret": _OWN_SECRET} if name == "pair" else {}
        return register(lab, name, _HOOKS[name], caller, **more)

    return lab.once(("crmleadpro hook", name), make)


def register(
    lab: Lab,
    name: str,
    events: Sequence[str],
    caller: Caller | None = None,
    inbox: Inbox | None = None,
    **members: Any,
) -> Hook:
    """A new webhook. The document does not say how one is registered, nor that a local address is taken."""
    inbox = inbox or lab.receiver().inbox()
    answer = (caller or home(lab))("createWebhook", body={"url": inbox.url, "events": list(events), **members})
    if not answer.ok:
        raise NotChecked(f"the target takes no webhook in this form at {inbox.url}: {answer}")
    try:
        told = answer.json
    except Broken:
        told = None
    return Hook(name, tuple(events), members.get("secret") or _secret(told), inbox)


def _secret(value: Any) -> str:
    """A text that is called a secret, anywhere in an answer."""
    if not isinstance(value, dict):
        return ""
    found = [text for name, text in value.items() if "secret" in name.lower() and isinstance(text, str)]
    return next(iter(found), "") or next(filter(None, map(_secret, value.values())), "")


def hooks(lab: Lab) -> list[Hook]:
    """All of them, without the stranger's where there is no other workspace. NotChecked where none is ever told."""
    if not lab.once("crmleadpro delivers", lambda: _any_come(lab)):
        raise NotChecked("nothing is delivered to a new webhook")
    if lab.strict:
        refusing(lab)
    found = [hook(lab, name) for name in _HOOKS if name != "stranger"]
    try:
        return [*found, hook(lab, "stranger")]
    except NotChecked:
        return found


def excuse(lab: Lab, found: Sequence[Delivery]) -> None:
    """Raises NotChecked where nothing came and nothing ever does: a webhook may have to be confirmed first."""
    if not found and not lab.strict and not lab.once("crmleadpro delivers anything", lambda: _anything_comes(lab)):
        raise NotChecked("nothing at all is delivered to a new webhook")


def _anything_comes(lab: Lab) -> bool:
    caller, inbox = home(lab), hook(lab, "all").inbox
    path = {"id": lab.world.lead_id(caller("createLead", body=lab.world.lead(lab.fresh)))}
    for patch in ({"status": "qualified"}, {"pipeline_stage": "demo_scheduled"}, {"name": lab.fresh.name()}):
        caller("updateLead", path=path, body=patch)
    return bool(inbox.due(""))


def refusing(lab: Lab) -> tuple[Inbox, str]:
    """A webhook that has failed since early in the run, and the text in what it is told again and again."""
    return lab.once("crmleadpro refuses", lambda: _refuse(lab))


def _refuse(lab: Lab) -> tuple[Inbox, str]:
    name, one = lab.fresh.token(), register(lab, "refusing", (CREATED,))
    one.inbox.script(Reply(500), about=name)
    home(lab)("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {name}"})
    return one.inbox, name


def _any_come(lab: Lab) -> bool:
    name = lab.fresh.token()
    inbox = hook(lab, "all").inbox
    answer = home(lab)("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {name}"})
    lab.expect(answer.ok, "a 2xx for a new lead", answer)
    return bool(inbox.due(name))


def rest(lab: Lab, seconds: float = SETTLE) -> None:
    lab.receiver().wait(lambda: False, seconds)


@dataclass
class Watch:
    """Deeds, and the events that follow from them. `why` are the deeds, by the id of the record that they are about."""

    lab: Lab
    wanted: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hooks = hooks(self.lab)
        self.here = Workspace(self.lab, home(self.lab))

    def expects(self, record: str, why: str, *events: tuple[str, Any]) -> None:
        """These events, of type and data, and no other ones, are told of a record."""
        self.wanted.setdefault(record, []).extend(events)
        why = why if len(why) <= _SHOWN else f"{why[:_SHOWN]}…"
        self.why[record] = f"{self.why[record]}, then {why}" if record in self.why else why

    def create(self, **members: Any) -> Lead:
        """A new lead, of which everybody who listens is told."""
        return self.make({"name": self.lab.fresh.name(), "email": self.lab.fresh.email(), **members}, members)

    def make(self, sent: Mapping[str, Any], shown: Mapping[str, Any] | None = None) -> Lead:
        """The lead of this body, of which `shown` is told where something is wrong with it."""
        lead = self.here.made(sent)
        members = sent if shown is None else shown
        self.expects(lead["id"], f"a lead with {members}" if members else "a lead", (CREATED, lead))
        return lead

    def patch(self, lead: Lead, **patch: Any) -> Lead:
        """Change a lead. What follows is what the patch gives another value."""
        answer = self.here.ask("updateLead", path={"id": lead["id"]}, body=patch)
        changed = self.here.whole(answer, 200, "the patched lead")
        after = patched(lead, patch)
        self.here.agree({**after, "updated_at": changed["updated_at"]}, changed, f"after the patch {patch}")
        events = []
        if any(not same(lead[name], after[name]) for name in ("status", "pipeline_stage")):
            events.append((STATUS, changed))
        if any(not same(lead[name], after[name]) for name in OF_CONTACT):
            events.append((CONTACT, contact_of(changed)))
        self.expects(lead["id"], f"the patch {patch}", *events)
        return changed

    def verify(self) -> None:
        """Wait for what must come, and compare it with what came."""
        self.lab.receiver().due(self._complete)
        rest(self.lab)
        for record in self.wanted:
            for one in self.hooks:
                self._compare(record, one)

    def _complete(self) -> bool:
        return all(
            len(one.inbox.about(record)) >= len(self._due(record, one)) for record in self.wanted for one in self.hooks
        )

    def _due(self, record: str, one: Hook) -> list[tuple[str, Any]]:
        if one.name == "stranger":
            return []
        return [(event, data) for event, data in self.wanted[record] if event in one.events]

    def _compare(self, record: str, one: Hook) -> None:
        due, came = self._due(record, one), one.inbox.about(record)
        for delivery in came:
            _has_form(self.lab, delivery)
        told, expected = [_key(item.json["type"], item.json["data"]) for item in came], [_key(*item) for item in due]
        if Counter(told) == Counter(expected):
            return
        listens = f"the webhook {one.name} for {', '.join(one.events)}"
        raise Broken(f"of {self.why[record]}, to {listens}: {_listed(expected)}", _listed(told))


def _key(event: str, data: Any) -> str:
    return f"{event} {json.dumps(data, sort_keys=True, ensure_ascii=False)}"


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(sorted(texts)) or "nothing"


def _has_form(lab: Lab, delivery: Delivery) -> None:
    """A POST of type, timestamp and data, now."""
    lab.expect(delivery.method == "POST", "a POST", delivery)
    media_type = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    lab.expect(media_type == "application/json", "the Content-Type application/json", media_type or "none")
    value = delivery.json
    lab.expect(
        isinstance(value, dict) and set(value) == {"type", "timestamp", "data"}, "type, timestamp, data", delivery
    )
    when = value["timestamp"]
    lab.expect(MOMENT.fullmatch(str(when)), "a timestamp as in 2026-05-15T10:30:00Z", when)
    lab.expect(abs(moment(when).timestamp() - delivery.moment) < NOW, "a timestamp that is now", when)


# How a delivery is signed.


def header(delivery: Delivery, name: str) -> str:
    value = delivery.headers.get(name)
    if not value:
        raise Broken(f"the header {name} with a delivery", f"{sorted(delivery.headers)}")
    return str(value)


def expect_signed(lab: Lab, delivery: Delivery, secret: str) -> None:
    """Signed as Standard Webhooks 1.0.0 has it, with the bytes of this secret."""
    form = secret.startswith("whsec_")
    lab.expect(form, "a secret of whsec_ and base64 from the registration", "another" if secret else "none")
    stamp = header(delivery, "webhook-timestamp")
    number = int(stamp) if stamp.isascii() and stamp.isdecimal() else 0
    near = abs(number - delivery.moment) < NOW
    lab.expect(near, f"webhook-timestamp {delivery.moment:.0f}, give or take a little", stamp)
    expected = _signature(delivery, secret)
    found = header(delivery, "webhook-signature")
    wanted = f"webhook-signature {expected}: v1 and the HMAC-SHA256 of webhook-id.webhook-timestamp.body in base64"
    lab.expect(expected in found.split(" "), wanted, f"{found} for {delivery}")
    lab.expect(all(one.startswith("v1,") for one in found.split(" ")), "signatures of v1 alone", found)


def is_signed(delivery: Delivery, secret: str) -> bool:
    """Whether one of its signatures is that of this secret."""
    return _signature(delivery, secret) in header(delivery, "webhook-signature").split(" ")


def _signature(delivery: Delivery, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{header(delivery, 'webhook-id')}.{header(delivery, 'webhook-timestamp')}.".encode() + delivery.body
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


def digests(delivery: Delivery) -> Iterator[str]:
    """Whatever in a delivery may be a SHA-256: 32 bytes in hex or base64, alone or after a word and = , or :."""
    places = [value for name, value in delivery.headers.items() if name.lower() not in {"host", "user-agent"}]
    places += [delivery.path, delivery.body.decode("utf-8", "replace")]
    for text in places:
        for word in _words(text):
            if _is_digest(word):
                yield word


def _words(text: str) -> Iterator[str]:
    for separator in ' ,;:"&?=':
        text = text.replace(separator, " ")
    yield from text.split()


def _is_digest(word: str) -> bool:
    if len(word) == 64:
        return set(word.lower()) <= set("0123456789abcdef")
    if len(word) != 43:
        return False
    try:
        return len(base64.b64decode(f"{word.replace('-', '+').replace('_', '/')}=", validate=True)) == 32
    except binascii.Error:
        return False
