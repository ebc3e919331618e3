"""CRMLead Pro's list of leads: filters, search, sorting, pages."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.crmleadpro import LEAD_SORTS, Lead, matches, ordered, pages
from ..rule import Kind, assumed, named, only, own
from ..worlds.crmleadpro import CRMLeadPro, has_list, shows
from ..worlds.population import Population, population
from ..worlds.workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")
WORLD = CRMLeadPro()

LIST = only("crmleadpro/listLeads")
BOTH = only("crmleadpro/listLeads", "crmleadpro/listContacts")
_FILTERS = ("status", "pipeline_stage", "source", "assigned_to", "tag", "search")
FILTERS: Mapping[str, tuple[str, ...]] = {"listLeads": _FILTERS, "listContacts": ("company", "tag", "search")}
SORTS: Mapping[str, tuple[str, ...]] = {"listLeads": LEAD_SORTS, "listContacts": LEAD_SORTS[:6]}
#: The filters whose words, where they hold the mark, find nothing beyond the population.
_TELLING = ("search", "tag", "source", "assigned_to", "company")


@kind.promise("answered", "{method} {path} answers a list.", on=BOTH, source=own())
def answered(lab: Lab, operation: Operation) -> None:
    WORLD.made(lab, lab.main)
    answer = lab.main(operation.id)
    lab.expect(answer.ok and has_list(answer.json), "a list", answer)


@kind.promise(
    "workspace",
    "{method} {path} never shows what belongs to another workspace.",
    on=BOTH,
    source=named("workspace-keys"),
)
def workspace(lab: Lab, operation: Operation) -> None:
    other = lab.other_tenant()
    lead_id = WORLD.made(lab, lab.main)
    mine = lab.main("getLead", path={"id": lead_id})
    name = str(mine.at("/name"))
    for query in ({}, {"search": name}, {"per_page": "100"}, {"sort": "-created_at"}, {"sort": "created_at"}):
        answer = other(operation.id, query=query)
        hidden = lead_id.encode() not in answer.body and name.encode() not in answer.body
        if not lab.strict:
            hidden = not (answer.ok and shows(answer.json, lead_id, name))
        lab.expect(hidden, "nothing of another workspace's lead", answer)


@kind.promise(
    "apart",
    "{method} {path} shows the key's own workspace alone, whatever is asked for, and counts nothing else.",
    on=BOTH,
    source=assumed("P36", "Another workspace's records are as if they did not exist."),
)
def apart(lab: Lab, operation: Operation) -> None:
    here, there = Workspace(lab), Workspace(lab, lab.other_tenant())
    mark = here.mark()
    shared = {
        "name": mark,
        "email": lab.fresh.email(),
        "company": mark,
        "source": mark,
        "assigned_to": mark,
        "tags": [mark],
    }
    leads = [here.made(shared) for _ in range(3)]
    theirs = there.made(shared)
    queries: list[dict[str, Any]] = [
        {name: mark} for name in FILTERS[operation.id] if name not in {"status", "pipeline_stage"}
    ]
    queries += [{"search": mark, "per_page": 1}, {"search": mark, "sort": "name"}, {"search": shared["email"]}]
    for query in queries:
        there.lists([theirs], operation.id, **query)
        mine = ordered(leads, str(query.get("sort", "-created_at")))
        here.shows(mine[: int(query.get("per_page", 25))], 3, operation.id, **query)
    seen = set(there.page(operation.id, per_page=100).ids)
    symbols = {lead["id"].partition("_")[2] for lead in (*leads, *population(lab).live)}
    lab.expect(
        not {one.partition("_")[2] for one in seen} & symbols, "no lead of another workspace in the first hundred", seen
    )


@kind.promise(
    "filters",
    "{method} {path} shows exactly what matches each filter, and all of several.",
    on=BOTH,
    source=assumed("P19", "Filters match exactly and can be combined."),
)
def filters(lab: Lab, operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    names = FILTERS[operation.id]
    for name in names:
        for word in people.words[name]:
            check(here, people, operation.id, {name: word})
    for one, other in itertools.combinations(names, 2):
        pairs = list(itertools.product(people.words[one], people.words[other]))
        chosen = sorted(pairs, key=lambda pair: -_hits(people, dict(zip((one, other), pair, strict=True))))
        for pair in (*chosen[:2], chosen[len(chosen) // 4]):
            check(here, people, operation.id, dict(zip((one, other), pair, strict=True)))
    page = here.page(operation.id, search=people.mark, colour="red", name="nobody", limit=1, q="nothing")
    lab.expect(page.total == len(people.live), "unknown parameters to be ignored", page.total)


def _hits(people: Population, query: Mapping[str, Any]) -> int:
    return sum(matches(lead, query) for lead in people.live)


def check(here: Workspace, people: Population, operation: str, query: Mapping[str, Any]) -> None:
    """Ask for a page of the population, and compare it with the model's."""
    asked = dict(query)
    if not any(people.mark in str(asked.get(name, "")).lower() for name in _TELLING):
        free = next((name for name in ("search", "tag") if name not in asked), None)
        if free is None:
            # What these find beyond the population is not known.
            return
        asked[free] = people.mark
    everyone: Iterable[Lead] = people.archived if asked.get("archived") == "true" else people.live
    found = ordered([lead for lead in everyone if matches(lead, asked)], str(asked.get("sort", "-created_at")))
    number, size = int(asked.get("page", 1)), int(asked.get("per_page", 25))
    here.shows(found[(number - 1) * size : number * size], len(found), operation, **asked)


@kind.promise(
    "sorted",
    "{method} {path} sorts by the field that is asked for, both ways: ties by id in the same direction, missing values "
    "last; the newest first where none is asked for.",
    on=BOTH,
    source=assumed("P19", "One sort field, a leading - for descending; ties go by id, and missing values come last."),
)
def sorted_(lab: Lab, operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    check(here, people, operation.id, {"per_page": 100})
    for sort in SORTS[operation.id]:
        check(here, people, operation.id, {"sort": sort, "per_page": 100})
        check(here, people, operation.id, {"sort": sort, "per_page": 100, "tag": "hot"})
        if operation.id == "listLeads":
            _archived_sorted(here, people, sort)
    newest = here.create()
    lab.expect(
        newest["id"] in {_lead_id(item) for item in here.page(operation.id).items},
        "the newest lead on page one",
        newest,
    )


def _lead_id(item: Mapping[str, Any]) -> Any:
    return item.get("lead_id", item["id"])


def _archived_sorted(here: Workspace, people: Population, sort: str) -> None:
    """Whether archiving counts as a change is left open, so `updated_at` is taken as it is told."""
    page = here.page(search=people.mark, archived="true", sort=sort)
    ids = [lead["id"] for lead in ordered(page.items, sort)]
    here.lab.expect(sorted(ids) == sorted(lead["id"] for lead in people.archived), "the archived leads", page.items)
    here.lab.expect(page.ids == ids, f"archived leads in the order {ids} of {sort}", page.ids)


@kind.promise(
    "pages",
    "{method} {path} gives every item once, in order, over pages of any size up to 100; a page past the end is empty.",
    on=BOTH,
    source=named("P18"),
)
def paged(lab: Lab, operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    live = len(people.live)
    for size in (1, 2, 7, 10, 24, 25, 26, live - 1, live, live + 1, 99, 100):
        last = pages(live, size)
        numbers: Sequence[int] = range(1, last + 2) if size in (7, 10) else sorted({1, 2, last, last + 1})
        for number in numbers:
            check(here, people, operation.id, {"page": number, "per_page": size, "sort": "name"})
    for number in (1, 2, 3, 1000, 1_000_000):
        check(here, people, operation.id, {"page": number})
        check(here, people, operation.id, {"page": number, "tag": "hot", "per_page": 3, "sort": "-updated_at"})
        check(here, people, operation.id, {"page": number, "search": f"{people.mark} no such lead"})
    for size in (1, 2, 3):
        page = here.page(search=people.mark, archived="true", per_page=size, page=2)
        lab.expect(page.total == len(people.archived), "the number of archived leads", page.total)


@kind.promise(
    "hundred",
    "{method} {path} gives up to 100 items a page, and all items over all pages.",
    on=BOTH,
    source=named("P18"),
)
def hundred(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    for _ in range(max(0, 101 - here.page(operation.id, per_page=1).total)):
        here.create()
    first = here.page(operation.id, per_page=100, sort="created_at")
    second = here.page(operation.id, per_page=100, sort="created_at", page=2)
    together = first.items + second.items
    lab.expect(len({item["id"] for item in together}) == len(together), "no item on two pages", first.ids + second.ids)
    lab.expect(ordered(together, "created_at") == together, "pages in the order of creation", first.ids + second.ids)
    fifties = [id_ for page in (1, 2) for id_ in here.page(operation.id, per_page=50, page=page, sort="created_at").ids]
    lab.expect(fifties == first.ids, "the same hundred items on two pages of 50", fifties)


@kind.promise(
    "query",
    "{method} {path} answers 400 to a page, a size, a sort or a filter that is none, and names it.",
    on=BOTH,
    source=named("P39"),
)
def query_refused(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    numbers = ("0", "-1", "abc", "", "1.5", "1e1", " 1", "0x1", "null", "\uff11")
    bad: dict[str, tuple[str, ...]] = {
        "page": (*numbers, "1000001"),
        "per_page": (*numbers, "101", "1000"),
        "sort": ("email", "id", "-", "", "+name", "--name", "Name", "name,-score", "name desc", "tags", "created_at "),
        "search": ("s" * 201,),
        "tag": ("t" * 51,),
    }
    if operation.id == "listLeads":
        bad |= {"status": ("hot", "New", "", "new,lost"), "pipeline_stage": ("Demo scheduled", "", "New", "s" * 65)}
        bad |= {
            "archived": ("TRUE", "1", "yes", "", "null", "True"),
            "source": ("s" * 101,),
            "assigned_to": ("a" * 101,),
        }
    else:
        bad |= {"company": ("c" * 201,)}
        bad["sort"] += ("score", "-score")
    for name, values in bad.items():
        for value in values:
            answer = lab.main(operation.id, query={name: value})
            here.refused(answer, 400, f"{name}={value[:60]!r}", name)
    answer = lab.main(operation.id, query={"page": "0", "per_page": "101", "sort": "email"})
    here.refused(answer, 400, "three wrong parameters", "page", "per_page", "sort")


@kind.promise(
    "any-query",
    "{method} {path} does what it says for any combination of filters, sort and page.",
    on=BOTH,
    source=assumed("P19", "Filters, search, sort and pages can be combined."),
)
def any_query(lab: Lab, operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    words = {name: st.sampled_from(people.words[name]) for name in FILTERS[operation.id]}
    more: dict[str, st.SearchStrategy[Any]] = {
        "sort": st.sampled_from(SORTS[operation.id]),
        "per_page": st.integers(1, 40),
        "page": st.integers(1, 4),
    }
    strategy = st.fixed_dictionaries({}, optional={**words, **more})

    @lab.each(strategy, examples=25)
    def _(query: dict[str, Any]) -> None:
        check(here, people, operation.id, query)


@kind.promise(
    "change-seen",
    "{method} {path} shows every lead that was just made, patched or archived as it is now, and counts it so.",
    on=BOTH,
    source=assumed("P18", "A list is of the present state."),
)
def change_seen(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    leads: list[Lead] = []
    for at in range(3):
        leads.append(here.create(name=f"{mark} {at}"))
        here.lists(ordered(leads), operation.id, search=mark)
    leads[0] = here.patch(leads[0], {"name": f"{mark} z", "tags": [mark], "company": mark})
    here.lists(ordered(leads, "name"), operation.id, search=mark, sort="name")
    here.lists([leads[0]], operation.id, tag=mark)
    while leads:
        before = here.page(operation.id, per_page=1).total
        here.archive(leads.pop(1 if len(leads) > 1 else 0))
        here.lists(ordered(leads), operation.id, search=mark)
        total = here.page(operation.id, per_page=1).total
        lab.expect(total == before - 1, f"a total of {before - 1} once one of {before} is archived", total)
