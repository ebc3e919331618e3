"""Pulling MEGA leads: filters, two ways of paging, and cursors that hold for one sort only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from mockserver.contract.schema import FieldError
from mockserver.engine.call import Call, Reply
from mockserver.engine.normalize import digits_of
from mockserver.engine.refusal import invalid_parameter
from mockserver.engine.words import counted
from mockserver.store.base import Condition, Query, Record
from mockserver.vendors.mega import cursors
from mockserver.vendors.mega.world import folded

_PHONE_LIKE = re.compile(r"[\d ().+/-]*\Z")


async def listLeads(call: Call) -> Reply:
    """One page of leads. With a cursor the page begins where the cursor's ended, and offset is not looked at."""
    query = call.query
    sort, descending = query["sort_by"], query["sort_dir"] == "desc"
    cursor = query.get("cursor")
    after = None if cursor is None else await cursors.read(call, cursor, sort, query["sort_dir"])
    page = await call.tx.list(
        Query(
            "lead",
            where=_conditions(query),
            search=_search_terms(query.get("search", "")),
            sort=sort,
            descending=descending,
            after=after,
            limit=query["limit"],
            offset=0 if after else query["offset"],
        )
    )
    next_cursor = None
    if page.more and sort in cursors.SORTS:
        last = page.records[-1]
        next_cursor = await cursors.make(call, sort, query["sort_dir"], last)
    call.outcome = f"listed {len(page.records)} of {counted(page.total, 'lead')}"
    body = {
        "leads": [_shown(record, custom_fields=query["include_custom_fields"]) for record in page.records],
        "total": page.total,
        "limit": query["limit"],
        "offset": query["offset"],
        "next_cursor": next_cursor,
    }
    return Reply(200, body)


def _shown(record: Record, *, custom_fields: bool) -> dict[str, Any]:
    if custom_fields:
        return record.data
    return {name: value for name, value in record.data.items() if name != "custom_fields"}  # M58


def _conditions(query: dict[str, Any] | Any) -> tuple[Condition, ...]:
    conditions = []
    if "status" in query:
        conditions.append(Condition("status", "eq", query["status"]))
    if "stageId" in query:
        conditions.append(Condition("current_stage.id", "eq", query["stageId"].lower()))
    if "lead_line" in query:
        conditions.append(Condition("custom_fields.lead_line", "eq", query["lead_line"]))
    for parameter, field in (("created_since", "created_at"), ("updated_since", "updated_at")):
        if parameter in query:
            conditions.append(Condition(field, "ge", _instant(parameter, query[parameter])))
    return tuple(conditions)


def _instant(parameter: str, text: str) -> str:
    """A timestamp with any zone as the UTC text that leads carry, so that texts compare as times do."""
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
        # Up to the next millisecond, not down: nothing from before the moment may be listed.
        moment += timedelta(microseconds=-moment.microsecond % 1000)
    except (ValueError, OverflowError):
        raise invalid_parameter(FieldError("/" + parameter, "is not a moment this calendar knows")) from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _search_terms(text: str) -> tuple[str, ...]:
    """The text itself, and of something phone-like its digits: phones match in any format, and a country
    code counts as little as it does when leads are told apart (M28).
    """
    term = folded(text).strip()
    if not term:
        return ()
    digits = digits_of(term) if _PHONE_LIKE.match(term) else ""
    return tuple(dict.fromkeys(each for each in (term, digits, digits[-10:]) if each))
