"""MEGA's list: what it holds, its order, its pages by offset, and what it refuses."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.mega_population import (
    ALL,
    DIRECTIONS,
    SORTS,
    Population,
    check,
    filters,
    ids,
    in_order,
    listed,
    moment,
    population,
    same_people,
    some,
)
from ..rule import Kind, assumed, named, only
from .mega_leads import same

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")

_LIST = only("mega/listLeads")
_PULL = named("page-pull")
_BODY = named("page-list-body")
#: Leads that are so many seconds apart fall into all parts of a second.
_MOMENTS, _MOMENTS_APART, _MOST_MOMENTS = 26, 0.04, 100
#: So many of them are to have a number of milliseconds that begins with a zero, which is what goes wrong. A machine
#: that is busy may pass over all of those.
_SHORT, _SHORT_SECONDS = 2, (0.01, 0.1)
_PAST = "2000-01-01T00:00:00Z"
_SHOWN = (
    *("id", "customer_id", "contact_name", "contact_email", "source_platform", "source_type", "status"),
    *("current_stage", "created_at", "updated_at"),
)


@kind.promise("listed", "A created lead is in the list, as its create showed it.", on=_LIST, source=_BODY)
def is_listed(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    shown = {lead["id"]: lead for lead in listed(lab, made.word).at("/leads")}
    for lead_id, answered in made.answers.items():
        lead = shown[lead_id]
        for name in _SHOWN:
            lab.expect(lead.get(name) == answered.get(name), f"{name} {answered.get(name)!r} in the list", lead)
        phones = [_digits(one.get("contact_phone")) for one in (lead, answered)]
        lab.expect(phones[0] == phones[1], f"the phone {answered.get('contact_phone')!r} in the list", lead)


@kind.promise(
    "listed-whole",
    "A lead in the list has every member of the lead that its create showed, with the same values.",
    on=_LIST,
    source=assumed("M62", "The list shows the same lead as the create."),
)
def is_listed_whole(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    shown = {lead["id"]: lead for lead in listed(lab, made.word, {"include_custom_fields": "true"}).at("/leads")}
    for lead_id, answered in made.answers.items():
        lab.expect(same(shown[lead_id], dict(answered)), f"the lead {dict(answered)} in the list", shown[lead_id])


@kind.promise(
    "custom-fields",
    "The list shows custom fields only with include_custom_fields=true.",
    on=_LIST,
    source=_PULL,
)
def custom_fields(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for query in ({}, {"include_custom_fields": "false"}, {"include_custom_fields": "false", "lead_line": "buyer"}):
        for lead in listed(lab, made.word, query).at("/leads"):
            left_out = "custom_fields" not in lead if lab.strict else not lead.get("custom_fields")
            lab.expect(left_out, f"no custom_fields with {query}", lead)
    others: list[dict[str, Any]] = [
        {},
        {"sort_by": "created_at", "sort_dir": "desc"},
        {"status": "active"},
        {"limit": 5, "offset": 9},
    ]
    # A cursor may be bound to the rest of the query.
    rest: dict[str, Any] = {} if lab.strict else {"include_custom_fields": "true"}
    following = listed(lab, made.word, {"limit": 4, **rest}).at("/next_cursor", None)
    onward = {"cursor": following} if lab.strict else {"cursor": following, "limit": 4}
    for extra in (*others, *([onward] if following else [])):
        for lead in listed(lab, made.word, {"include_custom_fields": "true", **extra}).at("/leads"):
            answered = made.answers.get(lead["id"], {}).get("custom_fields")
            found = lead.get("custom_fields")
            # A lead that has none may well be shown without them.
            there = isinstance(found, dict) or (found is None and not answered and not lab.strict)
            lab.expect(there, "custom_fields with include_custom_fields=true", lead)
            if answered is not None:
                lab.expect((found or {}) == answered, f"custom_fields {answered}", lead)


# Order and pages.


@kind.promise(
    "order",
    "Leads are sorted by sort_by and sort_dir; by updated_at upwards where nothing is said.",
    on=_LIST,
    source=_PULL,
)
def order(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for query in some(lab, filters(made)[:6]):
        in_order(lab, check(lab, made, query), "updated_at", "asc")
        in_order(lab, check(lab, made, {**query, "sort_dir": "desc"}), "updated_at", "desc")
        for sort in SORTS:
            in_order(lab, check(lab, made, {**query, "sort_by": sort}), sort, "asc")
            for direction in DIRECTIONS:
                found = check(lab, made, {**query, "sort_by": sort, "sort_dir": direction})
                in_order(lab, found, sort, direction)
    for direction in DIRECTIONS:
        check(lab, made, {"sort_by": "last_interaction_at", "sort_dir": direction})
    created = [made.answers[lead] for lead in made.answers if lead not in made.merged]
    in_order(lab, created, "created_at", "asc")
    # All the others too: among so many, no moment may be told otherwise than it is sorted.
    for direction in DIRECTIONS:
        for offset in (0, 100, 200):
            query = {"limit": ALL, "offset": offset, "sort_by": "created_at", "sort_dir": direction}
            in_order(lab, lab.main("listLeads", query=query).at("/leads"), "created_at", direction)


@kind.promise(
    "order-moments",
    "Leads that are created one after the other have times that never go back, whatever the part of a second.",
    on=_LIST,
    source=assumed("X7", "Moments are told as they are, to the millisecond."),
)
def order_moments(lab: Lab, _operation: Operation) -> None:
    times: list[str] = []
    short = 0
    while len(times) < _MOMENTS or (short < _SHORT and len(times) < _MOST_MOMENTS):
        answer = lab.main("createLead", body={"contact_name": lab.fresh.name()})
        times.append(answer.at("/lead/created_at"))
        low, high = _SHORT_SECONDS
        short += low < time.time() % 1 < high
        time.sleep(_MOMENTS_APART)
    for early, late in itertools.pairwise(times):
        lab.expect(moment(early) <= moment(late), f"no created_at before {early} in a later lead", late)


@kind.promise(
    "order-merged",
    "A merged lead moves to the end of the list by updated_at, and stays in its place by created_at.",
    on=_LIST,
    source=assumed("M32", "A merge changes updated_at and keeps created_at."),
)
def order_merged(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    by_change = ids(listed(lab, made.word, {"sort_by": "updated_at"}).at("/leads"))
    lab.expect(by_change[-3:] == made.merged, f"the leads merged last at the end: {made.merged}", by_change[-3:])
    lab.expect(ids(listed(lab, made.word).at("/leads")) == by_change, "the same order where nothing is said", "another")
    by_age = ids(listed(lab, made.word, {"sort_by": "created_at"}).at("/leads"))
    singles = [lead for lead in by_age if lead in made.answers]
    lab.expect(singles == list(made.answers), f"the order of creation: {list(made.answers)}", singles)


@kind.promise(
    "order-ties",
    "Leads with the same moment are sorted by id.",
    on=_LIST,
    source=assumed("158", "Leads with the same value are sorted by id."),
)
def order_ties(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for sort in (*SORTS, "last_interaction_at"):
        up = listed(lab, made.word, {"sort_by": sort, "sort_dir": "asc"}).at("/leads")
        wanted = sorted(up, key=lambda lead: (lead[sort] or "", lead["id"]))
        lab.expect(ids(up) == ids(wanted), f"{sort} asc, then id: {ids(wanted)}", ids(up))
        down = ids(listed(lab, made.word, {"sort_by": sort, "sort_dir": "desc"}).at("/leads"))
        ties_up = sorted(sorted(up, key=lambda lead: lead["id"]), key=lambda lead: lead[sort] or "", reverse=True)
        lab.expect(down in (ids(up)[::-1], ids(ties_up)), f"{sort} desc, then id", down)


@kind.promise("page-body", "The list answers leads, total, limit, offset and next_cursor.", on=_LIST, source=_BODY)
def page_body(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    size = len(made.people)
    plain = lab.main("listLeads", query={"search": made.word})
    _page(lab, plain, made, limit=20, offset=0)
    for limit, offset in some(lab, ((1, 0), (5, 3), (7, size - 2), (100, 1), (3, size), (3, size + 50))):
        query = {"search": made.word, "limit": limit, "offset": offset}
        _page(lab, lab.main("listLeads", query=query), made, limit=limit, offset=offset)
    _page(lab, lab.main("listLeads", query={"search": made.word, "offset": 4}), made, limit=20, offset=4)
    _page(lab, lab.main("listLeads", query={"search": made.word, "limit": 4}), made, limit=4, offset=0)
    nothing = lab.main("listLeads", query={"search": f"{made.word}nobody"})
    lab.expect((nothing.at("/leads"), nothing.at("/total")) == ([], 0), "no leads and total 0", nothing)


def _page(lab: Lab, answer: Any, made: Population, *, limit: int, offset: int) -> None:
    size = len(made.people)
    length = min(limit, max(0, size - offset))
    echo = {"total": size, "limit": limit, "offset": offset}
    lab.expect(answer.status == 200, "200", answer)
    got = {name: answer.at(f"/{name}") for name in echo}
    typed = all(type(value) is int for value in got.values())
    lab.expect(got == echo and typed, f"{echo}", got)
    lab.expect(len(answer.at("/leads")) == length, f"{length} leads with {echo}", len(answer.at("/leads")))
    following = answer.at("/next_cursor")
    lab.expect(following is None or isinstance(following, str), "next_cursor, a text or null", following)


@kind.promise("offset-pages", "Pages by offset are complete and repeat nothing.", on=_LIST, source=_PULL)
def offset_pages(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    sorts = [(sort, direction) for sort in (*SORTS, "last_interaction_at") for direction in DIRECTIONS]
    sizes = (1, 5, 7, 12, 23, 24)
    for (sort, direction), limit in some(lab, zip(sorts, sizes, strict=True)):
        _paged(lab, made, {"sort_by": sort, "sort_dir": direction}, limit)
    for query in some(lab, filters(made)[1:8]):
        _paged(lab, made, query, 4)
    queries, numbers = st.sampled_from(filters(made)), st.integers(0, 30)
    drawn = st.tuples(queries, st.sampled_from(sorts[:4]), st.integers(1, 30), numbers)

    @lab.each(drawn, examples=15)
    def _(one: tuple[dict[str, Any], tuple[str, str], int, int]) -> None:
        query, (sort, direction), limit, offset = one
        full = {**query, "sort_by": sort, "sort_dir": direction, "limit": limit, "offset": offset}
        answer = listed(lab, made.word, full)
        expected = made.fitting(query)
        length = min(limit, max(0, len(expected) - offset))
        echo = {"leads": length, "total": len(expected), "limit": limit, "offset": offset}
        got = {name: answer.at(f"/{name}") for name in ("total", "limit", "offset")}
        got["leads"] = len(answer.at("/leads"))
        lab.expect(got == echo, f"{echo} with {full}", got)
        in_order(lab, answer.at("/leads"), sort, direction)


def _paged(lab: Lab, made: Population, query: Mapping[str, Any], limit: int) -> None:
    expected = made.fitting(query)
    found: list[Any] = []
    for offset in range(0, len(expected) + 1, limit):
        answer = listed(lab, made.word, {**query, "limit": limit, "offset": offset})
        page, total = answer.at("/leads"), answer.at("/total")
        lab.expect(len(page) <= limit, f"at most {limit} leads", len(page))
        lab.expect(total == len(expected), f"total {len(expected)} at offset {offset}", total)
        found += page
    same_people(lab, found, expected, f"in pages of {limit} with {dict(query)}")
    if query.get("sort_by") in SORTS:
        in_order(lab, found, query["sort_by"], query["sort_dir"])


@kind.promise(
    "offset-order",
    "Pages by offset, put together, are the list.",
    on=_LIST,
    source=assumed("158", "Leads with the same value are sorted by id, so that pages fit together."),
)
def offset_order(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for sort in (*SORTS, "last_interaction_at"):
        for direction in DIRECTIONS:
            query = {"sort_by": sort, "sort_dir": direction}
            whole = ids(listed(lab, made.word, query).at("/leads"))
            for limit, offset in ((1, 0), (3, 5), (4, 20), (10, 10), (ALL, 7)):
                page = ids(listed(lab, made.word, {**query, "limit": limit, "offset": offset}).at("/leads"))
                wanted = whole[offset : offset + limit]
                lab.expect(page == wanted, f"{wanted} with {query}, limit {limit} and offset {offset}", page)


# Refusals.

_BAD = (
    *({"limit": value} for value in ("0", "101", "-1", "abc", "1000")),
    *({"offset": value} for value in ("-1", "abc")),
    {"sort_by": "name"},
    {"sort_dir": "up"},
)
_BAD_AS_DECIDED = (
    *({"limit": value} for value in ("", "1.5", "1e1", "99999999999999999999", "\u0665")),
    *({"offset": value} for value in ("", "0.5", "99999999999999999999")),
    *({"sort_by": value} for value in ("", "id", "CREATED_AT", "createdAt", "created_at,updated_at")),
    *({"sort_dir": value} for value in ("", "ASC", "descending")),
    *({"lead_line": value} for value in ("", "tenant", "Buyer")),
    *({"stageId": value} for value in ("", "new", "123", "5a1d8a52-93a7-4d3c-b7a1-0d4c9b7e3f0g")),
    *({"include_custom_fields": value} for value in ("", "maybe", "2")),
    *(
        {f"{what}_since": value}
        for what in ("created", "updated")
        for value in ("", "yesterday", "2026-05-15", "2026-05-15T10:30:00", "2026-02-30T00:00:00Z", "1751450000")
    ),
)


@kind.promise("bad-query", "Nothing outside the documented bounds of a query is granted.", on=_LIST, source=_PULL)
def bad_query(lab: Lab, _operation: Operation) -> None:
    judge = refused if lab.strict else _refused_or_within
    word = population(lab).word
    for rest in ({}, {"search": word}):
        for query in some(lab, _BAD):
            judge(lab, {**rest, **query})
    for limit in (1, ALL):
        answer = lab.main("listLeads", query={"limit": limit})
        lab.expect(answer.status == 200, f"200 with limit {limit}", answer)


@kind.promise(
    "bad-values",
    "Any other value that cannot be meant is refused with 400, too.",
    on=_LIST,
    source=assumed("159", "A query value that does not have the form of its parameter is refused with 400."),
)
def bad_values(lab: Lab, _operation: Operation) -> None:
    for query in _BAD_AS_DECIDED:
        refused(lab, query)


def _refused_or_within(lab: Lab, query: Mapping[str, Any]) -> None:
    """The list is refused, or answered with what is nearest and fits: which of them is nowhere said."""
    answer = lab.main("listLeads", query=query)
    if not answer.ok:
        _is_refusal(lab, query, answer)
        return
    leads, limit = answer.at("/leads"), answer.at("/limit", 1)
    lab.expect(len(leads) <= ALL, f"at most {ALL} leads with {dict(query)}", f"{len(leads)}")
    lab.expect(1 <= limit <= ALL, f"a limit from 1 to {ALL} with {dict(query)}", limit)


def refused(lab: Lab, query: Mapping[str, Any]) -> None:
    """The list is refused with 400 in the form of the vendor's errors."""
    _is_refusal(lab, query, lab.main("listLeads", query=query))


def _is_refusal(lab: Lab, query: Mapping[str, Any], answer: Answer) -> None:
    lab.expect(answer.status == 400, f"400 with {dict(query)}", answer)
    error = answer.at("/error")
    told_so = isinstance(error, dict) and (error.get("type"), error.get("code")) == ("invalid_request_error", 400)
    lab.expect(told_so and error.get("message"), "an invalid_request_error with code 400 and a message", answer)


# Whose leads.


@kind.promise("isolation", "Nobody is shown another customer's leads.", on=_LIST, source=named("customer"))
def isolation(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant("public_api:leads:read", "public_api:leads:write")
    made = population(lab)
    sorts = [{"sort_by": sort, "sort_dir": way} for sort in (*SORTS, "last_interaction_at") for way in DIRECTIONS]
    more = ({"created_since": _PAST}, {"updated_since": _PAST}, {"include_custom_fields": "true"}, {"limit": 1})
    for query in some(lab, (*filters(made), *sorts, *more)):
        answer = stranger("listLeads", query={"search": made.word, **query})
        if answer.status == 400 and "stageId" in query:
            continue  # it may well not be known to the stranger
        lab.expect(answer.ok and answer.at("/leads") == [], "none of the other customer's leads", answer)
        lab.expect(answer.at("/total") == 0, "total 0 for the other customer", answer)
    own = stranger("createLead", body={"contact_name": f"Stranger {made.word}", "contact_email": lab.fresh.email()})
    for query in ({}, {"sort_by": "created_at", "sort_dir": "desc"}, {"updated_since": _PAST}):
        answer = stranger("listLeads", query={"search": made.word, **query})
        lab.expect(ids(answer.at("/leads")) == [own.at("/lead/id")], "the other customer's one lead", answer)
        check(lab, made, query)
    mine = set(ids(made.fitting({})))
    for query in ({}, {"limit": ALL}, {"limit": ALL, "sort_dir": "desc"}, {"search": "", "limit": ALL}):
        answer = stranger("listLeads", query=query)
        if answer.ok:
            lab.expect(not mine & set(ids(answer.at("/leads"))), "none of the other customer's leads", answer)
            theirs = {lead.get("customer_id", "").lower() for lead in answer.at("/leads")}
            main = lab.credential.tenant.lower()
            lab.expect(not main or main not in theirs, f"no lead of the customer {main}", answer)


@kind.promise("same-customer", "All keys of a customer list the same leads.", on=_LIST, source=named("customer"))
def same_customer(lab: Lab, _operation: Operation) -> None:
    colleague = lab.colleague("public_api:leads:read")
    made = population(lab)
    for query in some(lab, filters(made)[:5]):
        found = listed(lab, made.word, query, colleague).at("/leads")
        same_people(lab, found, made.fitting(query), f"for another key with {query}")


@kind.promise(
    "unknown-parameter",
    "A query parameter that is not documented is ignored.",
    on=_LIST,
    source=assumed("161", "Unknown query parameters are ignored."),
)
def unknown_parameter(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for query in ({"page": "2"}, {"colour": "red", "lead_line": "buyer"}, {"stage_id": "x"}, {"Limit": "1"}):
        known = {name: value for name, value in query.items() if name == "lead_line"}
        found = listed(lab, made.word, query).at("/leads")
        same_people(lab, found, made.fitting(known), f"with {query}")


def _digits(phone: str | None) -> str:
    return "".join(character for character in phone or "" if character.isdecimal())[-10:]
