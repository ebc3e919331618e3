"""MEGA's lead webhooks as records: registered, listed, changed, deleted. What they deliver is tried elsewhere."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.mega_population import moment, some
from ..models.mega_webhooks import (
    FORMS,
    HOST,
    INTERNAL,
    LOOPBACK,
    MEMBERS,
    NOT_HTTPS,
    ODD,
    SCOPE,
    WRONG,
    body,
    everyone,
    listed,
    refused,
    registered,
    same,
    secret_of,
    shown,
    within,
)
from ..rule import Kind, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")

_CREATE, _LIST = only("mega/createLeadWebhook"), only("mega/listLeadWebhooks")
_PAGE = named("page-webhooks")
_MINE = named("customer")
_SHAPE = assumed("own-choice", "A webhook always has all its members, and the list is in webhooks, oldest first.")
_DEFAULTS = {"is_active": True, "timeout_seconds": 10, "retry_attempts": 5}


# Registering.


@kind.promise("registered", "A webhook is registered with 201, its secret, and the defaults.", on=_CREATE, source=_PAGE)
def is_registered(lab: Lab, _operation: Operation) -> None:
    given = body(lab)
    answer = lab.main("createLeadWebhook", body=given)
    lab.expect(answer.status == 201, "201", answer)
    webhook = answer.at("/webhook")
    try:
        same(lab, webhook, given | _DEFAULTS, "in the answer")
        same(lab, shown(lab, webhook["id"]), given | _DEFAULTS | {"id": webhook["id"]}, "in the list")
        secret_of(lab, answer)
    finally:
        lab.main("deleteLeadWebhook", path={"id": answer.at("/webhook/id")})


@kind.promise("members", "Each member of a registration is kept, and shown in the list.", on=_CREATE, source=_PAGE)
def members_are_kept(lab: Lab, _operation: Operation) -> None:
    several: tuple[dict[str, Any], ...] = (
        *({"timeout_seconds": seconds} for seconds in (1, 11, 59, 60)),
        *({"retry_attempts": attempts} for attempts in (0, 1, 9, 10)),
        {"description": "Orders"},
        {"timeout_seconds": 7, "retry_attempts": 3, "description": "All at once"},
        {"timeout_seconds": 10, "retry_attempts": 5},
    )
    for members in some(lab, several):
        with registered(lab, **members) as answer:
            given = json.loads(lab.trace.exchanges[-1].request.body or b"{}")
            same(lab, answer.at("/webhook"), _DEFAULTS | given, f"in the answer for {members}")
            same(lab, shown(lab, answer.at("/webhook/id")), _DEFAULTS | given, f"in the list for {members}")


@kind.promise(
    "values",
    "A registration keeps any address and note letter by letter, and has all its members.",
    on=_CREATE,
    source=_SHAPE,
)
def values_are_kept(lab: Lab, _operation: Operation) -> None:
    urls = ("/", "", f"/{'a' * 1500}", "/Path/To?token=a%20b&c=d;e=f", ":8443/x", "/x%2Fy/../z?q=~a_b-c.d", "?q=1")
    notes = (None, "", '🦊 Füchse & <b>"Co"</b>\\', "  spaces  ", "two\nlines", "x" * 500, "null", "汉字")
    several: list[dict[str, Any]] = [*({"url": HOST + url} for url in urls), *({"description": note} for note in notes)]
    for members in several:
        with registered(lab, **members) as answer:
            webhook = answer.at("/webhook")
            same(lab, webhook, members, "in the answer")
            lab.expect(set(webhook) == MEMBERS, f"the members {sorted(MEMBERS)}", sorted(webhook))
            lab.expect(webhook["created_at"] == webhook["updated_at"], "created_at and updated_at the same", webhook)
            lab.expect(shown(lab, webhook["id"]) == webhook, "the same webhook in the list", shown(lab, webhook["id"]))
    with registered(lab) as answer:
        same(lab, answer.at("/webhook"), {"description": None}, "in the answer")
    hosts = ("hooks.sub.example.co.uk", "EXAMPLE.com", "1.example.org", "xn--bcher-kva.example", "10.0.0.1.example.net")
    for url in (*(f"https://{host}/x" for host in hosts), "https://example.com", "HTTPS://hooks.example.com/x"):
        answer = lab.main("createLeadWebhook", body=body(lab, url=url))
        if url.startswith("HTTPS") and answer.status == 400:
            continue
        lab.expect(answer.status == 201, f"201 for {url}", answer)
        lab.main("deleteLeadWebhook", path={"id": answer.at("/webhook/id")})


@kind.promise("secret-own", "Each webhook has an id and a secret of its own.", on=_CREATE, source=_PAGE)
def secret_is_its_own(lab: Lab, _operation: Operation) -> None:
    given = body(lab)
    answers = [lab.main("createLeadWebhook", body=given) for _ in range(4)]
    for answer in answers:
        if answer.status == 201:
            lab.main("deleteLeadWebhook", path={"id": answer.at("/webhook/id")})
    made = [answer for answer in answers if answer.status == 201]  # a second one for an address may be refused
    lab.expect(made, "201", answers[0])
    with registered(lab) as other:
        made.append(other)
        for pointer in ("/secret", "/webhook/id"):
            different = {answer.at(pointer) for answer in made}
            lab.expect(len(different) == len(made), f"another {pointer[1:]} for each webhook", "the same for two")


@kind.promise("bounds", "timeout_seconds is 1 to 60 and retry_attempts 0 to 10.", on=_CREATE, source=_PAGE)
def bounds(lab: Lab, _operation: Operation) -> None:
    outside = [{"timeout_seconds": seconds} for seconds in (0, 61, -1, 3600)]
    outside += [{"retry_attempts": attempts} for attempts in (-1, 11, 100)]
    _bad_registrations(lab, *outside, judge=refused if lab.strict else _refused_or_within)


@kind.promise(
    "bad-members",
    "A registration with a member of another type, or without one that it needs, is refused.",
    on=_CREATE,
    source=assumed("own-choice", "Wrong types are refused with 400; url and event_types must be given."),
)
def bad_members(lab: Lab, _operation: Operation) -> None:
    _bad_registrations(lab, *({name: value} for name, values in WRONG.items() for value in values))
    _bad_registrations(lab, {"event_types": ["LEAD.CREATED"]}, {"event_types": ["lead.created"] * 2})
    for name in ("url", "event_types"):
        given = {key: value for key, value in body(lab).items() if key != name}
        refused(lab, lab.main("createLeadWebhook", body=given), f"a webhook without {name}")


def _refused_or_within(lab: Lab, answer: Answer, what: str) -> None:
    """What is out of bounds is refused, or read as the nearest that fits: the page names the bounds alone."""
    if answer.ok:
        within(lab, answer.at("/webhook"), what)
    else:
        refused(lab, answer, what)


def _bad_registrations(
    lab: Lab, *several: Mapping[str, Any], judge: Callable[[Lab, Answer, str], None] = refused
) -> None:
    sent = []
    for members in some(lab, several):
        given = body(lab, **members)
        answer = lab.main("createLeadWebhook", body=given)
        if answer.ok:
            lab.main("deleteLeadWebhook", path={"id": answer.at("/webhook/id")})
        else:
            sent.append(given["url"])
        judge(lab, answer, f"{given}")
    none_of(lab, sent)


def none_of(lab: Lab, urls: list[Any]) -> None:
    left = [one["url"] for one in everyone(lab) if one.get("url") in urls]
    lab.expect(not left, "nothing registered by a refused request", left)


@kind.promise("url", "The URL of a webhook must be public HTTPS.", on=_CREATE, source=_PAGE)
def url_is_public(lab: Lab, _operation: Operation) -> None:
    _bad_urls(lab, *NOT_HTTPS, *(f"https://{host}/{{}}" for host in INTERNAL))


@kind.promise(
    "url-forms",
    "No internal address passes in disguise; nothing but a full public HTTPS URL is taken.",
    on=_CREATE,
    source=assumed("M64", "Only plain http to loopback, for tests, is taken besides public HTTPS URLs."),
)
def url_forms(lab: Lab, _operation: Operation) -> None:
    _bad_urls(lab, *FORMS, *(f"https://{host}/{{}}" for host in (*LOOPBACK, *ODD)), f"{HOST}/{'a' * 2100}{{}}")


def _bad_urls(lab: Lab, *patterns: str) -> None:
    urls = [pattern.format(lab.fresh.token()) for pattern in patterns]
    _bad_registrations(lab, *({"url": url} for url in urls))


# Listing.


@kind.promise("secret-once", "The list shows no secrets.", on=_LIST, source=_PAGE)
def no_secret_listed(lab: Lab, _operation: Operation) -> None:
    with registered(lab) as answer:
        secret, webhook_id = secret_of(lab, answer), answer.at("/webhook/id")
        text = lab.main("listLeadWebhooks").body.decode()
        lab.expect(webhook_id in text and secret not in text, "the webhook without its secret", text[-300:])
        lab.expect("secret" not in shown(lab, webhook_id), "no member secret in the list", shown(lab, webhook_id))
        rotated = lab.main("updateLeadWebhook", path={"id": webhook_id}, body={"rotate_secret": True}).at("/secret", "")
        text = lab.main("listLeadWebhooks").body.decode()
        lab.expect(not rotated or rotated not in text, "the webhook without its rotated secret", text[-300:])
    lab.expect("mega_whsec_" not in text, "no secret of any webhook", text[-300:])


@kind.promise("list-order", "Webhooks are listed in webhooks, oldest first.", on=_LIST, source=_SHAPE)
def listed_in_order(lab: Lab, _operation: Operation) -> None:
    with registered(lab) as one, registered(lab) as two, registered(lab) as three:
        made = [answer.at("/webhook/id") for answer in (one, two, three)]
        lab.main("updateLeadWebhook", path={"id": made[0]}, body={"description": "changed"})
        lab.main("updateLeadWebhook", path={"id": made[1]}, body={"is_active": False})
        answer = lab.main("listLeadWebhooks")
        lab.expect(set(answer.json) == {"webhooks"}, "a list in webhooks", answer)
        found = [webhook["id"] for webhook in answer.at("/webhooks") if webhook["id"] in made]
        lab.expect(found == made, f"oldest first, paused ones too: {made}", found)
        times = [moment(webhook["created_at"]) for webhook in answer.at("/webhooks")]
        lab.expect(times == sorted(times), "oldest first", times)


@kind.promise("list-whose", "Nobody is shown another customer's webhooks.", on=_LIST, source=_MINE)
def listed_to_its_customer(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant(SCOPE)
    with registered(lab) as mine, registered(lab, stranger) as theirs:
        ids = [answer.at("/webhook/id") for answer in (mine, theirs)]
        seen = [[listed(lab, one, who) is not None for one in ids] for who in (lab.main, stranger)]
        lab.expect(seen == [[True, False], [False, True]], "each customer's own webhook alone", seen)


@kind.promise("list-many", "All webhooks are listed, and to all keys of their customer.", on=_LIST, source=_SHAPE)
def all_are_listed(lab: Lab, _operation: Operation) -> None:
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(registered(lab)).at("/webhook/id") for _ in range(25)]
        found = [webhook["id"] for webhook in everyone(lab) if webhook["id"] in made]
        lab.expect(sorted(found) == sorted(made), f"{len(made)} webhooks, each once", f"{len(found)}")
        colleague = lab.colleague(SCOPE)
        found = [webhook["id"] for webhook in everyone(lab, colleague) if webhook["id"] in made]
        lab.expect(
            sorted(found) == sorted(made), f"{len(made)} webhooks for another key of the customer", f"{len(found)}"
        )
