"""Faults of MEGA: what an import tells of each row."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change

APPENDED = "        results.append(result)\n"
COUNTED = '    statuses = [result["status"] for result in results]\n'
TOTAL = '"total": len(rows), **counts}'
UNKNOWN = "list(dict.fromkeys(unknown))"
UNKNOWN_MEMBER = f'        "unknown_custom_fields": {UNKNOWN},\n'
UPSERTED = '        status, lead, matched_by = await upserted(store, row_fields(row, store), "import", skip=skip)\n'
REF = '        "row_ref": ref if isinstance(ref, str) else None,\n'
ERRORS = '        "errors": wrong or None,\n'
MATCHED = '        "matched_by": matched_by,\n'
LEAD_ID = '        "lead_id": lead_id,\n'
IGNORED = '        **({"ignored_custom_fields": ignored} if ignored else {}),\n'


def after_rows(code: str) -> Change:
    """More to do once all rows have their results."""
    return COUNTED, f"{COUNTED}{code}"


def for_each_result(code: str) -> Change:
    return APPENDED, f"{code}{APPENDED}"


RESULTS = (
    documented(
        "total-without-failed-rows",
        "bulkImportLeads/batch",
        (TOTAL, '"total": len(rows) - counts["failed"], **counts}'),
    ),
    documented(
        "failed-rows-not-counted", "bulkImportLeads/batch", (TOTAL, '"total": len(rows), **counts, "failed": 0}')
    ),
    documented(
        "skipped-counted-as-updated",
        "bulkImportLeads/batch",
        (TOTAL, '"total": len(rows), **counts, "updated": counts["updated"] + counts["skipped"], "skipped": 0}'),
        subtle=True,
    ),
    documented(
        "non-objects-not-counted",
        "bulkImportLeads/batch",
        (
            TOTAL,
            (
                '"total": len(rows), **counts, "failed": counts["failed"] - sum(not isinstance(row, dict) '
                "for row in rows)}"
            ),
        ),
        subtle=True,
    ),
    documented(
        "updated-leads-counted-once",
        "bulkImportLeads/batch",
        (
            TOTAL,
            (
                '"total": len(rows), **counts, "updated": len({result["lead_id"] for result in results '
                'if result["status"] == "updated"})}'
            ),
        ),
        subtle=True,
    ),
    documented("summary-of-texts", "bulkImportLeads/conformance", (TOTAL, '"total": str(len(rows)), **counts}')),
    documented(
        "summary-without-skipped",
        "bulkImportLeads/conformance",
        (TOTAL, '"total": len(rows), **{name: count for name, count in counts.items() if count or name != "skipped"}}'),
    ),
    documented(
        "failed-rows-last",
        "bulkImportLeads/batch",
        after_rows('    results.sort(key=lambda result: result["status"] == "failed")\n'),
        subtle=True,
    ),
    documented("results-backwards", "bulkImportLeads/batch", after_rows("    results.reverse()\n")),
    documented(
        "failed-rows-without-result",
        "bulkImportLeads/batch",
        after_rows('    results = [result for result in results if result["status"] != "failed"]\n'),
    ),
    documented(
        "status-in-capitals",
        "bulkImportLeads/conformance",
        after_rows('    results = [{**result, "status": result["status"].upper()} for result in results]\n'),
    ),
    documented(
        "status-merged",
        "bulkImportLeads/conformance",
        after_rows(
            '    results = [{**result, "status": result["status"].replace("updated", "merged")} for '
            "result in results]\n"
        ),
    ),
    vendor_page(
        "row-ref-missing-if-absent",
        "bulkImportLeads/conformance",
        after_rows(
            '    results = [{name: value for name, value in result.items() if name != "row_ref" or '
            "value is not None} for result in results]\n"
        ),
        subtle=True,
    ),
    documented("row-ref-not-echoed", "bulkImportLeads/batch", (REF, '        "row_ref": None,\n')),
    documented(
        "row-ref-not-echoed-for-failed-rows",
        "bulkImportLeads/batch",
        (REF, '        "row_ref": ref if isinstance(ref, str) and not wrong else None,\n'),
        subtle=True,
    ),
    documented(
        "row-ref-in-small-letters", "bulkImportLeads/batch", (REF, REF.replace("ref if", "ref.lower() if")), subtle=True
    ),
    documented(
        "row-ref-composed",
        "bulkImportLeads/batch",
        (REF, REF.replace("ref if", 'unicodedata.normalize("NFC", ref) if')),
        subtle=True,
    ),
    documented("row-ref-trimmed", "bulkImportLeads/batch", (REF, REF.replace("ref if", "ref.strip() if")), subtle=True),
    assumed(
        "empty-row-ref-is-null",
        "bulkImportLeads/batch",
        (REF, '        "row_ref": ref or None if isinstance(ref, str) else None,\n'),
        subtle=True,
    ),
    assumed(
        "row-ref-may-be-a-number",
        "bulkImportLeads/batch",
        (
            '    "row_ref": text(255),\n',
            '    "row_ref": lambda value: None if isinstance(value, int) else text(255)(value),\n',
        ),
        subtle=True,
    ),
    assumed(
        "row-ref-of-any-length",
        "bulkImportLeads/batch",
        ('    "row_ref": text(255),\n', '    "row_ref": text(2550),\n'),
        subtle=True,
    ),
    assumed(
        "row-ref-is-the-number-of-the-row",
        "bulkImportLeads/batch",
        for_each_result(
            '        result["row_ref"] = result["row_ref"] if isinstance(row, dict) and "row_ref" '
            "in row else str(len(results))\n"
        ),
        subtle=True,
    ),
    assumed(
        "row-ref-twice-fails",
        "bulkImportLeads/batch",
        for_each_result(
            '        if result["row_ref"] is not None and result["row_ref"] in [other["row_ref"] for '
            "other in results]:\n"
            '            result |= {"status": "failed", "lead_id": None, "matched_by": None, "errors": '
            '["row_ref: was used above"]}\n'
        ),
        subtle=True,
    ),
    documented(
        "matched-by-member-name",
        "bulkImportLeads/conformance",
        (MATCHED, '        "matched_by": matched_by and f"contact_{matched_by}",\n'),
    ),
    documented(
        "matched-by-always-email",
        "bulkImportLeads/batch",
        (MATCHED, '        "matched_by": matched_by and "email",\n'),
        subtle=True,
    ),
    documented(
        "matched-by-missing-for-skipped",
        "bulkImportLeads/batch",
        (MATCHED, '        "matched_by": matched_by if status == "updated" else None,\n'),
        subtle=True,
    ),
    documented(
        "matched-by-for-created",
        "bulkImportLeads/batch",
        (MATCHED, '        "matched_by": matched_by or ("email" if status == "created" else None),\n'),
    ),
    assumed(
        "matched-by-phone-if-both",
        "bulkImportLeads/batch",
        (
            UPSERTED,
            UPSERTED
            + (
                '        matched_by = "phone" if matched_by and phone_key(lead["contact_phone"]) == '
                'phone_key(row.get("contact_phone") or "-") else matched_by\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "lead-id-only-for-created",
        "bulkImportLeads/batch",
        (LEAD_ID, '        "lead_id": lead_id if status == "created" else None,\n'),
        subtle=True,
    ),
    documented(
        "lead-id-not-that-of-the-lead",
        "bulkImportLeads/batch",
        for_each_result('        result["lead_id"] = result["lead_id"] and result["lead_id"][:-4] + "0000"\n'),
        subtle=True,
    ),
    documented(
        "lead-id-of-the-row-above",
        "bulkImportLeads/batch",
        after_rows(
            '    ids = [result["lead_id"] for result in results]\n'
            "    for place, result in enumerate(results):\n"
            '        result["lead_id"] = ids[max(0, place - 1)] and result["lead_id"] and ids[max(0, '
            "place - 1)]\n"
        ),
    ),
    assumed(
        "lead-id-empty-for-failed",
        "bulkImportLeads/batch",
        after_rows('    results = [{**result, "lead_id": result["lead_id"] or ""} for result in results]\n'),
        subtle=True,
    ),
    documented("errors-empty-rather-than-null", "bulkImportLeads/conformance", (ERRORS, '        "errors": wrong,\n')),
    vendor_page(
        "errors-as-one-text",
        "bulkImportLeads/conformance",
        (ERRORS, '        "errors": "; ".join(wrong) or None,\n'),
        subtle=True,
    ),
    vendor_page(
        "errors-as-objects",
        "bulkImportLeads/conformance",
        (ERRORS, '        "errors": [{"message": problem} for problem in wrong] or None,\n'),
        subtle=True,
    ),
    assumed("failed-without-errors", "bulkImportLeads/batch", (ERRORS, '        "errors": None,\n')),
    documented("unknown-fields-not-reported", "bulkImportLeads/batch", (UNKNOWN, "[]")),
    vendor_page(
        "unknown-fields-missing-if-none",
        "bulkImportLeads/conformance",
        (UNKNOWN_MEMBER, f'        **({{"unknown_custom_fields": {UNKNOWN}}} if unknown else {{}}),\n'),
        subtle=True,
    ),
    assumed("unknown-fields-repeated", "bulkImportLeads/batch", (UNKNOWN, "unknown"), subtle=True),
    assumed(
        "unknown-fields-of-failed-rows-left-out",
        "bulkImportLeads/batch",
        (IGNORED, IGNORED.replace("if ignored", "if ignored and not wrong")),
        subtle=True,
    ),
    documented(
        "unknown-fields-of-first-row-only",
        "bulkImportLeads/batch",
        (UNKNOWN, 'results[0].get("ignored_custom_fields", [])'),
        subtle=True,
    ),
    documented(
        "ignored-fields-not-reported",
        "bulkImportLeads/batch",
        (IGNORED, ""),
        (
            '    unknown = [slug for result in results for slug in result.get("ignored_custom_fields", [])]\n',
            (
                '    unknown = [slug for row in rows if isinstance(row, dict) for slug in row.get("custom_fields") '
                'or {} if slug not in call.store["custom_fields"]]\n'
            ),
        ),
    ),
    assumed(
        "ignored-fields-empty-if-none",
        "bulkImportLeads/batch",
        (IGNORED, '        "ignored_custom_fields": ignored,\n'),
        subtle=True,
    ),
    documented(
        "ignored-fields-without-the-second",
        "bulkImportLeads/batch",
        (IGNORED, IGNORED.replace("ignored}", "ignored[:1]}")),
        subtle=True,
    ),
    documented(
        "ignored-fields-of-skipped-rows-left-out",
        "bulkImportLeads/batch",
        (IGNORED, IGNORED.replace("if ignored", 'if ignored and status != "skipped"')),
        subtle=True,
    ),
    documented(
        "known-fields-reported-as-ignored",
        "bulkImportLeads/batch",
        (
            '    ignored = [slug for slug in given if slug not in store["custom_fields"]]',
            "    ignored = [slug for slug in given if slug not in STAGES]",
        ),
    ),
    documented(
        "unknown-field-fails-the-row",
        "bulkImportLeads/batch",
        (
            '        lines = {row.get("lead_line")',
            (
                '        if not set(row.get("custom_fields") or {}) <= set(store["custom_fields"]):\n'
                '            found.append("custom_fields: unknown slug")\n'
                '        lines = {row.get("lead_line")'
            ),
        ),
    ),
)
