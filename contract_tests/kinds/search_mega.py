"""Searching MEGA's list: by name, email and phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.mega_population import ALL, Lead, ids, population, some, word
from ..rule import Kind, NotChecked, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

_LIST = only("mega/listLeads")
_PULL = named("page-pull")
_HOW = assumed("160", "A search finds any part of the name, email or phone, in any letter case, without wild cards.")
_LITERAL = "%_*'\"\\.?+&#^$|()[]{}/;,<>=~`!@-"


def _create(lab: Lab, **members: Any) -> Lead:
    answer = lab.main("createLead", body=members)
    lab.expect(answer.ok, f"201 for {members}", answer)
    lead: Lead = answer.at("/lead")
    return lead


def _finds(lab: Lab, text: str, expected: Sequence[Lead]) -> None:
    answer = lab.main("listLeads", query={"search": text, "limit": ALL})
    lab.expect(answer.status == 200, f"200 for the search {text!r}", answer)
    found, names = sorted(ids(answer.at("/leads"))), [lead.get("contact_name") for lead in answer.at("/leads")]
    lab.expect(
        found == sorted(ids(expected)),
        f"{len(expected)} leads for the search {text!r}: {[lead.get('contact_name') for lead in expected]}",
        f"{len(found)}: {names[:5]}",
    )
    lab.expect(answer.at("/total") == len(expected), f"total {len(expected)} for {text!r}", answer.at("/total"))


@kind.promise("search-name", "search finds leads by name.", on=_LIST, source=_PULL)
def search_name(lab: Lab, _operation: Operation) -> None:
    first, last, other = word(lab), word(lab), word(lab)
    one = _create(lab, contact_name=f"{first} {last}", contact_phone=f"+1{lab.fresh.phone()}")
    two = _create(lab, contact_name=f"{first} {other}", contact_email=lab.fresh.email())
    for text, expected in ((first, [one, two]), (last, [one]), (other, [two]), (word(lab), [])):
        _finds(lab, text, expected)
    if lab.strict:
        _finds(lab, f"{first} {last}", [one])
    # Whether two words find what has both, or either, is nowhere said.
    _contains(lab, f"{first} {last}", one)


@kind.promise("search-email", "search finds leads by email.", on=_LIST, source=_PULL)
def search_email(lab: Lab, _operation: Operation) -> None:
    for plus in some(lab, ("", "+ads", "-x")):
        email = f"{word(lab).lower()}{plus}@example.com"
        _finds(lab, email, [])
        lead = _create(lab, contact_name=lab.fresh.name(), contact_email=email, contact_phone=f"+1{lab.fresh.phone()}")
        bare = _create(lab, contact_email=f"x{email}")
        _finds(lab, bare["contact_email"], [bare])
        _contains(lab, email, lead)


@kind.promise("search-phone", "search finds a phone however it is written.", on=_LIST, source=_PULL)
def search_phone(lab: Lab, _operation: Operation) -> None:
    for stored in range(len(_written("0000000000"))):
        digits = lab.fresh.phone()
        lead = _create(lab, contact_name=lab.fresh.name(), contact_phone=_written(digits)[stored])
        for text in some(lab, _written(digits)):
            _finds(lab, text, [lead])
    for text in some(lab, _written(lab.fresh.phone())):
        _finds(lab, text, [])


def _written(digits: str) -> list[str]:
    """One North American number, in full, as people write it."""
    area, office, line = digits[:3], digits[3:6], digits[6:]
    return [
        f"+1{digits}",
        f"+1 {area}-{office}-{line}",
        f"+1 ({area}) {office}-{line}",
        f"1-{area}-{office}-{line}",
        f"+1.{area}.{office}.{line}",
        f"+1 {area} {office} {line}",
    ]


def _contains(lab: Lab, text: str, lead: Lead) -> None:
    answer = lab.main("listLeads", query={"search": text, "limit": ALL})
    found = ids(answer.at("/leads"))
    lab.expect(lead["id"] in found, f"the lead {lead['id']} for the search {text!r}", answer)


@kind.promise(
    "search-gained", "A lead is found by the email and the phone that a merge gave it.", on=_LIST, source=_PULL
)
def search_gained(lab: Lab, _operation: Operation) -> None:
    email, phone, late, later = lab.fresh.email(), f"+1{lab.fresh.phone()}", lab.fresh.email(), f"+1{lab.fresh.phone()}"
    one = _create(lab, contact_name=lab.fresh.name(), contact_phone=phone)
    two = _create(lab, contact_name=lab.fresh.name(), contact_email=email)
    merged = _create(lab, contact_phone=phone, contact_email=late)
    other = _create(lab, contact_email=email, contact_phone=later)
    if (merged["id"], merged.get("contact_email"), other["id"]) != (one["id"], late, two["id"]):
        raise NotChecked("the merges did not give the leads what they lacked")
    _finds(lab, late, [merged])
    _finds(lab, phone, [merged])
    _finds(lab, email, [other])
    _finds(lab, later, [other])


@kind.promise("search-parts", "search finds any part, in any letter case.", on=_LIST, source=_HOW)
def search_parts(lab: Lab, _operation: Operation) -> None:
    token, digits = word(lab), lab.fresh.phone()
    name, email = f"Élodie O'Neil {token.capitalize()} Müller", f"Mixed.{token.upper()}.case@Example.com"
    phone = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    lead = _create(lab, contact_name=name, contact_email=email, contact_phone=phone)
    for text in (token, token.upper(), token.capitalize(), token[2:], f"neil {token[:-1]}", f"NEIL {token[:-3]}"):
        _finds(lab, text, [lead])
    for text in (f"É{name[1:]}", name.upper(), name.lower(), f"O'NEIL {token}", f"{token} MÜLLER", f"{token} mü"):
        _finds(lab, text, [lead])
    for text in (email, email.lower(), email.upper(), f"{token}.case@", f".{token}.", f"mixed.{token}"):
        _finds(lab, text, [lead])
    area, office, line = digits[:3], digits[3:6], digits[6:]
    # The last nine digits are those of no other lead. Fewer may find others too.
    for text in (
        digits,
        digits[1:],
        f"+1{digits}",
        f"1 {digits}",
        f"{area}.{office}.{line}",
        f"{area} {office} {line}",
    ):
        _finds(lab, text, [lead])
    _contains(lab, digits[:9], lead)
    for text in (f"({area}){office}", digits[3:], f"{office}-{line}", f"{area} {office}"):
        _digits_in_all(lab, text)
    # Letters and digits together are no phone.
    _finds(lab, f"{token}{digits}", [])
    _finds(lab, f"x{digits}", [])


@kind.promise("search-length", "search takes a text of any length as it is.", on=_LIST, source=_HOW)
def search_length(lab: Lab, _operation: Operation) -> None:
    token = word(lab)
    # Every symbol counts, however many are the same before it.
    long = [f"{token}{' long' * 40} {end}" for end in "ab"]
    made = [_create(lab, contact_name=name) for name in long]
    for lead in made:
        _finds(lab, lead["contact_name"], [lead])
    lead = _create(lab, contact_name=f"\u01c2\u01c1 {token}")
    for text in ("\u01c2\u01c1", "\u01c2"):
        query = {"search": text, "limit": ALL, "sort_by": "created_at", "sort_dir": "desc"}
        answer = lab.main("listLeads", query=query)
        lab.expect(lead["id"] in ids(answer.at("/leads")), f"the lead {lead['id']} for the search {text!r}", answer)
        others = [one["contact_name"] for one in answer.at("/leads") if text not in str(one.get("contact_name"))]
        lab.expect(not others, f"only leads with {text!r} in their names", others[:5])


def _digits_in_all(lab: Lab, text: str) -> None:
    digits = "".join(filter(str.isdecimal, text))
    for lead in lab.main("listLeads", query={"search": text, "limit": ALL, "sort_dir": "desc"}).at("/leads"):
        phone = "".join(filter(str.isdecimal, lead["contact_phone"] or ""))
        texts = f"{lead['contact_name']} {lead['contact_email']} {lead['contact_phone']}".lower()
        lab.expect(digits in phone or text in texts, f"only leads with {text!r} or its digits", lead)


@kind.promise(
    "search-whose",
    "A search by name, email or phone lists the customer's own leads alone.",
    on=_LIST,
    source=named("customer"),
)
def search_whose(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant("public_api:leads:read")
    digits = lab.fresh.phone()
    lead = _create(lab, contact_name=word(lab), contact_email=lab.fresh.email(), contact_phone=f"+1{digits}")
    for text in (lead["contact_name"], lead["contact_email"], f"+1{digits}", f"+1 ({digits[:3]}) {digits[3:]}"):
        answer = stranger("listLeads", query={"search": text, "limit": ALL})
        lab.expect(lead["id"] not in ids(answer.at("/leads")), f"no lead of another customer for {text!r}", answer)
        if lab.strict:
            # Nor does it undo the other filters.
            for query in ({"status": "won"}, {"lead_line": "seller"}, {"created_since": "2999-01-01T00:00:00Z"}):
                answer = lab.main("listLeads", query={"search": text, **query})
                lab.expect(
                    (answer.at("/leads"), answer.at("/total")) == ([], 0), f"none for {text!r} and {query}", answer
                )


@kind.promise("search-literal", "search has no wild cards.", on=_LIST, source=_HOW)
def search_literal(lab: Lab, _operation: Operation) -> None:
    token = word(lab)
    plain = f"{token}xzy"
    names = [plain, *(f"{token}x{character}y" for character in _LITERAL), f"{token}x🦊y", f"{token}x  y", f"{token}xñy"]
    rows = [{"contact_name": name} for name in names]
    answer = lab.main("bulkImportLeads", body={"leads": rows})
    results = zip(names, answer.at("/results"), strict=True)
    leads = [{"id": result["lead_id"], "contact_name": name} for name, result in results]
    for lead in leads:
        _finds(lab, lead["contact_name"], [lead])
        if lead["contact_name"][-2] != " ":
            _finds(lab, lead["contact_name"][:-1], [lead])
        else:  # which may be trimmed, or not
            _contains(lab, lead["contact_name"][:-1], lead)
    for text in (f"{token}%", f"{token}_zy", f"{token}*y", f"{token}.zy", f"{token}x?", f"{token}x..", f"{token}x.*y"):
        _finds(lab, text, [lead for lead in leads if text in lead["contact_name"]])
    _finds(lab, f"{token}x", leads)
    _finds(lab, f"{token} OR 1=1", [])
    _finds(lab, f"{token}' OR 'a'='a", [])
    _finds(lab, f"{token}{'x' * 200}", [])


@kind.promise(
    "search-members",
    "search looks into name, email and phone, each for itself, and into nothing else.",
    on=_LIST,
    source=assumed("160", "Only the name, the email and the phone are searched, each for itself."),
)
def search_members(lab: Lab, _operation: Operation) -> None:
    token, mail, field = word(lab), word(lab), word(lab)
    digits = lab.fresh.phone()
    slug = next(iter(lab.facts.get("custom_fields", ())), "budget")
    members = {"contact_email": f"{mail}@example.com", "contact_phone": digits, "custom_fields": {slug: field}}
    lead = _create(lab, contact_name=f"Ann {token}", **members)
    _finds(lab, token, [lead])
    _finds(lab, mail, [lead])
    between = [f"{one}{gap}{two}" for one, two in ((token, mail), (mail, token)) for gap in ("", " ", ",", "\n", "|")]
    between += [f"{token}{digits}", f"{token} {digits}", f"example.com{digits}", f"@example.com {digits}"]
    for text in (field, f"{slug} {field}", lead["id"], f"Ann {mail}", *between):
        _finds(lab, text, [])


@kind.promise(
    "search-replaced",
    "A lead is not found any more by what a merge replaced.",
    on=_LIST,
    source=assumed("M32", "A merge overwrites, and the search looks at the lead as it is."),
)
def search_replaced(lab: Lab, _operation: Operation) -> None:
    names, email, digits = [word(lab) for _ in range(3)], lab.fresh.email(), [lab.fresh.phone() for _ in range(2)]
    _create(lab, contact_name=f"Bo {names[0]}", contact_email=email, contact_phone=digits[0])
    lead = _create(lab, contact_name=f"Bo {names[1]}", contact_email=email, contact_phone=digits[1])
    for text in (names[0], digits[0]):
        _finds(lab, text, [])
    for text in (names[1], digits[1], email):
        _finds(lab, text, [lead])
    late = lab.fresh.email()
    rows = [{"contact_name": f"Bo {names[2]}", "contact_phone": digits[1], "contact_email": late}]
    lab.main("bulkImportLeads", body={"leads": rows})
    for text in (names[1], email):
        _finds(lab, text, [])
    for text in (names[2], digits[1], late):
        _finds(lab, text, [lead])


@kind.promise(
    "search-nothing",
    "An empty search filters nothing.",
    on=_LIST,
    source=assumed("160", "An empty text is part of every name."),
)
def search_nothing(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    lead = _create(lab, contact_name=f"Last {word(lab)}")
    for query in ({"search": ""}, {}):
        last = {**query, "limit": 5, "sort_by": "created_at", "sort_dir": "desc"}
        answer = lab.main("listLeads", query=last)
        lab.expect(lead["id"] in ids(answer.at("/leads")), f"the newest lead with {last}", answer)
        lab.expect(answer.at("/total") > len(made.people), f"a total above {len(made.people)} with {last}", answer)
