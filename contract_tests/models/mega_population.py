"""A small population of MEGA leads that all carry one word in their names, and what each list of them must hold."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ..rule import NotChecked
from ..wire import Answer

if TYPE_CHECKING:
    from ..caller import Caller
    from ..lab import Lab

_T = TypeVar("_T")
Lead = Mapping[str, Any]
Query = Mapping[str, Any]
ALL = 100
SORTS = ("created_at", "updated_at")
DIRECTIONS = ("asc", "desc")
LINES = ("buyer", "seller", None)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_FEW = 3
# Moments are told in milliseconds. So long between two creates, there is a moment that lies between them.
APART = 0.003
_NAMES = ("Ada", "Björn", "Chen", "Dina", "Eve", "Femi", "Gül", "Hana", "Ivo", "Jo", "Kim", "Lea")
_PLATFORMS = ("google_ads", "direct", "hubspot", "referral")
_TYPES = ("form", "chat", "import")


@dataclass(frozen=True, slots=True)
class Person:
    """A lead as it was last answered, with its custom fields, and the side of the deal that it was imported with."""

    lead: Lead
    line: str | None = None


@dataclass
class Population:
    """All leads with `word` in their names. `answers` are the leads as their creates showed them, by id."""

    word: str
    people: list[Person] = field(default_factory=list)
    answers: dict[str, Lead] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)

    def fitting(self, query: Query) -> list[Lead]:
        """The leads that these filters let through."""
        return [person.lead for person in self.people if _fits(person, query)]

    def stages(self) -> list[str]:
        """The ids of the stages that the leads are in."""
        found = (person.lead.get("current_stage") or {} for person in self.people)
        return sorted({str(stage["id"]) for stage in found if "id" in stage})

    def moments(self, member: str) -> list[datetime]:
        """The different values of created_at or updated_at, in order."""
        return sorted({moment(person.lead[member]) for person in self.people})

    def between(self, member: str) -> list[str]:
        """Moments, to the millisecond, that are the value of no lead but lie after some and before others.

        A target that tells moments in seconds may know them better, so for such a one they are a second apart.
        """
        values = self.moments(member)
        step = _MILLISECOND if any(value.microsecond for value in values) else _SECOND
        return [told(early + step) for early, late in itertools.pairwise(values) if late - early > 1.5 * step]


def _fits(person: Person, query: Query) -> bool:
    lead = person.lead
    for name, value in query.items():
        if name == "status" and lead["status"] != value:
            return False
        if name == "stageId" and (lead.get("current_stage") or {}).get("id") != value:
            return False
        if name == "lead_line" and person.line != value:
            return False
        if name.endswith("_since") and moment(lead[f"{name.removesuffix('_since')}_at"]) < moment(value):
            return False
    return True


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.upper())
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def told(when: datetime, digits: str = "milliseconds") -> str:
    return when.astimezone(UTC).isoformat(timespec=digits).replace("+00:00", "Z")


def word(lab: Lab) -> str:
    """A fresh word, part of no other. It has no digits: a search for phones may take digits out of any text.

    Without strict it is written as a name is, for names may be set right.
    """
    letters = {"z": "zz"} | {digit: f"z{letter}" for digit, letter in zip("0123456789", "abcdefghij", strict=True)}
    made = "".join(letters.get(character, character) for character in lab.fresh.token()) + "zq"
    return made if lab.strict else made.capitalize()


def some(lab: Lab, variants: Iterable[_T]) -> list[_T]:
    """All of them, or the first few where little may be sent."""
    found = list(variants)
    return found[:_FEW] if lab.frugal else found


def population(lab: Lab) -> Population:
    """The one population of a run."""
    return lab.once("mega population", lambda: _build(lab))


def _build(lab: Lab) -> Population:
    """Imported, created one by one, imported, and some merged later: the order of changes is not that of creation."""
    made = Population(word(lab))
    lines: dict[str, str | None] = {}
    slugs: Sequence[str | None] = list(lab.facts.get("stages", ()))[:2] or [None]
    rows = _import(lab, made.word, slugs, lines)
    for at, name in enumerate(_NAMES):
        time.sleep(APART)
        body = _body(lab, f"{name} {made.word}", at, slugs)
        answer = lab.main("createLead", body=body)
        lab.expect(answer.ok, f"201 for {body}", answer)
        made.answers[answer.at("/lead/id")] = answer.at("/lead")
    time.sleep(APART)
    rows += _import(lab, made.word, slugs, lines)
    _merge_rows(lab, rows)
    known = [lead for lead in made.answers.values() if lead.get("contact_email")]
    for lead in (known[4], known[0], known[2]):
        time.sleep(APART)
        again = {name: lead[name] for name in ("contact_name", "contact_email")}
        answer = lab.main("createLead", body=again)
        made.answers[answer.at("/lead/id")] = answer.at("/lead")
        made.merged.append(answer.at("/lead/id"))
    everyone = listed(lab, made.word, {"include_custom_fields": "true"}).at("/leads")
    seen = {lead["id"]: lead for lead in everyone}
    wanted = [*lines, *made.answers]
    lab.expect(
        set(seen) == set(wanted) and len(everyone) == len(seen),
        f"the {len(wanted)} leads with {made.word!r} in their names, each once",
        f"{len(everyone)}, of which {len(set(seen) & set(wanted))} are among those that were created",
    )
    made.people = [Person(made.answers.get(lead, seen[lead]), lines.get(lead)) for lead in wanted]
    return made


def _body(lab: Lab, name: str, at: int, slugs: Sequence[str | None]) -> dict[str, Any]:
    body: dict[str, Any] = {"contact_name": name, "source_platform": _PLATFORMS[at % 4], "source_type": _TYPES[at % 3]}
    if at % 3 != 1:
        body["contact_email"] = lab.fresh.email()
    if at % 3 != 0:
        body["contact_phone"] = f"+1{lab.fresh.phone()}"
    slug = slugs[at % len(slugs)]
    if slug is not None:
        body["stage_slug"] = slug
    if at % 2:
        body["custom_fields"] = dict.fromkeys(lab.facts.get("custom_fields", ())[:1], f"{1000 + at}")
    return body


def _import(lab: Lab, word: str, slugs: Sequence[str | None], lines: dict[str, str | None]) -> list[dict[str, Any]]:
    """The rows of each line in each stage, all at one moment; `lines` notes who has which line."""
    wanted = [(line, slug) for line in LINES for slug in slugs]
    rows: list[dict[str, Any]] = []
    for at, (line, slug) in enumerate(wanted):
        row = {"row_ref": f"r{at}", "contact_name": f"Row {word}", "contact_email": lab.fresh.email()}
        row |= {"lead_line": line} if line else {}
        rows.append(row | ({"stage_slug": slug} if slug else {}))
    answer = lab.main("bulkImportLeads", body={"leads": rows})
    lab.expect(answer.ok, "200 for an import", answer)
    for (line, _), result in zip(wanted, answer.at("/results"), strict=True):
        lab.expect(result.get("lead_id"), f"an id for each of the {len(rows)} imported rows", answer)
        lines[result["lead_id"]] = line
    return rows


def _merge_rows(lab: Lab, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change two that were imported, one by a create and one by an import."""
    one, other = ({name: row[name] for name in ("contact_name", "contact_email")} for row in (rows[1], rows[-2]))
    time.sleep(APART)
    answer = lab.main("createLead", body=one)
    lab.expect(answer.ok, f"201 for {one}", answer)
    time.sleep(APART)
    answer = lab.main("bulkImportLeads", body={"leads": [other]})
    lab.expect(answer.ok, f"200 for an import of {other}", answer)


def listed(lab: Lab, word: str, query: Query | None = None, caller: Caller | None = None) -> Answer:
    """One page of the leads with the word, with at most ALL leads where nothing else is said. Always 200."""
    parts = {"search": word, "limit": ALL, **(query or {})}
    answer = (caller or lab.main)("listLeads", query=parts)
    lab.expect(answer.status == 200, f"200 for the list with {parts}", answer)
    return answer


def ids(leads: Iterable[Lead]) -> list[str]:
    return [lead["id"] for lead in leads]


def check(lab: Lab, made: Population, query: Query) -> list[Lead]:
    """The list with these filters holds the leads that fit, each once, and counts them."""
    answer = listed(lab, made.word, query)
    expected = made.fitting(query)
    found = answer.at("/leads")
    same_people(lab, found, expected, f"with {dict(query)}")
    lab.expect(answer.at("/total") == len(expected), f"total {len(expected)} with {dict(query)}", answer.at("/total"))
    return list(found)


def same_people(lab: Lab, found: Sequence[Lead], expected: Sequence[Lead], where: str) -> None:
    """The same leads, in any order."""
    got, wanted = ids(found), ids(expected)
    if sorted(got) == sorted(wanted):
        return
    twice = sorted({each for each in got if got.count(each) > 1})
    missing, extra = sorted(set(wanted) - set(got)), sorted(set(got) - set(wanted))
    problems = {"missing": missing, "listed without fitting": extra, "listed more than once": twice}
    detail = "; ".join(f"{len(which)} {what}: {', '.join(which[:3])}" for what, which in problems.items() if which)
    lab.expect(condition=False, expected=f"the {len(wanted)} leads that fit, each once, {where}", got=detail)


def in_order(lab: Lab, leads: Sequence[Lead], sort: str, direction: str) -> None:
    """The values of the member never go against the direction."""
    values = [moment(lead[sort]) for lead in leads]
    wanted = sorted(values, reverse=direction == "desc")
    wrong = next((at for at, (one, other) in enumerate(zip(values, wanted, strict=True)) if one != other), None)
    if wrong is not None:
        shown = [lead[sort] for lead in leads[max(0, wrong - 1) : wrong + 3]]
        lab.expect(condition=False, expected=f"leads by {sort} {direction}", got=f"at place {wrong}: {shown}")


def filters(made: Population) -> list[dict[str, Any]]:
    """Queries of each filter alone and of some together."""
    stages, early = made.stages(), made.between("created_at")
    late = made.between("updated_at")
    found: list[dict[str, Any]] = [{}, {"status": "active"}, {"lead_line": "buyer"}, {"lead_line": "seller"}]
    found += [{"stageId": stage} for stage in stages]
    found += [{"created_since": one} for one in early[1::4]]
    found += [{"updated_since": one} for one in late[1::4]]
    found += [{"stageId": stage, "lead_line": line} for stage in stages for line in ("buyer", "seller")]
    found += [{"status": "active", "lead_line": "buyer", "created_since": one} for one in early[1:2]]
    return found


def need(found: Sequence[_T], what: str) -> Sequence[_T]:
    """Raises NotChecked where there is none of it."""
    if not found:
        raise NotChecked(f"needs {what}")
    return found
