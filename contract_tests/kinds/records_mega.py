"""MEGA's leads as records: what is given is stored, what is left out gets its default, what is wrong is refused."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from ..worlds.mega import PLATFORMS, SOURCE_TYPES
from .envelope import refused
from .mega_leads import (
    BLANKS,
    Lead,
    alike,
    ask,
    custom_slugs,
    expect_same,
    last_ten,
    listed,
    made,
    same,
    search,
    shown,
    stages,
)

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

_CREATE = only("mega/createLead")
_NAMES = (
    *(
        "Zoë O'Brien-Núñez",
        "李小龍",
        "Анна Каренина",
        "मीरा",
        "عائشة",
        "Jean-Luc \U0001f680",
        "\U0001f469\u200d\U0001f4bb",
    ),
    *(
        'Sam "The Man" Seller',
        "Back\\slash / Slash",
        "<script>alert(1)</script>",
        "100% & more; -- '",
        "X",
        "null",
        "0",
    ),
    *("Robert'); DROP TABLE leads;--", "Ten chars.", "{{name}} ${x} %s", "A" * 100, "true", "Dr. Sam Seller, Jr."),
)
_LOCALS = ("plus+tag", "o'brien", "under_score", "with-hyphen", "1234", "dots.in.it", "a", "UPPER", "x" * 40, "a+b+c")
_TAME_NAMES = (*_NAMES[:3], "Jean-Luc Picard", "Dr. Sam Seller, Jr.")
_TAME_LOCALS = ("plus+tag", "under_score", "with-hyphen", "1234", "dots.in.it")
_SCALARS: tuple[Any, ...] = (
    *("500000", "x", "ümläut \U0001f680", 'quo"te\\', "true", "null", "0", "1", "line\nbreak", "y" * 200),
    *(0, 1, -1, 42, 2**31, -(2**31) - 1, 0.5, -2.75, 1e-7, 123456789.125, True, False, None),
)
# Numbers in a text, as in the vendor's own samples: a field may be defined to take nothing else.
_TAME_SCALARS = ("500000", "750000", "7", "42", "1000", "100")
#: Where a column, or a column of bytes, may end, and the longest there is.
_LONG_TEXTS = (256, 1025, 5000)
#: What some storage bends: blanks, and numbers that are exact only where nobody takes them for doubles.
_DELICATE: tuple[Any, ...] = ("", " ", 2**53 - 1, 2**53 + 1, -(2**53) - 1, 123456789012345678, 0.1, 1.0, 1e15)


@kind.promise("stored", "Every documented field of a lead is stored and shown.", on=_CREATE, source=named("lead-shape"))
def stored(lab: Lab, _operation: Operation) -> None:
    slugs = lab.facts.get("stages", ["new"])
    for at, platform in enumerate(PLATFORMS):
        body = {
            **lab.world.lead(lab.fresh),
            "source_platform": platform,
            "source_type": SOURCE_TYPES[at % len(SOURCE_TYPES)],
            "stage_slug": slugs[at % len(slugs)],
        }
        _shows(lab, body)
    # Which signs a name or an email may have beside the usual ones is nowhere said.
    names, locals_ = (_NAMES, _LOCALS) if lab.strict else (_TAME_NAMES, _TAME_LOCALS)
    for at, name in enumerate(names):
        local = locals_[at % len(locals_)]
        _shows(lab, {"contact_name": name, "contact_email": f"{local}.{lab.fresh.token()}@mail-{at}.example.com"})


@kind.promise(
    "stored-names",
    "A name is stored as it was sent.",
    on=_CREATE,
    source=assumed("M59", "What is stored is what was submitted."),
)
def stored_names(lab: Lab, _operation: Operation) -> None:
    texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=60)

    for name in ("e\u0301", "\u212b", "ﬁ", "İstanbul", "ẞ", "a  b", "B" * 255, "\U0001f680" * 64):
        email = lab.fresh.email()
        lead = made(lab, {"contact_name": name, "contact_email": email})
        lab.expect(lead["contact_name"] == name, f"the name {name!r}", lead["contact_name"])

    @lab.each(texts)
    def _(name: str) -> None:
        lead = made(lab, {"contact_name": name, "contact_email": lab.fresh.email()})
        for one in (lead, listed(lab, lead)):
            lab.expect(one["contact_name"] == name, f"the name {name!r}", one["contact_name"])


@kind.promise(
    "custom-fields",
    "A custom field takes a string, a number, a boolean or null.",
    on=_CREATE,
    source=named("custom-fields"),
)
def custom_fields(lab: Lab, _operation: Operation) -> None:
    for values in (_SCALARS, _DELICATE) if lab.strict else (_TAME_SCALARS,):
        _round_trip(lab, values)


def _round_trip(lab: Lab, values: Iterable[Any]) -> None:
    # Others may be defined to take nothing but what is true or false.
    slugs = custom_slugs(lab)[: None if lab.strict else 1]
    left = list(values)
    while left:
        given = dict(zip(slugs, left, strict=False))
        left = left[len(given) :]
        lead = made(lab, {"contact_email": lab.fresh.email(), "custom_fields": given})
        for one in (lead, listed(lab, lead)):
            fields = one.get("custom_fields", {})
            for slug, value in given.items():
                got = fields.get(slug)
                close = type(value) is float and type(got) is float and math.isclose(got, value, rel_tol=1e-12)
                lab.expect(
                    same(got, value) or close or alike(lab, got, value),
                    f"{value!r} in the custom field {slug}",
                    repr(got),
                )


@kind.promise(
    "custom-fields-exact",
    "The custom fields of a new lead are those that were given, and no others.",
    on=_CREATE,
    source=assumed("M58", "Custom fields are always in the answer, null among them."),
)
def custom_fields_exact(lab: Lab, _operation: Operation) -> None:
    slugs = custom_slugs(lab)
    scalars = (
        st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(st.characters(codec="ascii"), max_size=9)
    )

    @lab.each(st.dictionaries(st.sampled_from(slugs), scalars.filter(lambda one: "\0" not in str(one))), examples=15)
    def _(given: dict[str, Any]) -> None:
        lead = made(lab, {"contact_email": lab.fresh.email(), "custom_fields": given})
        for one in (lead, listed(lab, lead)):
            lab.expect(same(one.get("custom_fields"), given), f"the custom fields {given}", one.get("custom_fields"))

    for length in _LONG_TEXTS:
        lead = made(lab, {"contact_email": lab.fresh.email(), "custom_fields": {slugs[0]: "é" * length}})
        kept = listed(lab, lead)["custom_fields"].get(slugs[0])
        lab.expect(kept == "é" * length, f"a custom text of {length} characters, whole", f"one of {len(str(kept))}")

    nothings: tuple[dict[str, Any], ...] = ({}, {"custom_fields": None}, {"custom_fields": {}})
    for nothing in nothings:
        lead = made(lab, {"contact_email": lab.fresh.email(), **nothing})
        for one in (lead, listed(lab, lead)):
            lab.expect(one.get("custom_fields") == {}, f"no custom fields with {nothing}", one)


@kind.promise("defaults", "What a new lead leaves out gets its default.", on=_CREATE, source=named("M36"))
def defaults(lab: Lab, _operation: Operation) -> None:
    first = stages(lab)[0]
    for body in (
        {"contact_name": lab.fresh.name()},
        {"contact_email": lab.fresh.email()},
        {"contact_phone": f"+1{lab.fresh.phone()}"},
        {
            **lab.world.lead(lab.fresh),
            **dict.fromkeys(("source_platform", "source_type", "stage_slug", "custom_fields")),
        },
    ):
        lead = made(lab, body)
        contact = {name: body.get(name) for name in ("contact_name", "contact_email", "contact_phone")}
        expected = {
            **contact,
            "customer_id": lab.credential.tenant,
            "source_platform": "direct",
            "source_type": "manual",
            "status": "active",
            **dict.fromkeys(("score", "qualified", "owner", "last_interaction_at")),
            "interaction_count": 0,
            "custom_fields": {},
            "created_at": lead["updated_at"],
        }
        for one in (lead, listed(lab, lead)):
            slug = (one["current_stage"] or {}).get("slug")
            lab.expect(slug == first, f"the first stage, {first}", slug)
            got = {name: one.get(name, "absent") for name in expected}
            expect_same(lab, expected, got, f"the defaults {expected} for {shown(body)}")


@kind.promise(
    "unknown-custom-fields",
    "Custom fields that are not defined are ignored, and not stored.",
    on=_CREATE,
    source=named("M37"),
)
def unknown_custom_fields(lab: Lab, _operation: Operation) -> None:
    slug = custom_slugs(lab)[0]
    unknown = f"made_up_{lab.fresh.token()}"
    for given in ({unknown: "x"}, {slug: "kept", unknown: 1}, {slug.upper(): "x"}, {f"{slug}2": "x", slug[:-1]: None}):
        known = {name: value for name, value in given.items() if name == slug}
        body = {"contact_email": lab.fresh.email(), "custom_fields": given}
        for turn in ("created", "merged"):
            lead = made(lab, body)
            for one in (lead, listed(lab, lead)):
                fields = one.get("custom_fields")
                lab.expect(fields == known, f"the custom fields {known} when {turn} with {given}", fields)


@kind.promise(
    "ignored-members",
    "Members that are not documented for a single lead are ignored, those that a row may have among them.",
    on=_CREATE,
    source=assumed("M40", "owner_id, row_ref, unknown members and members of the answer are ignored."),
)
def ignored_members(lab: Lab, _operation: Operation) -> None:
    extras: dict[str, Any] = {
        **dict.fromkeys(("id", "customer_id", "row_ref"), "mine"),
        **dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z"),
        **dict.fromkeys(("score", "interaction_count"), 99),
        "owner_id": lab.facts.get("owner_id", "x"),
        "owner": {"id": "x"},
        "status": "won",
        "qualified": True,
        "made_up": {"a": [1]},
    }
    for name, value in extras.items():
        body = lab.world.lead(lab.fresh)
        plain = made(lab, lab.world.lead(lab.fresh))
        lead = made(lab, {**body, name: value})
        ignored = ("id", "created_at", "updated_at", "contact_name", "contact_email", "contact_phone")
        expect_same(lab, plain, lead, f"a lead as if {name} had not been sent", *ignored)
        lab.expect(lead["id"] != value and lead["created_at"][:4] != "2020", f"{name} ignored", lead)
        merged = made(lab, {**body, name: value})
        expect_same(lab, lead, merged, f"a merge as if {name} had not been sent", "updated_at")
        lab.expect(merged["updated_at"][:4] != "2020", f"{name} ignored", merged)


@kind.promise(
    "stage-unknown",
    "A stage that is not in the pipeline is refused with 400; slugs are case-sensitive.",
    on=_CREATE,
    source=named("M34"),
)
def stage_unknown(lab: Lab, _operation: Operation) -> None:
    first = stages(lab)[0]
    slugs = ("no-such-stage", first.upper(), first.capitalize(), f"{first}2", first[:-1], f" {first}", f"{first} ")
    _all_refused(lab, [{"stage_slug": slug} for slug in slugs])


@kind.promise(
    "lead-line",
    "The custom field lead_line takes buyer and seller, and nothing else.",
    on=_CREATE,
    source=named("M39"),
)
def lead_line(lab: Lab, _operation: Operation) -> None:
    for line in ("buyer", "seller"):
        lead = made(lab, {"contact_email": lab.fresh.email(), "custom_fields": {"lead_line": line}})
        for one in (lead, listed(lab, lead)):
            lab.expect(one["custom_fields"] == {"lead_line": line}, f"lead_line {line}", one["custom_fields"])
    wrong = ("Buyer", "SELLER", "renter", 1, True)
    _all_refused(lab, [{"custom_fields": {"lead_line": line}} for line in wrong])


@kind.promise(
    "no-contact",
    "A lead without a name, a phone and an email is refused with 400.",
    on=_CREATE,
    source=named("page-errors"),
)
def no_contact(lab: Lab, _operation: Operation) -> None:
    for body in (
        {},
        {"source_platform": "referral"},
        {"source_type": "form", "stage_slug": "new", "custom_fields": {}},
    ):
        refused(lab, ask(lab, body), 400, f"the body {body}")


@kind.promise(
    "blank-contact",
    "A lead whose contact fields are all blank, or whose phone has no digit, is refused with 400.",
    on=_CREATE,
    source=named("M32"),
)
def blank_contact(lab: Lab, _operation: Operation) -> None:
    names = ("contact_name", "contact_email", "contact_phone")
    bodies: list[dict[str, Any]] = [{name: blank} for name in names for blank in BLANKS]
    bodies += [dict.fromkeys(names, blank) for blank in (*BLANKS, "\u00a0")]
    bodies += [{"contact_phone": phone} for phone in ("n/a", "----", "+", "()")]
    bodies += [{"contact_phone": "n/a", "contact_name": " ", "contact_email": None}]
    for body in bodies:
        refused(lab, ask(lab, body), 400, f"the body {body}")


@kind.promise(
    "wrong-words",
    "A source_platform or source_type that is not documented is refused with 400.",
    on=_CREATE,
    source=named("page-errors"),
)
def wrong_words(lab: Lab, _operation: Operation) -> None:
    _all_refused(lab, [{"source_platform": "facebook"}, {"source_type": "fax"}, {"source_type": "referral"}])


@kind.promise(
    "wrong-values",
    "A field of a wrong type, or a text that is no email, is refused with 400, and nothing is written.",
    on=_CREATE,
    source=assumed("M5", "What is invalid is refused with 400."),
)
def wrong_values(lab: Lab, _operation: Operation) -> None:
    texts = ("contact_name", "contact_email", "contact_phone", "source_platform", "source_type", "stage_slug")
    extras: list[dict[str, Any]] = [{name: value} for name in texts for value in (5, True, ["x"], {"a": "b"})]
    for name, words in {"source_platform": PLATFORMS, "source_type": SOURCE_TYPES}.items():
        near = (words[0].upper(), words[1].capitalize(), f" {words[2]}", f"{words[3]}s", "other")
        extras += [{name: word} for word in near]
    extras += [{"custom_fields": value} for value in ("x", [], ["x"], 5, True)]
    emails = ("not-an-email", "a@", "@b.example", "a b@example.com", "a@b@example.com", f"{'a' * 250}@example.com")
    extras += [{"contact_email": email} for email in emails]
    _all_refused(lab, extras)


@kind.promise(
    "custom-field-not-scalar",
    "A custom field that is an object or an array is refused with 400.",
    on=_CREATE,
    source=assumed("M38", "A value that is not a scalar is refused."),
)
def custom_field_not_scalar(lab: Lab, _operation: Operation) -> None:
    first, last = custom_slugs(lab)[0], custom_slugs(lab)[-1]
    values: tuple[Any, ...] = ({}, [], ["x"], {"a": 1})
    # Alone, behind a right one, and before one.
    wrong = [{"custom_fields": {slug: value}} for slug in dict.fromkeys((first, last)) for value in values]
    if first != last:
        wrong += [{"custom_fields": fields} for fields in ({first: "x", last: ["x"]}, {first: {"a": 1}, last: "x"})]
    _all_refused(lab, wrong)


def _shows(lab: Lab, body: dict[str, Any]) -> None:
    """Create a lead and see that the answer and the list show what was given."""
    lead = made(lab, body)
    for one in (lead, listed(lab, lead)):
        for name, value in body.items():
            lab.expect(_matches(name, value, one), f"{name} {value!r}", one)


def _matches(name: str, value: Any, lead: Lead) -> bool:
    if name == "stage_slug":
        return bool((lead.get("current_stage") or {}).get("slug") == value)
    if name == "contact_phone":
        return last_ten(lead.get(name)) == last_ten(value)
    if name == "contact_email":
        return str(lead.get(name)).lower() == str(value).lower()
    return bool(lead.get(name) == value)


def _all_refused(lab: Lab, extras: Iterable[dict[str, Any]]) -> None:
    """With these members, new leads are refused and not made, and merges are refused and change nothing."""
    known = made(lab, lab.world.lead(lab.fresh))
    for extra in extras:
        fresh = {**lab.world.lead(lab.fresh), **extra}
        refused(lab, ask(lab, fresh), 400, f"a lead with {shown(extra)}")
        own = "contact_phone" if "contact_email" in extra else "contact_email"
        found = search(lab, fresh[own])
        lab.expect(not found, f"no lead with {fresh[own]} after a refusal for {shown(extra)}", found)
        body = {"contact_name": "Changed", own: known[own], **extra}
        refused(lab, ask(lab, body), 400, f"a merge with {shown(extra)}")
    expect_same(lab, known, listed(lab, known), "the known lead as it was, after merges that were refused")
