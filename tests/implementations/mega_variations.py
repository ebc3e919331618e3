"""Other right implementations of MEGA: they choose otherwise where the vendor's documents and pages are silent."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.workshop import Variation

KEPT = '    store["leads"][lead["id"]] = lead\n'
MERGED = '    return {**lead, **fields, "custom_fields": values, "updated_at": later}\n'
MERGED_VALUES = '    values = {**lead["custom_fields"], **fields["custom_fields"]}\n'
BY_EMAIL = '    if by_email:\n        return by_email, "email"\n'
NEW_LEAD_ID = '        "id": str(uuid.uuid4()),\n        "customer_id"'
VIEW = '    return {**view, "custom_fields": lead["custom_fields"]} if custom_fields else view\n'
ENVELOPE = '{"error": {"type": kind, "code": refusal.status, "message": refusal.message}}'
ANSWERED = '    headers = {"X-Content-Type-Options": "nosniff", **answer.headers}\n'
PATH = '    path = below_base(scope["path"])\n'
METHOD = '    operation = operations.get("GET" if scope["method"] == "HEAD" else scope["method"])\n'
OPTIONS = "            return Answer(204, None, allowed(operations))\n"
GIVEN = "    given = an_object(call.body)\n    if wrong :="
STAGE = '        if fields.get("stage_slug", "new") not in store["stages"]:\n'
FIELDS = "    return {field: value for field, value in fields.items() if not isinstance(value, str) or value.strip()}\n"
UPSERTED = '    outcome, lead, _ = await upserted(call.store, fields_of(given, call.store), "manual")\n'
REPLAY = '        return Answer(kept["status"], kept["content"], {"Idempotent-Replayed": "true"})\n'
EXECUTED = "    answer = await operation.handler(call)\n    replays[place] = {\n"
PREVIEW = ' and call.body.get("dry_run") is True\n'
BOUNDS = "    if not 1 <= len(rows) <= MAX_ROWS:\n"
RESULT_IDS = '        if result["lead_id"] not in call.store["leads"]:\n            result["lead_id"] = None\n'
REPORTED = "    window = min(windows, key=lambda window: (remaining(window), -reset(window, now)))\n"
METERED = "        rate = await metered(state, key, operation.bucket)\n"
PERMITTED = "        check_permission(key, operation, headers)\n"
POPPED = '    if call.store["webhooks"].pop(call.webhook_id, None) is None:\n'

EMAIL_FORM = '    "contact_email": form(254, EMAIL, "an email address"),\n'
RETAINED = "        slug: value for slug, value in"
ERROR_BODY = '    kind = ERROR_TYPES.get(refusal.status, "invalid_request_error")\n'
SORTED = '    sort_by, downwards = query["sort_by"], query["sort_dir"] == "desc"\n'
NEW_WINDOW = """        if window is None or now >= window["ends"] or window["used"] == 0:
            window = {"limit": limit, "used": 0, "ends": now + lengths.get(name, 60)}
            state["windows"][key.secret, name] = window
"""
REGISTERED = '    given = webhook_changes(call.body, WEBHOOK_CHECKS, ("url", "event_types"))\n'
IGNORED = '        **({"ignored_custom_fields": ignored} if ignored else {}),\n'

BROUGHT_WITHIN = """

def brought_within(given: dict[str, Any]) -> dict[str, Any]:
    bounds = {"timeout_seconds": (1, 60), "retry_attempts": (0, 10)}
    taken = dict(given)
    for name, (least, most) in bounds.items():
        value = taken.get(name)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            taken[name] = min(max(value, least), most)
    if isinstance(taken.get("event_types"), list):
        known = [one for one in dict.fromkeys(map(str, taken["event_types"])) if one in EVENTS]
        taken["event_types"] = known or list(EVENTS)
    return taken
"""

VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "careful-merges",
        (
            "A merge fills what is missing and overwrites nothing; custom fields too. It is not dated "
            "if it changes nothing."
        ),
        (
            (MERGED_VALUES, '    values = {**fields["custom_fields"], **lead["custom_fields"]}\n'),
            (
                MERGED,
                (
                    "    gained = {field: value for field, value in fields.items() if lead.get(field) is None}\n"
                    '    gained |= {"custom_fields": values}\n'
                    "    if all(lead[field] == value for field, value in gained.items()):\n"
                    "        return lead\n"
                    '    return {**lead, **gained, "updated_at": later}\n'
                ),
            ),
        ),
    ),
    Variation(
        "the-phone-wins",
        "If email and phone match two leads, the phone wins, and its lead gets the email. Short "
        "phones match as a whole, "
        "an extension is part of the phone, and only Latin digits count.",
        (
            (
                BY_EMAIL,
                (
                    '    if by_email and not store["by_phone"].get(phone_key(fields.get("contact_phone"))):\n'
                    '        return by_email, "email"\n'
                ),
            ),
            (
                '    if before.get("contact_email"):\n',
                (
                    '    second = store["leads"].get(store["by_email"].get(email_key(lead["contact_email"])) or "")\n'
                    '    if second and second["id"] != lead["id"]:\n'
                    '        store["leads"][second["id"]] = {**second, "contact_email": None}\n'
                    '    if before.get("contact_email"):\n'
                ),
            ),
            ("found[-10:] if len(found) >= 10 else None", "found[-10:] or None"),
            (
                r'digits(re.sub(r"(?i);?\s*(ext(ension)?\.?|x\.?|#)\s*[=:]?\s*\d{1,7}\s*$", "", phone))',
                'digits(re.sub("[^0-9]", "", phone))',
            ),
        ),
    ),
    Variation(
        "tidy-values",
        "Phones are shown as + and digits, emails in small letters, names without spaces around them. "
        "Null custom fields are dropped. A lead starts as a form of a referral.",
        (
            (
                KEPT,
                '    if len(phone := phone_digits(lead["contact_phone"] or "")) >= 10:\n'
                '        lead["contact_phone"] = f"+{phone}" if len(phone) > 10 else f"+1{phone}"\n'
                '    lead["contact_email"] = lead["contact_email"] and lead["contact_email"].lower()\n'
                '    lead["contact_name"] = lead["contact_name"] and lead["contact_name"].strip()\n'
                '    values = lead["custom_fields"].items()\n'
                '    lead["custom_fields"] = {slug: value for slug, value in values if value is not None}\n' + KEPT,
            ),
            ('        "source_platform": "direct",\n', '        "source_platform": "referral",\n'),
            ('call.store), "manual")', 'call.store), "form")'),
        ),
    ),
    Variation(
        "other-ids-and-more-members",
        "Ids are short texts, webhook ids are UUIDs, leads and errors have members of their own. "
        "Each answer has a request id.",
        (
            (NEW_LEAD_ID, '        "id": f"L{secrets.token_hex(8)}",\n        "customer_id"'),
            ('f"wh_{uuid.uuid4()}"', "str(uuid.uuid4())"),
            (VIEW, '    view |= {"tags": [], "archived": False}\n' + VIEW),
            (ENVELOPE, '{"error": {"type": kind, "code": refusal.status, "message": refusal.message, "param": None}}'),
            (ANSWERED, '    headers = {"X-Request-Id": secrets.token_hex(8), **answer.headers}\n'),
        ),
    ),
    Variation(
        "plain-http",
        "A wrong media type and too large a body are 400, a wrong method is 404, and so is OPTIONS; there is no HEAD. "
        "401 comes without a challenge. Bodies may be half as large.",
        (
            ('raise Refusal(415, "Content-Type must be application/json")', 'raise Refusal(400, "No JSON")'),
            ('raise Refusal(415, "Content-Type must be application/json in UTF-8")', 'raise Refusal(400, "No UTF-8")'),
            ('raise Refusal(415, "Content-Encoding', 'raise Refusal(400, "Content-Encoding'),
            ('raise Refusal(413, f"The', 'raise Refusal(400, f"The'),
            (
                'raise Refusal(405, "Method not allowed", allowed(operations))',
                'raise Refusal(404, "There is nothing at this path")',
            ),
            (METHOD, '    operation = operations.get(scope["method"])\n'),
            (OPTIONS, '            raise Refusal(404, "There is nothing at this path")\n'),
            ('CHALLENGE = {"WWW-Authenticate": "Bearer"}', "CHALLENGE: dict[str, str] = {}"),
            ("MAX_BYTES = 1_048_576\n", "MAX_BYTES = 524_288\n"),
        ),
    ),
    Variation(
        "easy-going-http",
        "Any media type, a byte order mark, names that occur twice and NUL characters are taken. "
        "So is a slash at the end "
        "of the path, and any depth that can be read. The bearer scheme may be followed by several spaces.",
        (
            ('    if media != "application/json":\n', '    if media == "multipart/form-data":\n'),
            ('body.decode("utf-8")', 'body.decode("utf-8-sig")'),
            ("object_pairs_hook=unique", "object_pairs_hook=dict"),
            ('NUL = re.compile("\\0")', 'NUL = re.compile("(?!)")'),
            ("MAX_DEPTH = 32\n", "MAX_DEPTH = 200\n"),
            (PATH, '    path = below_base(scope["path"]).rstrip("/")\n'),
            ('r"(?i:bearer) (mega', 'r"(?i:bearer) +(mega'),
        ),
    ),
    Variation(
        "strict-validation",
        "Unknown members and unknown custom fields of a single lead are 400, and so is null for a contact field. Names "
        "have at most 120 characters, an email needs a full stop in its domain, a customer that is no UUID is 400.",
        (
            (
                GIVEN,
                (
                    "    given = an_object(call.body)\n"
                    "    unknown = set(given) - set(LEAD_CHECKS)\n"
                    '    slugs = given.get("custom_fields")\n'
                    '    unknown |= set(slugs) - set(call.store["custom_fields"]) if isinstance(slugs, dict) '
                    "else set()\n"
                    '    nulls = [name for name in given if given[name] is None and name.startswith("contact")]\n'
                    "    if unknown or nulls:\n"
                    '        raise Refusal(400, "There are unknown members, or null for a contact field")\n'
                    "    if wrong :="
                ),
            ),
            ('    "contact_name": text(255),\n', '    "contact_name": text(120),\n'),
            (r"@{LABEL}((\.|-+){LABEL})*)?", r"@{LABEL}(-+{LABEL})*(\.{LABEL}(-+{LABEL})*)+)?"),
            (
                "    if given[0].lower() != key.tenant:\n",
                (
                    "    if not re.fullmatch(UUID, given[0]):\n"
                    '        raise Refusal(400, "x-customer-id: must be a UUID")\n'
                    "    if given[0].lower() != key.tenant:\n"
                ),
            ),
        ),
    ),
    Variation(
        "generous-validation",
        "Names, phones, emails and custom texts may be ten times as long, an unknown stage is "
        "the first one, letter case "
        "of a stage does not count, owner_id counts for a single lead too, and any phone is a contact.",
        (
            ('    "contact_name": text(255),\n', '    "contact_name": text(2550),\n'),
            ('    "contact_phone": text(64),\n', '    "contact_phone": text(640),\n'),
            ('form(254, EMAIL, "an email', 'form(2540, EMAIL, "an email'),
            ("        return text(5000)(value)\n", "        return text(50000)(value)\n"),
            (STAGE, '        if fields.get("stage_slug", "new") not in store["stages"] and "owner_id" in checks:\n'),
            (
                FIELDS,
                '    slug = str(fields.get("stage_slug", "")).lower()\n'
                '    if slug in store["stages"]:\n'
                '        fields["stage_slug"] = slug\n' + FIELDS,
            ),
            (
                UPSERTED,
                (
                    "    fields = fields_of(given, call.store)\n"
                    '    if fields.get("stage_slug", "new") not in call.store["stages"]:\n'
                    '        del fields["stage_slug"]\n'
                    '    if isinstance(given.get("owner_id"), str) and given["owner_id"] in call.store["owners"]:\n'
                    '        fields["owner_id"] = given["owner_id"]\n'
                    '    outcome, lead, _ = await upserted(call.store, fields, "manual")\n'
                ),
            ),
            (
                '[] if digits(fields.get("contact_phone", "")) else [ONE_CONTACT]',
                '[] if fields.get("contact_phone") else [ONE_CONTACT]',
            ),
        ),
    ),
    Variation(
        "keys-the-way-of-others",
        "Bodies are compared with the order of their members, answers 400 are remembered too, "
        "replays are not marked and "
        "not counted, a preview with a used key is 409, and keys have at most 128 characters.",
        (
            ("json.dumps(canonical(body), sort_keys=True)", "json.dumps(body)"),
            (REPLAY, '        return Answer(kept["status"], kept["content"], {})\n'),
            (
                EXECUTED,
                (
                    "    try:\n"
                    "        answer = await operation.handler(call)\n"
                    "    except Refusal as refusal:\n"
                    "        answer = Answer(refusal.status, error_body(refusal), {})\n"
                    "    replays[place] = {\n"
                ),
            ),
            (
                PREVIEW,
                (
                    ' and call.body.get("dry_run") is True\n'
                    '    preview = preview and (call.key.tenant, operation.name, key) not in call.state["replays"]\n'
                ),
            ),
            ('{1,255}", given[0])', '{1,128}", given[0])'),
        ),
    ),
    Variation(
        "imports-the-way-of-others",
        "A row that is no object makes the request 400, a preview gives the ids of "
        "leads that it did not keep, unknown fields of failed rows are not told, and each row "
        "tells its ignored fields.",
        (
            (
                BOUNDS,
                "    if not all(isinstance(row, dict) for row in rows):\n"
                '        raise Refusal(400, "leads: must have objects only")\n' + BOUNDS,
            ),
            (RESULT_IDS, ""),
            (
                '        **({"ignored_custom_fields": ignored} if ignored else {}),\n',
                '        "ignored_custom_fields": [] if wrong else ignored,\n',
            ),
            ('store, row_fields(row, store), "import"', 'store, row_fields(row, store), "manual"'),
            ('"owner_id: is no user of this customer"', '"owner_id: not found"'),
        ),
    ),
    Variation(
        "lists-the-way-of-others",
        "Equal times are sorted by id upwards in both directions, an unknown status is 400, an unknown parameter too. "
        "Search respects letter case. Cursors have no seal.",
        (
            ("    leads.sort(key=place, reverse=downwards)\n", "    leads.sort(key=place)\n"),
            (
                '        return lead[sort_by], lead["id"]\n',
                '        return -lead[sort_by] if downwards else lead[sort_by], lead["id"]\n',
            ),
            ("(place(lead) >= after if downwards else place(lead) <= after)]", "place(lead) <= after]"),
            (
                '    "status": short_text(64),\n',
                '    "status": word("active", "won", "lost", "nurture", "archived"),\n',
            ),
            (
                "    for name in QUERY:\n",
                (
                    "    if not {name for name, _ in pairs} <= set(QUERY):\n"
                    '        raise Refusal(400, "There is an unknown parameter")\n'
                    "    for name in QUERY:\n"
                ),
            ),
            ("search.lower() in text.lower() for text in texts", "search in text for text in texts"),
            (
                '    return "c1." + base64.urlsafe_b64encode(seal + content).decode().rstrip("=")\n',
                '    return "c1." + base64.urlsafe_b64encode(bytes(16) + content).decode().rstrip("=")\n',
            ),
        ),
    ),
    Variation(
        "lists-that-forgive",
        "A limit out of bounds becomes the nearest that fits; another value that does not fit is as if absent.",
        (
            (
                (
                    "    query = {**DEFAULTS, **{name: QUERY[name](name, value) for name, value in call.query.items() "
                    "if name in QUERY}}\n"
                ),
                (
                    "    query = dict(DEFAULTS)\n"
                    "    for name in call.query.keys() & QUERY.keys():\n"
                    "        try:\n"
                    "            query[name] = QUERY[name](name, call.query[name])\n"
                    "        except Refusal:\n"
                    '            if name == "cursor":\n'
                    "                raise\n"
                    '            if name == "limit" and call.query[name].isdecimal():\n'
                    "                query[name] = min(max(int(call.query[name]), 1), 100)\n"
                ),
            ),
        ),
    ),
    Variation(
        "limits-the-way-of-others",
        "The widest window is reported until one is full. Requests without the scope or of "
        "another customer count, replays do not.",
        (
            (REPORTED, "    window = max(windows, key=lambda window: (not remaining(window), remaining(window)))\n"),
            (PERMITTED + METERED, METERED + PERMITTED),
            (
                "    return Answer(answer.status, answer.body, {**rate, **answer.headers})\n",
                (
                    '    if "Idempotent-Replayed" in answer.headers:\n'
                    "        for window in windows_of(state, key, operation.bucket, now):\n"
                    '            window["used"] -= 1\n'
                    "    return Answer(answer.status, answer.body, {**rate, **answer.headers})\n"
                ),
            ),
        ),
    ),
    Variation(
        "webhooks-the-way-of-others",
        "The newest webhook is first in the list, event types may be left out, deleting twice is 200, a change without "
        "effect is dated, retries keep their timestamp and secret, and the event has the whole lead.",
        (
            (
                "shown_webhook(webhook) for webhook in webhooks]",
                "shown_webhook(webhook) for webhook in reversed(webhooks)]",
            ),
            (
                '    given = webhook_changes(call.body, WEBHOOK_CHECKS, ("url", "event_types"))\n',
                '    given = {"event_types": list(EVENTS), **webhook_changes(call.body, WEBHOOK_CHECKS, ("url",))}\n',
            ),
            (
                POPPED,
                '    deleted = call.store.setdefault("deleted", set())\n'
                "    if call.webhook_id in deleted:\n"
                '        return Answer(200, {"deleted": True}, {})\n'
                "    deleted.add(call.webhook_id)\n" + POPPED,
            ),
            ("    if any(webhook[name] != value for name, value in changes.items()):\n", "    if webhook:\n"),
            (
                "    delivery = str(uuid.uuid4())\n    attempts = 0\n",
                (
                    "    delivery = str(uuid.uuid4())\n"
                    "    attempts = 0\n"
                    '    secret = store["webhooks"][webhook_id]["secret"]\n'
                    "    begun = str(int(time.time()))\n"
                ),
            ),
            (
                "attempt(webhook, delivery, body):",
                'attempt({**webhook, "secret": secret, "begun": begun}, delivery, body):',
            ),
            ("    timestamp = str(int(time.time()))\n    headers", '    timestamp = webhook["begun"]\n    headers'),
            (
                "    told = {name: value for name, value in view.items() if name not in hidden}\n",
                "    told = {name: value for name, value in view.items() if name not in hidden[:0]}\n",
            ),
            ("FIRST_RETRY_SECONDS = 0.2\n", "FIRST_RETRY_SECONDS = 0.1\n"),
        ),
    ),
    Variation(
        "careful-texts",
        "Names and custom texts are of letters and a little beside them, emails and phones of the common forms, phones "
        "such as there may be, and keys of at most 64 letters, digits and hyphens. Custom fields are kept as texts.",
        (
            (
                '    "contact_name": text(255),\n',
                '    "contact_name": form(99, r"[^\\x00-\\x1f<>\\"\\\\/;:&%#$@{}|\\U0001f000-\\U0001ffff]*", "it"),\n',
            ),
            (
                '    "contact_phone": text(64),\n',
                (
                    '    "contact_phone": form(20, r"(\\+?1[ .-]?)?\\(?[2-9][0-8]\\d\\)?[ .-]?[2-9]\\d\\d[ .-]?\\d{4}'
                    '|\\+91 ?[6-9]\\d{4} ?\\d{5}", "a phone"),\n'
                ),
            ),
            (EMAIL_FORM, '    "contact_email": form(100, r"[\\w.+-]+@[a-z0-9-]+(\\.[a-z0-9-]+)+", "an email"),\n'),
            ("        return text(5000)(value)\n", '        return form(200, r"[^\\x00-\\x1f<>]*", "plain")(value)\n'),
            (r'r"[\x21-\x7e]{1,255}"', 'r"[A-Za-z0-9-]{1,64}"'),
            (RETAINED, "        slug: value if value is None else str(value) for slug, value in"),
        ),
    ),
    Variation(
        "moments-in-seconds",
        "Moments are told in seconds, as +00:00, but known in milliseconds. A cursor names its sort where the "
        "query does not. A list without custom fields has null for them.",
        (
            (
                'isoformat(timespec="milliseconds").replace("+00:00", "Z")',
                'isoformat(timespec="seconds")',
            ),
            (
                SORTED,
                (
                    '    if "cursor" in query and "sort_by" not in call.query:\n'
                    '        sealed_sort = query["cursor"][3:] + "=" * (-(len(query["cursor"]) - 3) % 4)\n'
                    '        query["sort_by"] = json.loads(base64.b64decode(sealed_sort, b"-_")[16:])[1]\n' + SORTED
                ),
            ),
            (VIEW, '    return {**view, "custom_fields": lead["custom_fields"] if custom_fields else None}\n'),
        ),
    ),
    Variation(
        "buckets-and-hours",
        "Limits are refilled all the time, the hour is always reported, Retry-After tells when one request is allowed, "
        "and dry runs count for nothing.",
        (
            (
                NEW_WINDOW,
                (
                    "        pace = limit / lengths.get(name, 60)\n"
                    "        if window is None:\n"
                    '            window = {"limit": limit, "used": 0.0, "at": now}\n'
                    '            state["windows"][key.secret, name] = window\n'
                    '        window["used"] = max(0.0, window["used"] - (now - window["at"]) * pace)\n'
                    '        window |= {"at": now, "ends": now + window["used"] / pace, "pace": pace}\n'
                ),
            ),
            ('if window["used"] >= window["limit"]]', 'if window["used"] > window["limit"] - 1]'),
            (
                "        wait = max(reset(window, now) for window in full)\n",
                '        wait = max(math.ceil((w["used"] - w["limit"] + 1) / w["pace"]) for w in full)\n',
            ),
            (REPORTED, '    window = max(windows, key=lambda window: window["limit"])\n'),
            (
                "    store = overlay(call.store) if dry_run else call.store\n",
                (
                    "    store = overlay(call.store) if dry_run else call.store\n"
                    '    for window in windows_of(call.state, call.key, "bulk", time.time()) if dry_run else ():\n'
                    '        window["used"] -= 1\n'
                ),
            ),
        ),
    ),
    Variation(
        "talkative",
        "Ids are numbers in texts, lists repeat the query, webhooks say when they were last looked at, a row without "
        "errors has an empty list of them, a skipped row ignores nothing, and what is no path, method or media type of "
        "the API is refused by a server before it, in another form.",
        (
            ("MAX_ROWS = 500\n", "MAX_ROWS = 500\nNUMBERS = iter(range(1001, 10**9))\n"),
            (NEW_LEAD_ID, '        "id": str(next(NUMBERS)),\n        "customer_id"'),
            ('f"wh_{uuid.uuid4()}"', 'f"wh_{next(NUMBERS)}"'),
            ('        "total": len(leads),\n', '        "total": len(leads),\n        "query": dict(call.query),\n'),
            (
                "[shown_webhook(webhook) for webhook in webhooks]}",
                '[shown_webhook(webhook) for webhook in webhooks], "query": dict(call.query)}',
            ),
            (
                '        "url": webhook["url"],\n',
                '        "url": webhook["url"],\n        "seen_at": time.time_ns(),\n',
            ),
            ('"errors": wrong or None', '"errors": wrong or []'),
            (IGNORED, '        **({"ignored_custom_fields": ignored} if ignored and status != "skipped" else {}),\n'),
            (
                ERROR_BODY,
                (
                    '    if refusal.status in {405, 413, 415} or refusal.message == "There is nothing at this path":\n'
                    '        return {"detail": refusal.message}\n' + ERROR_BODY
                ),
            ),
        ),
    ),
    Variation(
        "counted-ids-and-one-webhook-for-an-address",
        "Leads are counted up from 1001, and a second webhook for an address is 409.",
        (
            (NEW_LEAD_ID, NEW_LEAD_ID.replace("str(uuid.uuid4())", 'str(1001 + len(store["leads"]))')),
            (
                REGISTERED,
                (
                    f"{REGISTERED}"
                    '    if any(one["url"] == given["url"] for one in call.store["webhooks"].values()):\n'
                    '        raise Refusal(409, "There is a webhook for this address")\n'
                ),
            ),
        ),
    ),
    Variation(
        "limits-refilled-bit-by-bit",
        "A limit is a bucket: a part of it comes back with each second.",
        (
            (
                NEW_WINDOW,
                (
                    "        length = lengths.get(name, 60)\n"
                    "        if window is None:\n"
                    '            window = {"limit": limit, "used": 0.0, "at": now}\n'
                    '            state["windows"][key.secret, name] = window\n'
                    '        window["used"] = max(0.0, window["used"] - (now - window["at"]) * limit / length)\n'
                    '        window |= {"at": now, "ends": now + window["used"] * length / limit}\n'
                ),
            ),
            ('window["used"] >= window["limit"]', 'window["used"] > window["limit"] - 1'),
        ),
    ),
    Variation(
        "hooks-that-forgive",
        "Numbers of a webhook out of bounds become the nearest that fit, texts stand for numbers, unknown event types are dropped. A deleted webhook stays in the list, inactive; the list and a change answer bare webhooks.",
        (
            (
                REGISTERED,
                "    call = call._replace(body=brought_within(an_object(call.body)))\n" + REGISTERED,
            ),
            (
                "    changes = webhook_changes(call.body, PATCH_CHECKS)\n",
                "    changes = webhook_changes(brought_within(an_object(call.body)), PATCH_CHECKS)\n",
            ),
            ("# Webhooks\n", "# Webhooks\n" + BROUGHT_WITHIN),
            (
                POPPED,
                (
                    '    gone = call.store["webhooks"].get(call.webhook_id)\n'
                    '    if gone:\n        gone |= {"is_active": False, "gone": True}\n'
                    "    if gone is None:\n"
                ),
            ),
            (
                '    webhook = call.store["webhooks"].get(call.webhook_id)\n    if webhook is None:\n',
                '    webhook = call.store["webhooks"].get(call.webhook_id)\n    if webhook is None or webhook.get("gone"):\n',
            ),
            (
                'return Answer(200, {"webhook": shown_webhook(webhook), **secret}, {})',
                "return Answer(200, {**shown_webhook(webhook), **secret}, {})",
            ),
            (
                '{"webhooks": [shown_webhook(webhook) for webhook in webhooks]}',
                "[shown_webhook(webhook) for webhook in webhooks]",
            ),
        ),
    ),
    Variation(
        "one-delivery-after-another",
        "A webhook gets its deliveries in order, one at a time, a moment later, the first retry after a second; each "
        "attempt says its own delivered_at. Retries go on after a pause.",
        (
            ("FIRST_RETRY_SECONDS = 0.2\n", "FIRST_RETRY_SECONDS = 1\n"),
            (
                "    delivery = str(uuid.uuid4())\n    attempts = 0\n    while True:\n",
                (
                    "    delivery = str(uuid.uuid4())\n    attempts = 0\n    await asyncio.sleep(0.7)\n"
                    '    turn = store.setdefault("turns", {}).setdefault(webhook_id, asyncio.Lock())\n'
                    "    async with turn:\n"
                    "        await in_turn(store, webhook_id, body, delivery)\n\n\n"
                    "async def in_turn(store: State, webhook_id: str, body: bytes, delivery: str) -> None:\n"
                    "    attempts = 0\n"
                    "    while True:\n"
                    '        body = encoded({**json.loads(body), "delivered_at": moment(milliseconds())})\n'
                ),
            ),
            (
                'or not webhook["is_active"] or attempts >',
                "or attempts >",
            ),
        ),
    ),
    Variation(
        "counted-activity",
        "A create is an interaction, and so is each merge; leads have a score, and are not qualified. A new lead is in no stage unless it says one. Leads have a member lead_line.",
        (
            ('            "last_interaction_at": 0,\n'[4:], '        "last_interaction_at": now,\n'),
            (
                '"custom_fields": values, "updated_at": later}',
                '"custom_fields": values, "updated_at": later, "last_interaction_at": later, "count": lead.get("count", 1) + 1}',
            ),
            (
                '        "score": None,\n        "qualified": None,\n',
                '        "score": 40,\n        "qualified": False,\n        "lead_line": lead["custom_fields"].get("lead_line"),\n',
            ),
            (
                '        "last_interaction_at": None,\n        "interaction_count": 0,\n',
                '        "last_interaction_at": moment(lead["last_interaction_at"]),\n        "interaction_count": lead.get("count", 1),\n',
            ),
            ('        "stage_slug": "new",\n', '        "stage_slug": None,\n'),
            (
                '        "current_stage": store["stages"][lead["stage_slug"]],\n',
                '        "current_stage": lead["stage_slug"] and store["stages"][lead["stage_slug"]],\n',
            ),
            (
                'store["stages"][lead["stage_slug"]]["id"]}',
                '(store["stages"].get(lead["stage_slug"]) or {"id": ""})["id"]}',
            ),
            (
                '    told["current_stage"] = {name: view["current_stage"][name] for name in ("slug", "name")}\n',
                '    told["current_stage"] = lead["stage_slug"] and {name: view["current_stage"][name] for name in ("slug", "name")}\n',
            ),
        ),
    ),
    Variation(
        "whole-seconds",
        "Moments are known in seconds alone; created_since and updated_since list what came after the moment.",
        (
            ("    return int(time.time() * 1000)\n", "    return int(time.time()) * 1000\n"),
            ('max(milliseconds(), lead["updated_at"] + 1)', "milliseconds()"),
            ('max(milliseconds(), webhook["updated_at"] + 1)', "milliseconds()"),
            (
                'isoformat(timespec="milliseconds").replace("+00:00", "Z")',
                'isoformat(timespec="seconds").replace("+00:00", "Z")',
            ),
            ('lead["created_at"] * 10**6 >= query', 'lead["created_at"] * 10**6 > query'),
            ('lead["updated_at"] * 10**6 >= query', 'lead["updated_at"] * 10**6 > query'),
        ),
    ),
    Variation(
        "search-by-words",
        "search looks for words by their beginnings, for a phone by its last ten digits, and needs three characters. Each full page has a cursor, the last one too.",
        (
            (
                "search.lower() in text.lower() for text in texts",
                "[all(any(word.startswith(part) for text in texts for word in re.split(r'\\s+', text.lower())) for part in search.lower().split())]",
            ),
            (
                "bool(wanted) and wanted in phone_digits",
                "len(wanted) >= 7 and wanted == phone_digits(lead['contact_phone'] or '')[-10:] if True else wanted in phone_digits",
            ),
            (
                'more = start + query["limit"] < len(leads) and sort_by',
                'more = len(page) == query["limit"] and sort_by',
            ),
            (
                '    "search": short_text(255),\n',
                '    "search": lambda name, value: short_text(255)(name, value if len(value) > 2 else "0" * 300),\n',
            ),
        ),
    ),
    Variation(
        "raw-keys",
        "A key's body is compared byte by byte; a key that is too long or not of visible ASCII is ignored; of two keys or customers the first counts; while the first request with a key is under way, a second is 409.",
        (
            (
                "        content = None\n",
                "        content = None\n        headers['body'] = [body.decode('latin-1')]\n",
            ),
            ('if kept["fingerprint"] != fingerprint(call.body):', 'if kept["fingerprint"] != call.headers["body"][0]:'),
            ('        "fingerprint": fingerprint(call.body),\n', '        "fingerprint": call.headers["body"][0],\n'),
            ('        raise Refusal(400, "Idempotency-Key: is given more than once")\n', "        pass\n"),
            ('        raise Refusal(400, "x-customer-id: is given more than once")\n', "        pass\n"),
            (
                '        raise Refusal(400, "Idempotency-Key: must be 1 to 255 visible ASCII characters")\n',
                "        return None\n",
            ),
            (
                EXECUTED,
                (
                    '    under_way = call.state.setdefault("under_way", set())\n'
                    "    if place in under_way:\n"
                    '        raise Refusal(409, "The first request with this key is under way", {"Retry-After": "1"})\n'
                    "    under_way.add(place)\n"
                    "    try:\n"
                    "        await asyncio.sleep(0.005)\n"
                    "        answer = await operation.handler(call)\n"
                    "    finally:\n"
                    "        under_way.discard(place)\n"
                    "    replays[place] = {\n"
                ),
            ),
        ),
    ),
    Variation(
        "sliding-log",
        "Limits hold for any 60 seconds, and Retry-After says when the oldest request is out of them.",
        (
            (
                NEW_WINDOW,
                (
                    "        length = lengths.get(name, 60)\n"
                    "        if window is None:\n"
                    '            window = {"limit": limit, "log": [], "length": length}\n'
                    '            state["windows"][key.secret, name] = window\n'
                    '        window["log"] = [at for at in window["log"] if at > now - length]\n'
                    '        window |= {"used": len(window["log"]), "ends": (window["log"] or [now])[-1] + length}\n'
                ),
            ),
            (
                '    for window in windows:\n        window["used"] += 1\n',
                '    for window in windows:\n        window["log"].append(now)\n        window |= {"used": len(window["log"]), "ends": now + window["length"]}\n',
            ),
            (
                "        wait = max(reset(window, now) for window in full)\n",
                '        wait = max(1, *(math.ceil(w["log"][0] + w["length"] - now) for w in full))\n',
            ),
        ),
    ),
    Variation(
        "lax-types",
        "In an import texts stand for booleans, numbers for texts, null for what is not given; letter case of words does not count.",
        (
            (
                '    given = an_object(body)\n    rows = given.get("leads")\n',
                '    given = {name: value for name, value in an_object(body).items() if value is not None}\n    given |= {name: given[name].lower() for name in ("on_duplicate",) if isinstance(given.get(name), str)}\n    given |= {"dry_run": {"true": True, "1": True, "false": False, "0": False}.get(str(given.get("dry_run", False)).lower(), given.get("dry_run"))}\n    rows = given.get("leads")\n',
            ),
            (
                '    preview = operation.bucket == "bulk" and isinstance(call.body, dict) and call.body.get("dry_run") is True\n',
                '    preview = operation.bucket == "bulk" and isinstance(call.body, dict) and str(call.body.get("dry_run")).lower() in {"true", "1"}\n',
            ),
            (
                "def problems_of(given: Mapping[str, Any], checks: Mapping[str, Check], store: State) -> list[str]:\n",
                "def problems_of(given: Any, checks: Mapping[str, Check], store: State) -> list[str]:\n    for name in ('contact_name', 'contact_phone', 'row_ref'):\n        if isinstance(given.get(name), int | float) and not isinstance(given[name], bool):\n            given[name] = str(given[name])\n    for name in ('source_platform', 'source_type', 'lead_line'):\n        if isinstance(given.get(name), str):\n            given[name] = given[name].lower()\n",
            ),
            (
                '"include_custom_fields": word("true", "false")',
                '"include_custom_fields": lambda name, value: "true" if value.lower() in {"true", "1", "yes", ""} else "false"',
            ),
        ),
    ),
    Variation(
        "rows-with-care",
        "Unknown members of an import are 400, those of a row fail it, and so does null; a failed row tells the lead that it would have met; a row without a reference is known by its number.",
        (
            (
                '    return rows, given.get("on_duplicate") == "skip"',
                '    if set(given) - {"leads", "on_duplicate", "dry_run"}:\n        raise Refusal(400, "There are unknown members")\n    return rows, given.get("on_duplicate") == "skip"',
            ),
            (
                '        return ["must be an object"]\n',
                '        return ["must be an object"]\n    if set(row) - set(ROW_CHECKS) or None in row.values():\n        return ["has unknown members, or null"]\n',
            ),
            (
                "        result = await imported(row, store, skip=skip)\n",
                '        result = await imported(row, store, skip=skip)\n        if result["row_ref"] is None:\n            result["row_ref"] = str(len(results) + 1)\n',
            ),
            (
                "    wrong = row_problems(row, store)\n",
                (
                    "    wrong = row_problems(row, store)\n"
                    "    if wrong and isinstance(row, dict) and all(isinstance(row.get(n), str | None) for n in ('contact_email', 'contact_phone')):\n"
                    "        lead_id, matched_by = match_of(store, row)\n"
                ),
            ),
        ),
    ),
    Variation(
        "no-repeats-in-an-import",
        "A row that repeats one of the same import fails.",
        (
            (
                "    results = []\n    for row in rows:\n        result = await imported(row, store, skip=skip)\n",
                (
                    "    results = []\n    begun = {**call.store, **{name: dict(call.store[name]) for name in ('leads', 'by_email', 'by_phone')}}\n    for row in rows:\n"
                    "        now_known = match_of(store, fields_of(row, store))[0] if isinstance(row, dict) and not row_problems(row, store) else None\n"
                    "        if now_known and now_known not in begun['leads']:\n"
                    "            results.append({'row_ref': row.get('row_ref'), 'status': 'failed', 'lead_id': None, 'matched_by': None, 'errors': ['repeats a row before it']})\n"
                    "            continue\n"
                    "        result = await imported(row, store, skip=skip)\n"
                ),
            ),
        ),
    ),
    Variation(
        "packed",
        "Answers are compressed, have a charset and no length, and close the connection; OPTIONS answers 200 with a body.",
        (
            (
                '        headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}\n',
                '        content = gzip.compress(content)\n        headers |= {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Connection": "close"}\n',
            ),
            ("import functools\n", "import functools\nimport gzip\n"),
            (OPTIONS, '            return Answer(200, {"methods": sorted(operations)}, allowed(operations))\n'),
        ),
    ),
    Variation(
        "capitals",
        "Names are written with capitals, and with one space between their words.",
        (
            (
                KEPT,
                '    lead["contact_name"] = lead["contact_name"] and " ".join(lead["contact_name"].split()).title()\n'
                + KEPT,
            ),
        ),
    ),
    Variation(
        "one-of-two",
        "A create that fits two leads makes them one, of which the second is gone; what a lead was known by still finds it; answers say whether they merged; JSON is indented and in ASCII.",
        (
            (
                '    lead = merged(store, store["leads"][known], fields)\n',
                (
                    '    second = store["by_phone"].get(phone_key(fields.get("contact_phone")))\n'
                    '    if second and second != known and not isinstance(store["leads"], ChainMap):\n'
                    '        gone = store["leads"].pop(second)\n'
                    '        if gone["contact_email"]:\n'
                    '            store["by_email"][email_key(gone["contact_email"])] = known\n'
                    '        store["by_phone"][phone_key(gone["contact_phone"])] = known\n'
                    '    lead = merged(store, store["leads"][known], fields)\n'
                ),
            ),
            (
                '    if before.get("contact_email"):\n        store["by_email"][email_key(before["contact_email"])] = None\n',
                "",
            ),
            (
                '    if phone_key(before.get("contact_phone")):\n        store["by_phone"][phone_key(before["contact_phone"])] = None\n',
                "",
            ),
            (
                'return Answer(201, {"lead": shown(lead, call.store)}, {})',
                'return Answer(201, {"lead": shown(lead, call.store), "merged": outcome != "created"}, {})',
            ),
            (
                "json.dumps(content, ensure_ascii=False).encode()",
                "json.dumps(content, indent=2, sort_keys=True).encode()",
            ),
        ),
    ),
    Variation(
        "conflict",
        "A create that fits two leads is 409, such a row fails; blank texts are refused; a cursor beside an offset is 400, and so are a moment to come and a stage that there is not; ten webhooks at most.",
        (
            (
                "    known, matched_by = match_of(store, fields)\n",
                (
                    "    known, matched_by = match_of(store, fields)\n"
                    '    second = store["by_phone"].get(phone_key(fields.get("contact_phone")))\n'
                    "    if known and second and second != known:\n"
                    '        raise Refusal(409, "This is the email of one lead and the phone of another")\n'
                ),
            ),
            (
                '        status, lead, matched_by = await upserted(store, row_fields(row, store), "import", skip=skip)\n        lead_id = lead["id"]\n',
                '        try:\n            status, lead, matched_by = await upserted(store, row_fields(row, store), "import", skip=skip)\n            lead_id = lead["id"]\n        except Refusal as refusal:\n            wrong = [refusal.message]\n',
            ),
            (
                GIVEN,
                '    given = an_object(call.body)\n    if any(isinstance(value, str) and not value.strip() for value in given.values()):\n        raise Refusal(400, "blank")\n    if wrong :=',
            ),
            (
                '        return ["must be an object"]\n',
                '        return ["must be an object"]\n    if any(isinstance(value, str) and not value.strip() for value in row.values()):\n        return ["blank"]\n',
            ),
            (
                '    start = query["offset"]\n',
                '    start = query["offset"]\n    if "cursor" in query and "offset" in call.query:\n        raise Refusal(400, "cursor or offset")\n    if max(query.get("created_since", 0), query.get("updated_since", 0)) > time.time_ns() + 10**9:\n        raise Refusal(400, "in the future")\n    if "stageId" in query and query["stageId"] not in [one["id"] for one in call.store["stages"].values()]:\n        raise Refusal(400, "no such stage")\n',
            ),
            (
                REGISTERED,
                REGISTERED
                + '    if len(call.store["webhooks"]) >= 10:\n        raise Refusal(409, "There are ten webhooks")\n',
            ),
        ),
    ),
    Variation(
        "a-moment-behind",
        "The list is a quarter of a second behind.",
        (
            (
                'for lead in call.store["leads"].values() if fits(lead, query, call.store)]',
                'for lead in call.store["leads"].values() if fits(lead, query, call.store) and lead["updated_at"] < milliseconds() - 250]',
            ),
        ),
    ),
    Variation(
        "looked-at",
        "Leads say when they were last looked at; one row without a list around it is an import.",
        (
            (VIEW, '    view |= {"viewed_at": time.time_ns()}\n' + VIEW),
            (
                '    given = an_object(body)\n    rows = given.get("leads")\n',
                '    given = an_object({"leads": body} if isinstance(body, list) else body)\n    rows = given.get("leads")\n    rows = [rows] if isinstance(rows, dict) else rows\n',
            ),
        ),
    ),
    Variation(
        "fields-with-types",
        "Custom fields have types: budget is a number, which a text may stand for, timeline a text, first_time true or false. A customer has one webhook; webhooks are counted up in each customer, and told once a second.",
        (
            (
                STAGE,
                """        for slug, value in (fields.get("custom_fields") or {}).items():
            form = {"budget": r"\\d+(\\.\\d+)?", "timeline": ".+", "first_time": "True|False"}.get(slug, ".*")
            if value is not None and not re.fullmatch(form, str(value)):
                found.append(f"{slug}: is of another type")
"""
                + STAGE,
            ),
            (
                RETAINED,
                "        slug: float(value) if slug == 'budget' and re.fullmatch(r'\\d+(\\.\\d+)?', str(value)) else value for slug, value in",
            ),
            (
                REGISTERED,
                REGISTERED
                + """    if call.store["webhooks"]:
        raise Refusal(409, "There is a webhook already")
    call.store["registered"] = call.store.get("registered", 0) + 1
""",
            ),
            ('"id": f"wh_{uuid.uuid4()}"', """"id": f"wh_{call.store['registered']}\""""),
            (
                "    delivery = str(uuid.uuid4())\n    attempts = 0\n",
                "    delivery = str(uuid.uuid4())\n    attempts = 0\n    await asyncio.sleep(1 - time.time() % 1)\n",
            ),
        ),
    ),
    Variation(
        "paced",
        "Requests are let in at the limit's own pace, and a few at once.",
        (
            (
                NEW_WINDOW,
                """        if window is None:
            window = {"limit": max(1, limit // 6), "used": 0.0, "at": now}
            state["windows"][key.secret, name] = window
        pace = limit / lengths.get(name, 60)
        window["used"] = max(0.0, window["used"] - (now - window["at"]) * pace)
        window |= {"at": now, "ends": now + window["used"] / pace}
""",
            ),
            ('window["used"] >= window["limit"]', 'window["used"] > window["limit"] - 1'),
        ),
    ),
    Variation(
        "far-behind",
        "The list is three seconds behind. A moment has microseconds and the offset of New York.",
        (
            (
                'for lead in call.store["leads"].values() if fits(lead, query, call.store)]',
                'for lead in call.store["leads"].values() if fits(lead, query, call.store) and lead["updated_at"] < milliseconds() - 3000]',
            ),
            (
                'return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")',
                'return datetime.fromtimestamp(instant / 1000, UTC).astimezone(__import__("zoneinfo").ZoneInfo("America/New_York")).isoformat(timespec="microseconds")',
            ),
        ),
    ),
)
