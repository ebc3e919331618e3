"""Faults of MEGA: how leads are sorted and paged."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, vendor_page
from tests.implementations.workshop import Change

START = '    start = query["offset"]\n'
PASSED = "(place(lead) >= after if downwards else place(lead) <= after)]"
STARTED = "        start = len(passed)\n"
PAGE = '    page = leads[start : start + query["limit"]]\n'
MORE = '    more = start + query["limit"] < len(leads) and sort_by != "last_interaction_at"\n'
NO_CURSORS = '        if sort_by == "last_interaction_at":\n'
TOTAL = '        "total": len(leads),\n'
LIMIT = '        "limit": query["limit"],\n'
OFFSET = '        "offset": 0 if "cursor" in query else query["offset"],\n'
NEXT = '        "next_cursor": sealed(call.state, [*sort, *place(page[-1])]) if more else None,\n'
SEAL_CHECK = "    if position is None or not hmac.compare_digest(sealed(state, position).encode(), cursor.encode()):\n"
SORT_CHECK = "    if made_under != sort:\n"
BODY = '    body = {\n        "leads": '
PLACE = '        return lead[sort_by], lead["id"]\n'
QUERY_LIMIT = '    "limit": number(1, 100),\n'
DEFAULTS = 'DEFAULTS = {"sort_by": "updated_at", "sort_dir": "asc", "limit": 20, "offset": 0}\n'
VIEW = '    return {**view, "custom_fields": lead["custom_fields"]} if custom_fields else view\n'


def default(right: str, wrong: str) -> Change:
    return DEFAULTS, DEFAULTS.replace(right, wrong)


def lists(view: str) -> Change:
    """What is shown of a lead in the list only."""
    return VIEW, f"    view = view if custom_fields else {view}\n{VIEW}"


PAGES = (
    vendor_page("sorted-by-creation-by-default", "listLeads/model", default("updated_at", "created_at"), subtle=True),
    vendor_page("downwards-by-default", "listLeads/model", default("asc", "desc")),
    vendor_page("ten-by-default", "listLeads/model", default("20", "10")),
    vendor_page("hundred-by-default", "listLeads/model", default("20", "100"), subtle=True),
    vendor_page("not-sorted", "listLeads/model", (PLACE, '        return 0, lead["id"]\n')),
    vendor_page(
        "never-downwards",
        "listLeads/model",
        ('query["sort_by"], query["sort_dir"] == "desc"\n', 'query["sort_by"], False\n'),
    ),
    vendor_page(
        "sorted-as-text-by-the-second",
        "listLeads/model",
        (PLACE, '        return lead[sort_by] // 1000, lead["id"]\n'),
        subtle=True,
    ),
    vendor_page(
        "updated-at-sorts-by-creation",
        "listLeads/model",
        (PLACE, '        return lead["created_at"], lead["id"]\n'),
        subtle=True,
    ),
    vendor_page(
        "any-sort",
        "listLeads/conformance",
        (
            '    "sort_by": word("created_at", "updated_at", "last_interaction_at"),\n',
            (
                '    "sort_by": lambda _, value: value if value in {"created_at", "updated_at", "last_interaction_at"} '
                'else "updated_at",\n'
            ),
        ),
    ),
    vendor_page(
        "any-direction",
        "listLeads/conformance",
        (
            '    "sort_dir": word("asc", "desc"),\n',
            '    "sort_dir": lambda _, value: "desc" if value == "desc" else "asc",\n',
        ),
        subtle=True,
    ),
    vendor_page(
        "no-sort-by-interaction",
        "listLeads/conformance",
        ('word("created_at", "updated_at", "last_interaction_at")', 'word("created_at", "updated_at")'),
        subtle=True,
    ),
    vendor_page("limit-ignored", "listLeads/model", (PAGE, '    query |= {"limit": 20}\n' + PAGE)),
    vendor_page(
        "one-more-than-the-limit",
        "listLeads/model",
        (PAGE, PAGE.replace('query["limit"]]', 'query["limit"] + 1]')),
        subtle=True,
    ),
    vendor_page(
        "limit-of-50-at-most",
        "listLeads/model",
        (PAGE, '    query |= {"limit": min(50, query["limit"])}\n' + PAGE),
        subtle=True,
    ),
    vendor_page(
        "limit-zero",
        "listLeads/conformance",
        (QUERY_LIMIT, QUERY_LIMIT.replace("1,", "0,")),
        (NEXT, NEXT.replace("if more", "if more and page")),
        subtle=True,
    ),
    vendor_page("limit-101", "listLeads/conformance", (QUERY_LIMIT, QUERY_LIMIT.replace("100", "101")), subtle=True),
    vendor_page(
        "limit-100-refused", "listLeads/conformance", (QUERY_LIMIT, QUERY_LIMIT.replace("100", "99")), subtle=True
    ),
    vendor_page(
        "limit-1-refused", "listLeads/conformance", (QUERY_LIMIT, QUERY_LIMIT.replace("1,", "2,")), subtle=True
    ),
    vendor_page(
        "large-limit-is-cut",
        "listLeads/conformance",
        (QUERY_LIMIT, '    "limit": lambda name, value: min(100, number(1, 10**9)(name, value)),\n'),
    ),
    vendor_page(
        "limit-of-letters-ignored",
        "listLeads/conformance",
        (
            QUERY_LIMIT,
            (
                '    "limit": lambda name, value: number(1, 100)(name, value) if re.fullmatch("-?[0-9]+", '
                "value) else 20,\n"
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "negative-offset",
        "listLeads/conformance",
        (
            '    "offset": number(0, MAX_OFFSET),\n',
            '    "offset": lambda name, value: max(0, number(-MAX_OFFSET, MAX_OFFSET)(name, value)),\n',
        ),
        subtle=True,
    ),
    vendor_page("offset-ignored", "listLeads/model", (START, "    start = 0\n")),
    vendor_page(
        "offset-of-pages", "listLeads/model", (START, '    start = query["offset"] * query["limit"]\n'), subtle=True
    ),
    vendor_page(
        "offset-off-by-one", "listLeads/model", (START, '    start = max(0, query["offset"] - 1)\n'), subtle=True
    ),
    vendor_page(
        "offset-beyond-the-end-is-404",
        "listLeads/model",
        (PAGE, PAGE + '    if not page and query["offset"]:\n        raise Refusal(404, "No such page")\n'),
        subtle=True,
    ),
    vendor_page("total-of-the-page", "listLeads/model", (TOTAL, '        "total": len(page),\n')),
    vendor_page(
        "total-after-the-offset", "listLeads/model", (TOTAL, '        "total": len(leads[start:]),\n'), subtle=True
    ),
    vendor_page(
        "total-of-all-leads", "listLeads/model", (TOTAL, '        "total": len(call.store["leads"]),\n'), subtle=True
    ),
    vendor_page(
        "total-of-100-at-most", "listLeads/model", (TOTAL, '        "total": min(100, len(leads)),\n'), subtle=True
    ),
    vendor_page("total-missing", "listLeads/conformance", (TOTAL, "")),
    vendor_page("total-is-a-text", "listLeads/conformance", (TOTAL, '        "total": str(len(leads)),\n')),
    vendor_page("limit-missing", "listLeads/conformance", (LIMIT, ""), subtle=True),
    vendor_page("limit-is-that-of-the-page", "listLeads/model", (LIMIT, '        "limit": len(page),\n'), subtle=True),
    vendor_page("offset-missing", "listLeads/conformance", (OFFSET, ""), subtle=True),
    vendor_page("offset-always-zero", "listLeads/model", (OFFSET, '        "offset": 0,\n'), subtle=True),
    vendor_page("list-in-data", "listLeads/conformance", (BODY, BODY.replace('"leads"', '"data"'))),
    vendor_page(
        "list-without-envelope",
        "listLeads/conformance",
        (
            "    return Answer(200, body, {})\n\n\n# Idempotency",
            '    return Answer(200, body["leads"], {})\n\n\n# Idempotency',
        ),
    ),
    vendor_page(
        "empty-list-is-404",
        "listLeads/conformance",
        (PAGE, PAGE + '    if not leads:\n        raise Refusal(404, "No leads")\n'),
        subtle=True,
    ),
    vendor_page(
        "next-cursor-missing-at-the-end",
        "listLeads/conformance",
        (NEXT, '        **({"next_cursor": sealed(call.state, [*sort, *place(page[-1])])} if more else {}),\n'),
        subtle=True,
    ),
    vendor_page(
        "next-cursor-empty-at-the-end",
        "listLeads/conformance",
        (NEXT, NEXT.replace("else None", 'else ""')),
        subtle=True,
    ),
    vendor_page("no-next-cursor", "listLeads/model", (NEXT, '        "next_cursor": None,\n')),
    vendor_page(
        "next-cursor-at-the-end",
        "listLeads/model",
        (MORE, MORE.replace("< len", "<= len")),
        (NEXT, NEXT.replace("if more", "if more and page")),
        subtle=True,
    ),
    vendor_page(
        "next-cursor-for-interaction",
        "listLeads/model",
        (MORE, '    more = start + query["limit"] < len(leads)\n'),
        subtle=True,
    ),
    vendor_page(
        "no-next-cursor-after-an-offset",
        "listLeads/model",
        (MORE, MORE.replace("    more = ", '    more = not query["offset"] and ')),
        subtle=True,
    ),
    vendor_page("cursor-skips-one", "listLeads/model", (STARTED, "        start = len(passed) + 1\n")),
    vendor_page("cursor-repeats-one", "listLeads/model", (STARTED, "        start = len(passed) - 1\n"), subtle=True),
    vendor_page(
        "cursor-skips-equal-times",
        "listLeads/model",
        (PASSED, "(place(lead)[0] >= after[0] if downwards else place(lead)[0] <= after[0])]"),
        subtle=True,
    ),
    vendor_page(
        "cursor-repeats-equal-times",
        "listLeads/model",
        (PASSED, "(place(lead)[0] > after[0] if downwards else place(lead)[0] < after[0])]"),
        subtle=True,
    ),
    vendor_page("cursor-upwards-only", "listLeads/model", (PASSED, "place(lead) <= after]"), subtle=True),
    assumed(
        "cursor-of-a-changed-lead",
        "listLeads/records",
        (
            STARTED,
            STARTED
            + '        if any(lead["id"] == after[1] and lead[sort_by] != after[0] for lead in leads):\n'
            + '            raise Refusal(400, "cursor: is of another time")\n',
        ),
        subtle=True,
    ),
    vendor_page("cursor-ignored", "listLeads/model", (STARTED, "        start = 0\n")),
    vendor_page(
        "cursor-is-a-number-of-rows",
        "listLeads/model",
        (NEXT, '        "next_cursor": sealed(call.state, [*sort, start + query["limit"], ""]) if more else None,\n'),
        (STARTED, "        start = after[0]\n"),
        (PASSED, "after]"),
        subtle=True,
    ),
    vendor_page(
        "cursor-for-another-sort", "listLeads/model", (SORT_CHECK, "    if made_under[0] != sort[0]:\n"), subtle=True
    ),
    vendor_page(
        "cursor-for-another-direction",
        "listLeads/model",
        (SORT_CHECK, "    if made_under[:2] != sort[:2]:\n"),
        subtle=True,
    ),
    assumed(
        "cursor-of-another-customer",
        "listLeads/access",
        (SORT_CHECK, "    if made_under[1:] != sort[1:]:\n"),
        subtle=True,
    ),
    assumed(
        "cursor-changed-by-hand",
        "listLeads/robustness",
        (
            SEAL_CHECK,
            "    if not (isinstance(position, list) and len(position) == 5 and isinstance(position[3], int)):\n",
        ),
        subtle=True,
    ),
    vendor_page(
        "bad-cursor-is-the-start",
        "listLeads/model",
        (SEAL_CHECK, SEAL_CHECK + '        return (10**15, "") if sort[2] == "desc" else (0, "")\n'),
    ),
    vendor_page(
        "bad-cursor-is-500",
        "listLeads/robustness",
        (SEAL_CHECK + "        raise Refusal(400", SEAL_CHECK + "        raise Refusal(500"),
    ),
    vendor_page(
        "bad-cursor-is-404",
        "listLeads/robustness",
        (SEAL_CHECK + "        raise Refusal(400", SEAL_CHECK + "        raise Refusal(404"),
        subtle=True,
    ),
    vendor_page(
        "cursor-with-interaction",
        "listLeads/model",
        (NO_CURSORS, '        if sort_by == "name":\n'),
        (SORT_CHECK, '    if sort[1] == "last_interaction_at":\n        return -1, ""\n' + SORT_CHECK),
        subtle=True,
    ),
    vendor_page(
        "cursor-with-its-total",
        "listLeads/model",
        (TOTAL, '        "total": len(leads) - (start if "cursor" in query else 0),\n'),
        subtle=True,
    ),
    vendor_page(
        "page-by-cursor-ignores-limit",
        "listLeads/model",
        (PAGE, '    query |= {"limit": 20} if "cursor" in query else {}\n' + PAGE),
        subtle=True,
    ),
    vendor_page(
        "page-by-cursor-ignores-filters",
        "listLeads/model",
        ("if fits(lead, query, call.store)]\n", 'if "cursor" in query or fits(lead, query, call.store)]\n'),
        subtle=True,
    ),
    vendor_page(
        "list-in-old-state", "listLeads/records", lists('{**view, "updated_at": view["created_at"]}'), subtle=True
    ),
    vendor_page(
        "list-with-shortened-names",
        "listLeads/records",
        lists('{**view, "contact_name": view["contact_name"] and view["contact_name"][:30]}'),
        subtle=True,
    ),
    vendor_page("list-without-stages", "listLeads/records", lists('{**view, "current_stage": None}'), subtle=True),
    vendor_page("list-without-owners", "listLeads/records", lists('{**view, "owner": None}'), subtle=True),
    vendor_page(
        "list-with-masked-phones",
        "listLeads/records",
        lists('{**view, "contact_phone": view["contact_phone"] and "***" + view["contact_phone"][-4:]}'),
        subtle=True,
    ),
    vendor_page(
        "list-with-one-source-type", "listLeads/records", lists('{**view, "source_type": "manual"}'), subtle=True
    ),
    vendor_page(
        "list-without-customer",
        "listLeads/conformance",
        lists('{name: value for name, value in view.items() if name != "customer_id"}'),
        subtle=True,
    ),
    vendor_page(
        "list-of-the-first-300",
        "listLeads/model",
        (
            'for lead in call.store["leads"].values() if fits',
            'for lead in list(call.store["leads"].values())[:300] if fits',
        ),
        subtle=True,
    ),
)
