"""Faults of a ConvertIQ implementation: each breaks one promise by one change of `convertiq.py`."""

from __future__ import annotations

from tests.implementations.workshop import Change, Fault

# Places that several faults change

PAUSE: Change = ("import json\n", "import asyncio\nimport json\n")
MADE = "        content = created(state, key, lead)\n"
ID = '"id": str(uuid.uuid4()),'
OWNER = '"user_id": state["owners"][key.tenant],'
NAME = '"name": lead["name"],'
EMAIL = '"email": lead["email"],'
SOURCE = '"source": lead["source"],'
INDUSTRY = '"industry": lead["industry"],'
STATUS = '"status": lead.get("status") or "new",'
CREATED_AT = '"created_at": timestamp(time.time()),'
NAME_FIELD = '"name": not_blank(200)'
EMAIL_FIELD = '"email": form(254, EMAIL, "an email address")'
PHONE_FIELD = '"phone": form(15, PHONE, "7 to 15 digits with no plus sign, the first of them not 0")'
SCORE_FIELD = '"score": amount(1, 10)'
STATUS_FIELD = '"status": one_of("new", "contacted", "qualified", "lost")'
REQUIRED = 'REQUIRED = ("name", "email", "source", "industry")'
GIVEN = '    given = body.get("lead") if isinstance(body, dict) else None\n'
GIVEN_CHECKED = "    if not isinstance(given, dict):\n"
REQUIRED_CHECKED = "        if given.get(field) is None:\n"
READY = "    for field in REQUIRED:\n"
KEY_MATCHES = "if given == key.secret:"
KEY_GIVEN = '    given = headers.get("x-api-key", "")\n'
KEY_MISSING = 'raise Refusal(401, "Missing X-API-Key header", CHALLENGE)'
KEY_INVALID = 'raise Refusal(401, "Invalid API key", CHALLENGE)'
HEADERS_READ = "        headers = header_values(scope)\n"
METERED = "        rate = await metered(state, key)\n"
MEASURED = "        check_size(body)\n"
JUDGED = "        lead = validated(parsed(body))\n"
WINDOW = '    used = window["used"]\n'
SPENT = "    if used >= limit:\n"
REMAINING = "limit - used - 1"
WAIT = 'wait = {"Retry-After": str(reset)}'
WINDOW_FOUND = 'window = state["windows"].get(key.secret)'
WINDOW_MADE = 'state["windows"][key.secret] ='
RATE_REFUSAL = "raise Refusal(429, TOO_MANY_REQUESTS"
RESET = '"RateLimit-Reset": str(reset)'
DECODED = 'body.decode("utf-8")'
UNREADABLE = "    except (ValueError, RecursionError) as error:\n"
ENCODED = "ensure_ascii=False).encode()"
MEDIA = 'if media != "application/json":'
TOO_LARGE = "    if len(body) > MAX_BYTES:\n"
TOO_DEEP = "if depth > MAX_DEPTH:"
ROUTED = "        check_route(scope)\n"
OTHER_PATH = 'if scope["path"] != PATH'
NOT_FOUND = '        raise Refusal(404, "Not found")\n'
NOT_ALLOWED = 'raise Refusal(405, "Method not allowed", {"Allow": ", ".join(METHODS)})'
METHODS = '("OPTIONS", "POST")'
OPTIONS_ANSWER = 'return Answer(204, None, {"Allow": ", ".join(METHODS)})'
ERROR = '{"success": False, "error": refusal.error}'
REFUSED = (
    '        return Answer(refusal.status, {"success": False, "error": refusal.error}, {**rate, **refusal.headers})\n'
)
CONTENT_TYPE = '"Content-Type": "application/json", '


def fault(name: str, kind: str, *changes: Change, level: str = "documented", subtle: bool = False) -> Fault:
    return Fault(name, f"convertiq/createLead/{kind}-*", changes, level, subtle)


def assumed(name: str, kind: str, *changes: Change, subtle: bool = False) -> Fault:
    return fault(name, kind, *changes, level="assumed", subtle=subtle)


def subtle(name: str, kind: str, *changes: Change, level: str = "documented") -> Fault:
    return fault(name, kind, *changes, level=level, subtle=True)


def before(place: str, *lines: str) -> Change:
    return place, "".join(f"{line}\n" for line in lines) + place


def after(place: str, *lines: str) -> Change:
    return place, place + "".join(f"{line}\n" for line in lines)


def failing(condition: str) -> Change:
    """A 500 for some leads."""
    return after(JUDGED, f"        if {condition}:", '            raise Refusal(500, "Internal server error")')


def refusing(condition: str) -> Change:
    """A 400 for some leads that are valid."""
    return after(JUDGED, f"        if {condition}:", '            raise Refusal(400, "lead: invalid")')


def unlike(place: str, member: str, value: str) -> Change:
    """Another value for a member of the answer."""
    return place, f'"{member}": {value},'


SHAPE = (
    assumed("created-200", "conformance", ("return Answer(201, content, rate)", "return Answer(200, content, rate)")),
    assumed("created-202", "conformance", ("return Answer(201, content, rate)", "return Answer(202, content, rate)")),
    fault("created-404", "conformance", ('PATH = "/api/external/leads/create"', 'PATH = "/api/external/leads"')),
    fault("created-without-envelope", "conformance", (MADE, MADE.replace("lead)\n", 'lead)["lead"]\n'))),
    fault(
        "created-without-success", "conformance", ('        "success": True,\n        "lead": {', '        "lead": {')
    ),
    fault("created-success-text", "conformance", ('        "success": True,\n', '        "success": "true",\n')),
    fault("created-envelope-renamed", "conformance", ('        "lead": {\n', '        "data": {\n')),
    fault("created-without-id", "conformance", (f"            {ID}\n", "")),
    fault("created-without-owner", "conformance", (f"            {OWNER}\n", "")),
    fault("created-without-name", "conformance", (f"            {NAME}\n", "")),
    fault("created-without-industry", "conformance", (f"            {INDUSTRY}\n", "")),
    fault("created-without-status", "conformance", (f"            {STATUS}\n", "")),
    subtle("created-without-default-status", "conformance", unlike(STATUS, "status", 'lead.get("status")')),
    fault("created-id-renamed", "conformance", (ID, ID.replace('"id"', '"lead_id"'))),
    fault("created-owner-camel-case", "conformance", (OWNER, OWNER.replace("user_id", "userId"))),
    fault("created-at-renamed", "conformance", (CREATED_AT, CREATED_AT.replace("created_at", "createdAt"))),
    fault("created-id-integer", "conformance", unlike(ID, "id", "uuid.uuid4().int % 10**9")),
    fault("created-id-no-uuid", "conformance", unlike(ID, "id", 'f"lead_{uuid.uuid4().hex}"')),
    subtle("created-id-without-hyphens", "conformance", unlike(ID, "id", "uuid.uuid4().hex")),
    fault("created-owner-no-uuid", "conformance", unlike(OWNER, "user_id", "key.tenant")),
    assumed("created-echoes-everything", "conformance", (MADE, MADE + '        content["lead"] |= lead\n')),
    assumed("created-phone-too", "conformance", after(MADE, '        content["lead"]["phone"] = lead.get("phone")')),
    assumed(
        "created-score-if-given",
        "conformance",
        after(MADE, '        if "score" in lead:', '            content["lead"]["score"] = lead["score"]'),
        subtle=True,
    ),
    fault("created-at-number", "conformance", unlike(CREATED_AT, "created_at", "int(time.time())")),
    fault("created-at-without-zone", "conformance", ("03d}Z", "03d}")),
    assumed("created-at-without-milliseconds", "conformance", (".{milliseconds % 1000:03d}Z", "Z"), subtle=True),
    subtle("created-at-unpadded", "conformance", ("milliseconds % 1000:03d", "milliseconds % 10"), level="assumed"),
    assumed("created-at-offset", "conformance", ("03d}Z", "03d}+00:00"), subtle=True),
    subtle("created-at-india", "records", ("timestamp(time.time())", "timestamp(time.time() + 19_800)")),
    subtle("created-at-a-day-late", "records", ("timestamp(time.time())", "timestamp(time.time() - 86_400)")),
    subtle("created-at-constant", "records", ("timestamp(time.time())", "timestamp(1_755_043_200)")),
    fault("content-type-text", "conformance", (CONTENT_TYPE, '"Content-Type": "text/plain; charset=utf-8", ')),
    assumed(
        "sniffing-permitted",
        "robustness",
        ('headers = {"X-Content-Type-Options": "nosniff", **answer.headers}', "headers = {**answer.headers}"),
        subtle=True,
    ),
)

RECORDS = (
    fault("id-constant", "records", unlike(ID, "id", '"7d9f4c1e-3b62-4a58-9c0d-5e8f1a2b3c4d"')),
    assumed(
        "id-of-the-email",
        "records",
        unlike(ID, "id", 'str(uuid.uuid5(uuid.NAMESPACE_DNS, lead["email"]))'),
        subtle=True,
    ),
    assumed(
        "id-of-the-lead",
        "records",
        unlike(ID, "id", 'str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{key.tenant}{lead}"))'),
        subtle=True,
    ),
    assumed("owner-of-each-lead", "records", unlike(OWNER, "user_id", "str(uuid.uuid4())"), subtle=True),
    assumed("owner-of-all-accounts", "records", unlike(OWNER, "user_id", 'min(state["owners"].values())'), subtle=True),
    fault("name-of-the-sample", "records", unlike(NAME, "name", '"Jane Doe"')),
    subtle("name-trimmed", "records", unlike(NAME, "name", 'lead["name"].strip()'), level="assumed"),
    subtle("name-cut-at-50", "records", unlike(NAME, "name", 'lead["name"][:50]')),
    subtle("name-title-case", "records", unlike(NAME, "name", 'lead["name"].title()')),
    subtle("name-ascii", "records", unlike(NAME, "name", 'lead["name"].encode("ascii", "replace").decode()')),
    subtle("name-html-escaped", "records", unlike(NAME, "name", 'lead["name"].replace("&", "&amp;")')),
    subtle("name-one-line", "records", unlike(NAME, "name", '" ".join(lead["name"].splitlines())')),
    assumed(
        "name-normalised",
        "records",
        ("import uuid\n", "import unicodedata\nimport uuid\n"),
        unlike(NAME, "name", 'unicodedata.normalize("NFKC", lead["name"])'),
        subtle=True,
    ),
    assumed("email-lower-case", "records", unlike(EMAIL, "email", 'lead["email"].lower()'), subtle=True),
    subtle("email-without-tag", "records", unlike(EMAIL, "email", r're.sub(r"\+[^@]*@", "@", lead["email"])')),
    fault("source-of-the-sample", "records", unlike(SOURCE, "source", '"API"')),
    subtle("source-lower-case", "records", unlike(SOURCE, "source", 'lead["source"].lower()')),
    fault("source-and-industry-swapped", "records", unlike(SOURCE, "source", 'lead["industry"]')),
    subtle("industry-cut-at-20", "records", unlike(INDUSTRY, "industry", 'lead["industry"][:20]')),
    fault("status-always-new", "records", unlike(STATUS, "status", '"new"')),
    assumed("status-first-contacted", "records", unlike(STATUS, "status", 'lead.get("status") or "contacted"')),
    subtle(
        "status-lost-is-qualified",
        "records",
        unlike(STATUS, "status", '{"lost": "qualified"}.get(lead.get("status"), lead.get("status") or "new")'),
    ),
    assumed(
        "emails-deduplicated",
        "deduplication",
        after(
            MADE,
            '        leads = state.setdefault("leads", {})',
            '        content = leads.setdefault((key.tenant, lead["email"]), content)',
        ),
    ),
    assumed(
        "phones-deduplicated",
        "deduplication",
        after(
            MADE,
            '        leads = state.setdefault("leads", {})',
            '        content = leads.setdefault(lead.get("phone", str(uuid.uuid4())), content)',
        ),
        subtle=True,
    ),
    assumed(
        "emails-conflict",
        "deduplication",
        after(
            MADE,
            '        if lead["email"] in state.setdefault("known", set()):',
            '            raise Refusal(409, "The lead exists")',
            '        state["known"].add(lead["email"])',
        ),
    ),
    assumed(
        "keys-repeat",
        "idempotency",
        after(
            MADE,
            '        once = headers.get("idempotency-key") or str(uuid.uuid4())',
            '        content = state.setdefault("answers", {}).setdefault(once, content)',
        ),
        subtle=True,
    ),
)

VALIDATION = (
    fault(
        "name-not-required",
        "conformance",
        (REQUIRED, REQUIRED.replace('"name", ', "")),
        unlike(NAME, "name", 'lead.get("name", "")'),
    ),
    fault(
        "email-not-required",
        "conformance",
        (REQUIRED, REQUIRED.replace('"email", ', "")),
        unlike(EMAIL, "email", 'lead.get("email", "")'),
    ),
    fault(
        "source-not-required",
        "conformance",
        (REQUIRED, REQUIRED.replace('"source", ', "")),
        unlike(SOURCE, "source", 'lead.get("source", "API")'),
    ),
    fault(
        "industry-not-required",
        "conformance",
        (REQUIRED, REQUIRED.replace(', "industry"', "")),
        unlike(INDUSTRY, "industry", 'lead.get("industry", "Other")'),
    ),
    subtle(
        "null-for-required",
        "conformance",
        (REQUIRED_CHECKED, "        if field not in given:\n"),
        unlike(INDUSTRY, "industry", 'lead.get("industry", "")'),
        unlike(NAME, "name", 'lead.get("name", "")'),
        unlike(EMAIL, "email", 'lead.get("email", "")'),
        unlike(SOURCE, "source", 'lead.get("source", "")'),
    ),
    fault("phone-required", "conformance", (REQUIRED, REQUIRED.replace(', "industry"', ', "industry", "phone"'))),
    fault("status-required", "conformance", (REQUIRED, REQUIRED.replace(', "industry"', ', "industry", "status"'))),
    assumed(
        "flat-body-too",
        "conformance",
        (GIVEN, '    given = body.get("lead", body) if isinstance(body, dict) else None\n'),
    ),
    fault("flat-body-only", "conformance", (GIVEN, "    given = body\n")),
    assumed(
        "list-of-leads-too",
        "conformance",
        before(GIVEN_CHECKED, "    given = given[0] if isinstance(given, list) and given else given"),
        subtle=True,
    ),
    assumed("no-lead-422", "conformance", ("raise Refusal(400, MISSING_LEAD)", "raise Refusal(422, MISSING_LEAD)")),
    assumed(
        "missing-field-422",
        "conformance",
        ('raise Refusal(400, f"lead.{field}: is required")', 'raise Refusal(422, f"lead.{field}: is required")'),
    ),
    assumed(
        "missing-field-200",
        "conformance",
        (REFUSED, "        if refusal.status == 400:\n            return Answer(200, " + ERROR + ", rate)\n" + REFUSED),
        subtle=True,
    ),
    assumed("blank-name", "conformance", (NAME_FIELD, '"name": text(200)')),
    assumed("blank-source", "conformance", ('"source": not_blank(200)', '"source": text(200)'), subtle=True),
    assumed("blank-industry", "conformance", ('"industry": not_blank(200)', '"industry": text(200)'), subtle=True),
    assumed(
        "white-space-name",
        "conformance",
        ('character.isspace() or character == "\\ufeff"', 'character == ""'),
        subtle=True,
    ),
    assumed("name-of-any-length", "conformance", (NAME_FIELD, '"name": not_blank(10**6)'), subtle=True),
    subtle("name-at-most-60", "conformance", (NAME_FIELD, '"name": not_blank(60)')),
    subtle("name-of-two-words", "conformance", refusing('len(lead["name"].split()) < 2')),
    subtle("name-without-apostrophe", "conformance", refusing('"\'" in lead["name"]')),
    subtle("name-ascii-only", "conformance", refusing('not lead["name"].isascii()')),
    fault("name-not-text", "conformance", (NAME_FIELD, '"name": lambda _, value: value')),
    subtle("industry-not-text", "conformance", ('"industry": not_blank(200)', '"industry": lambda _, value: value')),
    subtle(
        "industry-one-of-few",
        "conformance",
        ('"industry": not_blank(200)', '"industry": one_of("Technology", "Real Estate", "Healthcare", "Tech")'),
    ),
    subtle(
        "source-one-of-few",
        "conformance",
        ('"source": not_blank(200)', '"source": one_of("API", "Website", "Website Form", "Trade fair")'),
    ),
    assumed("email-unchecked", "conformance", (EMAIL_FIELD, '"email": text(254)')),
    assumed("email-of-any-length", "conformance", (EMAIL_FIELD, EMAIL_FIELD.replace("254", "1000")), subtle=True),
    subtle("email-with-plus-refused", "conformance", ("%&'*+/=?", "%&'*/=?")),
    subtle("email-with-apostrophe-refused", "conformance", ("%&'*+/=?", "%&*+/=?")),
    subtle("email-one-dot-only", "conformance", (r"({LABEL}\.)+[A-Za-z]", r"{LABEL}\.[A-Za-z]")),
    subtle("email-upper-case-refused", "conformance", refusing('lead["email"] != lead["email"].lower()')),
    assumed(
        "email-with-line-feed",
        "conformance",
        ("re.fullmatch(pattern, value)", 're.match(f"(?:{pattern})$", value)'),
        subtle=True,
    ),
    assumed(
        "email-without-domain-dot", "conformance", (r"@({LABEL}\.)+[A-Za-z]", r"@({LABEL}\.)*[A-Za-z]"), subtle=True
    ),
    assumed(
        "phone-with-plus",
        "conformance",
        ('PHONE = r"[1-9]', 'PHONE = r"\\+?[1-9]'),
        (PHONE_FIELD, PHONE_FIELD.replace("15, PHONE", "16, PHONE")),
    ),
    assumed("phone-from-0", "conformance", ('PHONE = r"[1-9][0-9]', 'PHONE = r"[0-9][0-9]'), subtle=True),
    assumed("phone-six-digits", "conformance", ("{6,14}", "{5,14}"), subtle=True),
    assumed(
        "phone-sixteen-digits",
        "conformance",
        ("{6,14}", "{6,15}"),
        (PHONE_FIELD, PHONE_FIELD.replace("15, PHONE", "16, PHONE")),
        subtle=True,
    ),
    subtle("phone-fifteen-digits-refused", "conformance", ("{6,14}", "{6,13}")),
    subtle("phone-eleven-digits-only", "conformance", ("{6,14}", "{10}")),
    assumed("phone-any-digits", "conformance", ("[1-9][0-9]{6,14}", r"[1-9]\d{6,14}"), subtle=True),
    assumed("phone-unchecked", "conformance", (PHONE_FIELD, '"phone": text(100)')),
    fault("phone-number", "conformance", (PHONE_FIELD, '"phone": lambda _, value: value')),
    assumed("empty-phone", "conformance", (PHONE_FIELD, PHONE_FIELD.replace("PHONE,", "f'({PHONE})?',")), subtle=True),
    assumed("null-refused", "conformance", ("if given.get(field) is not None\n", "if field in given\n")),
    fault("score-0", "conformance", (SCORE_FIELD, '"score": amount(0, 10)')),
    fault("score-11", "conformance", (SCORE_FIELD, '"score": amount(1, 11)')),
    fault("score-100", "conformance", (SCORE_FIELD, '"score": amount(1, 100)')),
    subtle("score-10.5", "conformance", ("if not least <= value <= most:", "if not least <= int(value) <= most:")),
    subtle(
        "score-1-refused",
        "conformance",
        ("if not least <= value <= most:", "if not least <= value <= most or value == least == 1:"),
    ),
    subtle("score-10-refused", "conformance", (SCORE_FIELD, '"score": amount(1, 9)')),
    subtle("score-whole-only", "conformance", refusing('lead.get("score", 1) != int(lead.get("score", 1))')),
    fault(
        "score-text",
        "conformance",
        before(
            "        if isinstance(value, bool)",
            "        value = float(value) if isinstance(value, str) and value.isdecimal() else value",
        ),
    ),
    subtle("score-true", "conformance", ("if isinstance(value, bool) or not", "if not")),
    assumed(
        "status-any",
        "conformance",
        (STATUS_FIELD, '"status": text(50)'),
        unlike(
            STATUS,
            "status",
            'lead.get("status") if lead.get("status") in ("contacted", "qualified", "lost") else "new"',
        ),
    ),
    assumed(
        "status-in-any-case",
        "conformance",
        ("if value not in words:", "if str(value).lower() not in words:"),
        unlike(STATUS, "status", 'str(lead.get("status") or "new").lower()'),
        subtle=True,
    ),
    fault(
        "status-won-too",
        "conformance",
        (STATUS_FIELD, STATUS_FIELD.replace('"lost"', '"lost", "won"')),
        level="assumed",
        subtle=True,
    ),
    subtle("status-lost-refused", "conformance", (STATUS_FIELD, STATUS_FIELD.replace(', "lost"', ""))),
    assumed(
        "revenue-negative", "conformance", ('"monthly_revenue": amount(0,', '"monthly_revenue": amount(-(10**15),')
    ),
    subtle("revenue-0-refused", "conformance", refusing('lead.get("monthly_revenue") == 0')),
    assumed("budget-negative", "conformance", ('"budget": amount(0,', '"budget": amount(-(10**15),'), subtle=True),
    assumed(
        "budget-of-any-size",
        "conformance",
        ('"budget": amount(0, MAX_AMOUNT)', '"budget": amount(0, 10**300)'),
        subtle=True,
    ),
    subtle(
        "budget-at-most-a-million", "conformance", ('"budget": amount(0, MAX_AMOUNT)', '"budget": amount(0, 1_000_000)')
    ),
    subtle("budget-not-number", "conformance", ('"budget": amount(0, MAX_AMOUNT)', '"budget": lambda _, value: value')),
    subtle(
        "description-not-text", "conformance", ('"description": text(5000)', '"description": lambda _, value: value')
    ),
    subtle("description-at-most-255", "conformance", ('"description": text(5000)', '"description": text(255)')),
    assumed(
        "description-of-any-length",
        "conformance",
        ('"description": text(5000)', '"description": text(10**6)'),
        subtle=True,
    ),
    assumed(
        "unknown-members-refused",
        "conformance",
        before(READY, "    if set(given) - set(FIELDS):", '        raise Refusal(400, "lead: unknown member")'),
    ),
    assumed(
        "status-beside-lead",
        "records",
        before(
            "    for field in REQUIRED:\n",
            '    if "status" in body:',
            '        given = {**given, "status": body["status"]}',
        ),
        subtle=True,
    ),
    assumed(
        "unknown-members-beside-refused",
        "conformance",
        before(READY, "    if len(body) > 1:", '        raise Refusal(400, "unknown member")'),
        subtle=True,
    ),
)

FAILURES = (
    subtle("500-emoji", "robustness", failing('any(ord(character) > 0xFFFF for character in lead["name"])')),
    subtle("500-name-of-ten", "robustness", failing('len(lead["name"]) == 10')),
    subtle("500-apostrophe-in-description", "robustness", failing('"\'" in lead.get("description", "")')),
    subtle("500-empty-description", "robustness", failing('lead.get("description") == ""')),
    subtle("500-large-revenue", "robustness", failing('lead.get("monthly_revenue", 0) >= 2**31')),
    subtle("500-fractional-budget", "robustness", failing('lead.get("budget", 0) != int(lead.get("budget", 0))')),
    subtle("500-long-email", "robustness", failing('len(lead["email"]) > 120')),
    assumed(
        "500-array-body",
        "robustness",
        (GIVEN, GIVEN + '    if not isinstance(body, dict):\n        raise Refusal(500, "Internal server error")\n'),
    ),
    assumed(
        "500-lead-text",
        "robustness",
        before(GIVEN_CHECKED, "    if isinstance(given, str):", '        raise Refusal(500, "Internal server error")'),
        subtle=True,
    ),
    assumed(
        "500-empty-body",
        "robustness",
        after(MEASURED, "        if not body:", '            raise Refusal(500, "Internal server error")'),
    ),
    assumed(
        "500-malformed-json",
        "robustness",
        (
            'raise Refusal(400, f"The request body is not valid JSON',
            'raise Refusal(500, f"The request body is not valid JSON',
        ),
    ),
    assumed(
        "500-deep-body",
        "robustness",
        before(
            UNREADABLE, "    except RecursionError:", '        raise Refusal(500, "Internal server error") from None'
        ),
        subtle=True,
    ),
    assumed(
        "500-long-integer",
        "robustness",
        after(
            UNREADABLE,
            '        if "integer string" in str(error):',
            '            raise Refusal(500, "Internal server error") from None',
        ),
        subtle=True,
    ),
)

ACCESS = (
    fault("key-not-needed", "access", (f"        {KEY_MISSING}\n", "        return KEYS[0]\n")),
    fault("any-key", "access", (KEY_INVALID, "return KEYS[0]")),
    subtle(
        "any-key-of-the-form",
        "access",
        (KEY_MATCHES, 'if given == key.secret or re.fullmatch("ciq_[A-Za-z0-9_]+", given):'),
    ),
    assumed("key-missing-403", "access", (KEY_MISSING, KEY_MISSING.replace("401", "403"))),
    assumed("key-missing-400", "access", (KEY_MISSING, KEY_MISSING.replace("401", "400"))),
    assumed("key-invalid-403", "access", (KEY_INVALID, KEY_INVALID.replace("401", "403"))),
    fault("key-invalid-500", "access", (KEY_INVALID, KEY_INVALID.replace("401", "500")), level="assumed"),
    subtle("key-beginning", "access", (KEY_MATCHES, "if key.secret.startswith(given):")),
    subtle("key-and-more", "access", (KEY_MATCHES, "if given.startswith(key.secret):")),
    subtle("key-in-any-case", "access", (KEY_MATCHES, "if given.lower() == key.secret.lower():")),
    subtle(
        "key-in-query",
        "access",
        after(
            HEADERS_READ,
            '        for pair in scope["query_string"].decode().split("&"):',
            '            if pair.lower().startswith(("x-api-key=", "api_key=")):',
            '                headers.setdefault("x-api-key", pair.partition("=")[2])',
        ),
    ),
    subtle(
        "key-as-bearer",
        "access",
        (KEY_GIVEN, '    given = headers.get("x-api-key", headers.get("authorization", "").removeprefix("Bearer "))\n'),
    ),
    assumed(
        "no-challenge",
        "access",
        (f"        {KEY_MISSING}\n", '        raise Refusal(401, "Missing X-API-Key header")\n'),
    ),
    assumed("no-challenge-for-invalid", "access", (KEY_INVALID, 'raise Refusal(401, "Invalid API key")'), subtle=True),
    assumed("body-before-key", "access", after(HEADERS_READ, "        validated(parsed(body))"), subtle=True),
)

LIMITS = (
    fault(
        "rate-one-too-many",
        "limits",
        (SPENT, "    if used > limit:\n"),
        (REMAINING, "max(0, limit - used - 1)"),
        subtle=True,
    ),
    fault("rate-one-too-few", "limits", (SPENT, "    if used >= limit - 1:\n"), subtle=True),
    fault(
        "status-before-name-ignored",
        "records",
        (
            JUDGED,
            f'{JUDGED}        if next(iter(json.loads(body)["lead"])) == "status":\n            del lead["status"]\n',
        ),
        subtle=True,
    ),
    assumed(
        "key-before-method-of-get",
        "robustness",
        before(ROUTED, '        if scope["method"] == "GET":', "            authenticated(header_values(scope))"),
        subtle=True,
    ),
    assumed(
        "rate-refusal-starts-anew",
        "limits",
        (SPENT, SPENT + '        window["ends"] = now + WINDOW_SECONDS\n'),
        subtle=True,
    ),
    fault("rate-60", "limits", (SPENT, "    if used >= 60:\n")),
    fault("rate-unlimited", "limits", (SPENT, "    if used >= 10**6:\n"), (REMAINING, "max(0, limit - used - 1)")),
    subtle(
        "rate-per-account",
        "limits",
        (WINDOW_FOUND, WINDOW_FOUND.replace("secret", "tenant")),
        (WINDOW_MADE, WINDOW_MADE.replace("secret", "tenant")),
    ),
    fault(
        "rate-of-all-keys",
        "limits",
        (WINDOW_FOUND, 'window = state["windows"].get("all")'),
        (WINDOW_MADE, 'state["windows"]["all"] ='),
    ),
    assumed(
        "rate-counts-refused-keys",
        "limits",
        before(
            REFUSED,
            '        for window in state["windows"].values() if refusal.status == 401 else ():',
            '            window["used"] = min(100, window["used"] + 1)',
        ),
        subtle=True,
    ),
    assumed(
        "rate-ignores-invalid",
        "limits",
        before(
            REFUSED,
            "        if refusal.status == 400 and rate:",
            '            state["windows"][key.secret]["used"] -= 1',
        ),
        subtle=True,
    ),
    assumed(
        "rate-ignores-media",
        "limits",
        before(
            REFUSED,
            "        if refusal.status == 415 and rate:",
            '            state["windows"][key.secret]["used"] -= 1',
        ),
        subtle=True,
    ),
    assumed("rate-after-body", "limits", before(METERED, "        validated(parsed(body))"), subtle=True),
    assumed("rate-503", "limits", (RATE_REFUSAL, RATE_REFUSAL.replace("429", "503"))),
    assumed("rate-403", "limits", (RATE_REFUSAL, RATE_REFUSAL.replace("429", "403"))),
    assumed("rate-headers-missing", "limits", (f"    return rate_headers(limit, {REMAINING}, reset)", "    return {}")),
    assumed(
        "rate-headers-missing-on-refusal", "limits", ("{**rate, **refusal.headers}", "refusal.headers"), subtle=True
    ),
    assumed(
        "rate-headers-for-unlimited",
        "limits",
        (
            "    if limit is None:\n        return {}\n",
            "    if limit is None:\n        return rate_headers(10**9, 10**9, 60)\n",
        ),
        subtle=True,
    ),
    assumed("rate-headers-x", "limits", ('"RateLimit-Remaining":', '"X-RateLimit-Remaining":')),
    assumed(
        "rate-limit-header-wrong",
        "limits",
        ('"RateLimit-Limit": str(limit)', '"RateLimit-Limit": str(1000)'),
        subtle=True,
    ),
    assumed("rate-remaining-before-request", "limits", (REMAINING, "limit - used"), subtle=True),
    assumed("rate-reset-timestamp", "limits", (RESET, '"RateLimit-Reset": str(int(time.time()) + reset)'), subtle=True),
    assumed("rate-reset-fraction", "limits", (RESET, '"RateLimit-Reset": f"{reset}.0"'), subtle=True),
    assumed("rate-without-retry-after", "limits", (WAIT, "wait: dict[str, str] = {}")),
    assumed("rate-retry-after-0", "limits", (WAIT, 'wait = {"Retry-After": "0"}'), subtle=True),
    assumed("rate-retry-after-text", "limits", (WAIT, 'wait = {"Retry-After": f"{reset} seconds"}'), subtle=True),
    fault("rate-race", "races", PAUSE, (WINDOW, WINDOW + "    await asyncio.sleep(0.002)\n"), subtle=True),
)

STRICTNESS = (
    assumed("json-nan", "robustness", ("            parse_constant=refuse_constant,\n", "")),
    assumed("json-infinite-number", "robustness", ("            parse_float=finite,\n", ""), subtle=True),
    assumed("json-names-twice", "robustness", ("            object_pairs_hook=unique,\n", "")),
    assumed("json-byte-order-mark", "robustness", (DECODED, 'body.decode("utf-8-sig")'), subtle=True),
    assumed("json-utf-16", "robustness", (DECODED, "body"), subtle=True),
    subtle("json-latin-1", "robustness", (DECODED, 'body.decode("latin-1")')),
    assumed("json-broken-utf-8", "robustness", (DECODED, 'body.decode("utf-8", "replace")'), subtle=True),
    assumed(
        "json-lone-surrogates",
        "robustness",
        ('"\\ud800" <= character', '"\\udfff" < character'),
        (ENCODED, 'ensure_ascii=False).encode("utf-8", "replace")'),
        subtle=True,
    ),
    assumed("json-nul", "robustness", ('if "\\0" in written:', "if not isinstance(written, str):"), subtle=True),
    assumed("json-any-depth", "robustness", (TOO_DEEP, "if depth > 500:"), subtle=True),
    assumed("json-depth-8", "robustness", (TOO_DEEP, "if depth > 8:"), subtle=True),
    assumed(
        "json-trailing-comma", "robustness", (DECODED, 're.sub(r",\\s*}", "}", body.decode("utf-8"))'), subtle=True
    ),
    assumed(
        "json-then-garbage",
        "robustness",
        (DECODED, 'body.decode("utf-8")[: body.decode("utf-8", "replace").rfind("}") + 1]'),
        subtle=True,
    ),
    assumed("media-any", "robustness", (MEDIA, "if not headers:")),
    assumed("media-not-needed", "robustness", (MEDIA, 'if media not in {"application/json", ""}:'), subtle=True),
    assumed("media-any-json", "robustness", (MEDIA, 'if not media.endswith("json"):'), subtle=True),
    assumed(
        "media-400",
        "robustness",
        (
            'Refusal(415, "Content-Type must be application/json")',
            'Refusal(400, "Content-Type must be application/json")',
        ),
    ),
    assumed("media-no-charset", "robustness", ('!= "utf-8":', '!= "none":'), subtle=True),
    assumed("media-any-charset", "robustness", ('!= "utf-8":', '== "none":'), subtle=True),
    assumed(
        "media-lower-case", "robustness", ("(part.strip().lower() for part", "(part.strip() for part"), subtle=True
    ),
    assumed("media-any-encoding", "robustness", ('.lower() != "identity":', '.lower() == "none":'), subtle=True),
    assumed("size-any", "robustness", (TOO_LARGE, "    if len(body) > 10**9:\n")),
    assumed("size-less-than-permitted", "robustness", (TOO_LARGE, "    if len(body) >= MAX_BYTES:\n"), subtle=True),
    subtle("size-16-kib", "robustness", (TOO_LARGE, "    if len(body) > 2**14:\n"), level="assumed"),
    assumed("size-400", "robustness", ("raise Refusal(413,", "raise Refusal(400,")),
    assumed(
        "length-needed",
        "robustness",
        after(
            MEASURED,
            '        if "content-length" not in headers:',
            '            raise Refusal(411, "Content-Length is required")',
        ),
        subtle=True,
    ),
    assumed(
        "accept-needed",
        "robustness",
        after(
            HEADERS_READ,
            '        if not re.search(r"json|\\*/\\*", headers.get("accept", "*/*")):',
            '            raise Refusal(406, "Only application/json is available")',
        ),
        subtle=True,
    ),
)

ROUTES = (
    assumed("path-with-slash", "robustness", (OTHER_PATH, 'if scope["path"].rstrip("/") != PATH')),
    assumed("path-in-any-case", "robustness", (OTHER_PATH, 'if scope["path"].lower() != PATH')),
    assumed("path-with-more", "robustness", (OTHER_PATH, 'if not scope["path"].startswith(PATH)'), subtle=True),
    assumed("path-encoded-slash", "robustness", (' or b"%2f" in raw.lower()', ""), subtle=True),
    assumed("unknown-path-401", "robustness", (NOT_FOUND, NOT_FOUND.replace("404", "401"))),
    assumed(
        "unknown-path-html",
        "robustness",
        before(
            '        headers |= {"Content-Type"',
            '        kind = "application/json" if answer.status != 404 else "text/html"',
            '        content = content if answer.status != 404 else b"<h1>Not found</h1>"',
        ),
        (CONTENT_TYPE, '"Content-Type": kind, '),
    ),
    assumed("method-without-allow", "robustness", (NOT_ALLOWED, 'raise Refusal(405, "Method not allowed")')),
    assumed(
        "method-allow-wrong",
        "robustness",
        (NOT_ALLOWED, NOT_ALLOWED.replace('", ".join(METHODS)', '"GET"')),
        subtle=True,
    ),
    assumed("method-404", "robustness", (NOT_ALLOWED, NOT_ALLOWED.replace("405", "404"))),
    assumed(
        "method-401",
        "robustness",
        before(
            ROUTED,
            '        if scope["path"] == PATH and scope["method"] not in METHODS:',
            "            authenticated(header_values(scope))",
        ),
        subtle=True,
    ),
    assumed("method-put", "robustness", (METHODS, '("OPTIONS", "POST", "PUT")'), subtle=True),
    assumed(
        "method-get-200",
        "robustness",
        before(
            ROUTED,
            '        if scope["path"] == PATH and scope["method"] == "GET":',
            '            return Answer(200, {"success": True, "leads": []}, {})',
        ),
    ),
    assumed(
        "method-override",
        "robustness",
        before(ROUTED, '        scope["method"] = header_values(scope).get("x-http-method-override", scope["method"])'),
        subtle=True,
    ),
    assumed("options-200", "robustness", (OPTIONS_ANSWER, OPTIONS_ANSWER.replace("204, None", "200, {}")), subtle=True),
    assumed("options-405", "robustness", (METHODS, '("POST",)')),
    assumed("options-without-allow", "robustness", (OPTIONS_ANSWER, "return Answer(204, None, {})"), subtle=True),
    assumed(
        "options-any-origin",
        "robustness",
        (OPTIONS_ANSWER, OPTIONS_ANSWER.replace("METHODS)}", 'METHODS), "Access-Control-Allow-Origin": "*"}')),
        subtle=True,
    ),
    assumed(
        "location-of-nothing",
        "conformance",
        (
            "return Answer(201, content, rate)",
            'return Answer(201, content, {**rate, "Location": "/leads/" + content["lead"]["id"]})',
        ),
        subtle=True,
    ),
    assumed("error-text-only", "conformance", (ERROR, '{"error": refusal.error}')),
    assumed("error-object", "conformance", (ERROR, '{"success": False, "error": {"message": refusal.error}}')),
    assumed("error-success-true", "conformance", (ERROR, '{"success": True, "error": refusal.error}')),
    assumed("error-message", "conformance", (ERROR, '{"success": False, "message": refusal.error}')),
    assumed("error-empty", "conformance", (ERROR, '{"success": False, "error": ""}')),
    assumed("error-without-body", "conformance", (REFUSED, REFUSED.replace(ERROR, "None"))),
)

FAULTS: tuple[Fault, ...] = (
    *SHAPE,
    *RECORDS,
    *VALIDATION,
    *FAILURES,
    *ACCESS,
    *LIMITS,
    *STRICTNESS,
    *ROUTES,
)
