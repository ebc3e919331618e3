"""Faults of MEGA: idempotency keys."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change, Fault

KEY = "    key = idempotency_key(call.headers)\n"
PLACE = "    place = (call.key.tenant, operation.name, key)\n"
SAME = '        if kept["fingerprint"] != fingerprint(call.body):\n            raise Refusal(409, KEY_REUSED)\n'
REPLAY = '        return Answer(kept["status"], kept["content"], {"Idempotent-Replayed": "true"})\n'
EXECUTED = "    answer = await operation.handler(call)\n    replays[place] = {\n"
STORED = '        "at": time.time(),\n    }\n'
PREVIEW = ' and call.body.get("dry_run") is True\n'
PRINT = "json.dumps(canonical(body), sort_keys=True)"
LISTS = "        return [canonical(inner) for inner in value]\n"
MEMBERS = "        return {name: canonical(inner) for name, inner in value.items()}\n"
SCALAR = "    return int(value) if isinstance(value, float) and value.is_integer() else value\n"
FORM = r'[\x21-\x7e]{1,255}", given[0])'
TWICE = '    if len(given) > 1:\n        raise Refusal(400, "Idempotency-Key'


def printed(body: str) -> Change:
    return PRINT, f"json.dumps(canonical({body}), sort_keys=True)"


def key_is(key: str) -> Change:
    return PLACE, f"    place = (call.key.tenant, operation.name, {key})\n"


SCOPES = (
    documented(
        "key-is-not-looked-at",
        "*/idempotency",
        (KEY, "    key = None if call.body else idempotency_key(call.headers)\n"),
    ),
    documented(
        "key-is-not-looked-at-on-create",
        "createLead/idempotency",
        (KEY, f'{KEY}    key = key if operation.name == "bulkImportLeads" else None\n'),
    ),
    documented(
        "key-is-not-looked-at-on-import",
        "bulkImportLeads/idempotency",
        (KEY, f'{KEY}    key = key if operation.name == "createLead" else None\n'),
    ),
    documented("key-of-any-customer", "*/idempotency", (PLACE, "    place = (operation.name, key)\n"), subtle=True),
    documented("key-of-any-endpoint", "*/idempotency", (PLACE, "    place = (call.key.tenant, key)\n"), subtle=True),
    documented(
        "key-of-one-token",
        "*/idempotency",
        (PLACE, "    place = (call.key.secret, operation.name, key)\n"),
        subtle=True,
    ),
    documented("key-in-any-letter-case", "*/idempotency", key_is("key.lower()"), subtle=True),
    documented("first-32-symbols-of-key", "*/idempotency", key_is("key[:32]"), subtle=True),
    documented("last-8-symbols-of-key", "*/idempotency", key_is("key[-8:]"), subtle=True),
    documented(
        "only-letters-and-digits-of-key", "*/idempotency", key_is('re.sub("[^A-Za-z0-9]", "", key)'), subtle=True
    ),
    assumed("quotes-around-key-dropped", "*/idempotency", key_is("key.strip('\"')"), subtle=True),
    documented("key-with-the-body", "*/idempotency", key_is("key + fingerprint(call.body)")),
    documented(
        "one-key-a-customer-remembered",
        "*/idempotency",
        (
            "    replays[place] = {\n",
            (
                "    for other in [other for other in replays if other[0] == call.key.tenant]:\n"
                "        del replays[other]\n"
                "    replays[place] = {\n"
            ),
        ),
        subtle=True,
    ),
    documented(
        "ten-keys-remembered",
        "*/idempotency",
        (
            "    replays[place] = {\n",
            "    for oldest in list(replays)[:-9]:\n        del replays[oldest]\n    replays[place] = {\n",
        ),
        subtle=True,
    ),
    assumed(
        "key-remembered-for-two-seconds",
        "*/idempotency",
        ("RETENTION_SECONDS = 24 * 3600\n", "RETENTION_SECONDS = 2\n"),
        subtle=True,
    ),
    assumed(
        "key-on-webhooks-too",
        "createLeadWebhook/idempotency",
        (
            "if operation.scope == WRITE else operation.handler(call))",
            'if scope["method"] == "POST" else operation.handler(call))',
        ),
        subtle=True,
    ),
    assumed("empty-key", "*/idempotency", (FORM, FORM.replace("{1,255}", "{0,255}")), subtle=True),
    assumed("key-of-256", "*/idempotency", (FORM, FORM.replace("{1,255}", "{1,256}")), subtle=True),
    assumed("key-of-255-refused", "*/idempotency", (FORM, FORM.replace("{1,255}", "{1,254}")), subtle=True),
    assumed("key-of-64-at-most", "*/idempotency", (FORM, FORM.replace("{1,255}", "{1,64}")), subtle=True),
    assumed("key-with-spaces", "*/idempotency", (FORM, FORM.replace("x21", "x20")), subtle=True),
    assumed("key-with-any-letters", "*/idempotency", (FORM, FORM.replace("x7e", "xff")), subtle=True),
    documented(
        "key-must-be-a-uuid", "*/idempotency", ('re.fullmatch(r"' + FORM, "re.fullmatch(UUID, given[0])"), subtle=True
    ),
    documented("key-must-be-a-word", "*/idempotency", (FORM, r'[A-Za-z0-9_-]{1,255}", given[0])'), subtle=True),
    assumed("two-keys-at-once", "*/idempotency", (TWICE, TWICE.replace("> 1", "> 9")), subtle=True),
    documented(
        "key-is-required",
        "*/idempotency",
        (KEY, f'{KEY}    if key is None:\n        raise Refusal(400, "Idempotency-Key is required")\n'),
    ),
)

ANSWERS = (
    documented(
        "replay-is-200", "createLead/idempotency", (REPLAY, REPLAY.replace('kept["status"]', "200")), subtle=True
    ),
    documented(
        "replay-is-304",
        "createLead/idempotency",
        (REPLAY, REPLAY.replace('kept["status"], kept["content"]', "304, None")),
    ),
    documented("replay-is-409", "*/idempotency", (REPLAY, "        raise Refusal(409, KEY_REUSED)\n")),
    documented("replay-without-body", "*/idempotency", (REPLAY, REPLAY.replace('kept["content"]', "{}"))),
    documented(
        "replay-of-the-lead-as-it-is-now",
        "createLead/idempotency",
        (
            REPLAY,
            (
                '        if operation.name == "createLead":\n'
                '            lead = call.store["leads"][json.loads(kept["content"])["lead"]["id"]]\n'
                '            return Answer(201, {"lead": shown(lead, call.store)}, {"Idempotent-Replayed": '
                '"true"})\n'
            )
            + REPLAY,
        ),
        subtle=True,
    ),
    documented(
        "replay-of-an-import-by-its-count",
        "bulkImportLeads/idempotency",
        (
            REPLAY,
            (
                '        if operation.name == "bulkImportLeads":\n'
                '            return Answer(200, {**json.loads(kept["content"]), "results": []}, '
                '{"Idempotent-Replayed": "true"})\n'
            )
            + REPLAY,
        ),
        subtle=True,
    ),
    documented(
        "replay-is-carried-out-again",
        "createLead/idempotency",
        (REPLAY, "        await operation.handler(call)\n" + REPLAY),
        subtle=True,
    ),
    documented(
        "replay-is-carried-out-again-from-the-third-on",
        "createLead/idempotency",
        (
            REPLAY,
            (
                '        if kept.setdefault("times", 1) > 1:\n'
                "            return await operation.handler(call)\n"
                '        kept["times"] += 1\n'
            )
            + REPLAY,
        ),
        subtle=True,
    ),
    documented(
        "replay-is-told-again",
        "createLead/events",
        (
            REPLAY,
            (
                '        if operation.name == "createLead":\n'
                '            announce(call, call.store["leads"][json.loads(kept["content"])["lead"]["id"]])\n'
            )
            + REPLAY,
        ),
        subtle=True,
    ),
    documented(
        "replay-dates-the-lead",
        "createLead/idempotency",
        (
            REPLAY,
            (
                '        if operation.name == "createLead":\n'
                '            lead = call.store["leads"][json.loads(kept["content"])["lead"]["id"]]\n'
                '            keep(call.store, {**lead, "updated_at": max(milliseconds(), lead["updated_at"] '
                "+ 1)})\n"
            )
            + REPLAY,
        ),
        subtle=True,
    ),
    documented(
        "replay-with-the-request-as-answer",
        "createLead/idempotency",
        (
            REPLAY,
            REPLAY.replace(
                'kept["content"]',
                (
                    '{"lead": {**json.loads(kept["content"]).get("lead", {}), "id": str(uuid.uuid4())}} if '
                    'operation.name == "createLead" else kept["content"]'
                ),
            ),
        ),
    ),
    assumed("replay-is-not-marked", "*/idempotency", (REPLAY, REPLAY.replace('{"Idempotent-Replayed": "true"}', "{}"))),
    assumed("replay-is-marked-otherwise", "*/idempotency", (REPLAY, REPLAY.replace('"true"}', '"1"}')), subtle=True),
    assumed(
        "first-answer-is-marked-too",
        "*/idempotency",
        (
            "    return answer\n\n\n# Webhooks",
            '    return answer._replace(headers={"Idempotent-Replayed": "true"})\n\n\n# Webhooks',
        ),
        subtle=True,
    ),
    vendor_page(
        "replay-without-rate-headers",
        "*/limits",
        (
            "    return Answer(answer.status, answer.body, {**rate, **answer.headers})\n",
            (
                '    rate = {} if "Idempotent-Replayed" in answer.headers else rate\n'
                "    return Answer(answer.status, answer.body, {**rate, **answer.headers})\n"
            ),
        ),
        subtle=True,
    ),
    documented("other-body-is-422", "*/idempotency", (SAME, SAME.replace("409", "422"))),
    documented("other-body-is-400", "*/idempotency", (SAME, SAME.replace("409", "400"))),
    documented("other-body-is-a-replay", "*/idempotency", (SAME, "")),
    documented(
        "other-body-is-carried-out",
        "*/idempotency",
        (
            SAME,
            (
                '        if kept["fingerprint"] != fingerprint(call.body):\n'
                "            return await operation.handler(call)\n"
            ),
        ),
    ),
    documented(
        "other-body-is-409-and-carried-out",
        "createLead/idempotency",
        (SAME, SAME.replace("            raise", "            await operation.handler(call)\n            raise")),
        subtle=True,
    ),
    documented(
        "other-body-forgets-the-key",
        "*/idempotency",
        (SAME, SAME.replace("            raise", "            del replays[place]\n            raise")),
        subtle=True,
    ),
    documented(
        "body-with-the-same-contact-is-the-same",
        "createLead/idempotency",
        printed(
            '[body.get(field) for field in ("contact_name", "contact_phone", "contact_email")] if '
            'isinstance(body, dict) and "leads" not in body else body'
        ),
        subtle=True,
    ),
    documented(
        "custom-fields-do-not-count",
        "createLead/idempotency",
        printed('{**body, "custom_fields": 0} if isinstance(body, dict) else body'),
        subtle=True,
    ),
    documented(
        "source-does-not-count",
        "createLead/idempotency",
        printed('{**body, "source_platform": 0, "source_type": 0} if isinstance(body, dict) else body'),
        subtle=True,
    ),
    documented(
        "unknown-members-do-not-count",
        "createLead/idempotency",
        printed(
            '{name: body[name] for name in (*ROW_CHECKS, "leads", "on_duplicate", "dry_run") if name '
            "in body} if isinstance(body, dict) else body"
        ),
        subtle=True,
    ),
    documented(
        "length-of-body-counts",
        "*/idempotency",
        (PRINT, "str(len(json.dumps(canonical(body), sort_keys=True)))"),
        subtle=True,
    ),
    documented(
        "first-three-rows-count",
        "bulkImportLeads/idempotency",
        printed(
            '{**body, "leads": body["leads"][:3]} if isinstance(body, dict) and isinstance(body.get("leads"), '
            "list) else body"
        ),
        subtle=True,
    ),
    documented(
        "on-duplicate-does-not-count",
        "bulkImportLeads/idempotency",
        printed('{**body, "on_duplicate": 0} if isinstance(body, dict) else body'),
        subtle=True,
    ),
    documented(
        "row-refs-do-not-count",
        "bulkImportLeads/idempotency",
        printed(
            '{**body, "leads": [{**row, "row_ref": 0} if isinstance(row, dict) else row for row in '
            'body["leads"]]} if isinstance(body, dict) and isinstance(body.get("leads"), list) else '
            "body"
        ),
        subtle=True,
    ),
    documented("letter-case-of-body-does-not-count", "*/idempotency", (PRINT, f"{PRINT}.lower()"), subtle=True),
    documented("spaces-in-texts-do-not-count", "*/idempotency", (PRINT, PRINT + '.replace(" ", "")'), subtle=True),
    assumed("order-of-members-counts", "*/idempotency", (PRINT, "json.dumps(canonical(body))"), subtle=True),
    assumed("form-of-numbers-counts", "*/idempotency", (PRINT, "json.dumps(body, sort_keys=True)"), subtle=True),
    assumed(
        "order-of-rows-does-not-count",
        "bulkImportLeads/idempotency",
        (
            LISTS,
            (
                "        return sorted((canonical(inner) for inner in value), key=lambda inner: json.dumps(inner, "
                "sort_keys=True))\n"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "null-is-absent",
        "*/idempotency",
        (MEMBERS, MEMBERS.replace("value.items()}", "value.items() if inner is not None}")),
        subtle=True,
    ),
    documented(
        "true-is-one",
        "*/idempotency",
        (SCALAR, "    return float(value) if isinstance(value, int | float) else value\n"),
        subtle=True,
    ),
    documented(
        "numbers-are-texts",
        "*/idempotency",
        (
            SCALAR,
            SCALAR.replace(
                "    return",
                (
                    "    if isinstance(value, int | float) and not isinstance(value, bool):\n"
                    "        return str(int(value) if value == int(value) else value)\n"
                    "    return"
                ),
            ),
        ),
        subtle=True,
    ),
    assumed(
        "large-numbers-are-rounded",
        "*/idempotency",
        (
            SCALAR,
            "    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value\n",
        ),
        subtle=True,
    ),
    assumed(
        "refusals-are-remembered",
        "*/idempotency",
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
    ),
    assumed(
        "key-of-an-unknown-stage-is-taken",
        "createLead/idempotency",
        (
            EXECUTED,
            (
                '    if "stage_slug" in call.body and call.body["stage_slug"] not in call.store["stages"]:\n'
                '        replays[place] = {"fingerprint": "", "status": 400, "content": {}, "at": time.time()}\n'
            )
            + EXECUTED,
        ),
        subtle=True,
    ),
    assumed(
        "keys-of-refusals-are-taken",
        "*/idempotency",
        (
            EXECUTED,
            (
                '    replays[place] = {"fingerprint": fingerprint(call.body), "status": 400, "content": '
                '{}, "at": time.time()}\n'
            )
            + EXECUTED,
        ),
        subtle=True,
    ),
    documented(
        "preview-is-remembered", "bulkImportLeads/idempotency", (PREVIEW, ' and call.body.get("dry_run") == "never"\n')
    ),
    documented(
        "preview-is-remembered-but-not-looked-up",
        "bulkImportLeads/idempotency",
        (
            "        return await operation.handler(call)\n    replays = call",
            (
                "        answer = await operation.handler(call)\n"
                "        if key is not None:\n"
                '            call.state["replays"][call.key.tenant, operation.name, key] = {"fingerprint": '
                'fingerprint(call.body), "status": answer.status, "content": encoded(answer.body), "at": '
                "time.time()}\n"
                "        return answer\n"
                "    replays = call"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "preview-is-looked-up",
        "bulkImportLeads/idempotency",
        (
            PREVIEW,
            (
                ' and call.body.get("dry_run") is True and (call.key.tenant, operation.name, key) not '
                'in call.state["replays"]\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "requests-at-once-are-both-carried-out",
        "*/races",
        (
            "    answer = await operation.handler(call)\n    replays",
            "    await asyncio.sleep(0.002)\n    answer = await operation.handler(call)\n    replays",
        ),
        subtle=True,
    ),
    documented(
        "key-is-stored-a-little-later",
        "createLead/races",
        (
            "    answer = await operation.handler(call)\n    replays",
            "    answer = await operation.handler(call)\n    await asyncio.sleep(0.005)\n    replays",
        ),
        subtle=True,
    ),
)

REPLAYS: tuple[Fault, ...] = (*SCOPES, *ANSWERS)
