"""People to import: rows that are built from drafts, sent, and compared with what the reference model expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..models.mega_import import UNSAID, Customer, Expected, Known, Row, summary, unknown
from .mega_leads import custom_slugs, expect_same, imported, last_ten, nobodys_id, same, search, stages, with_phone

if TYPE_CHECKING:
    from ..lab import Lab

ABSENT: Any = object()
#: How a field that is not given can look.
NOTHINGS: tuple[Any, ...] = (ABSENT, None, "", " ")
REFS: tuple[Any, ...] = (ABSENT, None, "", "r1", " r 2 ", "R1", "null", "0", "\U0001f680 ü\n\"'", "x" * 255, "r1")
# One that is spelt in pieces, and has a space without a width.
REFS = (*REFS, "re\u0301f\u200b1")
EMAIL_STYLES, PHONE_STYLES = 4, 5
#: Rows that are no object at all, or say nothing.
BARE: tuple[Any, ...] = ({}, None, "x", [], ["x"], 5, True, {"lead_line": "buyer"}, {"contact_name": "  "})
_EMAIL_BAD = ("not-an-email", "a@", "@b.example", "a b@example.com", f"{'a' * 250}@example.com")
_FIELDS = ("contact_name", "source_platform", "source_type")
_TIMES = ("updated_at",)


@dataclass(frozen=True)
class Draft:
    """A row in the making; `email`, `phone` and `name` are numbers of people. `wrong` is the number of a fault."""

    email: int | None = None
    phone: int | None = None
    name: int | None = None
    email_style: int = 0
    phone_style: int = 0
    nothing: int = 0
    ref: int = 3
    wrong: int | None = None
    bare: int | None = None
    platform: str | None = None
    type: str | None = None
    stage: int | None = None
    owner: bool = False
    line: str | None = None
    fields: tuple[tuple[str, Any], ...] = ()


@dataclass
class Scene:
    """A handful of people whose emails and names all have one token, so that one search lists them."""

    lab: Lab
    token: str = ""
    nobody: str = ""
    customer: Customer = field(default_factory=lambda: Customer({}))

    def __post_init__(self) -> None:
        fresh = self.lab.fresh
        self.token = fresh.token()
        self.nobody = nobodys_id(self.lab)
        self._phones: dict[int, str] = {}
        self.slugs = custom_slugs(self.lab)
        self.stages = stages(self.lab, 2)
        defaults = {"source_platform": "direct", "source_type": "import", "stage": self.stages[0], "owner": None}
        self.customer = Customer({"contact_name": None, **defaults})

    def email(self, number: int) -> str:
        return f"person{number}.{self.token}@example.com"

    def phone(self, number: int) -> str:
        return self._phones.setdefault(number, self.lab.fresh.phone())

    # Rows.

    def wrongs(self) -> list[Mapping[str, Any]]:
        """What makes a row fail, as members that replace others."""
        slug, first = self.slugs[0], self.stages[0]
        foreign = [self.lab.facts["foreign_owner_id"]] if "foreign_owner_id" in self.lab.facts else []
        no_scalars = _each(slug, [{}, [], ["x"], {"a": 1}]) + _each("lead_line", ["Seller", 1])
        return [
            *_each("stage_slug", ["no-such-stage", first.upper(), f"{first}2", 5]),
            *_each("owner_id", [self.nobody, "nobody", 5, *foreign]),
            *_each("lead_line", ["Buyer", "renter", 1]),
            *_each("contact_email", [*_EMAIL_BAD, 5, ["x"]]),
            *_each("contact_name", [5, True, ["x"], {}]),
            *_each("contact_phone", [2065550123, ["x"]]),
            *_each("source_platform", ["facebook", "Direct", 1]),
            *_each("source_type", ["fax", "FORM", True]),
            *_each("custom_fields", ["x", ["x"], 5, *no_scalars, {slug: "x", self.slugs[-1]: ["x"]}]),
            {"lead_line": "buyer", "custom_fields": {"lead_line": "seller"}},
            {"lead_line": "seller", "custom_fields": {"lead_line": "buyer"}},
            *_each("row_ref", [5, "x" * 256, ["x"], True]),
        ]

    def row(self, draft: Draft) -> Row:
        if draft.bare is not None:
            body = BARE[draft.bare % len(BARE)]
            return Row(body, fails=True)
        body, ref = self._body(draft), REFS[draft.ref % len(REFS)]
        if draft.wrong is not None:
            wrong = self.wrongs()[draft.wrong % len(self.wrongs())]
            shown = UNSAID if "row_ref" in wrong else None if ref is ABSENT else ref
            return Row({**body, **wrong}, fails=True, ref=shown)
        ignored = tuple(dict.fromkeys(slug for slug, _ in draft.fields if slug not in self.slugs))
        if draft.email is None and draft.phone is None and draft.name is None:
            # What it ignores is counted all the same (case 68).
            return Row(body, ignored=ignored, fails=True, ref=None if ref is ABSENT else ref)
        given = {
            "contact_name": None if draft.name is None else f"Person {draft.name} {self.token}",
            "source_platform": draft.platform,
            "source_type": draft.type,
            "stage": None if draft.stage is None else self._stage(draft),
            "owner": self.lab.facts.get("owner_id") if draft.owner else None,
        }
        fields = {slug: value for slug, value in draft.fields if slug in self.slugs}
        line = {"lead_line": draft.line} if draft.line else {}
        return Row(
            body,
            None if draft.email is None else self.email(draft.email),
            None if draft.phone is None else self.phone(draft.phone),
            {name: value for name, value in given.items() if value is not None},
            {**fields, **line},
            ignored,
            None if ref is ABSENT else ref,
        )

    def _body(self, draft: Draft) -> dict[str, Any]:
        nothing = NOTHINGS[draft.nothing % len(NOTHINGS)]
        unsaid = ABSENT if nothing is ABSENT else None
        members = {
            "row_ref": REFS[draft.ref % len(REFS)],
            "contact_name": nothing if draft.name is None else f"Person {draft.name} {self.token}",
            "contact_email": nothing if draft.email is None else self._email(draft),
            "contact_phone": nothing if draft.phone is None else self._phone(draft),
            "source_platform": draft.platform or unsaid,
            "source_type": draft.type or unsaid,
            "stage_slug": unsaid if draft.stage is None else self._stage(draft),
            "owner_id": self.lab.facts.get("owner_id", unsaid) if draft.owner else unsaid,
            "lead_line": draft.line or unsaid,
            "custom_fields": dict(draft.fields) if draft.fields else unsaid,
        }
        return {name: value for name, value in members.items() if value is not ABSENT}

    def _stage(self, draft: Draft) -> str:
        return self.stages[(draft.stage or 0) % len(self.stages)]

    def _email(self, draft: Draft) -> str:
        email = self.email(draft.email or 0)
        return (email, email.upper(), f" {email} ", email.capitalize())[draft.email_style % EMAIL_STYLES]

    def _phone(self, draft: Draft) -> str:
        phone = self.phone(draft.phone or 0)
        spaced = f"({phone[:3]}) {phone[3:6]}-{phone[6:]}"
        written = (phone, f"+1{phone}", spaced, f"+1 {spaced}", f"+91 {phone[:5]} {phone[5:]}")
        return written[draft.phone_style % PHONE_STYLES]

    # What is sent, and what must come of it.

    def send(self, drafts: Sequence[Draft], **options: Any) -> None:
        """Import the rows and compare the answer, and what is stored then, with what is expected."""
        rows = [self.row(draft) for draft in drafts]
        answer = imported(self.lab, [row.body for row in rows], **options)
        expected = self.customer.take(rows, skip=options.get("on_duplicate") == "skip")
        self._compare(answer, expected, self.customer, dry_run=False)
        self._compare_stored()

    def preview(self, drafts: Sequence[Draft], **options: Any) -> None:
        """Have the rows previewed, compare the answer, and see that nothing has changed."""
        rows = [self.row(draft) for draft in drafts]
        before = self._stored()
        answer = imported(self.lab, [row.body for row in rows], **options, dry_run=True)
        imagined = self.customer.copy()
        expected = imagined.take(rows, skip=options.get("on_duplicate") == "skip")
        self._compare(answer, expected, imagined, dry_run=True)
        after = self._stored()
        self.lab.expect(same(after, before), f"everything as it was before the dry run, {before}", after)
        self._compare_stored()

    def _compare(
        self, answer: Mapping[str, Any], expected: Sequence[Expected], customer: Customer, *, dry_run: bool
    ) -> None:
        lab = self.lab
        lab.expect(answer["dry_run"] is dry_run, f"dry_run {dry_run}", answer["dry_run"])
        for at, (result, one) in enumerate(zip(answer["results"], expected, strict=True)):
            what = f"row {at + 1} of {len(expected)}, {one.row.body!r:.300},"
            told = (result["status"], result["matched_by"])
            lab.expect(told == (one.status, one.matched_by), f"{one.status}, by {one.matched_by}, for {what}", result)
            if one.row.ref is not UNSAID:
                echoed = same(result["row_ref"], one.row.ref)
                lab.expect(echoed, f"row_ref {one.row.ref!r} for {what}", result)
            self._compare_errors(result, one, what)
            self._compare_id(result, one, customer, what, dry_run=dry_run)
            if one.status != "failed":
                ignored = result.get("ignored_custom_fields", "absent")
                wanted = list(one.row.ignored) or "absent"
                lab.expect(ignored == wanted, f"ignored_custom_fields {wanted} for {what}", result)
        lab.expect(answer["summary"] == summary(expected), f"the summary {summary(expected)}", answer["summary"])
        slugs = answer["unknown_custom_fields"]
        lab.expect(slugs == unknown(expected), f"unknown_custom_fields {unknown(expected)}", slugs)

    def _compare_errors(self, result: Mapping[str, Any], one: Expected, what: str) -> None:
        errors = result["errors"]
        if one.status != "failed":
            self.lab.expect(errors is None, f"errors null for {what}", result)
            return
        texts = isinstance(errors, list) and errors and all(isinstance(text, str) and text.strip() for text in errors)
        self.lab.expect(texts, f"errors, a list of texts, for {what}", result)

    def _compare_id(
        self, result: Mapping[str, Any], one: Expected, customer: Customer, what: str, *, dry_run: bool
    ) -> None:
        lab, lead_id = self.lab, result["lead_id"]
        if one.lead is None or (dry_run and one.status == "created"):
            lab.expect(lead_id is None, f"lead_id null for {what}", result)
            return
        lead = customer.leads[one.lead]
        if one.status == "created":
            others = {other.id for other in customer.leads}
            lab.expect(isinstance(lead_id, str) and lead_id not in {*others, ""}, f"a new lead_id for {what}", result)
            lead.id = lead_id
        elif lead.id:
            # One that a preview only imagines has no id that could be compared.
            lab.expect(lead_id == lead.id, f"the lead {lead.id} for {what}", result)

    # What is stored.

    def _stored(self) -> dict[str, Any]:
        """Every lead with the token, and those that have nothing but a phone."""
        found = {lead["id"]: lead for lead in search(self.lab, self.token)}
        for lead in self.customer.leads:
            if lead.phone and not lead.email and not lead.fields["contact_name"]:
                found.update({one["id"]: one for one in with_phone(self.lab, lead.phone)})
        return found

    def _compare_stored(self) -> None:
        stored = self._stored()
        ids = sorted(lead.id for lead in self.customer.leads)
        self.lab.expect(sorted(stored) == ids, f"these leads and no others: {ids}", sorted(stored))
        for lead in self.customer.leads:
            self._compare_lead(lead, stored[lead.id])

    def _compare_lead(self, lead: Known, got: Mapping[str, Any]) -> None:
        expected = {name: lead.fields[name] for name in _FIELDS}
        expected |= {"stage": lead.fields["stage"], "owner": lead.fields["owner"], "custom_fields": lead.custom_fields}
        expected |= {"email": lead.email, "phone": lead.phone}
        email, phone = got.get("contact_email"), got.get("contact_phone")
        found = {name: got.get(name, "absent") for name in _FIELDS}
        found |= {
            "stage": (got.get("current_stage") or {}).get("slug"),
            "owner": (got.get("owner") or {}).get("id"),
            "custom_fields": got.get("custom_fields", "absent"),
            "email": email.strip().lower() if email else None,
            "phone": last_ten(phone) if phone else None,
        }
        expect_same(self.lab, expected, found, f"{lead.id} with {expected}")


def _each(name: str, values: list[Any]) -> list[dict[str, Any]]:
    return [{name: value} for value in values]
