"""The cursors of MEGA's list."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.mega_population import (
    ALL,
    APART,
    DIRECTIONS,
    SORTS,
    Lead,
    Query,
    filters,
    ids,
    in_order,
    listed,
    population,
    same_people,
    some,
    word,
)
from ..rule import Kind, assumed, named, only
from ..wire import Answer
from .lists_mega import refused

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

_LIST = only("mega/listLeads")
_PULL = named("page-pull")
_SIGNED = assumed("156", "A cursor that was not issued so, to this customer, is refused with 400.")
_STABLE = assumed("158", "A cursor goes on after the last lead of its page, whatever is added meanwhile.")
_MANY = 105


def _walk(lab: Lab, token: str, query: Query, *, begin: str | None = None, most: int = 60) -> list[Lead]:
    """All leads from the first page, or from a cursor, on to the end."""
    found: list[Lead] = []
    cursor = begin
    for _ in range(most):
        answer = listed(lab, token, query if cursor is None else {**query, "cursor": cursor})
        limit, page = query.get("limit", ALL), answer.at("/leads")
        lab.expect(len(page) <= limit, f"at most {limit} leads", len(page))
        if lab.strict:
            lab.expect(answer.at("/limit") == limit, f"the limit {limit} in each page", answer.at("/limit"))
        found += page
        cursor = answer.at("/next_cursor")
        if cursor is None:
            return found
        lab.expect(isinstance(cursor, str) and cursor, "next_cursor, a text or null", answer)
    lab.expect(condition=False, expected="next_cursor null at the end", got=f"still a cursor after {most} pages")
    return found


def _first(lab: Lab, token: str, query: Query) -> Answer:
    """A first page that is not the last."""
    answer = listed(lab, token, {"limit": 4, **query})
    lab.expect(isinstance(answer.at("/next_cursor"), str), "a next_cursor while leads remain", answer)
    return answer


@kind.promise("cursor-pages", "Pages by cursor are complete, in order, and repeat nothing.", on=_LIST, source=_PULL)
def cursor_pages(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    ways = [(sort, direction) for sort in SORTS for direction in DIRECTIONS]

    def walked(query: Mapping[str, Any], sort: str, direction: str, limit: int) -> None:
        expected = made.fitting(query)
        found = _walk(lab, made.word, {**query, "sort_by": sort, "sort_dir": direction, "limit": limit})
        same_people(lab, found, expected, f"by cursor in pages of {limit}, {sort} {direction} with {dict(query)}")
        in_order(lab, found, sort, direction)

    for (sort, direction), limit in some(lab, zip(ways, (5, 1, 4, 7), strict=True)):
        walked({}, sort, direction, limit)
    for limit in some(lab, (2, 3, 8, 23, 24, ALL)):
        found = _walk(lab, made.word, {"limit": limit})
        same_people(lab, found, made.fitting({}), f"by cursor in pages of {limit}")
        in_order(lab, found, "updated_at", "asc")
    drawn = st.tuples(st.sampled_from(filters(made)), st.sampled_from(ways), st.integers(2, 9))

    @lab.each(drawn, examples=15)
    def _(one: tuple[dict[str, Any], tuple[str, str], int]) -> None:
        query, (sort, direction), limit = one
        walked(query, sort, direction, limit)


@kind.promise(
    "cursor-ties", "Pages by cursor lose and repeat none of many leads of the same moment.", on=_LIST, source=_PULL
)
def cursor_ties(lab: Lab, _operation: Operation) -> None:
    token = lab.once("mega ties", lambda: _many(lab))
    expected = [{"id": lead} for lead in token[1]]
    for sort in SORTS:
        for direction, limit in zip(DIRECTIONS, (ALL, 40), strict=True):
            query = {"sort_by": sort, "sort_dir": direction, "limit": limit}
            found = _walk(lab, token[0], query)
            same_people(lab, found, expected, f"by cursor with {query}")
            first = listed(lab, token[0], query)
            sizes = {"leads": len(first.at("/leads")), "total": first.at("/total")}
            lab.expect(sizes == {"leads": limit, "total": _MANY}, f"{limit} of {_MANY} leads with {query}", sizes)
    by_offset = [
        lead for at in (0, 50, 100) for lead in listed(lab, token[0], {"limit": 50, "offset": at}).at("/leads")
    ]
    same_people(lab, by_offset, expected, "by offset in pages of 50")


def _many(lab: Lab) -> tuple[str, list[str]]:
    """A word, and the ids of many leads with it that were imported at one moment."""
    token = word(lab)
    rows = [{"contact_name": f"Row {at} {token}", "contact_email": lab.fresh.email()} for at in range(_MANY)]
    answer = lab.main("bulkImportLeads", body={"leads": rows})
    lab.expect(answer.ok, "200 for an import", answer)
    return token, [result["lead_id"] for result in answer.at("/results")]


@kind.promise("cursor-sort", "A cursor is valid only for the sort that it was made under.", on=_LIST, source=_PULL)
def cursor_sort(lab: Lab, _operation: Operation) -> None:
    token = population(lab).word
    for sort, other in (SORTS, SORTS[::-1]):
        cursor = _first(lab, token, {"sort_by": sort}).at("/next_cursor")
        same = listed(lab, token, {"sort_by": sort, "limit": 4, "cursor": cursor})
        lab.expect(len(same.at("/leads")) == 4, "the next four leads under the same sort", same)
        for wrong in (other, "last_interaction_at"):
            refused(lab, {"search": token, "limit": 4, "sort_by": wrong, "cursor": cursor})
    default = _first(lab, token, {}).at("/next_cursor")
    refused(lab, {"search": token, "limit": 4, "sort_by": "created_at", "cursor": default})
    if lab.strict:
        # Where no sort is named, the cursor might also be taken to name it.
        by_age = _first(lab, token, {"sort_by": "created_at"}).at("/next_cursor")
        refused(lab, {"search": token, "limit": 4, "cursor": by_age})


@kind.promise("cursor-contact", "There are no cursors for last_interaction_at.", on=_LIST, source=_PULL)
def cursor_contact(lab: Lab, _operation: Operation) -> None:
    token = population(lab).word
    for direction in DIRECTIONS:
        answer = listed(lab, token, {"sort_by": "last_interaction_at", "sort_dir": direction, "limit": 4})
        lab.expect(answer.at("/next_cursor") is None, "next_cursor null", answer)


@kind.promise("cursor-direction", "A cursor is valid only for its direction.", on=_LIST, source=_SIGNED)
def cursor_direction(lab: Lab, _operation: Operation) -> None:
    token = population(lab).word
    for sort in SORTS:
        for direction, other in (DIRECTIONS, DIRECTIONS[::-1]):
            cursor = _first(lab, token, {"sort_by": sort, "sort_dir": direction}).at("/next_cursor")
            refused(lab, {"search": token, "sort_by": sort, "sort_dir": other, "cursor": cursor})
    cursor = _first(lab, token, {}).at("/next_cursor")
    refused(lab, {"search": token, "sort_dir": "desc", "cursor": cursor})
    same = listed(lab, token, {"sort_by": "updated_at", "sort_dir": "asc", "cursor": cursor})
    lab.expect(same.at("/leads"), "the next leads, as the sort of a default is named", same)


@kind.promise("cursor-end", "next_cursor is null on the last page, also where it is full.", on=_LIST, source=_STABLE)
def cursor_end(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    size = len(made.people)
    for sort in SORTS:
        for direction in DIRECTIONS:
            way = {"sort_by": sort, "sort_dir": direction}
            for limit, offset in (
                (size, 0),
                (ALL, 0),
                (size - 1, 1),
                (size - 1, 0),
                (1, size - 1),
                (1, size - 2),
                (5, size),
            ):
                answer = listed(lab, made.word, {**way, "limit": limit, "offset": offset})
                more = limit + offset < size
                following = answer.at("/next_cursor")
                expected = f"a next_cursor {'while leads remain' if more else 'of null'}, {way}, {limit=}, {offset=}"
                lab.expect((following is not None) == more, expected, following)
    for limit in (size // 2, size // 3):
        pages, cursor = 0, None
        while pages == 0 or cursor is not None:
            answer = listed(lab, made.word, {"limit": limit, **({"cursor": cursor} if cursor else {})})
            pages, cursor = pages + 1, answer.at("/next_cursor")
            lab.expect(answer.at("/leads"), f"no empty page in pages of {limit}", answer)
            lab.expect(answer.at("/total") == size, f"total {size} on each page", answer.at("/total"))
            lab.expect(pages * limit < size + limit, f"an end after {size} leads in pages of {limit}", f"{pages} pages")


@kind.promise("cursor-forged", "A cursor that was changed is refused.", on=_LIST, source=_SIGNED)
def cursor_forged(lab: Lab, _operation: Operation) -> None:
    token = population(lab).word
    for query in ({}, {"sort_by": "created_at", "sort_dir": "desc"}):
        cursor = _first(lab, token, query).at("/next_cursor")
        listed(lab, token, {**query, "cursor": cursor})
        for wrong in _forgeries(cursor):
            refused(lab, {"search": token, **query, "cursor": wrong})

    cursor = _first(lab, token, {}).at("/next_cursor")

    @lab.each(st.tuples(st.integers(0, len(cursor) - 3), st.sampled_from("AaZz09_-")), examples=15)
    def _(one: tuple[int, str]) -> None:
        at, character = one
        if cursor[at] != character:
            refused(lab, {"search": token, "cursor": cursor[:at] + character + cursor[at + 1 :]})


def _forgeries(cursor: str) -> list[str]:
    last = len(cursor) - 1
    flipped = [_flipped(cursor, at) for at in (0, 1, len(cursor) // 3, len(cursor) // 2, last - 1, last)]
    cut = [cursor[1:], cursor[:-1], cursor[:-2], cursor[: len(cursor) // 2], cursor[:4], ""]
    changed = [cursor + "A", "A" + cursor, cursor * 2, f'"{cursor}"', cursor[::-1], cursor.swapcase()]
    made_up = ["0", "1", "null", "cursor", "MQ", "MQ==", "eyJvZmZzZXQiOjR9", "e30=", "%00", "é", "🦊"]
    return [wrong for wrong in (*flipped, *cut, *changed, *made_up) if wrong != cursor]


def _flipped(text: str, at: int) -> str:
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]


@kind.promise("cursor-foreign", "A cursor of another customer is refused.", on=_LIST, source=_SIGNED)
def cursor_foreign(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant("public_api:leads:read", "public_api:leads:write")
    token = population(lab).word
    for _ in range(2):
        stranger("createLead", body={"contact_name": f"{lab.fresh.name()}", "contact_email": lab.fresh.email()})
    for sort in SORTS:
        theirs = stranger("listLeads", query={"limit": 1, "sort_by": sort}).at("/next_cursor")
        lab.expect(theirs, "a next_cursor while leads remain", theirs)
        refused(lab, {"sort_by": sort, "cursor": theirs})
        refused(lab, {"sort_by": sort, "cursor": theirs, "search": token})
        mine = _first(lab, token, {"sort_by": sort}).at("/next_cursor")
        answer = stranger("listLeads", query={"sort_by": sort, "cursor": mine})
        lab.expect(answer.status == 400, "400 for another customer's cursor", answer)


@kind.promise("cursor-isolation", "A cursor shows nobody another customer's leads.", on=_LIST, source=named("customer"))
def cursor_isolation(lab: Lab, _operation: Operation) -> None:
    stranger = lab.other_tenant("public_api:leads:read")
    made = population(lab)
    mine = set(ids(made.fitting({})))
    for sort in SORTS:
        for direction in DIRECTIONS:
            way = {"sort_by": sort, "sort_dir": direction}
            cursor = _first(lab, made.word, way).at("/next_cursor")
            for query in ({}, {"search": made.word}):
                answer = stranger("listLeads", query={**way, **query, "limit": ALL, "cursor": cursor})
                shown = mine & set(ids(answer.at("/leads"))) if answer.ok else set()
                lab.expect(not shown, "none of the other customer's leads", answer)


@kind.promise(
    "cursor-limit", "The limit may change from page to page; offset does not count then.", on=_LIST, source=_STABLE
)
def cursor_limit(lab: Lab, _operation: Operation) -> None:
    token = population(lab).word
    for sort in SORTS:
        for direction in DIRECTIONS:
            way = {"sort_by": sort, "sort_dir": direction}
            whole = ids(listed(lab, token, way).at("/leads"))
            answer = listed(lab, token, {**way, "limit": 3})
            found, sizes = ids(answer.at("/leads")), iter((1, 6, 2, 5, 100))
            for offset, limit in enumerate(sizes):
                cursor = answer.at("/next_cursor")
                answer = listed(lab, token, {**way, "limit": limit, "cursor": cursor, "offset": offset})
                found += ids(answer.at("/leads"))
            lab.expect(found == whole, f"the list {whole} in pages of 3, 1, 6, 2, 5 and more, {way}", found)
            begun = listed(lab, token, {**way, "limit": 4, "offset": 7}).at("/next_cursor")
            rest = ids(listed(lab, token, {**way, "cursor": begun}).at("/leads"))
            lab.expect(rest == whole[11:], f"the leads after the eleventh, {way}: {whole[11:]}", rest)


@kind.promise("cursor-additions", "No lead is skipped while others are added or merged.", on=_LIST, source=_STABLE)
def cursor_additions(lab: Lab, _operation: Operation) -> None:
    for sort in SORTS:
        for direction in DIRECTIONS:
            token, emails = _small(lab)
            way = {"sort_by": sort, "sort_dir": direction, "limit": 3}
            whole = ids(listed(lab, token, {**way, "limit": ALL}).at("/leads"))
            first = listed(lab, token, way)
            added = [_added(lab, token, lab.fresh.email()) for _ in range(4)]
            seen = first.at("/leads")[0]["contact_email"]
            # A merge moves the lead by updated_at: upwards it is shown again at the end, downwards it is ahead.
            changed = [_added(lab, token, seen)] if seen in emails else []
            rest = ids(_walk(lab, token, way, begin=first.at("/next_cursor")))
            found = ids(first.at("/leads")) + rest
            news = added + (changed if sort == "updated_at" else [])
            later = news if direction == "asc" else []
            # The new ones may be of one moment, and so in any order.
            fine = found[: len(whole)] == whole and sorted(found[len(whole) :]) == sorted(later)
            lab.expect(fine, f"{whole}, then {later}, by cursor, {way}", found)
            lab.expect(not changed or changed == ids(first.at("/leads"))[:1], "the merge to find its lead", changed)


def _small(lab: Lab) -> tuple[str, list[str]]:
    token, emails = word(lab), [lab.fresh.email() for _ in range(8)]
    rows = [{"contact_name": f"Row {token}", "contact_email": email} for email in emails]
    answer = lab.main("bulkImportLeads", body={"leads": rows})
    lab.expect(answer.ok, "200 for an import", answer)
    time.sleep(APART)
    return token, emails


def _added(lab: Lab, token: str, email: str) -> str:
    answer = lab.main("createLead", body={"contact_name": f"New {token}", "contact_email": email})
    lab.expect(answer.ok, "201 for a lead", answer)
    return str(answer.at("/lead/id"))


@kind.promise(
    "cursor-changed", "A cursor is good when the last lead of its page has changed too.", on=_LIST, source=_STABLE
)
def cursor_changed(lab: Lab, _operation: Operation) -> None:
    for sort, direction in itertools.product(SORTS, DIRECTIONS):
        token = word(lab)
        leads = [{**lab.world.lead(lab.fresh), "contact_name": f"Lead {token}"} for _ in range(4)]
        for lead in leads:
            lab.main("createLead", body=lead)
        query = {"sort_by": sort, "sort_dir": direction, "limit": 2}
        first = _first(lab, token, query)
        last = {name: first.at("/leads")[-1][name] for name in ("contact_name", "contact_email")}
        lab.main("createLead", body={**last, "source_platform": "zoho"})
        found = _walk(lab, token, query, begin=first.at("/next_cursor"))
        seen = {lead["contact_email"] for lead in (*first.at("/leads"), *found)}
        missing = {lead["contact_email"] for lead in leads} - seen
        lab.expect(not missing, f"every lead by {sort} {direction} though {last} changed between pages", missing)
