"""Merging of MEGA's leads: what a merge changes, what it leaves alone, and by what a lead is known afterwards."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only
from .mega_leads import (
    BLANKS,
    Lead,
    custom_slugs,
    expect_same,
    imported,
    last_ten,
    listed,
    made,
    search,
    stages,
    with_email,
    with_phone,
)

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("deduplication")

_CREATE = only("mega/createLead")
_DEDUP = named("dedup")
_M32 = named("M32")
_TIMES = ("updated_at",)
#: Longer than the millisecond in which timestamps are told.
_A_MOMENT = 0.004


@kind.promise(
    "merged-answer",
    "The answer to a merge is 201 with the merged lead, as the list then shows it.",
    on=_CREATE,
    source=named("returns-201"),
)
def merged_answer(lab: Lab, _operation: Operation) -> None:
    for key in ("contact_email", "contact_phone"):
        first = made(lab, lab.world.lead(lab.fresh))
        second = made(lab, {**lab.world.lead(lab.fresh), "source_platform": "zoho", key: first[key]})
        lab.expect(second["id"] == first["id"], f"the lead {first['id']}, known by its {key}", second)
        lab.expect(second["customer_id"] == first["customer_id"], f"customer_id {first['customer_id']}", second)
        shown = listed(lab, second)
        for name in ("id", "customer_id", "contact_name", "contact_email", "source_platform", "source_type", "status"):
            lab.expect(shown.get(name) == second.get(name), f"{name} {second.get(name)!r} in the list", shown)
        phones = last_ten(shown.get("contact_phone")), last_ten(second.get("contact_phone"))
        lab.expect(phones[0] == phones[1], f"the phone {second.get('contact_phone')} in the list", shown)


@kind.promise("merged-both", "What only one of two merged leads had is in the merged lead.", on=_CREATE, source=_DEDUP)
def merged_both(lab: Lab, _operation: Operation) -> None:
    for known, more in itertools.product(("contact_email", "contact_phone"), (0, 1, 2)):
        whole = lab.world.lead(lab.fresh)
        others = [name for name in whole if name != known]
        mine, yours = others[:more], others[more:]
        first = made(lab, {name: whole[name] for name in (known, *mine)})
        for lead in (made(lab, {name: whole[name] for name in (known, *yours)}), listed(lab, {**whole, **first})):
            lab.expect(lead["id"] == first["id"], f"the lead {first['id']}, known by its {known}", lead)
            for name, value in whole.items():
                found = lead.get(name)
                is_there = last_ten(found) == last_ten(value) if name == "contact_phone" else found == value
                lab.expect(is_there, f"{name} {value!r} in the merged lead", lead)


@kind.promise(
    "gained-key",
    "A lead that gained an email or a phone in a merge is found, and recognised, by it.",
    on=_CREATE,
    source=_DEDUP,
)
def gained_key(lab: Lab, _operation: Operation) -> None:
    keys = ("contact_email", "contact_phone")
    for has, gains in (keys, keys[::-1]):
        whole = lab.world.lead(lab.fresh)
        first = made(lab, {has: whole[has]})
        second = made(lab, {has: whole[has], gains: whole[gains]})
        if not second.get(gains):
            raise NotChecked("the target's merge fills in nothing")
        find = with_email if gains == "contact_email" else with_phone
        found = [lead["id"] for lead in find(lab, whole[gains])]
        lab.expect(found == [first["id"]], f"{first['id']} in a search for the {gains} that it gained", found)
        for body in ({gains: whole[gains]}, {has: whole[has]}, whole):
            third = made(lab, body)
            lab.expect(third["id"] == first["id"], f"the known lead {first['id']} for {body}", third)


@kind.promise(
    "overwrites",
    "A merge overwrites the fields that are given, and no other; custom fields are merged one by one.",
    on=_CREATE,
    source=_M32,
)
def overwrites(lab: Lab, _operation: Operation) -> None:
    for key in ("contact_email", "contact_phone"):
        lead = _whole_lead(lab)
        for change in _changes(lab):
            if key not in change:
                lead = _merge(lab, lead, key, change)

    @lab.each(st.tuples(st.booleans(), st.sets(st.integers(0, len(_changes(lab)) - 1), min_size=2)), examples=12)
    def _(drawn: tuple[bool, set[int]]) -> None:
        by_email, chosen = drawn
        key = "contact_email" if by_email else "contact_phone"
        change: dict[str, Any] = {}
        for at in sorted(chosen):
            one = _changes(lab)[at]
            fields = {**change.get("custom_fields", {}), **one.get("custom_fields", {})}
            change = {**change, **one, **({"custom_fields": fields} if fields else {})}
        change.pop(key, None)
        _merge(lab, _whole_lead(lab), key, change)


@kind.promise("never-clears", "Absent, null and blank fields clear nothing in a merge.", on=_CREATE, source=_M32)
def never_clears(lab: Lab, _operation: Operation) -> None:
    lead = _whole_lead(lab)
    blanks: list[dict[str, Any]] = [{}, {"custom_fields": None}, {"custom_fields": {}}, {"unknown": None}]
    blanks += [{name: None} for name in ("source_platform", "source_type", "stage_slug")]
    contacts = ("contact_name", "contact_email", "contact_phone")
    blanks += [{name: blank} for name in contacts for blank in (*BLANKS, "\u00a0")]
    blanks += [dict.fromkeys((*contacts, "source_platform", "source_type", "stage_slug", "custom_fields"))]
    for key in ("contact_email", "contact_phone"):
        for blank in blanks:
            if not blank.get(key, "") and key in blank and len(blank) == 1:
                continue
            merged = made(lab, {**blank, key: lead[key]})
            expect_same(lab, lead, merged, f"the lead unchanged by a merge with {blank}", *_TIMES)
        expect_same(lab, lead, listed(lab, lead), "the lead unchanged by merges with blanks", *_TIMES)


@kind.promise(
    "times",
    "A merge keeps created_at, and sets updated_at anew; before it the two are the same.",
    on=_CREATE,
    source=_M32,
)
def times(lab: Lab, _operation: Operation) -> None:
    for key, change in itertools.product(
        ("contact_email", "contact_phone"),
        ({"contact_name": "New name"}, {"source_type": "chat"}, {"source_platform": "ghl"}, {}),
    ):
        first = made(lab, lab.world.lead(lab.fresh))
        lab.expect(first["updated_at"] == first["created_at"], "updated_at as created_at in a new lead", first)
        latest = first
        for _ in range(2):
            time.sleep(_A_MOMENT)
            body = {key: first[key], **(change or {"contact_name": lab.fresh.name()})}
            merged = made(lab, body)
            for lead in (merged, listed(lab, merged)):
                lab.expect(lead["created_at"] == first["created_at"], f"created_at {first['created_at']} kept", lead)
                later = _moment(lead["updated_at"]) > _moment(latest["updated_at"])
                lab.expect(later, f"updated_at later than {latest['updated_at']} after a merge with {body}", lead)
            latest = merged


@kind.promise(
    "email-before-phone",
    "If the email matches one lead and the phone another, the first is merged and the other stays as it is.",
    on=_CREATE,
    source=named("M30"),
)
def email_before_phone(lab: Lab, _operation: Operation) -> None:
    for email_first, has_phone, has_email in itertools.product((True, False), repeat=3):
        one = without_some(lab.world.lead(lab.fresh), "" if has_phone else "contact_phone")
        two = without_some(lab.world.lead(lab.fresh), "" if has_email else "contact_email")
        if email_first:
            one, two = made(lab, one), made(lab, two)
        else:
            two, one = made(lab, two), made(lab, one)
        digits = last_ten(two["contact_phone"])
        name = lab.fresh.name()
        body = {"contact_name": name, "contact_email": one["contact_email"].upper(), "contact_phone": digits}
        merged = made(lab, body)
        case = f"with the email of {one['id']} and the phone of {two['id']}"
        lab.expect(merged["id"] == one["id"], f"a merge into {one['id']} {case}", merged)
        for lead in (merged, listed(lab, one)):
            expected = {**one, "contact_name": name, "contact_email": lead["contact_email"]}
            expect_same(lab, expected, lead, f"only a new name in {one['id']}, after a lead {case}", *_TIMES)
        shown = listed(lab, two)
        expect_same(lab, two, shown, f"{two['id']} as it was, after a lead {case}")
        holders = [lead["id"] for lead in with_phone(lab, two["contact_phone"])]
        lab.expect(holders == [two["id"]], f"the phone {digits} at {two['id']} only, after a lead {case}", holders)
        for lead in (one, two):
            for key in ("contact_email", "contact_phone"):
                if lead.get(key):
                    again = made(lab, {key: lead[key]})
                    lab.expect(again["id"] == lead["id"], f"{lead['id']} still known by its {key}", again)


@kind.promise(
    "released-key",
    "An email or phone that a merge has replaced no longer finds the lead, nor matches it.",
    on=_CREATE,
    source=assumed("M32", "A merge overwrites; then the lead is known by its new email and phone only."),
)
def released_key(lab: Lab, _operation: Operation) -> None:
    keys = ("contact_email", "contact_phone")
    for stays, changes in (keys, keys[::-1]):
        first = made(lab, lab.world.lead(lab.fresh))
        new = lab.world.lead(lab.fresh)[changes]
        made(lab, {stays: first[stays], changes: new})
        old = first[changes]
        found = [lead["id"] for lead in search(lab, old)]
        lab.expect(not found, f"nobody in a search for {old}, which was replaced by {new}", found)
        other = made(lab, {changes: old})
        lab.expect(other["id"] != first["id"], f"a new lead for {old}, which {first['id']} no longer has", other)
        for body in ({changes: new}, {stays: first[stays]}):
            again = made(lab, body)
            lab.expect(again["id"] == first["id"], f"the lead {first['id']} for {body}", again)
        back = lab.world.lead(lab.fresh)[changes]
        for value in (back, new, back):
            made(lab, {stays: first[stays], changes: value})
        last = made(lab, {changes: back})
        lab.expect(last["id"] == first["id"], f"the lead {first['id']} for {back}, taken up again", last)
        freed = made(lab, {changes: new})
        lab.expect(freed["id"] != first["id"], f"a new lead for {new}, released again", freed)


@kind.promise(
    "one-state",
    "A lead created by one of the two endpoints is known to the other.",
    on=_CREATE,
    source=_DEDUP,
)
def one_state(lab: Lab, _operation: Operation) -> None:
    for key in ("contact_email", "contact_phone"):
        single = made(lab, lab.world.lead(lab.fresh))
        row = imported(lab, [{key: single[key]}])["results"][0]
        said = f"updated, {single['id']} and matched_by {key[8:]} for the {key} of a single lead"
        told = (row["status"], row["lead_id"], row["matched_by"])
        lab.expect(told == ("updated", single["id"], key[8:]), said, row)
        whole = lab.world.lead(lab.fresh)
        row = imported(lab, [whole])["results"][0]
        again = made(lab, {key: whole[key]})
        lab.expect(again["id"] == row["lead_id"], f"the imported lead {row['lead_id']} for its {key}", again)


def without_some(lead: Mapping[str, Any], name: str) -> Lead:
    return {member: value for member, value in lead.items() if member != name}


def _whole_lead(lab: Lab) -> Lead:
    """A lead that has every field that a create can give, none at its default."""
    slugs = custom_slugs(lab, 2)
    body = {
        **lab.world.lead(lab.fresh),
        "source_platform": "referral",
        "source_type": "form",
        "stage_slug": stages(lab, 3)[1],
        "custom_fields": {slugs[0]: "old", slugs[1]: 7, "lead_line": "buyer"},
    }
    return made(lab, body)


def _changes(lab: Lab) -> list[dict[str, Any]]:
    """One change of each field, of custom fields also to values that are easily taken for none."""
    fresh, slugs = lab.world.lead(lab.fresh), custom_slugs(lab, 2)
    changes: list[dict[str, Any]] = [{name: value} for name, value in fresh.items()]
    changes += [{"source_platform": "zoho"}, {"source_type": "chat"}, {"stage_slug": stages(lab, 3)[2]}]
    changes += [{"source_platform": "direct"}, {"source_type": "manual"}, {"stage_slug": stages(lab)[0]}]
    changes += [{"custom_fields": {slugs[0]: value}} for value in ("new", 0, False, True, 1, None, "again", 2.5)]
    changes += [{"custom_fields": {slugs[1]: "7"}}, {"custom_fields": {"lead_line": "seller"}}]
    changes += [{"custom_fields": {slugs[1]: 8, slugs[0]: "both"}}]
    return changes


def _merge(lab: Lab, lead: Lead, key: str, change: Mapping[str, Any]) -> Lead:
    """Merge a change into a lead and see that the answer and the list show it, and no other."""
    answered = made(lab, {**change, key: lead[key]})
    expected = {**lead, **{name: value for name, value in change.items() if name in lead}}
    expected["custom_fields"] = {**lead["custom_fields"], **change.get("custom_fields", {})}
    for shown in (answered, listed(lab, answered)):
        if "stage_slug" in change:
            slug = (shown["current_stage"] or {}).get("slug")
            lab.expect(slug == change["stage_slug"], f"the stage {change['stage_slug']} after a merge", slug)
            expected["current_stage"] = shown["current_stage"]
        expect_same(lab, expected, shown, f"the lead of before with {dict(change)}, merged by {key}", *_TIMES)
    return answered


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
