"""MEGA's webhooks at work: registering them where deliveries are awaited, and reading what arrives."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..models.mega_population import moment, some
from ..models.mega_webhooks import sweep
from ..receiver import Delivery, Inbox
from ..rule import Broken, NotChecked
from ..worlds.mega import PLATFORMS, SOURCE_TYPES
from .mega_leads import Lead, made, same

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

WRITE = "public_api:leads:write"
#: What was sent before something that has arrived may come so much later.
_SETTLE = 0.3
#: How far the timestamp of a delivery may be from now, in seconds.
TOLERANCE = 300.0
_ODD_NAMES = ('Zoë "Köln" O\'Neil', "李小龙 🦊", "back\\slash / <b>&amp;</b>", "café\u0301 \u2028 x", "n" * 60)
_TAME_NAMES = ("Zoë O'Neil", "李小龙", "José Núñez")
_FULL: Mapping[str, Any] = {"source_platform": "referral", "source_type": "form"}


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook whose deliveries come to `inbox`."""

    id: str
    secret: str
    inbox: Inbox

    def of(self, lead: Mapping[str, Any]) -> list[Delivery]:
        """What has arrived of a lead."""
        return self.inbox.about(str(lead["id"]))


@contextmanager
def listening(lab: Lab, number: int = 1, caller: Caller | None = None, **members: Any) -> Iterator[list[Hook]]:
    """So many new webhooks, which are deleted at the end."""
    who = caller or lab.main
    with ExitStack() as stack:
        yield [stack.enter_context(registered(lab, who, lab.receiver().inbox(), **members)) for _ in range(number)]


@contextmanager
def registered(lab: Lab, who: Caller, inbox: Inbox, **members: Any) -> Iterator[Hook]:
    answer = who("createLeadWebhook", body={"url": inbox.url, "event_types": ["lead.created"], **members})
    if 400 <= answer.status < 500:
        raise NotChecked(f"the target takes no webhook at {inbox.url}: {answer}")
    lab.expect(answer.ok, f"201 for a webhook with {members}", answer)
    hook = Hook(str(answer.at("/webhook/id")), str(answer.at("/secret")), inbox)
    try:
        yield hook
    finally:
        who("deleteLeadWebhook", path={"id": hook.id})


def change(lab: Lab, hook: Hook, caller: Caller | None = None, **members: Any) -> str:
    """Change a webhook; gives its new secret if there is one."""
    answer = (caller or lab.main)("updateLeadWebhook", path={"id": hook.id}, body=members)
    lab.expect(answer.ok, f"200 for the change {members}", answer)
    return str(answer.at("/secret", ""))


def see_that_any_come(lab: Lab) -> None:
    """Raises NotChecked where no webhook is ever told of a lead: that is another rule's matter."""
    if not lab.once("mega delivers", lambda: _any_come(lab)):
        raise NotChecked("nothing is delivered to a new webhook")


def _any_come(lab: Lab) -> bool:
    sweep(lab)
    with listening(lab) as (hook,):
        lead = made(lab, lab.world.lead(lab.fresh))
        return bool(hook.inbox.due(lead["id"], lead.get("contact_email") or lead["id"]))


def arrives(lab: Lab, hook: Hook, lead: Mapping[str, Any], why: str = "of a new lead") -> Delivery:
    """The first delivery of the lead. Raises Broken where none comes."""
    found = hook.inbox.due(str(lead["id"]))
    lab.expect(found, f"a delivery {why}, {lead['id']}", "none in time")
    return found[0]


def tell(lab: Lab, hook: Hook, caller: Caller | None = None) -> Lead:
    """Create a lead that this webhook is told of."""
    lead = made(lab, lab.world.lead(lab.fresh), caller)
    arrives(lab, hook, lead)
    return lead


def settle(lab: Lab, hook: Hook, caller: Caller | None = None) -> Lead:
    """The same. Afterwards, what was sent before has arrived too."""
    lead = tell(lab, hook, caller)
    rest(lab)
    return lead


def rest(lab: Lab, seconds: float = _SETTLE) -> None:
    lab.receiver().wait(lambda: False, seconds)


def nothing(lab: Lab, hook: Hook, texts: Sequence[str], what: str) -> None:
    """Raise Broken where something about this has arrived."""
    found = hook.inbox.about(*texts)
    lab.expect(not found, f"no delivery {what}", found[0] if found else "")


def told_once(lab: Lab, hook: Hook, lead: Mapping[str, Any], what: str) -> None:
    """One delivery, which may have been sent more than once: X-Mega-Delivery tells."""
    ids = {delivery_id(one) for one in hook.of(lead)}
    got = f"{len(ids)}: {', '.join(sorted(ids))}"
    lab.expect(len(ids) == 1, f"one delivery of the lead {lead['id']} {what}", got)


# What a delivery says.


def delivery_id(delivery: Delivery) -> str:
    return header(delivery, "X-Mega-Delivery")


def header(delivery: Delivery, name: str) -> str:
    value = delivery.headers.get(name)
    if not value:
        raise Broken(f"the header {name} with a delivery", f"{sorted(delivery.headers)}")
    return str(value)


def stamp(delivery: Delivery) -> int:
    """X-Mega-Timestamp."""
    text = header(delivery, "X-Mega-Timestamp")
    if not (text.isascii() and text.isdecimal()):
        raise Broken("an X-Mega-Timestamp in Unix seconds", text)
    return int(text)


def is_signed(delivery: Delivery, secret: str) -> bool:
    """Whether the signature is that of the timestamp, a full stop and the body, as they arrived, with this secret."""
    signed = header(delivery, "X-Mega-Timestamp").encode() + b"." + delivery.body
    expected = f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
    return header(delivery, "X-Mega-Signature").lower() == expected


def expect_signed(lab: Lab, delivery: Delivery, secret: str, what: str) -> None:
    got = f"{header(delivery, 'X-Mega-Signature')} with the timestamp {header(delivery, 'X-Mega-Timestamp')}"
    wanted = f"X-Mega-Signature to be sha256= and the HMAC-SHA256 of timestamp, full stop and raw body with {what}"
    lab.expect(is_signed(delivery, secret), wanted, f"{got} for {delivery}")


# What is looked at by several rules.


@dataclass(frozen=True, slots=True)
class Told:
    """Leads as they were sent and answered, and the webhooks that were told of them, the last at a URL with a query."""

    hooks: list[Hook]
    leads: list[tuple[Mapping[str, Any], Lead]]

    def each(self) -> Iterator[tuple[Mapping[str, Any], Lead, Hook, Delivery]]:
        for sent, lead in self.leads:
            for hook in self.hooks:
                for delivery in hook.of(lead):
                    yield sent, lead, hook, delivery


def told(lab: Lab) -> Told:
    """Leads of all kinds, each created, merged once more where it can be, and told to three webhooks."""
    see_that_any_come(lab)
    return lab.once("mega told", lambda: _tell(lab))


def _tell(lab: Lab) -> Told:
    with listening(lab, 2) as two, registered(lab, lab.main, lab.receiver().inbox("?from=mega&kind=lead")) as third:
        hooks = [*two, third]
        leads: list[tuple[Mapping[str, Any], Lead]] = [(body, made(lab, body)) for body in some(lab, _bodies(lab))]
        answer = lab.main("createLead", body=lab.world.lead(lab.fresh), headers={"Idempotency-Key": lab.fresh.token()})
        lab.expect(answer.status == 201, "201 for a lead with an idempotency key", answer)
        leads.append(({}, answer.at("/lead")))
        ids = {lead["id"] for _, lead in leads}

        def complete() -> bool:
            return all(hook.inbox.about(lead_id) for lead_id in ids for hook in hooks)

        lab.receiver().due(complete)
        rest(lab)
    return Told(hooks, leads)


def _bodies(lab: Lab) -> list[dict[str, Any]]:
    fresh, full = lab.fresh, lab.world.lead
    phone = fresh.phone()
    names = _ODD_NAMES if lab.strict else _TAME_NAMES
    bodies: list[dict[str, Any]] = [
        {**full(fresh), **_FULL},
        {"contact_name": fresh.name()},
        {"contact_email": fresh.email()},
        {"contact_phone": f"({phone[:3]}) {phone[3:6]}-{phone[6:]}"},
        *({**full(fresh), "contact_name": f"{name} {fresh.token()}"[:255]} for name in names),
        {**full(fresh), "source_platform": "google_ads", "source_type": "phone_call"},
        {**full(fresh), "source_platform": "lead_docket", "source_type": "import"},
    ]
    bodies += [{**full(fresh), "stage_slug": slug} for slug in list(lab.facts.get("stages", ()))[1:3]]
    slugs = [slug for slug in lab.facts.get("custom_fields", ()) if slug != "lead_line"][:3]
    if slugs:
        # The vendor's own sample is a number in a text. A field may be defined to take nothing else.
        odd = (7, 1.5, False, None, 'ü "quoted" 🦊', "")
        values: tuple[Any, ...] = ("500000", *(odd if lab.strict else ("7",)))
        bodies += [{**full(fresh), "custom_fields": {slugs[0]: value}} for value in values]
        bodies.append(
            {**full(fresh), **_FULL, "custom_fields": dict.fromkeys(slugs if lab.strict else slugs[:1], "750000")}
        )
    if lab.strict:
        bodies += [{**full(fresh), "custom_fields": {"lead_line": line}} for line in ("buyer", "seller")]
        sources = zip(itertools.cycle(PLATFORMS), itertools.cycle(SOURCE_TYPES), strict=False)
        # The first few have no more than one contact.
        for body, (platform, source_type) in zip(bodies[4:], sources, strict=False):
            body.setdefault("source_platform", platform)
            body.setdefault("source_type", source_type)
    return bodies


def shown_as(lab: Lab, sent: Mapping[str, Any], lead: Lead, delivery: Delivery) -> None:
    """Compare what a delivery tells of a lead with the answer to its create; null and absent are the same here."""
    value = delivery.json
    lab.expect(isinstance(value, dict) and value.get("event") == "lead.created", "event lead.created", delivery)
    lab.expect(_is_moment(value.get("delivered_at")), "a moment in delivered_at", delivery)
    got = value.get("lead")
    lab.expect(isinstance(got, dict), "the lead in lead", delivery)
    names = ("id", "contact_name", "contact_phone", "contact_email", "source_platform", "source_type")
    for name in names:
        lab.expect(
            got.get(name) == lead.get(name), f"{name} {lead.get(name)!r} as in the answer to the create", got.get(name)
        )
    for name in ("created_at", "updated_at"):
        agreed = _is_moment(got.get(name)) and moment(got[name]) == moment(lead[name])
        lab.expect(agreed, f"{name} {lead[name]} as in the answer to the create", got.get(name))
    for name in ("slug", "name") if lead.get("current_stage") else ():
        stage = got.get("current_stage") or {}
        expected = lead["current_stage"].get(name)
        lab.expect(stage.get(name) == expected, f"current_stage with {name} {expected!r}", stage)
    answered = lead.get("custom_fields") or {}
    for slug in answered.keys() & (sent.get("custom_fields") or {}).keys():
        held = (got.get("custom_fields") or {}).get(slug)
        lab.expect(
            same(held, answered[slug]), f"custom_fields with {slug} {answered[slug]!r}", got.get("custom_fields")
        )


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(moment(value))
    except ValueError:
        return False
