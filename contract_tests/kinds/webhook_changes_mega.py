"""Changing and deleting MEGA's lead webhooks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
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
    is_gone,
    listed,
    refused,
    registered,
    same,
    secret_of,
    shown,
    within,
)
from ..rule import Kind, NotChecked, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

_PATCH, _DELETE = only("mega/updateLeadWebhook"), only("mega/deleteLeadWebhook")
_PAGE = named("page-webhooks")
_MINE = named("customer")
_LOCKED = assumed("M51", "Another customer's webhook is answered as one that does not exist.")

_CHANGES: tuple[dict[str, Any], ...] = (
    {"is_active": False},
    {"is_active": True},
    {"timeout_seconds": 1},
    {"timeout_seconds": 60},
    {"retry_attempts": 0},
    {"retry_attempts": 10},
    {"description": "Moved"},
    {"event_types": ["lead.created"]},
    {"timeout_seconds": 33, "retry_attempts": 4, "is_active": False, "description": "All"},
)


@kind.promise("changed", "A change takes what is given and leaves the rest.", on=_PATCH, source=_PAGE)
def is_changed(lab: Lab, _operation: Operation) -> None:
    with registered(lab, timeout_seconds=20, retry_attempts=2, description="First") as made, registered(lab) as other:
        webhook_id = made.at("/webhook/id")
        expected = {name: made.at("/webhook")[name] for name in MEMBERS - {"updated_at"} if name in made.at("/webhook")}
        bystander = shown(lab, other.at("/webhook/id"))
        moved = {"url": f"{HOST}/moved/{lab.fresh.token()}"}
        for change in some(lab, (*_CHANGES, moved)):
            answer = lab.main("updateLeadWebhook", path={"id": webhook_id}, body=change)
            lab.expect(answer.ok, f"200 for {change}", answer)
            expected |= change
            same(lab, answer.at("/webhook", expected), expected, f"after {change}")
            same(lab, shown(lab, webhook_id), expected, f"in the list after {change}")
        lab.expect(shown(lab, bystander["id"]) == bystander, "another webhook as it was", shown(lab, bystander["id"]))


@kind.promise(
    "changed-whole",
    "A change answers 200 with the whole webhook, moves updated_at, and keeps id and created_at.",
    on=_PATCH,
    source=assumed("own-choice", "A change answers with the webhook as it is then."),
)
def is_changed_whole(lab: Lab, _operation: Operation) -> None:
    with registered(lab, timeout_seconds=20, retry_attempts=2, description="First") as made:
        before = made.at("/webhook")
        fixed = {"id": "wh_mine", "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
        unknown = {"colour": "red", "secret": "mega_whsec_mine", "customer_id": str(uuid.uuid4())}
        notes = ("🦊", "", None, "  x  ", "y" * 500)
        for change in (*_CHANGES, *({"description": note} for note in notes), fixed, unknown, {"rotate_secret": False}):
            answer = lab.main("updateLeadWebhook", path={"id": before["id"]}, body=change)
            lab.expect(answer.status == 200, f"200 for {change}", answer)
            lab.expect(set(answer.json) == {"webhook"}, f"the webhook without a secret after {change}", answer)
            after = answer.at("/webhook")
            known = {} if change in (fixed, unknown) else {k: v for k, v in change.items() if k != "rotate_secret"}
            expected = {**before, **known, "updated_at": after["updated_at"]}
            lab.expect(after == expected, f"{expected} after {change}", after)
            back = moment(after["updated_at"]) < moment(before["updated_at"])
            lab.expect(not back, f"updated_at not before {before['updated_at']}", after["updated_at"])
            lab.expect(shown(lab, before["id"]) == after, f"{after} in the list", shown(lab, before["id"]))
            before = after
        # All that took more than a millisecond.
        moved = moment(before["updated_at"]) > moment(made.at("/webhook/updated_at"))
        lab.expect(moved, f"updated_at after {made.at('/webhook/updated_at')}", before["updated_at"])


@kind.promise("secret-rotated", "rotate_secret makes a new secret, which is shown once.", on=_PATCH, source=_PAGE)
def secret_is_rotated(lab: Lab, _operation: Operation) -> None:
    with registered(lab) as made, registered(lab) as other:
        path = {"id": made.at("/webhook/id")}
        secrets = [secret_of(lab, made), secret_of(lab, other)]
        for more in ({}, {"description": "Rotated"}, {"is_active": False}):
            answer = lab.main("updateLeadWebhook", path=path, body={"rotate_secret": True, **more})
            lab.expect(answer.ok, "200 for rotate_secret", answer)
            secrets.append(secret_of(lab, answer))
            lab.expect(len(set(secrets)) == len(secrets), "another secret than any before", "an old one")
            same(lab, shown(lab, path["id"]), more, "in the list")
        for change in ({"description": "No secret"}, {"is_active": True}, {"timeout_seconds": 5}):
            answer = lab.main("updateLeadWebhook", path=path, body=change)
            lab.expect(answer.ok and answer.at("/secret", None) is None, f"no secret after {change}", answer)
            known = [secret for secret in secrets if secret in answer.body.decode()]
            lab.expect(not known, f"no secret after {change}", answer)


@kind.promise("change-bounds", "No change takes a webhook's numbers out of their bounds.", on=_PATCH, source=_PAGE)
def change_bounds(lab: Lab, _operation: Operation) -> None:
    outside = [{"timeout_seconds": seconds} for seconds in (0, 61, -1)]
    outside += [{"retry_attempts": attempts} for attempts in (-1, 11)]
    if lab.strict:
        _bad_changes(lab, *outside)
        return
    with registered(lab) as made:
        path = {"id": made.at("/webhook/id")}
        for change in some(lab, outside):
            before = shown(lab, path["id"])
            answer = lab.main("updateLeadWebhook", path=path, body=change)
            after = shown(lab, path["id"])
            # The page names the bounds alone: what is outside may be read as the nearest that fits.
            if answer.ok:
                within(lab, after, f"{change}")
            else:
                refused(lab, answer, f"{change}")
                lab.expect(after == before, f"the webhook as it was: {before}", after)


@kind.promise("change-url", "A webhook cannot be moved to a URL that is not public HTTPS.", on=_PATCH, source=_PAGE)
def change_url(lab: Lab, _operation: Operation) -> None:
    urls = (*NOT_HTTPS, *(f"https://{host}/{{}}" for host in INTERNAL))
    _bad_changes(lab, *({"url": url.format(lab.fresh.token())} for url in urls))


@kind.promise(
    "bad-changes",
    "A change with a member of another type, or to an address in disguise, is refused and changes nothing.",
    on=_PATCH,
    source=assumed("M64", "A change follows the rules of a registration."),
)
def bad_changes(lab: Lab, _operation: Operation) -> None:
    wrong: list[dict[str, Any]] = [{"is_active": "false"}, {"is_active": 0}, {"is_active": None}]
    wrong += [{name: value} for name, values in WRONG.items() for value in values]
    wrong += [{"rotate_secret": "true"}, {"rotate_secret": 1}, {"rotate_secret": None}]
    wrong += [{"description": "half", "timeout_seconds": 61}, {"rotate_secret": True, "retry_attempts": 11}]
    wrong += _half_right(lab)
    urls = (*FORMS, *(f"https://{host}/{{}}" for host in (*LOOPBACK, *ODD)))
    wrong += [{"url": url.format(lab.fresh.token())} for url in urls]
    _bad_changes(lab, *wrong)


def _half_right(lab: Lab) -> list[dict[str, Any]]:
    """Changes with one wrong member each, which stands before or after all others, which are right."""
    right = {"url": f"{HOST}/half/{lab.fresh.token()}", "event_types": ["lead.created"], "is_active": False}
    right |= {"timeout_seconds": 33, "retry_attempts": 4, "description": "half", "rotate_secret": True}
    wrong = {"url": "http://10.0.0.1/x", "event_types": ["lead.deleted"], "is_active": "no", "timeout_seconds": 61}
    wrong |= {"retry_attempts": 11, "description": 5, "rotate_secret": "yes"}
    changes = []
    for name, value in wrong.items():
        others = {key: one for key, one in right.items() if key != name}
        changes += [{name: value, **others}, {**others, name: value}]
    return changes


def _bad_changes(lab: Lab, *several: Mapping[str, Any]) -> None:
    with registered(lab, timeout_seconds=20, description="First") as made:
        path = {"id": made.at("/webhook/id")}
        before = shown(lab, path["id"])
        for change in some(lab, several):
            answer = lab.main("updateLeadWebhook", path=path, body=change)
            refused(lab, answer, f"{change}")
        lab.expect(shown(lab, path["id"]) == before, f"the webhook as it was: {before}", shown(lab, path["id"]))


@kind.promise(
    "change-unknown", "A webhook that there is not cannot be changed.", on=_PATCH, source=named("page-errors")
)
def change_unknown(lab: Lab, _operation: Operation) -> None:
    path = {"id": _no_id(lab)}
    answer = lab.main("updateLeadWebhook", path=path, body={"description": "x"})
    refused(lab, answer, f"the unknown id {path['id']}", 404, "not_found_error")


@kind.promise("change-whose", "Nobody changes another customer's webhook.", on=_PATCH, source=_MINE)
def change_by_its_customer(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant(SCOPE)
    with registered(lab, description="Mine") as made:
        path, before = {"id": made.at("/webhook/id")}, shown(lab, made.at("/webhook/id"))
        moved = {"url": f"{HOST}/stolen"}
        for change in some(lab, ({"rotate_secret": True}, moved, *_CHANGES[:3], {"description": "Theirs"}, {})):
            answer = stranger("updateLeadWebhook", path=path, body=change)
            lab.expect(400 <= answer.status < 500, f"a refusal of {change}", answer)
            lab.expect("mega_whsec_" not in answer.body.decode(), "no secret", answer)
        lab.expect(shown(lab, path["id"]) == before, f"the webhook as it was: {before}", shown(lab, path["id"]))


@kind.promise(
    "change-gone", "Another customer's webhook, and any other id, is answered with 404.", on=_PATCH, source=_LOCKED
)
def change_gone(lab: Lab, _operation: Operation) -> None:
    for path in _nowhere(lab):
        answer = lab.main("updateLeadWebhook", path={"id": path}, body={"description": "x"})
        refused(lab, answer, f"the id {path}", 404, "not_found_error")
    stranger = lab.other_tenant(SCOPE)
    with registered(lab) as made:
        for change in ({"description": "Theirs"}, {"rotate_secret": True}):
            answer = stranger("updateLeadWebhook", path={"id": made.at("/webhook/id")}, body=change)
            refused(lab, answer, "another customer's webhook", 404, "not_found_error")


# Deleting.


@kind.promise("deleted", "A deleted webhook is answered with deleted, and gone.", on=_DELETE, source=_PAGE)
def is_deleted(lab: Lab, _operation: Operation) -> None:
    with registered(lab) as other:
        kept = shown(lab, other.at("/webhook/id"))
        for paused in (False, True):
            another = lab.main("createLeadWebhook", body=body(lab))
            if 400 <= another.status < 500 and not lab.strict:
                raise NotChecked(f"no second webhook is taken: {another}")
            webhook_id = another.at("/webhook/id")
            if paused:
                lab.main("updateLeadWebhook", path={"id": webhook_id}, body={"is_active": False})
            answer = lab.main("deleteLeadWebhook", path={"id": webhook_id})
            lab.expect(answer.status == 200, "200", answer)
            lab.expect(answer.at("/deleted") is True, '{"deleted": true}', answer)
            left = listed(lab, webhook_id)
            lab.expect(is_gone(left), "the webhook gone from the list", left)
        lab.expect(shown(lab, kept["id"]) == kept, "another webhook as it was", shown(lab, kept["id"]))


@kind.promise(
    "deleted-gone",
    "A deleted webhook is listed no more, and can be neither changed nor deleted again.",
    on=_DELETE,
    source=assumed("own-choice", "What is deleted is answered as if it had never been."),
)
def answered_as_gone(lab: Lab, _operation: Operation) -> None:
    webhook_id = lab.main("createLeadWebhook", body=body(lab)).at("/webhook/id")
    answer = lab.main("deleteLeadWebhook", path={"id": webhook_id})
    lab.expect((answer.status, answer.json) == (200, {"deleted": True}), '200 {"deleted": true}', answer)
    lab.expect(listed(lab, webhook_id) is None, "the webhook gone from the list", listed(lab, webhook_id))
    for change in ({"description": "x"}, {"is_active": True}, {"rotate_secret": True}, {}):
        answer = lab.main("updateLeadWebhook", path={"id": webhook_id}, body=change)
        refused(lab, answer, f"{change} of a deleted webhook", 404, "not_found_error")
    for _ in range(2):
        answer = lab.main("deleteLeadWebhook", path={"id": webhook_id})
        refused(lab, answer, "a deleted webhook", 404, "not_found_error")
    lab.expect(listed(lab, webhook_id) is None, "the webhook still gone from the list", listed(lab, webhook_id))
    for path in _nowhere(lab):
        answer = lab.main("deleteLeadWebhook", path={"id": path})
        refused(lab, answer, f"the id {path}", 404, "not_found_error")


@kind.promise(
    "delete-unknown", "A webhook that there is not cannot be deleted.", on=_DELETE, source=named("page-errors")
)
def delete_unknown(lab: Lab, _operation: Operation) -> None:
    path = {"id": _no_id(lab)}
    answer = lab.main("deleteLeadWebhook", path=path)
    if lab.strict or not answer.ok:  # whoever wants it gone may be told that it is
        refused(lab, answer, f"the unknown id {path['id']}", 404, "not_found_error")


@kind.promise("delete-whose", "Nobody deletes another customer's webhook.", on=_DELETE, source=_MINE)
def deleted_by_its_customer(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant(SCOPE)
    with registered(lab) as made:
        webhook_id, before = made.at("/webhook/id"), shown(lab, made.at("/webhook/id"))
        answer = stranger("deleteLeadWebhook", path={"id": webhook_id})
        lab.expect(400 <= answer.status < 500, "a refusal", answer)
        lab.expect(shown(lab, webhook_id) == before, f"the webhook as it was: {before}", shown(lab, webhook_id))
        if lab.strict:
            refused(lab, answer, "another customer's webhook", 404, "not_found_error")


def _no_id(lab: Lab) -> str:
    """An id in the form of this target's own that no webhook has: that of one which was deleted, but for its end."""
    with registered(lab) as made:
        known = str(made.at("/webhook/id"))
    return known[:-6] + "".join("1" if character == "0" else "0" for character in known[-6:])


def _nowhere(lab: Lab) -> list[str]:
    return [
        f"wh_{uuid.uuid4()}",
        "wh_",
        "nope",
        "0",
        "-1",
        "null",
        "%",
        "🦊",
        "a b",
        "wh_" + "x" * 300,
        lab.fresh.token(),
    ]
