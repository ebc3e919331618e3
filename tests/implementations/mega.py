"""MEGA: create, import and read leads, and be told of new ones. Written from the vendor's documents and our decisions.

The state is plain dicts in memory. Nothing awaits between a look at the state and the write that follows from it.
A stored lead is never changed in place: a merge puts a new dict in its place, so that a preview can work on an overlay.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import hmac
import ipaddress
import json
import math
import re
import secrets
import ssl
import time
import unicodedata
import uuid
from collections import ChainMap
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.implementations.workshop import Key

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = dict[str, list[str]]
State = MutableMapping[str, Any]
Lead = dict[str, Any]
Check = Callable[[Any], str | None]

READ, WRITE, HOOKS = "public_api:leads:read", "public_api:leads:write", "public_api:webhooks:manage"
ALL = (READ, WRITE, HOOKS)
A, B, C, D = (f"{letter}7b0e7d0-2f65-4f0e-8d53-6c1f5a9be20{letter}" for letter in "abcd")
PLAN = {"per_minute": 60, "per_hour": 1000, "bulk_per_minute": 10}
KEYS: tuple[Key, ...] = (
    Key("full", "mega_" + "0a1b2c3d4e5f6789" * 4, A, ALL),
    Key("other", "mega_" + "1b2c3d4e5f67890a" * 4, B, ALL),
    Key("limited", "mega_" + "2c3d4e5f67890a1b" * 4, C, ALL, PLAN),
    Key("limited-too", "mega_" + "3d4e5f67890a1b2c" * 4, C, ALL, PLAN),
    Key("reader", "mega_" + "4e5f67890a1b2c3d" * 4, A, (READ,)),
    Key("writer", "mega_" + "5f67890a1b2c3d4e" * 4, A, (WRITE,)),
    Key("hooks", "mega_" + "67890a1b2c3d4e5f" * 4, A, (HOOKS,)),
    Key("colleague", "mega_" + "7890a1b2c3d4e5f6" * 4, A, ALL),
    Key("hourly", "mega_" + "890a1b2c3d4e5f67" * 4, D, ALL, {"per_hour": 1000}),
)
BY_SECRET = {key.secret: key for key in KEYS}
OWNERS = {
    customer: {
        str(uuid.uuid5(uuid.UUID(customer), name)): {"name": name, "role_name": role}
        for name, role in (("Ada Agent", "Agent"), ("Bo Broker", None))
    }
    for customer in (A, B, C, D)
}

STAGES = {"new": "#22c55e", "contacted": "#3b82f6", "qualified": None, "closed": "#6b7280"}
CUSTOM_FIELDS = ("budget", "timeline", "first_time", "area")
LEAD_LINES = ("buyer", "seller")
PLATFORMS = (
    *("google_ads", "meta_ads", "google_organic", "direct", "referral", "hubspot", "zoho", "ghl", "shopify"),
    *("zenmaid", "lead_docket", "salesforce"),
)
SOURCE_TYPES = ("form", "phone_call", "email", "chat", "sms", "manual", "import")
EVENTS = ("lead.created",)

MAX_BYTES = 1_048_576
MAX_BULK_BYTES = 5_242_880
DRAIN_BYTES = 64 * MAX_BYTES  # A longer body is not read to its end.
MAX_DEPTH = 32
MAX_ROWS = 500
MAX_NUMBER = 10**18
MAX_OFFSET = 2**31 - 1
RETENTION_SECONDS = 24 * 3600
PLENTY = 1_000_000
FIRST_RETRY_SECONDS = 0.2
MAX_RETRY_SECONDS = 30

ONE_CONTACT = "At least one of contact_name, contact_phone, or contact_email is required"
TOO_MANY_REQUESTS = "Rate limit exceeded. Please retry later."
KEY_REUSED = "This Idempotency-Key was already used with a different request body"
NO_WEBHOOK = "There is no webhook with this id"
CHALLENGE = {"WWW-Authenticate": "Bearer"}

ERROR_TYPES = {
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found_error",
    409: "api_error",
    429: "rate_limit_error",
}


class Refusal(Exception):
    """A request that is not carried out, and the answer to it."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str]


class Call(NamedTuple):
    """A request that may be carried out. `store` is what belongs to the customer."""

    state: State
    key: Key
    store: State
    headers: Headers
    query: dict[str, str]
    webhook_id: str
    body: Any


class Operation(NamedTuple):
    name: str
    scope: str
    bucket: str
    handler: Callable[[Call], Awaitable[Answer]]


# Who asks, and how often


def authenticated(headers: Headers) -> Key:
    given = headers.get("authorization", [])
    if not given:
        raise Refusal(401, "The Authorization header is missing", CHALLENGE)
    fitting = re.fullmatch(r"(?i:bearer) (mega_[0-9a-f]{64})", given[0])
    key = BY_SECRET.get(fitting[1]) if fitting and len(given) == 1 else None
    if key is None:
        raise Refusal(401, "The Authorization header holds no valid key", CHALLENGE)
    return key


def check_permission(key: Key, operation: Operation, headers: Headers) -> None:
    given = headers.get("x-customer-id", [])
    if len(given) > 1:
        raise Refusal(400, "x-customer-id: is given more than once")
    if not given or not given[0]:
        raise Refusal(401, "The x-customer-id header is missing", CHALLENGE)
    if given[0].lower() != key.tenant:
        raise Refusal(403, "This key is locked to another customer than x-customer-id names")
    if operation.scope not in key.scopes:
        raise Refusal(403, f"This key lacks the scope {operation.scope}")


def windows_of(state: State, key: Key, bucket: str, now: float) -> list[dict[str, Any]]:
    lengths = {"bulk_per_minute": 60} if bucket == "bulk" else {"per_minute": 60, "per_hour": 3600}
    limits = {name: key.limits[name] for name in lengths if name in key.limits} or {bucket: PLENTY}
    windows = []
    for name, limit in limits.items():
        window = state["windows"].get((key.secret, name))
        if window is None or now >= window["ends"] or window["used"] == 0:
            window = {"limit": limit, "used": 0, "ends": now + lengths.get(name, 60)}
            state["windows"][key.secret, name] = window
        windows.append(window)
    return windows


async def metered(state: State, key: Key, bucket: str) -> dict[str, str]:
    """Count the request; the headers that say how many are left."""
    now = time.time()
    windows = windows_of(state, key, bucket, now)
    full = [window for window in windows if window["used"] >= window["limit"]]
    if full:
        wait = max(reset(window, now) for window in full)
        raise Refusal(429, TOO_MANY_REQUESTS, {**rate_headers(windows, now), "Retry-After": str(wait)})
    for window in windows:
        window["used"] += 1
    return rate_headers(windows, now)


def rate_headers(windows: list[dict[str, Any]], now: float) -> dict[str, str]:
    """Of the window with the least left; of two such, the one that takes longer to refill."""
    window = min(windows, key=lambda window: (remaining(window), -reset(window, now)))
    return {
        "RateLimit-Limit": str(window["limit"]),
        "RateLimit-Remaining": str(remaining(window)),
        "RateLimit-Reset": str(reset(window, now)),
    }


def remaining(window: Mapping[str, Any]) -> int:
    return int(window["limit"] - window["used"])


def reset(window: Mapping[str, Any], now: float) -> int:
    return max(1, math.ceil(window["ends"] - now)) if window["used"] else 0


# What is sent


def check_size(body: bytes, operation: Operation) -> None:
    most = MAX_BULK_BYTES if operation.bucket == "bulk" else MAX_BYTES
    if len(body) > most:
        raise Refusal(413, f"The request body may have at most {most} bytes")


def check_media(headers: Headers) -> None:
    media, *parameters = (part.strip().lower() for part in ", ".join(headers.get("content-type", [])).split(";"))
    if media != "application/json":
        raise Refusal(415, "Content-Type must be application/json")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') != "utf-8":
            raise Refusal(415, "Content-Type must be application/json in UTF-8")
    if ", ".join(headers.get("content-encoding", ["identity"])).lower() != "identity":
        raise Refusal(415, "Content-Encoding is not supported")


def parsed(body: bytes) -> Any:
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=unique,
            parse_constant=refuse_constant,
            parse_float=finite,
        )
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"The request body is not valid JSON: {str(error)[:200]}") from None
    check_values(value)
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name occurs twice in an object")
    return members


def refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


NUL = re.compile("\0")
SURROGATE = re.compile("[\ud800-\udfff]")


def check_values(value: Any) -> None:
    """No text with a NUL or half a surrogate pair, and no more than the permitted levels."""
    level = [value]
    depth = 0
    while level:
        texts = [item for item in level if isinstance(item, str)]
        if any(NUL.search(text) for text in texts):
            raise Refusal(400, "A text has a NUL character")
        if any(SURROGATE.search(text) for text in texts):
            raise Refusal(400, "A text has a lone surrogate")
        containers = [item for item in level if isinstance(item, dict | list)]
        depth += bool(containers)
        if depth > MAX_DEPTH:
            raise Refusal(400, f"The request body has more than {MAX_DEPTH} levels")
        level = [inner for item in containers for inner in parts(item)]


def parts(container: dict[str, Any] | list[Any]) -> list[Any]:
    return [*container, *container.values()] if isinstance(container, dict) else container


# Checks of members: each says what is wrong, or nothing


def text(most: int) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be a text"
        return f"must have at most {most} characters" if len(value) > most else None

    return check


def form(most: int, pattern: str, wanted: str) -> Check:
    def check(value: Any) -> str | None:
        return text(most)(value) or (None if re.fullmatch(pattern, value) else f"must be {wanted}")

    return check


def one_of(*words: str) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, str) and value in words else f"must be one of {', '.join(words)}"

    return check


def whole(least: int, most: int) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            return "must be a whole number"
        return None if least <= value <= most else f"must be from {least} to {most}"

    return check


def boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return text(5000)(value)
    if isinstance(value, bool) or value is None:
        return None
    if not isinstance(value, int | float):
        return "must be a text, a number, true, false or null"
    return None if -MAX_NUMBER <= value <= MAX_NUMBER else f"must be from -{MAX_NUMBER} to {MAX_NUMBER}"


def custom(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "must be an object"
    wrong = [f"{slug}: {problem}" for slug, content in value.items() if (problem := scalar(content))]
    if value.get("lead_line") is not None and (problem := one_of(*LEAD_LINES)(value["lead_line"])):
        wrong.append(f"lead_line: {problem}")
    return "; ".join(wrong) or None


def event_types(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return "must be a list with at least 1 item"
    if any(one_of(*EVENTS)(item) for item in value):
        return f"must have only {', '.join(EVENTS)}"
    return "must have each item once" if len(set(value)) < len(value) else None


def webhook_url(value: Any) -> str | None:
    problem = form(2048, rf"({PUBLIC}|{LOCAL})([/?][A-Za-z0-9._~!$&()*+,;=:@%/?-]*)?", "a public https URL")(value)
    if problem is None and value.startswith("https:"):
        host = (urlsplit(value).hostname or "").lower()
        problem = "must not be internal" if host.endswith((".localhost", ".local", ".internal")) else None
    return problem


SPACES = "[\t\n\r \xa0]*"
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\u167f\u1681-\u1fff\u3001-\ud7ff-]+"
LABEL = r"[A-Za-z0-9\u00a1-\u167f\u1681-\u1fff\u3001-\ud7ff]+"
EMAIL = rf"{SPACES}({ATOM}(\.{ATOM})*@{LABEL}((\.|-+){LABEL})*)?{SPACES}"
PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|%s)"
PUBLIC = rf"https://([A-Za-z0-9]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z]{{2,63}}(:{PORT % '[1-9][0-9]{0,3}'})?"
LOCAL = rf"http://(127\.0\.0\.1|localhost):{PORT % '(102[4-9]|10[3-9][0-9]|1[1-9][0-9]{2}|[2-9][0-9]{3})'}"
UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
MOMENT = (
    r"([12][0-9]{3}-[0-9]{2}-[0-9]{2})[Tt](([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)

LEAD_CHECKS: dict[str, Check] = {
    "contact_name": text(255),
    "contact_phone": text(64),
    "contact_email": form(254, EMAIL, "an email address"),
    "source_platform": one_of(*PLATFORMS),
    "source_type": one_of(*SOURCE_TYPES),
    "stage_slug": text(100),
    "custom_fields": custom,
}
ROW_CHECKS: dict[str, Check] = {
    **LEAD_CHECKS,
    "row_ref": text(255),
    "owner_id": text(255),
    "lead_line": one_of(*LEAD_LINES),
}
WEBHOOK_CHECKS: dict[str, Check] = {
    "url": webhook_url,
    "event_types": event_types,
    "timeout_seconds": whole(1, 60),
    "retry_attempts": whole(0, 10),
    "description": lambda value: None if value is None else text(500)(value),
}
PATCH_CHECKS: dict[str, Check] = {**WEBHOOK_CHECKS, "is_active": boolean, "rotate_secret": boolean}


# Leads


def digits(phone: str) -> str:
    """Latin ones; those of other scripts are rewritten."""
    zeros = {"0": 48, "\u0660": 0x660, "\u06f0": 0x6F0, "\u0966": 0x966, "\uff10": 0xFF10}
    values = (
        ord(character) - zero for character in phone for zero in zeros.values() if 0 <= ord(character) - zero < 10
    )
    return "".join(str(value) for value in values)


def phone_digits(phone: str) -> str:
    return digits(re.sub(r"(?i);?\s*(ext(ension)?\.?|x\.?|#)\s*[=:]?\s*\d{1,7}\s*$", "", phone))


def phone_key(phone: str | None) -> str | None:
    found = phone_digits(phone or "")
    return found[-10:] if len(found) >= 10 else None


def email_key(email: str | None) -> str | None:
    return unicodedata.normalize("NFC", (email or "").strip()).lower() or None


def problems_of(given: Mapping[str, Any], checks: Mapping[str, Check], store: State) -> list[str]:
    """What is wrong with a lead or a row."""
    found = [
        f"{field}: {problem}"
        for field, check in checks.items()
        if given.get(field) is not None and (problem := check(given[field]))
    ]
    if not found:
        fields = fields_of(given, store)
        if not fields.get("contact_name") and not fields.get("contact_email"):
            found += [] if digits(fields.get("contact_phone", "")) else [ONE_CONTACT]
        if fields.get("stage_slug", "new") not in store["stages"]:
            found.append("stage_slug: is not in the pipeline")
    return found


def row_problems(row: Any, store: State) -> list[str]:
    if not isinstance(row, dict):
        return ["must be an object"]
    found = problems_of(row, ROW_CHECKS, store)
    if not found:
        if (row.get("owner_id") or "").strip() and row["owner_id"] not in store["owners"]:
            found.append("owner_id: is no user of this customer")
        lines = {row.get("lead_line"), (row.get("custom_fields") or {}).get("lead_line")}
        if lines >= set(LEAD_LINES):
            found.append("lead_line: differs from the one in custom_fields")
    return found


def fields_of(given: Mapping[str, Any], store: State) -> dict[str, Any]:
    """What is given, by member. Null and blank count as not given."""
    fields = {field: given[field] for field in LEAD_CHECKS if given.get(field) is not None}
    for field in ("contact_phone", "contact_email"):
        fields[field] = fields.get(field, "").strip()
    fields["custom_fields"] = {
        slug: value for slug, value in fields.get("custom_fields", {}).items() if slug in store["custom_fields"]
    }
    return {field: value for field, value in fields.items() if not isinstance(value, str) or value.strip()}


def row_fields(row: Mapping[str, Any], store: State) -> dict[str, Any]:
    fields = fields_of(row, store)
    if (row.get("owner_id") or "").strip():
        fields["owner_id"] = row["owner_id"]
    if row.get("lead_line"):
        fields["custom_fields"]["lead_line"] = row["lead_line"]
    return fields


def match_of(store: State, fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The id of the lead that is known already, and how it was found."""
    by_email = store["by_email"].get(email_key(fields.get("contact_email")))
    if by_email:
        return by_email, "email"
    by_phone = store["by_phone"].get(phone_key(fields.get("contact_phone")))
    return (by_phone, "phone") if by_phone else (None, None)


async def upserted(
    store: State, fields: dict[str, Any], source_type: str, *, skip: bool = False
) -> tuple[str, Lead, str | None]:
    """What was done, the lead as it is now, and how it was found."""
    known, matched_by = match_of(store, fields)
    if known is None:
        lead = new_lead(store, fields, source_type)
        keep(store, lead)
        return "created", lead, None
    if skip:
        return "skipped", store["leads"][known], matched_by
    lead = merged(store, store["leads"][known], fields)
    keep(store, lead)
    return "updated", lead, matched_by


def new_lead(store: State, fields: Mapping[str, Any], source_type: str) -> Lead:
    now = milliseconds()
    return {
        "id": str(uuid.uuid4()),
        "customer_id": store["customer_id"],
        "contact_name": None,
        "contact_phone": None,
        "contact_email": None,
        "source_platform": "direct",
        "source_type": source_type,
        "status": "active",
        "stage_slug": "new",
        "owner_id": None,
        "created_at": now,
        "updated_at": now,
        "last_interaction_at": 0,
        **fields,
    }


def merged(store: State, lead: Lead, fields: dict[str, Any]) -> Lead:
    """The lead with what is given; a phone that is another lead's stays there."""
    if store["by_phone"].get(phone_key(fields.get("contact_phone")), lead["id"]) not in {None, lead["id"]}:
        fields = {field: value for field, value in fields.items() if field != "contact_phone"}
    values = {**lead["custom_fields"], **fields["custom_fields"]}
    later = max(milliseconds(), lead["updated_at"] + 1)
    return {**lead, **fields, "custom_fields": values, "updated_at": later}


def keep(store: State, lead: Lead) -> None:
    """Store the lead, and find it by its email and phone from now on, no longer by those it had."""
    before = store["leads"].get(lead["id"], {})
    if before.get("contact_email"):
        store["by_email"][email_key(before["contact_email"])] = None
    if phone_key(before.get("contact_phone")):
        store["by_phone"][phone_key(before["contact_phone"])] = None
    if lead["contact_email"]:
        store["by_email"][email_key(lead["contact_email"])] = lead["id"]
    if phone_key(lead["contact_phone"]):
        store["by_phone"][phone_key(lead["contact_phone"])] = lead["id"]
    store["leads"][lead["id"]] = lead


def milliseconds() -> int:
    return int(time.time() * 1000)


def moment(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(lead: Lead, store: State, *, custom_fields: bool = True) -> dict[str, Any]:
    owner = lead["owner_id"] and {"id": lead["owner_id"], **store["owners"][lead["owner_id"]]}
    view = {
        "id": lead["id"],
        "customer_id": lead["customer_id"],
        "contact_name": lead["contact_name"],
        "contact_phone": lead["contact_phone"],
        "contact_email": lead["contact_email"],
        "source_platform": lead["source_platform"],
        "source_type": lead["source_type"],
        "status": lead["status"],
        "score": None,
        "qualified": None,
        "current_stage": store["stages"][lead["stage_slug"]],
        "owner": owner,
        "last_interaction_at": None,
        "interaction_count": 0,
        "created_at": moment(lead["created_at"]),
        "updated_at": moment(lead["updated_at"]),
    }
    return {**view, "custom_fields": lead["custom_fields"]} if custom_fields else view


async def create_lead(call: Call) -> Answer:
    given = an_object(call.body)
    if wrong := problems_of(given, LEAD_CHECKS, call.store):
        raise Refusal(400, "; ".join(wrong))
    outcome, lead, _ = await upserted(call.store, fields_of(given, call.store), "manual")
    if outcome == "created":
        announce(call, lead)
    return Answer(201, {"lead": shown(lead, call.store)}, {})


def an_object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object")
    return body


# Import


def checked_import(body: Any) -> tuple[list[Any], bool, bool]:
    """The rows, whether to skip known leads, and whether this is a preview."""
    given = an_object(body)
    rows = given.get("leads")
    if not isinstance(rows, list):
        raise Refusal(400, "leads: must be a list")
    if not 1 <= len(rows) <= MAX_ROWS:
        raise Refusal(400, f"leads: must have from 1 to {MAX_ROWS} items")
    if problem := one_of("update", "skip")(given.get("on_duplicate", "update")):
        raise Refusal(400, f"on_duplicate: {problem}")
    if problem := boolean(given.get("dry_run", False)):
        raise Refusal(400, f"dry_run: {problem}")
    return rows, given.get("on_duplicate") == "skip", given.get("dry_run", False)


async def import_leads(call: Call) -> Answer:
    rows, skip, dry_run = checked_import(call.body)
    store = overlay(call.store) if dry_run else call.store
    results = []
    for row in rows:
        result = await imported(row, store, skip=skip)
        if result["lead_id"] not in call.store["leads"]:
            result["lead_id"] = None
        results.append(result)
    statuses = [result["status"] for result in results]
    counts = {status: statuses.count(status) for status in ("created", "updated", "skipped", "failed")}
    unknown = [slug for result in results for slug in result.get("ignored_custom_fields", [])]
    body = {
        "dry_run": dry_run,
        "summary": {"total": len(rows), **counts},
        "results": results,
        "unknown_custom_fields": list(dict.fromkeys(unknown)),
    }
    return Answer(200, body, {})


def overlay(store: State) -> State:
    """What is written here stays here."""
    return {**store, **{name: ChainMap({}, store[name]) for name in ("leads", "by_email", "by_phone")}}


async def imported(row: Any, store: State, *, skip: bool) -> dict[str, Any]:
    status, lead_id, matched_by = "failed", None, None
    wrong = row_problems(row, store)
    if not wrong:
        status, lead, matched_by = await upserted(store, row_fields(row, store), "import", skip=skip)
        lead_id = lead["id"]
    ref = row.get("row_ref") if isinstance(row, dict) else None
    given = row.get("custom_fields") if isinstance(row, dict) else None
    ignored = [slug for slug in given if slug not in store["custom_fields"]] if isinstance(given, dict) else []
    return {
        "row_ref": ref if isinstance(ref, str) else None,
        "status": status,
        "lead_id": lead_id,
        "matched_by": matched_by,
        "errors": wrong or None,
        **({"ignored_custom_fields": ignored} if ignored else {}),
    }


# The list


def short_text(most: int) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if len(value) > most or "\0" in value:
            raise Refusal(400, f"{name}: must have at most {most} characters, and no NUL")
        return value

    return read


def word(*words: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if problem := one_of(*words)(value):
            raise Refusal(400, f"{name}: {problem}")
        return value

    return read


def number(least: int, most: int) -> Callable[[str, str], int]:
    def read(name: str, value: str) -> int:
        if not re.fullmatch("-?(0|[1-9][0-9]{0,17})", value) or not least <= int(value) <= most:
            raise Refusal(400, f"{name}: must be a whole number from {least} to {most}")
        return int(value)

    return read


def identifier(name: str, value: str) -> str:
    if not re.fullmatch(UUID, value):
        raise Refusal(400, f"{name}: must be a UUID")
    return value.lower()


def instant(name: str, value: str) -> int:
    """In nanoseconds."""
    fitting = re.fullmatch(MOMENT, value)
    try:
        day, clock, _, fraction, zone, _ = fitting.groups() if fitting else ("",) * 6
        given = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
    except ValueError:
        raise Refusal(400, f"{name}: must be a date and time with a zone, such as 2026-05-15T10:30:00Z") from None
    seconds = (given - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return seconds * 10**9 + int((fraction or "").ljust(9, "0"))


QUERY: dict[str, Callable[[str, str], Any]] = {
    "status": short_text(64),
    "stageId": identifier,
    "search": short_text(255),
    "created_since": instant,
    "updated_since": instant,
    "sort_by": word("created_at", "updated_at", "last_interaction_at"),
    "sort_dir": word("asc", "desc"),
    "lead_line": word(*LEAD_LINES),
    "include_custom_fields": word("true", "false"),
    "cursor": short_text(700),
    "limit": number(1, 100),
    "offset": number(0, MAX_OFFSET),
}
DEFAULTS = {"sort_by": "updated_at", "sort_dir": "asc", "limit": 20, "offset": 0}


def fits(lead: Lead, query: Mapping[str, Any], store: State) -> bool:
    return all(
        (
            query.get("status", lead["status"]) == lead["status"],
            query.get("stageId") in {None, store["stages"][lead["stage_slug"]]["id"]},
            found(lead, query.get("search", "")),
            lead["created_at"] * 10**6 >= query.get("created_since", -math.inf),
            lead["updated_at"] * 10**6 >= query.get("updated_since", -math.inf),
            query.get("lead_line") in {None, lead["custom_fields"].get("lead_line")},
        )
    )


def found(lead: Lead, search: str) -> bool:
    """By a part of its name, email or phone; by digits, however the phone is written."""
    texts = [lead[field] or "" for field in ("contact_name", "contact_email", "contact_phone")]
    if any(search.lower() in text.lower() for text in texts):
        return True
    wanted = digits(search)[-10:] if re.fullmatch(r"[\d\s()+./-]*", search) else ""
    return bool(wanted) and wanted in phone_digits(lead["contact_phone"] or "")


def sealed(state: State, position: list[Any]) -> str:
    content = json.dumps(position).encode()
    seal = hmac.digest(state["sealing_key"], content, "sha256")[:16]
    return "c1." + base64.urlsafe_b64encode(seal + content).decode().rstrip("=")


def opened(state: State, cursor: str, sort: list[str]) -> tuple[int, str]:
    """The place after which to go on."""
    try:
        raw = base64.b64decode(cursor.removeprefix("c1.") + "=" * (-(len(cursor) - 3) % 4), b"-_", validate=True)
        position = json.loads(raw[16:])
    except ValueError:
        position = None
    if position is None or not hmac.compare_digest(sealed(state, position).encode(), cursor.encode()):
        raise Refusal(400, "cursor: must be the next_cursor of the page before, unchanged")
    *made_under, value, lead_id = position
    if made_under != sort:
        raise Refusal(400, "cursor: was issued for another list")
    return value, lead_id


async def list_leads(call: Call) -> Answer:
    query = {**DEFAULTS, **{name: QUERY[name](name, value) for name, value in call.query.items() if name in QUERY}}
    sort_by, downwards = query["sort_by"], query["sort_dir"] == "desc"
    sort = [call.key.tenant, sort_by, query["sort_dir"]]

    def place(lead: Lead) -> tuple[int, str]:
        return lead[sort_by], lead["id"]

    leads = [lead for lead in call.store["leads"].values() if fits(lead, query, call.store)]
    leads.sort(key=place, reverse=downwards)
    start = query["offset"]
    if "cursor" in query:
        if sort_by == "last_interaction_at":
            raise Refusal(400, "cursor: there are none for last_interaction_at")
        after = opened(call.state, query["cursor"], sort)
        passed = [lead for lead in leads if (place(lead) >= after if downwards else place(lead) <= after)]
        start = len(passed)
    page = leads[start : start + query["limit"]]
    more = start + query["limit"] < len(leads) and sort_by != "last_interaction_at"
    with_custom = query.get("include_custom_fields") == "true"
    body = {
        "leads": [shown(lead, call.store, custom_fields=with_custom) for lead in page],
        "total": len(leads),
        "limit": query["limit"],
        "offset": 0 if "cursor" in query else query["offset"],
        "next_cursor": sealed(call.state, [*sort, *place(page[-1])]) if more else None,
    }
    return Answer(200, body, {})


# Idempotency


def idempotency_key(headers: Headers) -> str | None:
    given = headers.get("idempotency-key", [])
    if len(given) > 1:
        raise Refusal(400, "Idempotency-Key: is given more than once")
    if given and not re.fullmatch(r"[\x21-\x7e]{1,255}", given[0]):
        raise Refusal(400, "Idempotency-Key: must be 1 to 255 visible ASCII characters")
    return given[0] if given else None


def canonical(value: Any) -> Any:
    """With whole numbers as such, however they were written."""
    if isinstance(value, dict):
        return {name: canonical(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [canonical(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def fingerprint(body: Any) -> str:
    return hashlib.sha256(json.dumps(canonical(body), sort_keys=True).encode()).hexdigest()


async def once(call: Call, operation: Operation) -> Answer:
    """The stored answer if the key has one; else that of the operation, which is stored."""
    key = idempotency_key(call.headers)
    preview = operation.bucket == "bulk" and isinstance(call.body, dict) and call.body.get("dry_run") is True
    if key is None or preview:
        return await operation.handler(call)
    replays = call.state["replays"]
    place = (call.key.tenant, operation.name, key)
    kept = replays.get(place)
    if kept and time.time() - kept["at"] < RETENTION_SECONDS:
        if kept["fingerprint"] != fingerprint(call.body):
            raise Refusal(409, KEY_REUSED)
        return Answer(kept["status"], kept["content"], {"Idempotent-Replayed": "true"})
    answer = await operation.handler(call)
    replays[place] = {
        "fingerprint": fingerprint(call.body),
        "status": answer.status,
        "content": encoded(answer.body),
        "at": time.time(),
    }
    return answer


# Webhooks


def shown_webhook(webhook: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": webhook["id"],
        "url": webhook["url"],
        "event_types": webhook["event_types"],
        "is_active": webhook["is_active"],
        "timeout_seconds": int(webhook["timeout_seconds"]),
        "retry_attempts": int(webhook["retry_attempts"]),
        "description": webhook["description"],
        "created_at": moment(webhook["created_at"]),
        "updated_at": moment(webhook["updated_at"]),
    }


def new_secret() -> str:
    return f"mega_whsec_{secrets.token_hex(16)}"


def webhook_changes(body: Any, checks: Mapping[str, Check], required: tuple[str, ...] = ()) -> dict[str, Any]:
    given = an_object(body)
    wrong = [f"{name}: is required" for name in required if name not in given]
    wrong += [
        f"{name}: {problem}" for name, check in checks.items() if name in given and (problem := check(given[name]))
    ]
    if wrong:
        raise Refusal(400, "; ".join(wrong))
    return {name: given[name] for name in checks if name in given}


async def create_webhook(call: Call) -> Answer:
    given = webhook_changes(call.body, WEBHOOK_CHECKS, ("url", "event_types"))
    now = milliseconds()
    webhook = {
        "id": f"wh_{uuid.uuid4()}",
        "is_active": True,
        "timeout_seconds": 10,
        "retry_attempts": 5,
        "description": None,
        "created_at": now,
        "updated_at": now,
        "secret": new_secret(),
        **given,
    }
    call.store["webhooks"][webhook["id"]] = webhook
    return Answer(201, {"webhook": shown_webhook(webhook), "secret": webhook["secret"]}, {})


async def list_webhooks(call: Call) -> Answer:
    webhooks = call.store["webhooks"].values()
    return Answer(200, {"webhooks": [shown_webhook(webhook) for webhook in webhooks]}, {})


async def update_webhook(call: Call) -> Answer:
    changes = webhook_changes(call.body, PATCH_CHECKS)
    webhook = call.store["webhooks"].get(call.webhook_id)
    if webhook is None:
        raise Refusal(404, NO_WEBHOOK)
    rotated = changes.pop("rotate_secret", False)
    if rotated:
        changes["secret"] = new_secret()
    if any(webhook[name] != value for name, value in changes.items()):
        webhook |= {**changes, "updated_at": max(milliseconds(), webhook["updated_at"] + 1)}
    secret = {"secret": webhook["secret"]} if rotated else {}
    return Answer(200, {"webhook": shown_webhook(webhook), **secret}, {})


async def delete_webhook(call: Call) -> Answer:
    if call.store["webhooks"].pop(call.webhook_id, None) is None:
        raise Refusal(404, NO_WEBHOOK)
    return Answer(200, {"deleted": True}, {})


def announce(call: Call, lead: Lead) -> None:
    tasks = call.state["tasks"]
    for webhook_id, webhook in call.store["webhooks"].items():
        if webhook["is_active"] and "lead.created" in webhook["event_types"]:
            task = asyncio.get_running_loop().create_task(deliver(call.store, webhook_id, event(lead, call.store)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


def event(lead: Lead, store: State) -> bytes:
    view = shown(lead, store)
    hidden = ("customer_id", "status", "score", "qualified", "owner", "last_interaction_at", "interaction_count")
    told = {name: value for name, value in view.items() if name not in hidden}
    told["lead_line"] = lead["custom_fields"].get("lead_line")
    told["current_stage"] = {name: view["current_stage"][name] for name in ("slug", "name")}
    return encoded({"event": "lead.created", "delivered_at": moment(milliseconds()), "lead": told})


async def deliver(store: State, webhook_id: str, body: bytes) -> None:
    """Send until it is received, the attempts are used up, or the webhook is paused or deleted."""
    delivery = str(uuid.uuid4())
    attempts = 0
    while True:
        webhook = store["webhooks"].get(webhook_id)
        if webhook is None or not webhook["is_active"] or attempts > webhook["retry_attempts"]:
            return
        if await attempt(webhook, delivery, body):
            return
        await asyncio.sleep(min(FIRST_RETRY_SECONDS * 2**attempts, MAX_RETRY_SECONDS))
        attempts += 1


async def attempt(webhook: Mapping[str, Any], delivery: str, body: bytes) -> bool:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Mega-Signature": signature(webhook["secret"], timestamp, body),
        "X-Mega-Timestamp": timestamp,
        "X-Mega-Delivery": delivery,
    }
    try:
        if not await public(webhook["url"]):
            return False
        async with httpx.AsyncClient(
            verify=trusted(), trust_env=False, timeout=webhook["timeout_seconds"], follow_redirects=False
        ) as client:
            response = await client.post(webhook["url"], content=body, headers=headers)
    except (httpx.HTTPError, OSError):
        return False
    return response.is_success


def signature(secret: str, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


async def public(url: str) -> bool:
    """Whether the name leads to public addresses only. The addresses for tests are permitted."""
    if url.startswith("http:"):
        return True
    found = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname, 443)
    return all(ipaddress.ip_address(address[4][0]).is_global for address in found)


@functools.cache
def trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


# HTTP

BASE = "/api/agents/crm"

OPERATIONS: dict[str, dict[str, Operation]] = {
    "/leads": {
        "GET": Operation("listLeads", READ, "default", list_leads),
        "POST": Operation("createLead", WRITE, "default", create_lead),
    },
    "/leads/bulk": {
        "POST": Operation("bulkImportLeads", WRITE, "bulk", import_leads),
    },
    "/lead-webhooks": {
        "GET": Operation("listLeadWebhooks", HOOKS, "default", list_webhooks),
        "POST": Operation("createLeadWebhook", HOOKS, "default", create_webhook),
    },
    "/lead-webhooks/{id}": {
        "PATCH": Operation("updateLeadWebhook", HOOKS, "default", update_webhook),
        "DELETE": Operation("deleteLeadWebhook", HOOKS, "default", delete_webhook),
    },
}


def below_base(path: str) -> str:
    """The path below the API's base; a path that is elsewhere fits nothing."""
    return path.removeprefix(BASE) if path.startswith(BASE) else ""


def route(scope: Scope) -> tuple[dict[str, Operation], str]:
    """The operations of a path, and the id of the webhook that it names."""
    path = below_base(scope["path"])
    fitting = re.fullmatch("/lead-webhooks/([^/\0]+)", path)
    template = "/lead-webhooks/{id}" if fitting else path
    raw = (scope.get("raw_path") or b"").partition(b"?")[0]
    if template not in OPERATIONS or (template == path and "{" in path) or b"%2f" in raw.lower():
        raise Refusal(404, "There is nothing at this path")
    return OPERATIONS[template], fitting[1] if fitting else ""


def operation_of(scope: Scope, operations: Mapping[str, Operation]) -> Operation:
    operation = operations.get("GET" if scope["method"] == "HEAD" else scope["method"])
    if operation is None:
        raise Refusal(405, "Method not allowed", allowed(operations))
    return operation


def allowed(operations: Mapping[str, Operation]) -> dict[str, str]:
    return {"Allow": ", ".join(sorted({*operations, "OPTIONS", *(["HEAD"] if "GET" in operations else [])}))}


def query_of(scope: Scope) -> dict[str, str]:
    raw = scope.get("query_string", b"").decode("latin-1")
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refusal(400, "The query is not UTF-8") from None
    for name in QUERY:
        if sum(given == name for given, _ in pairs) > 1:
            raise Refusal(400, f"{name}: is given more than once")
    return dict(pairs)


async def answered(state: State, scope: Scope, body: bytes) -> Answer:
    rate: dict[str, str] = {}
    try:
        operations, webhook_id = route(scope)
        if scope["method"] == "OPTIONS":
            return Answer(204, None, allowed(operations))
        operation = operation_of(scope, operations)
        headers = header_values(scope)
        key = authenticated(headers)
        now = time.time()
        rate = rate_headers(windows_of(state, key, operation.bucket, now), now)
        check_permission(key, operation, headers)
        rate = await metered(state, key, operation.bucket)
        content = None
        if scope["method"] in {"POST", "PATCH"}:
            check_size(body, operation)
            check_media(headers)
            content = parsed(body)
        store = state["customers"][key.tenant]
        call = Call(state, key, store, headers, query_of(scope), webhook_id, content)
        answer = await (once(call, operation) if operation.scope == WRITE else operation.handler(call))
    except Refusal as refusal:
        return Answer(refusal.status, error_body(refusal), {**rate, **refusal.headers})
    return Answer(answer.status, answer.body, {**rate, **answer.headers})


def error_body(refusal: Refusal) -> dict[str, Any]:
    kind = ERROR_TYPES.get(refusal.status, "invalid_request_error")
    return {"error": {"type": kind, "code": refusal.status, "message": refusal.message}}


def header_values(scope: Scope) -> Headers:
    """By name in lower case; a header that is sent twice has two values."""
    values: Headers = {}
    for raw_name, raw_value in scope["headers"]:
        values.setdefault(raw_name.decode("latin-1").lower(), []).append(raw_value.decode("latin-1").strip(" \t"))
    return values


async def body_of(receive: Receive) -> bytes | None:
    """The body, or a part of it that is larger than permitted; None if the client has gone."""
    body = bytearray()
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        length += len(chunk)
        if len(body) <= MAX_BULK_BYTES:
            body += chunk
        if not message.get("more_body", False) or length > DRAIN_BYTES:
            return bytes(body)


def encoded(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()


async def respond(send: Send, method: str, answer: Answer) -> None:
    content = b"" if answer.body is None else encoded(answer.body)
    headers = {"X-Content-Type-Options": "nosniff", **answer.headers}
    if answer.body is not None:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else content})


async def lifespan(receive: Receive, send: Send, state: State) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            for task in tuple(state["tasks"]):
                task.cancel()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def new_customer(customer_id: str) -> State:
    stages = {
        slug: {"id": str(uuid.uuid5(uuid.UUID(customer_id), slug)), "slug": slug, "name": slug.title(), "color": color}
        for slug, color in STAGES.items()
    }
    return {
        "customer_id": customer_id,
        "stages": stages,
        "owners": OWNERS[customer_id],
        "custom_fields": (*CUSTOM_FIELDS, "lead_line"),
        "leads": {},
        "by_email": {},
        "by_phone": {},
        "webhooks": {},
    }


def new_state() -> State:
    customers = {customer_id: new_customer(customer_id) for customer_id in OWNERS}
    return {
        "customers": customers,
        "windows": {},
        "replays": {},
        "sealing_key": secrets.token_bytes(32),
        "tasks": set(),
    }


def application() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    state = new_state()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send, state)
        elif scope["type"] == "http":
            body = await body_of(receive)
            if body is not None:
                await respond(send, scope["method"], await answered(state, scope, body))

    return app


def target() -> dict[str, Any]:
    facts = {
        "stages": list(STAGES),
        "custom_fields": list(CUSTOM_FIELDS),
        "owner_id": next(iter(OWNERS[A])),
        "foreign_owner_id": next(iter(OWNERS[B])),
    }
    return {"credentials": [described(key) for key in KEYS], "facts": facts}


def described(key: Key) -> dict[str, Any]:
    limits = {"limits": dict(key.limits)} if key.limits else {"unlimited": True}
    return {"name": key.name, "token": key.secret, "tenant": key.tenant, "scopes": list(key.scopes), **limits}
