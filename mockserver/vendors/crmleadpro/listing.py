"""Lists of leads and of contacts, a contact being the person behind a lead: filters, search, sorting, pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.call import Call, Reply
from mockserver.engine.normalize import digits_of
from mockserver.store.base import Condition, Page, Query
from mockserver.vendors.crmleadpro.records import folded, shown

_EXACT = ("status", "pipeline_stage", "source", "assigned_to", "company")
_SAME = ("name", "email", "phone", "company", "tags", "created_at", "updated_at")
_PHONE_LIKE = re.compile(r"[0-9 ().+-]*\Z")
_FEWEST_DIGITS = 7


async def listLeads(call: Call) -> Reply:
    """One page of leads; archived ones alone or not at all (P20)."""
    page = await _page(call)
    call.outcome = f"listed {len(page.records)} of {page.total} leads"
    return _reply(call, page, [shown(record.data) for record in page.records])


async def listContacts(call: Call) -> Reply:
    """One page of contacts. There is one for each live lead, with the lead's own symbols in its id."""
    page = await _page(call)
    call.outcome = f"listed {len(page.records)} of {page.total} contacts"
    return _reply(call, page, [contact_of(record.data) for record in page.records])


def contact_of(lead: Mapping[str, Any]) -> dict[str, Any]:
    """The person behind a lead: no record of its own, so that the two can never disagree."""
    contact_id = lead["id"].replace("lead_", "contact_", 1)
    return {"id": contact_id, **{name: lead[name] for name in _SAME}, "lead_id": lead["id"]}


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
