"""Two MEGA customers, taken through creates, imports, retries and lists, and compared with the model."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ..wire import Answer
from .machine import step
from .mega import Book, Lead, unambiguous
from .mega_hooks_machine import WHO, Hooks
from .mega_population import ALL, DIRECTIONS, SORTS, in_order, moment, word

if TYPE_CHECKING:
    from ..lab import Lab
    from ..search import Search

_NAMES = ("Ann", "Bo", "Cy 🦊")
_EMAILS = ("{}", "{} ", "\t{}", "{}")
_PHONES = ("+1{}{}{}", "({}) {}-{}", "1-{}-{}-{}", "{}.{}.{}", "+1 {} {} {}")
_PLATFORMS = ("hubspot", "zoho", "direct")
_OF_LISTS = ("contact_name", "contact_email", "source_platform", "source_type", "status", "created_at")
_CHANGING = {"updated_at", "id", "customer_id", "current_stage"}
_BLANK: Mapping[str, Any] = {
    **dict.fromkeys(("contact_name", "contact_phone", "contact_email", "score", "qualified", "owner")),
    "last_interaction_at": None,
    "interaction_count": 0,
    "source_platform": "direct",
    "status": "active",
    "custom_fields": {},
}
_SINGLE, _ROW = {**_BLANK, "source_type": "manual"}, {**_BLANK, "source_type": "import"}


@dataclass(frozen=True, slots=True)
class Draft:
    """Which of the few values a lead is to have; -1 for none."""

    name: int = 0
    email: int = -1
    spelling: int = 0
    phone: int = -1
    form: int = 0
    platform: int = -1
    line: int = -1
    value: int = -1


def _one(values: Sequence[Any]) -> st.SearchStrategy[int]:
    return st.integers(-1, len(values) - 1)


DRAFTS = st.builds(
    Draft,
    name=_one(_NAMES),
    email=st.integers(-1, 3),
    spelling=st.integers(0, 3),
    phone=st.integers(-1, 3),
    form=st.integers(0, 4),
    platform=_one(_PLATFORMS),
    line=st.integers(-1, 1),
    value=st.integers(-1, 1),
)
#: What a row is to be told: its status, which lead that is, and what matched.
_Told = tuple[str, str, str | None]
_SEVERAL = st.lists(DRAFTS, min_size=1, max_size=4)


@dataclass(frozen=True, slots=True)
class _Keyed:
    who: int
    operation: str
    body: dict[str, Any]
    key: str
    answer: Answer


class Customers(Hooks):
    """`exact` holds the target to what was decided; otherwise it is only to keep people apart and together."""

    def __init__(self, lab: Lab, search: Search, *, exact: bool) -> None:
        super().__init__(lab, search, exact=exact)
        self.word = word(lab)
        self.phones = [lab.fresh.phone() for _ in range(4)]
        self.slug = next(iter(lab.facts.get("custom_fields", ())), "")
        self.books = [Book(), Book()]
        self.keyed: list[_Keyed] = []

    # What is sent.

    def body(self, draft: Draft) -> dict[str, Any]:
        """A single lead. All carry the word, in the name or in the email."""
        body: dict[str, Any] = {}
        if draft.email >= 0:
            email = f"{'abcd'[draft.email]}.{self.word}@example.com"
            email = email.title() if self.exact and draft.spelling == 3 else email
            body["contact_email"] = _EMAILS[draft.spelling].format(email) if self.exact else email
        if draft.name >= 0 or not body or not self.exact:
            name = _NAMES[max(0, draft.name)]
            body["contact_name"] = f"{name if self.exact else name[:2]} {self.word}"
        if draft.phone >= 0:
            digits = self.phones[draft.phone]
            body["contact_phone"] = _PHONES[draft.form].format(digits[:3], digits[3:6], digits[6:])
        if draft.platform >= 0:
            body["source_platform"] = _PLATFORMS[draft.platform]
        fields: dict[str, Any] = (
            {self.slug: ("100", "two" if self.exact else "200")[draft.value]} if self.slug and draft.value >= 0 else {}
        )
        if self.exact and draft.line >= 0:
            fields["lead_line"] = ("buyer", "seller")[draft.line]
        return {**body, "custom_fields": fields} if fields else body

    def row(self, draft: Draft) -> dict[str, Any]:
        """The same for an import, where lead_line is a member of its own."""
        body = self.body(draft)
        fields = body.pop("custom_fields", {})
        line = fields.pop("lead_line", None)
        return {**body, **({"custom_fields": fields} if fields else {}), **({"lead_line": line} if line else {})}

    @step(who=WHO, draft=DRAFTS, key=st.sampled_from(["", "own", "other's"]))
    def create(self, who: int, draft: Draft, key: str) -> None:
        who, body = self.number(who), self.body(draft)
        bodies = [body] if self.exact else unambiguous(self.books[who], [body])
        answer = self._send(who, "createLead", bodies[0], key) if bodies else None
        if answer is None:
            return
        body = bodies[0]
        lead = answer.at("/lead")
        self._told_apart(who, body, lead["id"])
        if self.exact:
            expected = self.books[who].expected(body, _SINGLE)
            self.lab.expect(expected.known in {None, lead["id"]}, f"the lead {expected.known}", answer)
            self._as_expected(expected.lead, lead)
        self.books[who].learn(lead, body)

    def _send(self, who: int, operation: str, body: dict[str, Any], key: str) -> Answer | None:
        """Send it with no key, a new one, or one that the other customer used; None if that was used here too."""
        headers = {}
        if key:
            theirs = [one.key for one in self.keyed if one.who != who and one.operation == operation]
            mine = [one.key for one in self.keyed if one.who == who and one.operation == operation]
            headers["Idempotency-Key"] = theirs[-1] if key != "own" and theirs else self.lab.fresh.token()
            if headers["Idempotency-Key"] in mine:
                return None
        answer = self.callers[who](operation, body=body, headers=headers)
        self.lab.expect(answer.ok, f"201 or 200 for {body}", answer)
        if headers:
            self.keyed.append(_Keyed(who, operation, body, headers["Idempotency-Key"], answer))
        return answer

    def _told_apart(self, who: int, body: Mapping[str, Any], lead_id: str) -> None:
        """A lead with a known email or phone is that known one; one with new ones is new."""
        book = self.books[who]
        self.lab.expect(lead_id not in self.books[1 - who].leads, "no lead of the other customer", lead_id)
        sure, perhaps = book.surely(body), book.perhaps(body)
        if lead_id in book.leads:
            expected = f"one of {sorted(perhaps)}" if perhaps else "a new lead"
            self.lab.expect(lead_id in perhaps, f"{expected} for {dict(body)}", f"the known lead {lead_id}")
        else:
            self.lab.expect(not sure, f"one of {sorted(sure)} for {dict(body)}", f"a new lead {lead_id}")

    def _as_expected(self, expected: Lead, lead: Lead) -> None:
        for name, value in expected.items():
            if name not in _CHANGING:
                got = lead.get(name, "absent")
                self.lab.expect(got == value, f"{name} {value!r} in the lead {lead['id']}", repr(got))
        if "updated_at" in expected:
            back = moment(lead["updated_at"]) < moment(expected["updated_at"])
            self.lab.expect(not back, f"updated_at not before {expected['updated_at']}", lead["updated_at"])

    @step(at=st.integers(0, 3))
    def retry(self, at: int) -> None:
        """A retry gets the first answer, and changes nothing."""
        if not self.keyed:
            return
        one = self.keyed[-1 - at % len(self.keyed)]
        answer = self.callers[one.who](one.operation, body=one.body, headers={"Idempotency-Key": one.key})
        first = one.answer
        same = (answer.status, answer.json) == (first.status, first.json)
        self.lab.expect(same, f"the first answer, {first}", answer)

    @step(
        who=WHO,
        drafts=st.lists(DRAFTS, min_size=1, max_size=4),
        skip=st.booleans(),
        dry=st.booleans(),
        key=st.booleans(),
    )
    def bulk(self, who: int, drafts: list[Draft], skip: bool, dry: bool, key: bool) -> None:  # noqa: FBT001
        who = self.number(who)
        rows = [self.row(draft) for draft in drafts]
        rows = rows if self.exact else unambiguous(self.books[who], rows)
        if not rows:
            return
        body = {"leads": rows, "on_duplicate": "skip" if skip else "update", "dry_run": dry}
        answer = self._send(who, "bulkImportLeads", body, "own" if key and not dry else "")
        assert answer is not None  # a key of one's own is new
        results = answer.at("/results")
        self.lab.expect(len(results) == len(rows), f"{len(rows)} results", answer)
        if self.exact:
            trial, told = self._trial(who, rows, skip=skip)
            names = self._results_as_told(told, results, dry=dry)
            if not dry:
                renamed = {names.get(one, one): lead for one, lead in trial.leads.items()}
                self._imported(who, rows, results, renamed)
        elif not dry:
            for row, result in zip(rows, results, strict=True):
                self._told_apart(who, row, result["lead_id"])
            self._imported(who, rows, results, dict(self.books[who].leads))

    def _trial(
        self, who: int, rows: Sequence[dict[str, Any]], *, skip: bool
    ) -> tuple[Book, list[tuple[str, str, Any]]]:
        """What is to be after the rows, one by one; new leads go by the number of their row."""
        trial = copy.deepcopy(self.books[who])
        told: list[_Told] = []
        for at, row in enumerate(rows):
            expected = trial.expected(row, _ROW)
            known = expected.known or f"row {at}"
            status = ("skipped" if skip else "updated") if expected.known else "created"
            told.append((status, known, expected.matched_by))
            if status != "skipped":
                lead = {name: value for name, value in expected.lead.items() if name != "updated_at"}
                trial.leads[known] = {**lead, "id": known}
        return trial, told

    def _results_as_told(
        self, told: Sequence[_Told], results: Sequence[Mapping[str, Any]], *, dry: bool
    ) -> dict[str, str]:
        """The ids of the leads that the rows created, by what the trial calls them."""
        names: dict[str, str] = {}
        for at, ((status, known, matched_by), result) in enumerate(zip(told, results, strict=True)):
            got = (result["status"], result["matched_by"])
            self.lab.expect(
                got == (status, matched_by), f"{status}, matched_by {matched_by} for row {at}", dict(result)
            )
            if status == "created":
                names[known] = result["lead_id"]
            if not dry:
                same = result["lead_id"] == names.get(known, known)
                self.lab.expect(same, f"the lead {names.get(known, known)} for row {at}", dict(result))
        return names

    def _imported(
        self, who: int, rows: Sequence[dict[str, Any]], results: Sequence[Mapping[str, Any]], expected: dict[str, Lead]
    ) -> None:
        """Look at what an import left, compare it, and take it for what is."""
        untold = {result["lead_id"] for result in results if result["status"] in {"created", "updated"}}
        found = {lead["id"]: lead for lead in self._listed(who, include_custom_fields="true").at("/leads")}
        self.lab.expect(found.keys() == expected.keys() | untold, f"the leads {sorted(expected)}", sorted(found))
        for lead_id, lead in expected.items():
            if self.exact:
                for name in lead.keys() - ({"id", "updated_at"} if lead_id in untold else {"id"}):
                    got = found[lead_id].get(name, "absent")
                    self.lab.expect(got == lead[name], f"{name} {lead[name]!r} in the lead {lead_id}", repr(got))
        for row, result in zip(rows, results, strict=True):
            self.lab.expect(result["lead_id"] in found, "a listed lead for each row", dict(result))
            given = row if result["status"] != "skipped" else {}
            self.books[who].learn(found[result["lead_id"]], given)

    # What is looked at.

    def _listed(self, who: int, **query: Any) -> Answer:
        answer = self.callers[who]("listLeads", query={"search": self.word, "limit": ALL, **query})
        self.lab.expect(answer.status == 200, f"200 for the list with {query}", answer)
        return answer

    @step(
        who=WHO,
        sort=st.sampled_from(SORTS),
        direction=st.sampled_from(DIRECTIONS),
        limit=st.integers(1, 4),
        by_cursor=st.booleans(),
        line=st.sampled_from(["", "", "buyer", "seller"]),
    )
    def look(  # noqa: PLR0913  # all drawn, and given by name
        self, *, who: int, sort: str, direction: str, limit: int, by_cursor: bool, line: str
    ) -> None:
        """Page through the leads, or only the buyers or sellers among them."""
        who = self.number(who)
        way: dict[str, Any] = {"sort_by": sort, "sort_dir": direction, "limit": limit}
        if line and self.exact:
            way["lead_line"] = line
        expected = {
            lead_id: lead
            for lead_id, lead in self.books[who].leads.items()
            if "lead_line" not in way or lead["custom_fields"].get("lead_line") == line
        }
        found: list[Lead] = []
        more: dict[str, Any] = {}
        while True:
            answer = self._listed(who, **way, **more)
            found += answer.at("/leads")
            self.lab.expect(answer.at("/total") == len(expected), f"total {len(expected)}", answer.at("/total"))
            more = {"cursor": answer.at("/next_cursor")} if by_cursor else {"offset": len(found)}
            if len(found) > len(expected) or not answer.at("/leads") or more.get("cursor", 0) is None:
                break
        in_order(self.lab, found, sort, direction)
        self._compare(found, expected)

    def _compare(self, found: Sequence[Lead], expected: Mapping[str, Lead]) -> None:
        got = sorted(lead["id"] for lead in found)
        self.lab.expect(got == sorted(expected), f"the leads {sorted(expected)}, each once", got)
        for lead in found:
            known = expected[lead["id"]]
            names = [name for name in known if name != "custom_fields"] if self.exact else _OF_LISTS
            for name in names:
                wanted = known.get(name)
                self.lab.expect(lead.get(name) == wanted, f"{name} {wanted!r} in the lead {lead['id']}", lead.get(name))

    def finish(self) -> None:
        for who in {self.number(0), self.number(1)}:
            found = self._listed(who, include_custom_fields="true").at("/leads")
            self._compare(found, self.books[who].leads)
            if self.exact:
                fields = {lead["id"]: lead["custom_fields"] for lead in found}
                wanted = {lead_id: lead["custom_fields"] for lead_id, lead in self.books[who].leads.items()}
                self.lab.expect(fields == wanted, f"custom_fields {wanted}", fields)
