"""Faults of MEGA: how webhooks are registered and listed."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, vendor_page
from tests.implementations.workshop import Change

CREATED = '    return Answer(201, {"webhook": shown_webhook(webhook), "secret": webhook["secret"]}, {})\n'
LISTED = '{"webhooks": [shown_webhook(webhook) for webhook in webhooks]}'
GIVEN = "        **given,\n    }\n"
TIMEOUT = '    "timeout_seconds": whole(1, 60),\n'
RETRIES = '    "retry_attempts": whole(0, 10),\n'
URL_CHECK = "    problem = form(2048, rf"
CREATE_CHECKS = '    given = webhook_changes(call.body, WEBHOOK_CHECKS, ("url", "event_types"))\n'


def shows(member: str, wrong: str = "") -> Change:
    """Another line of the view of a webhook; nothing for none."""
    right = {
        "description": 'webhook["description"]',
        "is_active": 'webhook["is_active"]',
        "event_types": 'webhook["event_types"]',
    }
    return f'        "{member}": {right[member]},\n', wrong and f"        {wrong},\n"


REGISTERED = (
    vendor_page("webhook-is-200", "createLeadWebhook/conformance", (CREATED, CREATED.replace("201", "200"))),
    vendor_page(
        "webhook-without-secret",
        "createLeadWebhook/conformance",
        (CREATED, CREATED.replace(', "secret": webhook["secret"]', "")),
    ),
    vendor_page(
        "webhook-with-secret-inside",
        "createLeadWebhook/conformance",
        (
            CREATED,
            CREATED.replace(
                '{"webhook": shown_webhook(webhook), "secret": webhook["secret"]}',
                '{"webhook": {**shown_webhook(webhook), "secret": webhook["secret"]}}',
            ),
        ),
    ),
    vendor_page(
        "webhook-without-envelope",
        "createLeadWebhook/conformance",
        (CREATED, CREATED.replace('{"webhook": shown_webhook(webhook), ', "{**shown_webhook(webhook), ")),
    ),
    vendor_page(
        "secret-without-prefix",
        "createLeadWebhook/conformance",
        ('f"mega_whsec_{secrets.token_hex(16)}"', "secrets.token_hex(16)"),
        subtle=True,
    ),
    vendor_page(
        "one-secret-for-all",
        "createLeadWebhook/model",
        ('f"mega_whsec_{secrets.token_hex(16)}"', '"mega_whsec_4be1c6d0a7f24c0e9d3b5a8f7c6e1d20"'),
        subtle=True,
    ),
    vendor_page(
        "webhook-id-without-prefix",
        "createLeadWebhook/conformance",
        ('f"wh_{uuid.uuid4()}"', "str(uuid.uuid4())"),
        subtle=True,
    ),
    vendor_page(
        "webhook-is-paused-at-first",
        "createLeadWebhook/records",
        ('        "is_active": True,\n', '        "is_active": False,\n'),
    ),
    vendor_page(
        "webhook-timeout-is-30-by-default",
        "createLeadWebhook/records",
        ('        "timeout_seconds": 10,\n', '        "timeout_seconds": 30,\n'),
        subtle=True,
    ),
    vendor_page(
        "webhook-retries-are-3-by-default",
        "createLeadWebhook/records",
        ('        "retry_attempts": 5,\n', '        "retry_attempts": 3,\n'),
        subtle=True,
    ),
    vendor_page(
        "webhook-retries-of-zero-are-the-default",
        "createLeadWebhook/records",
        (GIVEN, '        **given,\n        "retry_attempts": given.get("retry_attempts") or 5,\n    }\n'),
        subtle=True,
    ),
    vendor_page(
        "webhook-timeout-not-kept",
        "createLeadWebhook/records",
        (GIVEN, '        **given,\n        "timeout_seconds": 10,\n    }\n'),
    ),
    vendor_page(
        "webhook-description-not-kept",
        "createLeadWebhook/records",
        (GIVEN, '        **given,\n        "description": None,\n    }\n'),
        subtle=True,
    ),
    vendor_page(
        "webhook-url-without-query",
        "createLeadWebhook/records",
        (GIVEN, '        **given,\n        "url": given["url"].partition("?")[0],\n    }\n'),
        subtle=True,
    ),
    vendor_page(
        "webhook-url-in-small-letters",
        "createLeadWebhook/records",
        (GIVEN, '        **given,\n        "url": given["url"].lower(),\n    }\n'),
        subtle=True,
    ),
    vendor_page("webhook-without-description", "*/conformance", shows("description"), subtle=True),
    vendor_page("webhook-without-is-active", "*/conformance", shows("is_active")),
    vendor_page(
        "webhook-active-is-a-number",
        "*/conformance",
        shows("is_active", '"is_active": int(webhook["is_active"])'),
        subtle=True,
    ),
    vendor_page(
        "webhook-events-as-a-text",
        "*/conformance",
        shows("event_types", '"event_types": ",".join(webhook["event_types"])'),
    ),
    vendor_page(
        "webhook-shows-its-secret",
        "listLeadWebhooks/conformance",
        shows("description", '"description": webhook["description"],\n        "secret": webhook["secret"]'),
    ),
    vendor_page(
        "list-shows-secrets",
        "listLeadWebhooks/conformance",
        (LISTED, '{"webhooks": [{**shown_webhook(webhook), "secret": webhook["secret"]} for webhook in webhooks]}'),
        subtle=True,
    ),
    vendor_page("timeout-zero", "*/conformance", (TIMEOUT, TIMEOUT.replace("1,", "0,")), subtle=True),
    vendor_page("timeout-61", "*/conformance", (TIMEOUT, TIMEOUT.replace("60", "61")), subtle=True),
    vendor_page("timeout-60-refused", "*/conformance", (TIMEOUT, TIMEOUT.replace("60", "59")), subtle=True),
    vendor_page("timeout-1-refused", "*/conformance", (TIMEOUT, TIMEOUT.replace("1,", "2,")), subtle=True),
    vendor_page("retries-11", "*/conformance", (RETRIES, RETRIES.replace("10", "11")), subtle=True),
    vendor_page("retries-10-refused", "*/conformance", (RETRIES, RETRIES.replace("10", "9")), subtle=True),
    vendor_page("retries-0-refused", "*/conformance", (RETRIES, RETRIES.replace("0,", "1,")), subtle=True),
    vendor_page("retries-below-zero", "*/conformance", (RETRIES, RETRIES.replace("0,", "-9,")), subtle=True),
    vendor_page(
        "numbers-as-texts",
        "*/conformance",
        (
            "        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):\n",
            (
                "        value = int(value) if isinstance(value, str) and value.isdecimal() else value\n"
                "        if isinstance(value, bool) or not isinstance(value, int | float) or value != "
                "int(value):\n"
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "fractions-for-whole-numbers",
        "*/conformance",
        (" or not isinstance(value, int | float) or value != int(value):", " or not isinstance(value, int | float):"),
        subtle=True,
    ),
    vendor_page(
        "any-event-type",
        "*/conformance",
        (
            "    if any(one_of(*EVENTS)(item) for item in value):\n",
            "    if not all(isinstance(item, str) for item in value):\n",
        ),
    ),
    assumed(
        "no-event-types",
        "*/conformance",
        ("    if not isinstance(value, list) or not value:\n", "    if not isinstance(value, list):\n"),
        subtle=True,
    ),
    assumed(
        "event-types-not-needed",
        "createLeadWebhook/conformance",
        (
            CREATE_CHECKS,
            '    given = {"event_types": ["lead.created"], **webhook_changes(call.body, WEBHOOK_CHECKS, ("url",))}\n',
        ),
        subtle=True,
    ),
    assumed(
        "event-type-twice",
        "*/conformance",
        (" if len(set(value)) < len(value) else None", " if not value else None"),
        subtle=True,
    ),
    assumed("description-of-any-length", "*/conformance", ("text(500)(value)", "text(5000)(value)"), subtle=True),
    vendor_page(
        "description-must-not-be-null",
        "*/conformance",
        ("lambda value: None if value is None else text(500)(value)", "text(500)"),
        subtle=True,
    ),
    vendor_page(
        "any-url", "*/conformance", (URL_CHECK, "    if isinstance(value, str):\n        return None\n" + URL_CHECK)
    ),
    vendor_page("url-without-tls", "*/conformance", ('PUBLIC = rf"https://', 'PUBLIC = rf"https?://'), subtle=True),
    vendor_page("url-by-address", "*/conformance", (r"+[A-Za-z]{{2,63}}(:", r"+[A-Za-z0-9]{{1,63}}(:"), subtle=True),
    vendor_page(
        "url-of-localhost-with-tls",
        "*/conformance",
        (
            URL_CHECK,
            '    if isinstance(value, str) and value.startswith("https://localhost"):\n        return None\n'
            + URL_CHECK,
        ),
        subtle=True,
    ),
    vendor_page(
        "url-of-link-local-address",
        "*/conformance",
        (
            URL_CHECK,
            '    if isinstance(value, str) and re.match("https?://169[.]254[.]", value):\n        return None\n'
            + URL_CHECK,
        ),
        subtle=True,
    ),
    vendor_page(
        "url-of-ipv6-loopback",
        "*/conformance",
        (
            URL_CHECK,
            '    if isinstance(value, str) and re.match(r"https://\\[", value):\n        return None\n' + URL_CHECK,
        ),
        subtle=True,
    ),
    vendor_page(
        "url-of-private-address",
        "*/conformance",
        (
            URL_CHECK,
            '    if isinstance(value, str) and re.match("https?://(10|192[.]168)[.]", value):\n        return None\n'
            + URL_CHECK,
        ),
        subtle=True,
    ),
    vendor_page(
        "url-with-user",
        "*/conformance",
        (URL_CHECK, '    value = re.sub("//[^/]*@", "//", value) if isinstance(value, str) else value\n' + URL_CHECK),
        subtle=True,
    ),
    vendor_page(
        "url-of-another-scheme",
        "*/conformance",
        (
            URL_CHECK,
            '    value = re.sub("^ftps?:", "https:", value) if isinstance(value, str) else value\n' + URL_CHECK,
        ),
        subtle=True,
    ),
    vendor_page(
        "url-of-bad-type-is-500",
        "createLeadWebhook/robustness",
        (
            CREATE_CHECKS,
            (
                '    if isinstance(call.body, dict) and not isinstance(call.body.get("url", ""), str):\n'
                '        raise Refusal(500, "Internal error")\n'
            )
            + CREATE_CHECKS,
        ),
        subtle=True,
    ),
    vendor_page(
        "url-not-needed",
        "createLeadWebhook/conformance",
        (
            CREATE_CHECKS,
            (
                '    given = {"url": "https://hooks.example.com/", **webhook_changes(call.body, WEBHOOK_CHECKS, '
                '("event_types",))}\n'
            ),
        ),
    ),
    vendor_page(
        "webhook-not-listed",
        "listLeadWebhooks/records",
        (LISTED, '{"webhooks": [shown_webhook(webhook) for webhook in list(webhooks)[1:]]}'),
    ),
    vendor_page(
        "paused-webhook-not-listed",
        "listLeadWebhooks/records",
        (LISTED, '{"webhooks": [shown_webhook(webhook) for webhook in webhooks if webhook["is_active"]]}'),
        subtle=True,
    ),
    vendor_page(
        "three-webhooks-listed",
        "listLeadWebhooks/records",
        (LISTED, '{"webhooks": [shown_webhook(webhook) for webhook in list(webhooks)[-3:]]}'),
        subtle=True,
    ),
    assumed(
        "newest-webhook-first",
        "listLeadWebhooks/records",
        (LISTED, '{"webhooks": [shown_webhook(webhook) for webhook in reversed(webhooks)]}'),
        subtle=True,
    ),
)
