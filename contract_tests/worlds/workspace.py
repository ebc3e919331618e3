"""A workspace of CRMLead Pro at work: calls whose answers are compared, as a whole, with what the model says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..models.crmleadpro import MEMBERS, WRITABLE, Lead, contact_of, pages, patched, said_of, same
from ..rule import Broken

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab
    from ..wire import Answer

ID = re.compile(r"[a-z]+_[0-9A-HJKMNP-TV-Z]{16}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: what is on it, and how many match in all."""

    items: list[dict[str, Any]]
    total: int

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]


class Workspace:
    """The workspace of one caller, the main one where nothing else is said."""

    def __init__(self, lab: Lab, ask: Caller | None = None) -> None:
        self.lab = lab
        self.ask = ask or lab.main

    def mark(self) -> str:
        """A text that finds only what is named so: unlike bare tokens, none of these begins another."""
        return f"{self.lab.fresh.token()}-k"

    # Leads.

    def create(self, **members: Any) -> Lead:
        """A new lead with a fresh name and address, unless said otherwise, and these members."""
        return self.made({"name": self.lab.fresh.name(), "email": self.lab.fresh.email(), **members})

    def made(self, sent: Mapping[str, Any], **parts: Any) -> Lead:
        """The lead that this body makes."""
        return self.new(sent, self.ask("createLead", body=sent, **parts))

    def new(self, sent: Mapping[str, Any], answer: Answer) -> Lead:
        """The lead in the answer to a create, compared with what was sent."""
        lead = self.whole(answer, 201, "the new lead")
        self.agree({**lead, **said_of(sent)}, lead, "in the answer to the create")
        created = lead["created_at"]
        self.lab.expect(lead["updated_at"] == created, f"a new lead's updated_at to be its created_at {created}", lead)
        return lead

    def whole(self, answer: Answer, status: int, what: str) -> Lead:
        """The lead in an answer: exactly its members, each of its form."""
        lead = self.body(answer, status, what)
        self.check_members(lead, MEMBERS, what)
        self.lab.expect(_is(ID, lead["id"], "lead_"), "an id of lead_ and 16 symbols of Crockford's base32", lead["id"])
        for name in ("created_at", "updated_at"):
            self.lab.expect(_is(MOMENT, lead[name]), f"{name} as in 2026-05-15T10:30:00Z", lead[name])
        return lead

    def read(self, lead_id: str) -> Lead:
        return self.whole(self.ask("getLead", path={"id": lead_id}), 200, f"lead {lead_id}")

    def unchanged(self, lead: Lead, after: str) -> None:
        """Read the lead and compare it with what it was."""
        self.agree(lead, self.read(lead["id"]), f"of the lead read after {after}")

    def patch(self, lead: Lead, patch: Mapping[str, Any], **parts: Any) -> Lead:
        """The lead after a patch, compared with what the patch says, in the answer and when it is read."""
        answer = self.ask("updateLead", path={"id": lead["id"]}, body=patch, **parts)
        wanted, after = patched(lead, patch), f"the patch {_short(dict(patch))}"
        changed = self.whole(answer, 200, "the lead")
        if same(wanted, lead):
            self.agree(lead, changed, f"in the answer to {after}, which changes nothing")
        else:
            self.agree({**wanted, "updated_at": changed["updated_at"]}, changed, f"in the answer to {after}")
            not_back = changed["updated_at"] >= lead["updated_at"]
            self.lab.expect(not_back, f"updated_at not before {lead['updated_at']}", changed["updated_at"])
        self.unchanged(changed, after)
        return changed

    def archive(self, lead: Lead) -> None:
        self.archived(self.ask("archiveLead", path={"id": lead["id"]}))

    def archived(self, answer: Answer) -> None:
        """Compare an answer with the one to an archiving."""
        self.lab.expect(answer.status == 204 and answer.body == b"", "204 without a body", answer)

    def gone(self, lead_id: str, why: str) -> None:
        """The lead can be neither read nor changed."""
        self.missing(self.ask("getLead", path={"id": lead_id}), f"reading {why}")
        self.missing(self.ask("updateLead", path={"id": lead_id}, body={"name": "Changed"}), f"changing {why}")

    # Lists.

    def page(self, operation: str = "listLeads", **query: Any) -> Page:
        """One page. Its items must have their members, its figures must go together."""
        answer = self.ask(operation, query=query)
        where = f"the page {_short(query)}"
        body = self.body(answer, 200, where)
        self.check_members(body, ("data", "pagination"), where)
        told = body["pagination"]
        self.check_members(told, ("page", "per_page", "total", "total_pages"), f"pagination of {where}")
        number, size, total = int(query.get("page", 1)), int(query.get("per_page", 25)), told["total"]
        wanted = {"page": number, "per_page": size, "total": total, "total_pages": pages(total, size)}
        self.lab.expect(type(total) is int and same(told, wanted), f"pagination {wanted} of {where}", told)
        count = min(size, max(0, total - (number - 1) * size))
        self.lab.expect(len(body["data"]) == count, f"{count} of {total} items on {where}", len(body["data"]))
        return Page(body["data"], total)

    def lists(self, wanted: Sequence[Lead], operation: str = "listLeads", **query: Any) -> None:
        """The page shows exactly these, whole and in this order, of so many in all as there are of them."""
        self.shows(wanted, len(wanted), operation, **query)

    def shows(self, wanted: Sequence[Lead], total: int, operation: str = "listLeads", **query: Any) -> None:
        """The page shows exactly these leads, or their contacts, of `total` that match."""
        page = self.page(operation, **query)
        items = [contact_of(lead) for lead in wanted] if operation == "listContacts" else list(wanted)
        where = f"{operation} {_short(query)}"
        ids = [item["id"] for item in items]
        self.lab.expect(page.ids == ids, f"{_listed(items)} in {where}", _listed(page.items))
        self.lab.expect(page.total == total, f"a total of {total} in {where}", page.total)
        for item, got in zip(items, page.items, strict=True):
            self.agree(item, got, f"in {where}")

    # Answers.

    def body(self, answer: Answer, status: int, what: str) -> dict[str, Any]:
        """The JSON object in an answer with this status."""
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.lab.expect(answer.status == status, f"{status} with {what}", answer)
        self.lab.expect(kind == "application/json", f"{what} as application/json", kind or "no Content-Type")
        value = answer.json
        self.lab.expect(isinstance(value, dict), f"{what}, an object", answer)
        return dict(value)

    def check_members(self, got: Any, names: Iterable[str], what: str) -> None:
        wanted = sorted(names)
        self.lab.expect(
            isinstance(got, dict) and sorted(got) == wanted, f"{what} with exactly {', '.join(wanted)}", got
        )

    def agree(self, wanted: Mapping[str, Any], got: Mapping[str, Any], where: str) -> None:
        """Raise Broken for the first members that differ."""
        if same(wanted, got):
            return
        names = [name for name in {**wanted, **got} if not same(wanted.get(name), got.get(name)) or name not in got]
        left = {name: wanted.get(name) for name in names}
        raise Broken(f"{_short(left)} {where}", _short({name: got[name] for name in names if name in got}))

    def missing(self, answer: Answer, what: str) -> None:
        self.refused(answer, 404, what)

    def refused(self, answer: Answer, status: int, what: str, *places: str) -> None:
        """The answer refuses with this status, as problem details that name these pointers or parameters."""
        self.lab.expect(answer.status == status, f"{status} for {what}", answer)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        self.lab.expect(kind == "application/problem+json", f"application/problem+json for {what}", kind)
        problem = answer.json
        texts = isinstance(problem, dict) and all(isinstance(problem.get(n), str) for n in ("type", "title", "detail"))
        sound = texts and problem.get("status") == status
        self.lab.expect(sound, f"type, title, detail and status {status} in the refusal of {what}", answer)
        if not places:
            return
        member = "parameter" if status == 400 else "pointer"
        named = [str(error[member]) for error in problem["errors"]]
        for place in places:
            near = any(name == place or name.startswith(f"{place}/") for name in named)
            self.lab.expect(near, f"an error with the {member} {place} for {what}", answer)

    def nothing_left(self, mark: str, what: str) -> None:
        """No lead with this mark, archived or not, has been written."""
        for archived in (False, True):
            page = self.page(search=mark, archived=archived)
            self.lab.expect(page.total == 0, f"no lead from {what}", _listed(page.items))


def writable(lead: Lead) -> dict[str, Any]:
    """What a client may say of the lead."""
    return {name: lead[name] for name in WRITABLE}


def _is(form: re.Pattern[str], value: Any, start: str = "") -> bool:
    return isinstance(value, str) and value.startswith(start) and form.fullmatch(value) is not None


def _listed(items: Iterable[Mapping[str, Any]]) -> str:
    told = ", ".join(f"{item.get('id')} ({item.get('name')})" for item in items)
    return told or "nothing"


def _short(value: Mapping[str, Any]) -> str:
    text = repr(dict(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
