"""Faults of MEGA: rate limits."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, vendor_page

RATE_OF_REFUSALS = "        rate = rate_headers(windows_of(state, key, operation.bucket, now), now)\n"
PERMITTED = "        check_permission(key, operation, headers)\n"
METERED = "        rate = await metered(state, key, operation.bucket)\n"
DONE = "    return Answer(answer.status, answer.body, {**rate, **answer.headers})\n"
REFUSED = "return Answer(refusal.status, error_body(refusal), {**rate, **refusal.headers})"
LENGTHS = '{"bulk_per_minute": 60} if bucket == "bulk"'
FULL = 'window["used"] >= window["limit"]'
TOO_MANY = 'raise Refusal(429, TOO_MANY_REQUESTS, {**rate_headers(windows, now), "Retry-After": str(wait)})'
SPENT = '        window["used"] += 1\n'
LEFT = 'return int(window["limit"] - window["used"])'
RESET = 'return max(1, math.ceil(window["ends"] - now)) if window["used"] else 0'
REPORTED = "    window = min(windows, key=lambda window: (remaining(window), -reset(window, now)))\n"
LIMITS = (
    vendor_page("no-limits", "*/limits", (FULL, 'window["used"] > 10**9')),
    vendor_page(
        "one-request-too-many",
        "*/limits",
        (FULL, 'window["used"] > window["limit"]'),
        (LEFT, 'return max(0, int(window["limit"] - window["used"]))'),
        subtle=True,
    ),
    vendor_page("one-request-too-few", "*/limits", (FULL, 'window["used"] + 1 >= window["limit"]'), subtle=True),
    vendor_page(
        "counted-per-customer",
        "*/limits",
        ('state["windows"].get((key.secret, name))', 'state["windows"].get((key.tenant, name))'),
        ('state["windows"][key.secret, name] = window', 'state["windows"][key.tenant, name] = window'),
        subtle=True,
    ),
    vendor_page("imports-not-limited", "bulkImportLeads/limits", (LENGTHS, '{} if bucket == "bulk"')),
    vendor_page("imports-limited-as-all-else", "bulkImportLeads/limits", (LENGTHS, '{} if bucket == "none"')),
    vendor_page(
        "imports-counted-twice",
        "bulkImportLeads/limits",
        (LENGTHS, '{"bulk_per_minute": 60, "per_minute": 60} if bucket == "bulk"'),
        subtle=True,
    ),
    vendor_page(
        "imports-counted-in-the-hour",
        "bulkImportLeads/limits",
        (LENGTHS, '{"bulk_per_minute": 60, "per_hour": 3600} if bucket == "bulk"'),
        subtle=True,
    ),
    vendor_page(
        "no-limit-per-hour",
        "*/limits",
        (FULL, FULL + ' and window["limit"] != 1000'),
        (LEFT, 'return max(0, int(window["limit"] - window["used"]))'),
        subtle=True,
    ),
    vendor_page("hour-of-a-minute", "*/limits", ('"per_hour": 3600', '"per_hour": 60'), subtle=True),
    vendor_page(
        "minute-of-three-seconds", "*/limits", ("now + lengths.get(name, 60)", "now + min(3, lengths.get(name, 60))")
    ),
    vendor_page(
        "lists-not-counted",
        "listLeads/limits",
        (
            METERED,
            '        rate = rate if operation.name == "listLeads" else await metered(state, key, operation.bucket)\n',
        ),
    ),
    vendor_page(
        "head-is-not-counted",
        "*/limits",
        (
            METERED,
            '        rate = rate if scope["method"] == "HEAD" else await metered(state, key, operation.bucket)\n',
        ),
        subtle=True,
    ),
    vendor_page(
        "webhooks-not-counted",
        "createLeadWebhook/limits",
        (METERED, "        rate = rate if operation.scope == HOOKS else await metered(state, key, operation.bucket)\n"),
        subtle=True,
    ),
    vendor_page(
        "reads-and-writes-counted-apart",
        "*/limits",
        (
            METERED,
            METERED.replace("operation.bucket", 'operation.bucket if operation.bucket == "bulk" else scope["method"]'),
        ),
        ('state["windows"].get((key.secret, name))', 'state["windows"].get((key.secret, bucket, name))'),
        ('state["windows"][key.secret, name] = window', 'state["windows"][key.secret, bucket, name] = window'),
        subtle=True,
    ),
    assumed("refusals-for-scope-counted", "*/limits", (PERMITTED + METERED, METERED + PERMITTED), subtle=True),
    assumed(
        "replays-not-counted",
        "createLead/limits",
        (
            DONE,
            (
                '    if "Idempotent-Replayed" in answer.headers:\n'
                "        for window in windows_of(state, key, operation.bucket, now):\n"
                '            window["used"] -= 1\n'
            )
            + DONE,
        ),
        subtle=True,
    ),
    assumed(
        "bad-requests-not-counted",
        "*/limits",
        (
            f"        {REFUSED}\n",
            (
                "        if refusal.status == 400 and rate:\n"
                "            for window in windows_of(state, key, operation.bucket, now):\n"
                '                window["used"] -= bool(window["used"])\n'
                f"        {REFUSED}\n"
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "no-rate-headers",
        "*/limits",
        (
            (
                '        "RateLimit-Limit": str(window["limit"]),\n'
                '        "RateLimit-Remaining": str(remaining(window)),\n'
                '        "RateLimit-Reset": str(reset(window, now)),\n'
            ),
            "",
        ),
    ),
    vendor_page(
        "rate-headers-by-another-name",
        "*/limits",
        ('"RateLimit-Limit"', '"X-RateLimit-Limit"'),
        ('"RateLimit-Remaining"', '"X-RateLimit-Remaining"'),
        ('"RateLimit-Reset"', '"X-RateLimit-Reset"'),
    ),
    vendor_page(
        "no-rate-headers-on-refusals",
        "*/limits",
        (REFUSED, REFUSED.replace("{**rate, **refusal.headers}", "refusal.headers")),
        subtle=True,
    ),
    vendor_page("no-rate-headers-on-403", "*/limits", (RATE_OF_REFUSALS, ""), subtle=True),
    vendor_page(
        "no-rate-headers-on-imports",
        "bulkImportLeads/limits",
        (DONE, DONE.replace("{**rate,", '{**(rate if operation.bucket != "bulk" else {}),')),
        subtle=True,
    ),
    vendor_page(
        "no-rate-headers-on-429",
        "*/limits",
        (TOO_MANY, TOO_MANY.replace("**rate_headers(windows, now), ", "")),
        (RATE_OF_REFUSALS, ""),
        subtle=True,
    ),
    vendor_page("reset-as-a-moment", "*/limits", (RESET, 'return math.ceil(window["ends"])')),
    vendor_page("reset-always-zero", "*/limits", (RESET, "return 0"), ("str(wait)", "str(60)"), subtle=True),
    vendor_page("reset-never-comes-closer", "*/limits", (RESET, 'return 60 if window["used"] else 0'), subtle=True),
    vendor_page(
        "remaining-off-by-one",
        "*/limits",
        (LEFT, 'return max(0, int(window["limit"] - window["used"]) - 1)'),
        subtle=True,
    ),
    vendor_page(
        "remaining-before-this-request",
        "*/limits",
        (
            SPENT + "    return rate_headers(windows, now)\n",
            SPENT
            + (
                '    return {**rate_headers(windows, now), "RateLimit-Remaining": str(remaining(min(windows, '
                "key=remaining)) + 1)}\n"
            ),
        ),
        subtle=True,
    ),
    vendor_page("remaining-never-falls", "*/limits", (LEFT, 'return int(window["limit"]) - 1')),
    vendor_page(
        "limit-off-by-one",
        "*/limits",
        ('"RateLimit-Limit": str(window["limit"])', '"RateLimit-Limit": str(window["limit"] + 1)'),
        subtle=True,
    ),
    assumed(
        "widest-window-reported", "*/limits", (REPORTED, "    window = max(windows, key=remaining)\n"), subtle=True
    ),
    vendor_page("no-retry-after", "*/limits", (', "Retry-After": str(wait)}', "}")),
    vendor_page("retry-after-zero", "*/limits", ('"Retry-After": str(wait)', '"Retry-After": "0"'), subtle=True),
    vendor_page(
        "retry-after-as-a-date",
        "*/limits",
        ('"Retry-After": str(wait)', '"Retry-After": "Fri, 31 Dec 2099 23:59:59 GMT"'),
        subtle=True,
    ),
    vendor_page("too-many-is-503", "*/limits", (TOO_MANY, TOO_MANY.replace("429", "503"))),
    vendor_page(
        "too-many-has-another-message",
        "*/limits",
        ('"Rate limit exceeded. Please retry later."', '"Too many requests"'),
        subtle=True,
    ),
    vendor_page(
        "refused-requests-extend-the-wait",
        "*/limits",
        (
            f"        {TOO_MANY}\n",
            f'        for window in full:\n            window["ends"] += 30\n        {TOO_MANY}\n',
        ),
        subtle=True,
    ),
    vendor_page(
        "requests-at-once-counted-once",
        "*/races",
        (
            SPENT,
            '        used = window["used"]\n        await asyncio.sleep(0.002)\n        window["used"] = used + 1\n',
        ),
        subtle=True,
    ),
)
