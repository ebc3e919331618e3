"""Faults of a SalesIQ implementation: each breaks one promise by one change of `salesiq.py`."""

from __future__ import annotations

from tests.implementations.workshop import Change, Fault

# Places that several faults change

PAUSE: Change = ("import json\n", "import asyncio\nimport json\n")
CREATED = '        "success": True,\n        "leadId": lead["leadId"],\n        "leadCode": lead["leadCode"],\n'
DUPLICATE_ID = '        "leadId": lead["leadId"],\n        "message"'
LEAD_ID = '"leadId": str(uuid.uuid4()),'
LEAD_CODE = '"leadCode": code(len(workspace["leads"]) + 1),'
NAMED = '"{lead["name"]}"'
CHECKED = '    lead["source"] = lead.get("source") or "Website"\n'
REQUIRED = '    if any(body.get(field) in (None, "") for field in REQUIRED):\n'
KEY_MATCHES = "if given == key.secret:"
KEY_GIVEN = '    given = headers.get("x-api-key", "")\n'
INFO_ASKED = '        if scope["method"] in {"GET", "HEAD"}:\n'
HEADERS_READ = "        headers = header_values(scope)\n"
METERED = "        rate = await metered(state, key)\n"
MEASURED = "        check_size(body)\n"
JUDGED = "        lead = validated(parsed(body))\n"
DONE = "        status, content = await captured(state, key, lead)\n"
FULL = (
    '    if len(workspace["leads"]) >= key.limits.get("max_leads", math.inf):\n'
    "        raise Refusal(429, TOO_MANY_LEADS)\n"
)
REFUSED_AT_CAP = "        raise Refusal(429, TOO_MANY_LEADS)\n"
RECAPTURED = '        existing["activities"].append("Lead Re-captured")\n'
EXISTING = "    existing = known(workspace, lead)\n"
PHONE = '"phone": form(10, MOBILE, "ten digits, the first of them 6 to 9"),'
SCORED = "    score = scored(lead)\n"
EARLY = (
    '    lead |= {"leadId": str(uuid.uuid4()), "activities": []}\n'
    '    workspace["by_number"] |= dict.fromkeys(numbers(lead), lead)\n'
)
NUMBERS = 'return [lead[field][-10:] for field in ("phone", "whatsapp") if lead.get(field)]'
REGISTERED = "    for number in numbers(lead):\n"
WINDOW = '    used = window["used"]\n'
RATE_REFUSED = "        raise Refusal(429, TOO_MANY_REQUESTS, {**rate_headers(limit, 0, reset), **wait})\n"
UNREADABLE = "    except (ValueError, RecursionError) as error:\n"
REFUSED = (
    '        return Answer(refusal.status, {"success": False, "error": refusal.error}, {**rate, **refusal.headers})\n'
)
NOT_FOUND = '        raise Refusal(404, "Not found")\n'
NOT_ALLOWED = 'raise Refusal(405, "Method not allowed", {"Allow": ", ".join(METHODS)})'
OPTIONS_ANSWER = 'return Answer(204, None, {"Allow": ", ".join(METHODS)})'
ROUTED = "        check_route(scope)\n"
DECODED = 'body.decode("utf-8")'
ERROR = '{"success": False, "error": refusal.error}'
MEDIA_400 = 'Refusal(400, "Content-Type must be application/json")'
JUDGED_FIRST = (
    "        value = parsed(body)\n        lead = validated(value[0] if isinstance(value, list) and value else value)\n"
)
LENGTH_NEEDED = (
    '        if "content-length" not in headers:\n            raise Refusal(411, "Content-Length is required")\n'
)
ACCEPT_NEEDED = (
    '        if not re.search(r"json|\\*/\\*", headers.get("accept", "*/*")):\n'
    '            raise Refusal(406, "Only application/json is available")\n'
)
UNKNOWN_HTML = (
    '        kind = "application/json" if answer.status != 404 else "text/html"\n'
    '        content = content if answer.status != 404 else b"<h1>Not found</h1>"\n'
    '        headers |= {"Content-Type"'
)
METHOD_KEY = (
    '        if scope["path"] == PATH and scope["method"] not in METHODS:\n'
    "            authenticated(header_values(scope))\n"
)
OVERRIDE = '        scope["method"] = header_values(scope).get("x-http-method-override", scope["method"])\n'
ANY_ORIGIN = 'return Answer(204, None, {"Allow": ", ".join(METHODS), "Access-Control-Allow-Origin": "*"})'
CONTENT_TYPE = '"Content-Type": "application/json", '


def fault(
    name: str, kind: str, *changes: Change, level: str = "documented", subtle: bool = False, of: str = "captureLead"
) -> Fault:
    return Fault(name, f"salesiq/{of}/{kind}-*", changes, level, subtle)


def after(place: str, added: str) -> Change:
    return place, place + added


def failing(condition: str) -> Change:
    """A 500 for some leads."""
    return CHECKED, CHECKED + f'    if {condition}:\n        raise Refusal(500, "Internal server error")\n'


SHAPE = (
    fault("created-200", "conformance", ("return 201, created(lead)", "return 200, created(lead)")),
    fault("duplicate-201", "conformance", ("return 200, duplicate(existing)", "return 201, duplicate(existing)")),
    fault(
        "duplicate-409",
        "conformance",
        ("return 200, duplicate(existing)", 'raise Refusal(409, duplicate(existing)["message"])'),
    ),
    fault("created-without-code", "conformance", ('        "leadCode": lead["leadCode"],\n', "")),
    fault("created-without-success", "conformance", (CREATED, CREATED.replace('        "success": True,\n', ""))),
    fault("created-id-renamed", "conformance", (CREATED, CREATED.replace('"leadId":', '"lead_id":'))),
    fault(
        "created-id-integer", "conformance", (CREATED, CREATED.replace('lead["leadId"]', 'int(lead["leadId"][:6], 16)'))
    ),
    fault("created-without-message", "conformance", ('        "message": "Lead captured successfully",\n', "")),
    fault(
        "created-extra-member",
        "conformance",
        (CREATED, CREATED + '        "phone": lead["phone"],\n'),
        level="assumed",
    ),
    fault("created-score-text", "conformance", ('"score": lead["score"],', '"score": str(lead["score"]),')),
    fault(
        "created-score-fraction",
        "conformance",
        ('"score": lead["score"],', '"score": lead["score"] / 100,'),
        level="vendor-page",
    ),
    fault("score-above-100", "conformance", ("score = 25 + sum", "score = 45 + sum"), level="vendor-page", subtle=True),
    fault("score-below-0", "conformance", ("score = 25 + sum", "score = -5 + sum"), level="vendor-page", subtle=True),
    fault(
        "score-by-chance",
        "records",
        (
            "    return score + 15 * (budget > 0)",
            "    score -= uuid.uuid4().int % 20\n    return score + 15 * (budget > 0)",
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "score-by-the-order-of-members",
        "records",
        (CHECKED, CHECKED + '    lead["first"] = next(iter(body))\n'),
        ("score = 25 + sum", 'score = 25 + 5 * (lead["first"] != "name") + sum'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "temperature-lower-case",
        "conformance",
        ('"temperature": lead["temperature"],', '"temperature": lead["temperature"].lower(),'),
        level="assumed",
    ),
    fault("temperature-hot-at-65", "conformance", ("if score >= 70:", "if score >= 65:"), subtle=True, level="assumed"),
    fault(
        "temperature-cold-at-40",
        "conformance",
        ("if score >= 40 else", "if score > 40 else"),
        level="assumed",
        subtle=True,
    ),
    fault(
        "temperature-always-warm",
        "conformance",
        ('if score >= 40 else "Cold"', 'if score >= 40 else "Warm"'),
        level="assumed",
    ),
    fault(
        "assigned-to-nobody",
        "conformance",
        ('"assignedTo": least_busy(workspace),', '"assignedTo": None,'),
        ('    workspace["users"][lead["assignedTo"]] += 1\n', ""),
    ),
    fault(
        "assigned-to-nobody-without-city",
        "conformance",
        ('"assignedTo": lead["assignedTo"],', '"assignedTo": lead["assignedTo"] if lead.get("city") else None,'),
        subtle=True,
    ),
    fault(
        "assigned-to-one-user",
        "records",
        ("return min(users, key=lambda user: users[user])", "return next(iter(users))"),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "assigned-by-city",
        "records",
        (
            '"assignedTo": least_busy(workspace),',
            '"assignedTo": next(iter(workspace["users"])) if lead.get("city") else least_busy(workspace),',
        ),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "assigned-by-property-type",
        "records",
        (
            '"assignedTo": least_busy(workspace),',
            '"assignedTo": max(workspace["users"]) if lead.get("propertyType") == "Villa" else least_busy(workspace),',
        ),
        level="vendor-page",
        subtle=True,
    ),
    fault("duplicate-without-flag", "conformance", ('        "duplicate": True,\n', "")),
    fault("duplicate-flag-text", "conformance", ('        "duplicate": True,\n', '        "duplicate": "true",\n')),
    fault(
        "duplicate-like-created",
        "conformance",
        ("return 200, duplicate(existing)", "return 200, {**created(existing), **duplicate(existing)}"),
        level="assumed",
    ),
    fault("duplicate-new-id", "records", (DUPLICATE_ID, DUPLICATE_ID.replace('lead["leadId"]', "str(uuid.uuid4())"))),
    fault("duplicate-message-unquoted", "records", (NAMED, '{lead["name"]}')),
    fault(
        "duplicate-message-unescaped",
        "conformance",
        ("ensure_ascii=False).encode()", "ensure_ascii=False).replace('\\\\\"', '\"').encode()"),
    ),
    fault("content-type-html", "conformance", (CONTENT_TYPE, '"Content-Type": "text/html; charset=utf-8", ')),
    fault(
        "errors-in-html-for-browsers",
        "robustness",
        (
            REFUSED,
            '        kind = {"X-Kind": "text/html"} if "html" in header_values(scope).get("accept", "") else {}\n'
            + REFUSED.replace("**refusal.headers", "**refusal.headers, **kind"),
        ),
        (CONTENT_TYPE, '"Content-Type": answer.headers.get("X-Kind", "application/json"), '),
        level="assumed",
        subtle=True,
    ),
    fault(
        "expectation-refused",
        "robustness",
        after(
            HEADERS_READ,
            '        if "expect" in headers:\n            raise Refusal(417, "Expectation failed")\n',
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "sniffing-permitted",
        "robustness",
        ('headers = {"X-Content-Type-Options": "nosniff", **answer.headers}', "headers = {**answer.headers}"),
        level="assumed",
        subtle=True,
    ),
)

RECORDS = (
    fault("code-unpadded", "conformance", ("{number:04d}", "{number}"), level="assumed"),
    fault(
        "code-from-the-start-after-99", "records", ("{number:04d}", "{number % 100:04d}"), level="assumed", subtle=True
    ),
    fault(
        "code-of-all-workspaces",
        "records",
        (LEAD_CODE, '"leadCode": code(sum(len(each["leads"]) for each in state["workspaces"].values()) + 1),'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "code-lost-by-duplicate",
        "records",
        (LEAD_CODE, '"leadCode": code(1 + sum(len(each["activities"]) for each in workspace["leads"])),'),
        level="assumed",
        subtle=True,
    ),
    fault("code-constant", "records", (LEAD_CODE, '"leadCode": code(42),'), level="assumed"),
    fault(
        "id-of-the-name",
        "records",
        (LEAD_ID, '"leadId": str(uuid.uuid5(uuid.NAMESPACE_DNS, lead["name"])),'),
        subtle=True,
    ),
    fault("id-of-the-score", "records", (LEAD_ID, '"leadId": f"clx{score}-abcd-5678",')),
    fault(
        "duplicate-names-new-lead",
        "records",
        ("return 200, duplicate(existing)", 'return 200, duplicate({**existing, "name": lead["name"]})'),
    ),
    fault(
        "duplicate-names-new-phone",
        "records",
        ("return 200, duplicate(existing)", 'return 200, duplicate({**existing, "phone": lead["phone"]})'),
        subtle=True,
    ),
    fault(
        "name-html-escaped",
        "records",
        (NAMED, '"{lead["name"].replace("&", "&amp;").replace("<", "&lt;")}"'),
        subtle=True,
    ),
    fault("name-trimmed", "records", (NAMED, '"{lead["name"].strip()}"'), level="assumed", subtle=True),
    fault("name-cut-at-50", "records", (NAMED, '"{lead["name"][:50]}"'), subtle=True),
    fault("name-title-case", "records", (NAMED, '"{lead["name"].title()}"'), subtle=True),
    fault("name-ascii", "records", (NAMED, '"{lead["name"].encode("ascii", "replace").decode()}"'), subtle=True),
    fault(
        "name-normalised",
        "records",
        ("import uuid\n", "import unicodedata\nimport uuid\n"),
        (NAMED, '"{unicodedata.normalize("NFKC", lead["name"])}"'),
        level="assumed",
        subtle=True,
    ),
    fault("name-without-line-feed", "records", (NAMED, '"{" ".join(lead["name"].splitlines())}"'), subtle=True),
)

INFO = (
    fault(
        "info-needs-key",
        "access",
        (INFO_ASKED, INFO_ASKED + "            authenticated(header_values(scope))\n"),
        of="getCaptureInfo",
    ),
    fault(
        "info-refuses-wrong-key",
        "access",
        (
            INFO_ASKED,
            INFO_ASKED
            + '            if "x-api-key" in header_values(scope):\n'
            + "                authenticated(header_values(scope))\n",
        ),
        subtle=True,
        of="getCaptureInfo",
    ),
    fault(
        "info-counted",
        "limits",
        (
            INFO_ASKED,
            INFO_ASKED
            + '            asking = header_values(scope).get("x-api-key")\n'
            + "            for known_key in (each for each in KEYS if each.secret == asking):\n"
            + "                rate = await metered(state, known_key)\n",
        ),
        level="assumed",
        subtle=True,
        of="getCaptureInfo",
    ),
    fault(
        "info-status-renamed",
        "conformance",
        ('    "status": "active",\n', '    "state": "active",\n'),
        of="getCaptureInfo",
    ),
    fault("info-version-number", "conformance", ('"version": "1.0"', '"version": 1.0'), of="getCaptureInfo"),
    fault("info-other-service", "conformance", ('"SalesIQ Auto Lead Capture"', '"SalesIQ"'), of="getCaptureInfo"),
    fault("info-method-missing", "conformance", ('        "method": "POST",\n', ""), of="getCaptureInfo"),
    fault(
        "info-header-renamed",
        "conformance",
        ('"headers": {"x-api-key":', '"headers": {"Authorization":'),
        of="getCaptureInfo",
    ),
    fault(
        "info-phone-not-required",
        "conformance",
        ('"requiredFields": ["name", "phone"]', '"requiredFields": ["name"]'),
        of="getCaptureInfo",
    ),
    fault("info-source-not-listed", "conformance", ('            "source",\n', ""), of="getCaptureInfo", subtle=True),
    fault(
        "info-whatsapp-renamed",
        "conformance",
        ('            "whatsapp",\n', '            "whatsappNumber",\n'),
        of="getCaptureInfo",
        level="assumed",
        subtle=True,
    ),
    fault(
        "info-404",
        "conformance",
        ("return Answer(200, INFO, {})", 'raise Refusal(404, "Not found")'),
        of="getCaptureInfo",
    ),
    fault(
        "head-without-its-length",
        "robustness",
        ('"Content-Length": str(len(content))', '"Content-Length": str(len(content) * (method != "HEAD"))'),
        level="assumed",
        subtle=True,
        of="getCaptureInfo",
    ),
    fault(
        "head-needs-key",
        "robustness",
        (
            INFO_ASKED,
            (
                '        has_key = "x-api-key" in header_values(scope)\n'
                '        if scope["method"] == "GET" or (scope["method"] == "HEAD" and has_key):\n'
            ),
        ),
        level="assumed",
        subtle=True,
        of="getCaptureInfo",
    ),
    fault(
        "head-refused",
        "robustness",
        ('("GET", "HEAD", "OPTIONS", "POST")', '("GET", "OPTIONS", "POST")'),
        level="assumed",
        of="getCaptureInfo",
    ),
)

VALIDATION = (
    fault("phone-not-required", "conformance", ('REQUIRED = ("name", "phone")', 'REQUIRED = ("name",)')),
    fault(
        "name-not-required",
        "conformance",
        ('REQUIRED = ("name", "phone")', 'REQUIRED = ("phone",)'),
        (NAMED, '"{lead.get("name", "")}"'),
    ),
    fault(
        "null-for-required",
        "conformance",
        (REQUIRED, "    if any(field not in body for field in REQUIRED):\n"),
        (NAMED, '"{lead.get("name")}"'),
        subtle=True,
    ),
    fault(
        "missing-fields-422",
        "conformance",
        (REQUIRED + "        raise Refusal(400", REQUIRED + "        raise Refusal(422"),
    ),
    fault(
        "invalid-fields-422",
        "conformance",
        ('raise Refusal(400, f"{field}: must be {wanted}")', 'raise Refusal(422, f"{field}: must be {wanted}")'),
        level="assumed",
    ),
    fault("source-required", "conformance", ('REQUIRED = ("name", "phone")', 'REQUIRED = ("name", "phone", "source")')),
    fault("email-required", "conformance", ('REQUIRED = ("name", "phone")', 'REQUIRED = ("name", "phone", "email")')),
    fault(
        "blank-name",
        "conformance",
        ('character.isspace() or character == "\\ufeff"', 'character == ""'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "no-break-space-name",
        "conformance",
        ('character.isspace() or character == "\\ufeff"', 'character in " \\t\\r\\n"'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "name-of-any-length",
        "conformance",
        ('"name": not_blank(200)', '"name": not_blank(100_000)'),
        level="assumed",
        subtle=True,
    ),
    fault("name-at-most-60", "conformance", ('"name": not_blank(200)', '"name": not_blank(60)'), subtle=True),
    fault(
        "name-at-least-3",
        "conformance",
        (CHECKED, CHECKED + '    if len(lead["name"]) < 3:\n        raise Refusal(400, "name: too short")\n'),
        subtle=True,
    ),
    fault(
        "name-with-apostrophe-refused",
        "conformance",
        (CHECKED, CHECKED + '    if "\'" in lead["name"]:\n        raise Refusal(400, "name: invalid")\n'),
        subtle=True,
    ),
    fault(
        "name-ascii-only",
        "conformance",
        (CHECKED, CHECKED + '    if not lead["name"].isascii():\n        raise Refusal(400, "name: invalid")\n'),
        subtle=True,
    ),
    fault("name-not-text", "conformance", ('"name": not_blank(200)', '"name": lambda field, value: str(value)')),
    fault("phone-nine-digits", "conformance", ("[6-9][0-9]{9}", "[6-9][0-9]{8,9}"), level="assumed"),
    fault(
        "phone-eleven-digits",
        "conformance",
        ("[6-9][0-9]{9}", "[6-9][0-9]{9,10}"),
        ('"phone": form(10', '"phone": form(11'),
        level="assumed",
        subtle=True,
    ),
    fault("phone-from-5", "conformance", ("[6-9][0-9]{9}", "[5-9][0-9]{9}"), level="assumed", subtle=True),
    fault("phone-from-6-refused", "conformance", ("[6-9][0-9]{9}", "[7-9][0-9]{9}"), subtle=True),
    fault(
        "phone-any-digits", "conformance", ("[6-9][0-9]{9}", r"[6-9\u096c-\u096f]\d{9}"), level="assumed", subtle=True
    ),
    fault(
        "phone-number",
        "conformance",
        (PHONE, '"phone": lambda field, value: form(10, MOBILE, "ten digits")(field, str(value)),'),
    ),
    fault(
        "phone-with-spaces",
        "conformance",
        (
            REQUIRED,
            '    if isinstance(body.get("phone"), str):\n'
            '        body = {**body, "phone": body["phone"].replace(" ", "")}\n' + REQUIRED,
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "phone-with-country-code",
        "conformance",
        (
            REQUIRED,
            '    if isinstance(body.get("phone"), str):\n'
            '        body = {**body, "phone": body["phone"].removeprefix("+91")}\n' + REQUIRED,
        ),
        level="assumed",
        subtle=True,
    ),
    fault("phone-unchecked", "conformance", (PHONE, '"phone": text(100),'), level="assumed"),
    fault(
        "whatsapp-unchecked",
        "conformance",
        ('"whatsapp": form(10, MOBILE, "ten digits, the first of them 6 to 9", empty=True)', '"whatsapp": text(100)'),
        level="assumed",
        subtle=True,
    ),
    fault("empty-whatsapp-refused", "conformance", ('6 to 9", empty=True)', '6 to 9")'), level="assumed", subtle=True),
    fault(
        "email-unchecked",
        "conformance",
        ('"email": form(254, EMAIL, "an email address", empty=True)', '"email": text(254)'),
        level="assumed",
    ),
    fault(
        "email-of-any-length",
        "conformance",
        ('"email": form(254,', '"email": form(1000,'),
        level="assumed",
        subtle=True,
    ),
    fault("email-with-plus-refused", "conformance", ("%&'*+/=?", "%&'*/=?"), subtle=True),
    fault("email-with-apostrophe-refused", "conformance", ("%&'*+/=?", "%&*+/=?"), subtle=True),
    fault("email-one-dot-only", "conformance", (r"({LABEL}\.)+[A-Za-z]", r"{LABEL}\.[A-Za-z]"), subtle=True),
    fault(
        "email-with-line-feed",
        "conformance",
        ("re.fullmatch(pattern, value)", 're.match(f"(?:{pattern})$", value)'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "empty-email-refused",
        "conformance",
        ('"an email address", empty=True)', '"an email address")'),
        level="assumed",
    ),
    fault("null-refused", "conformance", ("if body.get(field) is not None}", "if field in body}"), level="assumed"),
    fault(
        "plot-refused",
        "conformance",
        ('one_of("Flat", "Villa", "Plot", "Commercial")', 'one_of("Flat", "Villa", "Commercial")'),
        subtle=True,
    ),
    fault(
        "property-of-any-type",
        "conformance",
        ('one_of("Flat", "Villa", "Plot", "Commercial")', "text(200)"),
        level="assumed",
    ),
    fault(
        "property-in-any-case",
        "conformance",
        ("if value not in words:", "if str(value).capitalize() not in words:"),
        level="assumed",
        subtle=True,
    ),
    fault(
        "source-one-of-few",
        "conformance",
        ('"source": text(200)', '"source": one_of("", "Website", "Facebook", "Google")'),
        subtle=True,
    ),
    fault("city-not-text", "conformance", ('"city": text(200)', '"city": lambda _, value: value'), subtle=True),
    fault("notes-not-text", "conformance", ('"notes": text(5000)', '"notes": lambda _, value: value'), subtle=True),
    fault("notes-at-most-255", "conformance", ('"notes": text(5000)', '"notes": text(255)'), subtle=True),
    fault(
        "details-of-any-length",
        "conformance",
        ('"sourceDetails": text(1000)', '"sourceDetails": text(100_000)'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "budget-as-text",
        "conformance",
        (
            "        if isinstance(value, bool)",
            (
                "        value = float(value) if isinstance(value, str) and value.isdecimal() else value\n"
                "        if isinstance(value, bool)"
            ),
        ),
        subtle=True,
    ),
    fault(
        "budget-true", "conformance", ("if isinstance(value, bool) or not isinstance", "if not isinstance"), subtle=True
    ),
    fault(
        "budget-negative",
        "conformance",
        ("if not 0 <= value <= most:", "if not -most <= value <= most:"),
        level="assumed",
    ),
    fault(
        "budget-of-any-size",
        "conformance",
        ('"budgetMax": amount(MAX_AMOUNT)', '"budgetMax": amount(10**300)'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "budget-zero-refused", "conformance", ("if not 0 <= value <= most:", "if not 0 < value <= most:"), subtle=True
    ),
    fault(
        "budget-whole-only",
        "conformance",
        ("not isinstance(value, int | float)", "not isinstance(value, int | float) or value != int(value)"),
        subtle=True,
    ),
    fault(
        "budget-min-above-max",
        "conformance",
        ('if lead.get("budgetMin", 0) > lead', "if False and lead"),
        level="assumed",
    ),
    fault(
        "email-with-hyphen-in-domain-refused",
        "robustness",
        failing('"-" in (lead.get("email") or "").partition("@")[2]'),
        subtle=True,
        level="assumed",
    ),
    fault(
        "number-with-exponent-refused",
        "robustness",
        (
            JUDGED,
            (
                "        if re.search(rb'[0-9][eE][0-9+-]+[ ,}]', body):\n"
                f'            raise Refusal(400, "No number")\n{JUDGED}'
            ),
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "negative-zero-refused",
        "robustness",
        ("if not 0 <= value <= most:", 'if not 0 <= value <= most or str(value)[0] == "-":'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "budgets-compared-as-texts",
        "records",
        (
            'if lead.get("budgetMin", 0) > lead.get("budgetMax", MAX_AMOUNT):',
            'if "budgetMin" in lead and "budgetMax" in lead and str(lead["budgetMin"]) > str(lead["budgetMax"]):',
        ),
        subtle=True,
    ),
    fault(
        "budget-min-equals-max-refused",
        "conformance",
        ('if lead.get("budgetMin", 0) > lead', 'if lead.get("budgetMin", 0) >= lead'),
        subtle=True,
    ),
    fault(
        "unknown-members-refused",
        "conformance",
        (CHECKED, CHECKED + '    if set(body) - set(FIELDS):\n        raise Refusal(400, "unknown member")\n'),
        level="assumed",
    ),
)

FAILURES = (
    fault(
        "500-emoji", "robustness", failing('any(ord(character) > 0xFFFF for character in lead["name"])'), subtle=True
    ),
    fault("500-name-of-ten", "robustness", failing('len(lead["name"]) == 10'), subtle=True),
    fault("500-apostrophe-in-details", "robustness", failing('"\'" in lead.get("sourceDetails", "")'), subtle=True),
    fault("500-large-budget", "robustness", failing('lead.get("budgetMax", 0) >= 2**31'), subtle=True),
    fault("500-empty-city", "robustness", failing('lead.get("city") == ""'), level="assumed", subtle=True),
    fault(
        "500-null-budget",
        "robustness",
        failing('"budgetMin" in body and body["budgetMin"] is None'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "500-empty-body",
        "robustness",
        (MEASURED, MEASURED + '        if not body:\n            raise Refusal(500, "Internal server error")\n'),
        level="assumed",
    ),
    fault(
        "500-array-body",
        "robustness",
        ('raise Refusal(400, "The request body must be an object")', 'raise Refusal(500, "Internal server error")'),
        level="assumed",
    ),
    fault(
        "500-deep-body",
        "robustness",
        (
            UNREADABLE,
            '    except RecursionError:\n        raise Refusal(500, "Internal server error") from None\n' + UNREADABLE,
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "500-long-integer",
        "robustness",
        (
            UNREADABLE,
            UNREADABLE
            + '        if "integer string" in str(error):\n'
            + '            raise Refusal(500, "Internal server error") from None\n',
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "500-malformed-json",
        "robustness",
        (
            'raise Refusal(400, f"The request body is not valid JSON',
            'raise Refusal(500, f"The request body is not valid JSON',
        ),
        level="assumed",
    ),
)

ACCESS = (
    fault(
        "key-not-needed",
        "access",
        ("    if not given:\n", "    if not given:\n        return KEYS[0]\n    if not given:\n"),
    ),
    fault("any-key", "access", ('    raise Refusal(403, "Invalid API key")', "    return KEYS[0]")),
    fault(
        "any-key-of-the-form",
        "access",
        (KEY_MATCHES, 'if given == key.secret or re.fullmatch("sqk_live_[A-Za-z0-9_]+", given):'),
        subtle=True,
    ),
    fault(
        "key-missing-403",
        "access",
        ('raise Refusal(401, "Missing x-api-key header"', 'raise Refusal(403, "Missing x-api-key header"'),
    ),
    fault(
        "key-missing-400",
        "access",
        ('raise Refusal(401, "Missing x-api-key header"', 'raise Refusal(400, "Missing x-api-key header"'),
    ),
    fault(
        "key-invalid-401", "access", ('raise Refusal(403, "Invalid API key")', 'raise Refusal(401, "Invalid API key")')
    ),
    fault("key-beginning", "access", (KEY_MATCHES, "if key.secret.startswith(given):"), subtle=True),
    fault("key-and-more", "access", (KEY_MATCHES, "if given.startswith(key.secret):"), subtle=True),
    fault("key-in-any-case", "access", (KEY_MATCHES, "if given.lower() == key.secret.lower():"), subtle=True),
    fault(
        "key-empty-403",
        "access",
        ("    if not given:\n", '    if "x-api-key" not in headers:\n'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "key-in-query",
        "access",
        (
            HEADERS_READ,
            HEADERS_READ
            + '        for pair in scope["query_string"].decode().split("&"):\n'
            + '            if pair.startswith(("x-api-key=", "api_key=")):\n'
            + '                headers.setdefault("x-api-key", pair.partition("=")[2])\n',
        ),
        subtle=True,
    ),
    fault(
        "key-as-bearer",
        "access",
        (KEY_GIVEN, '    given = headers.get("x-api-key", headers.get("authorization", "").removeprefix("Bearer "))\n'),
        subtle=True,
    ),
    fault(
        "no-challenge",
        "access",
        (
            """raise Refusal(401, "Missing x-api-key header", {"WWW-Authenticate": 'ApiKey realm="SalesIQ"'})""",
            'raise Refusal(401, "Missing x-api-key header")',
        ),
        level="assumed",
    ),
    fault(
        "body-before-key",
        "access",
        (HEADERS_READ, HEADERS_READ + "        validated(parsed(body))\n"),
        level="assumed",
        subtle=True,
    ),
)

DEDUPLICATION = (
    fault("no-deduplication", "deduplication", (EXISTING, "    existing = None\n")),
    fault(
        "whatsapp-no-number", "deduplication", (NUMBERS, NUMBERS.replace(', "whatsapp")', ",)")), level="vendor-page"
    ),
    fault(
        "new-whatsapp-not-looked-up",
        "deduplication",
        ("for number in numbers(lead))\n", "for number in numbers(lead)[:1])\n"),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "known-whatsapp-forgotten",
        "deduplication",
        (REGISTERED, "    for number in numbers(lead)[:1]:\n"),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "numbers-apart",
        "deduplication",
        (NUMBERS, NUMBERS.replace("lead[field][-10:]", "field + lead[field]")),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "email-as-number",
        "deduplication",
        (
            NUMBERS,
            NUMBERS.replace("lead[field][-10:]", "lead[field]").replace(', "whatsapp")', ', "whatsapp", "email")'),
        ),
        level="vendor-page",
    ),
    fault(
        "name-as-number",
        "deduplication",
        (
            NUMBERS,
            NUMBERS.replace("lead[field][-10:]", "lead[field]").replace(', "whatsapp")', ', "whatsapp", "name")'),
        ),
    ),
    fault(
        "whatsapp-before-phone",
        "deduplication",
        (NUMBERS, NUMBERS.replace('"phone", "whatsapp"', '"whatsapp", "phone"')),
        level="assumed",
        subtle=True,
    ),
    fault("nine-digits-count", "deduplication", (NUMBERS, NUMBERS.replace("-10:", "-9:")), subtle=True),
    fault("seven-digits-count", "deduplication", (NUMBERS, NUMBERS.replace("-10:", "-7:")), subtle=True),
    fault("first-nine-digits-count", "deduplication", (NUMBERS, NUMBERS.replace("-10:", ":9")), subtle=True),
    fault(
        "empty-whatsapp-matches",
        "deduplication",
        (NUMBERS, NUMBERS.replace("if lead.get(field)", "if field in lead")),
        subtle=True,
    ),
    fault(
        "name-must-match-too",
        "deduplication",
        (NUMBERS, NUMBERS.replace("lead[field][-10:]", 'lead[field] + lead["name"]')),
        subtle=True,
    ),
    fault(
        "only-100-leads-known",
        "deduplication",
        (REGISTERED, '    for number in numbers(lead) if len(workspace["leads"]) <= 100 else ():\n'),
        subtle=True,
    ),
    fault(
        "only-latest-20-known",
        "deduplication",
        (
            '        workspace["by_number"][number] = lead\n',
            (
                '        workspace["by_number"][number] = lead\n'
                '        while len(workspace["by_number"]) > 20:\n'
                '            del workspace["by_number"][next(iter(workspace["by_number"]))]\n'
            ),
        ),
        subtle=True,
    ),
    fault(
        "known-once",
        "deduplication",
        (
            RECAPTURED,
            RECAPTURED
            + '        for number in numbers(existing):\n            workspace["by_number"].pop(number, None)\n',
        ),
        subtle=True,
    ),
    fault(
        "one-workspace-for-all",
        "deduplication",
        ('workspace = state["workspaces"][key.tenant]', 'workspace = state["workspaces"]["workspace-a"]'),
    ),
    fault(
        "workspace-of-the-key",
        "deduplication",
        (
            'workspace = state["workspaces"][key.tenant]',
            'workspace = state["workspaces"].setdefault(key.secret, new_state()["workspaces"][key.tenant])',
        ),
        subtle=True,
    ),
    fault(
        "duplicate-renames",
        "deduplication",
        (RECAPTURED, RECAPTURED + '        existing["name"] = lead["name"]\n'),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "duplicate-replaces-phone",
        "deduplication",
        (RECAPTURED, RECAPTURED + '        existing["phone"] = lead["phone"]\n'),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "duplicate-adds-number",
        "deduplication",
        (
            RECAPTURED,
            RECAPTURED
            + '        for number in numbers(lead):\n            workspace["by_number"].setdefault(number, existing)\n',
        ),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "same-whatsapp-refused",
        "deduplication",
        (
            CHECKED,
            CHECKED
            + '    if lead.get("whatsapp") == lead["phone"]:\n'
            + '        raise Refusal(400, "whatsapp: the same as phone")\n',
        ),
        level="assumed",
        subtle=True,
    ),
    fault("race-of-duplicates", "races", PAUSE, (EXISTING, EXISTING + "    await asyncio.sleep(0.002)\n"), subtle=True),
    fault(
        "race-of-codes",
        "races",
        PAUSE,
        (LEAD_ID, '"leadId": lead["leadId"],'),
        (SCORED, EARLY + '    taken = len(workspace["leads"]) + 1\n    await asyncio.sleep(0.002)\n' + SCORED),
        (LEAD_CODE, '"leadCode": code(taken),'),
        level="assumed",
        subtle=True,
    ),
)

STRICTNESS = (
    fault("json-nan", "robustness", ("            parse_constant=refuse_constant,\n", ""), level="assumed"),
    fault(
        "json-infinite-number",
        "robustness",
        ("            parse_float=finite,\n", ""),
        level="assumed",
        subtle=True,
    ),
    fault("json-names-twice", "robustness", ("            object_pairs_hook=unique,\n", ""), level="assumed"),
    fault("json-byte-order-mark", "robustness", (DECODED, 'body.decode("utf-8-sig")'), level="assumed", subtle=True),
    fault("json-utf-16", "robustness", (DECODED, "body"), level="assumed", subtle=True),
    fault("json-latin-1", "robustness", (DECODED, 'body.decode("latin-1")'), subtle=True),
    fault(
        "json-broken-utf-8", "robustness", (DECODED, 'body.decode("utf-8", "replace")'), level="assumed", subtle=True
    ),
    fault(
        "json-lone-surrogates",
        "robustness",
        ('"\\ud800" <= character', '"\\udfff" < character'),
        ("ensure_ascii=False).encode()", 'ensure_ascii=False).encode("utf-8", "replace")'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "json-nul",
        "robustness",
        ('if "\\0" in written:', "if not isinstance(written, str):"),
        level="assumed",
        subtle=True,
    ),
    fault("json-any-depth", "robustness", ("if depth > MAX_DEPTH:", "if depth > 500:"), level="assumed", subtle=True),
    fault("json-depth-8", "robustness", ("if depth > MAX_DEPTH:", "if depth > 8:"), level="assumed", subtle=True),
    fault(
        "json-trailing-comma",
        "robustness",
        (DECODED, 're.sub(r",\\s*}", "}", body.decode("utf-8"))'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "json-then-garbage",
        "robustness",
        (DECODED, 'body.decode("utf-8")[: body.decode("utf-8", "replace").rfind("}") + 1]'),
        level="assumed",
        subtle=True,
    ),
    fault("json-array-for-object", "robustness", (JUDGED, JUDGED_FIRST), level="assumed", subtle=True),
    fault("media-any", "robustness", ('if media != "application/json":', "if not headers:"), level="assumed"),
    fault(
        "media-not-needed",
        "robustness",
        ('if media != "application/json":', 'if media not in {"application/json", ""}:'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "media-any-json",
        "robustness",
        ('if media != "application/json":', 'if not media.endswith("json"):'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "media-400", "robustness", ('Refusal(415, "Content-Type must be application/json")', MEDIA_400), level="assumed"
    ),
    fault("media-no-charset", "robustness", ('!= "utf-8":', '!= "none":'), subtle=True, level="assumed"),
    fault("media-any-charset", "robustness", ('!= "utf-8":', '== "none":'), level="assumed", subtle=True),
    fault(
        "media-lower-case",
        "robustness",
        ("(part.strip().lower() for part", "(part.strip() for part"),
        level="assumed",
        subtle=True,
    ),
    fault(
        "media-any-encoding",
        "robustness",
        ('.lower() != "identity":', '.lower() == "none":'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "size-any", "robustness", ("    if len(body) > MAX_BYTES:\n", "    if len(body) > 10**9:\n"), level="assumed"
    ),
    fault(
        "size-less-than-permitted",
        "robustness",
        ("    if len(body) > MAX_BYTES:\n", "    if len(body) >= MAX_BYTES:\n"),
        level="assumed",
        subtle=True,
    ),
    fault(
        "size-16-kib",
        "robustness",
        ("    if len(body) > MAX_BYTES:\n", "    if len(body) > 2**14:\n"),
        subtle=True,
        level="assumed",
    ),
    fault("size-400", "robustness", ("raise Refusal(413,", "raise Refusal(400,"), level="assumed"),
    fault("length-needed", "robustness", after(MEASURED, LENGTH_NEEDED), level="assumed", subtle=True),
    fault("accept-needed", "robustness", after(HEADERS_READ, ACCEPT_NEEDED), level="assumed", subtle=True),
)

ROUTES = (
    fault(
        "path-with-slash",
        "robustness",
        ('if scope["path"] != PATH', 'if scope["path"].rstrip("/") != PATH'),
        level="assumed",
    ),
    fault(
        "path-in-any-case",
        "robustness",
        ('if scope["path"] != PATH', 'if scope["path"].lower() != PATH'),
        level="assumed",
    ),
    fault(
        "path-with-more",
        "robustness",
        ('if scope["path"] != PATH', 'if not scope["path"].startswith(PATH)'),
        level="assumed",
        subtle=True,
    ),
    fault("path-encoded-slash", "robustness", (' or b"%2f" in raw.lower()', ""), level="assumed", subtle=True),
    fault("unknown-path-401", "robustness", (NOT_FOUND, NOT_FOUND.replace("404", "401")), level="assumed"),
    fault("unknown-path-400", "robustness", (NOT_FOUND, NOT_FOUND.replace("404", "400")), level="assumed"),
    fault(
        "unknown-path-html",
        "robustness",
        ('        headers |= {"Content-Type"', UNKNOWN_HTML),
        (CONTENT_TYPE, '"Content-Type": kind, '),
        level="assumed",
    ),
    fault(
        "method-without-allow",
        "robustness",
        (NOT_ALLOWED, 'raise Refusal(405, "Method not allowed")'),
        level="assumed",
    ),
    fault(
        "method-allow-incomplete",
        "robustness",
        (NOT_ALLOWED, NOT_ALLOWED.replace('", ".join(METHODS)', '"POST"')),
        level="assumed",
        subtle=True,
    ),
    fault("method-404", "robustness", (NOT_ALLOWED, NOT_ALLOWED.replace("405", "404")), level="assumed"),
    fault("method-401", "robustness", (ROUTED, METHOD_KEY + ROUTED), level="assumed", subtle=True),
    fault(
        "method-put",
        "robustness",
        ('"HEAD", "OPTIONS", "POST")', '"HEAD", "OPTIONS", "POST", "PUT")'),
        level="assumed",
        subtle=True,
    ),
    fault("method-override", "robustness", (ROUTED, OVERRIDE + ROUTED), level="assumed", subtle=True),
    fault(
        "options-200",
        "robustness",
        (OPTIONS_ANSWER, OPTIONS_ANSWER.replace("204, None", "200, {}")),
        level="assumed",
        subtle=True,
    ),
    fault(
        "options-without-allow",
        "robustness",
        (OPTIONS_ANSWER, "return Answer(204, None, {})"),
        level="assumed",
        subtle=True,
    ),
    fault("options-any-origin", "robustness", (OPTIONS_ANSWER, ANY_ORIGIN), level="assumed", subtle=True),
    fault("error-text-only", "conformance", (ERROR, '{"error": refusal.error}'), level="assumed"),
    fault(
        "error-object",
        "conformance",
        (ERROR, '{"success": False, "error": {"message": refusal.error}}'),
        level="assumed",
    ),
    fault("error-success-true", "conformance", (ERROR, '{"success": True, "error": refusal.error}'), level="assumed"),
    fault("error-message", "conformance", (ERROR, '{"success": False, "message": refusal.error}'), level="assumed"),
    fault("error-empty", "conformance", (ERROR, '{"success": False, "error": ""}'), level="assumed"),
    fault("error-without-body", "conformance", (REFUSED, REFUSED.replace(ERROR, "None")), level="assumed"),
)

LIMITS = (
    fault(
        "rate-one-too-many",
        "limits",
        ("    if used >= limit:\n", "    if used > limit:\n"),
        ("limit - used - 1", "max(0, limit - used - 1)"),
    ),
    fault("rate-one-too-few", "limits", ("    if used >= limit:\n", "    if used >= limit - 1:\n")),
    fault(
        "cap-before-validation",
        "limits",
        (
            JUDGED,
            (
                '        held = state["workspaces"][key.tenant]["leads"]\n'
                "        value = parsed(body)\n"
                '        seen = state["workspaces"][key.tenant]["by_number"].get(str(value.get("phone")))\n'
                '        if seen is None and len(held) >= key.limits.get("max_leads", math.inf):\n'
                "            raise Refusal(429, TOO_MANY_LEADS)\n"
                "        lead = validated(value)\n"
            ),
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "cap-before-whatsapp",
        "limits",
        (
            EXISTING,
            EXISTING
            + '    if existing is not None and existing["phone"] != lead["phone"]:\n'
            + '        if len(workspace["leads"]) >= key.limits.get("max_leads", 9999):\n'
            + "            raise Refusal(429, TOO_MANY_LEADS)\n",
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "email-in-other-letters-matches",
        "deduplication",
        (
            EXISTING,
            EXISTING
            + '    for each in workspace["leads"] if existing is None else ():\n'
            + '        mine, theirs = lead.get("email") or "", each.get("email") or ""\n'
            + "        if mine != theirs and mine.lower() == theirs.lower():\n"
            + "            return 200, duplicate(each)\n",
        ),
        level="vendor-page",
        subtle=True,
    ),
    fault(
        "rate-remaining-of-the-workspace",
        "limits",
        (
            "    return rate_headers(limit, limit - used - 1, reset)\n",
            (
                '    windows = [state["windows"].get(each.secret) for each in KEYS if each.tenant == key.tenant]\n'
                '    used = sum(each["used"] for each in windows if each is not None)\n'
                "    return rate_headers(limit, max(0, limit - used), reset)\n"
            ),
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-ignores-large-bodies",
        "limits",
        (
            REFUSED,
            '        if refusal.status == 413 and rate:\n            state["windows"][key.secret]["used"] -= 1\n'
            + REFUSED,
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-counts-other-methods",
        "limits",
        (
            REFUSED,
            "        if refusal.status == 405:\n"
            '            given = header_values(scope).get("x-api-key")\n'
            "            for each in (each for each in KEYS if each.secret == given):\n"
            "                await metered(state, each)\n" + REFUSED,
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-refusal-starts-anew",
        "limits",
        after("    if used >= limit:\n", '        window["ends"] = now + WINDOW_SECONDS\n'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-unlimited",
        "limits",
        ("    if used >= limit:\n", "    if used >= 10**6:\n"),
        ("limit - used - 1", "max(0, limit - used - 1)"),
    ),
    fault(
        "rate-per-workspace",
        "limits",
        ('window = state["windows"].get(key.secret)', 'window = state["windows"].get(key.tenant)'),
        ('state["windows"][key.secret] =', 'state["windows"][key.tenant] ='),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-of-all-keys",
        "limits",
        ('window = state["windows"].get(key.secret)', 'window = state["windows"].get("all")'),
        ('state["windows"][key.secret] =', 'state["windows"]["all"] ='),
        level="assumed",
    ),
    fault(
        "rate-counts-refused-keys",
        "limits",
        (
            REFUSED,
            '        for window in state["windows"].values() if refusal.status in {401, 403} else ():\n'
            '            window["used"] = min(30, window["used"] + 1)\n' + REFUSED,
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-ignores-invalid",
        "limits",
        (
            REFUSED,
            '        if refusal.status == 400 and rate:\n            state["windows"][key.secret]["used"] -= 1\n'
            + REFUSED,
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-ignores-duplicates",
        "limits",
        (DONE, DONE + '        if status == 200 and rate:\n            state["windows"][key.secret]["used"] -= 1\n'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-refused-yet-created",
        "limits",
        (
            METERED,
            (
                "        try:\n"
                "            rate = await metered(state, key)\n"
                "        except Refusal:\n"
                "            await captured(state, key, validated(parsed(body)))\n"
                "            raise\n"
            ),
        ),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-after-body",
        "limits",
        (METERED, "        validated(parsed(body))\n" + METERED),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-503",
        "limits",
        ("raise Refusal(429, TOO_MANY_REQUESTS", "raise Refusal(503, TOO_MANY_REQUESTS"),
        level="assumed",
    ),
    fault(
        "rate-message-of-cap",
        "limits",
        ("raise Refusal(429, TOO_MANY_REQUESTS", "raise Refusal(429, TOO_MANY_LEADS"),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-headers-missing",
        "limits",
        ("    return rate_headers(limit, limit - used - 1, reset)", "    return {}"),
        level="assumed",
    ),
    fault(
        "rate-headers-missing-on-refusal",
        "limits",
        ("{**rate, **refusal.headers}", "refusal.headers"),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-headers-for-unlimited",
        "limits",
        (
            "    if limit is None:\n        return {}\n",
            "    if limit is None:\n        return rate_headers(10**9, 10**9, 60)\n",
        ),
        level="assumed",
        subtle=True,
    ),
    fault("rate-headers-x", "limits", ('"RateLimit-Remaining":', '"X-RateLimit-Remaining":'), level="assumed"),
    fault(
        "rate-limit-header-wrong",
        "limits",
        ('"RateLimit-Limit": str(limit)', '"RateLimit-Limit": str(60)'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-remaining-before-request", "limits", ("limit - used - 1", "limit - used"), level="assumed", subtle=True
    ),
    fault(
        "rate-reset-timestamp",
        "limits",
        ('"RateLimit-Reset": str(reset)', '"RateLimit-Reset": str(int(time.time()) + reset)'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-reset-fraction",
        "limits",
        ('"RateLimit-Reset": str(reset)', '"RateLimit-Reset": f"{reset}.0"'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "rate-without-retry-after",
        "limits",
        ('wait = {"Retry-After": str(reset)}', "wait: dict[str, str] = {}"),
        level="assumed",
    ),
    fault(
        "rate-retry-after-0",
        "limits",
        ('wait = {"Retry-After": str(reset)}', 'wait = {"Retry-After": "0"}'),
        level="assumed",
        subtle=True,
    ),
    fault("rate-race", "races", PAUSE, (WINDOW, WINDOW + "    await asyncio.sleep(0.002)\n"), subtle=True),
    fault(
        "cap-one-too-many",
        "limits",
        ('if len(workspace["leads"]) >= key', 'if len(workspace["leads"]) > key'),
        subtle=True,
    ),
    fault(
        "cap-one-too-few",
        "limits",
        ('if len(workspace["leads"]) >= key', 'if len(workspace["leads"]) + 1 >= key'),
        subtle=True,
    ),
    fault("cap-ignored", "limits", (FULL, "")),
    fault("cap-403", "limits", (REFUSED_AT_CAP, REFUSED_AT_CAP.replace("429", "403"))),
    fault("cap-402", "limits", (REFUSED_AT_CAP, REFUSED_AT_CAP.replace("429", "402"))),
    fault("cap-200", "limits", (REFUSED_AT_CAP, '        return 200, {"success": False, "error": TOO_MANY_LEADS}\n')),
    fault(
        "cap-message-of-rate",
        "limits",
        (REFUSED_AT_CAP, REFUSED_AT_CAP.replace("TOO_MANY_LEADS", "TOO_MANY_REQUESTS")),
        subtle=True,
    ),
    fault(
        "cap-with-retry-after",
        "limits",
        (REFUSED_AT_CAP, '        raise Refusal(429, TOO_MANY_LEADS, {"Retry-After": "60"})\n'),
        level="assumed",
        subtle=True,
    ),
    fault("cap-refuses-duplicates", "limits", (EXISTING, FULL + EXISTING), level="assumed", subtle=True),
    fault(
        "cap-counts-duplicates",
        "limits",
        ('if len(workspace["leads"]) >= key', 'if sum(len(each["activities"]) for each in workspace["leads"]) >= key'),
        subtle=True,
    ),
    fault(
        "cap-counts-invalid",
        "limits",
        (
            REFUSED,
            '        if refusal.status == 400 and "max_leads" in key.limits:\n'
            '            refusing = state["workspaces"][key.tenant]\n'
            '            refusing["invalid"] = refusing.get("invalid", 0) + 1\n' + REFUSED,
        ),
        ('if len(workspace["leads"]) >= key', 'if len(workspace["leads"]) + workspace.get("invalid", 0) >= key'),
        subtle=True,
    ),
    fault(
        "cap-remembers-refused",
        "limits",
        (
            REFUSED_AT_CAP,
            '        workspace["by_number"] |= dict.fromkeys(numbers(lead), workspace["leads"][0])\n' + REFUSED_AT_CAP,
        ),
        subtle=True,
    ),
    fault(
        "cap-of-each-key",
        "limits",
        (
            'if len(workspace["leads"]) >= key',
            'if sum(known["by"] == key.name for known in workspace["leads"]) >= key',
        ),
        ('"activities": ["Lead Captured"],', '"activities": ["Lead Captured"],\n        "by": key.name,'),
        level="assumed",
        subtle=True,
    ),
    fault(
        "cap-for-unlimited",
        "limits",
        ('key.limits.get("max_leads", math.inf)', 'key.limits.get("max_leads", 500)'),
        subtle=True,
    ),
    fault(
        "cap-race",
        "races",
        PAUSE,
        (LEAD_ID, '"leadId": lead["leadId"],'),
        (SCORED, EARLY + "    await asyncio.sleep(0.002)\n" + SCORED),
        subtle=True,
    ),
)

FAULTS: tuple[Fault, ...] = (
    *SHAPE,
    *RECORDS,
    *INFO,
    *VALIDATION,
    *FAILURES,
    *ACCESS,
    *DEDUPLICATION,
    *STRICTNESS,
    *ROUTES,
    *LIMITS,
)
