"""Values of a CRMLead Pro lead: such as must come back unchanged, and such as must be refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from .crmleadpro import SLUGS, STATUSES

#: Texts that are easily spoilt: by trimming, by another encoding, by what looks like code or like nothing.
TEXTS = (
    "  in   blanks \t",
    "Ünïcödé Żółć ß İı",
    "प्रिया शर्मा مرحبا 株式会社",
    "😀👩‍👩‍👧🏽 \U0010fffd",
    "say \"yes\" \\ or 'no'",
    "<b>&amp;</b> <script>alert(1)</script>",
    "Robert'); DROP TABLE leads;--",
    "%s {0} ${x} {{7*7}} %00 +",
    "line one\nline two\r\n",
    "e\u0301 is not \u00e9",
    "null",
    "0",
    "\u202ertl\u200d\ufeff",
)
_ODD = ("", " ", *TEXTS)

#: Of each member, what must be taken and read back as it was given.
GOOD: Mapping[str, tuple[Any, ...]] = {
    "name": (*TEXTS, "x", "n" * 200, "😀" * 200),
    "email": (
        "Ann.B+tag@Example.COM",
        "o'hara_%-x@sub.do-main.example.museum",
        "a@b.co",
        f"{'l' * 64}@{'d' * 60}.{'d' * 60}.{'d' * 60}.com",
    ),
    "phone": (
        "+91 98765 43210",
        "(020) 7946-0958",
        "+1 (206) 555-0123",
        "9876543",
        "+123456789012345",
        "98765.43210",
        "00919876543210",
    ),
    "company": (*_ODD, "c" * 200, "株" * 200),
    "status": STATUSES,
    "pipeline_stage": SLUGS,
    "score": (0, 1, 7, 10, 99, 100),
    "source": (*_ODD, "website", "Website", "s" * 100, "😀" * 100),
    "assigned_to": (*_ODD, "user_sales_rep_01", "u" * 100),
    "tags": (
        ["b", "a", "C"],
        ["twice", "once", "twice"],
        ["Hot", "hot", "HOT", " hot "],
        ["a,b", "a", "b", ""],
        [text[:50] for text in TEXTS],
        ["t" * 50],
        [f"tag {number}" for number in range(50)],
        ["😀" * 50],
        [],
    ),
}
#: A lead that differs from a new one in every member.
FULL: Mapping[str, Any] = {
    "phone": "+91 98765 43210",
    "company": "Acme Corp",
    "status": "qualified",
    "pipeline_stage": "demo_scheduled",
    "score": 87,
    "source": "website",
    "assigned_to": "user_sales_rep_01",
    "tags": ["hot-lead", "enterprise", "hot-lead"],
}
#: The members that null clears.
NULLABLE = ("email", "phone", "company", "score", "source", "assigned_to")

_NOT_TEXT = (5, True, ["x"], {"x": "y"})
_TOO_LONG_EMAIL = f"{'l' * 64}@{'d' * 62}.{'d' * 62}.{'d' * 61}.com"
#: Of each member, what must be refused, when a lead is made and when one is changed.
BAD: Mapping[str, tuple[Any, ...]] = {
    "name": (None, "", " ", "\t\n", "\u00a0\u3000", "\u200b", "n" * 201, *_NOT_TEXT),
    "email": (
        "",
        "not-an-email",
        "a@",
        "@b.example",
        "a b@c.example",
        "a@b",
        "a@@b.example",
        "a@b..example",
        ".a@b.example",
        "a@b.example\n",
        " a@b.example",
        "a@-b.example",
        _TOO_LONG_EMAIL,
        *_NOT_TEXT,
    ),
    "phone": (
        "",
        "123456",
        "1234567890123456",
        "+0123456789",
        "+",
        "phone",
        "98765x43210",
        "98765 4321O",
        "९८७६५४३२१०",
        "9876543210\n",
        " 9876543210",
        "98765 43210 ext 5",
        9876543210,
        ["9876543210"],
    ),
    "company": ("c" * 201, *_NOT_TEXT),
    "status": (None, "", "hot", "New", "NEW", "new ", "archived", *_NOT_TEXT),
    "pipeline": (None, "", "marketing", "Sales", "sales ", *_NOT_TEXT),
    "pipeline_stage": (None, "", "nowhere", "New", "Demo scheduled", "demo-scheduled", *_NOT_TEXT),
    "score": (-1, 101, 50.5, 1e9, "50", "", True, False, [50]),
    "source": ("s" * 101, *_NOT_TEXT),
    "assigned_to": ("u" * 101, *_NOT_TEXT),
    "tags": (
        None,
        "x",
        "",
        5,
        {"0": "x"},
        ["x", 5],
        [None],
        [["x"]],
        [True],
        ["x", "t" * 51],
        [f"tag {number}" for number in range(51)],
    ),
}


def texts(longest: int) -> st.SearchStrategy[str]:
    """Any text that JSON and the contract allow."""
    return st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=longest)


def members() -> st.SearchStrategy[dict[str, Any]]:
    """Some valid members of a lead beside its name and its email address."""
    return st.fixed_dictionaries(
        {},
        optional={
            "phone": st.none() | st.sampled_from(GOOD["phone"]),
            "company": st.none() | texts(200),
            "status": st.sampled_from(STATUSES),
            "pipeline": st.just("sales"),
            "pipeline_stage": st.sampled_from(SLUGS),
            "score": st.none() | st.integers(0, 100),
            "source": st.none() | texts(100),
            "assigned_to": st.none() | texts(100),
            "tags": st.lists(texts(50), max_size=5),
        },
    )
