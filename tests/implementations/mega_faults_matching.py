"""Faults of MEGA: how a known lead is found, and what a merge makes of it."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change, Fault

BY_EMAIL = '    if by_email:\n        return by_email, "email"\n'
BY_PHONE = 'store["by_phone"].get(phone_key(fields.get("contact_phone")))\n    return'
FOUND_PHONE = '    return (by_phone, "phone") if by_phone else (None, None)\n'
EMAIL_KEY = 'unicodedata.normalize("NFC", (email or "").strip()).lower()'
PHONE_KEY = "found[-10:] if len(found) >= 10 else None"
EXTENSION = r'digits(re.sub(r"(?i);?\s*(ext(ension)?\.?|x\.?|#)\s*[=:]?\s*\d{1,7}\s*$", "", phone))'
MERGED = '    return {**lead, **fields, "custom_fields": values, "updated_at": later}\n'
VALUES = '    values = {**lead["custom_fields"], **fields["custom_fields"]}\n'
FOREIGN_PHONE = (
    '    if store["by_phone"].get(phone_key(fields.get("contact_phone")), lead["id"]) not in {None, lead["id"]}:\n'
    '        fields = {field: value for field, value in fields.items() if field != "contact_phone"}\n'
)
OLD_EMAIL = '        store["by_email"][email_key(before["contact_email"])] = None\n'
OLD_PHONE = '        store["by_phone"][phone_key(before["contact_phone"])] = None\n'
NEW_EMAIL = '    if lead["contact_email"]:\n        store["by_email"]'
NEW_PHONE = '    if phone_key(lead["contact_phone"]):\n        store["by_phone"]'
KEPT = '    store["leads"][lead["id"]] = lead\n'
KNOWN = "    known, matched_by = match_of(store, fields)\n"
FIELDS = "    return {field: value for field, value in fields.items() if not isinstance(value, str) or value.strip()}\n"
CREATED = '    return Answer(201, {"lead": shown(lead, call.store)}, {})\n'
ZEROS = '"\\u0660": 0x660, "\\u06f0": 0x6F0, "\\u0966": 0x966, "\\uff10": 0xFF10'


def email_key(key: str) -> Change:
    return EMAIL_KEY, key


def merge_without(members: str) -> Change:
    return (
        MERGED,
        f"    fields = {{field: value for field, value in fields.items() if field not in {members}}}\n{MERGED}",
    )


FINDING = (
    documented("nothing-is-known", "createLead/deduplication", (KNOWN, f"{KNOWN}    known, matched_by = None, None\n")),
    documented(
        "emails-do-not-match",
        "createLead/deduplication",
        (BY_EMAIL, BY_EMAIL.replace("if by_email:", "if by_email is False:")),
    ),
    documented(
        "phones-do-not-match",
        "createLead/deduplication",
        (FOUND_PHONE, "    return (None, None) if by_phone else (None, None)\n"),
    ),
    documented("email-matches-in-exact-letter-case", "createLead/deduplication", email_key(EMAIL_KEY[:-8])),
    documented("email-domain-matches-alone", "createLead/deduplication", email_key(f'{EMAIL_KEY}.rpartition("@")[2]')),
    documented(
        "only-email-domain-in-small-letters",
        "createLead/deduplication",
        email_key(
            're.sub("@.*", lambda domain: domain[0].lower(), unicodedata.normalize("NFC", (email or "").strip()))'
        ),
        subtle=True,
    ),
    documented(
        "email-dots-do-not-count",
        "createLead/deduplication",
        email_key('re.sub(r"\\.(?=.*@)", "", ' + EMAIL_KEY + ")"),
        subtle=True,
    ),
    documented(
        "email-tag-does-not-count",
        "createLead/deduplication",
        email_key('re.sub(r"\\+.*@", "@", ' + EMAIL_KEY + ")"),
        subtle=True,
    ),
    documented(
        "first-30-symbols-of-email-count", "createLead/deduplication", email_key(f"{EMAIL_KEY}[:30]"), subtle=True
    ),
    assumed("email-not-composed", "createLead/deduplication", email_key('(email or "").strip().lower()'), subtle=True),
    assumed(
        "email-accents-do-not-count",
        "createLead/deduplication",
        email_key('unicodedata.normalize("NFKD", (email or "").strip()).encode("ascii", "ignore").decode().lower()'),
        subtle=True,
    ),
    assumed(
        "email-domain-as-punycode",
        "createLead/deduplication",
        email_key(f"in_ascii({EMAIL_KEY})"),
        (
            "def email_key(",
            (
                "def in_ascii(email: str) -> str:\n"
                '    local, _, domain = email.partition("@")\n'
                "    try:\n"
                "        return f\"{local}@{domain.encode('idna').decode()}\" if domain else email\n"
                "    except UnicodeError:\n"
                "        return email\n\n\n"
                "def email_key("
            ),
        ),
        subtle=True,
    ),
    documented("last-9-digits", "createLead/deduplication", (PHONE_KEY, PHONE_KEY.replace("-10", "-9")), subtle=True),
    documented("last-7-digits", "createLead/deduplication", (PHONE_KEY, PHONE_KEY.replace("-10", "-7"))),
    documented("last-11-digits", "createLead/deduplication", (PHONE_KEY, PHONE_KEY.replace("-10", "-11"))),
    documented("first-10-digits", "createLead/deduplication", (PHONE_KEY, PHONE_KEY.replace("[-10:]", "[:10]"))),
    documented("all-digits", "createLead/deduplication", (PHONE_KEY, PHONE_KEY.replace("[-10:]", ""))),
    documented(
        "all-digits-but-a-leading-one",
        "createLead/deduplication",
        (PHONE_KEY, 'found[len(found) == 11 and found[0] == "1" :] if len(found) >= 10 else None'),
        subtle=True,
    ),
    documented(
        "phone-as-it-is-written",
        "createLead/deduplication",
        (PHONE_KEY, '(phone or "").strip() if len(found) >= 10 else None'),
    ),
    documented(
        "phone-with-parentheses-unknown",
        "createLead/deduplication",
        (PHONE_KEY, PHONE_KEY.replace(">= 10", '>= 10 and "(" not in (phone or "")')),
        subtle=True,
    ),
    documented(
        "phone-with-dots-unknown",
        "createLead/deduplication",
        (PHONE_KEY, PHONE_KEY.replace(">= 10", '>= 10 and "." not in (phone or "")')),
        subtle=True,
    ),
    documented(
        "ten-digits-are-too-few", "createLead/deduplication", (PHONE_KEY, PHONE_KEY.replace(">=", ">")), subtle=True
    ),
    documented(
        "long-phones-unknown",
        "createLead/deduplication",
        (PHONE_KEY, "found[-10:] if 10 <= len(found) <= 12 else None"),
        subtle=True,
    ),
    assumed(
        "short-phones-match", "createLead/deduplication", (PHONE_KEY, "found[-10:] if found else None"), subtle=True
    ),
    assumed(
        "nine-digits-are-enough",
        "createLead/deduplication",
        (PHONE_KEY, PHONE_KEY.replace(">= 10", ">= 9")),
        subtle=True,
    ),
    assumed(
        "zeros-are-no-phone",
        "createLead/deduplication",
        (PHONE_KEY, 'found[-10:] if len(found) >= 10 and found.strip("0") else None'),
        subtle=True,
    ),
    assumed("extension-is-part-of-the-phone", "createLead/deduplication", (EXTENSION, "digits(phone)"), subtle=True),
    assumed(
        "extension-of-tel-is-part-of-the-phone",
        "createLead/deduplication",
        (EXTENSION, EXTENSION.replace("(?i);?", "(?i)(?<!;)")),
        subtle=True,
    ),
    assumed("only-latin-digits", "createLead/deduplication", (f", {ZEROS}}}", "}"), subtle=True),
    assumed(
        "devanagari-digits-unknown",
        "createLead/deduplication",
        (ZEROS, ZEROS.replace('"\\u0966": 0x966, ', "")),
        subtle=True,
    ),
    assumed(
        "full-width-digits-unknown",
        "createLead/deduplication",
        (ZEROS, ZEROS.replace(', "\\uff10": 0xFF10', "")),
        subtle=True,
    ),
    assumed(
        "superscripts-are-digits",
        "createLead/deduplication",
        (
            '    found = phone_digits(phone or "")\n',
            '    found = phone_digits(unicodedata.normalize("NFKC", phone or ""))\n',
        ),
        subtle=True,
    ),
    documented(
        "same-name-is-the-same-lead",
        "createLead/deduplication",
        (
            FOUND_PHONE,
            (
                '    named = [lead["id"] for lead in store["leads"].values() if lead["contact_name"] == '
                'fields.get("contact_name", 0)]\n'
                '    return (by_phone, "phone") if by_phone else (named[0], "phone") if named else (None, '
                "None)\n"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "no-email-matches-no-email",
        "createLead/deduplication",
        (f"{EMAIL_KEY} or None", f'{EMAIL_KEY} or ("" if email is None else None)'),
        (NEW_EMAIL, NEW_EMAIL.replace('lead["contact_email"]:', 'lead["contact_phone"] is None:')),
        subtle=True,
    ),
    assumed(
        "phone-wins",
        "createLead/deduplication",
        (
            BY_EMAIL,
            (
                '    if by_email and not store["by_phone"].get(phone_key(fields.get("contact_phone"))):\n'
                '        return by_email, "email"\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "two-known-leads-are-409",
        "createLead/deduplication",
        (
            KNOWN,
            KNOWN
            + (
                '    second = store["by_phone"].get(phone_key(fields.get("contact_phone")))\n'
                "    if second and second != known:\n"
                '        raise Refusal(409, "Two leads are known")\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "matching-only-with-a-name",
        "createLead/deduplication",
        (KNOWN, KNOWN + '    known = known if fields.get("contact_name") else None\n'),
        subtle=True,
    ),
    documented(
        "matching-only-within-a-platform",
        "createLead/deduplication",
        (
            KNOWN,
            KNOWN
            + (
                '    if known and store["leads"][known]["source_platform"] != fields.get("source_platform", '
                '"direct"):\n'
                "        known, matched_by = None, None\n"
            ),
        ),
        subtle=True,
    ),
    documented(
        "first-100-leads-known",
        "createLead/deduplication",
        (
            NEW_EMAIL,
            NEW_EMAIL.replace('lead["contact_email"]:', 'lead["contact_email"] and len(store["leads"]) < 100:'),
        ),
        (
            NEW_PHONE,
            NEW_PHONE.replace('lead["contact_phone"]):', 'lead["contact_phone"]) and len(store["leads"]) < 100:'),
        ),
        subtle=True,
    ),
    documented(
        "last-50-leads-known",
        "createLead/deduplication",
        (KNOWN, KNOWN + '    if known not in list(store["leads"])[-50:]:\n        known, matched_by = None, None\n'),
        subtle=True,
    ),
    documented(
        "known-to-all-customers",
        "createLead/deduplication",
        (
            '    return {\n        "customers": customers,\n',
            (
                "    for store in customers.values():\n"
                '        store |= {name: customers[A][name] for name in ("leads", "by_email", "by_phone", '
                '"owners")}\n'
                "    return {\n"
                '        "customers": customers,\n'
            ),
        ),
        (
            "    return all(\n        (\n",
            '    return lead["customer_id"] == store["customer_id"] and all(\n        (\n',
        ),
    ),
    documented(
        "gained-email-does-not-match",
        "createLead/deduplication",
        (NEW_EMAIL, NEW_EMAIL.replace('lead["contact_email"]:', 'lead["contact_email"] and not before:')),
        subtle=True,
    ),
    documented(
        "gained-phone-does-not-match",
        "createLead/deduplication",
        (NEW_PHONE, NEW_PHONE.replace('lead["contact_phone"]):', 'lead["contact_phone"]) and not before:')),
        subtle=True,
    ),
    assumed("former-email-matches", "createLead/deduplication", (OLD_EMAIL, "        pass\n"), subtle=True),
    assumed("former-phone-matches", "createLead/deduplication", (OLD_PHONE, "        pass\n"), subtle=True),
    documented(
        "matches-once",
        "createLead/deduplication",
        (KEPT, KEPT + '    if before:\n        store["by_email"][email_key(lead["contact_email"])] = None\n'),
        subtle=True,
    ),
    documented(
        "leads-at-once-are-two", "createLead/races", (KNOWN, f"{KNOWN}    await asyncio.sleep(0.002)\n"), subtle=True
    ),
    documented(
        "new-leads-at-once-are-two",
        "createLead/races",
        (
            "        lead = new_lead(store, fields, source_type)\n",
            "        lead = new_lead(store, fields, source_type)\n        await asyncio.sleep(0)\n",
        ),
        subtle=True,
    ),
    assumed(
        "merges-at-once-lose-one",
        "createLead/races",
        (
            '    lead = merged(store, store["leads"][known], fields)\n',
            '    lead = merged(store, store["leads"][known], fields)\n    await asyncio.sleep(0.002)\n',
        ),
        subtle=True,
    ),
)

MERGING = (
    documented(
        "merge-is-409",
        "createLead/deduplication",
        (
            "    if skip:\n",
            '    if source_type == "manual":\n        raise Refusal(409, "This lead is known")\n    if skip:\n',
        ),
    ),
    documented(
        "merge-answers-with-a-new-id",
        "createLead/deduplication",
        (CREATED, '    if outcome != "created":\n        lead = {**lead, "id": str(uuid.uuid4())}\n' + CREATED),
        subtle=True,
    ),
    documented(
        "merge-gives-a-new-id",
        "createLead/deduplication",
        (
            MERGED,
            (
                '    store["leads"].pop(lead["id"], None)\n'
                '    for index in (store["by_email"], store["by_phone"]):\n'
                '        index.update({key: None for key, known in index.items() if known == lead["id"]})\n'
                '    lead = {**lead, "id": str(uuid.uuid4())}\n'
            )
            + MERGED,
        ),
    ),
    documented(
        "merge-is-listed-twice",
        "createLead/deduplication",
        (KEPT, KEPT + '    if before:\n        store["leads"][lead["id"] + " "] = lead\n'),
        subtle=True,
    ),
    documented("merge-changes-nothing", "createLead/deduplication", (MERGED, "    return lead if values else lead\n")),
    assumed(
        "merge-clears-what-is-absent",
        "createLead/deduplication",
        (
            MERGED,
            MERGED.replace("**lead,", '**lead, **dict.fromkeys(("contact_name", "contact_phone", "contact_email")),'),
        ),
    ),
    assumed(
        "merge-clears-the-name",
        "createLead/deduplication",
        (MERGED, MERGED.replace("**lead,", '**lead, "contact_name": None,')),
        subtle=True,
    ),
    assumed(
        "merge-clears-the-name-by-blank",
        "createLead/deduplication",
        (
            FIELDS,
            FIELDS.replace(
                "or value.strip()", 'or value.strip() or (field == "contact_name" and fields.get("contact_email"))'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "merge-clears-the-phone-by-null",
        "createLead/deduplication",
        (
            "    outcome, lead, _ = await upserted(",
            (
                '    if "contact_phone" in given and given["contact_phone"] is None and (known := match_of(call.store, '
                "given)[0]):\n"
                '        keep(call.store, {**call.store["leads"][known], "contact_phone": None})\n'
                "    outcome, lead, _ = await upserted("
            ),
        ),
        subtle=True,
    ),
    assumed("merge-keeps-the-old-name", "createLead/deduplication", merge_without('("contact_name",)'), subtle=True),
    assumed("merge-does-not-gain-the-email", "createLead/deduplication", merge_without('("contact_email",)')),
    assumed(
        "merge-does-not-gain-the-phone", "createLead/deduplication", merge_without('("contact_phone",)'), subtle=True
    ),
    assumed("merge-keeps-the-old-stage", "createLead/deduplication", merge_without('("stage_slug",)'), subtle=True),
    assumed(
        "merge-keeps-the-old-source",
        "createLead/deduplication",
        merge_without('("source_platform", "source_type")'),
        subtle=True,
    ),
    assumed(
        "merge-resets-the-stage",
        "createLead/deduplication",
        (MERGED, MERGED.replace("**lead,", '**lead, "stage_slug": "new",')),
        subtle=True,
    ),
    assumed(
        "merge-resets-the-source",
        "createLead/deduplication",
        (MERGED, MERGED.replace("**lead,", '**lead, "source_platform": "direct",')),
        subtle=True,
    ),
    assumed(
        "merge-resets-the-owner",
        "bulkImportLeads/deduplication",
        (MERGED, MERGED.replace("**lead,", '**lead, "owner_id": None,')),
        subtle=True,
    ),
    assumed(
        "merge-replaces-custom-fields", "createLead/deduplication", (VALUES, '    values = fields["custom_fields"]\n')
    ),
    assumed(
        "merge-replaces-custom-fields-if-any",
        "createLead/deduplication",
        (VALUES, '    values = fields["custom_fields"] or lead["custom_fields"]\n'),
        subtle=True,
    ),
    assumed(
        "merge-keeps-old-custom-values",
        "createLead/deduplication",
        (VALUES, '    values = {**fields["custom_fields"], **lead["custom_fields"]}\n'),
        subtle=True,
    ),
    assumed(
        "merge-ignores-custom-nulls",
        "createLead/deduplication",
        (
            VALUES,
            VALUES.replace(
                '**fields["custom_fields"]}',
                '**{slug: value for slug, value in fields["custom_fields"].items() if value is not None}}',
            ),
        ),
        subtle=True,
    ),
    assumed("merge-is-not-dated", "createLead/deduplication", (', "updated_at": later}\n', "}\n")),
    assumed(
        "merge-without-change-is-not-dated",
        "createLead/deduplication",
        (
            '    later = max(milliseconds(), lead["updated_at"] + 1)\n',
            (
                '    same = {**lead, **fields, "custom_fields": values} == lead\n'
                '    later = lead["updated_at"] if same else max(milliseconds(), lead["updated_at"] + '
                "1)\n"
            ),
        ),
        subtle=True,
    ),
    assumed(
        "merge-is-created-anew",
        "createLead/deduplication",
        (', "updated_at": later}\n', ', "created_at": later, "updated_at": later}\n'),
    ),
    assumed("merge-copies-a-foreign-phone", "createLead/deduplication", (FOREIGN_PHONE, ""), subtle=True),
    assumed(
        "merge-takes-the-phone-away",
        "createLead/deduplication",
        (
            FOREIGN_PHONE,
            (
                '    second = store["by_phone"].get(phone_key(fields.get("contact_phone")), lead["id"])\n'
                '    if second not in {None, lead["id"]}:\n'
                '        keep(store, {**store["leads"][second], "contact_phone": None})\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "merge-dates-the-other-lead-too",
        "createLead/deduplication",
        (
            FOREIGN_PHONE,
            (
                '    second = store["by_phone"].get(phone_key(fields.get("contact_phone")), lead["id"])\n'
                '    if second not in {None, lead["id"]}:\n'
                '        keep(store, {**store["leads"][second], "updated_at": milliseconds() + 1})\n'
                '        del fields["contact_phone"]\n'
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "merge-answers-as-before-it",
        "createLead/deduplication",
        (
            '    keep(store, lead)\n    return "updated", lead, matched_by\n',
            '    before = store["leads"][known]\n    keep(store, lead)\n    return "updated", before, matched_by\n',
        ),
        subtle=True,
    ),
)

MATCHING: tuple[Fault, ...] = (*FINDING, *MERGING)
