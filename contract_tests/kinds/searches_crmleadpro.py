"""CRMLead Pro's search and filters by text: where they look, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.crmleadpro import Lead, ordered
from ..models.crmleadpro_values import TEXTS
from ..rule import Kind, assumed, only
from ..worlds.workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

BOTH = only("crmleadpro/listLeads", "crmleadpro/listContacts")
CONTAINED = assumed("P19", "A search finds what contains the text, in any letter case.")
#: Texts that a database, a pattern or a URL would take for something else.
ODD = (
    "100%",
    "50_50",
    "a*b",
    "back\\slash",
    "it's",
    'quo"te',
    "[x]",
    "(y)",
    "a.c",
    "x+y",
    "a&b=c",
    "#1",
    "ж Ünal",
    "^$",
    "?",
)
#: Texts of which each must be found by itself alone, among them such as differ in little.
FILTERED = (*TEXTS, "Ж", "ж", "caf\u00e9", "cafe\u0301", "hot", "hot ", "a_b", "a%b", "[1]")
#: The filters that match a text exactly, with the member of a lead that each looks at.
EXACT = {
    "listLeads": {"tag": "tags", "source": "source", "assigned_to": "assigned_to"},
    "listContacts": {"tag": "tags", "company": "company"},
}


@kind.promise(
    "search",
    "A search looks in name, email, phone and company, anywhere in each, in any letter case, and nowhere else.",
    on=BOTH,
    source=CONTAINED,
)
def search(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    phone = lab.fresh.phone()
    leads = {
        "name": here.create(name=f"Say {mark}Name now", tags=[mark]),
        "email": here.create(email=f"Some.Body@{mark}Mail.Example", tags=[mark]),
        "phone": here.create(email=None, phone=f"+91 {phone[:5]}-{phone[5:]}", tags=[mark]),
        "company": here.create(company=f"The {mark}Firm of ŁÓDŹ", tags=[mark]),
        "others": here.create(source=f"{mark}S", assigned_to=f"{mark}A", tags=[mark, f"{mark}T"], status="qualified"),
    }
    bare = leads["others"]
    searches: dict[str, list[Lead]] = {
        f"{mark}name": [leads["name"]],
        f"{mark}NAME NOW": [leads["name"]],
        f"SAY {mark}": [leads["name"]],
        f"now {mark}": [],
        f"{mark}name now ": [],
        f" say {mark}": [],
        f"{mark}mail.example": [leads["email"]],
        f"some.body@{mark.upper()}": [leads["email"]],
        f"{mark}firm of łódź": [leads["company"]],
        f"the {mark.upper()}FIRM": [leads["company"]],
        f"{phone[:5]}-{phone[5:]}": [leads["phone"]],
        mark: [leads["name"], leads["email"], leads["company"]],
        f"{mark}s": [],
        f"{mark}a": [],
        f"{mark}t": [],
        "qualified": [],
        bare["id"]: [],
        bare["created_at"]: [],
        f"{bare['name']} {bare['email']}": [],
        f"{bare['name']}{bare['email']}": [],
        f"{bare['name'][-4:]}{bare['email'][:4]}": [],
        "": list(leads.values()),
    }
    for text, found in searches.items():
        here.lists(ordered(found), operation.id, search=text, tag=mark)


@kind.promise(
    "search-phone",
    "A search finds a phone number by its digits, whatever stands between them.",
    on=BOTH,
    source=assumed("P19", "Phone numbers also match on their digits."),
)
def search_phone(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    phone = lab.fresh.phone()
    given = (f"+91 {phone[:5]} {phone[5:]}", f"({phone[:3]}) {phone[3:6]}-{phone[6:]}", phone)
    leads = ordered([here.create(email=None, phone=one, tags=[mark]) for one in given])
    here.create(phone=f"+91 {phone[::-1]}", tags=[mark])
    for text in (phone, phone[1:9], phone[2:], f"{phone[:4]} {phone[4:]}", f"{phone[:2]}.{phone[2:6]}-{phone[6:]}"):
        here.lists(leads, operation.id, search=text, tag=mark)
    spelt = [lead for lead in leads if lead["phone"] == given[0]]
    here.lists(spelt, operation.id, search=f"+91{phone}", tag=mark)
    here.lists(spelt, operation.id, search=f"91 {phone[:5]}", tag=mark)


@kind.promise(
    "search-digits",
    "A search for a text that is more than a phone number does not find numbers by the digits in it.",
    on=BOTH,
    source=CONTAINED,
)
def search_digits(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    phone = lab.fresh.phone()
    here.create(email=None, phone=f"+91 {phone[:5]} {phone[5:]}", tags=[mark])
    address = f"mr.{phone}@example.com"
    lead = here.create(email=address, phone=f"+91 {phone[::-1]}", tags=[mark])
    here.lists([lead], operation.id, search=address, tag=mark)
    for text in (f"call {phone}", f"{phone}x", f"no{phone[:5]} {phone[5:]}", f"#{phone}"):
        here.lists([], operation.id, search=text, tag=mark)


@kind.promise(
    "search-literal",
    "A search takes every character for itself: no wildcards, no patterns, no words of their own.",
    on=BOTH,
    source=CONTAINED,
)
def search_literal(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    leads = [here.create(name=f"Plain abc {number}", company="10000 xaby 5050", tags=[mark]) for number in range(2)]
    odd = {text: here.create(company=f"so {text} so", tags=[mark]) for text in ODD}
    for text, lead in odd.items():
        for asked in dict.fromkeys((text, text.upper())):
            here.lists([lead], operation.id, search=asked, tag=mark)
    for text in ("%", "_", "\\", "*", "[", "'", '"', "Ж", "ünal", "so (y) so", "so  (y)"):
        found = [lead for one, lead in odd.items() if text.lower() in f"so {one} so".lower()]
        here.lists(found, operation.id, search=text, tag=mark)
    nothing: tuple[Any, ...] = ("%%", "a_c", ".*", "abc|so", "plain 0", "a%b", "\\%", "null", "None", "so  so")
    for text in nothing:
        here.lists([], operation.id, search=text, tag=mark)
    here.lists(ordered(leads), operation.id, search="PLAIN ABC", tag=mark)


@kind.promise(
    "filter-literal",
    "A filter takes every text for itself: any script and sign, blanks, letter case, and how letters are composed.",
    on=BOTH,
    source=assumed("P19", "Filters match exactly."),
)
def filter_literal(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    members = EXACT[operation.id].values()
    leads: dict[str, Lead] = {}
    for text in FILTERED:
        said = {member: [text[:50], "more"] if member == "tags" else text for member in members}
        leads[text] = here.create(name=f"{mark} {len(leads)}", **said)
    for name, member in EXACT[operation.id].items():
        for text, lead in leads.items():
            asked = text[:50] if member == "tags" else text
            here.lists([lead], operation.id, search=mark, **{name: asked})


@kind.promise(
    "whole-text",
    "Filters and searches compare texts to their ends, however long these are, and look at every tag.",
    on=BOTH,
    source=CONTAINED,
)
def whole_text(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    leads: dict[str, Lead] = {}
    for end in ("x", "y"):
        tags = [mark, *(f"{end} {at} {mark}" for at in range(48)), _up_to(50, mark, end)]
        words = {name: _up_to(100, mark, end) for name in ("source", "assigned_to")}
        leads[end] = here.create(name=_up_to(200, mark, end), company=_up_to(200, mark, end), tags=tags, **words)
    for end, lead in leads.items():
        for name, member in EXACT[operation.id].items():
            asked = lead["tags"][-1] if member == "tags" else lead[member]
            here.lists([lead], operation.id, **{name: asked})
        for at in (1, 9, 10, 24, 25, 31, 32, 47, 48):
            here.lists([lead], operation.id, tag=lead["tags"][at])
        here.lists([lead], operation.id, search=lead["name"])
        here.lists([lead], operation.id, search=f"{lead['company'][1:]}".upper())
        here.lists([lead], operation.id, search=f"n{end}", tag=mark)


def _up_to(longest: int, mark: str, end: str) -> str:
    """A text of this length that differs from its like in its last letter alone."""
    return f"{mark} {'n' * longest}"[: longest - 1] + end
