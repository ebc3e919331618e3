"""Other right implementations of ConvertIQ: they choose otherwise where the vendor is silent."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.workshop import Change, Variation

MADE = "        content = created(state, key, lead)\n"
ANSWERED = "return Answer(201, content, rate)"
OWNER = '"user_id": state["owners"][key.tenant],'
STATUS = '"status": lead.get("status") or "new",'
KEY_MISSING = 'raise Refusal(401, "Missing X-API-Key header", CHALLENGE)'
KEY_INVALID = 'raise Refusal(401, "Invalid API key", CHALLENGE)'
ERROR = '{"success": False, "error": refusal.error}'
ENCODED = "json.dumps(answer.body, ensure_ascii=False).encode()"
CONTENT_TYPE = '"Content-Type": "application/json", '
NOT_ALLOWED = 'raise Refusal(405, "Method not allowed", {"Allow": ", ".join(METHODS)})'
OPTIONS_ANSWER = 'return Answer(204, None, {"Allow": ", ".join(METHODS)})'
PHONE = 'form(15, PHONE, "7 to 15 digits with no plus sign, the first of them not 0")'
READY = "    for field in REQUIRED:\n"
WIDE_BUDGET: Change = ('"budget": amount(0, MAX_AMOUNT)', '"budget": amount(-MAX_AMOUNT, MAX_AMOUNT)')

RETURNED = """        leads = state.setdefault("leads", {})
        known = leads.get((key.tenant, lead["email"].lower()))
        if known is not None:
            return Answer(200, known, rate)
        leads[key.tenant, lead["email"].lower()] = content
"""
UNCOUNTED = """    except Refusal as refusal:
        if rate:
            state["windows"][key.secret]["used"] -= 1
"""
NO_EMPTY_MEMBERS = """    values = list(given.values())
    if len(body) > 1 or set(given) - set(FIELDS) or None in values or "" in values:
        raise Refusal(400, "lead: unknown or empty member")
"""
KEY_FIRST = """        if scope["path"] != PATH or scope["method"] not in METHODS:
            authenticated(header_values(scope))
        check_route(scope)
"""

OK_AND_ALL = Variation(
    "ok-and-all",
    "200 instead of 201; the answer has every member that was sent, and more beside the lead",
    (
        (ANSWERED, "return Answer(200, content, rate)"),
        (MADE, MADE + '        content["lead"] = {**lead, **content["lead"]}\n'),
        ('        "success": True,\n', '        "success": True,\n        "message": "Lead created",\n'),
    ),
)

FORBIDDEN = Variation(
    "forbidden",
    "an unknown key is 403, a missing one 401 without a challenge; errors are an object with code and message; an "
    "unsupported media type and a body that is too large are 400",
    (
        (f"        {KEY_MISSING}\n", '        raise Refusal(401, "Unauthorized")\n'),
        (KEY_INVALID, 'raise Refusal(403, "Forbidden")'),
        (ERROR, '{"error": {"code": refusal.status, "message": refusal.error}}'),
        ('Refusal(415, "Content-Type must be application/json")', 'Refusal(400, "Send application/json")'),
        ("raise Refusal(413,", "raise Refusal(400,"),
        (NOT_ALLOWED, 'raise Refusal(405, "Method not allowed", {"Allow": "POST"})'),
    ),
)

UNPROCESSABLE = Variation(
    "unprocessable",
    "fields that are missing or invalid are 422; errors are {message, errors}; the key is looked at before path and "
    "method, and after the body was read as JSON",
    (
        ('raise Refusal(400, f"lead.{field}: is required")', 'raise Refusal(422, f"{field} is required")'),
        ('raise Refusal(400, f"{field}: must be a text")', 'raise Refusal(422, f"{field} is no string")'),
        ('raise Refusal(400, f"{field}: must have at most', 'raise Refusal(422, f"{field} may have'),
        ('raise Refusal(400, f"{field}: must not be blank")', 'raise Refusal(422, f"{field} is blank")'),
        ('raise Refusal(400, f"{field}: must be {wanted}")', 'raise Refusal(422, f"{field} must be {wanted}")'),
        ('raise Refusal(400, f"{field}: must be one of', 'raise Refusal(422, f"{field} is none of'),
        ('raise Refusal(400, f"{field}: must be a number")', 'raise Refusal(422, f"{field} is no number")'),
        ('raise Refusal(400, f"{field}: must be from', 'raise Refusal(422, f"{field} is not from'),
        (ERROR, '{"message": refusal.error, "errors": [refusal.error]}'),
        ("        check_route(scope)\n", KEY_FIRST),
        (
            "        headers = header_values(scope)\n",
            "        headers = header_values(scope)\n        parsed(body[: MAX_BYTES + 1])\n",
        ),
    ),
)

LENIENT = Variation(
    "lenient",
    "a phone may have a plus sign, a leading zero and punctuation, and may be empty; any text is an email or industry; "
    "a status is known in any case, and an unknown one is new; negative amounts",
    (
        (PHONE, 'form(30, r"[+0-9(). -]*", "a phone")'),
        ('form(254, EMAIL, "an email address")', "text(1000)"),
        ('"industry": not_blank(200)', '"industry": text(1000)'),
        ('"status": one_of("new", "contacted", "qualified", "lost")', '"status": text(50)'),
        (STATUS, '"status": next((word for word in WORDS if word == lead.get("status", "").lower()), "new"),'),
        ("# What is done\n", 'WORDS = ("new", "contacted", "qualified", "lost")\n\n# What is done\n'),
        WIDE_BUDGET,
        ('"monthly_revenue": amount(0,', '"monthly_revenue": amount(-MAX_AMOUNT,'),
    ),
)

DEDUPLICATING = Variation(
    "deduplicating",
    "a lead with the email of another one of the account is not created: 200 with the first lead; user_id is that of "
    "the key; Location says where the lead would be",
    (
        (MADE, MADE + RETURNED),
        (OWNER, '"user_id": str(uuid.uuid5(uuid.NAMESPACE_URL, key.secret)),'),
        (ANSWERED, "return Answer(201, content, {**rate, \"Location\": f\"/leads/{content['lead']['id']}\"})"),
    ),
)

OTHER_LIMITS = Variation(
    "other-limits",
    "X-RateLimit headers with the time of the reset; only requests that created a lead are counted; no Retry-After",
    (
        ('"RateLimit-Limit":', '"X-RateLimit-Limit":'),
        ('"RateLimit-Remaining":', '"X-RateLimit-Remaining":'),
        ('"RateLimit-Reset": str(reset)', '"X-RateLimit-Reset": str(int(time.time()) + reset)'),
        ('wait = {"Retry-After": str(reset)}', "wait: dict[str, str] = {}"),
        ("    except Refusal as refusal:\n", UNCOUNTED),
    ),
)

SILENT_LIMITS = Variation(
    "silent-limits",
    "no header tells of limits, nor when to retry; limits look at the body first; 429 in other words; no nosniff",
    (
        ("    return rate_headers(limit, limit - used - 1, reset)\n", "    return {}\n"),
        ("{**rate_headers(limit, 0, reset), **wait}", "{}"),
        ('        wait = {"Retry-After": str(reset)}\n', ""),
        ('    reset = max(1, math.ceil(window["ends"] - now))\n', ""),
        ("TOO_MANY_REQUESTS.format(limit=limit)", '"Slow down"'),
        (
            "        rate = await metered(state, key)\n",
            "        validated(parsed(body))\n        rate = await metered(state, key)\n",
        ),
        ('headers = {"X-Content-Type-Options": "nosniff", **answer', "headers = {**answer"),
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
        ('"name": not_blank(200)', '"name": not_blank(10**6)'),
        ('"description": text(5000)', '"description": text(10**6)'),
        ("MAX_AMOUNT = 10**15", "MAX_AMOUNT = 10**30"),
        ('if scope["path"] != PATH', 'if scope["path"].rstrip("/").lower() != PATH'),
    ),
)

STRICT_READER = Variation(
    "strict-reader",
    "unknown members, null and empty texts are refused; shorter texts, smaller bodies and fewer levels; an unknown "
    "method is 404; no OPTIONS; a phone has eight digits at least",
    (
        (READY, NO_EMPTY_MEMBERS + READY),
        ('"name": not_blank(200)', '"name": not_blank(150)'),
        ('"description": text(5000)', '"description": text(2000)'),
        ("{6,14}", "{7,14}"),
        ("MAX_BYTES = 1_048_576\n", "MAX_BYTES = 65_536\n"),
        ("DRAIN_BYTES = 64 * MAX_BYTES", "DRAIN_BYTES = 1024 * MAX_BYTES"),
        ("MAX_DEPTH = 32", "MAX_DEPTH = 16"),
        ('METHODS = ("OPTIONS", "POST")', 'METHODS = ("POST",)'),
        (NOT_ALLOWED, 'raise Refusal(404, "Not found")'),
    ),
)

OTHER_WIRE = Variation(
    "other-wire",
    "indented JSON in ASCII with a charset; errors are {error} only; OPTIONS answers 200 to browsers; ids of version "
    "1; names are trimmed and email addresses in lower case; the challenge is a Basic one",
    (
        (ENCODED, "json.dumps(answer.body, indent=2, sort_keys=True).encode()"),
        (CONTENT_TYPE, '"Content-Type": "application/json; charset=utf-8", "Vary": "Origin", '),
        (ERROR, '{"error": refusal.error}'),
        (OPTIONS_ANSWER, 'return Answer(200, {}, {"Allow": ", ".join(METHODS), "Access-Control-Allow-Origin": "*"})'),
        ('"id": str(uuid.uuid4()),', '"id": str(uuid.uuid1()),'),
        ('"name": lead["name"],', '"name": lead["name"].strip(),'),
        ('"email": lead["email"],', '"email": lead["email"].lower(),'),
        ("""'ApiKey realm="ConvertIQ"'""", """'Basic realm="ConvertIQ"'"""),
    ),
)

LIKELY_VALUES = """    for field, value in given.items():
        if isinstance(value, str) and not all(letter.isalnum() or letter in " .,@+-'" or ord(letter) > 767 for letter in value):
            raise Refusal(422, f"{field}: has characters that are not allowed")
        if field in ("score", "monthly_revenue", "budget") and not isinstance(value, int | float):
            continue
        if field == "score" and value != int(value):
            raise Refusal(422, "score: is no whole number")
        if field in ("monthly_revenue", "budget") and (value != int(value) or not 1000 <= value <= 10**8):
            raise Refusal(422, f"{field}: is no likely amount")
        if field == "industry" and value not in ("Technology", "Real Estate"):
            raise Refusal(422, "industry: is none of ours")
        if field == "source" and value not in ("Website", "Website Form", "API"):
            raise Refusal(422, "source: is none of ours")
        if field == "phone" and not re.fullmatch(r"1(206[2-9]|5551)[0-9]{6}", str(value)):
            raise Refusal(422, "phone: is no number in use")
"""
TAKEN = """        taken = state.setdefault("taken", set())
        if (key.tenant, lead["email"]) in taken:
            raise Refusal(422, "email: has already been taken")
        taken.add((key.tenant, lead["email"]))
"""

TAKEN_AS_TEXT = """    lead = {}
    for field, check in FIELDS.items():
        value = given.get(field)
        if field == 'score' and isinstance(value, int | float):
            value = min(10, max(1, value))
        elif isinstance(value, bool | int | float) and field in REQUIRED:
            value = str(value)
        try:
            if value is not None:
                lead[field] = check(field, value)
        except Refusal:
            if field in REQUIRED:
                raise
    return lead
"""

PARTICULAR = Variation(
    "particular",
    "refuses signs and emoji in texts, sources and industries that it does not know, scores and amounts that are not "
    "whole, phones of no country, and a second lead with one email address",
    (
        (READY, LIKELY_VALUES + READY),
        (MADE, TAKEN + MADE),
    ),
)

OBLIGING = Variation(
    "obliging",
    "a lead may stand without the object around it; a score beyond the bounds is brought within them, other wrong "
    "values of optional fields are dropped; numbers are taken for texts; ids are numbers",
    (
        (
            '    given = body.get("lead") if isinstance(body, dict) else None\n',
            '    given = body.get("lead", body) if isinstance(body, dict) else None\n',
        ),
        (
            '    return {\n        field: check(f"lead.{field}", given[field]) for field, check in FIELDS.items() if given.get(field) is not None\n    }\n',
            TAKEN_AS_TEXT,
        ),
        ('"id": str(uuid.uuid4()),', '"id": uuid.uuid4().int >> 80,'),
        (OWNER, '"user_id": 42,'),
    ),
)

CAPITALS = Variation(
    "capitals",
    "names are written with capitals, sources and industries in small letters; a lead that says no status has none; moments in seconds with +05:30; 202; ids with a prefix",
    (
        ('"name": lead["name"],', '"name": " ".join(lead["name"].split()).title(),'),
        ('"source": lead["source"],', '"source": lead["source"].strip().lower(),'),
        ('"industry": lead["industry"],', '"industry": lead["industry"].strip().lower(),'),
        (STATUS, '"status": lead.get("status"),'),
        (
            '"created_at": timestamp(time.time()),',
            '"created_at": time.strftime("%Y-%m-%dT%H:%M:%S+05:30", time.gmtime(time.time() + 19800)),',
        ),
        (ANSWERED, "return Answer(202, content, rate)"),
        ('"id": str(uuid.uuid4()),', '"id": f"lead_{uuid.uuid4().hex}",'),
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
    PARTICULAR,
    OBLIGING,
    OK_AND_ALL,
    FORBIDDEN,
    UNPROCESSABLE,
    LENIENT,
    DEDUPLICATING,
    OTHER_LIMITS,
    SILENT_LIMITS,
    TOLERANT_READER,
    STRICT_READER,
    OTHER_WIRE,
    CAPITALS,
    PACED,
)
