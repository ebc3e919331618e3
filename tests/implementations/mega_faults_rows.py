"""Faults of MEGA: what an import makes of each row."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change

BOUNDS = "    if not 1 <= len(rows) <= MAX_ROWS:\n"
STORE = "    store = overlay(call.store) if dry_run else call.store\n"
APPENDED = "        results.append(result)\n"
COUNTED = '    statuses = [result["status"] for result in results]\n'
SKIP = '    if skip:\n        return "skipped", store["leads"][known], matched_by\n'
ROW_WRONG = "    wrong = row_problems(row, store)\n"
UPSERTED = '        status, lead, matched_by = await upserted(store, row_fields(row, store), "import", skip=skip)\n'
OWNER = 'row["owner_id"] not in store["owners"]:\n'
OWNER_WRONG = '"owner_id: is no user of this customer"'
OWNER_SET = '        fields["owner_id"] = row["owner_id"]\n'
LINE_SET = '        fields["custom_fields"]["lead_line"] = row["lead_line"]\n'
LINES = "        if lines >= set(LEAD_LINES):\n"


def after_rows(code: str) -> Change:
    """More to do once all rows have their results."""
    return COUNTED, f"{COUNTED}{code}"


def for_each_result(code: str) -> Change:
    return APPENDED, f"{code}{APPENDED}"


ROWS = (
    documented(
        "failing-row-is-400",
        "bulkImportLeads/batch",
        for_each_result('        if result["errors"]:\n            raise Refusal(400, "; ".join(result["errors"]))\n'),
    ),
    documented(
        "rows-below-a-failing-row-left-out",
        "bulkImportLeads/batch",
        for_each_result(
            '        if "failed" in [other["status"] for other in results]:\n'
            '            result |= {"status": "failed", "lead_id": None, "errors": ["Aborted"]}\n'
        ),
        subtle=True,
    ),
    documented(
        "failing-row-undoes-the-others",
        "bulkImportLeads/batch",
        (STORE, "    store = overlay(call.store)\n"),
        after_rows(
            '    if not dry_run and "failed" not in statuses:\n'
            '        for name in ("leads", "by_email", "by_phone"):\n'
            "            call.store[name].update(store[name])\n"
        ),
        (
            '        if result["lead_id"] not in call.store["leads"]:\n            result["lead_id"] = None\n',
            (
                '        if dry_run and result["lead_id"] not in call.store["leads"]:\n'
                '            result["lead_id"] = None\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "two-failing-rows-are-400",
        "bulkImportLeads/batch",
        after_rows('    if statuses.count("failed") > 1:\n        raise Refusal(400, "Too many errors")\n'),
        subtle=True,
    ),
    assumed(
        "row-that-is-no-object-is-400",
        "bulkImportLeads/batch",
        (
            BOUNDS,
            (
                "    if not all(isinstance(row, dict) for row in rows):\n"
                '        raise Refusal(400, "leads: must have objects only")\n'
            )
            + BOUNDS,
        ),
    ),
    assumed(
        "row-that-is-null-is-500",
        "bulkImportLeads/robustness",
        (BOUNDS, '    if None in rows:\n        raise Refusal(500, "Internal error")\n' + BOUNDS),
        subtle=True,
    ),
    vendor_page(
        "row-without-contact-is-400",
        "bulkImportLeads/batch",
        for_each_result('        if result["errors"] == [ONE_CONTACT]:\n            raise Refusal(400, ONE_CONTACT)\n'),
    ),
    documented(
        "row-without-contact-is-created",
        "bulkImportLeads/batch",
        (ROW_WRONG, "    wrong = [problem for problem in row_problems(row, store) if problem != ONE_CONTACT]\n"),
    ),
    assumed(
        "failed-row-is-written",
        "bulkImportLeads/batch",
        (
            ROW_WRONG,
            ROW_WRONG
            + (
                '    if wrong and wrong[0].startswith("owner_id"):\n'
                '        await upserted(store, fields_of(row, store), "import", skip=skip)\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "foreign-owner-is-taken",
        "bulkImportLeads/batch",
        (OWNER, 'row["owner_id"] not in {owner for owners in OWNERS.values() for owner in owners}:\n'),
        (
            '**store["owners"][lead["owner_id"]]}',
            '**next(owners[lead["owner_id"]] for owners in OWNERS.values() if lead["owner_id"] in owners)}',
        ),
    ),
    documented(
        "any-owner-is-taken",
        "bulkImportLeads/batch",
        (OWNER, 'row["owner_id"] == "":\n'),
        (
            '**store["owners"][lead["owner_id"]]}',
            '**store["owners"].get(lead["owner_id"], {"name": "?", "role_name": None})}',
        ),
    ),
    documented("owner-is-not-set", "bulkImportLeads/batch", (OWNER_SET, "        pass\n")),
    documented("own-owner-is-refused", "bulkImportLeads/batch", (OWNER, 'row["owner_id"] != "me":\n')),
    assumed(
        "foreign-owner-told-from-unknown",
        "bulkImportLeads/batch",
        (
            OWNER_WRONG,
            (
                '"owner_id: belongs to another customer" if any(row["owner_id"] in owners for owners in '
                "OWNERS.values()) else "
            )
            + OWNER_WRONG,
        ),
        subtle=True,
    ),
    documented("lead-line-is-not-set", "bulkImportLeads/batch", (LINE_SET, "        pass\n")),
    documented(
        "lead-line-of-created-rows-only",
        "bulkImportLeads/batch",
        (
            LINE_SET,
            (
                '        fields["custom_fields"] |= {} if match_of(store, fields)[0] else {"lead_line": '
                'row["lead_line"]}\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "seller-is-refused",
        "bulkImportLeads/batch",
        ('    "lead_line": one_of(*LEAD_LINES),\n', '    "lead_line": one_of("buyer"),\n'),
        subtle=True,
    ),
    documented(
        "any-lead-line",
        "bulkImportLeads/batch",
        ('    "lead_line": one_of(*LEAD_LINES),\n', '    "lead_line": text(64),\n'),
    ),
    documented(
        "lead-line-in-any-letter-case",
        "bulkImportLeads/batch",
        (
            '    "lead_line": one_of(*LEAD_LINES),\n',
            '    "lead_line": lambda value: one_of(*LEAD_LINES)(value.lower() if isinstance(value, str) else value),\n',
        ),
        subtle=True,
    ),
    assumed(
        "lead-lines-may-not-agree",
        "bulkImportLeads/batch",
        (LINES, '        if row.get("lead_line") and (row.get("custom_fields") or {}).get("lead_line"):\n'),
        subtle=True,
    ),
    assumed(
        "lead-lines-may-differ",
        "bulkImportLeads/batch",
        (LINES, "        if lines >= {*LEAD_LINES, 0}:\n"),
        subtle=True,
    ),
    documented(
        "unknown-stage-in-a-row-is-the-first",
        "bulkImportLeads/batch",
        (
            ROW_WRONG,
            (
                '    if isinstance(row, dict) and isinstance(row.get("stage_slug"), str) and row["stage_slug"] '
                'not in store["stages"]:\n'
                '        row = {**row, "stage_slug": None}\n'
            )
            + ROW_WRONG,
        ),
    ),
    documented(
        "stage-of-a-row-is-not-set",
        "bulkImportLeads/batch",
        (
            "    fields = fields_of(row, store)\n    if",
            '    fields = fields_of({**row, "stage_slug": None}, store)\n    if',
        ),
    ),
    documented(
        "custom-fields-of-a-row-are-not-set",
        "bulkImportLeads/batch",
        (
            "    fields = fields_of(row, store)\n    if",
            '    fields = fields_of({**row, "custom_fields": None}, store)\n    if',
        ),
    ),
    documented(
        "bad-email-in-a-row",
        "bulkImportLeads/batch",
        ("    **LEAD_CHECKS,\n", '    **LEAD_CHECKS,\n    "contact_email": text(254),\n'),
    ),
    documented(
        "bad-source-in-a-row",
        "bulkImportLeads/batch",
        ("    **LEAD_CHECKS,\n", '    **LEAD_CHECKS,\n    "source_type": text(64),\n'),
        subtle=True,
    ),
    documented(
        "numbers-in-a-row-fail-silently",
        "bulkImportLeads/batch",
        (
            "    **LEAD_CHECKS,\n",
            (
                "    **LEAD_CHECKS,\n"
                '    "custom_fields": lambda value: None if isinstance(value, dict) else "must be an object",\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "rows-are-manual", "bulkImportLeads/batch", (UPSERTED, UPSERTED.replace('"import"', '"manual"')), subtle=True
    ),
    documented(
        "rows-match-by-email-only",
        "bulkImportLeads/deduplication",
        (
            UPSERTED,
            UPSERTED.replace("row_fields(row, store)", "fields").replace(
                "        status",
                (
                    "        fields = row_fields(row, store)\n"
                    '        if not fields.get("contact_email") and match_of(store, fields)[0]:\n'
                    '            store["by_phone"][phone_key(fields["contact_phone"])] = None\n'
                    "        status"
                ),
            ),
        ),
    ),
    documented(
        "rows-match-in-exact-letter-case",
        "bulkImportLeads/deduplication",
        (
            ROW_WRONG,
            ROW_WRONG
            + (
                "    exact = match_of(store, row)[0] if not wrong else None\n"
                '    if exact and row.get("contact_email") and not row.get("contact_phone") '
                'and store["leads"][exact]["contact_email"] != row["contact_email"]:\n'
                '        store["by_email"][email_key(row["contact_email"])] = None\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "imported-emails-are-unknown-later",
        "bulkImportLeads/deduplication",
        (
            UPSERTED,
            UPSERTED
            + (
                '        if status == "created" and lead["contact_email"]:\n'
                '            store["by_email"][email_key(lead["contact_email"])] = None\n'
            ),
        ),
    ),
    documented(
        "imported-phones-are-unknown-later",
        "bulkImportLeads/deduplication",
        (
            UPSERTED,
            UPSERTED
            + (
                '        if status == "created" and phone_key(lead["contact_phone"]):\n'
                '            store["by_phone"][phone_key(lead["contact_phone"])] = None\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "rows-do-not-match-rows-above",
        "bulkImportLeads/batch",
        (
            "    results = []\n    for row in rows:\n",
            '    results = []\n    store = {**store, "fresh": set()}\n    for row in rows:\n',
        ),
        (
            '    if by_email:\n        return by_email, "email"\n',
            '    if by_email and by_email not in store.get("fresh", ()):\n        return by_email, "email"\n',
        ),
        (
            '    return (by_phone, "phone") if by_phone else (None, None)\n',
            '    return (by_phone, "phone") if by_phone and by_phone not in store.get("fresh", ()) else (None, None)\n',
        ),
        (
            '        keep(store, lead)\n        return "created", lead, None\n',
            (
                "        keep(store, lead)\n"
                '        store.get("fresh", set()).add(lead["id"])\n'
                '        return "created", lead, None\n'
            ),
        ),
    ),
    assumed(
        "row-like-one-above-is-skipped",
        "bulkImportLeads/batch",
        for_each_result(
            '        if result["status"] == "updated" and any(other["lead_id"] == result["lead_id"] '
            'for other in results if other["status"] == "created"):\n'
            '            result["status"] = "skipped"\n'
        ),
        subtle=True,
    ),
    assumed(
        "row-like-one-above-fails",
        "bulkImportLeads/batch",
        for_each_result(
            '        if result["lead_id"] and result["lead_id"] in [other["lead_id"] for other in '
            "results]:\n"
            '            result |= {"status": "failed", "lead_id": None, "matched_by": None, "errors": '
            '["Twice"]}\n'
        ),
        subtle=True,
    ),
    documented(
        "skip-writes",
        "bulkImportLeads/batch",
        (
            SKIP,
            (
                "    if skip:\n"
                '        keep(store, merged(store, store["leads"][known], fields))\n'
                '        return "skipped", store["leads"][known], matched_by\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "skip-dates",
        "bulkImportLeads/batch",
        (
            SKIP,
            (
                "    if skip:\n"
                '        lead = store["leads"][known]\n'
                '        keep(store, {**lead, "updated_at": max(milliseconds(), lead["updated_at"] + 1)})\n'
                '        return "skipped", lead, matched_by\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "skip-fills-what-is-missing",
        "bulkImportLeads/batch",
        (
            SKIP,
            (
                "    if skip:\n"
                '        lead = store["leads"][known]\n'
                '        keep(store, {**lead, "contact_name": lead["contact_name"] or fields.get("contact_name")})\n'
                '        return "skipped", lead, matched_by\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "skip-matches-emails-only",
        "bulkImportLeads/batch",
        (SKIP, SKIP.replace("    if skip:", '    if skip and matched_by == "email":')),
        subtle=True,
    ),
    documented(
        "skip-is-called-updated", "bulkImportLeads/batch", (SKIP, SKIP.replace('"skipped"', '"updated"')), subtle=True
    ),
    documented(
        "update-writes-nothing",
        "bulkImportLeads/batch",
        (
            '    lead = merged(store, store["leads"][known], fields)\n',
            (
                '    lead = store["leads"][known] if source_type == "import" else merged(store, store["leads"][known], '
                "fields)\n"
            ),
        ),
        subtle=True,
    ),
    documented(
        "emoji-in-a-row-fails",
        "bulkImportLeads/robustness",
        (
            ROW_WRONG,
            ROW_WRONG
            + (
                '    if re.search("[\\U0001f300-\\U0001faff]", json.dumps(row, ensure_ascii=False)):\n'
                '        wrong = [*wrong, "bad symbol"]\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "imported-leads-are-told",
        "bulkImportLeads/events",
        for_each_result(
            '        if not dry_run and result["status"] == "created":\n'
            '            announce(call, store["leads"][result["lead_id"]])\n'
        ),
    ),
    documented(
        "updated-rows-are-told",
        "bulkImportLeads/events",
        for_each_result(
            '        if not dry_run and result["status"] == "updated":\n'
            '            announce(call, store["leads"][result["lead_id"]])\n'
        ),
        subtle=True,
    ),
    documented(
        "imported-leads-not-listed",
        "bulkImportLeads/records",
        (
            'for lead in call.store["leads"].values() if fits',
            'for lead in call.store["leads"].values() if lead["source_type"] != "import" and fits',
        ),
    ),
    documented(
        "rows-at-once-are-two",
        "bulkImportLeads/races",
        (
            UPSERTED,
            (
                "        known = match_of(store, row_fields(row, store))[0]\n"
                "        await asyncio.sleep(0.002)\n"
                '        if known is None and isinstance(store["leads"], dict) and (other := match_of(store, '
                "row_fields(row, store))[0]):\n"
                '            other = store["leads"][other]\n'
                '            store["by_email"].pop(email_key(other["contact_email"]), None)\n'
                '            store["by_phone"].pop(phone_key(other["contact_phone"]), None)\n'
            )
            + UPSERTED,
        ),
        subtle=True,
    ),
)
