"""Idempotency keys: what counts as the same key, whose it is, and which requests do without."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only, own, where
from .keyed import Keyed
from .mega_leads import ask, imported, listed, made, search

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("idempotency")

_KEYED = where(lambda operation: operation.idempotency)
_OWN = own("x-idempotency")
_M19 = named("M19")
_WRITE, _READ = "public_api:leads:write", "public_api:leads:read"


@kind.promise(
    "keys-differ", "{method} {path}: keys that differ in any place are different keys.", on=_KEYED, source=_OWN
)
def keys_differ(lab: Lab, operation: Operation) -> None:
    stem = f"{lab.fresh.token()}-{'0123456789abcdef' * 4}"[:56]
    # The first or the last 8, 16, 32, … characters are the same.
    keys = [
        stem,
        *(_with_another(stem, at) for at in (0, 7, 8, 15, 16, 20, 31, 32, 35, 36, 40, 47, 48, 54, 55)),
    ]
    keys += [stem[:-1], stem[1:], f"{stem}1", f"1{stem}", stem[::-1], stem[:8], stem[:16], stem[:36]]
    _all_differ(lab, operation, keys)
    uuid = f"8f2c1e10-a001-4b7a-8c55-{lab.fresh.phone()}01"
    keys = [
        uuid,
        uuid.replace("-", ""),
        f"{uuid}-2",
        f"9{uuid[1:]}",
        uuid.replace("4b7a", "4b7b"),
    ]
    # No document shows a key with anything but letters, digits and hyphens.
    keys += [uuid.replace("-", "_"), uuid.replace("-", ".")] if lab.strict else []
    _all_differ(lab, operation, keys)


def _with_another(stem: str, at: int) -> str:
    return f"{stem[:at]}{'z' if stem[at] != 'z' else 'y'}{stem[at + 1 :]}"


@kind.promise(
    "keys-opaque",
    "{method} {path}: letter case, quotes and every visible character count, up to the 255th.",
    on=_KEYED,
    source=_M19,
)
def keys_opaque(lab: Lab, operation: Operation) -> None:
    token = lab.fresh.token()
    long = f"{token}{'k' * 255}"[:255]
    keys = [f"key{token}", f"KEY{token.upper()}", f"Key{token}", f'"key{token}"', f"'key{token}'", f"key{token};a=1"]
    keys += [
        f"0{token}",
        f"00{token}",
        f"+{token}",
        f"{token}.0",
        f"{token}%20",
        f"{token}%41",
        f"{token}A",
        f"{token}/",
    ]
    keys += [f"{token}{mark}" for mark in "!#$%&'()*+,-:;<=>?@[\\]^_`{|}~"]
    keys += [long, f"{long[:254]}l", f"{long[:128]}l{long[129:]}", f"{long[:200]}l{long[201:]}", long[:254], long[:128]]
    _all_differ(lab, operation, keys)
    visible = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)

    @lab.each(st.tuples(visible, visible).filter(lambda pair: pair[0] != pair[1]), examples=10)
    def _(pair: tuple[str, str]) -> None:
        prefix = lab.fresh.token()
        _all_differ(lab, operation, [f"{prefix}{end}" for end in pair])


def _all_differ(lab: Lab, operation: Operation, keys: list[str]) -> None:
    """One body with each key makes a lead each, and each key then replays its own."""
    at = Keyed(lab, operation)
    # A name only: nothing else tells these leads apart, and nothing merges them.
    body = at.body({"contact_name": lab.fresh.name()})
    answers = []
    seen: dict[str, str] = {}
    for key in dict.fromkeys(keys):
        answer = at.done(body, key)
        for lead_id in at.ids(answer):
            expected = f"a new lead with the key {key!r}, which was not used before"
            lab.expect(lead_id not in seen, expected, f"that of the key {seen.get(lead_id)!r}")
            seen[lead_id] = key
        answers.append((answer, body, key))
    for answer, same, key in answers[:: max(1, len(answers) // 6)]:
        at.replays(answer, same, key, f"the key {key!r}")


@kind.promise(
    "key-form",
    "{method} {path}: a key is 1 to 255 visible ASCII characters; any other is refused with 400, and nothing is done.",
    on=_KEYED,
    source=_M19,
)
def key_form(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    header = operation.idempotency.header if operation.idempotency else ""
    token = lab.fresh.token()
    for good in (f"{token}{'x' * 255}"[:255], "~", "!"):
        body = at.body({"contact_name": lab.fresh.name()})
        answer = at.send(body, good)
        if len(good) > 1:
            lab.expect(answer.ok, f"success with a key of {len(good)} characters", answer)
            at.replays(answer, body, good)
        else:
            # Somebody may have used so short a key before, on this target.
            lab.expect(answer.ok or answer.status == 409, f"success or 409 with the key {good}", answer)
    wrong = (f"{token}{'x' * 256}"[:256], f"{token}{'x' * 8192}"[:8192], f"{token}\u00e9", f"\U0001f680{token}", "")
    for value in (*wrong, f"{token} b", f"{token}\tb", f"{token}\u00a0"):
        name = lab.fresh.name()
        answer = lab.main(operation.id, body=at.body({"contact_name": name}), headers=[(header, value)])
        statuses = {400, 431} if len(value) > 256 else {400}
        lab.expect(answer.status in statuses, f"400 for the key {value[:40]!r} of {len(value)} characters", answer)
        lab.expect(at.named(name) == 0, f"no lead named {name} after the refusal", at.named(name))
    for pair in ((token, token), (token, f"{token}2")):
        name = lab.fresh.name()
        headers = [(header, value) for value in pair]
        answer = lab.main(operation.id, body=at.body({"contact_name": name}), headers=headers)
        lab.expect(answer.status == 400, f"400 for two keys, {pair}", answer)
        lab.expect(at.named(name) == 0, f"no lead named {name} after the refusal", at.named(name))


@kind.promise(
    "key-header",
    "{method} {path}: the header's name has no letter case, and white space around the key is not part of it.",
    on=_KEYED,
    source=assumed("M19", "A header field is read as HTTP says: its name in any case, its value trimmed."),
)
def key_header(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    header = operation.idempotency.header if operation.idempotency else ""
    key, body = at.key(), at.body({"contact_name": lab.fresh.name()})
    first = at.done(body, key)
    # Clients and servers cut off the space around a value by themselves; in process, nobody does.
    values = (key, f" {key}", f"{key} ", f"\t {key} \t") if lab.wire.app() is not None else (key,)
    for name, value in itertools.product((header.lower(), header.upper()), values):
        again = lab.main(operation.id, body=body, headers={name: value})
        same = again.status == first.status and again.json == first.json
        lab.expect(same, f"the original answer with {name}: {value!r}", again)


@kind.promise(
    "other-customer",
    "{method} {path}: another customer's use of the same key is another request.",
    on=_KEYED,
    source=_OWN,
)
def other_customer(lab: Lab, operation: Operation) -> None:
    at, other = Keyed(lab, operation), lab.other_tenant(_WRITE, _READ)
    for lead, same in itertools.product(({}, lab.world.lead(lab.fresh)), (True, False)):
        name = lab.fresh.name()
        key, body = at.key(), at.body({**lead, "contact_name": name})
        theirs = body if same else at.body({"contact_name": f"{name} Too"})
        first = at.done(body, key)
        second = at.send(theirs, key, other)
        lab.expect(second.ok, "success for another customer with the same key", second)
        lab.expect(
            not set(at.ids(second)) & set(at.ids(first)), f"another lead for the other customer than in {first}", second
        )
        text = name if same else f"{name} Too"
        count = at.named(text, other)
        lab.expect(count == 1, f"one lead named {text} at the other customer", count)
        at.replays(first, body, key)
        at.replays(second, theirs, key, "a used key, for the other customer,", other)


@kind.promise(
    "other-endpoint",
    "{method} {path}: a key that was used at another endpoint is new here.",
    on=_KEYED,
    source=_OWN,
)
def other_endpoint(lab: Lab, operation: Operation) -> None:
    others = [one for one in lab.contract.operations.values() if one.idempotency and one is not operation]
    if not others:
        raise NotChecked("needs two operations with idempotency keys")
    here, there = Keyed(lab, operation), Keyed(lab, others[0])
    key = here.key()
    name = lab.fresh.name()
    other = there.body({"contact_name": name})
    before = there.done(other, key)
    for body in (here.body({"contact_name": name}), here.body(lab.world.lead(lab.fresh))):
        if body is not other:
            answer = here.executes(body, key, "a key that was used at another endpoint")
            lab.expect(not set(here.ids(answer)) & set(there.ids(before)), f"another lead than in {before}", answer)
            key = here.key()
            before = there.done(other, key)
            there.replays(before, other, key)
    # The very same bytes at both: a body that either endpoint takes where it ignores what it does not know.
    if not lab.strict:
        return
    both = {**lab.world.lead(lab.fresh), "leads": [lab.world.lead(lab.fresh)]}
    key = here.key()
    first = there.done(both, key)
    second = here.send(both, key)
    lab.expect(second.ok and second.json != first.json, "an answer of its own, at another endpoint", second)


@kind.promise(
    "same-customer",
    "{method} {path}: two credentials of one customer share their keys.",
    on=_KEYED,
    source=_OWN,
)
def same_customer(lab: Lab, operation: Operation) -> None:
    at, colleague = Keyed(lab, operation), lab.colleague(_WRITE)
    for one, two in ((lab.main, colleague), (colleague, lab.main)):
        name = lab.fresh.name()
        key, body = at.key(), at.body({"contact_name": name})
        first = at.done(body, key, one)
        at.replays(first, body, key, "a key that a colleague used", two)
        answer = at.send(at.body(lab.world.lead(lab.fresh)), key, two)
        lab.expect(answer.status == 409, "409 for a colleague's key with another body", answer)
        lab.expect(at.named(name) == 1, f"one lead named {name}", at.named(name))


@kind.promise(
    "dry-run",
    "A dry run is not remembered: with the same key it is run again, and so is the import after it.",
    on=where(lambda operation: operation.idempotency and operation.idempotency.unless),
    source=named("dry-run-not-cached"),
)
def dry_run(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    key = at.key()
    lead = lab.world.lead(lab.fresh)
    preview, real = at.body(lead, dry_run=True), at.body(lead)
    _has(lab, at.done(preview, key), "created", "a dry run")
    known = made(lab, {"contact_email": lead["contact_email"]})
    second = at.done(preview, key)
    _has(lab, second, "updated", "the same dry run, now that the lead is known")
    third = at.send(at.body(lab.world.lead(lab.fresh), dry_run=True), key)
    lab.expect(third.ok, "success for another dry run with the same key", third)
    _has(lab, third, "created", "another dry run with the same key")
    first = at.send(real, key)
    lab.expect(first.ok, "success for the import after its dry run, with the same key", first)
    lab.expect(first.at("/dry_run") is False, "dry_run false", first)
    _has(lab, first, "updated", "the import after its dry run")
    lab.expect(at.ids(first) == [known["id"]], f"the lead {known['id']}", first)
    shown = listed(lab, {**known, "contact_name": lead["contact_name"]})
    both = (shown.get("contact_name"), bool(shown.get("contact_phone")))
    lab.expect(both == (lead["contact_name"], True), "the lead merged by the import", shown)
    at.replays(first, real, key)


@kind.promise(
    "dry-run-first",
    "A dry run with a key that an import has used is a preview, neither a conflict nor a replay.",
    on=where(lambda operation: operation.idempotency and operation.idempotency.unless),
    source=assumed("M26", "A dry run does not look a key up."),
)
def dry_run_after(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    key = at.key()
    lead = lab.world.lead(lab.fresh)
    real = at.body(lead)
    first = at.done(real, key)
    for body, status in (
        (at.body(lead, dry_run=True), "updated"),
        (at.body(lab.world.lead(lab.fresh), dry_run=True), "created"),
        (at.body(lead, dry_run=True, on_duplicate="skip"), "skipped"),
    ):
        preview = at.send(body, key)
        lab.expect(preview.ok and preview.at("/dry_run") is True, "a preview with a used key", preview)
        _has(lab, preview, status, "a preview with a used key")
        name = operation.idempotency.replay_header if operation.idempotency else None
        lab.expect(not name or name not in preview.headers, f"no {name} in a preview", preview.headers)
    at.replays(first, real, key)
    found = [one for one in search(lab, lead["contact_email"]) if one["updated_at"] != one["created_at"]]
    lab.expect(not found, "a lead that no preview changed", found)


@kind.promise(
    "failed-rows",
    "An import whose rows failed is remembered as any other.",
    on=where(lambda operation: operation.idempotency and operation.batch),
    source=assumed("M41", "An import that was run is a success, also when every row failed."),
)
def failed_rows(lab: Lab, operation: Operation) -> None:
    at = Keyed(lab, operation)
    lead = lab.world.lead(lab.fresh)
    for rows in ([{"row_ref": "bad"}], [{"row_ref": "bad", "contact_name": " "}, {"row_ref": "good", **lead}]):
        key, body = at.key(), {"leads": rows}
        first = at.done(body, key)
        at.replays(first, body, key)
        corrected = {"leads": [{"row_ref": "bad", **lab.world.lead(lab.fresh)}, *rows[1:]]}
        answer = at.send(corrected, key)
        lab.expect(answer.status == 409, "409 for a used key with a corrected row", answer)
        at.replays(first, body, key)
    one = imported(lab, [lead], on_duplicate="skip")["results"][0]
    lab.expect(one["status"] == "skipped", "the good row skipped later", one)


@kind.promise(
    "not-here",
    "A key on a request that takes none is ignored.",
    on=only("mega/listLeads"),
    source=assumed("M27", "Keys count for createLead and bulkImportLeads only."),
)
def not_here(lab: Lab, operation: Operation) -> None:
    key, name = lab.fresh.token(), lab.fresh.name()
    counts = []
    for at, header in enumerate((key, key, key, "", "two words", "x" * 300)):
        made(lab, {"contact_name": name})
        query: dict[str, Any] = {"search": name} if at != 2 else {"search": name, "limit": "50"}
        answer = lab.main(operation.id, query=query, headers=[("Idempotency-Key", header)])
        lab.expect(answer.status == 200, f"200 with the key {header[:20]!r}", answer)
        counts.append(len(answer.at("/leads")))
    lab.expect(counts == [1, 2, 3, 4, 5, 6], "one lead more in each list, whatever the key", counts)
    first = ask(lab, {"contact_name": name}, headers={"Idempotency-Key": key})
    lab.expect(first.status == 201, "201 with a key that was sent with lists", first)


def _has(lab: Lab, answer: Any, status: str, what: str) -> None:
    rows = [row["status"] for row in answer.at("/results")]
    lab.expect(rows == [status], f"one row {status} by {what}", rows)
