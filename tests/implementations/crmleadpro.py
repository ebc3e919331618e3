"""CRMLead Pro: leads, deals, contacts, campaigns and webhooks of a workspace, kept in plain dicts.

Written from the vendor's document and the decisions on its gaps. Every handler runs without an `await` between what
it reads and what it writes, so that requests take effect one after the other.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import math
import re
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx

from tests.implementations.workshop import Key

KEYS: tuple[Key, ...] = (
    Key("full", "crmlp_live_Aq3Wz8Xc5Rv7Tb2Ny6Um9Ik4Lo1Pd0Sf", "workspace-a"),
    Key("other", "crmlp_live_Bh6Jg2Kf9Dd4Ss7Qa1We8Rt3Yu5Zi0Xo", "workspace-b"),
    Key("limited", "crmlp_live_Cp1Mn4Bv7Cx0Zl3Kj6Hg9Fd2Sa5Qw8Er", "workspace-c", limits={"per_minute": 1000}),
    Key("limited-too", "crmlp_live_Dt8Yr5Eu2Wi9Qo6Pa3Sl0Dk7Fj4Gh1Zm", "workspace-c", limits={"per_minute": 1000}),
    Key("colleague", "crmlp_live_Ew2Xc7Vb4Nm9Qa1Sd6Fg3Hj8Kl5Zp0Ty", "workspace-a"),
)

BASE = "/api/v1"
MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
WINDOW = 60
RETRY_WAITS = (0, *(0.2 * 2**attempt for attempt in range(9)))

STAGES = (
    ("new", "New", "open"),
    ("contacted", "Contacted", "open"),
    ("demo_scheduled", "Demo scheduled", "open"),
    ("proposal_sent", "Proposal sent", "open"),
    ("closed_won", "Closed won", "won"),
    ("closed_lost", "Closed lost", "lost"),
)
STAGE_SLUGS = tuple(slug for slug, _, _ in STAGES)
OPEN_STAGES = tuple(slug for slug, _, outcome in STAGES if outcome == "open")
STATUSES = ("new", "contacted", "qualified", "unqualified", "converted", "lost")
EVENTS = ("lead.created", "lead.status_changed", "deal.won", "deal.lost", "campaign.sent", "contact.updated")
PERSONAL = ("name", "email", "phone", "company", "tags")
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

ANY_TEXT = r"[^\x00]*"
VISIBLE = r"[^\x00]*[^\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff][^\x00]*"
EMAIL = r"[A-Za-z0-9_'%+-]+(?:\.[A-Za-z0-9_'%+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
PHONE = r"(?:\+[1-9]|\(?[0-9])(?:[ ().-]{0,2}[0-9]){6,14}"
SLUG = r"[a-z0-9]+(?:[_-][a-z0-9]+)*"
LEAD_ID = r"lead_[0-9A-Za-z]{1,64}"
CURRENCY = r"[A-Z]{3}"
TEMPLATE = r"[a-z0-9_]{1,512}"
SECRET = r"whsec_(?:(?:[A-Za-z0-9+/]{4}){8,20}[A-Za-z0-9+/]{3}=|(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==)?)"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
PATH = r"(?:[/?][A-Za-z0-9._~/?&=%+-]*)?"
PUBLIC_HOST = (
    r"(?![^/:?]{254})(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?!(?:localhost|localdomain|local|internal|intranet|lan|arpa)(?:[/:?]|$))[a-z]{2,24}"
)
PUBLIC_URL = rf"https://{PUBLIC_HOST}(?::([1-9][0-9]{{0,4}}))?{PATH}"
LOCAL_URL = rf"http://(?:127\.0\.0\.1|localhost):([1-9][0-9]{{3,4}}){PATH}"

Record = dict[str, Any]
Send = Callable[[Record], Awaitable[None]]
Receive = Callable[[], Awaitable[Record]]


# --- Answers ---------------------------------------------------------------------------------------------------------


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes = b""


class Refusal(Exception):
    def __init__(
        self, status: int, detail: str, errors: list[Record] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, dict(headers or {})


TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
}


def encoded(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def answer(status: int, document: Any, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **headers}, encoded(document))


def refused(refusal: Refusal) -> Response:
    title = TITLES.get(refusal.status, "Internal Server Error")
    problem: Record = {"type": "about:blank", "title": title, "status": refusal.status, "detail": refusal.detail}
    if refusal.errors:
        problem["errors"] = refusal.errors
    return Response(refusal.status, {"content-type": "application/problem+json", **refusal.headers}, encoded(problem))


# --- Values ----------------------------------------------------------------------------------------------------------

Mistake = tuple[str, str]  # a JSON pointer, and what is wrong there
Check = Callable[[Any], Iterator[Mistake]]


def text(longest: int | None = None, form: str = ANY_TEXT, says: str = "hold no NUL character") -> Check:
    def check(value: Any) -> Iterator[Mistake]:
        if not isinstance(value, str):
            yield "", "must be a string"
        elif longest is not None and len(value) > longest:
            yield "", f"may have at most {longest} characters"
        elif not re.fullmatch(form, value):
            yield "", f"must {says}"

    return check


def word(words: Collection[str]) -> Check:
    def check(value: Any) -> Iterator[Mistake]:
        if value not in words:
            yield "", f"must be one of {', '.join(words)}"

    return check


def number(lowest: int, highest: int, *, whole: bool = False) -> Check:
    def check(value: Any) -> Iterator[Mistake]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield "", "must be a number"
        elif whole and value != int(value):
            yield "", "must be an integer"
        elif not lowest <= value <= highest:
            yield "", f"must be from {lowest} to {highest}"

    return check


def array(item: Check, fewest: int, most: int, *, unique: bool = False) -> Check:
    def check(value: Any) -> Iterator[Mistake]:
        if not isinstance(value, list):
            yield "", "must be an array"
            return
        if not fewest <= len(value) <= most:
            yield "", f"must have {fewest} to {most} items"
        mistakes = [(f"/{index}{where}", what) for index, one in enumerate(value) for where, what in item(one)]
        yield from mistakes
        if unique and not mistakes and len(set(value)) < len(value):
            yield "", "must name each item once"

    return check


def nullable(check: Check) -> Check:
    return lambda value: iter(()) if value is None else check(value)


def members(document: Any, checks: Mapping[str, Check], required: Collection[str] = ()) -> Iterator[Mistake]:
    if not isinstance(document, dict):
        yield "", "must be an object"
        return
    for member in required:
        if member not in document:
            yield f"/{member}", "is required"
    for member, check in checks.items():
        if member in document:
            yield from ((f"/{member}{where}", what) for where, what in check(document[member]))


def audience(value: Any) -> Iterator[Mistake]:
    yield from members(value, AUDIENCE)
    if isinstance(value, dict):
        if not value:
            yield "", "needs at least one member"
        for member in value.keys() - AUDIENCE.keys():
            yield "/" + member.replace("~", "~0").replace("/", "~1"), "is unknown"


def webhook_url(value: Any) -> Iterator[Mistake]:
    yield from text(2048)(value)
    if isinstance(value, str):
        public, local = re.fullmatch(PUBLIC_URL, value), re.fullmatch(LOCAL_URL, value)
        port = int((public and public[1]) or (local and local[1]) or 443)
        if not (public or (local and port >= 1024)) or port > 65535:
            yield "", "must be an https URL with a public host name"


LEAD: Mapping[str, Check] = {
    "name": text(200, VISIBLE, "not be blank"),
    "email": nullable(text(254, EMAIL, "be an email address")),
    "phone": nullable(text(None, PHONE, "be a phone number")),
    "company": nullable(text(200)),
    "status": word(STATUSES),
    "pipeline": word(("sales",)),
    "pipeline_stage": word(STAGE_SLUGS),
    "score": nullable(number(0, 100, whole=True)),
    "source": nullable(text(100)),
    "assigned_to": nullable(text(100)),
    "tags": array(text(50), 0, 50),
}
DEAL: Mapping[str, Check] = {
    "title": text(200, VISIBLE, "not be blank"),
    "value": number(0, 1_000_000_000_000),
    "currency": text(None, CURRENCY, "be a currency code of three capital letters"),
    "pipeline": word(("sales",)),
    "stage": word(OPEN_STAGES),
    "lead_id": nullable(text(None, LEAD_ID, "be the id of a lead")),
}
AUDIENCE: Mapping[str, Check] = {
    "tags": array(text(50), 1, 50),
    "statuses": array(word(STATUSES), 1, 6),
    "lead_ids": array(text(None, LEAD_ID, "be the id of a lead"), 1, 1000),
}
EMAIL_CAMPAIGN: Mapping[str, Check] = {
    "name": text(200, VISIBLE, "not be blank"),
    "subject": text(200, VISIBLE, "not be blank"),
    "body": text(100_000),
    "audience": audience,
}
WHATSAPP_CAMPAIGN: Mapping[str, Check] = {
    "name": text(200, VISIBLE, "not be blank"),
    "template": text(None, TEMPLATE, "be 1 to 512 small letters, digits or underscores"),
    "audience": audience,
}
WEBHOOK: Mapping[str, Check] = {
    "url": webhook_url,
    "events": array(word(EVENTS), 1, 6, unique=True),
    "secret": text(None, SECRET, "be whsec_ and 24 to 64 bytes in base64"),
}


def integer(lowest: int, highest: int) -> Check:
    def check(value: str) -> Iterator[Mistake]:
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            yield "", "must be an integer"
        elif not lowest <= int(value) <= highest:
            yield "", f"must be from {lowest} to {highest}"

    return check


def moment(value: str) -> Iterator[Mistake]:
    try:
        valid = re.fullmatch(MOMENT, value) is not None and math.isfinite(instant(value))
    except ValueError:
        valid = False
    if not valid:
        yield "", "must be a date and time with a zone"


PAGE: Mapping[str, Check] = {
    "page": integer(1, 1_000_000),
    "per_page": integer(1, 100),
    "search": text(200),
    "tag": text(50),
}
CONTACT_SORTS = ("created_at", "-created_at", "updated_at", "-updated_at", "name", "-name")
LEADS_QUERY: Mapping[str, Check] = {
    **PAGE,
    "sort": word((*CONTACT_SORTS, "score", "-score")),
    "status": word(STATUSES),
    "pipeline_stage": text(64, SLUG, "be a slug"),
    "source": text(100),
    "assigned_to": text(100),
    "archived": word(("true", "false")),
}
CONTACTS_QUERY: Mapping[str, Check] = {**PAGE, "sort": word(CONTACT_SORTS), "company": text(200)}
FUNNEL_QUERY: Mapping[str, Check] = {"pipeline": word(("sales",)), "created_from": moment, "created_to": moment}


def now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def new_id(kind: str) -> str:
    return f"{kind}_" + "".join(secrets.choice(SYMBOLS) for _ in range(16))


def digits(value: str) -> str:
    return re.sub(r"[^0-9]", "", value)


# --- State -----------------------------------------------------------------------------------------------------------


class Workspace:
    def __init__(self) -> None:
        self.leads: dict[str, Record] = {}
        self.archived: set[str] = set()
        self.deals: dict[str, Record] = {}
        self.webhooks: list[Record] = []

    def current(self) -> list[Record]:
        return [lead for lead in self.leads.values() if lead["id"] not in self.archived]

    def lead(self, identifier: str) -> Record:
        if identifier not in self.leads or identifier in self.archived:
            raise Refusal(404, f"There is no lead {identifier}")
        return self.leads[identifier]


def contact_of(lead: Record) -> Record:
    personal = {member: lead[member] for member in PERSONAL}
    times = {member: lead[member] for member in ("created_at", "updated_at")}
    return {"id": lead["id"].replace("lead_", "contact_"), **personal, "lead_id": lead["id"], **times}


# --- Requests --------------------------------------------------------------------------------------------------------


class Request(NamedTuple):
    method: str
    path: str
    query: str
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header, or None where there is none or more than one."""
        values = self.headers.get(name, [])
        return values[0].strip() if len(values) == 1 else None


class Call(NamedTuple):
    workspace: Workspace
    request: Request
    document: Any
    emit: Callable[[Workspace, str, Record], None]
    id: str = ""

    def accept(self, checks: Mapping[str, Check], required: Collection[str] = (), **also: bool) -> Record:
        """The body as it is, or 422 with every mistake. Each `also` that is false is one more mistake."""
        mistakes = list(members(self.document, checks, required))
        mistakes += [("", f"needs {what.replace('_', ' ')}") for what, given in also.items() if not given]
        if mistakes:
            errors = [{"pointer": where, "detail": what} for where, what in mistakes]
            raise Refusal(422, "; ".join(f"{where[1:] or 'the body'}: {what}" for where, what in mistakes), errors)
        document: Record = self.document
        return document

    def parameters(self, checks: Mapping[str, Check], **defaults: str) -> dict[str, str]:
        try:
            given = dict(reversed(parse_qsl(self.request.query, keep_blank_values=True, errors="strict")))
        except ValueError:
            raise Refusal(400, "The query is not UTF-8", [{"parameter": "", "detail": "must be UTF-8"}]) from None
        asked = {**defaults, **{name: value for name, value in given.items() if name in checks}}
        mistakes = [(name, what) for name, value in asked.items() for _, what in checks[name](value)]
        if mistakes:
            errors = [{"parameter": name, "detail": what} for name, what in mistakes]
            raise Refusal(400, "; ".join(f"{name}: {what}" for name, what in mistakes), errors)
        return asked


def one_line(scope: Record) -> str:
    path: str = scope["path"]
    if b"%2f" in scope.get("raw_path", b"").lower():
        raise Refusal(404, "There is nothing here")
    return path.removeprefix(BASE)


def authenticate(request: Request) -> Key:
    match = re.fullmatch(r"(?i:bearer) ([^ ]+)", request.header("authorization") or "")
    for key in KEYS:
        if match and hmac.compare_digest(match[1].encode(), key.secret.encode()):
            return key
    missing = "authorization" not in request.headers
    detail = "The Authorization header is missing" if missing else "The Authorization header holds no valid key"
    raise Refusal(401, detail, headers={"www-authenticate": "Bearer"})


def check_media_type(request: Request) -> None:
    accepted = ("application/json", "application/merge-patch+json")[: 2 if request.method == "PATCH" else 1]
    media_type, *parameters = (request.header("content-type") or "").lower().split(";")
    charsets = [parameter.strip() for parameter in parameters if parameter.strip().startswith("charset")]
    if media_type.strip() not in accepted or any(charset.replace('"', "") != "charset=utf-8" for charset in charsets):
        raise Refusal(415, f"Content-Type must be {' or '.join(accepted)}")
    if "content-encoding" in request.headers and request.header("content-encoding") != "identity":
        raise Refusal(415, "Content-Encoding is not supported")


def once(pairs: list[tuple[str, Any]]) -> Record:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("it has a key twice")
    return document


def finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise ValueError(f"it has the number {literal}")
    return value


def walk(document: Any) -> Iterator[tuple[int, Any]]:
    """Every scalar and every member name, and how many objects and arrays it is in."""
    stack = [(0, document)]
    while stack:
        level, value = stack.pop()
        if isinstance(value, dict | list):
            yield level + 1, None
            inner = [one for pair in value.items() for one in pair] if isinstance(value, dict) else value
            stack += [(level + 1, one) for one in inner]
        else:
            yield level, value


def check_strings_and_depth(document: Any) -> None:
    for level, value in walk(document):
        if level > MAX_DEPTH:
            raise ValueError(f"it is deeper than {MAX_DEPTH} levels")
        if isinstance(value, str):
            value.encode()  # a lone surrogate has no encoding
            if "\x00" in value:
                raise ValueError("it has a NUL character")


def parse(body: bytes) -> Any:
    try:
        document = json.loads(body.decode(), object_pairs_hook=once, parse_constant=finite, parse_float=finite)
        check_strings_and_depth(document)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"The request body is not valid JSON: {type(error).__name__}") from None
    return document


# --- Leads -----------------------------------------------------------------------------------------------------------


async def create_lead(call: Call) -> Response:
    given = call.document if isinstance(call.document, dict) else {"email": ""}
    reachable = given.get("email") is not None or given.get("phone") is not None
    document = call.accept(LEAD, required=("name",), an_email_or_a_phone=reachable)
    moment = now()
    lead: Record = {
        "id": new_id("lead"),
        "name": document["name"],
        "email": document.get("email"),
        "phone": document.get("phone"),
        "company": document.get("company"),
        "status": document.get("status", "new"),
        "pipeline_stage": document.get("pipeline_stage", "new"),
        "score": as_score(document.get("score")),
        "source": document.get("source"),
        "assigned_to": document.get("assigned_to"),
        "tags": document.get("tags", []),
        "created_at": moment,
        "updated_at": moment,
    }
    call.workspace.leads[lead["id"]] = lead
    call.emit(call.workspace, "lead.created", lead)
    return answer(201, lead, location=f"{BASE}/leads/{lead['id']}")


def as_score(value: float | None) -> int | None:
    return None if value is None else int(value)


async def get_lead(call: Call) -> Response:
    return answer(200, call.workspace.lead(call.id))


async def update_lead(call: Call) -> Response:
    document = call.accept(LEAD)
    lead = call.workspace.lead(call.id)
    wanted = {member: value for member, value in document.items() if member in LEAD and member != "pipeline"}
    if "score" in wanted:
        wanted["score"] = as_score(wanted["score"])
    changed = {member for member, value in wanted.items() if lead[member] != value}
    if changed:
        lead.update(wanted)
        lead["updated_at"] = now()
    if changed & {"status", "pipeline_stage"}:
        call.emit(call.workspace, "lead.status_changed", lead)
    if changed & set(PERSONAL):
        call.emit(call.workspace, "contact.updated", contact_of(lead))
    return answer(200, lead)


async def archive_lead(call: Call) -> Response:
    if call.id not in call.workspace.leads:
        raise Refusal(404, f"There is no lead {call.id}")
    call.workspace.archived.add(call.id)
    return Response(204, {})


async def list_leads(call: Call) -> Response:
    asked = call.parameters(LEADS_QUERY, page="1", per_page="25", sort="-created_at", archived="false")
    archived = [call.workspace.leads[identifier] for identifier in call.workspace.archived]
    leads = archived if asked["archived"] == "true" else call.workspace.current()
    return one_page(leads, asked, ("status", "pipeline_stage", "source", "assigned_to"))


async def list_contacts(call: Call) -> Response:
    asked = call.parameters(CONTACTS_QUERY, page="1", per_page="25", sort="-created_at")
    return one_page([contact_of(lead) for lead in call.workspace.current()], asked, ("company",))


def one_page(records: list[Record], asked: Mapping[str, str], filters: Iterable[str]) -> Response:
    for member in filters:
        if member in asked:
            records = [record for record in records if record[member] == asked[member]]
    if "tag" in asked:
        records = [record for record in records if asked["tag"] in record["tags"]]
    if "search" in asked:
        records = [record for record in records if found(record, asked["search"])]
    records = in_order(records, asked["sort"])
    page, per_page, total = int(asked["page"]), int(asked["per_page"]), len(records)
    start = (page - 1) * per_page
    pagination = {"page": page, "per_page": per_page, "total": total, "total_pages": math.ceil(total / per_page)}
    return answer(200, {"data": records[start : start + per_page], "pagination": pagination})


def found(record: Record, sought: str) -> bool:
    texts = [record[member] or "" for member in ("name", "email", "phone", "company")]
    if any(sought.casefold() in text.casefold() for text in texts):
        return True
    like_a_phone = re.fullmatch(r"[0-9 ().+-]*[0-9][0-9 ().+-]*", sought)
    return bool(like_a_phone) and digits(sought) in digits(record["phone"] or "")


def in_order(records: list[Record], sort: str) -> list[Record]:
    member, descending = sort.removeprefix("-"), sort.startswith("-")
    known = [record for record in records if record[member] is not None]
    unknown = [record for record in records if record[member] is None]
    known.sort(key=lambda record: (record[member], record["id"]), reverse=descending)
    unknown.sort(key=lambda record: str(record["id"]), reverse=descending)
    return known + unknown


# --- Pipelines and deals ---------------------------------------------------------------------------------------------


async def list_pipelines(_call: Call) -> Response:
    stages = [
        {"slug": slug, "name": name, "position": position, "outcome": outcome}
        for position, (slug, name, outcome) in enumerate(STAGES, start=1)
    ]
    return answer(200, {"data": [{"slug": "sales", "name": "Sales", "stages": stages}]})


async def create_deal(call: Call) -> Response:
    document = call.accept(DEAL, required=("title", "value", "pipeline"))
    if document.get("lead_id") is not None:
        call.workspace.lead(document["lead_id"])
    moment = now()
    deal = {
        "id": new_id("deal"),
        "title": document["title"],
        "value": document["value"],
        "currency": document.get("currency", "INR"),
        "pipeline": document["pipeline"],
        "stage": document.get("stage", "new"),
        "status": "open",
        "lead_id": document.get("lead_id"),
        "created_at": moment,
        "updated_at": moment,
    }
    call.workspace.deals[deal["id"]] = deal
    return answer(201, deal)


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


async def get_pipeline_analytics(call: Call) -> Response:
    asked = call.parameters(FUNNEL_QUERY, pipeline="sales")
    start = instant(asked["created_from"]) if "created_from" in asked else -math.inf
    end = instant(asked["created_to"]) if "created_to" in asked else math.inf
    leads = [lead for lead in call.workspace.current() if start <= instant(lead["created_at"]) < end]
    deals = [deal for deal in call.workspace.deals.values() if start <= instant(deal["created_at"]) < end]
    at = {slug: sum(lead["pipeline_stage"] == slug for lead in leads) for slug in STAGE_SLUGS}
    stages = [
        {"slug": slug, "name": name, "leads": at[slug], "conversion_rate": share(reached(at, slug), len(leads))}
        for slug, name, _ in STAGES
    ]
    funnel = {
        "pipeline": asked["pipeline"],
        "volume": {"leads": len(leads), "deals": len(deals), "value": worth(deals)},
        "stages": stages,
        "conversion_rate": share(at["closed_won"], len(leads)),
        "velocity_days": None,
    }
    return answer(200, funnel)


def reached(at: Mapping[str, int], stage: str) -> int:
    if stage == "closed_lost":
        return at[stage]
    later = STAGE_SLUGS[STAGE_SLUGS.index(stage) :]
    return sum(at[slug] for slug in later if slug != "closed_lost")


def worth(deals: list[Record]) -> dict[str, float]:
    sums: dict[str, Decimal] = {}
    for deal in deals:
        sums[deal["currency"]] = sums.get(deal["currency"], Decimal(0)) + Decimal(str(deal["value"]))
    return {currency: int(value) if value == int(value) else float(value) for currency, value in sums.items()}


# --- Campaigns and webhooks ------------------------------------------------------------------------------------------


async def create_email_campaign(call: Call) -> Response:
    document = call.accept(EMAIL_CAMPAIGN, required=("name", "subject", "body", "audience"))
    return launched(call, document, "email", "email")


async def create_whatsapp_campaign(call: Call) -> Response:
    document = call.accept(WHATSAPP_CAMPAIGN, required=("name", "template", "audience"))
    return launched(call, document, "whatsapp", "phone")


def launched(call: Call, document: Record, channel: str, address: str) -> Response:
    leads = [lead for lead in call.workspace.current() if addressed(lead, document["audience"])]
    recipients = sum(lead[address] is not None for lead in leads)
    campaign = {
        "id": new_id("campaign"),
        "channel": channel,
        "name": document["name"],
        "status": "queued",
        "recipients": recipients,
        "created_at": now(),
    }
    call.emit(call.workspace, "campaign.sent", {**campaign, "status": "sent"})
    return answer(202, campaign)


def addressed(lead: Record, wanted: Record) -> bool:
    by_tag = "tags" not in wanted or any(tag in lead["tags"] for tag in wanted["tags"])
    by_status = "statuses" not in wanted or lead["status"] in wanted["statuses"]
    by_id = "lead_ids" not in wanted or lead["id"] in wanted["lead_ids"]
    return by_tag and by_status and by_id


async def create_webhook(call: Call) -> Response:
    document = call.accept(WEBHOOK, required=("url", "events"))
    made_up = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    webhook = {
        "id": new_id("webhook"),
        "url": document["url"],
        "events": document["events"],
        "is_active": True,
        "secret": document.get("secret", made_up),
        "created_at": now(),
    }
    call.workspace.webhooks.append(webhook)
    return answer(201, webhook)


def signature(secret: str, identifier: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{identifier}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


class Sender:
    """Posts events to receivers on this machine. Registered hosts elsewhere are never called."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        # Receivers on this machine speak plain HTTP, so no certificates are loaded.
        self.client = httpx.AsyncClient(
            timeout=20,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def emit(self, workspace: Workspace, event: str, data: Record) -> None:
        body = encoded({"type": event, "timestamp": now(), "data": data})
        for webhook in workspace.webhooks:
            if event in webhook["events"] and webhook["url"].startswith("http:"):
                task = asyncio.create_task(self.deliver(webhook, body))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def deliver(self, webhook: Record, body: bytes) -> None:
        identifier = new_id("msg")
        for wait in RETRY_WAITS:
            await asyncio.sleep(wait)
            if not webhook["is_active"]:
                return
            status = await self.attempt(webhook, identifier, body)
            if status == 410:
                webhook["is_active"] = False
            if 200 <= status < 300:
                return

    async def attempt(self, webhook: Record, identifier: str, body: bytes) -> int:
        timestamp = str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(webhook["secret"], identifier, timestamp, body),
        }
        try:
            return (await self.client.post(webhook["url"], content=body, headers=headers)).status_code
        except httpx.HTTPError:
            return 0

    async def close(self) -> None:
        for task in tuple(self.tasks):
            task.cancel()
        await self.client.aclose()


# --- The application -------------------------------------------------------------------------------------------------

Handler = Callable[[Call], Awaitable[Response]]
ROUTES: tuple[tuple[str, dict[str, Handler]], ...] = (
    (r"/leads", {"GET": list_leads, "POST": create_lead}),
    (r"/leads/([^/]+)", {"GET": get_lead, "PATCH": update_lead, "DELETE": archive_lead}),
    (r"/pipelines", {"GET": list_pipelines}),
    (r"/deals", {"POST": create_deal}),
    (r"/contacts", {"GET": list_contacts}),
    (r"/campaigns/email", {"POST": create_email_campaign}),
    (r"/campaigns/whatsapp", {"POST": create_whatsapp_campaign}),
    (r"/analytics/pipeline", {"GET": get_pipeline_analytics}),
    (r"/webhooks", {"POST": create_webhook}),
)


def route(path: str) -> tuple[dict[str, Handler], str]:
    for pattern, handlers in ROUTES:
        if match := re.fullmatch(pattern, path):
            return handlers, match[1] if match.groups() else ""
    raise Refusal(404, "There is nothing here")


def allowed(handlers: Collection[str]) -> str:
    return ", ".join([*handlers, *(["HEAD"] if "GET" in handlers else []), "OPTIONS"])


class Server:
    def __init__(self) -> None:
        self.workspaces = {key.tenant: Workspace() for key in KEYS}
        self.windows: dict[str, tuple[float, int]] = {}
        self.sender = Sender()

    async def meter(self, key: Key) -> dict[str, str]:
        """The rate limit headers; 429 where the window has nothing left."""
        limit = key.limits.get("per_minute")
        if limit is None:
            return {}
        start, count = self.windows.get(key.name, (time.time(), 0))
        if time.time() >= start + WINDOW:
            start, count = time.time(), 0
        self.windows[key.name] = (start, min(count + 1, limit))
        reset = max(1, math.ceil(start + WINDOW - time.time()))
        remaining = max(0, limit - count - 1)
        headers = {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(reset),
        }
        if count >= limit:
            detail = f"Rate limit exceeded: {limit} requests in {WINDOW} seconds"
            raise Refusal(429, detail, headers={**headers, "retry-after": str(reset)})
        return headers

    async def respond(self, request: Request, scope: Record) -> Response:
        handlers, identifier = route(one_line(scope))
        if request.method == "OPTIONS":
            return Response(204, {"allow": allowed(handlers)})
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            raise Refusal(405, f"{request.method} is not allowed here", headers={"allow": allowed(handlers)})
        key = authenticate(request)
        headers = await self.meter(key)
        try:
            document = self.document(request) if request.method in {"POST", "PATCH"} else None
            call = Call(self.workspaces[key.tenant], request, document, self.sender.emit, identifier)
            response = await handler(call)
        except Refusal as refusal:
            response = refused(refusal)
        return response._replace(headers={**response.headers, **headers})

    def document(self, request: Request) -> Any:
        if len(request.body) > MAX_BYTES:
            raise Refusal(413, f"The request body may have at most {MAX_BYTES} bytes")
        check_media_type(request)
        return parse(request.body)

    async def __call__(self, scope: Record, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        if scope["type"] != "http":
            return
        body = await whole_body(receive)
        if body is None:
            return
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        request = Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body)
        try:
            response = await self.respond(request, scope)
        except Refusal as refusal:
            response = refused(refusal)
        except Exception:  # noqa: BLE001  # whatever escapes is answered over HTTP too
            response = refused(Refusal(500, "Something went wrong"))
        await transmit(request, response, send)

    async def live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self.sender.close()
        await send({"type": "lifespan.shutdown.complete"})


async def whole_body(receive: Receive) -> bytes | None:
    """At most one byte more than may be sent; None where the client left before its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if len(body) <= MAX_BYTES:
            body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def transmit(request: Request, response: Response, send: Send) -> None:
    headers = {**response.headers, "x-content-type-options": "nosniff"}
    if response.status != 204:
        headers["content-length"] = str(len(response.body))
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else response.body})


def application() -> Server:
    """A fresh application with empty workspaces."""
    return Server()


def target() -> Record:
    """What a target file says of this implementation, but for its address."""
    credentials = [
        {"name": key.name, "token": key.secret, "tenant": key.tenant, "scopes": list(key.scopes)}
        | ({"limits": dict(key.limits)} if key.limits else {"unlimited": True})
        for key in KEYS
    ]
    return {"credentials": credentials, "facts": {"pipelines": {"sales": list(STAGE_SLUGS)}}}
