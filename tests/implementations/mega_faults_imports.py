"""Faults of MEGA: the import of many leads, and its preview."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change

DONE = "    return Answer(200, body, {})\n\n\ndef overlay"
BOUNDS = "    if not 1 <= len(rows) <= MAX_ROWS:\n"
OVER_CAP = '        raise Refusal(400, f"leads: must have'
ON_DUPLICATE = '    if problem := one_of("update", "skip")(given.get("on_duplicate", "update")):\n'
DRY_RUN = '    if problem := boolean(given.get("dry_run", False)):\n'
CHECKED = '    return rows, given.get("on_duplicate") == "skip", given.get("dry_run", False)\n'
STORE = "    store = overlay(call.store) if dry_run else call.store\n"
OVERLAID = 'for name in ("leads", "by_email", "by_phone")}}\n'
RESULT = "        result = await imported(row, store, skip=skip)\n"
APPENDED = "        results.append(result)\n"
UNKNOWN = "list(dict.fromkeys(unknown))"
UNKNOWN_MEMBER = f'        "unknown_custom_fields": {UNKNOWN},\n'
ROW_WRONG = "    wrong = row_problems(row, store)\n"
OWNER = 'row["owner_id"] not in store["owners"]:\n'
BODY = '    body = {\n        "dry_run": dry_run,\n'


def for_each_result(code: str) -> Change:
    return APPENDED, f"{code}{APPENDED}"


REQUESTS = (
    vendor_page("import-is-201", "bulkImportLeads/conformance", (DONE, DONE.replace("200", "201"))),
    vendor_page(
        "import-is-207", "bulkImportLeads/conformance", (DONE, DONE.replace("200", '207 if counts["failed"] else 200'))
    ),
    vendor_page(
        "import-with-failed-rows-only-is-400",
        "bulkImportLeads/batch",
        (DONE, DONE.replace("200", '400 if counts["failed"] == len(rows) else 200')),
        subtle=True,
    ),
    documented("501-rows", "bulkImportLeads/batch", (BOUNDS, BOUNDS.replace("MAX_ROWS", "MAX_ROWS + 1"))),
    documented("500-rows-refused", "bulkImportLeads/batch", (BOUNDS, BOUNDS.replace("<= MAX_ROWS", "< MAX_ROWS"))),
    documented("100-rows-at-most", "bulkImportLeads/batch", ("MAX_ROWS = 500\n", "MAX_ROWS = 100\n")),
    documented(
        "500-of-more-rows", "bulkImportLeads/batch", (BOUNDS, f"    rows = rows[:MAX_ROWS]\n{BOUNDS}"), subtle=True
    ),
    documented("no-rows", "bulkImportLeads/batch", (BOUNDS, BOUNDS.replace("1 <=", "0 <="))),
    documented("too-many-rows-are-413", "bulkImportLeads/batch", (OVER_CAP, OVER_CAP.replace("400", "413"))),
    documented("too-many-rows-are-422", "bulkImportLeads/batch", (OVER_CAP, OVER_CAP.replace("400", "422"))),
    documented(
        "rows-after-100-without-result",
        "bulkImportLeads/batch",
        (UNKNOWN_MEMBER, f'{UNKNOWN_MEMBER}        "results": results[:100],\n'),
        ('        "results": results,\n', ""),
        subtle=True,
    ),
    documented(
        "rows-after-100-not-written",
        "bulkImportLeads/batch",
        (STORE, STORE + "    preview = overlay(call.store)\n"),
        (
            "result = await imported(row, store, skip=skip)",
            "result = await imported(row, store if len(results) < 100 else preview, skip=skip)",
        ),
        subtle=True,
    ),
    vendor_page(
        "rows-may-be-missing",
        "bulkImportLeads/conformance",
        ('    rows = given.get("leads")\n', '    rows = given.get("leads", [{}])\n'),
    ),
    vendor_page(
        "rows-may-be-one-object",
        "bulkImportLeads/conformance",
        (
            '    rows = given.get("leads")\n',
            '    rows = given.get("leads")\n    rows = [rows] if isinstance(rows, dict) else rows\n',
        ),
        subtle=True,
    ),
    documented(
        "any-on-duplicate", "bulkImportLeads/conformance", (ON_DUPLICATE, '    if problem := one_of("")(""):\n')
    ),
    documented(
        "on-duplicate-in-any-letter-case",
        "bulkImportLeads/conformance",
        (
            ON_DUPLICATE,
            ON_DUPLICATE.replace(
                'given.get("on_duplicate", "update"))', 'str(given.get("on_duplicate", "update")).lower())'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "on-duplicate-may-be-null",
        "bulkImportLeads/conformance",
        (
            ON_DUPLICATE,
            ON_DUPLICATE.replace('given.get("on_duplicate", "update"))', 'given.get("on_duplicate") or "update")'),
        ),
        subtle=True,
    ),
    documented(
        "on-duplicate-is-skip-by-default",
        "bulkImportLeads/batch",
        (CHECKED, CHECKED.replace('given.get("on_duplicate")', 'given.get("on_duplicate", "skip")')),
        subtle=True,
    ),
    documented(
        "skip-is-update",
        "bulkImportLeads/batch",
        (CHECKED, CHECKED.replace('given.get("on_duplicate") == "skip"', "False")),
    ),
    documented(
        "update-is-skip",
        "bulkImportLeads/batch",
        (CHECKED, CHECKED.replace('given.get("on_duplicate") == "skip"', "True")),
    ),
    documented(
        "dry-run-may-be-a-text",
        "bulkImportLeads/conformance",
        (
            DRY_RUN,
            (
                '    given = {**given, "dry_run": given["dry_run"] == "true"} if isinstance(given.get("dry_run"), '
                "str) else given\n"
            )
            + DRY_RUN,
        ),
        subtle=True,
    ),
    documented(
        "dry-run-may-be-a-number",
        "bulkImportLeads/conformance",
        (
            DRY_RUN,
            (
                '    given = {**given, "dry_run": bool(given["dry_run"])} if isinstance(given.get("dry_run"), '
                "int) else given\n"
            )
            + DRY_RUN,
        ),
        subtle=True,
    ),
    assumed(
        "dry-run-may-be-null",
        "bulkImportLeads/conformance",
        (
            DRY_RUN,
            (
                '    given = {**given, "dry_run": given.get("dry_run") or False} if given.get("dry_run") '
                "is None else given\n"
            )
            + DRY_RUN,
        ),
        subtle=True,
    ),
    documented(
        "dry-run-by-default",
        "bulkImportLeads/batch",
        (CHECKED, CHECKED.replace('given.get("dry_run", False)', 'given.get("dry_run", True)')),
    ),
)

MERGED_VALUES = '    values = {**lead["custom_fields"], **fields["custom_fields"]}\n'
ROW_LINE = '    if row.get("lead_line"):\n'

PREVIEWS = (
    documented("preview-writes", "bulkImportLeads/batch", (STORE, "    store = call.store\n")),
    documented(
        "preview-with-a-key-writes",
        "bulkImportLeads/batch",
        (STORE, STORE.replace("if dry_run", 'if dry_run and "idempotency-key" not in call.headers')),
        subtle=True,
    ),
    documented(
        "preview-knows-no-emails",
        "bulkImportLeads/batch",
        (OVERLAID, OVERLAID.replace("}}\n", '}, "by_email": {}}\n')),
        subtle=True,
    ),
    documented(
        "preview-dates-known-leads",
        "bulkImportLeads/batch",
        for_each_result(
            '        if dry_run and result["lead_id"]:\n'
            '            lead = call.store["leads"][result["lead_id"]]\n'
            '            keep(call.store, {**lead, "updated_at": max(milliseconds(), lead["updated_at"] '
            "+ 1)})\n"
        ),
        subtle=True,
    ),
    documented(
        "preview-writes-known-leads",
        "bulkImportLeads/batch",
        for_each_result(
            '        if dry_run and result["lead_id"] and not skip:\n'
            '            keep(call.store, store["leads"][result["lead_id"]])\n'
        ),
        subtle=True,
    ),
    documented(
        "preview-echoes-false",
        "bulkImportLeads/batch",
        (BODY, BODY.replace('"dry_run": dry_run', '"dry_run": False')),
        subtle=True,
    ),
    documented(
        "run-echoes-true",
        "bulkImportLeads/batch",
        (BODY, BODY.replace('"dry_run": dry_run', '"dry_run": bool(given_or_not(call.body))')),
        ("def overlay(", 'def given_or_not(body: Any) -> bool:\n    return "dry_run" in body\n\n\ndef overlay('),
        subtle=True,
    ),
    assumed(
        "preview-invents-ids",
        "bulkImportLeads/batch",
        ('            result["lead_id"] = None\n', '            result["lead_id"] = result["lead_id"]\n'),
        subtle=True,
    ),
    documented(
        "preview-knows-nobody",
        "bulkImportLeads/batch",
        (OVERLAID, OVERLAID.replace("}}\n", '}, **({name: {} for name in ("by_email", "by_phone")})}\n')),
    ),
    assumed(
        "preview-forgets-the-rows-above",
        "bulkImportLeads/batch",
        (RESULT, "        store = overlay(call.store) if dry_run else call.store\n" + RESULT),
        subtle=True,
    ),
    documented(
        "preview-does-not-check-owners",
        "bulkImportLeads/batch",
        (OWNER, 'row["owner_id"] not in store["owners"] and not isinstance(store["leads"], ChainMap):\n'),
        ('lead["owner_id"] and {"id"', 'lead["owner_id"] in store["owners"] and {"id"'),
        subtle=True,
    ),
    documented(
        "preview-does-not-check-anything",
        "bulkImportLeads/batch",
        (
            ROW_WRONG,
            (
                "    wrong = row_problems(row, store)\n"
                '    if isinstance(store["leads"], ChainMap) and isinstance(row, dict) and wrong:\n'
                '        row, wrong = {"contact_name": "x", "row_ref": row.get("row_ref")}, []\n'
            ),
        ),
    ),
    documented(
        "preview-does-not-report-unknown-fields",
        "bulkImportLeads/batch",
        (UNKNOWN, f"[] if dry_run else {UNKNOWN}"),
        subtle=True,
    ),
    documented(
        "preview-without-results",
        "bulkImportLeads/batch",
        ('        "results": results,\n', '        "results": [] if dry_run else results,\n'),
    ),
    documented(
        "preview-is-told",
        "bulkImportLeads/events",
        for_each_result(
            '        if dry_run and result["status"] == "created":\n'
            '            announce(call, list(store["leads"].maps[0].values())[-1])\n'
        ),
        subtle=True,
    ),
    documented(
        "preview-writes-custom-fields",
        "bulkImportLeads/batch",
        (
            MERGED_VALUES,
            MERGED_VALUES
            + '    if isinstance(store["leads"], ChainMap):\n'
            + '        lead["custom_fields"].update(fields["custom_fields"])\n',
        ),
        subtle=True,
    ),
    documented(
        "skipped-row-gives-an-owner",
        "bulkImportLeads/batch",
        (
            "    if skip:\n",
            (
                '    if skip:\n        store["leads"][known]["owner_id"] = '
                'store["leads"][known]["owner_id"] or fields.get("owner_id")\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "line-among-custom-fields-of-a-row-is-lost",
        "bulkImportLeads/batch",
        (ROW_LINE, '    fields["custom_fields"].pop("lead_line", None)\n' + ROW_LINE),
        subtle=True,
    ),
)
