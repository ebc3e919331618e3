"""Faults of MEGA: what is asked of a lead."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented
from tests.implementations.workshop import Change

GIVEN = "    given = an_object(call.body)\n    if wrong :="
FIELDS = "    return {field: value for field, value in fields.items() if not isinstance(value, str) or value.strip()}\n"
STRIPPED = '        fields[field] = fields.get(field, "").strip()\n'
NAME = '    "contact_name": text(255),\n'
PHONE = '    "contact_phone": text(64),\n'
EMAIL_CHECK = '    "contact_email": form(254, EMAIL, "an email address"),\n'
CUSTOM_CHECK = '    "custom_fields": custom,\n'
ONE_CONTACT = '            found += [] if digits(fields.get("contact_phone", "")) else [ONE_CONTACT]\n'
NO_CONTACT = '        if not fields.get("contact_name") and not fields.get("contact_email"):\n'
KNOWN_SLUGS = 'if slug in store["custom_fields"]\n    }\n'
STAGE = '        if fields.get("stage_slug", "new") not in store["stages"]:\n'


def refuses_500(condition: str) -> Change:
    return (
        GIVEN,
        (
            "    given = an_object(call.body)\n"
            f"    if {condition}:\n"
            '        raise Refusal(500, "Internal error")\n'
            "    if wrong :="
        ),
    )


CHECKS = (
    documented("nobody-at-all", "createLead/conformance", (ONE_CONTACT, "            found += []\n")),
    documented(
        "name-is-not-enough", "createLead/conformance", (NO_CONTACT, '        if not fields.get("contact_email"):\n')
    ),
    documented(
        "phone-is-not-enough", "createLead/conformance", (ONE_CONTACT, "            found.append(ONE_CONTACT)\n")
    ),
    documented(
        "email-is-not-enough", "createLead/conformance", (NO_CONTACT, '        if not fields.get("contact_name"):\n')
    ),
    assumed(
        "blank-name-is-enough",
        "createLead/conformance",
        (NO_CONTACT, '        if not given.get("contact_name") and not fields.get("contact_email"):\n'),
        subtle=True,
    ),
    assumed(
        "phone-without-digits-is-enough",
        "createLead/conformance",
        (ONE_CONTACT, '            found += [] if fields.get("contact_phone") else [ONE_CONTACT]\n'),
        subtle=True,
    ),
    documented("any-email", "createLead/conformance", (EMAIL_CHECK, '    "contact_email": text(254),\n')),
    documented(
        "email-with-an-at-sign-somewhere",
        "createLead/conformance",
        (EMAIL_CHECK, '    "contact_email": form(254, "[^@]*(@[^@]*)?", "an email address"),\n'),
        subtle=True,
    ),
    documented(
        "email-with-spaces-inside",
        "createLead/conformance",
        ("A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u00a1", "A-Za-z0-9 !#$%&'*+/=?^_`{|}~\\u00a1"),
        subtle=True,
    ),
    documented(
        "email-without-apostrophe",
        "createLead/conformance",
        ("#$%&'*+/=?^_`{|}~\\u00a1", "#$%&*+/=?^_`{|}~\\u00a1"),
        subtle=True,
    ),
    documented(
        "email-without-plus",
        "createLead/conformance",
        ("#$%&'*+/=?^_`{|}~\\u00a1", "#$%&'*/=?^_`{|}~\\u00a1"),
        subtle=True,
    ),
    documented(
        "email-without-dots-in-front", "createLead/conformance", (r"({ATOM}(\.{ATOM})*@", r"({ATOM}@"), subtle=True
    ),
    documented(
        "email-of-two-labels",
        "createLead/conformance",
        (r"@{LABEL}((\.|-+){LABEL})*)?", r"@{LABEL}(-+{LABEL})*\.{LABEL})?"),
        subtle=True,
    ),
    assumed(
        "email-with-spaces-around-refused",
        "createLead/conformance",
        ('SPACES = "[\\t\\n\\r \\xa0]*"', 'SPACES = ""'),
        subtle=True,
    ),
    assumed(
        "email-of-any-length", "createLead/conformance", (EMAIL_CHECK, EMAIL_CHECK.replace("254", "2540")), subtle=True
    ),
    documented(
        "any-source-platform",
        "createLead/conformance",
        ('    "source_platform": one_of(*PLATFORMS),\n', '    "source_platform": text(64),\n'),
    ),
    documented(
        "any-source-type",
        "createLead/conformance",
        ('    "source_type": one_of(*SOURCE_TYPES),\n', '    "source_type": text(64),\n'),
    ),
    documented(
        "a-source-platform-unknown",
        "createLead/conformance",
        ('"zenmaid", "lead_docket"', '"lead_docket"'),
        subtle=True,
    ),
    documented(
        "a-source-type-unknown",
        "createLead/conformance",
        ('"sms", "manual", "import")', '"sms", "manual")'),
        subtle=True,
    ),
    documented(
        "a-source-type-too-many",
        "createLead/conformance",
        ('"sms", "manual", "import")', '"sms", "manual", "import", "other")'),
        subtle=True,
    ),
    documented(
        "source-platform-in-any-letter-case",
        "createLead/conformance",
        (
            '    "source_platform": one_of(*PLATFORMS),\n',
            (
                '    "source_platform": lambda value: one_of(*PLATFORMS)(value.lower() if isinstance(value, '
                "str) else value),\n"
            ),
        ),
        subtle=True,
    ),
    documented(
        "name-may-be-a-number",
        "createLead/conformance",
        (NAME, '    "contact_name": lambda value: None if isinstance(value, int | float) else text(255)(value),\n'),
        (
            "    fields = {field: given[field] for field in LEAD_CHECKS if given.get(field) is not None}\n",
            (
                "    fields = {field: given[field] for field in LEAD_CHECKS if given.get(field) is not "
                "None}\n"
                '    fields |= {"contact_name": str(fields["contact_name"])} if "contact_name" in fields '
                "else {}\n"
            ),
        ),
        subtle=True,
    ),
    documented(
        "phone-may-be-a-number",
        "createLead/conformance",
        (PHONE, '    "contact_phone": lambda value: None if isinstance(value, int | float) else text(64)(value),\n'),
        (STRIPPED, STRIPPED.replace('fields.get(field, "")', 'str(fields.get(field, ""))')),
        subtle=True,
    ),
    documented(
        "custom-fields-may-be-a-list",
        "createLead/conformance",
        (CUSTOM_CHECK, '    "custom_fields": lambda value: None if isinstance(value, list) else custom(value),\n'),
        (
            'fields.get("custom_fields", {}).items()',
            '(fields.get("custom_fields") if isinstance(fields.get("custom_fields"), dict) else {}).items()',
        ),
    ),
    documented(
        "custom-value-may-be-an-object",
        "createLead/conformance",
        (
            "    if isinstance(value, bool) or value is None:\n        return None\n",
            "    if isinstance(value, bool | dict) or value is None:\n        return None\n",
        ),
    ),
    documented(
        "custom-value-may-be-a-list",
        "createLead/conformance",
        (
            "    if isinstance(value, bool) or value is None:\n        return None\n",
            "    if isinstance(value, bool | list) or value is None:\n        return None\n",
        ),
        subtle=True,
    ),
    documented(
        "custom-value-must-not-be-a-boolean",
        "createLead/conformance",
        (
            "    if isinstance(value, bool) or value is None:\n        return None\n",
            (
                "    if isinstance(value, bool) or value is None:\n"
                '        return "must be a text or a number" if isinstance(value, bool) else None\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "custom-value-must-not-be-null",
        "createLead/conformance",
        (
            "    if isinstance(value, bool) or value is None:\n        return None\n",
            (
                "    if isinstance(value, bool) or value is None:\n"
                '        return "must not be null" if value is None else None\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "custom-value-must-not-be-a-fraction",
        "createLead/conformance",
        (
            '    if not isinstance(value, int | float):\n        return "must be a text',
            '    if not isinstance(value, int):\n        return "must be a text',
        ),
        subtle=True,
    ),
    documented(
        "custom-value-must-be-a-text",
        "createLead/conformance",
        (
            '    if not isinstance(value, int | float):\n        return "must be a text',
            '    if not isinstance(value, str):\n        return "must be a text',
        ),
    ),
    assumed(
        "custom-value-of-any-length",
        "createLead/conformance",
        ("        return text(5000)(value)\n", "        return None\n"),
        subtle=True,
    ),
    assumed(
        "any-lead-line-on-create",
        "createLead/conformance",
        ('    if value.get("lead_line") is not None and (problem', '    if value.get("lead_line") == 0 and (problem'),
        subtle=True,
    ),
    assumed(
        "unknown-custom-field-is-400",
        "createLead/conformance",
        (
            '    if not isinstance(value, dict):\n        return "must be an object"\n    wrong',
            (
                '    if not isinstance(value, dict) or not set(value) <= {*CUSTOM_FIELDS, "lead_line"}:\n'
                '        return "must be an object of known fields"\n'
                "    wrong"
            ),
        ),
    ),
    assumed("unknown-custom-field-is-stored", "createLead/records", (KNOWN_SLUGS, "if slug\n    }\n"), subtle=True),
    assumed(
        "unknown-stage-is-the-first",
        "createLead/conformance",
        (STAGE, '        if fields.get("stage_slug", "new") == "":\n'),
        ('store["stages"][lead["stage_slug"]],', 'store["stages"].get(lead["stage_slug"], store["stages"]["new"]),'),
        ('store["stages"][lead["stage_slug"]]["id"]', 'store["stages"].get(lead["stage_slug"], {"id": 0})["id"]'),
    ),
    assumed(
        "stage-in-any-letter-case",
        "createLead/conformance",
        (
            FIELDS,
            '    fields |= {"stage_slug": fields["stage_slug"].lower()} if "stage_slug" in fields else {}\n' + FIELDS,
        ),
        subtle=True,
    ),
    documented(
        "one-stage-is-refused",
        "createLead/conformance",
        (STAGE, '        if fields.get("stage_slug", "new") not in list(store["stages"])[:-1]:\n'),
        subtle=True,
    ),
    assumed("names-of-100-at-most", "createLead/conformance", (NAME, NAME.replace("255", "100")), subtle=True),
    assumed("names-of-256", "createLead/conformance", (NAME, NAME.replace("255", "256")), subtle=True),
    assumed("names-of-254-at-most", "createLead/conformance", (NAME, NAME.replace("255", "254")), subtle=True),
    assumed("phones-of-20-at-most", "createLead/conformance", (PHONE, PHONE.replace("64", "20")), subtle=True),
    assumed("phones-of-any-length", "createLead/conformance", (PHONE, PHONE.replace("64", "640")), subtle=True),
    documented(
        "phone-must-be-e164",
        "createLead/conformance",
        (PHONE, (r'    "contact_phone": form(64, r"\s*(\+[0-9]{8,15})?\s*", "an E.164 number"),' "\n")),
    ),
    assumed(
        "null-name-is-400",
        "createLead/conformance",
        (
            GIVEN,
            (
                "    given = an_object(call.body)\n"
                '    if "contact_name" in given and given["contact_name"] is None:\n'
                '        raise Refusal(400, "contact_name: must be a text")\n'
                "    if wrong :="
            ),
        ),
        subtle=True,
    ),
    assumed(
        "unknown-member-is-400",
        "createLead/conformance",
        (
            GIVEN,
            (
                "    given = an_object(call.body)\n"
                "    if not set(given) <= set(LEAD_CHECKS):\n"
                '        raise Refusal(400, "Unknown member")\n'
                "    if wrong :="
            ),
        ),
        subtle=True,
    ),
    assumed(
        "owner-of-a-single-lead",
        "createLead/records",
        (
            '    outcome, lead, _ = await upserted(call.store, fields_of(given, call.store), "manual")\n',
            (
                '    owner = {"owner_id": given["owner_id"]} if given.get("owner_id") in OWNERS[call.key.tenant] '
                "else {}\n"
                "    outcome, lead, _ = await upserted(call.store, fields_of(given, call.store) | owner, "
                '"manual")\n'
            ),
        ),
        subtle=True,
    ),
    documented(
        "emoji-is-500",
        "createLead/robustness",
        refuses_500('re.search("[\\U0001f300-\\U0001faff]", str(given.get("contact_name")))'),
    ),
    documented(
        "apostrophe-is-500",
        "createLead/robustness",
        refuses_500('"\'" in str(given.get("contact_name") or "")'),
        subtle=True,
    ),
    documented(
        "name-of-ten-is-500",
        "createLead/robustness",
        refuses_500('len(str(given.get("contact_name"))) == 10'),
        subtle=True,
    ),
    documented(
        "backslash-is-500",
        "createLead/robustness",
        refuses_500('"\\\\" in str(given.get("contact_name") or "")'),
        subtle=True,
    ),
    documented(
        "large-number-is-500",
        "createLead/robustness",
        refuses_500(
            'isinstance(given.get("custom_fields"), dict) and any(isinstance(value, int) and value '
            '> 2**53 for value in given["custom_fields"].values())'
        ),
        subtle=True,
    ),
    assumed(
        "empty-email-is-500",
        "createLead/robustness",
        refuses_500('given.get("contact_email") == "" and given.get("contact_name")'),
        subtle=True,
    ),
    assumed(
        "null-custom-fields-are-500",
        "createLead/robustness",
        refuses_500('"custom_fields" in given and given["custom_fields"] is None and given.get("contact_name")'),
        subtle=True,
    ),
)
