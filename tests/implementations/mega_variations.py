"""Other right implementations of MEGA: they choose otherwise where the vendor's documents and pages are silent."""

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
)
