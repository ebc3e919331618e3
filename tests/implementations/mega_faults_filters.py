"""Faults of MEGA: which leads are listed."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, vendor_page

STATUS = '            query.get("status", lead["status"]) == lead["status"],\n'
STAGE = '            query.get("stageId") in {None, store["stages"][lead["stage_slug"]]["id"]},\n'
SEARCH = '            found(lead, query.get("search", "")),\n'
CREATED_SINCE = '            lead["created_at"] * 10**6 >= query.get("created_since", -math.inf),\n'
UPDATED_SINCE = '            lead["updated_at"] * 10**6 >= query.get("updated_since", -math.inf),\n'
LEAD_LINE = '            query.get("lead_line") in {None, lead["custom_fields"].get("lead_line")},\n'
TEXTS = '("contact_name", "contact_email", "contact_phone")'
CONTAINS = "search.lower() in text.lower() for text in texts"
DIGITS = '    wanted = digits(search)[-10:] if re.fullmatch(r"[\\d\\s()+./-]*", search) else ""\n'
MOMENT_ZONE = '([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"\n)'
MOMENT_WRONG = (
    '        raise Refusal(400, f"{name}: must be a date and time with a zone, such as 2026-05-15T10:30:00Z") '
    "from None\n"
)
WITH_CUSTOM = '    with_custom = query.get("include_custom_fields") == "true"\n'
VIEW = '    return {**view, "custom_fields": lead["custom_fields"]} if custom_fields else view\n'
FILTERS = (
    vendor_page("status-filter-ignored", "listLeads/model", (STATUS, ""), subtle=True),
    vendor_page(
        "status-filter-inverted",
        "listLeads/model",
        (STATUS, STATUS.replace('"status", lead["status"]', '"status", "x"').replace("==", "!=")),
    ),
    assumed(
        "unknown-status-is-400",
        "listLeads/model",
        ('    "status": short_text(64),\n', '    "status": word("active", "won", "lost", "nurture", "archived"),\n'),
        subtle=True,
    ),
    vendor_page(
        "archived-status-refused",
        "listLeads/conformance",
        ('    "status": short_text(64),\n', '    "status": word("active", "won", "lost", "nurture"),\n'),
        subtle=True,
    ),
    vendor_page("stage-filter-ignored", "listLeads/model", (STAGE, "")),
    vendor_page(
        "stage-filter-inverted",
        "listLeads/model",
        (STAGE, STAGE.replace(" in {None, ", " not in {").replace("},", ", 0},")),
    ),
    assumed(
        "stage-id-in-exact-letter-case",
        "listLeads/model",
        (
            '        raise Refusal(400, f"{name}: must be a UUID")\n    return value.lower()\n',
            '        raise Refusal(400, f"{name}: must be a UUID")\n    return value\n',
        ),
        subtle=True,
    ),
    vendor_page(
        "stage-id-may-be-a-slug",
        "listLeads/conformance",
        ('    "stageId": identifier,\n', '    "stageId": short_text(64),\n'),
        (STAGE, STAGE.replace('["id"]}', '["id"], lead["stage_slug"]}')),
        subtle=True,
    ),
    vendor_page(
        "stage-filter-by-another-name",
        "listLeads/model",
        ('    "stageId": identifier,\n', '    "stage_id": identifier,\n'),
        ('query.get("stageId")', 'query.get("stage_id")'),
    ),
    vendor_page("search-ignored", "listLeads/model", (SEARCH, "")),
    vendor_page("search-not-by-name", "listLeads/model", (TEXTS, TEXTS.replace('"contact_name", ', "")), subtle=True),
    vendor_page("search-not-by-email", "listLeads/model", (TEXTS, TEXTS.replace('"contact_email", ', "")), subtle=True),
    vendor_page("search-not-by-digits", "listLeads/model", (DIGITS, '    wanted = ""\n'), subtle=True),
    vendor_page("search-by-all-digits", "listLeads/model", (DIGITS, DIGITS.replace("[-10:]", "")), subtle=True),
    vendor_page(
        "search-by-first-digits",
        "listLeads/model",
        (
            'bool(wanted) and wanted in phone_digits(lead["contact_phone"] or "")',
            'bool(wanted) and phone_digits(lead["contact_phone"] or "").startswith(wanted)',
        ),
        subtle=True,
    ),
    assumed(
        "search-in-exact-letter-case", "listLeads/model", (CONTAINS, "search in text for text in texts"), subtle=True
    ),
    assumed(
        "search-from-the-start",
        "listLeads/model",
        (CONTAINS, "text.lower().startswith(search.lower()) for text in texts"),
        subtle=True,
    ),
    assumed(
        "search-for-all-of-it", "listLeads/model", (CONTAINS, 'search.lower() in {"", text.lower()} for text in texts')
    ),
    assumed(
        "search-by-percent-sign",
        "listLeads/model",
        (CONTAINS, 're.search(".*".join(map(re.escape, search.split("%"))), text, re.IGNORECASE) for text in texts'),
        subtle=True,
    ),
    assumed(
        "search-by-underscore",
        "listLeads/model",
        (CONTAINS, 're.search(".".join(map(re.escape, search.split("_"))), text, re.IGNORECASE) for text in texts'),
        subtle=True,
    ),
    vendor_page(
        "search-with-apostrophe-is-500",
        "listLeads/robustness",
        (
            "    query = {**DEFAULTS",
            (
                '    if "\'" in call.query.get("search", ""):\n'
                '        raise Refusal(500, "Internal error")\n'
                "    query = {**DEFAULTS"
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "search-with-parenthesis-is-500",
        "listLeads/robustness",
        (
            "    query = {**DEFAULTS",
            (
                '    if "(" in call.query.get("search", ""):\n'
                '        raise Refusal(500, "Internal error")\n'
                "    query = {**DEFAULTS"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "empty-search-finds-nothing",
        "listLeads/model",
        (
            SEARCH,
            SEARCH.replace(
                'found(lead, query.get("search", ""))',
                'query.get("search") != "" and found(lead, query.get("search", ""))',
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "updated-since-looks-at-the-creation-of-imports",
        "listLeads/records",
        (
            UPDATED_SINCE,
            UPDATED_SINCE.replace('"updated_at"', '"created_at" if lead["source_type"] == "import" else "updated_at"'),
        ),
        subtle=True,
    ),
    vendor_page("created-since-ignored", "listLeads/model", (CREATED_SINCE, "")),
    vendor_page(
        "created-since-is-before",
        "listLeads/model",
        (CREATED_SINCE, CREATED_SINCE.replace(">=", "<=").replace("-math", "math")),
    ),
    vendor_page(
        "created-since-without-that-moment",
        "listLeads/model",
        (CREATED_SINCE, CREATED_SINCE.replace(">=", ">")),
        subtle=True,
    ),
    vendor_page("updated-since-ignored", "listLeads/model", (UPDATED_SINCE, "")),
    vendor_page(
        "updated-since-is-created-since",
        "listLeads/model",
        (UPDATED_SINCE, UPDATED_SINCE.replace('lead["updated_at"]', 'lead["created_at"]')),
        subtle=True,
    ),
    vendor_page(
        "updated-since-without-that-moment",
        "listLeads/model",
        (UPDATED_SINCE, UPDATED_SINCE.replace(">=", ">")),
        subtle=True,
    ),
    vendor_page(
        "fraction-of-second-ignored",
        "listLeads/model",
        ('int((fraction or "").ljust(9, "0"))', 'int("0")'),
        subtle=True,
    ),
    vendor_page("zone-ignored", "listLeads/model", ("{zone.upper().replace('Z', '+00:00')}", "+00:00"), subtle=True),
    vendor_page(
        "zone-the-other-way",
        "listLeads/model",
        (
            "{zone.upper().replace('Z', '+00:00')}",
            "{zone.upper().replace('Z', '+00:00').translate({43: '-', 45: '+'})}",
        ),
        subtle=True,
    ),
    assumed(
        "time-without-zone",
        "listLeads/conformance",
        (MOMENT_ZONE, MOMENT_ZONE.replace("[Zz]|", "[Zz]?|")),
        ("zone.upper().replace('Z', '+00:00')", "(zone or 'Z').upper().replace('Z', '+00:00')"),
        subtle=True,
    ),
    vendor_page("bad-time-ignored", "listLeads/conformance", (MOMENT_WRONG, "        return 0\n")),
    vendor_page(
        "impossible-day-is-500",
        "listLeads/robustness",
        (MOMENT_WRONG, MOMENT_WRONG.replace("400", "500 if fitting else 400")),
        subtle=True,
    ),
    vendor_page("lead-line-filter-ignored", "listLeads/model", (LEAD_LINE, "")),
    vendor_page(
        "lead-line-filter-inverted",
        "listLeads/model",
        (LEAD_LINE, '            query.get("lead_line", 0) != lead["custom_fields"].get("lead_line"),\n'),
    ),
    vendor_page(
        "any-lead-line-filter",
        "listLeads/conformance",
        ('    "lead_line": word(*LEAD_LINES),\n', '    "lead_line": short_text(64),\n'),
        subtle=True,
    ),
    vendor_page(
        "first-filter-only",
        "listLeads/model",
        (
            "    return all(\n        (\n            query",
            (
                '    if "search" in query:\n'
                '        return found(lead, query["search"])\n'
                "    return all(\n"
                "        (\n"
                "            query"
            ),
        ),
        subtle=True,
    ),
    vendor_page("custom-fields-always", "listLeads/model", (WITH_CUSTOM, "    with_custom = True\n")),
    vendor_page("custom-fields-never", "listLeads/model", (WITH_CUSTOM, "    with_custom = False\n")),
    vendor_page(
        "custom-fields-by-false",
        "listLeads/model",
        (WITH_CUSTOM, '    with_custom = "include_custom_fields" in query\n'),
        subtle=True,
    ),
    vendor_page(
        "custom-fields-null",
        "listLeads/conformance",
        (VIEW, '    return {**view, "custom_fields": lead["custom_fields"] if custom_fields else None}\n'),
        subtle=True,
    ),
    assumed(
        "custom-fields-by-one",
        "listLeads/conformance",
        ('word("true", "false")', 'word("true", "false", "1", "0")'),
        subtle=True,
    ),
)
