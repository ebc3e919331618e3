"""What can go wrong with the pages and the order of the lists of leads and contacts."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Change, Fault

CALL = "            call = Call(self.workspaces[key.tenant], "
LEADS_QUERY = (
    '    asked = call.parameters(LEADS_QUERY, page="1", per_page="25", sort="-created_at", archived="false")\n'
)
START = "    start = (page - 1) * per_page\n"
DATA = '"data": records[start : start + per_page]'
PAGES = '"total_pages": math.ceil(total / per_page)}'
ORDERED = '    records = in_order(records, asked["sort"])\n'
KNOWN = 'known.sort(key=lambda record: (record[member], record["id"]), reverse=descending)'
UNKNOWN = 'unknown.sort(key=lambda record: str(record["id"]), reverse=descending)'
SORT = '    member, descending = sort.removeprefix("-"), sort.startswith("-")\n'
ARCHIVED = 'leads = archived if asked["archived"] == "true" else call.workspace.current()'


def everybodys(handler: str) -> Change:
    first = f'"{{}}" if handler is {handler} else key.tenant'.format("workspace-a")
    return CALL, CALL.replace("key.tenant", first)


PAGING = (
    documented("list-of-another-workspace", "listLeads/access", everybodys("list_leads")),
    documented("contacts-of-another-workspace", "listContacts/access", everybodys("list_contacts")),
    assumed(
        "leads-without-email-not-listed",
        "listLeads/records",
        (ARCHIVED, ARCHIVED + '\n    leads = [lead for lead in leads if lead["email"]]'),
        subtle=True,
    ),
    documented("list-is-always-empty", "listLeads/records", (ARCHIVED, "leads = archived")),
    assumed(
        "the-newest-500-alone-are-listed",
        "list*/records",
        ("    for member in filters:\n", "    records = records[-500:]\n    for member in filters:\n"),
        subtle=True,
    ),
    assumed(
        "total-of-500-at-most",
        "list*/records",
        ('int(asked["per_page"]), len(records)', 'int(asked["per_page"]), min(500, len(records))'),
        subtle=True,
    ),
    assumed(
        "no-page-beyond-item-500",
        "list*/records",
        (DATA, '"data": records[start : min(500, start + per_page)]'),
        subtle=True,
    ),
    assumed("list-under-leads", "listLeads/conformance", (DATA, '"leads": records[start : start + per_page]')),
    assumed(
        "list-is-bare",
        "listLeads/conformance",
        (
            "    return answer(200, {" + DATA + ', "pagination": pagination})',
            "    return answer(200, records[start : start + per_page])",
        ),
    ),
    assumed("pagination-beside-data", "listLeads/conformance", ('"pagination": pagination})', "**pagination})")),
    assumed(
        "pagination-as-text",
        "listLeads/conformance",
        ('pagination = {"page": page,', 'pagination = {"page": str(page),'),
        subtle=True,
    ),
    assumed("no-total-pages", "listLeads/conformance", (PAGES, '"pages": math.ceil(total / per_page)}')),
    assumed("page-ignored", "listLeads/records", (START, "    start = 0\n")),
    assumed("pages-from-zero", "listLeads/records", (START, "    start = page * per_page\n")),
    assumed(
        "pages-overlap", "listLeads/records", (START, "    start = (page - 1) * max(1, per_page - 1)\n"), subtle=True
    ),
    assumed(
        "later-pages-skip-one",
        "listLeads/records",
        (START, "    start = (page - 1) * per_page + (page > 1)\n"),
        subtle=True,
    ),
    assumed("page-is-an-offset", "listLeads/records", (START, "    start = page - 1\n"), subtle=True),
    assumed("per-page-ignored", "listLeads/records", (DATA, '"data": records[start : start + 25]')),
    assumed(
        "one-more-per-page", "listLeads/records", (DATA, '"data": records[start : start + per_page + 1]'), subtle=True
    ),
    assumed(
        "one-less-per-page",
        "listLeads/records",
        (DATA, '"data": records[start : start + max(1, per_page - 1)]'),
        subtle=True,
    ),
    assumed(
        "at-most-50-per-page",
        "listLeads/records",
        (DATA, '"data": records[start : start + min(50, per_page)]'),
        subtle=True,
    ),
    assumed(
        "twenty-per-page-by-default", "listLeads/records", (LEADS_QUERY, LEADS_QUERY.replace("25", "20")), subtle=True
    ),
    assumed(
        "per-page-of-101",
        "listLeads/conformance",
        ('"per_page": integer(1, 100),', '"per_page": integer(1, 101),'),
        subtle=True,
    ),
    assumed(
        "per-page-of-100-refused",
        "listLeads/conformance",
        ('"per_page": integer(1, 100),', '"per_page": integer(1, 99),'),
        subtle=True,
    ),
    assumed(
        "per-page-of-zero-crashes",
        "listLeads/robustness",
        ('"per_page": integer(1, 100),', '"per_page": integer(0, 100),'),
        subtle=True,
    ),
    assumed(
        "per-page-cut-silently",
        "listLeads/conformance",
        ('"per_page": integer(1, 100),', '"per_page": integer(1, 100_000),'),
        ('int(asked["per_page"]), len(records)', 'min(100, int(asked["per_page"])), len(records)'),
    ),
    assumed(
        "page-of-zero-accepted",
        "listLeads/conformance",
        ('"page": integer(1, 1_000_000),', '"page": integer(0, 1_000_000),'),
        (START, "    start = max(0, page - 1) * per_page\n"),
    ),
    assumed(
        "page-of-words-accepted",
        "listLeads/conformance",
        (
            '            yield "", "must be an integer"\n        elif not lowest <= int(value)',
            "            return\n        elif not lowest <= int(value)",
        ),
        (
            'int(asked["page"]), int(',
            'int("".join(re.findall("[0-9]", asked["page"])) or 1), int("".join(re.findall("[0-9]", asked["per_page"])) or 25) or int(',
        ),
        subtle=True,
    ),
    assumed(
        "total-of-the-page",
        "listLeads/records",
        ('"total": total,', '"total": len(records[start : start + per_page]),'),
        subtle=True,
    ),
    assumed(
        "total-of-all-records",
        "listLeads/records",
        ("    for member in filters:\n", "    everything = len(records)\n    for member in filters:\n"),
        ('"total": total,', '"total": everything,'),
        subtle=True,
    ),
    assumed("total-pages-rounded-down", "listLeads/records", (PAGES, '"total_pages": total // per_page}'), subtle=True),
    assumed(
        "total-pages-at-least-one",
        "listLeads/records",
        (PAGES, PAGES.replace("math", "max(1, math").replace("page)", "page))")),
        subtle=True,
    ),
    assumed(
        "total-pages-one-too-many-when-full",
        "listLeads/records",
        (PAGES, '"total_pages": total // per_page + 1 if total else 0}'),
        subtle=True,
    ),
    assumed(
        "page-past-the-end-is-404",
        "listLeads/records",
        (START, START + '    if start and start >= total:\n        raise Refusal(404, "No such page")\n'),
        subtle=True,
    ),
    assumed(
        "page-past-the-end-is-the-last",
        "listLeads/records",
        (START, START + "    start = min(start, max(0, (total - 1) // per_page * per_page))\n"),
        subtle=True,
    ),
    assumed(
        "items-lack-company",
        "listLeads/conformance",
        (
            "    records = in_order(",
            '    records = [{member: value for member, value in record.items() if member != "company"} for record in records]\n    records = in_order(',
        ),
        subtle=True,
    ),
    assumed(
        "items-show-archived",
        "listLeads/conformance",
        (DATA, '"data": [{**record, "archived": False} for record in records[start : start + per_page]]'),
        subtle=True,
    ),
    assumed(
        "items-lack-tags",
        "listLeads/conformance",
        (
            DATA,
            '"data": [{member: value for member, value in record.items() if member != "tags"} for record in records[start : start + per_page]]',
        ),
        subtle=True,
    ),
)

ORDER = (
    assumed("sort-ignored", "listLeads/records", (ORDERED, '    records = in_order(records, "-created_at")\n')),
    assumed(
        "oldest-first-by-default", "listLeads/records", (LEADS_QUERY, LEADS_QUERY.replace("-created_at", "created_at"))
    ),
    assumed("minus-ignored", "listLeads/records", (SORT, SORT.replace('sort.startswith("-")', "False"))),
    assumed("minus-reversed", "listLeads/records", (SORT, SORT.replace("sort.startswith", "not sort.startswith"))),
    assumed(
        "missing-scores-first", "listLeads/records", ("return known + unknown", "return unknown + known"), subtle=True
    ),
    assumed(
        "missing-scores-first-when-ascending",
        "listLeads/records",
        ("return known + unknown", "return known + unknown if descending else unknown + known"),
        subtle=True,
    ),
    assumed("missing-scores-left-out", "listLeads/records", ("return known + unknown", "return known"), subtle=True),
    assumed(
        "missing-scores-count-as-zero",
        "listLeads/records",
        ("is not None]\n", 'is not None or member == "score"]\n'),
        ("record[member] is None]", 'record[member] is None and member != "score"]'),
        (KNOWN, KNOWN.replace("record[member],", "record[member] or 0,")),
        subtle=True,
    ),
    assumed(
        "ties-in-order-of-creation",
        "listLeads/records",
        (KNOWN, "known.sort(key=lambda record: record[member], reverse=descending)"),
        subtle=True,
    ),
    assumed(
        "ties-always-ascending",
        "listLeads/records",
        (
            KNOWN,
            'known.sort(key=lambda record: str(record["id"]))\n    known.sort(key=lambda record: record[member], reverse=descending)',
        ),
        subtle=True,
    ),
    assumed(
        "missing-scores-always-ascending",
        "listLeads/records",
        (UNKNOWN, 'unknown.sort(key=lambda record: str(record["id"]))'),
        subtle=True,
    ),
    assumed(
        "ties-at-random",
        "listLeads/records",
        (KNOWN, KNOWN.replace('record["id"]', "secrets.randbits(32)")),
        subtle=True,
    ),
    assumed(
        "sort-by-name-is-by-email",
        "listLeads/records",
        (
            SORT,
            SORT
            + '    if member == "name":\n        return sorted(records, key=lambda record: record["email"] or "", reverse=descending)\n',
        ),
        subtle=True,
    ),
    assumed(
        "sort-by-score-is-by-letters",
        "listLeads/records",
        (KNOWN, KNOWN.replace("(record[member],", "(str(record[member]),")),
        subtle=True,
    ),
    assumed(
        "sort-by-updated-at-is-by-created-at",
        "listLeads/records",
        (SORT, SORT + '    member = "created_at" if member == "updated_at" else member\n'),
        subtle=True,
    ),
    assumed(
        "page-sorted-alone",
        "listLeads/records",
        (ORDERED, ""),
        (
            DATA,
            DATA.replace("records[start", "in_order(records[start").replace("per_page]", 'per_page], asked["sort"])'),
        ),
        subtle=True,
    ),
    assumed(
        "unknown-sort-ignored",
        "listLeads/conformance",
        ('"sort": word((*CONTACT_SORTS, "score", "-score")),', '"sort": text(),'),
        (
            SORT,
            SORT + '    member = member if member in ("created_at", "updated_at", "name", "score") else "created_at"\n',
        ),
    ),
    assumed(
        "sort-by-email-accepted",
        "listLeads/conformance",
        (
            '"sort": word((*CONTACT_SORTS, "score", "-score")),',
            '"sort": word((*CONTACT_SORTS, "score", "-score", "email", "-email")),',
        ),
        subtle=True,
    ),
    assumed(
        "sort-by-falling-score-refused",
        "listLeads/conformance",
        ('"sort": word((*CONTACT_SORTS, "score", "-score")),', '"sort": word((*CONTACT_SORTS, "score")),'),
        subtle=True,
    ),
)

LISTS: tuple[Fault, ...] = (*PAGING, *ORDER)
