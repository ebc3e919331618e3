"""What can go wrong with the filters and the search of the lists, and with contacts."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed
from tests.implementations.workshop import Fault

CONTACTS_QUERY = '    asked = call.parameters(CONTACTS_QUERY, page="1", per_page="25", sort="-created_at")\n'
MATCHES = "if record[member] == asked[member]]"
TAGGED = 'if asked["tag"] in record["tags"]]'
START = "    start = (page - 1) * per_page\n"
SOUGHT = 'for member in ("name", "email", "phone", "company")]'
SEARCHED = 'texts = [record[member] or "" for member in ("name", "email", "phone", "company")]'
CHANGES = "        lead.update(wanted)\n"
CONTAINS = "if any(sought.casefold() in text.casefold() for text in texts):"
DIGITS = 'return bool(like_a_phone) and digits(sought) in digits(record["phone"] or "")'
ARCHIVED = 'leads = archived if asked["archived"] == "true" else call.workspace.current()'
CONTACTS = 'one_page([contact_of(lead) for lead in call.workspace.current()], asked, ("company",))'
CONTACT = '    return {"id": lead["id"].replace("lead_", "contact_"), **personal, "lead_id": lead["id"], **times}'


FILTERED = (
    assumed(
        "filter-by-status-ignored",
        "listLeads/records",
        (MATCHES, 'if record[member] == asked[member] or member == "status"]'),
    ),
    assumed(
        "filter-by-stage-ignored",
        "listLeads/records",
        (MATCHES, 'if record[member] == asked[member] or member == "pipeline_stage"]'),
    ),
    assumed(
        "filter-by-source-ignored",
        "listLeads/records",
        (MATCHES, 'if record[member] == asked[member] or member == "source"]'),
    ),
    assumed(
        "filter-by-assigned-to-ignored",
        "listLeads/records",
        (MATCHES, 'if record[member] == asked[member] or member == "assigned_to"]'),
    ),
    assumed(
        "cleared-values-still-found",
        "updateLead/records",
        (
            'texts = [record[member] or "" for member in ("name", "email", "phone", "company")]',
            'texts = [record[member] or KNOWN.get((record["id"], member), "") for member in ("name", "email", "phone", "company")]\n    KNOWN.update({(record["id"], member): record[member] for member in ("email", "phone", "company") if record[member]})',
        ),
        ("def found(record: Record", "KNOWN: dict[tuple[str, str], str] = {}\n\n\ndef found(record: Record"),
        subtle=True,
    ),
    assumed(
        "company-changed-alone-not-indexed",
        "updateLead/records",
        (
            SEARCHED,
            'texts = [record["name"], record["email"] or "", record["phone"] or "", INDEX.get(record["id"][-16:], record["company"]) or ""]',
        ),
        (
            CHANGES,
            '        if changed == {"company"}:\n            INDEX.setdefault(lead["id"][-16:], lead["company"])\n        elif changed & set(PERSONAL):\n            INDEX.pop(lead["id"][-16:], None)\n'
            + CHANGES,
        ),
        ("def found(record: Record", "INDEX: dict[str, str | None] = {}\n\n\ndef found(record: Record"),
        subtle=True,
    ),
    assumed(
        "digits-of-the-first-phone",
        "updateLead/records",
        (
            DIGITS,
            'return bool(like_a_phone) and digits(sought) in DIGITS.setdefault(record["id"][-16:], digits(record["phone"] or ""))',
        ),
        (
            '    call.workspace.leads[lead["id"]] = lead\n',
            '    call.workspace.leads[lead["id"]] = lead\n    DIGITS[lead["id"][-16:]] = digits(lead["phone"] or "")\n',
        ),
        ("def found(record: Record", "DIGITS: dict[str, str] = {}\n\n\ndef found(record: Record"),
        subtle=True,
    ),
    assumed(
        "digits-in-any-text-find-phones",
        "list*/records",
        (DIGITS, 'return bool(digits(sought)) and digits(sought) in digits(record["phone"] or "")'),
        subtle=True,
    ),
    assumed(
        "tag-among-the-first-ten",
        "list*/records",
        (TAGGED, 'if asked["tag"] in record["tags"][:10]]'),
        subtle=True,
    ),
    assumed(
        "filters-to-64-letters",
        "list*/records",
        (MATCHES, 'if (record[member] or "")[:64] == asked[member][:64]]'),
        subtle=True,
    ),
    assumed(
        "search-to-64-letters",
        "list*/records",
        (CONTAINS, CONTAINS.replace("sought.casefold()", "sought[:64].casefold()")),
        subtle=True,
    ),
    assumed(
        "tags-beyond-ascii-not-found",
        "list*/records",
        (TAGGED, 'if asked["tag"] in [tag for tag in record["tags"] if tag.isascii()]]'),
        subtle=True,
    ),
    assumed(
        "filters-composed",
        "list*/records",
        (MATCHES, 'if record[member] == __import__("unicodedata").normalize("NFC", asked[member])]'),
        subtle=True,
    ),
    assumed("filters-trimmed", "list*/records", (MATCHES, "if record[member] == asked[member].strip()]"), subtle=True),
    assumed("filter-by-tag-ignored", "listLeads/records", (TAGGED, "]")),
    assumed("filters-inverted", "listLeads/records", (MATCHES, "if record[member] != asked[member]]")),
    assumed(
        "last-filter-counts",
        "listLeads/records",
        ("    for member in filters:\n", "    for member in [one for one in filters if one in asked][-1:]:\n"),
        subtle=True,
    ),
    assumed(
        "filters-look-inside",
        "listLeads/records",
        (MATCHES, 'if asked[member] in (record[member] or "")]'),
        subtle=True,
    ),
    assumed(
        "filters-in-any-letter-case",
        "listLeads/records",
        (MATCHES, 'if (record[member] or "").lower() == asked[member].lower()]'),
        subtle=True,
    ),
    assumed(
        "filter-by-source-at-the-start",
        "listLeads/records",
        (MATCHES, 'if (record[member] or "").startswith(asked[member])]'),
        subtle=True,
    ),
    assumed(
        "tag-looked-for-inside",
        "listLeads/records",
        (TAGGED, 'if any(asked["tag"] in tag for tag in record["tags"])]'),
        subtle=True,
    ),
    assumed(
        "tag-in-any-letter-case",
        "listLeads/records",
        (TAGGED, 'if asked["tag"].lower() in [tag.lower() for tag in record["tags"]]]'),
        subtle=True,
    ),
    assumed("first-tag-only", "listLeads/records", (TAGGED, 'if asked["tag"] in record["tags"][:1]]'), subtle=True),
    assumed(
        "unknown-status-is-empty-list",
        "listLeads/conformance",
        (
            '    "status": word(STATUSES),\n    "pipeline_stage": text(64',
            '    "status": text(),\n    "pipeline_stage": text(64',
        ),
        subtle=True,
    ),
    assumed(
        "unknown-stage-is-400",
        "listLeads/conformance",
        ('"pipeline_stage": text(64, SLUG, "be a slug"),', '"pipeline_stage": word(STAGE_SLUGS),'),
        subtle=True,
    ),
    assumed(
        "empty-filter-matches-all",
        "listLeads/records",
        ("        if member in asked:\n", "        if asked.get(member):\n"),
        subtle=True,
    ),
    assumed(
        "archived-ignored",
        "listLeads/records",
        (ARCHIVED, "leads = call.workspace.current() if archived is not None else []"),
    ),
    assumed(
        "archived-shows-all",
        "listLeads/records",
        (ARCHIVED, ARCHIVED.replace("archived if", "[*archived, *call.workspace.current()] if")),
        subtle=True,
    ),
    assumed(
        "archived-takes-1",
        "listLeads/conformance",
        ('"archived": word(("true", "false")),', '"archived": word(("true", "false", "1", "0", "True")),'),
        subtle=True,
    ),
    assumed(
        "archived-false-is-true",
        "listLeads/records",
        (ARCHIVED, ARCHIVED.replace('asked["archived"] == "true"', '"archived=" in call.request.query')),
        subtle=True,
    ),
    assumed(
        "archived-ignores-filters",
        "listLeads/records",
        (
            '    return one_page(leads, asked, ("status"',
            '    if asked["archived"] == "true":\n        return one_page(leads, {**asked, "status": asked.get("status", "")}, ())\n    return one_page(leads, asked, ("status"',
        ),
        subtle=True,
    ),
)

SEARCH = (
    assumed("search-ignored", "listLeads/records", ('    if "search" in asked:\n', "    if False:\n")),
    assumed(
        "search-heeds-letter-case",
        "listLeads/records",
        (CONTAINS, "if any(sought in text for text in texts):"),
        subtle=True,
    ),
    assumed(
        "search-lowers-one-side",
        "listLeads/records",
        (CONTAINS, "if any(sought.casefold() in text for text in texts):"),
        subtle=True,
    ),
    assumed("search-not-by-name", "listLeads/records", (SOUGHT, SOUGHT.replace('"name", ', ""))),
    assumed("search-not-by-email", "listLeads/records", (SOUGHT, SOUGHT.replace('"email", ', "")), subtle=True),
    assumed("search-not-by-company", "listLeads/records", (SOUGHT, SOUGHT.replace(', "company"', "")), subtle=True),
    assumed(
        "search-by-source-too",
        "listLeads/records",
        (SOUGHT, SOUGHT.replace('"company"', '"company", *({"source"} & record.keys())')),
        subtle=True,
    ),
    assumed("search-not-by-digits", "listLeads/records", (DIGITS, "return bool(like_a_phone) and False"), subtle=True),
    assumed(
        "search-for-whole-phones",
        "listLeads/records",
        (DIGITS, DIGITS.replace(" in digits(", " == digits(")),
        subtle=True,
    ),
    assumed(
        "search-at-the-start",
        "listLeads/records",
        (CONTAINS, "if any(text.casefold().startswith(sought.casefold()) for text in texts):"),
        subtle=True,
    ),
    assumed(
        "search-for-whole-words",
        "listLeads/records",
        (CONTAINS, "if any(sought.casefold() in text.casefold().split() for text in texts):"),
        subtle=True,
    ),
    assumed(
        "search-is-a-pattern",
        "listLeads/records",
        (
            CONTAINS,
            'if any(re.search(re.sub("%", ".*", sought).replace("_", "."), text, re.IGNORECASE) for text in texts):',
        ),
        subtle=True,
    ),
    assumed(
        "percent-sign-is-a-wildcard",
        "listLeads/records",
        (CONTAINS, 'if any(all(part.casefold() in text.casefold() for part in sought.split("%")) for text in texts):'),
        subtle=True,
    ),
    assumed(
        "search-in-ascii-letters",
        "listLeads/records",
        (
            CONTAINS,
            'if any(sought.casefold().encode("ascii", "ignore") in text.casefold().encode("ascii", "ignore") for text in texts):',
        ),
        subtle=True,
    ),
    assumed(
        "search-ignores-pages",
        "listLeads/records",
        (START, START + '    if "search" in asked:\n        start = 0\n'),
        subtle=True,
    ),
    assumed(
        "search-of-201-accepted", "listLeads/conformance", ('"search": text(200),', '"search": text(),'), subtle=True
    ),
)

PEOPLE = (
    assumed(
        "contact-with-id-of-its-own",
        "listContacts/conformance",
        (CONTACT, CONTACT.replace('lead["id"].replace("lead_", "contact_")', 'new_id("contact")')),
        subtle=True,
    ),
    assumed(
        "contact-with-id-of-the-lead",
        "listContacts/conformance",
        (CONTACT, CONTACT.replace('.replace("lead_", "contact_")', "")),
    ),
    assumed(
        "contact-without-lead", "listContacts/conformance", (CONTACT, CONTACT.replace('"lead_id": lead["id"], ', ""))
    ),
    assumed(
        "contact-with-status",
        "listContacts/conformance",
        (CONTACT, CONTACT.replace("**times", '**times, "status": lead["status"]')),
        subtle=True,
    ),
    assumed(
        "contact-without-phone",
        "listContacts/records",
        (CONTACT, CONTACT.replace("**personal", '**personal, "phone": None')),
        subtle=True,
    ),
    assumed(
        "contacts-without-email-not-listed",
        "listContacts/records",
        (CONTACTS, CONTACTS.replace("current()]", 'current() if lead["email"]]')),
        subtle=True,
    ),
    assumed(
        "one-contact-for-each-email",
        "listContacts/records",
        (
            CONTACTS,
            CONTACTS.replace(
                "[contact_of(lead) for lead in call.workspace.current()]",
                'list({lead["email"] or lead["id"]: contact_of(lead) for lead in call.workspace.current()}.values())',
            ),
        ),
        subtle=True,
    ),
    assumed(
        "archived-lead-has-contact",
        "listContacts/records",
        (CONTACTS, CONTACTS.replace("current()", "leads.values()")),
        subtle=True,
    ),
    assumed("filter-by-company-ignored", "listContacts/records", (CONTACTS, CONTACTS.replace('("company",)', "()"))),
    assumed(
        "contacts-oldest-first",
        "listContacts/records",
        (CONTACTS_QUERY, CONTACTS_QUERY.replace("-created_at", "created_at")),
        subtle=True,
    ),
    assumed(
        "contacts-sorted-by-score",
        "listContacts/conformance",
        ('"sort": word(CONTACT_SORTS),', '"sort": word((*CONTACT_SORTS, "score")),'),
        (
            "    records = in_order(",
            '    asked = {**asked, "sort": "name"} if asked["sort"] == "score" and records and "score" not in records[0] else asked\n    records = in_order(',
        ),
        subtle=True,
    ),
    assumed(
        "contacts-search-ignored",
        "listContacts/records",
        (CONTACTS_QUERY, CONTACTS_QUERY + '    asked.pop("search", None)\n'),
    ),
    assumed(
        "contacts-tag-ignored",
        "listContacts/records",
        (CONTACTS_QUERY, CONTACTS_QUERY + '    asked.pop("tag", None)\n'),
    ),
    assumed(
        "contacts-at-most-ten",
        "listContacts/records",
        (CONTACTS_QUERY, CONTACTS_QUERY + '    asked["per_page"] = str(min(10, int(asked["per_page"])))\n'),
        subtle=True,
    ),
    assumed(
        "contacts-are-those-of-page-one",
        "listContacts/records",
        (CONTACTS_QUERY, CONTACTS_QUERY + '    asked["page"] = "1"\n'),
        subtle=True,
    ),
)

SEARCHES: tuple[Fault, ...] = (*FILTERED, *SEARCH, *PEOPLE)
