"""Deduplication of MEGA's leads: which leads are the same, and which are not."""

from __future__ import annotations

import itertools
import unicodedata
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from .mega_leads import BLANKS, last_ten, listed, made, search, with_email, with_phone

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("deduplication")

_CREATE = only("mega/createLead")
_DEDUP = named("dedup")
_EMAIL_KEY = assumed("M29", "Emails are compared trimmed, in NFC and lower case; dots and plus tags count.")
_PHONE_KEY = assumed("M28", "A phone counts by the last ten of its digits, extension left out; fewer never match.")


@kind.promise("by-email", "A lead with the email of a known lead is merged into that one.", on=_CREATE, source=_DEDUP)
def by_email(lab: Lab, _operation: Operation) -> None:
    for first, second in itertools.product(("", "name", "name phone"), ("", "name", "phone", "name phone")):
        email = lab.fresh.email()
        one = made(lab, {**_more(lab, first), "contact_email": email})
        two = made(lab, {**_more(lab, second), "contact_email": email})
        is_one(lab, one, two, f"the email {email}")
        found = [lead["id"] for lead in with_email(lab, email)]
        lab.expect(found == [one["id"]], f"one lead with the email {email}, {one['id']}", found)


@kind.promise("by-phone", "A lead with the phone of a known lead is merged into that one.", on=_CREATE, source=_DEDUP)
def by_phone(lab: Lab, _operation: Operation) -> None:
    for first, second in itertools.product(("", "name", "name email"), ("", "name", "email", "name email")):
        phone = f"+1{lab.fresh.phone()}"
        one = made(lab, {**_more(lab, first), "contact_phone": phone})
        two = made(lab, {**_more(lab, second), "contact_phone": phone})
        is_one(lab, one, two, f"the phone {phone}")
        found = [lead["id"] for lead in with_phone(lab, phone)]
        lab.expect(found == [one["id"]], f"one lead with the phone {phone}, {one['id']}", found)


@kind.promise(
    "last-ten-digits",
    "Phones with the same last ten digits are the same, however they are written and whatever stands before.",
    on=_CREATE,
    source=_DEDUP,
)
def last_ten_digits(lab: Lab, _operation: Operation) -> None:
    for turn in (1, -1):
        phone = lab.fresh.phone()
        spellings = (_spellings(phone) if lab.strict else _plain_spellings(phone))[::turn]
        one = made(lab, {"contact_name": lab.fresh.name(), "contact_phone": spellings[0]})
        for before, after in itertools.pairwise(spellings):
            two = made(lab, {"contact_phone": after})
            is_one(lab, one, two, f"the phone {before} and then {after}")
        found = [lead["id"] for lead in with_phone(lab, last_ten(spellings[0]))]
        lab.expect(found == [one["id"]], f"one lead with the phone {spellings[0]}", found)


@kind.promise(
    "distinct-phones", "Phones that differ in one of the last ten digits are two leads.", on=_CREATE, source=_DEDUP
)
def distinct_phones(lab: Lab, _operation: Operation) -> None:
    phone = lab.fresh.phone()
    others = [f"{phone[:at]}{_next_digit(phone[at], at)}{phone[at + 1 :]}" for at in range(10)]
    seen: dict[str, str] = {}
    for one in (phone, *others):
        lead = made(lab, {"contact_phone": f"+1 {one}"})
        taken = seen.setdefault(lead["id"], one)
        lab.expect(taken == one, f"another lead for +1 {one} than for +1 {taken}", f"{lead['id']} for both")


@kind.promise("distinct-emails", "Leads with different emails are different leads.", on=_CREATE, source=_DEDUP)
def distinct_emails(lab: Lab, _operation: Operation) -> None:
    name, token = lab.fresh.name(), lab.fresh.token()
    emails = (
        *(f"{token}@example.com", f"{token}@example.org", f"{token}@example.co", f"{token}@mail.example.com"),
        *(f"{token}x@example.com", f"x{token}@example.com", f"{token[:-1]}@example.com", f"{token}@example.com.au"),
        *(f"{token}.{'long' * 8}.a@example.com", f"{token}.{'long' * 8}.b@example.com"),
        *(f"{token}@eu.mail.example.com", f"{token}@us.mail.example.com", f"{token}@eu.mail.example.org"),
    )
    _are_different(lab, [{"contact_name": name, "contact_email": email} for email in emails])


@kind.promise(
    "absent-never-matches", "Leads do not match by a field that neither of them has.", on=_CREATE, source=_DEDUP
)
def absent_never_matches(lab: Lab, _operation: Operation) -> None:
    name = lab.fresh.name()
    _are_different(lab, [{"contact_name": name, "contact_phone": f"+1{lab.fresh.phone()}"} for _ in range(3)])
    _are_different(lab, [{"contact_name": name, "contact_email": lab.fresh.email()} for _ in range(3)])
    _are_different(lab, [{"contact_email": lab.fresh.email()}, {"contact_phone": f"+1{lab.fresh.phone()}"}])


@kind.promise("name-only", "Leads with a name only are never merged.", on=_CREATE, source=_DEDUP)
def name_only(lab: Lab, _operation: Operation) -> None:
    name = lab.fresh.name()
    body = {"contact_name": name, "source_platform": "referral", "source_type": "form"}
    _are_different(lab, [{"contact_name": name}, {"contact_name": name}, body, body])
    # A lead that can be matched does not draw in one of the same name, nor the other way round.
    emailed = made(lab, {"contact_name": name, "contact_email": lab.fresh.email()})
    _are_different(lab, [{"contact_name": name}], emailed["id"])
    found = [lead for lead in search(lab, name) if lead.get("contact_name") == name]
    lab.expect(len(found) == 6, f"6 leads named {name}", len(found))


@kind.promise(
    "other-customer",
    "A lead of one customer never matches a lead of another.",
    on=_CREATE,
    source=named("customer"),
)
def other_customer(lab: Lab, _operation: Operation) -> None:
    other = lab.other_tenant("public_api:leads:write", "public_api:leads:read")
    email, phone, name = lab.fresh.email(), f"+1{lab.fresh.phone()}", lab.fresh.name()
    for body in ({"contact_email": email}, {"contact_phone": phone}, {"contact_name": name}):
        ours = made(lab, {**body, "source_platform": "zoho"})
        before = listed(lab, ours)
        theirs = made(lab, {**body, "source_platform": "ghl"}, other)
        lab.expect(theirs["id"] != ours["id"], f"another lead for the other customer than {ours['id']}", theirs)
        tenant = other.credential.tenant if other.credential else ""
        lab.expect(
            str(theirs["customer_id"]).lower() == tenant.lower(), f"customer_id {tenant} in the other's lead", theirs
        )
        lab.expect(listed(lab, ours) == before, f"our lead as it was, {before}", listed(lab, ours))
        listed(lab, theirs, other)
        text = next(iter(body.values()))
        foreign = [lead["id"] for lead in search(lab, text, other) if lead["id"] != theirs["id"]]
        lab.expect(not foreign, f"only {theirs['id']} in the other customer's search for {text}", foreign)
        if "contact_name" not in body:
            is_one(lab, theirs, made(lab, body, other), f"{body}, for the other customer,")
            is_one(lab, ours, made(lab, body), f"{body}, for the first customer again,")


@kind.promise(
    "email-spelling",
    "Letter case, white space around it and the way an accent is written do not tell emails apart.",
    on=_CREATE,
    source=_EMAIL_KEY,
)
def email_spelling(lab: Lab, _operation: Operation) -> None:
    for turn in (1, -1):
        plain = f"sam.{lab.fresh.token()}@example.com"
        local, domain = plain.split("@")
        spellings = (
            *(plain, plain.upper(), f"{local.upper()}@{domain}", f"{local}@{domain.upper()}", f"{local}@Example.Com"),
            *(plain.capitalize(), f" {plain}", f"{plain} ", f"\t{plain}\n", f"\u00a0{plain}\u00a0", f"  {plain} "),
            *(plain.title(), f" {plain.upper()}\u00a0"),
        )[::turn]
        _all_one(lab, "contact_email", spellings)
    accented = f"ren\u00e9e.{lab.fresh.token()}@example.com"
    decomposed = unicodedata.normalize("NFD", accented)
    _all_one(lab, "contact_email", (accented, decomposed, accented.upper(), decomposed.upper(), accented))


@kind.promise(
    "email-distinct",
    "Dots, plus tags, hyphens, letters that merely resemble each other and the end of a long one tell emails apart.",
    on=_CREATE,
    source=_EMAIL_KEY,
)
def email_distinct(lab: Lab, _operation: Operation) -> None:
    token = lab.fresh.token()
    for host in ("example.com", "gmail.com", "googlemail.com"):
        people = [f"sam{token}", f"s.am{token}", f"sam{token}+ads", f"sam{token}+", f"sam-{token}", f"sam_{token}"]
        people += [f"sam{token}+news", f"sam.{token}", f"5am{token}"]
        _are_different(lab, [{"contact_email": f"{local}@{host}"} for local in people])
    emails = (
        *(f"stra\u00dfe.{token}@example.com", f"strasse.{token}@example.com", f"strase.{token}@example.com"),
        *(f"rene.{token}@example.com", f"ren\u00e9.{token}@example.com"),
        *(f"sam.{token}@b\u00fccher.example", f"sam.{token}@xn--bcher-kva.example", f"sam.{token}@bucher.example"),
        # As long as an email may be, and the same but for the end.
        *(f"{token}.{'long' * 10}@{'mail.' * 36}{end}.example" for end in ("a", "b")),
    )
    _are_different(lab, [{"contact_email": email} for email in emails])


@kind.promise(
    "phone-spelling",
    "Extensions, the tel: form, digits of other scripts and characters that are no digits do not tell phones apart.",
    on=_CREATE,
    source=_PHONE_KEY,
)
def phone_spelling(lab: Lab, _operation: Operation) -> None:
    for turn in (1, -1):
        phone = lab.fresh.phone()
        a, b, c = phone[:3], phone[3:6], phone[6:]
        spellings = (
            *(phone, f"({a}) {b}-{c} x45", f"tel:+1-{a}-{b}-{c};ext=45", f"{a}-{b}-{c} ext. 45", f"+1{phone} ext 7"),
            *(f"{a}-{b}-{c} EXT. 45", f"{a}-{b}-{c} X45", f"({a}) {b}-{c} Ext 45", f"tel:+1{phone};EXT=45"),
            *(f"({a}) {b}-{c}x12345", f"+1 {phone};ext=1234", _in_script(phone, 0xFF10), _in_script(phone, 0x0966)),
            *(_in_script(phone, 0x0660), _in_script(phone, 0x06F0), f"+{_in_script('1' + phone, 0xFF10)}"),
            *(f"{phone}\u00b2", f"  {phone}\t", f"{a}\u00a0{b}\u2009{c}", f"{a}\u2011{b}\u2013{c}", f"+999999{phone}"),
            *(f"tel:{phone}", f"12345678901234567890{phone}"),
        )[::turn]
        _all_one(lab, "contact_phone", spellings)
    for begin in ("0", "1", "00"):
        phone = f"{begin}{lab.fresh.phone()[len(begin) :]}"
        _all_one(lab, "contact_phone", (phone, f"+44 {phone}", f"{phone[:5]}-{phone[5:]}", f"7{phone}"))

    @lab.each(
        st.tuples(*[st.sampled_from(["", " ", "-", ".", "(", ")", " - "])] * 9, st.sampled_from(["", "+1", "+49"]))
    )
    def _(drawn: tuple[str, ...]) -> None:
        phone = lab.fresh.phone()
        written = drawn[-1] + "".join(map("".join, itertools.zip_longest(phone, drawn[:-1], fillvalue="")))
        one = made(lab, {"contact_phone": phone})
        is_one(lab, one, made(lab, {"contact_phone": written}), f"the phone {phone} and then {written}")


@kind.promise(
    "short-phone",
    "A phone with fewer than ten digits matches nothing, and no other field.",
    on=_CREATE,
    source=_PHONE_KEY,
)
def short_phone(lab: Lab, _operation: Operation) -> None:
    phone = lab.fresh.phone()
    made(lab, {"contact_phone": phone})
    shorts = (phone[1:], phone[3:], f"{phone[3:6]}-{phone[6:]}", "555-0123", "5", f"{phone[1:]} x45", f"({phone[3:]})")
    for short in shorts:
        _are_different(lab, [{"contact_phone": short}, {"contact_phone": short}])
    for none in ("n/a", "----", "+", "unknown"):
        name = lab.fresh.name()
        _are_different(lab, [{"contact_name": name, "contact_phone": none}] * 2)


@kind.promise(
    "any-ten-digits",
    "A phone of ten digits is a key, also one that nobody has.",
    on=_CREATE,
    source=_PHONE_KEY,
)
def any_ten_digits(lab: Lab, _operation: Operation) -> None:
    for phone in ("0000000000", "1111111111", "1234567890"):
        _all_one(lab, "contact_phone", (phone, f"{phone[:3]}-{phone[3:]}", f"+1 {phone}"))


@kind.promise(
    "blank-never-matches",
    "A null or blank email or phone is no key: two leads that have it are two leads.",
    on=_CREATE,
    source=assumed("M32", "Absent, null and blank fields count as not given."),
)
def blank_never_matches(lab: Lab, _operation: Operation) -> None:
    name = lab.fresh.name()
    for blank in (*BLANKS, "\u00a0"):
        by_phone_ = [{"contact_phone": f"+1{lab.fresh.phone()}", "contact_email": blank} for _ in range(2)]
        by_email_ = [{"contact_email": lab.fresh.email(), "contact_phone": blank} for _ in range(2)]
        by_name = [{"contact_name": name, "contact_email": blank, "contact_phone": blank} for _ in range(2)]
        _are_different(lab, [*by_phone_, *by_email_, *by_name])
        # The other key counts as ever.
        is_one(lab, made(lab, by_phone_[0]), made(lab, by_phone_[0]), f"a phone, with the email {blank!r},")
        is_one(lab, made(lab, by_email_[1]), made(lab, by_email_[1]), f"an email, with the phone {blank!r},")


def _more(lab: Lab, names: str) -> dict[str, str]:
    """Fresh values of those fields."""
    values = {"name": lab.fresh.name(), "email": lab.fresh.email(), "phone": f"+1{lab.fresh.phone()}"}
    return {f"contact_{name}": values[name] for name in names.split()}


def is_one(lab: Lab, one: dict[str, Any], two: dict[str, Any], what: str) -> None:
    lab.expect(two["id"] == one["id"], f"{what} to lead to the known lead {one['id']}", f"the lead {two['id']}")


def _are_different(lab: Lab, bodies: list[dict[str, Any]], *known: str) -> None:
    seen: dict[str, Any] = dict.fromkeys(known, "one before")
    for body in bodies:
        lead_id = made(lab, body)["id"]
        lab.expect(lead_id not in seen, f"a new lead for {body}", f"{lead_id}, that of {seen.get(lead_id)}")
        seen[lead_id] = body


def _all_one(lab: Lab, member: str, spellings: tuple[str, ...]) -> None:
    """Each spelling, sent after the one before, is the same lead."""
    first = made(lab, {"contact_name": lab.fresh.name(), member: spellings[0]})
    for before, after in itertools.pairwise(spellings):
        is_one(lab, first, made(lab, {member: after}), f"{before!r} and then {after!r}")


def _in_script(phone: str, zero: int) -> str:
    return "".join(chr(zero + int(digit)) for digit in phone)


def _next_digit(digit: str, at: int) -> str:
    """Another digit that a phone may have in this place."""
    least, most = ((6, 9), (0, 8), (0, 9), (2, 9))[at] if at < 4 else (0, 9)
    return str(least + (int(digit) - least + 1) % (most - least + 1))


def _plain_spellings(phone: str) -> tuple[str, ...]:
    """Those that nobody could take for no phone."""
    a, b, c = phone[:3], phone[3:6], phone[6:]
    return (
        *(f"({a}) {b}-{c}", f"+1 {a}-{b}-{c}", phone, f"+1{phone}", f"1{phone}", f"{a}.{b}.{c}", f"{a} {b} {c}"),
        *(f"1-{a}-{b}-{c}", f"+1 ({a}) {b}-{c}", f"+91 {phone[:5]} {phone[5:]}", f"+91{phone}", f"{a}-{b}-{c}"),
        *(f"+1.{a}.{b}.{c}", f"+1{phone}"),
    )


def _spellings(phone: str) -> tuple[str, ...]:
    a, b, c = phone[:3], phone[3:6], phone[6:]
    return (
        *(f"({a}) {b}-{c}", f"+1 {a}-{b}-{c}", phone, f"+1{phone}", f"1{phone}", f"{a}.{b}.{c}", f"{a} {b} {c}"),
        *(f"1-{a}-{b}-{c}", f"+1 ({a}) {b}-{c}", f"+91 {phone[:5]} {phone[5:]}", f"+91{phone}", f"0{phone}"),
        *(f"001{phone}", f"+44 {phone[:4]} {phone[4:]}", f"{a}{b}-{c}", f"+1.{a}.{b}.{c}", f"+1{phone}"),
    )
