"""Races among MEGA's creates, imports and merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from .races import CROWD, at_once, rounds, told

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer, Request

kind = Kind("races")
CREATE = only("mega/createLead")
BULK = only("mega/bulkImportLeads")
_WRITES = only("mega/createLead", "mega/bulkImportLeads")
#: What a server may answer that has not got round to a request: then it has had no effect.
_BUSY = frozenset({409, 425, 429, 503})
_KEYED = 8
_SPELLINGS = ("+1{0}{1}{2}", "({0}) {1}-{2}", "{0}-{1}-{2}", "{0}{1}{2}", "1 {0} {1} {2}", "{0}.{1}.{2}")

Body = dict[str, Any]


def _spelled(phone: str, place: int) -> str:
    return _SPELLINGS[place % len(_SPELLINGS)].format(phone[:3], phone[3:6], phone[6:])


def _create(lab: Lab, body: Body, key: str = "") -> Request:
    return lab.main.request("createLead", body=body, headers={"Idempotency-Key": key} if key else {})


def _import(lab: Lab, rows: Sequence[Body], key: str = "", **more: Any) -> Request:
    headers = {"Idempotency-Key": key} if key else {}
    return lab.main.request("bulkImportLeads", body={"leads": list(rows), **more}, headers=headers)


def _ids(lab: Lab, answers: Sequence[Answer], what: str) -> list[str]:
    """The lead ids of those that succeeded; at least one must have, and the others have been refused for now."""
    failed = [answer for answer in answers if not answer.ok and answer.status not in _BUSY]
    lab.expect(not failed, f"201 for {what}", told(failed))
    ids = [answer.at("/lead/id") for answer in answers if answer.ok]
    lab.expect(ids, f"201 for at least one of {what}", told(answers))
    return ids


def _contacts(lab: Lab) -> dict[str, Callable[[int], Body]]:
    """Ways to name one contact in a crowd: the body of each of its members."""
    email, phone, both = lab.fresh.email(), lab.fresh.phone(), (lab.fresh.email(), lab.fresh.phone())
    return {
        f"the email {email}": lambda _: {"contact_name": "Sam Seller", "contact_email": email},
        f"the phone {phone} in several spellings": lambda place: {"contact_phone": _spelled(phone, place)},
        f"the contact {both[0]} {both[1]}": lambda place: {
            "contact_email": both[0],
            "contact_phone": _spelled(both[1], place),
        },
    }


def _crowds(lab: Lab) -> list[tuple[str, list[Body], list[Answer]]]:
    """In each round, the same contacts created at the same time, some of them more often than others."""

    def create() -> list[tuple[str, list[Body], list[Answer]]]:
        crowds = []
        for number in rounds(lab):
            contacts = list(_contacts(lab).items())
            chosen = contacts if number < 3 else [contacts[number % 3]]
            each = CROWD // len(chosen)
            groups = [(what, [body(place) for place in range(each)]) for what, body in chosen]
            answers = at_once(lab, [_create(lab, body) for _, bodies in groups for body in bodies])
            for at, (what, bodies) in enumerate(groups):
                crowds.append((what, bodies, answers[at * each : (at + 1) * each]))
        return crowds

    return lab.once("mega crowds", create)


@kind.promise(
    "one-lead",
    "Creates of one contact at the same time make one lead: all of them are answered with its id.",
    on=CREATE,
    source=named("dedup"),
)
def one_lead(lab: Lab, _operation: Operation) -> None:
    for what, bodies, answers in _crowds(lab):
        ids = _ids(lab, answers, f"creates of {what} at once")
        lab.expect(len(set(ids)) == 1, f"one id in {len(ids)} answers to creates of {what} at once", Counter(ids))
        again = lab.main("createLead", body=bodies[-1])
        lab.expect(again.at("/lead/id") == ids[0], f"the id {ids[0]} of {what} afterwards", again)


@kind.promise(
    "one-lead-answers",
    "Each of the creates of one contact at the same time answers 201, and the contact is listed once.",
    on=CREATE,
    source=assumed("M1", "A merged lead answers 201 as a new one does, also when the two come at the same time."),
)
def one_lead_answers(lab: Lab, _operation: Operation) -> None:
    for what, bodies, answers in _crowds(lab):
        statuses = {answer.status for answer in answers}
        lab.expect(statuses == {201}, f"201 for each create of {what} at once", told(answers))
        search = bodies[0].get("contact_email") or "".join(filter(str.isdigit, bodies[0]["contact_phone"]))[-10:]
        _listed(lab, search, {answers[0].at("/lead/id")})


def _listed(lab: Lab, search: str, want: set[str]) -> None:
    """A search must find exactly these leads."""
    answer = lab.main("listLeads", query={"search": search, "limit": 100})
    found = Counter(lead["id"] for lead in answer.at("/leads"))
    lab.expect(found == Counter(want), f"{len(want)} leads in the list for {search}", dict(found))


@kind.promise(
    "one-lead-spelled",
    "An email in several letter cases, in creates at the same time, makes one lead.",
    on=CREATE,
    source=assumed("M29", "An email is compared without regard to letter case and to spaces around it."),
)
def one_lead_spelled(lab: Lab, _operation: Operation) -> None:
    for _ in rounds(lab, 3):
        email = lab.fresh.email()
        spelled = [email, email.upper(), f" {email}", email.title()]
        bodies = [{"contact_email": spelled[place % len(spelled)]} for place in range(CROWD)]
        ids = _ids(lab, at_once(lab, [_create(lab, body) for body in bodies]), f"creates of {email} at once")
        lab.expect(len(set(ids)) == 1, f"one id in the answers to creates of {email} at once", Counter(ids))


@kind.promise(
    "all-kept",
    "Different leads created at the same time, also some with a name only, each have an id of their own; none is lost.",
    on=CREATE,
    source=named("dedup"),
)
def all_kept(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab):
        bodies: list[Body] = [{"contact_email": lab.fresh.email(), "contact_name": lab.fresh.name()} for _ in range(8)]
        bodies += [{"contact_name": "Sam Seller"} for _ in range(4)]
        if number % 2:
            bodies[::2] = [{"contact_phone": f"+1{lab.fresh.phone()}"} for _ in bodies[::2]]
        answers = at_once(lab, [_create(lab, body) for body in bodies])
        failed = [answer for answer in answers if not answer.ok]
        lab.expect(not failed, f"201 for each of {len(bodies)} new leads at once", told(failed))
        ids = [answer.at("/lead/id") for answer in answers]
        lab.expect(len(set(ids)) == len(ids), f"{len(ids)} leads with ids of their own", Counter(ids))
        for body, lead_id in zip(bodies, ids, strict=True):
            if len(body) > 1 or "contact_phone" in body:
                again = lab.main("createLead", body=body)
                lab.expect(again.at("/lead/id") == lead_id, f"the id {lead_id} of {body} afterwards", again)


@kind.promise(
    "own-answers",
    "Leads created at the same time are each answered with their own values, and are all listed.",
    on=CREATE,
    source=assumed("M32", "The lead in the answer has the values that were sent."),
)
def own_answers(lab: Lab, _operation: Operation) -> None:
    for _ in rounds(lab):
        token = lab.fresh.token()
        bodies = [
            {"contact_name": f"Lead {token} {place}", "contact_email": lab.fresh.email()} for place in range(CROWD)
        ]
        bodies[::3] = [{"contact_name": body["contact_name"]} for body in bodies[::3]]
        answers = at_once(lab, [_create(lab, body) for body in bodies])
        for body, answer in zip(bodies, answers, strict=True):
            lab.expect(answer.status == 201, f"201 for {body}", answer)
            for name, value in body.items():
                lab.expect(answer.at(f"/lead/{name}") == value, f"the {name} {value!r} of its own request", answer)
        _listed(lab, token, {answer.at("/lead/id") for answer in answers})


# Idempotency keys: requests with names only, so that it is not deduplication that makes one lead of them.


def _named(lab: Lab, operation: Operation, name: str, key: str) -> Request:
    body = {"contact_name": name}
    return _create(lab, body, key) if operation.id == "createLead" else _import(lab, [body], key)


def _same_key(lab: Lab, operation: Operation) -> list[tuple[str, str, list[Answer]]]:
    """In each round, one request with one key, sent several times at once: its name, its key, the answers."""

    def send() -> list[tuple[str, str, list[Answer]]]:
        crowds = []
        for _ in rounds(lab):
            name, key = lab.fresh.name(), lab.fresh.token()
            answers = at_once(lab, [_named(lab, operation, name, key) for _ in range(_KEYED)])
            crowds.append((name, key, answers))
        return crowds

    return lab.once(("mega same key", operation.id), send)


@kind.promise(
    "same-key",
    "A request sent several times at once with one Idempotency-Key is carried out once.",
    on=_WRITES,
    source=named("idempotency"),
)
def same_key(lab: Lab, operation: Operation) -> None:
    for name, key, answers in _same_key(lab, operation):
        done = [answer for answer in answers if answer.ok]
        failed = [answer for answer in answers if not answer.ok and answer.status not in _BUSY]
        lab.expect(done and not failed, "the one response, or a refusal while the first still runs", told(answers))
        again = lab.main.send(operation.id, _named(lab, operation, name, key))
        for answer in done:
            lab.expect(answer.json == again.json, f"the response that a replay gives afterwards, {again}", answer)


@kind.promise(
    "same-key-answers",
    "Of requests sent at once with one Idempotency-Key, each gets the one response or 409; one lead is written.",
    on=_WRITES,
    source=named("M22"),
)
def same_key_answers(lab: Lab, operation: Operation) -> None:
    good = 201 if operation.id == "createLead" else 200
    for name, _, answers in _same_key(lab, operation):
        statuses = {answer.status for answer in answers}
        lab.expect(good in statuses and statuses <= {good, 409}, f"{good} or 409 for each", told(answers))
        first = next(answer for answer in answers if answer.ok)
        pointer = "/lead/id" if operation.id == "createLead" else "/results/0/lead_id"
        _listed(lab, name, {first.at(pointer)})


def _other_bodies(lab: Lab, operation: Operation) -> list[tuple[str, str, list[Answer]]]:
    """In each round, different requests with one key at once: what their names begin with, the key, the answers."""

    def send() -> list[tuple[str, str, list[Answer]]]:
        crowds = []
        for _ in rounds(lab):
            name, key = lab.fresh.name(), lab.fresh.token()
            requests = [_named(lab, operation, f"{name} {place}", key) for place in range(_KEYED)]
            crowds.append((name, key, at_once(lab, requests)))
        return crowds

    return lab.once(("mega other bodies", operation.id), send)


@kind.promise(
    "other-body",
    "Of different requests sent at once with one Idempotency-Key, one is carried out and the others are refused.",
    on=_WRITES,
    source=named("reuse-409"),
)
def other_body(lab: Lab, operation: Operation) -> None:
    for name, key, answers in _other_bodies(lab, operation):
        done = [place for place, answer in enumerate(answers) if answer.ok]
        lab.expect(len(done) == 1, f"one success among {len(answers)} different bodies with one key", told(answers))
        again = lab.main.send(operation.id, _named(lab, operation, f"{name} {done[0]}", key))
        lab.expect(again.ok and again.json == answers[done[0]].json, f"a replay of {answers[done[0]]}", again)
        other = (done[0] + 1) % len(answers)
        refused = lab.main.send(operation.id, _named(lab, operation, f"{name} {other}", key))
        lab.expect(refused.status == 409, "409 for another body afterwards", refused)


@kind.promise(
    "other-body-answers",
    "Of different requests sent at once with one Idempotency-Key, all but one answer 409 and write nothing.",
    on=_WRITES,
    source=named("M22"),
)
def other_body_answers(lab: Lab, operation: Operation) -> None:
    pointer = "/lead/id" if operation.id == "createLead" else "/results/0/lead_id"
    for name, _, answers in _other_bodies(lab, operation):
        refused = [answer for answer in answers if not answer.ok]
        lab.expect({answer.status for answer in refused} == {409}, "409 for all but one", told(answers))
        _listed(lab, name, {answer.at(pointer) for answer in answers if answer.ok})


# Imports.


def _results(lab: Lab, answer: Answer, count: int) -> list[dict[str, Any]]:
    lab.expect(answer.ok, "200 for an import", answer)
    results: list[dict[str, Any]] = answer.at("/results")
    lab.expect(len(results) == count, f"{count} results", answer)
    return results


@kind.promise(
    "beside-single",
    "A contact that is created and imported at the same time is one lead.",
    on=BULK,
    source=named("dedup"),
)
def beside_single(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab):
        what, body = list(_contacts(lab).items())[number % 3]
        requests = []
        for place in range(CROWD // 2):
            requests += [_create(lab, body(place)), _import(lab, [body(place + 1)])]
        answers = at_once(lab, requests)
        ids = Counter(_ids(lab, answers[::2], f"creates of {what} beside imports"))
        rows = [_results(lab, answer, 1)[0] for answer in answers[1::2]]
        ids.update(row["lead_id"] for row in rows)
        lab.expect(len(ids) == 1, f"one lead of {what}, created and imported at once", dict(ids))
        made = sum(row["status"] == "created" for row in rows)
        lab.expect(made <= 1, f"at most one row that created {what}", f"{made} rows")


@kind.promise(
    "same-rows",
    "Imports of the same rows at the same time make one lead of each row.",
    on=BULK,
    source=named("dedup"),
)
def same_rows(lab: Lab, _operation: Operation) -> None:
    for number in rounds(lab):
        bodies = [*_contacts(lab).values(), *_contacts(lab).values()]
        more = {"on_duplicate": "skip"} if number % 2 else {}
        imports = [_import(lab, [body(place) for body in bodies], **more) for place in range(_KEYED)]
        tables = [_results(lab, answer, len(bodies)) for answer in at_once(lab, imports)]
        for place in range(len(bodies)):
            rows = [table[place] for table in tables]
            ids = {row["lead_id"] for row in rows}
            lab.expect(len(ids) == 1, f"one lead for row {place + 1} in {len(rows)} imports at once", ids)
            statuses = Counter(row["status"] for row in rows)
            once = statuses["created"] == 1 and not statuses["failed"]
            lab.expect(once, f"row {place + 1} created by one of {len(rows)} imports at once", dict(statuses))


@kind.promise(
    "merges",
    "Merges of different fields into one lead at the same time all last.",
    on=CREATE,
    source=assumed("M32", "A merge overwrites the fields that were given, and no other."),
)
def merges(lab: Lab, _operation: Operation) -> None:
    slugs = list(lab.facts.get("custom_fields", ()))[:6]
    for number in rounds(lab):
        email = lab.fresh.email()
        want: Body = {"contact_name": f"Sam {number}", "contact_phone": f"+1{lab.fresh.phone()}"}
        custom = {slug: f"value {number} of {slug}" for slug in slugs}
        lab.main("createLead", body={"contact_email": email})
        parts = [{name: value} for name, value in want.items()]
        parts += [{"custom_fields": {slug: value}} for slug, value in custom.items()]
        # Each several times, so that they meet; the order of equal ones does not matter.
        answers = at_once(
            lab, [_create(lab, {"contact_email": email, **part}) for part in parts * (CROWD // len(parts))]
        )
        bad = [answer for answer in answers if answer.status != 201]
        lab.expect(not bad, "201 for each merge", told(bad))
        lead = lab.main("createLead", body={"contact_email": email})
        for name, value in want.items():
            lab.expect(lead.at(f"/lead/{name}") == value, f"the {name} {value!r} of one of the merges", lead)
        for slug, value in custom.items():
            got = lead.at(f"/lead/custom_fields/{slug}", None)
            lab.expect(got == value, f"the custom field {slug} {value!r} of one of the merges", lead)
