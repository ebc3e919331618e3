"""MEGA's webhooks and their deliveries: whose they are, and what a change or a deletion does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..models.mega_webhooks import SCOPE
from ..receiver import LOOKED_UP, spelt_otherwise
from ..rule import Kind, NotChecked, assumed, named, only
from .mega_deliveries import (
    WRITE,
    arrives,
    change,
    expect_signed,
    is_signed,
    listening,
    nothing,
    registered,
    rest,
    see_that_any_come,
    settle,
    tell,
)
from .mega_leads import made

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("events")

_CREATE = only("mega/createLeadWebhook")
_PATCH, _DELETE = only("mega/updateLeadWebhook"), only("mega/deleteLeadWebhook")
_PAGE = named("page-webhooks")


@kind.promise(
    "customer", "A lead is delivered to its own customer's webhooks alone.", on=_CREATE, source=named("customer")
)
def customer(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    stranger = lab.other_tenant(WRITE, SCOPE)
    with listening(lab) as (mine,), listening(lab, caller=stranger) as (theirs,):
        body = lab.world.lead(lab.fresh)
        ours = made(lab, body)
        yours = made(lab, body, stranger)
        arrives(lab, mine, ours)
        arrives(lab, theirs, yours, "to the other customer's webhook of its new lead")
        tell(lab, mine)
        settle(lab, theirs, stranger)
        nothing(lab, mine, [yours["id"]], "of another customer's lead")
        nothing(lab, theirs, [ours["id"]], "to another customer's webhook")
        for hook, lead, other in ((mine, ours, theirs), (theirs, yours, mine)):
            expect_signed(lab, arrives(lab, hook, lead), hook.secret, "its own secret")
            not_other = not is_signed(arrives(lab, hook, lead), other.secret)
            lab.expect(not_other, "no signature with another customer's secret", "one")


@kind.promise(
    "colleague",
    "A webhook is told of leads that another key of its customer creates.",
    on=_CREATE,
    source=_PAGE,
)
def colleague(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        arrives(lab, hook, made(lab, lab.world.lead(lab.fresh), lab.colleague(WRITE)), "of a colleague's lead")
        try:
            manager = lab.colleague(SCOPE)
        except NotChecked:
            return
        with listening(lab, caller=manager) as (other,):
            arrives(lab, other, made(lab, lab.world.lead(lab.fresh)), "to a colleague's webhook")


@kind.promise(
    "paused",
    "A paused webhook is told nothing; once it is active again, it is told of new leads.",
    on=_PATCH,
    source=_PAGE,
)
def paused(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab, 2) as (hook, other):
        tell(lab, hook)
        change(lab, hook, is_active=False)
        missed = [made(lab, lab.world.lead(lab.fresh))["id"]]
        change(lab, hook, description="Still paused", timeout_seconds=9)
        missed += [made(lab, lab.world.lead(lab.fresh))["id"], settle(lab, other)["id"]]
        nothing(lab, hook, missed, "to a paused webhook")
        change(lab, hook, is_active=True)
        arrives(lab, hook, made(lab, lab.world.lead(lab.fresh)), "to a webhook that is active again")
        change(lab, hook, is_active=False, description="Paused again")
        nothing(lab, hook, [settle(lab, other)["id"]], "to a webhook that is paused again")


@kind.promise(
    "paused-missed",
    "A webhook is not told later of leads that came while it was paused or before it was there.",
    on=_PATCH,
    source=assumed("175", "Only webhooks that are active at the time of a lead are told of it."),
)
def paused_missed(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        change(lab, hook, is_active=False)
        missed = [made(lab, lab.world.lead(lab.fresh))["id"] for _ in range(2)]
        change(lab, hook, is_active=True)
        with listening(lab) as (late,):
            tell(lab, hook)
            settle(lab, late)
            nothing(lab, hook, missed, "of a lead that came while the webhook was paused")
            nothing(lab, late, missed, "of a lead that came before the webhook")


@kind.promise(
    "rotated",
    "After rotate_secret, deliveries are signed with the new secret alone; other changes leave it.",
    on=_PATCH,
    source=_PAGE,
)
def rotated(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab, 2) as (hook, other):
        secrets = [hook.secret]
        expect_signed(lab, arrives(lab, hook, made(lab, lab.world.lead(lab.fresh))), secrets[0], "the first secret")
        for _ in range(2):
            secrets.append(change(lab, hook, rotate_secret=True))
            lab.expect(secrets[-1], "a secret in the answer to rotate_secret", "none")
            for more in ({}, {"description": "Rotated", "timeout_seconds": 12}, {"is_active": True}):
                if more:
                    change(lab, hook, **more)
                lead = made(lab, lab.world.lead(lab.fresh))
                delivery = arrives(lab, hook, lead)
                expect_signed(lab, delivery, secrets[-1], f"the rotated secret{f' after {more}' if more else ''}")
                old = [place for place, secret in enumerate(secrets[:-1], 1) if is_signed(delivery, secret)]
                lab.expect(not old, "no signature with an old secret", "one")
                expect_signed(lab, arrives(lab, other, lead), other.secret, "the secret of the webhook that stayed")


@kind.promise(
    "refused-change",
    "A change that is refused moves, pauses and rotates nothing: deliveries come as before.",
    on=_PATCH,
    source=assumed("M5", "Where a request is refused, nothing was written."),
)
def refused_change(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab) as (hook,):
        away = {"url": lab.receiver().inbox().url, "is_active": False, "rotate_secret": True, "event_types": ["none"]}
        for wrong in (
            {"rotate_secret": True, "timeout_seconds": 0},
            {"retry_attempts": 99, "rotate_secret": True},
            away,
        ):
            answer = lab.main("updateLeadWebhook", path={"id": hook.id}, body=wrong)
            lab.expect(answer.status == 400, f"400 for {wrong}", answer)
        delivery = arrives(lab, hook, made(lab, lab.world.lead(lab.fresh)), "after changes that were refused")
        expect_signed(lab, delivery, hook.secret, "the secret from before changes that were refused")


@kind.promise("moved", "Deliveries go to the new URL once a webhook has one.", on=_PATCH, source=_PAGE)
def moved(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab, 2) as (hook, other):
        old, new = hook.inbox, lab.receiver().inbox()
        tell(lab, hook)
        change(lab, hook, url=new.url)
        lead = made(lab, lab.world.lead(lab.fresh))
        found = new.due(lead["id"])
        lab.expect(found, f"a delivery of the lead {lead['id']} to the new URL", "none")
        expect_signed(lab, found[0], hook.secret, "the secret of the webhook")
        settle(lab, other)
        lab.expect(not old.about(lead["id"]), "no delivery to the old URL", old.about(lead["id"]))
        arrives(lab, other, lead, "to the webhook that stayed")


@kind.promise("deleted", "A deleted webhook is told nothing; the others still are.", on=_DELETE, source=_PAGE)
def deleted(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    with listening(lab, 3) as (first, hook, last):
        tell(lab, hook)
        answer = lab.main("deleteLeadWebhook", path={"id": hook.id})
        lab.expect(answer.ok, "200 for the deletion", answer)
        texts = [made(lab, lab.world.lead(lab.fresh))["id"], tell(lab, first)["id"], settle(lab, last)["id"]]
        nothing(lab, hook, texts, "to a deleted webhook")
        # A deleted webhook is no longer there to be woken up.
        lab.main("updateLeadWebhook", path={"id": hook.id}, body={"is_active": True})
        nothing(lab, hook, [settle(lab, first)["id"]], "to a deleted webhook that somebody tried to change")


@kind.promise(
    "same-url",
    "Each webhook at one URL is told, with its own secret, and goes on being told once another is deleted.",
    on=_CREATE,
    source=assumed("own-choice", "Each registration is a webhook of its own, whatever its URL."),
)
def same_url(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    inbox = lab.receiver().inbox()
    with registered(lab, lab.main, inbox) as first, registered(lab, lab.main, inbox) as second:
        lead = made(lab, lab.world.lead(lab.fresh))
        inbox.due(lead["id"], number=2)
        rest(lab)
        found = inbox.about(lead["id"])
        lab.expect(len(found) == 2, "a delivery of a new lead for each of two webhooks at one URL", len(found))
        for one, name in ((first, "first"), (second, "second")):
            count = sum(is_signed(delivery, one.secret) for delivery in found)
            lab.expect(count == 1, f"one delivery with the secret of the {name}", count)
        lab.main("deleteLeadWebhook", path={"id": first.id})
        stayed = arrives(lab, second, made(lab, lab.world.lead(lab.fresh)), "to the webhook that stayed")
        expect_signed(lab, stayed, second.secret, "the secret of the webhook that stayed")


@kind.promise(
    "localhost",
    "A webhook at localhost is told of new leads as one at 127.0.0.1 is, where it is taken.",
    on=_CREATE,
    source=assumed("M64", "A target set up for testing may take a receiver at 127.0.0.1 or localhost."),
)
def localhost(lab: Lab, _operation: Operation) -> None:
    see_that_any_come(lab)
    inbox = lab.receiver().inbox()
    with registered(lab, lab.main, inbox, url=spelt_otherwise(inbox.url)) as hook:
        lead = made(lab, lab.world.lead(lab.fresh))
        found = inbox.wait(lead["id"], seconds=LOOKED_UP)
        lab.expect(found, f"a delivery of the new lead {lead['id']} to {spelt_otherwise(inbox.url)}", "none")
        expect_signed(lab, found[0], hook.secret, "the secret of the webhook")
