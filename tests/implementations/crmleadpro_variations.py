"""Other right implementations of CRMLead Pro: each decides otherwise where the vendor's document is silent."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.workshop import Change, Variation

PROBLEM = '    return Response(refusal.status, {"content-type": "application/problem+json", **refusal.headers}, encoded(problem))'
CREATED = "    return answer(201, lead, location=f\"{BASE}/leads/{lead['id']}\")"
GOT = "    return answer(200, call.workspace.lead(call.id))"
PATCHED = "    return answer(200, lead)\n\n\nasync def archive"
ARCHIVED = "    return Response(204, {})\n\n\nasync def list"
ARCHIVE = "    call.workspace.archived.add(call.id)\n"
NEVER = "    if call.id not in call.workspace.leads:\n"
LOOK_UP = "if identifier not in self.leads or identifier in self.archived:"
PAGE = '    return answer(200, {"data": records[start : start + per_page], "pagination": pagination})'
PAGES = """    page, per_page, total = int(asked["page"]), int(asked["per_page"]), len(records)
    start = (page - 1) * per_page
    pagination = {"page": page, "per_page": per_page, "total": total, "total_pages": math.ceil(total / per_page)}
"""
LEADS_QUERY = (
    '    asked = call.parameters(LEADS_QUERY, page="1", per_page="25", sort="-created_at", archived="false")\n'
)
CONTACTS_QUERY = '    asked = call.parameters(CONTACTS_QUERY, page="1", per_page="25", sort="-created_at")\n'
WRONG_QUERY = '            raise Refusal(400, "; ".join(f"{name}: {what}" for name, what in mistakes), errors)\n'
WRONG_BODY = "            raise Refusal(422,"
CHALLENGE = 'raise Refusal(401, detail, headers={"www-authenticate": "Bearer"})'
NOW = '.strftime("%Y-%m-%dT%H:%M:%S.%fZ")'
ID = '        "id": new_id("lead"),\n'
NEW_ID = '    return f"{kind}_" + "".join(secrets.choice(SYMBOLS) for _ in range(16))'
EMAIL_OF = '"email": document.get("email"),'
TAGS_OF = '"tags": document.get("tags", []),'
NAME_OF = '        "name": document["name"],\n        "email": document'
SOURCE_OF = '"source": document.get("source"),'
DOCUMENT = "        document: Record = self.document\n"
REACHABLE = 'given.get("email") is not None or given.get("phone") is not None'
NAME = '{\n    "name": text(200, VISIBLE, "not be blank"),\n    "email"'
EMAIL = '"email": nullable(text(254, EMAIL, "be an email address")),'
PHONE = '"phone": nullable(text(None, PHONE, "be a phone number")),'
STATUS = '    "status": word(STATUSES),\n    "pipeline": word'
STAGE = '"pipeline_stage": word(STAGE_SLUGS),'
TAGS = '"tags": array(text(50), 0, 50),'
SCORE = '"score": nullable(number(0, 100, whole=True)),'
PATCH = "    document = call.accept(LEAD)\n"
CHANGED = "    if changed:\n"
HEADERS = """        headers = {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": str(reset),
        }
"""
RETRY_AFTER = 'headers={**headers, "retry-after": str(reset)}'
PARSE = "json.loads(body.decode(), object_pairs_hook=once, parse_constant=finite, parse_float=finite)"
HANDLER = '        handler = handlers.get("GET" if request.method == "HEAD" else request.method)\n'
OPTIONS = 'if request.method == "OPTIONS":'
NOT_ALLOWED = 'raise Refusal(405, f"{request.method} is not allowed here", headers={"allow": allowed(handlers)})'
HOOK = "    return answer(201, webhook)"
MADE_UP = '    made_up = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()\n'
SIGN_HEADERS = """            "webhook-id": identifier,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(webhook["secret"], identifier, timestamp, body),
"""
KEY = '    key = base64.b64decode(secret.removeprefix("whsec_"))\n    signed = f"{identifier}.{timestamp}.".encode() + body\n    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()'
PAYLOAD = 'encoded({"type": event, "timestamp": now(), "data": data})'
SECRET = '"secret": text(None, SECRET, "be whsec_ and 24 to 64 bytes in base64"),'
PIPELINES = '    return answer(200, {"data": [{"slug": "sales", "name": "Sales", "stages": stages}]})'
DEALS = '    document = call.accept(DEAL, required=("title", "value", "pipeline"))\n'
CAMPAIGN = "    return answer(202, campaign)"
FUNNEL = "    return answer(200, funnel)"
CONTACT_UPDATED = "    if changed & set(PERSONAL):\n"
STATUS_CHANGED = '        call.emit(call.workspace, "lead.status_changed", lead)\n'
STORE = '    call.workspace.leads[lead["id"]] = lead\n'


NO_LEAD = '        raise Refusal(404, f"There is no lead {call.id}")\n'
CURRENT = '    leads = archived if asked["archived"] == "true" else call.workspace.current()\n'


def error_is(expression: str, media_type: str = "application/json") -> Change:
    return PROBLEM, f'    return Response(refusal.status, {{"content-type": "{media_type}"}}, encoded({expression}))'


VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "echoing",
        "lists repeat the query; each answer with a lead has an id of its own request and counts how often it was read; deleting what is not there answers 204; lists are a second behind",
        (
            (
                GOT,
                '    VIEWS.append(call.id)\n    return answer(200, {**call.workspace.lead(call.id), "request_id": secrets.token_hex(8), "views": len(VIEWS)})',
            ),
            ("async def get_lead(", "VIEWS: list[str] = []\nGONE: dict[str, float] = {}\n\n\nasync def get_lead("),
            (
                PAGE,
                PAGE.replace(
                    '"pagination": pagination}',
                    '"pagination": pagination, "query": asked, "links": {"self": f"?search={asked.get(\'search\')}"}}',
                ),
            ),
            (NO_LEAD, "        return Response(204, {})\n"),
            (ARCHIVE, ARCHIVE + "    GONE.setdefault(call.id, time.time())\n"),
            (
                CURRENT,
                CURRENT
                + '    if asked["archived"] != "true":\n        leads = [*leads, *(lead for lead in archived if time.time() - GONE[lead["id"]] < 1)]\n',
            ),
        ),
    ),
    Variation(
        "particular",
        "an id of another form is 400, and so is a credential of another form; sources and users are looked up; signs and emoji are refused; one email address is one lead, or 422; any pipeline is taken",
        (
            (
                LOOK_UP,
                'if not re.fullmatch(r"lead_[0-9A-Z]{16}", identifier):\n            raise Refusal(400, "This is no id")\n        '
                + LOOK_UP,
            ),
            (CHALLENGE, "raise Refusal(401 if missing or match else 400, detail)"),
            (
                '    "source": nullable(text(100)),\n    "assigned_to": nullable(text(100)),\n    "tags"',
                '    "source": nullable(word(("website", "website_form"))),\n    "assigned_to": nullable(word(("user_owner",))),\n    "tags"',
            ),
            (
                '    "pipeline": word(("sales",)),\n    "pipeline_stage"',
                '    "pipeline": text(64),\n    "pipeline_stage"',
            ),
            (
                "    moment = now()\n    lead: Record",
                '    if any(ord(letter) > 0xFFFF or letter in "<>&%$#/;\\\\\\"" for letter in document["name"]):\n        raise Refusal(422, "Odd name")\n    if document.get("email") and any(known["email"] == document["email"] for known in call.workspace.current()):\n        raise Refusal(422, "This email address is taken")\n    moment = now()\n    lead: Record',
            ),
        ),
    ),
    Variation(
        "other-words",
        "a patch takes stage, and ignores pipeline_stage as any unknown member; a lead without tags has none, and one that is new is in no stage; an unknown template answers as an unknown path does; phones are kept without the country's code",
        (
            (
                PATCH,
                PATCH
                + '    document = {{"stage": "pipeline_stage"}.get(name, name): value for name, value in document.items() if name != "pipeline_stage"}\n',
            ),
            (
                GOT,
                '    shown = {name: value for name, value in call.workspace.lead(call.id).items() if value != []}\n    shown["phone"] = digits(shown["phone"] or "")[-10:]\n    if shown["pipeline_stage"] == "new":\n        shown["pipeline_stage"] = None\n    return answer(200, shown)',
            ),
            (
                '    return launched(call, document, "whatsapp", "phone")',
                '    if document["template"] != "ours":\n        raise Refusal(404, "There is nothing here")\n    return launched(call, document, "whatsapp", "phone")',
            ),
        ),
    ),
    Variation(
        "plain-errors",
        'errors are {"error": "…"} in plain JSON; 400 for a wrong body; they have no headers of their own, neither WWW-Authenticate nor Allow nor Retry-After; DELETE answers 200 with {"deleted": true}',
        (
            error_is('{"error": refusal.detail}'),
            (WRONG_BODY, "            raise Refusal(400,"),
            (ARCHIVED, '    return answer(200, {"id": call.id, "deleted": True})\n\n\nasync def list'),
        ),
    ),
    Variation(
        "coded-errors",
        "errors are {success, error: {code, message, fields}}; 403 for a wrong key; 422 for a wrong query; 400 for the media type; 404 for a deleted lead that is deleted again",
        (
            error_is(
                '{"success": False, "error": {"code": title.upper().replace(" ", "_"), "message": refusal.detail, "fields": refusal.errors or []}}'
            ),
            (CHALLENGE, "raise Refusal(401 if missing else 403, detail)"),
            (WRONG_QUERY, WRONG_QUERY.replace("400", "422")),
            ('raise Refusal(415, f"Content-Type', 'raise Refusal(400, f"Content-Type'),
            (NEVER, "    if call.id not in call.workspace.leads or call.id in call.workspace.archived:\n"),
        ),
    ),
    Variation(
        "limit-and-offset",
        "lists take limit (50), offset and order_by, and are {leads, total, limit, offset}; oldest first; page, per_page and sort are unknown and ignored, and so are filters for stage and source; an archived lead can still be read",
        (
            ('"page": integer(1, 1_000_000),', '"offset": integer(0, 1_000_000),'),
            ('"per_page": integer(1, 100),', '"limit": integer(1, 50),'),
            ('"sort": word((*CONTACT_SORTS,', '"order_by": word((*CONTACT_SORTS,'),
            ('"sort": word(CONTACT_SORTS),', '"order_by": word(CONTACT_SORTS),'),
            (
                LEADS_QUERY,
                LEADS_QUERY.replace('page="1", per_page="25", sort="-', 'offset="0", limit="50", order_by="'),
            ),
            (
                CONTACTS_QUERY,
                CONTACTS_QUERY.replace('page="1", per_page="25", sort="-', 'offset="0", limit="50", order_by="'),
            ),
            ('in_order(records, asked["sort"])', 'in_order(records, asked["order_by"])'),
            (PAGES, '    start, limit, total = int(asked["offset"]), int(asked["limit"]), len(records)\n'),
            (
                PAGE,
                '    return answer(200, {"leads": records[start : start + limit], "total": total, "limit": limit, "offset": start})',
            ),
            ('("status", "pipeline_stage", "source", "assigned_to"))', '("status", "assigned_to"))'),
            (LOOK_UP, "if identifier not in self.leads:"),
        ),
    ),
    Variation(
        "bare-lists",
        "lists and pipelines are bare arrays with X-Total-Count; wrong query parameters fall back to their defaults; archived leads stay in the list with archived_at, and archived=true is unknown",
        (
            (
                PAGE,
                '    return answer(200, records[start : start + per_page], **{"x-total-count": str(pagination["total"])})',
            ),
            (
                WRONG_QUERY,
                "            return {**defaults, **{name: value for name, value in asked.items() if name not in dict(mistakes)}}\n",
            ),
            (PIPELINES, '    return answer(200, [{"id": "sales", "stages": [stage["slug"] for stage in stages]}])'),
            (
                '    leads = archived if asked["archived"] == "true" else call.workspace.current()\n',
                "    leads = [*call.workspace.current(), *archived]\n",
            ),
            (ARCHIVE, ARCHIVE + '    call.workspace.leads[call.id]["archived_at"] = now()\n'),
        ),
    ),
    Variation(
        "more-members",
        "timestamps in whole seconds as in the sample; ids with 26 symbols; leads also have pipeline, custom_fields and history; no Location; create answers 200",
        (
            (NOW, '.strftime("%Y-%m-%dT%H:%M:%SZ")'),
            (NEW_ID, NEW_ID.replace("16", "26")),
            (CREATED, "    return answer(200, lead)"),
            (ID, ID + '        "pipeline": document.get("pipeline", "sales"),\n        "custom_fields": {},\n'),
            (GOT, '    return answer(200, {**call.workspace.lead(call.id), "history": [{"event": "created"}]})'),
            (CHANGED, "    if wanted:\n"),
        ),
    ),
    Variation(
        "wrapped-writes",
        'create and update answer {"success": true, "data": lead}; ids are lead_ and a UUID; a new lead has score 0, source "api" and the owner of the key; null clears nothing; read-only members of a patch are refused',
        (
            (CREATED, '    return answer(201, {"success": True, "data": lead})'),
            (PATCHED, '    return answer(200, {"success": True, "data": lead})\n\n\nasync def archive'),
            (NEW_ID, "    return f\"{kind}_{__import__('uuid').uuid4()}\""),
            ('LEAD_ID = r"lead_[0-9A-Za-z]{1,64}"', 'LEAD_ID = r"lead_[0-9A-Za-z-]{1,64}"'),
            (SOURCE_OF, '"source": document.get("source") or "api",'),
            (
                '"assigned_to": document.get("assigned_to"),',
                '"assigned_to": document.get("assigned_to") or "user_owner",',
            ),
            ("return None if value is None else int(value)", "return int(value or 0)"),
            (
                'member in LEAD and member != "pipeline"}',
                'member in LEAD and member != "pipeline" and value is not None}',
            ),
            (
                PATCH,
                PATCH
                + '    if document.keys() & {"id", "created_at", "updated_at"}:\n        raise Refusal(422, "Read-only members", [{"pointer": "", "detail": "has read-only members"}])\n',
            ),
        ),
    ),
    Variation(
        "tidy-values",
        "names trimmed, email in small letters, tags in order and once each, sources in small letters; any status and any stage slug is taken; scores go up to 1000; tags may be null",
        (
            (NAME_OF, NAME_OF.replace('document["name"]', 'document["name"].strip()')),
            (EMAIL_OF, '"email": (document.get("email") or "").lower() or None,'),
            (TAGS_OF, '"tags": sorted(set(document.get("tags") or [])),'),
            (TAGS, '"tags": nullable(array(text(200), 0, 500)),'),
            (STATUS, STATUS.replace("word(STATUSES)", "text(50)")),
            (STAGE, '"pipeline_stage": text(64),'),
            (SCORE, '"score": nullable(number(0, 1000, whole=True)),'),
            (
                SOURCE_OF,
                '"source": document.get("source", "").strip().lower() or None if document.get("source") is not None else None,',
            ),
            (
                "    if changed:\n        lead.update(wanted)\n",
                '    if changed:\n        lead.update({**wanted, **({"tags": sorted(set(wanted["tags"] or []))} if "tags" in wanted else {})})\n',
            ),
        ),
    ),
    Variation(
        "strict-values",
        "name, email and phone are all required, and phones need a country code; names have at most 100 characters; unknown members are refused; an empty patch answers 422; the body may have 100 KiB",
        (
            (REACHABLE, 'given.get("email") is not None and given.get("phone") is not None'),
            (PHONE, PHONE.replace("PHONE,", 'r"\\+[1-9][0-9 ().-]{6,20}",')),
            (EMAIL, EMAIL.replace("254", "120")),
            (NAME, NAME.replace("200", "100")),
            (
                DOCUMENT,
                DOCUMENT
                + '        if checks is LEAD and document.keys() - LEAD.keys():\n            raise Refusal(422, "Unknown members", [{"pointer": "", "detail": "has unknown members"}])\n',
            ),
            (
                PATCH,
                PATCH
                + '    if not document:\n        raise Refusal(422, "Nothing to change", [{"pointer": "", "detail": "is empty"}])\n',
            ),
            ("MAX_BYTES = 1024 * 1024", "MAX_BYTES = 100 * 1024"),
        ),
    ),
    Variation(
        "one-lead-a-person",
        "a second lead with the email address of another is refused with 409; the list shows the lead that changed last first; search also looks at source and tags, and status filters take any letter case",
        (
            (
                STORE,
                '    if lead["email"] and any(known["email"] == lead["email"] for known in call.workspace.current()):\n        raise Refusal(409, "There is a lead with this email address")\n'
                + STORE,
            ),
            (LEADS_QUERY, LEADS_QUERY.replace("-created_at", "-updated_at")),
            (
                'for member in ("name", "email", "phone", "company")]',
                'for member in ("name", "email", "phone", "company")]\n    texts += [record.get("source") or "", *record["tags"]]',
            ),
            (
                '    "status": word(STATUSES),\n    "pipeline_stage": text(64',
                '    "status": text(50),\n    "pipeline_stage": text(64',
            ),
            ("if record[member] == asked[member]]", 'if (record[member] or "").lower() == asked[member].lower()]'),
            (ARCHIVED, ARCHIVED.replace("204", "202")),
        ),
    ),
    Variation(
        "other-limits",
        "1,000 requests a minute for the whole workspace; X-RateLimit headers with the moment of the reset; 429 without Retry-After; errors are plain text in {message}",
        (
            ("self.windows.get(key.name,", "self.windows.get(key.tenant,"),
            ("        self.windows[key.name] =", "        self.windows[key.tenant] ="),
            (HEADERS, HEADERS.replace('"ratelimit', '"x-ratelimit').replace("str(reset)", "str(int(start + WINDOW))")),
            (RETRY_AFTER, "headers=headers"),
            (
                PROBLEM,
                PROBLEM.replace("problem+json", "json").replace(
                    "encoded(problem)", 'encoded({"message": refusal.detail})'
                ),
            ),
        ),
    ),
    Variation(
        "no-limit-headers",
        "no rate limit headers at all; 429 says Retry-After as a date; a lead of another workspace answers 403; unknown leads of a deal answer 422",
        (
            (HEADERS, "        headers: dict[str, str] = {}\n        assert remaining >= 0\n"),
            (
                RETRY_AFTER,
                'headers={"retry-after": datetime.fromtimestamp(start + WINDOW + 1, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")}',
            ),
            (
                "        call = Call(",
                '        for workspace in self.workspaces.values():\n                if workspace is not self.workspaces[key.tenant] and identifier in workspace.leads:\n                    raise Refusal(403, "This lead is in another workspace")\n            call = Call(',
            ),
            (
                '        call.workspace.lead(document["lead_id"])\n',
                '        try:\n            call.workspace.lead(document["lead_id"])\n        except Refusal as refusal:\n            raise Refusal(422, refusal.detail, [{"pointer": "/lead_id", "detail": "is unknown"}]) from None\n',
            ),
        ),
    ),
    Variation(
        "one-signature-header",
        "webhooks are signed in X-CRMLeadPro-Signature: t=…,v1=<hex> over timestamp.body, keyed with the text of the secret; payloads are {id, event, occurred_at, lead …}; registering answers {webhook, secret}; 410 is retried",
        (
            (
                SIGN_HEADERS,
                '            "x-crmleadpro-signature": signature(webhook["secret"], identifier, timestamp, body),\n            "x-crmleadpro-delivery": identifier,\n',
            ),
            (
                KEY,
                '    signed = f"{timestamp}.".encode() + body\n    assert identifier\n    return f"t={timestamp},v1=" + hmac.digest(secret.encode(), signed, "sha256").hex()',
            ),
            (PAYLOAD, 'encoded({"event": event, "occurred_at": now(), "payload": data})'),
            (HOOK, '    return answer(201, {"webhook": {**webhook, "secret": None}, "secret": webhook["secret"]})'),
            (MADE_UP, "    made_up = secrets.token_hex(24)\n"),
            (SECRET, '"secret": text(100),'),
            ("            if status == 410:\n", "            if status == -1:\n"),
        ),
    ),
    Variation(
        "events-say-more",
        "payloads have an API version and what the lead was before; a lead is no contact, so no patch fires contact.updated; campaigns are sent, and say so at once; deliveries are tried three times",
        (
            (PAYLOAD, 'encoded({"type": event, "api_version": "1", "timestamp": now(), "data": data})'),
            ("    changed = {member for", "    before = dict(lead)\n    changed = {member for"),
            (
                STATUS_CHANGED,
                STATUS_CHANGED.replace(
                    ", lead)",
                    ', {**lead, "previous": {"status": before["status"], "pipeline_stage": before["pipeline_stage"]}})',
                ),
            ),
            (CONTACT_UPDATED, "    if not changed <= set(LEAD):\n"),
            ('"status": "queued",', '"status": "sent",'),
            (CAMPAIGN, CAMPAIGN.replace("202", "201")),
            ("for attempt in range(9)))", "for attempt in range(2)))"),
        ),
    ),
    Variation(
        "other-shapes",
        "deals take name and amount, campaigns a segment, webhooks target_url and event_types, all with 400 for anything else; the funnel is a list of counts; contacts have ids of their own",
        (
            (
                DEALS,
                '    document = call.accept({"name": text(200), "amount": number(0, 10**12), "pipeline": text(64)}, required=("name", "amount"))\n    document = {"title": document["name"], "value": document["amount"], "pipeline": "sales"}\n',
            ),
            ('required=("name", "subject", "body", "audience"))', 'required=("name", "segment"))'),
            ('required=("name", "template", "audience"))', 'required=("name", "segment"))'),
            ('addressed(lead, document["audience"])]', 'document["segment"] == "all"]'),
            (
                '    document = call.accept(WEBHOOK, required=("url", "events"))\n',
                '    document = call.accept({"target_url": webhook_url, "event_types": WEBHOOK["events"]}, required=("target_url", "event_types"))\n    document = {"url": document["target_url"], "events": document["event_types"]}\n',
            ),
            (
                FUNNEL,
                '    return answer(200, {"funnel": funnel["stages"], "deal_velocity": None, "volume": len(leads)})',
            ),
            (
                '{"id": lead["id"].replace("lead_", "contact_"), **personal,',
                '{"id": "c" + lead["id"][-12:], **personal,',
            ),
            (WRONG_BODY, "            raise Refusal(400,"),
        ),
    ),
    Variation(
        "another-server",
        "HTML for unknown paths; a trailing slash is accepted; 404 for a method that is not there, HEAD and OPTIONS among them; bodies of any media type are read, the last of two equal keys counts, a byte order mark is skipped; bodies up to 8 MiB and of any depth",
        (
            (
                PROBLEM,
                '    if refusal.status in (404, 405):\n        return Response(404, {"content-type": "text/html"}, b"<h1>Not Found</h1>")\n'
                + PROBLEM,
            ),
            ("    return path.removeprefix(BASE)", '    return path.removeprefix(BASE).removesuffix("/")'),
            (HANDLER, "        handler = handlers.get(request.method)\n"),
            (OPTIONS, 'if request.method == "NONE":'),
            (NOT_ALLOWED, 'raise Refusal(404, "There is nothing here")'),
            ("        check_media_type(request)\n", ""),
            (PARSE, 'json.loads(body.decode("utf-8-sig"), parse_constant=finite, parse_float=finite)'),
            ("MAX_DEPTH = 32", "MAX_DEPTH = 900"),
            ("MAX_BYTES = 1024 * 1024", "MAX_BYTES = 8 * 1024 * 1024"),
        ),
    ),
    Variation(
        "patch-says-little",
        "PATCH answers 204 without a body and moves updated_at each time; nulls are left out of answers; an archived lead answers 410; archiving it again does too; wrong bodies of any kind, JSON or not, are 400",
        (
            (PATCHED, "    return Response(204, {})\n\n\nasync def archive"),
            (CHANGED, "    if lead:\n"),
            (
                "    return json.dumps(document, ensure_ascii=False,",
                "    if isinstance(document, dict):\n        document = {member: value for member, value in document.items() if value is not None}\n    return json.dumps(document, ensure_ascii=False,",
            ),
            (
                NEVER,
                '    if call.id in call.workspace.archived:\n        raise Refusal(410, "It is archived")\n' + NEVER,
            ),
            (
                "        if identifier not in self.leads or",
                '        if identifier in self.archived:\n            raise Refusal(410, "It is archived")\n        if identifier not in self.leads or',
            ),
            (WRONG_BODY, "            raise Refusal(400,"),
        ),
    ),
    Variation(
        "plans-with-less",
        "campaigns and figures are no part of the key's plan: 403; a missing key is a missing field: 422; ten webhooks at most; no more than six requests at once",
        (
            (CAMPAIGN, '    raise Refusal(403, "Campaigns are part of Pro")'),
            (FUNNEL, '    raise Refusal(403, "Analytics are part of Pro")'),
            (
                CHALLENGE,
                'raise Refusal(422 if missing else 401, detail, headers={"www-authenticate": "Bearer"})',
            ),
            (
                HOOK,
                '    if len(call.workspace.webhooks) > 10:\n        raise Refusal(409, "There are ten webhooks already")\n    return answer(201, webhook)',
            ),
            ("class Server:\n", "AT_WORK: list[float] = []\n\n\nclass Server:\n"),
            (
                "        headers = await self.meter(key)\n",
                '        AT_WORK.append(time.monotonic())\n        await asyncio.sleep(0.003)\n        if sum(time.monotonic() - at < 0.003 for at in AT_WORK[-20:]) > 6:\n            raise Refusal(429, "Too many requests at once", headers={"retry-after": "1"})\n        headers = await self.meter(key)\n',
            ),
        ),
    ),
    Variation(
        "asking-for-more",
        "figures need a period; campaigns have to be paid for: 402; who has no valid key finds nothing: 404; a webhook has to be confirmed by hand before it is told of anything",
        (
            (
                "    asked = call.parameters(FUNNEL_QUERY",
                '    if "created_from=" not in call.request.query or "pipeline=" not in call.request.query:\n        raise Refusal(400, "a period of a pipeline is needed")\n    asked = call.parameters(FUNNEL_QUERY',
            ),
            (CAMPAIGN, '    raise Refusal(402, "Campaigns have to be paid for")'),
            (CHALLENGE, 'raise Refusal(404, "There is nothing here")'),
            ('"is_active": True,', '"is_active": False,'),
        ),
    ),
    Variation(
        "says-only-the-id",
        "creating and changing answer with the id alone; lists are {count, next, previous, results}, oldest first, ten on a page; the search is q, and search is unknown; timestamps are those of India",
        (
            (CREATED, '    return answer(201, {"id": lead["id"]})'),
            (PATCHED, '    return answer(200, {"id": lead["id"]})\n\n\nasync def archive'),
            (
                '"per_page": integer(1, 100),\n    "search": text(200),',
                '"page_size": integer(1, 50),\n    "q": text(200),',
            ),
            ('"search" in asked', '"q" in asked'),
            ('asked["search"])]', 'asked["q"])]'),
            (LEADS_QUERY, LEADS_QUERY.replace('per_page="25"', 'page_size="10"').replace("-created", "created")),
            (CONTACTS_QUERY, CONTACTS_QUERY.replace('per_page="25"', 'page_size="10"').replace("-created", "created")),
            ('int(asked["per_page"])', 'int(asked["page_size"])'),
            (
                PAGE,
                '    return answer(200, {"count": total, "next": f"{BASE}/leads?page={page + 1}" if start + per_page < total else None, "previous": None, "results": records[start : start + per_page]})',
            ),
            (NOW, '.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(timespec="seconds")'),
            ("from datetime import UTC, datetime\n", "from datetime import UTC, datetime, timedelta, timezone\n"),
        ),
    ),
    Variation(
        "nothing-to-see",
        "creating answers 201 with a Location and nothing else; unknown parameters of a query are 400; contacts are a book of their own, which nothing fills; figures are counted at night",
        (
            (CREATED, '    return Response(201, {"location": f"{BASE}/leads/{lead[\'id\']}"})'),
            (
                "        asked = {**defaults, **{name",
                '        if given.keys() - checks.keys():\n            raise Refusal(400, "Unknown parameters")\n        asked = {**defaults, **{name',
            ),
            (
                "[contact_of(lead) for lead in call.workspace.current()]",
                "[contact_of(lead) for lead in call.workspace.current()][:0]",
            ),
            (
                "    leads = [lead for lead in call.workspace.current() if start",
                "    leads = [lead for lead in call.workspace.current() if False and start",
            ),
        ),
    ),
    Variation(
        "found-again",
        "a lead with the email address or the phone of another is that lead, which is updated: 200; ids are UUIDs; names are written with capitals, phones as E.164",
        (
            (
                STORE,
                "    for known in call.workspace.current():\n"
                '        if (lead["email"] and known["email"] == lead["email"]) or (lead["phone"] and known["phone"] == lead["phone"]):\n'
                '            known |= {name: value for name, value in lead.items() if name not in ("id", "created_at") and value not in (None, [])}\n'
                "            return answer(200, known)\n" + STORE,
            ),
            (ID, '        "id": str(uuid.uuid4()),\n'),
            ("import time\n", "import time\nimport uuid\n"),
            ('LEAD_ID = r"lead_[0-9A-Za-z]{1,64}"', 'LEAD_ID = r"[0-9a-f-]{36}"'),
            (NAME_OF, NAME_OF.replace('document["name"]', '" ".join(document["name"].split()).title()')),
            ('"phone": document.get("phone"),', '"phone": document.get("phone") and "+" + digits(document["phone"]),'),
        ),
    ),
    Variation(
        "thin-events",
        "events name the lead and no more, come in batches, a second later, signed with the hex of the body alone; a webhook is pinged when it is registered",
        (
            (PAYLOAD, 'encoded({"events": [{"event": event, "object": data["id"]}]})'),
            (
                SIGN_HEADERS,
                '            "x-signature": signature(webhook["secret"], identifier, timestamp, body),\n',
            ),
            (
                KEY,
                '    assert identifier\n    assert timestamp\n    return hmac.digest(secret.encode(), body, "sha256").hex()',
            ),
            (
                '        identifier = new_id("msg")\n',
                '        identifier = new_id("msg")\n        await asyncio.sleep(1)\n',
            ),
            (HOOK, '    call.emit(call.workspace, "ping", webhook)\n' + HOOK),
            ('if event in webhook["events"] and', 'if event in (*webhook["events"], "ping") and'),
        ),
    ),
    Variation(
        "behind",
        "lists are a quarter of a second behind",
        (
            (
                '    leads = archived if asked["archived"] == "true" else call.workspace.current()\n',
                '    leads = archived if asked["archived"] == "true" else [lead for lead in call.workspace.current() if instant(lead["created_at"]) < time.time() - 0.25]\n',
            ),
        ),
    ),
    Variation(
        "takes-anything",
        "what is not understood in a body is left out, and a name made up; archiving again is 409; the key is looked at before path and method",
        (
            (
                "        mistakes = list(members(self.document, checks, required))\n",
                '        mistakes = [] if isinstance(self.document, dict) else [("", "must be an object")]\n        if isinstance(self.document, dict):\n            bad = {where.split("/")[1] for where, _ in members(self.document, checks) if where}\n            for name in bad:\n                del self.document[name]\n            if "name" in required and not isinstance(self.document.get("name"), str):\n                self.document["name"] = "Unknown"\n',
            ),
            ("not call.workspace.leads", "not call.workspace.leads")
            if False
            else (
                NEVER,
                '    if call.id in call.workspace.archived:\n        raise Refusal(409, "It is archived already")\n'
                + NEVER,
            ),
            (
                '    document = call.accept(LEAD, required=("name",), an_email_or_a_phone=reachable)\n',
                '    document = call.accept(LEAD, required=("name",))\n    assert reachable in (True, False)\n',
            ),
            (DEALS, DEALS + '    document = {"title": None, "value": 0, "pipeline": "sales", **document}\n'),
            (
                '    return launched(call, document, "email", "email")',
                '    return launched(call, {"name": None, "audience": {}, **document}, "email", "email")',
            ),
            (
                '    return launched(call, document, "whatsapp", "phone")',
                '    return launched(call, {"name": None, "audience": {}, **document}, "whatsapp", "phone")',
            ),
            (
                '    document = call.accept(WEBHOOK, required=("url", "events"))\n',
                '    document = {"url": "https://example.com", "events": list(EVENTS), **call.accept(WEBHOOK, required=("url", "events"))}\n',
            ),
            (
                "        handlers, identifier = route(one_line(scope))\n",
                "        authenticate(request)\n        handlers, identifier = route(one_line(scope))\n",
            ),
        ),
    ),
    Variation(
        "counted-in-each-workspace",
        "leads are counted up in each workspace; lists are three seconds behind; three webhooks at most, which are told once a second; requests are let in at the limit's own pace, and a few at once",
        (
            (ID, '        "id": f"lead_{len(call.workspace.leads) + 1}",\n'),
            (
                CURRENT,
                CURRENT + '    leads = [lead for lead in leads if instant(lead["updated_at"]) < time.time() - 3]\n',
            ),
            (
                MADE_UP,
                '    if len(call.workspace.webhooks) >= 3:\n        raise Refusal(422, "There are three webhooks")\n'
                + MADE_UP,
            ),
            (
                '        identifier = new_id("msg")\n',
                '        identifier = new_id("msg")\n        await asyncio.sleep(1 - time.time() % 1)\n',
            ),
            (
                """        start, count = self.windows.get(key.name, (time.time(), 0))
        if time.time() >= start + WINDOW:
            start, count = time.time(), 0
        self.windows[key.name] = (start, min(count + 1, limit))
        reset = max(1, math.ceil(start + WINDOW - time.time()))
        remaining = max(0, limit - count - 1)
""",
                """        pace, limit = limit / WINDOW, limit // 10
        start, used = self.windows.get(key.name, (time.time(), 0))
        used = max(0.0, used - (time.time() - start) * pace)
        is_full = used > limit - 1
        self.windows[key.name] = (time.time(), used if is_full else used + 1)
        count, reset, remaining = limit if is_full else 0, 1, max(0, int(limit - used - 1))
""",
            ),
        ),
    ),
)
