"""Lists of leads and of contacts, a contact being the person behind a lead: filters, search, sorting, pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.call import Call, Reply
from mockserver.engine.normalize import digits_of
from mockserver.engine.words import counted
from mockserver.store.base import Condition, Page, Query
from mockserver.vendors.crmleadpro.contacts import contact_of
from mockserver.vendors.crmleadpro.records import folded, shown

_EXACT = ("status", "pipeline_stage", "source", "assigned_to", "company")
_PHONE_LIKE = re.compile(r"[0-9 ().+-]*\Z")
_FEWEST_DIGITS = 7


async def listLeads(call: Call) -> Reply:
    """One page of leads; archived ones alone or not at all (P20)."""
    page = await _page(call)
    call.outcome = f"listed {len(page.records)} of {counted(page.total, 'lead')}"
    return _reply(call, page, [shown(record.data) for record in page.records])


async def listContacts(call: Call) -> Reply:
    """One page of contacts. There is one for each live lead, with the lead's own symbols in its id."""
    page = await _page(call)
    call.outcome = f"listed {len(page.records)} of {counted(page.total, 'contact')}"
    return _reply(call, page, [contact_of(record.data) for record in page.records])


async def _page(call: Call) -> Page:
    query = call.query
    sort: str = query["sort"]
    return await call.tx.list(
        Query(
            "lead",
            where=_conditions(query),
            search=_search_terms(query.get("search", "")),
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            limit=query["per_page"],
            offset=(query["page"] - 1) * query["per_page"],
            archived=query.get("archived", False),
        )
    )


def _conditions(query: Mapping[str, Any]) -> tuple[Condition, ...]:
    conditions = [Condition(name, "eq", query[name]) for name in _EXACT if name in query]
    if "tag" in query:
        conditions.append(Condition("tags", "has", query["tag"]))
    return tuple(conditions)


def _search_terms(text: str) -> tuple[str, ...]:
    """The text in any letter case, and of a whole phone number its digits too: separators do not matter."""
    digits = digits_of(text)
    if len(digits) >= _FEWEST_DIGITS and _PHONE_LIKE.match(text):
        return text, digits
    return (folded(text),) if text else ()


def _reply(call: Call, page: Page, items: list[dict[str, Any]]) -> Reply:
    number, size = call.query["page"], call.query["per_page"]
    pages = -(-page.total // size)
    pagination = {"page": number, "per_page": size, "total": page.total, "total_pages": pages}
    return Reply(200, {"data": items, "pagination": pagination})
