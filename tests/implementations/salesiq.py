"""SalesIQ: capture of leads, written from the vendor's document and our decisions.

The state is plain dicts in memory. Nothing awaits between a look at the state and the write that follows from it.
"""

from __future__ import annotations

import json
import math
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from tests.implementations.workshop import Key

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
State = dict[str, Any]
Check = Callable[[str, Any], Any]

KEYS: tuple[Key, ...] = (
    Key("full", "sqk_live_full_9XbT4mQe71", "workspace-a"),
    Key("other", "sqk_live_other_2KfW8sLr06", "workspace-b"),
    Key("limited", "sqk_live_starter_5GhY3nVc94", "workspace-c", limits={"per_minute": 30, "max_leads": 500}),
    Key("limited-too", "sqk_live_second_8DjZ6pRt17", "workspace-c", limits={"per_minute": 30, "max_leads": 500}),
    Key("capped", "sqk_live_capped_1MwQ7bXk35", "workspace-d", limits={"max_leads": 5}),
    Key("capped-too", "sqk_live_capped_6TzK2fWd80", "workspace-d", limits={"max_leads": 5}),
)

PATH = "/api/leads/capture"
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
MAX_BYTES = 1_048_576
DRAIN_BYTES = 64 * MAX_BYTES  # A longer body is not read to its end.
MAX_DEPTH = 32
WINDOW_SECONDS = 60
MAX_AMOUNT = 10**15
USERS = 3

MISSING = "Missing required fields (name or phone)"
TOO_MANY_REQUESTS = "Too many requests per minute. Please retry later."
TOO_MANY_LEADS = "Lead limit reached (upgrade plan)"

INFO = {
    "service": "SalesIQ Auto Lead Capture",
    "status": "active",
    "version": "1.0",
    "usage": {
        "method": "POST",
        "headers": {"x-api-key": "<your-api-key>"},
        "requiredFields": ["name", "phone"],
        "optionalFields": [
            "email",
            "source",
            "sourceDetails",
            "city",
            "propertyType",
            "budgetMin",
            "budgetMax",
            "notes",
            "preferredLocation",
            "whatsapp",
        ],
    },
}


class Refusal(Exception):
    """A request that is not carried out, and the answer to it."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = dict(headers or {})


class Answer(NamedTuple):
    status: int
    body: Any
    headers: Mapping[str, str]


# Who asks, and how often


def authenticated(headers: Mapping[str, str]) -> Key:
    given = headers.get("x-api-key", "")
    if not given:
        raise Refusal(401, "Missing x-api-key header", {"WWW-Authenticate": 'ApiKey realm="SalesIQ"'})
    for key in KEYS:
        if given == key.secret:
            return key
    raise Refusal(403, "Invalid API key")


async def metered(state: State, key: Key) -> dict[str, str]:
    """Count the request; the headers that say how many are left."""
    limit = key.limits.get("per_minute")
    if limit is None:
        return {}
    now = time.time()
    window = state["windows"].get(key.secret)
    if window is None or now >= window["ends"]:
        window = state["windows"][key.secret] = {"ends": now + WINDOW_SECONDS, "used": 0}
    reset = max(1, math.ceil(window["ends"] - now))
    used = window["used"]
    if used >= limit:
        wait = {"Retry-After": str(reset)}
        raise Refusal(429, TOO_MANY_REQUESTS, {**rate_headers(limit, 0, reset), **wait})
    window["used"] = used + 1
    return rate_headers(limit, limit - used - 1, reset)


def rate_headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(reset),
    }


# What is sent


def check_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise Refusal(413, f"The request body may have at most {MAX_BYTES} bytes")


def check_media(headers: Mapping[str, str]) -> None:
    media, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    if media != "application/json":
        raise Refusal(415, "Content-Type must be application/json")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') != "utf-8":
            raise Refusal(415, "Content-Type must be application/json in UTF-8")
    if headers.get("content-encoding", "identity").lower() != "identity":
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


def check_values(value: Any) -> None:
    """No text with a NUL or half a surrogate pair, and no more than the permitted levels."""
    level = [value]
    depth = 0
    while level:
        for written in (item for item in level if isinstance(item, str)):
            if "\0" in written:
                raise Refusal(400, "A text has a NUL character")
            if any("\ud800" <= character <= "\udfff" for character in written):
                raise Refusal(400, "A text has a lone surrogate")
        containers = [item for item in level if isinstance(item, dict | list)]
        depth += bool(containers)
        if depth > MAX_DEPTH:
            raise Refusal(400, f"The request body has more than {MAX_DEPTH} levels")
        level = [inner for item in containers for inner in parts(item)]


def parts(container: dict[str, Any] | list[Any]) -> list[Any]:
    return [*container, *container.values()] if isinstance(container, dict) else container


def text(most: int) -> Check:
    def check(field: str, value: Any) -> Any:
        if not isinstance(value, str):
            raise Refusal(400, f"{field}: must be a text")
        if len(value) > most:
            raise Refusal(400, f"{field}: must have at most {most} characters")
        return value

    return check


def not_blank(most: int) -> Check:
    def check(field: str, value: Any) -> Any:
        text(most)(field, value)
        if all(character.isspace() or character == "\ufeff" for character in value):
            raise Refusal(400, MISSING)
        return value

    return check


def form(most: int, pattern: str, wanted: str, *, empty: bool = False) -> Check:
    def check(field: str, value: Any) -> Any:
        text(most)(field, value)
        if not (empty and value == "") and not re.fullmatch(pattern, value):
            raise Refusal(400, f"{field}: must be {wanted}")
        return value

    return check


def one_of(*words: str) -> Check:
    def check(field: str, value: Any) -> Any:
        if value not in words:
            raise Refusal(400, f"{field}: must be one of {', '.join(words)}")
        return value

    return check


def amount(most: int) -> Check:
    def check(field: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refusal(400, f"{field}: must be a number")
        if not 0 <= value <= most:
            raise Refusal(400, f"{field}: must be from 0 to {most}")
        return value

    return check


ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = rf"{ATOM}(\.{ATOM})*@({LABEL}\.)+[A-Za-z]([A-Za-z0-9-]{{0,61}}[A-Za-z0-9])"
MOBILE = r"[6-9][0-9]{9}"

FIELDS: dict[str, Check] = {
    "name": not_blank(200),
    "phone": form(10, MOBILE, "ten digits, the first of them 6 to 9"),
    "email": form(254, EMAIL, "an email address", empty=True),
    "source": text(200),
    "sourceDetails": text(1000),
    "city": text(200),
    "propertyType": one_of("Flat", "Villa", "Plot", "Commercial"),
    "budgetMin": amount(MAX_AMOUNT),
    "budgetMax": amount(MAX_AMOUNT),
    "notes": text(5000),
    "preferredLocation": text(200),
    "whatsapp": form(10, MOBILE, "ten digits, the first of them 6 to 9", empty=True),
}
REQUIRED = ("name", "phone")


def validated(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be an object")
    if any(body.get(field) in (None, "") for field in REQUIRED):
        raise Refusal(400, MISSING)
    lead = {field: check(field, body[field]) for field, check in FIELDS.items() if body.get(field) is not None}
    if lead.get("budgetMin", 0) > lead.get("budgetMax", MAX_AMOUNT):
        raise Refusal(400, "budgetMin: must not be greater than budgetMax")
    lead["source"] = lead.get("source") or "Website"
    return lead


# What is done


def numbers(lead: Mapping[str, Any]) -> list[str]:
    """Those by which a lead is known, the phone first."""
    return [lead[field][-10:] for field in ("phone", "whatsapp") if lead.get(field)]


def known(workspace: State, lead: Mapping[str, Any]) -> dict[str, Any] | None:
    found = (workspace["by_number"].get(number) for number in numbers(lead))
    return next((existing for existing in found if existing is not None), None)


async def captured(state: State, key: Key, lead: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    workspace = state["workspaces"][key.tenant]
    existing = known(workspace, lead)
    if existing is not None:
        existing["activities"].append("Lead Re-captured")
        return 200, duplicate(existing)
    if len(workspace["leads"]) >= key.limits.get("max_leads", math.inf):
        raise Refusal(429, TOO_MANY_LEADS)
    score = scored(lead)
    lead |= {
        "leadId": str(uuid.uuid4()),
        "leadCode": code(len(workspace["leads"]) + 1),
        "score": score,
        "temperature": temperature(score),
        "assignedTo": least_busy(workspace),
        "activities": ["Lead Captured"],
    }
    store(workspace, lead)
    return 201, created(lead)


def store(workspace: State, lead: dict[str, Any]) -> None:
    workspace["leads"].append(lead)
    workspace["users"][lead["assignedTo"]] += 1
    for number in numbers(lead):
        workspace["by_number"][number] = lead


def code(number: int) -> str:
    return f"LD{number:04d}"


def scored(lead: Mapping[str, Any]) -> int:
    """How much is known of the lead, and how much money there is."""
    weights = {"email": 10, "city": 10, "propertyType": 10, "notes": 5, "preferredLocation": 10, "whatsapp": 5}
    score = 25 + sum(weight for field, weight in weights.items() if lead.get(field))
    budget = lead.get("budgetMax") or lead.get("budgetMin") or 0
    return score + 15 * (budget > 0) + 10 * (budget >= 10_000_000)


def temperature(score: int) -> str:
    if score >= 70:
        return "Hot"
    return "Warm" if score >= 40 else "Cold"


def least_busy(workspace: State) -> str:
    users: dict[str, int] = workspace["users"]
    return min(users, key=lambda user: users[user])


def created(lead: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "success": True,
        "leadId": lead["leadId"],
        "leadCode": lead["leadCode"],
        "score": lead["score"],
        "temperature": lead["temperature"],
        "assignedTo": lead["assignedTo"],
        "message": "Lead captured successfully",
    }


def duplicate(lead: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "success": True,
        "duplicate": True,
        "leadId": lead["leadId"],
        "message": f'Lead already exists as "{lead["name"]}" ({lead["phone"]}). Activity logged.',
    }


# HTTP


def check_route(scope: Scope) -> None:
    raw = scope.get("raw_path") or b""
    if scope["path"] != PATH or b"%2f" in raw.lower():
        raise Refusal(404, "Not found")
    if scope["method"] not in METHODS:
        raise Refusal(405, "Method not allowed", {"Allow": ", ".join(METHODS)})


async def answered(state: State, scope: Scope, body: bytes) -> Answer:
    rate: dict[str, str] = {}
    try:
        check_route(scope)
        if scope["method"] == "OPTIONS":
            return Answer(204, None, {"Allow": ", ".join(METHODS)})
        if scope["method"] in {"GET", "HEAD"}:
            return Answer(200, INFO, {})
        headers = header_values(scope)
        key = authenticated(headers)
        rate = await metered(state, key)
        check_size(body)
        check_media(headers)
        lead = validated(parsed(body))
        status, content = await captured(state, key, lead)
    except Refusal as refusal:
        return Answer(refusal.status, {"success": False, "error": refusal.error}, {**rate, **refusal.headers})
    return Answer(status, content, rate)


def header_values(scope: Scope) -> dict[str, str]:
    """By name in lower case; a header that is sent twice has both values, with a comma between them."""
    values: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        values[name] = f"{values[name]}, {value}" if name in values else value
    return values


async def body_of(receive: Receive) -> bytes | None:
    """The body, or a part of it that is larger than permitted; None if the client has gone."""
    body = b""
    length = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        length += len(chunk)
        if len(body) <= MAX_BYTES:
            body += chunk
        if not message.get("more_body", False) or length > DRAIN_BYTES:
            return body


async def respond(send: Send, method: str, answer: Answer) -> None:
    content = b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode()
    headers = {"X-Content-Type-Options": "nosniff", **answer.headers}
    if answer.body is not None:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw_headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else content})


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def new_state() -> State:
    workspaces = {
        tenant: {"leads": [], "by_number": {}, "users": {str(uuid.uuid4()): 0 for _ in range(USERS)}}
        for tenant in sorted({key.tenant for key in KEYS})
    }
    return {"workspaces": workspaces, "windows": {}}


def application() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    state = new_state()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "http":
            body = await body_of(receive)
            if body is not None:
                await respond(send, scope["method"], await answered(state, scope, body))

    return app


def target() -> dict[str, Any]:
    return {"credentials": [described(key) for key in KEYS], "facts": {}}


def described(key: Key) -> dict[str, Any]:
    limits = {"limits": dict(key.limits)} if key.limits else {"unlimited": True}
    return {"name": key.name, "api_key": key.secret, "tenant": key.tenant, "scopes": list(key.scopes), **limits}
