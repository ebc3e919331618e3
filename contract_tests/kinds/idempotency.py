"""Idempotency keys: what a replay returns, what a conflict is, and what is remembered at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only, own, where
from .envelope import refused
from .keyed import Keyed
from .mega_leads import custom_slugs, imported, listed, made, with_email

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("idempotency")
#: So many rows has an import that differs far down.
_ROWS = 40

_KEYED = where(lambda operation: operation.idempotency)
_OWN = own("x-idempotency")
_M24 = named("M24")
_M21 = assumed("M21", "Only successful answers are remembered.")
Body = dict[str, Any]


@kind.promise(
    "replay",
    "{method} {path}: a repeated key returns the original answer, and nothing is done again.",
    on=_KEYED,
    source=_OWN,
)
def replay(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    for lead in ({"contact_name": lab.fresh.name()}, lab.world.lead(lab.fresh)):
        key, body = at.key(), at.body(lead)
        first = at.done(body, key)
        for _ in range(4):
            at.replays(first, body, key)
        count = at.named(lead["contact_name"])
        lab.expect(count == 1, f"one lead named {lead['contact_name']} after five requests with one key", count)
    # The first may have been a merge; a replay then merges nothing again.
    known = made(lab, lab.world.lead(lab.fresh))
    key, body = at.key(), at.body({"contact_email": known["contact_email"], "contact_name": lab.fresh.name()})
    first, before = at.done(body, key), listed(lab, known)
    at.replays(first, body, key)
    lab.expect(listed(lab, known) == before, f"no change of the lead by a replay: {before}", listed(lab, known))


@kind.promise(
    "replay-original",
    "{method} {path}: a replay returns the original answer even when the lead was changed since, and changes nothing.",
    on=_KEYED,
    source=_OWN,
)
def replay_original(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    lead, key = lab.world.lead(lab.fresh), at.key()
    body = at.body(lead)
    first = at.done(body, key)
    changes: tuple[Callable[[], Any], ...] = (
        lambda: made(lab, {"contact_email": lead["contact_email"], "contact_name": lab.fresh.name()}),
        lambda: imported(lab, [{"contact_email": lead["contact_email"], "source_platform": "zoho"}]),
        lambda: made(lab, {"contact_email": lead["contact_email"], "contact_phone": f"+1{lab.fresh.phone()}"}),
        lambda: at.done(at.body({**lead, "source_type": "chat"}), at.key()),
    )
    for change in changes:
        change()
        now = with_email(lab, lead["contact_email"])
        at.replays(first, body, key)
        later = with_email(lab, lead["contact_email"])
        lab.expect(later == now, f"no change of the lead by a replay: {now}", later)


@kind.promise(
    "replay-bytes",
    "{method} {path}: a replay has the very bytes of the original answer, and says in a header that it is one.",
    on=_KEYED,
    source=named("M23"),
)
def replay_bytes(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    name = operation.idempotency.replay_header if operation.idempotency else None
    # White space and member order of the answer must not depend on those of the request.
    slug = custom_slugs(lab)[0]
    lead = {
        **lab.world.lead(lab.fresh),
        "contact_name": f"Zo\u00eb \U0001f680 {lab.fresh.token()}",
        "source_type": "chat",
    }
    key, body = at.key(), at.body({**lead, "custom_fields": {slug: 2.5, "made_up_b": 1, "made_up_a": None}})
    first = at.done(body, key)
    made(lab, {"contact_email": lead["contact_email"], "source_type": "sms"})
    for _ in range(2):
        again = at.send(body, key)
        lab.expect(again.body == first.body, f"the same bytes: {first.body!r}", again.body)
        types = [answer.headers.get("content-type") for answer in (first, again)]
        lab.expect(types[0] == types[1], f"the content type {types[0]}", types[1])
        if name:
            lab.expect(again.headers.get(name) == "true", f"{name}: true in a replay", again.headers.get(name))
    if name:
        other = at.done(at.body(lab.world.lead(lab.fresh)), at.key())
        plain = at.send(at.body(lab.world.lead(lab.fresh)), None)
        for answer in (first, other, plain):
            lab.expect(
                name not in answer.headers, f"no {name} in an answer that is no replay", answer.headers.get(name)
            )


@kind.promise(
    "conflict",
    "{method} {path}: a key reused with a different body is answered with 409.",
    on=_KEYED,
    source=named("reuse-409"),
)
def conflict(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    fresh, key = lab.world.lead(lab.fresh), at.key()
    slugs = list(lab.facts.get("custom_fields", ()))[:2]
    # Where none is known, a strict run takes those of the document; others might mind them.
    slugs = slugs if len(slugs) == 2 or not lab.strict else ["budget", "timeline"]
    lead = {**fresh, "source_platform": "referral", "source_type": "form"}
    lead |= {"custom_fields": {slugs[0]: "1"}} if slugs else {}
    body = at.body(lead)
    first = at.done(body, key)
    before = listed(lab, {"id": at.ids(first)[0], **fresh})
    new = lab.world.lead(lab.fresh)
    changes = [{**lead, name: value} for name, value in new.items()]
    changes += [{**lead, "source_platform": "zoho"}, {**lead, "source_type": "chat"}]
    changes += [{**lead, "custom_fields": {slug: "2"}} for slug in slugs[:1]]
    changes += [{**lead, "custom_fields": {slugs[0]: "1", slug: "2"}} for slug in slugs[1:]]
    changes += [{**lead, "stage_slug": slug} for slug in list(lab.facts.get("stages", ("new",)))[:1]]
    changes += [{member: value for member, value in lead.items() if member != name} for name in lead]
    bodies = [*map(at.body, changes), *at.other_batches(body, new)]
    for changed in bodies:
        answer = at.send(changed, key)
        lab.expect(answer.status == 409, f"409 for a used key with {changed} instead of {body}", answer)
    _nothing_new(lab, new)
    now = listed(lab, {"id": at.ids(first)[0], **fresh})
    lab.expect(now == before, f"the lead as it was before the conflicts, {before}", now)
    at.replays(first, body, key)


@kind.promise(
    "conflict-far",
    "{method} {path}: a key reused with a body that differs in one row, however far down, is answered with 409.",
    on=only("mega/bulkImportLeads"),
    source=named("reuse-409"),
)
def conflict_far(lab: Lab, operation: Operation) -> None:
    at, key = Keyed(lab, operation), lab.fresh.token()
    rows = [{"row_ref": f"r{number}", "contact_email": lab.fresh.email()} for number in range(_ROWS)]
    first = at.done({"leads": rows}, key)
    new = lab.world.lead(lab.fresh)
    for place in (1, 2, 3, 4, 5, 8, 10, 16, 20, 32, _ROWS - 1):
        other = {**rows[place], "contact_email": new["contact_email"]}
        answer = at.send({"leads": [*rows[:place], other, *rows[place + 1 :]]}, key)
        lab.expect(answer.status == 409, f"409 for a used key with another row {place + 1} of {_ROWS}", answer)
    for other_rows, what in (
        (rows[:-1], "without the last row"),
        ([*rows[:-2], *rows[:-3:-1]], "with the last two turned"),
    ):
        answer = at.send({"leads": other_rows}, key)
        lab.expect(answer.status == 409, f"409 for a used key {what} of {_ROWS}", answer)
    _nothing_new(lab, new)
    at.replays(first, {"leads": rows}, key)


@kind.promise(
    "conflict-answer",
    "{method} {path}: a conflict is an api_error with the code 409 and a message.",
    on=_KEYED,
    source=named("page-errors"),
)
def conflict_answer(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    key = at.key()
    at.done(at.body(lab.world.lead(lab.fresh)), key)
    for _ in range(2):
        refused(lab, at.send(at.body(lab.world.lead(lab.fresh)), key), 409, "a used key with another body")


@kind.promise(
    "conflict-subtle",
    "{method} {path}: bodies are different if any value of any member differs, be it only in its type.",
    on=_KEYED,
    source=_M24,
)
def conflict_subtle(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    one, two = custom_slugs(lab, 2)[:2]
    fields: Body = {one: 1, two: 9007199254740993, "made_up": 0, "text": "\u00e9"}
    lead: Body = {"contact_name": lab.fresh.name(), "custom_fields": fields, "unknown": {"deep": [1, {"x": None}]}}
    key, body = at.key(), at.body(lead)
    first = at.done(body, key)
    values: list[Body] = [{one: value} for value in ("1", True, 2, 1.0000001, None, -1)]
    values += [{two: value} for value in (9007199254740992, 9007199254740994, "9007199254740993", 9.1e15)]
    values += [{"made_up": value} for value in (False, None, "", "0", 1)]
    values += [{"text": "e\u0301"}, {"text": "\u00c9"}, {"text": "\u00e9 "}, {"another": 1}]
    changed = [{**lead, "custom_fields": {**fields, **value}} for value in values]
    changed += [{**lead, name: None} for name in ("contact_email", "source_type", "stage_slug", "another")]
    changed += [{**lead, "contact_email": ""}, {**lead, "source_platform": "direct"}]
    changed += [{**lead, "contact_name": name} for name in (lead["contact_name"].upper(), f" {lead['contact_name']}")]
    unknown = (
        {"deep": [1, {"x": 1}]},
        {"deep": [1, {}]},
        {"deep": [{"x": None}, 1]},
        {"deep": [True, {"x": None}]},
        None,
    )
    changed += [{**lead, "unknown": value} for value in unknown]
    bodies = [*map(at.body, changed), *at.subtle_batches(body), {**body, "another": 1}]
    for other in bodies:
        answer = at.send(other, key)
        lab.expect(answer.status == 409, f"409 for a used key with {other} instead of {body}", answer)
    at.replays(first, body, key)
    lab.expect(at.named(lead["contact_name"]) == 1, "one lead of this name", at.named(lead["contact_name"]))


@kind.promise(
    "same-body",
    "{method} {path}: key order, white space, escapes and the way a number is written do not make another body.",
    on=_KEYED,
    source=_M24,
)
def same_body(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    slug = custom_slugs(lab)[0]
    name = f"Zo\u00eb A/B {lab.fresh.token()}"
    lead = {"contact_name": name, "source_type": "form", "custom_fields": {slug: 1, "made_up": 2500, "third": 0.5}}
    key, body = at.key(), at.body(lead)
    plain = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    first = at.done(plain.encode(), key)
    forms = {
        "members in another order": json.dumps(_reversed(body), ensure_ascii=False),
        "members sorted": json.dumps(body, sort_keys=True, ensure_ascii=False),
        "white space": f"\r\n {json.dumps(body, indent=4, ensure_ascii=False)}\t \n",
        "no needless white space": plain,
        "escaped letters": json.dumps(body),
        "an escaped A": plain.replace(" A/B", " \\u0041/B"),
        "an escaped slash": plain.replace("A/B", "A\\/B"),
        "an escaped member": plain.replace('"contact_name"', '"contact\\u005fname"'),
        "1.0": plain.replace(f'"{slug}":1,', f'"{slug}":1.0,'),
        "1e0": plain.replace(f'"{slug}":1,', f'"{slug}":1e0,'),
        "2.5e3": plain.replace(":2500", ":2.5e3"),
        "25E+2": plain.replace(":2500", ":25E+2"),
        "5e-1": plain.replace(":0.5", ":5e-1"),
        "0.50": plain.replace(":0.5", ":0.50"),
    }
    for what, text in forms.items():
        at.replays(first, text.encode(), key, f"the same body with {what}")
    lab.expect(at.named(name) == 1, f"one lead named {name}", at.named(name))


@kind.promise("no-key", "{method} {path}: without a key, every request is carried out.", on=_KEYED, source=_OWN)
def no_key(lab: Lab, operation: Operation) -> None:
    at, name = Keyed(lab, operation), lab.fresh.name()
    body = at.body({"contact_name": name})
    answers = [at.send(body, None), at.done(body, at.key()), at.send(body, None), at.send(body, None)]
    seen = {lead_id for answer in answers for lead_id in at.ids(answer)}
    lab.expect(len(seen) == 4, "four leads for four requests, of which one had a key", seen)
    lab.expect(at.named(name) == 4, f"four leads named {name}", at.named(name))


@kind.promise(
    "failure-forgotten",
    "{method} {path}: a refused request is not remembered; its key can be used with a corrected body.",
    on=_KEYED,
    source=_M21,
)
def failure_forgotten(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    wrong: list[tuple[int, bytes, dict[str, str]]] = [
        (400, text, {}) for text in (b"{", b"[]", b"null", b"", b'{"a":NaN}')
    ]
    wrong += [(400, json.dumps(body).encode(), {}) for body in at.invalid()]
    wrong += [(415, b"{}", {"Content-Type": "text/plain"})]
    padding = json.dumps({"x": "x" * operation.max_bytes}).encode()
    wrong += [(413, padding, {})]
    for status, content, headers in wrong:
        key, good = at.key(), at.body({"contact_name": lab.fresh.name()})
        refusal = at.send(content, key, headers=headers)
        lab.expect(refusal.status == status, f"{status} for {content[:60]!r} with {headers}", refusal)
        at.executes(good, key, f"the key of a request that was refused with {status} ({content[:60]!r})")
    key, body = at.key(), at.body({"contact_name": lab.fresh.name()})
    refusal = at.send(body, key, headers={"Content-Type": "text/plain"})
    lab.expect(refusal.status == 415, "415 for text/plain", refusal)
    at.executes(body, key, "the key of a request that was refused with 415")
    unknown = lab.credential.secret[:-8] + "00000000"
    customer = "00000000-0000-4000-8000-000000000000"
    for status, headers in ((401, {"Authorization": f"Bearer {unknown}"}), (403, {"x-customer-id": customer})):
        key, body = at.key(), at.body({"contact_name": lab.fresh.name()})
        refusal = at.send(body, key, headers=headers)
        lab.expect(refusal.status == status, f"{status} for {list(headers)}", refusal)
        at.executes(body, key, f"the key of a request that was refused with {status}")


@kind.promise(
    "refused-key",
    "{method} {path}: a key that was refused for want of a scope can be used by others; their answer stays hidden.",
    on=_KEYED,
    source=assumed("X1", "Who may not write is refused before the key is looked up; only successes are remembered."),
)
def refused_key(lab: Lab, operation: Operation) -> None:
    at, reader = Keyed(lab, operation), lab.without("public_api:leads:write")
    key, body = at.key(), at.body({"contact_name": lab.fresh.name()})
    for _ in range(2):
        refusal = at.send(body, key, reader)
        lab.expect(refusal.status == 403, "403 without the scope", refusal)
    at.executes(body, key, "the key of a request that was refused with 403")
    refusal = at.send(body, key, reader)
    lab.expect(refusal.status == 403, "403 without the scope, for a used key too", refusal)


@kind.promise(
    "after-many",
    "{method} {path}: a key is still remembered after many others.",
    on=_KEYED,
    source=_OWN,
)
def after_many(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    if lab.frugal:
        raise NotChecked("needs a credential without a rate limit")
    sent = []
    for _ in range(150 if operation.batch is None else 110):
        key, body = at.key(), at.body({"contact_name": lab.fresh.name()})
        sent.append((at.done(body, key), body, key))
    for place in (0, 1, len(sent) // 2, len(sent) - 1):
        at.replays(*sent[place], f"the key {len(sent) - 1 - place} keys ago")


def _nothing_new(lab: Lab, lead: Body) -> None:
    found = with_email(lab, lead["contact_email"])
    lab.expect(not found, f"no lead with {lead['contact_email']}, which only a conflicting request had", found)


def _reversed(value: Any) -> Any:
    """The value with the members of each object in reverse order."""
    if isinstance(value, dict):
        return {name: _reversed(value[name]) for name in reversed(value)}
    return [_reversed(one) for one in value] if isinstance(value, list) else value
