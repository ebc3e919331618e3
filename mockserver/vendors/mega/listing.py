"""Pulling MEGA leads: filters, two ways of paging, and cursors that hold for one sort only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from mockserver.contract.schema import FieldError
from mockserver.engine.call import Call, Reply
from mockserver.engine.normalize import digits_of
from mockserver.engine.refusal import Refusal, invalid_parameter
from mockserver.store.base import Condition, Query, Record

_CURSOR_SORTS = frozenset(("created_at", "updated_at"))
_PREFIX = "c1."
_SIGNATURE_BYTES = 12
_PHONE_LIKE = re.compile(r"[\d ().+/-]*\Z")


async def listLeads(call: Call) -> Reply:
    """One page of leads. With a cursor the page begins where the cursor's ended, and offset is not looked at."""
    query = call.query
    sort, descending = query["sort_by"], query["sort_dir"] == "desc"
    cursor = query.get("cursor")
    after = None if cursor is None else _read_cursor(call, cursor, sort, query["sort_dir"])
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
    if page.more and sort in _CURSOR_SORTS:
        last = page.records[-1]
        next_cursor = _make_cursor(call, sort, query["sort_dir"], last)
    call.outcome = f"listed {len(page.records)} of {page.total} leads"
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
    folded = text.lower().strip()
    if not folded:
        return ()
    digits = digits_of(folded) if _PHONE_LIKE.match(folded) else ""
    return tuple(dict.fromkeys(term for term in (folded, digits, digits[-10:]) if term))


def _make_cursor(call: Call, sort: str, direction: str, last: Record) -> str:
    content = orjson.dumps([sort, direction, last.data[sort], last.id])
    return _encode(_signature(call, content) + content)


def _encode(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read_cursor(call: Call, cursor: str, sort: str, direction: str) -> tuple[Any, str]:
    if sort not in _CURSOR_SORTS:
        raise _bad_cursor(f"cannot be used with sort_by={sort}, only with created_at and updated_at")
    try:
        text = cursor.removeprefix(_PREFIX)
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise _bad_cursor("is not a cursor of this API") from None
    signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    # Encoding again shows a change that decoding does not: the last character has bits to spare.
    if _encode(raw) != cursor or not hmac.compare_digest(signature, _signature(call, content)):
        raise _bad_cursor("is not a cursor that was given to you")
    made_for, made_dir, value, lead_id = orjson.loads(content)
    if (made_for, made_dir) != (sort, direction):
        raise _bad_cursor(f"was made for sort_by={made_for} and sort_dir={made_dir}; use it with those")
    return value, lead_id


def _signature(call: Call, content: bytes) -> bytes:
    """Ties a cursor to its customer. The key is no secret: what matters is that changes show."""
    return hmac.new(call.tenant.key.encode(), content, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _bad_cursor(problem: str) -> Refusal:
    return invalid_parameter(FieldError("/cursor", problem))
