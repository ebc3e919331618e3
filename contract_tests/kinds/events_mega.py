"""MEGA's lead.created: which leads it tells of, and what it tells."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.mega_population import moment, some
from ..rule import Kind, NotChecked, assumed, named, only, page
from .mega_deliveries import (
    TOLERANCE,
    WRITE,
    arrives,
    delivery_id,
    expect_signed,
    header,
    listening,
    nothing,
    rest,
    see_that_any_come,
    settle,
    shown_as,
    stamp,
    told,
    told_once,
)
from .mega_leads import Lead, ask, imported, made, same

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("events")

_CREATE, _BULK = only("mega/createLead"), only("mega/bulkImportLeads")
_PAGE, _SIGNED = named("page-webhooks"), named("page-signature")
_NEW_ONLY = page("told about dev.gomega.ai webhooks", "lead.created fires on genuine new inserts, not on merges.")
_EXACT = assumed("own-choice", "A delivery has exactly the members and headers of the page's sample.")
_IN_MILLISECONDS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_NOW = 15.0
_OF_LEAD = (
    *("id", "contact_name", "contact_phone", "contact_email", "source_platform", "source_type"),
    *("custom_fields", "created_at", "updated_at"),
)
_REFUSED: tuple[Mapping[str, Any], ...] = (
    {"contact_email": "not-an-email {}"},
    {"contact_email": 5},
    {"contact_name": ["x"]},
    {"source_platform": "myspace"},
    {"source_type": "FORM"},
    {"stage_slug": "no-such-stage"},
    {"custom_fields": "x"},
    {"custom_fields": {"budget": {"a": 1}}},
)


# What is told.


@kind.promise(
    "fired", "A new lead is delivered to the customer's webhooks, one delivery for each.", on=_CREATE, source=_PAGE
)
def fired(lab: Lab, _operation: Operation) -> None:
    with suppress(NotChecked):
        see_that_any_come(lab)
    with listening(lab) as (hook,):
        arrives(lab, hook, made(lab, lab.world.lead(lab.fresh)))
    scene = told(lab)
    for sent, lead in scene.leads:
        for place, hook in enumerate(scene.hooks, 1):
            found = hook.of(lead)
            lab.expect(found, f"a delivery of the new lead {dict(sent) or lead} to webhook {place} of 3", "none")
            lab.expect(found[0].method == "POST", "a POST", found[0])
            told_once(lab, hook, lead, f"to webhook {place} of 3")
            path = hook.inbox.url.split("/", 3)[3]
            lab.expect(found[0].path == f"/{path}", f"a delivery to /{path}", found[0])


@kind.promise(
    "payload", "A delivery has event, delivered_at, and the lead as it was created.", on=_CREATE, source=_PAGE
)
def payload(lab: Lab, _operation: Operation) -> None:
    for sent, lead, _, delivery in told(lab).each():
        media_type = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
        lab.expect(media_type == "application/json", "the Content-Type application/json", media_type or "none")
        shown_as(lab, sent, lead, delivery)


@kind.promise("payload-exact", "A delivery has exactly the members of the sample.", on=_CREATE, source=_EXACT)
def payload_exact(lab: Lab, _operation: Operation) -> None:
    for sent, lead, _, delivery in told(lab).each():
        value = delivery.json
        stage = lead["current_stage"]
        expected = {name: lead[name] for name in _OF_LEAD} | {
            "lead_line": (sent.get("custom_fields") or {}).get("lead_line"),
            "current_stage": {"slug": stage["slug"], "name": stage["name"]},
        }
        lab.expect(same(value["lead"], expected), f"the lead {expected}", value["lead"])
        lab.expect(set(value) == {"event", "delivered_at", "lead"}, "event, delivered_at and lead alone", sorted(value))
        when = value["delivered_at"]
        lab.expect(_IN_MILLISECONDS.fullmatch(str(when)), "delivered_at as in 2026-07-02T09:30:00.250Z", when)
        near = abs(moment(when).timestamp() - delivery.moment) < _NOW and moment(when) >= moment(lead["created_at"])
        lab.expect(near, f"delivered_at now and not before the lead's created_at {lead['created_at']}", when)


@kind.promise(
    "as-created",
    "A delivery shows the lead as it was created, whatever becomes of it right after.",
    on=_CREATE,
    source=_EXACT,
)
def as_created(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        for _ in range(2):
            body = lab.world.lead(lab.fresh)
            lead = made(lab, body)
            made(lab, {**body, "contact_name": lab.fresh.name(), "source_type": "sms"})
            shown = arrives(lab, hook, lead).json["lead"]
            expected = {name: lead[name] for name in ("contact_name", "source_type", "updated_at")}
            told = {name: shown.get(name) for name in expected}
            lab.expect(told == expected, f"{expected} although the lead was merged into right after", told)


@kind.promise("once", "A delivery that was accepted is not sent again.", on=_CREATE, source=_EXACT)
def once(lab: Lab, _operation: Operation) -> None:
    scene = told(lab)
    for sent, lead in scene.leads:
        for hook in scene.hooks:
            count = len(hook.of(lead))
            lab.expect(count == 1, f"one request with the lead {dict(sent) or lead['id']} to each webhook", count)


@kind.promise(
    "signature",
    "X-Mega-Signature is the HMAC-SHA256 of timestamp and raw body with the webhook's secret.",
    on=_CREATE,
    source=_SIGNED,
)
def signature(lab: Lab, _operation: Operation) -> None:
    for _, _, hook, delivery in told(lab).each():
        expect_signed(lab, delivery, hook.secret, "its own secret")


@kind.promise(
    "headers",
    "X-Mega-Timestamp is the time of the delivery, and X-Mega-Delivery another for each.",
    on=_CREATE,
    source=_SIGNED,
)
def headers(lab: Lab, _operation: Operation) -> None:
    seen: dict[tuple[str, str], str] = {}
    for _, lead, hook, delivery in told(lab).each():
        near = abs(stamp(delivery) - delivery.moment) <= TOLERANCE
        lab.expect(near, f"X-Mega-Timestamp near {delivery.moment:.0f}", stamp(delivery))
        first = seen.setdefault((hook.id, delivery_id(delivery)), lead["id"])
        lab.expect(first == lead["id"], "an X-Mega-Delivery for each lead", f"{delivery_id(delivery)} for two leads")


@kind.promise(
    "headers-exact",
    "The signature is in small hex digits, the timestamp is now, and no two webhooks get the same delivery id.",
    on=_CREATE,
    source=_EXACT,
)
def headers_exact(lab: Lab, _operation: Operation) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for _, lead, hook, delivery in told(lab).each():
        text = header(delivery, "X-Mega-Signature")
        lab.expect(re.fullmatch(r"sha256=[0-9a-f]{64}", text), "sha256= and 64 small hex digits", text)
        near = abs(stamp(delivery) - delivery.moment) <= _NOW
        lab.expect(near, f"X-Mega-Timestamp {delivery.moment:.0f}, give or take a little", stamp(delivery))
        first = seen.setdefault(delivery_id(delivery), (hook.id, lead["id"]))
        lab.expect(
            first == (hook.id, lead["id"]), "an X-Mega-Delivery for each lead and webhook", delivery_id(delivery)
        )


@kind.promise("burst", "Leads that are created at the same time are all delivered.", on=_CREATE, source=_PAGE)
def burst(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab, 2) as hooks:
        requests = [lab.main.request("createLead", body=lab.world.lead(lab.fresh)) for _ in range(12)]
        leads = [exchange.answer.at("/lead") for exchange in lab.send_all(requests) if exchange.answer.ok]
        for lead in leads:
            for hook in hooks:
                arrives(lab, hook, lead, "of a lead that was created together with others")
        rest(lab)
        for lead in leads:
            for hook in hooks:
                told_once(lab, hook, lead, "that was created together with others")


# What is not.


@kind.promise("merge", "A lead that is merged into a known one is not delivered.", on=_CREATE, source=_NEW_ONLY)
def merge(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    known = [lab.world.lead(lab.fresh) for _ in range(2)]
    with listening(lab) as (hook,):
        leads = [made(lab, body) for body in known]
        for body, lead, member in zip(known, leads, ("contact_email", "contact_phone"), strict=True):
            arrives(lab, hook, lead)
            _merge_all(lab, body, lead, {member: getattr(lab.fresh, member.removeprefix("contact_"))()})
        uploaded = lab.world.lead(lab.fresh)
        row = imported(lab, [uploaded])["results"][0]
        merged = made(lab, {**uploaded, "contact_name": lab.fresh.name()})
        settle(lab, hook)
        for lead in leads:
            told_once(lab, hook, lead, "after merges")
        if merged["id"] == row["lead_id"]:
            nothing(lab, hook, [merged["id"]], "of a lead that was merged into an uploaded one")


def _merge_all(lab: Lab, body: Mapping[str, Any], lead: Lead, changed: Mapping[str, Any]) -> None:
    name = lab.fresh.name()
    ways: tuple[dict[str, Any], ...] = (
        dict(body),
        {"contact_email": body["contact_email"]},
        {"contact_phone": body["contact_phone"]},
        {"contact_email": str(body["contact_email"]).upper(), "contact_name": name},
        {"contact_phone": str(body["contact_phone"])[-10:], "contact_name": name, "source_platform": "zoho"},
        {**body, **changed},
    )
    # Whether letter case tells emails apart is nowhere said.
    for way in some(lab, ways) if lab.strict else (*ways[:3], *ways[4:]):
        answer = ask(lab, way, headers={"Idempotency-Key": lab.fresh.token()} if way is ways[0] else {})
        lab.expect(answer.ok, f"201 for {way}", answer)
        if answer.at("/lead/id") != lead["id"]:
            raise NotChecked(f"{way} was not merged into {lead['id']}, which is another rule's matter")


@kind.promise(
    "race", "Equal leads that are created at the same time are one lead and one delivery.", on=_CREATE, source=_NEW_ONLY
)
def race(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        for _ in range(3):
            request = lab.main.request("createLead", body=lab.world.lead(lab.fresh))
            answers = [exchange.answer for exchange in lab.send_all([request] * 6)]
            leads = {answer.at("/lead/id") for answer in answers if answer.ok}
            if len(leads) != 1:
                raise NotChecked("the leads were not merged into one, which is another rule's matter")
            lead = {"id": leads.pop()}
            arrives(lab, hook, lead)
            rest(lab, 0.1)
            told_once(lab, hook, lead, "that was created six times at once")
        settle(lab, hook)


@kind.promise(
    "replay",
    "A replayed idempotency key delivers nothing again, and one that is reused delivers nothing at all.",
    on=_CREATE,
    source=named("idempotency"),
)
def replay(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        texts, leads = [], []
        for body in ({"contact_name": lab.fresh.name()}, lab.world.lead(lab.fresh)):
            key = {"Idempotency-Key": lab.fresh.token()}
            first = ask(lab, body, headers=key)
            lab.expect(first.status == 201, "201", first)
            arrives(lab, hook, first.at("/lead"))
            leads.append(first.at("/lead"))
            for _ in range(3):
                texts += _unless_made(ask(lab, body, headers=key), leads[-1]["id"])
            other = lab.world.lead(lab.fresh)
            reused = ask(lab, other, headers=key)
            texts += [other["contact_email"]] if not reused.ok else []
        settle(lab, hook)
        for lead in leads:
            told_once(lab, hook, lead, "after replays of its key")
        nothing(lab, hook, texts or ["nothing"], "after a replayed or reused key")


def _unless_made(answer: Answer, lead_id: str) -> list[str]:
    """What must not be told of: the lead that a replay was answered with, if it is another."""
    found = answer.at("/lead/id", lead_id) if answer.ok else lead_id
    return [] if found == lead_id else [str(found)]


@kind.promise("refused", "A create that is refused delivers nothing.", on=_CREATE, source=_NEW_ONLY)
def refused(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        texts = [token for token, answer in _refusals(lab) if not answer.ok]
        settle(lab, hook)
        lab.expect(texts, "a refusal", "none")
        nothing(lab, hook, texts, "of a lead that was refused")


def _refusals(lab: Lab) -> Iterator[tuple[str, Answer]]:
    """Requests that are refused, each with a token that is in it alone."""

    def lead() -> tuple[str, dict[str, Any]]:
        token = lab.fresh.token()
        return token, {"contact_name": f"Lead {token}", "contact_email": f"{token}@example.com"}

    for members in some(lab, _REFUSED):
        token, body = lead()
        filled = {name: value.format(token) if isinstance(value, str) else value for name, value in members.items()}
        yield token, ask(lab, {**body, **filled})
    wrong: tuple[Mapping[str, str], ...] = (
        {"Authorization": f"Bearer mega_{'0' * 64}"},
        {"x-customer-id": str(uuid.uuid4())},
        {"Content-Type": "text/plain"},
    )
    for headers in wrong:
        token, body = lead()
        yield token, ask(lab, body, headers=headers)
    token, body = lead()
    yield token, ask(lab, body, lab.nobody())
    token, body = lead()
    yield token, lab.main("createLead", content=f'{{"contact_email": "{body["contact_email"]}",}}'.encode())
    with suppress(NotChecked):
        token, body = lead()
        yield token, ask(lab, body, lab.without(WRITE))


@kind.promise("inert", "A bulk import delivers nothing, whatever becomes of its rows.", on=_BULK, source=named("inert"))
def inert(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        known = lab.world.lead(lab.fresh)
        lead = made(lab, known)
        arrives(lab, hook, lead)
        texts: list[str] = []
        several: tuple[dict[str, Any], ...] = (
            *({}, {"on_duplicate": "update"}, {"on_duplicate": "skip"}),
            *({"dry_run": True}, {"dry_run": True, "on_duplicate": "skip"}),
        )
        for options in some(lab, several):
            rows = [{"row_ref": str(place), **lab.world.lead(lab.fresh)} for place in range(4)]
            imported(lab, [*rows, dict(rows[0]), {**known, "contact_name": lab.fresh.name()}], **options)
            texts += [row["contact_email"] for row in rows]
        alone = lab.world.lead(lab.fresh)
        imported(lab, [alone])
        answer = lab.main(
            "bulkImportLeads",
            body={"leads": [{"contact_name": lab.fresh.name()}]},
            headers={"Idempotency-Key": alone["contact_email"]},
        )
        lead_id = answer.at("/results/0/lead_id", None) if answer.ok else None
        settle(lab, hook)
        nothing(lab, hook, [*texts, alone["contact_email"], *([lead_id] if lead_id else [])], "of an uploaded lead")
        told_once(lab, hook, lead, "after it was uploaded too")
