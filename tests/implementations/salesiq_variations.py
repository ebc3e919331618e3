"""Other right implementations of SalesIQ: they choose otherwise where the vendor is silent."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.workshop import Change, Variation

ERROR = '{"success": False, "error": refusal.error}'
ENCODED = "json.dumps(answer.body, ensure_ascii=False).encode()"
CONTENT_TYPE = '"Content-Type": "application/json", '
NO_CHALLENGE: Change = ("""{"WWW-Authenticate": 'ApiKey realm="SalesIQ"'}""", "{}")
NOT_ALLOWED = 'raise Refusal(405, "Method not allowed", {"Allow": ", ".join(METHODS)})'
OPTIONS_ANSWER = 'return Answer(204, None, {"Allow": ", ".join(METHODS)})'
PHONE = '"phone": form(10, MOBILE, "ten digits, the first of them 6 to 9"),'
WHATSAPP = '"whatsapp": form(10, MOBILE, "ten digits, the first of them 6 to 9", empty=True),'
PROPERTY = '"propertyType": one_of("Flat", "Villa", "Plot", "Commercial"),'
CHECKED = '    lead["source"] = lead.get("source") or "Website"\n'
EXISTING = "    existing = known(workspace, lead)\n"
AT_CAP = '    if len(workspace["leads"]) >= key.limits.get("max_leads", math.inf):\n'
REFUSED_AT_CAP = "        raise Refusal(429, TOO_MANY_LEADS)\n"
KNOWN = "    return next((existing for existing in found if existing is not None), None)\n"
UNCOUNTED = '            state["windows"][key.tenant]["used"] -= 1\n'
MATCHES = "(each for each in found if each is not None)"
EQUAL_NUMBERS = """    lead["name"] = lead["name"].strip()
    if lead.get("whatsapp") == lead["phone"]:
        raise Refusal(400, "whatsapp: only if another one")
"""
EMPTY_MEMBERS = """    if set(body) - set(FIELDS) or None in body.values() or "" in body.values():
        raise Refusal(400, "unknown or empty member")
"""
KEY_FIRST = """        if scope["path"] != PATH or scope["method"] not in METHODS:
            authenticated(header_values(scope))
        check_route(scope)
"""
LOCAL_NUMBERS = '''def local(value: Any) -> Any:
    """An Indian number without country code, trunk zero and punctuation."""
    digits = re.sub(r"[ ().+-]", "", value) if isinstance(value, str) else value
    return re.sub(r"^(?:0|91)(?=[6-9][0-9]{9}$)", "", digits) if isinstance(digits, str) else digits


FIELDS: dict[str, Check] = {
'''

STARTER_KEY = (
    'Key("limited", "sqk_live_starter_5GhY3nVc94", "workspace-c", limits={"per_minute": 30, "max_leads": 500}),'
)
SECOND_KEY = (
    'Key("limited-too", "sqk_live_second_8DjZ6pRt17", "workspace-c", limits={"per_minute": 30, "max_leads": 500}),'
)

LENIENT = Variation(
    "lenient",
    "accepts numbers with country code, trunk zero, spaces and punctuation; any text as email and as property type; "
    "negative budgets, and a minimum above the maximum",
    (
        ("FIELDS: dict[str, Check] = {\n", LOCAL_NUMBERS),
        (PHONE, f"{PHONE[:9]}lambda field, value: {PHONE[9:-1]}(field, local(value)),"),
        (WHATSAPP, f"{WHATSAPP[:12]}lambda field, value: {WHATSAPP[12:-1]}(field, local(value)),"),
        ('"email": form(254, EMAIL, "an email address", empty=True),', '"email": text(1000),'),
        (PROPERTY, '"propertyType": text(200),'),
        ("if not 0 <= value <= most:", "if not -most <= value <= most:"),
        ('if lead.get("budgetMin", 0) > lead.get("budgetMax", MAX_AMOUNT):', 'if lead["name"] is None:'),
    ),
)

BARE_ERRORS = Variation(
    "bare-errors",
    "errors are an object with code and message; no challenge with a 401; an unsupported media type and a body that is "
    "too large are 400; an empty key is an invalid one; Allow names the two documented methods only",
    (
        (ERROR, '{"error": {"code": refusal.status, "message": refusal.error}}'),
        NO_CHALLENGE,
        ("    if not given:\n", '    if "x-api-key" not in headers:\n'),
        (
            'Refusal(415, "Content-Type must be application/json")',
            'Refusal(400, "Content-Type must be application/json")',
        ),
        ("raise Refusal(413,", "raise Refusal(400,"),
        (NOT_ALLOWED, 'raise Refusal(405, "Method not allowed", {"Allow": "GET, POST"})'),
    ),
)

OTHER_LIMITS = Variation(
    "other-limits",
    "X-RateLimit headers with the time of the reset; the workspace is counted, not its keys; invalid bodies are not "
    "counted; no Retry-After",
    (
        ('"RateLimit-Limit":', '"X-RateLimit-Limit":'),
        ('"RateLimit-Remaining":', '"X-RateLimit-Remaining":'),
        ('"RateLimit-Reset": str(reset)', '"X-RateLimit-Reset": str(int(time.time()) + reset)'),
        ('window = state["windows"].get(key.secret)', 'window = state["windows"].get(key.tenant)'),
        ('state["windows"][key.secret] =', 'state["windows"][key.tenant] ='),
        ('wait = {"Retry-After": str(reset)}', "wait: dict[str, str] = {}"),
        (
            "    except Refusal as refusal:\n",
            "    except Refusal as refusal:\n        if refusal.status == 400 and rate:\n" + UNCOUNTED,
        ),
    ),
)

SILENT_LIMITS = Variation(
    "silent-limits",
    "no header tells of limits, nor when to retry; a full workspace refuses duplicates too; limits look at the body "
    "first; one message for both limits",
    (
        ("    return rate_headers(limit, limit - used - 1, reset)\n", "    return {}\n"),
        ("{**rate_headers(limit, 0, reset), **wait}", "{}"),
        ('        wait = {"Retry-After": str(reset)}\n', ""),
        ('    reset = max(1, math.ceil(window["ends"] - now))\n', ""),
        ('"Too many requests per minute. Please retry later."', '"Lead limit reached (upgrade plan)"'),
        (
            EXISTING,
            '    if len(workspace["leads"]) >= key.limits.get("max_leads", math.inf):\n' + REFUSED_AT_CAP + EXISTING,
        ),
        (
            "        rate = await metered(state, key)\n",
            "        validated(parsed(body))\n        rate = await metered(state, key)\n",
        ),
    ),
)

TALKATIVE = Variation(
    "talkative",
    "answers have more members, also that to a duplicate; ids like those of the document; codes of six digits that do "
    "not start at 1; other bands and another scoring; one user in the workspace",
    (
        (
            '        "message": "Lead captured successfully",\n',
            '        "message": "Lead captured successfully",\n        "source": lead["source"],\n',
        ),
        ("return 200, duplicate(existing)", "return 200, {**created(existing), **duplicate(existing)}"),
        ('"leadId": str(uuid.uuid4()),', '"leadId": f"clx{uuid.uuid4().hex[:21]}",'),
        ('f"LD{number:04d}"', 'f"LD{number + 1000:06d}"'),
        ("USERS = 3\n", "USERS = 1\n"),
        ("    if score >= 70:\n", "    if score >= 80:\n"),
        ("if score >= 40 else", "if score >= 20 else"),
        ("score = 25 + sum", "score = 5 + sum"),
        (ERROR, '{"success": False, "error": refusal.error, "status": refusal.status, "docs": "https://example.com"}'),
        ('"usage": {\n', '"region": "in",\n    "usage": {\n        "rateLimits": True,\n'),
        (
            'headers = {"X-Content-Type-Options": "nosniff", **answer',
            'headers = {"X-Request-Id": str(uuid.uuid4()), **answer',
        ),
    ),
)

OTHER_MATCHES = Variation(
    "other-matches",
    "where phone and WhatsApp match different leads the older lead is the existing one; the name is trimmed; an equal "
    "WhatsApp number is refused; the score is the same for everybody; a full workspace says when to look again",
    (
        (
            KNOWN,
            f'    return min({MATCHES}, key=lambda each: each["leadCode"], default=None)\n',
        ),
        (CHECKED, CHECKED + EQUAL_NUMBERS),
        ("    score = scored(lead)\n", "    score = 65\n"),
        (REFUSED_AT_CAP, '        raise Refusal(429, TOO_MANY_LEADS, {"Retry-After": "3600"})\n'),
    ),
)

TOLERANT_READER = Variation(
    "tolerant-reader",
    "of a name that occurs twice the last counts; NaN, byte order marks, NUL, UTF-16 and any media type are read; no "
    "limit of size, length or depth but the parser's; a trailing slash and any case of the path are the same resource",
    (
        ("            object_pairs_hook=unique,\n", ""),
        ("            parse_constant=refuse_constant,\n", ""),
        ('body.decode("utf-8")', "body.removeprefix(bytes((0xEF, 0xBB, 0xBF)))"),
        ('if "\\0" in written:', "if not isinstance(written, str):"),
        ("if depth > MAX_DEPTH:", "if depth > 10_000:"),
        ('if media != "application/json":', "if not isinstance(media, str):"),
        ('!= "utf-8":', '== "none":'),
        ("DRAIN_BYTES = 64 * MAX_BYTES", "DRAIN_BYTES = 8 * MAX_BYTES"),
        ("MAX_BYTES = 1_048_576\n", "MAX_BYTES = 8_388_608\n"),
        ('"name": not_blank(200)', '"name": not_blank(10_000)'),
        ('"sourceDetails": text(1000)', '"sourceDetails": text(10**6)'),
        ('"notes": text(5000)', '"notes": text(10**6)'),
        (
            'amount(MAX_AMOUNT),\n    "budgetMax": amount(MAX_AMOUNT)',
            'amount(10**30),\n    "budgetMax": amount(10**30)',
        ),
        ('lead.get("budgetMax", MAX_AMOUNT)', 'lead.get("budgetMax", 10**30)'),
        ('if scope["path"] != PATH', 'if scope["path"].rstrip("/").lower() != PATH'),
    ),
)

STRICT_READER = Variation(
    "strict-reader",
    "unknown members, null and empty texts are refused; shorter texts, smaller bodies and fewer levels; the key is "
    "looked at before path and method; an unknown method is 404; neither HEAD nor OPTIONS",
    (
        (CHECKED, CHECKED + EMPTY_MEMBERS),
        ('"name": not_blank(200)', '"name": not_blank(150)'),
        ('"notes": text(5000)', '"notes": text(2000)'),
        ("MAX_BYTES = 1_048_576\n", "MAX_BYTES = 65_536\n"),
        ("DRAIN_BYTES = 64 * MAX_BYTES", "DRAIN_BYTES = 1024 * MAX_BYTES"),
        ("MAX_DEPTH = 32", "MAX_DEPTH = 16"),
        ('METHODS = ("GET", "HEAD", "OPTIONS", "POST")', 'METHODS = ("GET", "POST")'),
        (NOT_ALLOWED, 'raise Refusal(404, "Not found")'),
        (
            "        check_route(scope)\n",
            KEY_FIRST,
        ),
    ),
)

OTHER_WIRE = Variation(
    "other-wire",
    "indented JSON in ASCII with a charset; errors are {error} only; OPTIONS answers 200 to browsers; the optional "
    "fields are listed in another order; ids are numbers as text; the challenge is a Basic one",
    (
        (ENCODED, "json.dumps(answer.body, indent=2, sort_keys=True).encode()"),
        (CONTENT_TYPE, '"Content-Type": "application/json; charset=utf-8", "Vary": "Origin", '),
        (ERROR, '{"error": refusal.error}'),
        (
            OPTIONS_ANSWER,
            'return Answer(200, {}, {"Allow": ", ".join(METHODS), "Access-Control-Allow-Origin": "*"})',
        ),
        ('            "sourceDetails",\n            "city",\n', '            "city",\n            "sourceDetails",\n'),
        ('"leadId": str(uuid.uuid4()),', '"leadId": str(uuid.uuid4().int),'),
        ("""'ApiKey realm="SalesIQ"'""", """'Basic realm="SalesIQ"'"""),
    ),
)

LIKELY_LETTERS = """    for field, value in lead.items():
        if isinstance(value, str) and not all(letter.isalnum() or letter in " .,@'-" or ord(letter) > 767 for letter in value):
            raise Refusal(400, f"{field}: has characters that are not allowed")
        if isinstance(value, str) and any(ord(letter) > 0xFFFF for letter in value):
            raise Refusal(400, f"{field}: has an emoji")
        if field in ("phone", "whatsapp") and (len(set(value)) < 3 or not value.startswith("9")):
            raise Refusal(400, f"{field}: is no number in use")
        if field.startswith("budget") and isinstance(value, int | float) and (value != int(value) or not 1000 <= value <= 10**9):
            raise Refusal(400, f"{field}: is no likely budget")
"""

TAKEN_AS_TEXT = """    lead = {}
    for field, check in FIELDS.items():
        value = body.get(field)
        if isinstance(value, bool | int | float) and not field.startswith('budget'):
            value = str(value)
        try:
            if value is not None:
                lead[field] = check(field, value)
        except Refusal:
            if field in REQUIRED:
                raise
"""

PARTICULAR = Variation(
    "particular",
    "refuses emoji and signs in texts, phones that nobody has, and budgets that are no whole rupees or unlikely; ids "
    "are numbers; nobody is there to be assigned",
    (
        (CHECKED, CHECKED + LIKELY_LETTERS),
        ('"leadId": str(uuid.uuid4()),', '"leadId": uuid.uuid4().int >> 80,'),
        ('"assignedTo": lead["assignedTo"],', '"assignedTo": None,'),
    ),
)

COERCING = Variation(
    "coercing",
    "numbers and other values that stand for a text are taken as that text, and wrong optional values are dropped",
    (
        (
            "    lead = {field: check(field, body[field]) for field, check in FIELDS.items() if body.get(field) is not None}\n",
            TAKEN_AS_TEXT,
        ),
    ),
)

SMALL_PLAN = Variation(
    "small-plan",
    "the limited keys have a plan that holds one lead: fewer than they have requests a minute",
    (
        (STARTER_KEY, STARTER_KEY.replace("500", "1")),
        (SECOND_KEY, SECOND_KEY.replace("500", "1")),
    ),
)

FULL_PLAN = Variation(
    "full-plan",
    "the workspace of the limited keys holds no lead more, as after many runs",
    ((AT_CAP, f'{AT_CAP[:-2]} or key.tenant == "workspace-c":\n'),),
)

NEW_LEADS_COUNT = Variation(
    "new-leads-count",
    "only new leads count towards the requests a minute",
    (
        (
            "        status, content = await captured(state, key, lead)\n",
            "        status, content = await captured(state, key, lead)\n"
            "        if status == 200 and rate:\n" + UNCOUNTED.replace("key.tenant", "key.secret"),
        ),
    ),
)

MAIN_WORKSPACE = Variation(
    "main-workspace",
    "the limited keys belong to the workspace of the main one, which holds more than their plan permits",
    (
        (STARTER_KEY, STARTER_KEY.replace("workspace-c", "workspace-a").replace("500", "1")),
        (SECOND_KEY, SECOND_KEY.replace("workspace-c", "workspace-a").replace("500", "1")),
    ),
)

COMPLETED = """    existing = known(workspace, lead)
    if existing is not None:
        existing |= {field: value for field, value in lead.items() if existing.get(field) in (None, "")}
        for number in numbers(existing):
            workspace["by_number"].setdefault(number, existing)
"""

CAPITALS = Variation(
    "capitals",
    "names are written with capitals; the WhatsApp number of a new lead is not looked for; a duplicate brings what its lead lacked",
    (
        (CHECKED, CHECKED + '    lead["name"] = " ".join(lead["name"].split()).title()\n'),
        (
            '    found = (workspace["by_number"].get(number) for number in numbers(lead))\n',
            '    found = (workspace["by_number"].get(number) for number in numbers(lead)[:1])\n',
        ),
        (EXISTING, COMPLETED),
    ),
)

PACED = Variation(
    "paced",
    "requests are let in at the limit's own pace, and a few at once",
    (
        (
            """    window = state["windows"].get(key.secret)
    if window is None or now >= window["ends"]:
        window = state["windows"][key.secret] = {"ends": now + WINDOW_SECONDS, "used": 0}
""",
            """    window = state["windows"].setdefault(key.secret, {"at": now, "used": 0.0})
    window["used"] = max(0.0, window["used"] - (now - window["at"]) * limit / WINDOW_SECONDS)
    window |= {"at": now, "ends": now + 1}
    limit = limit // 6
""",
        ),
        ("    if used >= limit:", "    if used > limit - 1:"),
        (
            "return rate_headers(limit, limit - used - 1, reset)",
            "return rate_headers(limit, int(limit - used - 1), reset)",
        ),
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    MAIN_WORKSPACE,
    NEW_LEADS_COUNT,
    SMALL_PLAN,
    FULL_PLAN,
    PARTICULAR,
    COERCING,
    LENIENT,
    BARE_ERRORS,
    OTHER_LIMITS,
    SILENT_LIMITS,
    TALKATIVE,
    OTHER_MATCHES,
    TOLERANT_READER,
    STRICT_READER,
    OTHER_WIRE,
    CAPITALS,
    PACED,
)
