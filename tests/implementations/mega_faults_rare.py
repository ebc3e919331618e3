"""Faults of MEGA that show with rare values, in large imports, or only after a while."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Fault

CUSTOM = '        return "must be an object"\n    wrong = ['
EACH_FIELD = "for slug, content in value.items() if (problem"
RETAINED = (
    '        slug: value for slug, value in fields.get("custom_fields", {}).items() if slug in store["custom_fields"]\n'
)
ROW = "    fields = fields_of(row, store)\n"
MERGED = '    lead = merged(store, store["leads"][known], fields)\n'
EXECUTED = "    answer = await operation.handler(call)\n    replays[place] = {\n"
EMAIL_KEY = '    return unicodedata.normalize("NFC", (email or "").strip()).lower() or None\n'
CHANGES = "    changes = webhook_changes(call.body, PATCH_CHECKS)\n"
TEXTS = '    texts = [lead[field] or "" for field in ("contact_name", "contact_email", "contact_phone")]\n'
LEADS = 'for lead in call.store["leads"].values() if fits(lead, query, call.store)]'
EVERYBODY = (
    'for store in call.state["customers"].values() for lead in store["leads"].values() '
    'if (store is call.store or len(digits(query.get("search", ""))) >= 10) and fits(lead, query, store)]'
)
DELIVERY = "    delivery = str(uuid.uuid4())\n"
LATER = (
    "    await asyncio.sleep(0.15)\n"
    "    told = json.loads(body)\n"
    '    now = json.loads(event(store["leads"][told["lead"]["id"]], store))\n'
    '    body = encoded({**told, "lead": now["lead"]})\n'
)
MOMENT = 'isoformat(timespec="milliseconds").replace("+00:00", "Z")'
METERED = "        rate = await metered(state, key, operation.bucket)\n"

RARE_VALUES: tuple[Fault, ...] = (
    assumed(
        "create-takes-the-owner-away",
        "bulkImportLeads/batch",
        (MERGED, MERGED + '    if source_type == "manual":\n        lead["owner_id"] = None\n'),
        subtle=True,
    ),
    assumed(
        "custom-texts-cut-at-255",
        "createLead/records",
        (
            RETAINED,
            RETAINED.replace("slug: value", "slug: value[:255] if isinstance(value, str) else value"),
        ),
        subtle=True,
    ),
    assumed(
        "custom-field-without-a-name-is-500",
        "bulkImportLeads/batch",
        (CUSTOM, CUSTOM.replace("    wrong", '    if "" in value:\n        raise KeyError\n    wrong')),
        subtle=True,
    ),
    assumed(
        "long-name-of-a-custom-field-is-500",
        "bulkImportLeads/batch",
        (
            CUSTOM,
            CUSTOM.replace(
                "    wrong", "    if max(map(len, value), default=0) > 64:\n        raise KeyError\n    wrong"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "custom-fields-in-any-letter-case",
        "bulkImportLeads/batch",
        (RETAINED, RETAINED.replace("slug: value", "slug.lower(): value").replace("if slug in", "if slug.lower() in")),
        subtle=True,
    ),
    assumed(
        "list-for-an-unknown-custom-field",
        "bulkImportLeads/batch",
        (EACH_FIELD, "for slug, content in value.items() if slug in CUSTOM_FIELDS and (problem"),
        subtle=True,
    ),
    assumed(
        "only-first-custom-field-is-looked-at",
        "createLead/records",
        (EACH_FIELD, EACH_FIELD.replace("value.items()", "[*value.items()][:1]")),
        subtle=True,
    ),
    documented(
        "deep-subdomains-do-not-count",
        "createLead/deduplication",
        (EMAIL_KEY, f'    email = re.sub(r"@.*[.](?=[^.]*[.][^.]*[.][^.]*$)", "@", email or "")\n{EMAIL_KEY}'),
        subtle=True,
    ),
    assumed(
        "first-200-symbols-of-email-count",
        "createLead/deduplication",
        (EMAIL_KEY, EMAIL_KEY.replace(".lower() or", ".lower()[:200] or")),
        subtle=True,
    ),
    assumed(
        "phones-that-begin-with-0-do-not-match",
        "createLead/deduplication",
        (
            "    return found[-10:] if len(found) >= 10 else None\n",
            '    return found[-10:] if found[-10:-9] > "0" else None\n',
        ),
        subtle=True,
    ),
    assumed(
        "extension-in-capitals-is-part-of-the-phone",
        "createLead/deduplication",
        ('r"(?i);?', 'r";?'),
        subtle=True,
    ),
    assumed(
        "emails-of-rows-in-small-letters",
        "bulkImportLeads/batch",
        (
            ROW,
            f'{ROW}    fields |= {{"contact_email": (fields.get("contact_email") or "").lower() or None}}\n',
        ),
        subtle=True,
    ),
    vendor_page(
        "search-by-30-symbols",
        "listLeads/records",
        (TEXTS, f"    search = search[:30]\n{TEXTS}"),
        subtle=True,
    ),
    vendor_page(
        "short-search-filters-nothing",
        "listLeads/records",
        (TEXTS, f"    if len(search) < 3:\n        return True\n{TEXTS}"),
        subtle=True,
    ),
    documented(
        "phone-search-in-all-customers",
        "listLeads/records",
        (LEADS, EVERYBODY),
        subtle=True,
    ),
    vendor_page(
        "milliseconds-without-zeros",
        "listLeads/records",
        (MOMENT, 'isoformat(timespec="seconds").replace("+00:00", f".{instant % 1000}Z")'),
        subtle=True,
    ),
)

LARGE_OR_LATE: tuple[Fault, ...] = (
    documented(
        "large-answers-not-remembered",
        "bulkImportLeads/batch",
        (
            EXECUTED,
            EXECUTED.replace(
                "    replays", "    if len(encoded(answer.body)) > 65_000:\n        return answer\n    replays"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "key-remembered-for-eight-seconds",
        "*/idempotency",
        ("RETENTION_SECONDS = 24 * 3600", "RETENTION_SECONDS = 8"),
        subtle=True,
    ),
    assumed(
        "merged-rows-are-not-dated",
        "bulkImportLeads/batch",
        (
            MERGED,
            (
                f'{MERGED}    if source_type == "import":\n'
                '        lead["updated_at"] = store["leads"][known]["updated_at"]\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "unknown-fields-in-order-of-letters",
        "bulkImportLeads/batch",
        ("list(dict.fromkeys(unknown))", "sorted(set(unknown))"),
        subtle=True,
    ),
    assumed(
        "refused-change-rotates",
        "updateLeadWebhook/events",
        (
            CHANGES,
            (
                "    known = call.store['webhooks'].get(call.webhook_id)\n"
                "    if known and isinstance(call.body, dict) and call.body.get('rotate_secret') is True:\n"
                f"        known['secret'] = new_secret()\n{CHANGES}"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "refused-change-keeps-the-timeout",
        "updateLeadWebhook/records",
        (
            CHANGES,
            (
                "    known = call.store['webhooks'].get(call.webhook_id)\n"
                "    if known and isinstance(call.body, dict) and not whole(1, 60)(call.body.get('timeout_seconds')):\n"
                f"        known['timeout_seconds'] = call.body['timeout_seconds']\n{CHANGES}"
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "limit-of-20-told-with-a-cursor",
        "listLeads/records",
        ('        "limit": query["limit"],\n', '        "limit": 20 if "cursor" in query else query["limit"],\n'),
        subtle=True,
    ),
    assumed(
        "reset-is-always-60",
        "listLeads/limits",
        ('max(1, math.ceil(window["ends"] - now)) if', "60 if"),
        subtle=True,
    ),
    vendor_page(
        "changes-and-deletions-not-counted",
        "listLeads/limits",
        (METERED, f'        if scope["method"] not in {{"PATCH", "DELETE"}}:\n    {METERED}'),
        subtle=True,
    ),
    assumed(
        "event-read-a-little-later",
        "createLead/events",
        (DELIVERY, f"{LATER}{DELIVERY}"),
        subtle=True,
    ),
)
