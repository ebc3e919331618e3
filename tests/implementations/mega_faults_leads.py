"""Faults of MEGA: what a lead looks like, and what is kept of it."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change

CREATED = '    return Answer(201, {"lead": shown(lead, call.store)}, {})\n'
KEPT = '    store["leads"][lead["id"]] = lead\n'
VIEW = '    return {**view, "custom_fields": lead["custom_fields"]} if custom_fields else view\n'
FIELDS = "    return {field: value for field, value in fields.items() if not isinstance(value, str) or value.strip()}\n"
STRIPPED = '        fields[field] = fields.get(field, "").strip()\n'
UTC_SUFFIX = '.replace("+00:00", "Z")\n\n\ndef shown('
MOMENT = f'isoformat(timespec="milliseconds"){UTC_SUFFIX}'


def shows(member: str, right: str, wrong: str) -> Change:
    """Another line of the view of a lead; nothing for none."""
    return f'        "{member}": {right},\n', f"        {wrong},\n" if wrong else ""


def keeps(change: str) -> Change:
    """What is stored of a lead, once it was matched."""
    return KEPT, f"    {change}\n{KEPT}"


SHAPE = (
    documented("create-is-200", "createLead/conformance", (CREATED, CREATED.replace("201", "200"))),
    documented(
        "merge-is-200",
        "createLead/conformance",
        (CREATED, CREATED.replace("201", '201 if outcome == "created" else 200')),
        subtle=True,
    ),
    documented(
        "lead-without-envelope",
        "createLead/conformance",
        (CREATED, CREATED.replace('{"lead": shown(lead, call.store)}', "shown(lead, call.store)")),
    ),
    documented("lead-in-data", "createLead/conformance", (CREATED, CREATED.replace('{"lead": ', '{"data": '))),
    documented(
        "lead-in-a-list",
        "createLead/conformance",
        (CREATED, CREATED.replace('{"lead": shown(lead, call.store)}', '{"lead": [shown(lead, call.store)]}')),
    ),
    documented("lead-without-id", "*/conformance", shows("id", 'lead["id"]', "")),
    documented("lead-without-customer", "*/conformance", shows("customer_id", 'lead["customer_id"]', "")),
    documented("lead-without-status", "*/conformance", shows("status", 'lead["status"]', "")),
    documented(
        "lead-without-source-type", "*/conformance", shows("source_type", 'lead["source_type"]', ""), subtle=True
    ),
    documented(
        "lead-with-camel-case-times",
        "*/conformance",
        shows("updated_at", 'moment(lead["updated_at"])', '"updatedAt": moment(lead["updated_at"])'),
    ),
    documented(
        "created-lead-without-custom-fields",
        "createLead/conformance",
        (CREATED, CREATED.replace("call.store)", "call.store, custom_fields=False)")),
    ),
    documented("status-is-null", "*/conformance", shows("status", 'lead["status"]', '"status": None')),
    documented("score-is-a-text", "*/conformance", shows("score", "None", '"score": "0"')),
    documented("score-is-a-fraction", "*/conformance", shows("score", "None", '"score": 12.5'), subtle=True),
    documented("qualified-is-a-text", "*/conformance", shows("qualified", "None", '"qualified": "no"')),
    documented(
        "stage-is-a-text",
        "*/conformance",
        shows("current_stage", 'store["stages"][lead["stage_slug"]]', '"current_stage": lead["stage_slug"]'),
        ('{name: view["current_stage"][name]', '{name: store["stages"][lead["stage_slug"]][name]'),
    ),
    documented(
        "stage-id-is-a-number",
        "*/conformance",
        ('{"id": str(uuid.uuid5(uuid.UUID(customer_id), slug)), "slug"', '{"id": 1 + list(STAGES).index(slug), "slug"'),
        subtle=True,
    ),
    documented("owner-is-a-text", "*/conformance", shows("owner", "owner", '"owner": lead["owner_id"]'), subtle=True),
    documented(
        "interactions-are-null",
        "*/conformance",
        shows("interaction_count", "0", '"interaction_count": None'),
        subtle=True,
    ),
    documented(
        "last-interaction-is-empty",
        "*/conformance",
        shows("last_interaction_at", "None", '"last_interaction_at": ""'),
        subtle=True,
    ),
    documented(
        "custom-fields-are-a-list",
        "*/conformance",
        (
            VIEW,
            VIEW.replace(
                'lead["custom_fields"]}',
                '[{"slug": slug, "value": value} for slug, value in lead["custom_fields"].items()]}',
            ),
        ),
    ),
    documented(
        "custom-fields-as-texts",
        "*/records",
        (
            VIEW,
            VIEW.replace(
                'lead["custom_fields"]}',
                '{slug: value and str(value) for slug, value in lead["custom_fields"].items()}}',
            ),
        ),
        subtle=True,
    ),
    documented(
        "times-are-numbers",
        "*/conformance",
        shows("created_at", 'moment(lead["created_at"])', '"created_at": lead["created_at"]'),
    ),
    documented(
        "times-without-zone", "*/conformance", (UTC_SUFFIX, '.replace("+00:00", "")\n\n\ndef shown('), subtle=True
    ),
    documented(
        "times-with-a-space",
        "*/conformance",
        (MOMENT, 'isoformat(" ", timespec="milliseconds")' + UTC_SUFFIX),
        subtle=True,
    ),
    documented(
        "times-an-hour-ahead",
        "*/model",
        ("fromtimestamp(instant / 1000, UTC)", "fromtimestamp(instant / 1000 + 3600, UTC)"),
        subtle=True,
    ),
    documented(
        "customer-of-the-lead-is-another",
        "*/model",
        shows("customer_id", 'lead["customer_id"]', '"customer_id": B'),
        subtle=True,
    ),
    documented(
        "id-by-the-second",
        "createLead/model",
        (
            '        "id": str(uuid.uuid4()),\n        "customer_id"',
            '        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, str(int(time.time())))),\n        "customer_id"',
        ),
        subtle=True,
    ),
    vendor_page(
        "id-differs-in-the-list",
        "listLeads/records",
        shows("id", 'lead["id"]', '"id": lead["id"] if custom_fields else lead["id"].upper()'),
        subtle=True,
    ),
    vendor_page(
        "new-lead-is-won",
        "createLead/model",
        ('        "status": "active",\n', '        "status": "won",\n'),
        subtle=True,
    ),
)

VALUES = (
    documented(
        "name-is-cut-at-50",
        "createLead/records",
        keeps('lead["contact_name"] = lead["contact_name"] and lead["contact_name"][:50]'),
        subtle=True,
    ),
    documented(
        "name-in-title-case",
        "createLead/records",
        keeps('lead["contact_name"] = lead["contact_name"] and lead["contact_name"].title()'),
        subtle=True,
    ),
    documented(
        "name-is-escaped",
        "createLead/records",
        keeps(
            'lead["contact_name"] = lead["contact_name"] and lead["contact_name"].replace("<", "&lt;").replace("&", '
            '"&amp;")'
        ),
        subtle=True,
    ),
    documented(
        "name-is-composed-anew",
        "createLead/records",
        keeps('lead["contact_name"] = lead["contact_name"] and unicodedata.normalize("NFKC", lead["contact_name"])'),
        subtle=True,
    ),
    documented(
        "name-in-ascii",
        "createLead/records",
        keeps(
            'lead["contact_name"] = lead["contact_name"] and lead["contact_name"].encode("ascii", "replace").decode()'
        ),
    ),
    documented("name-is-not-kept", "createLead/records", keeps('lead["contact_name"] = None')),
    documented("email-is-not-kept", "createLead/records", keeps('lead["contact_email"] = None')),
    assumed(
        "email-echoed-in-small-letters",
        "createLead/records",
        keeps('lead["contact_email"] = lead["contact_email"] and lead["contact_email"].lower()'),
        subtle=True,
    ),
    assumed(
        "email-with-the-spaces-around-it",
        "createLead/records",
        (
            STRIPPED,
            (
                '        fields[field] = fields.get(field, "") if field == "contact_email" else fields.get(field, '
                '"").strip()\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "phone-echoed-as-digits",
        "createLead/records",
        keeps('lead["contact_phone"] = lead["contact_phone"] and digits(lead["contact_phone"])'),
        subtle=True,
    ),
    documented("source-platform-is-not-kept", "createLead/records", keeps('lead["source_platform"] = "direct"')),
    documented(
        "source-type-is-not-kept",
        "createLead/records",
        keeps('lead["source_type"] = source_type'),
        (
            "def keep(store: State, lead: Lead) -> None:",
            'def keep(store: State, lead: Lead, source_type: str = "form") -> None:',
        ),
    ),
    documented(
        "one-source-type-is-another",
        "createLead/records",
        keeps('lead["source_type"] = {"chat": "sms"}.get(lead["source_type"], lead["source_type"])'),
        subtle=True,
    ),
    documented(
        "stage-is-not-kept",
        "createLead/records",
        (
            FIELDS,
            FIELDS.replace("if not", 'if field != "stage_slug" and (not').replace("value.strip()}", "value.strip())}"),
        ),
    ),
    documented("custom-fields-are-not-kept", "createLead/records", keeps('lead["custom_fields"] = {}')),
    documented(
        "custom-false-is-not-kept",
        "createLead/records",
        keeps(
            'lead["custom_fields"] = {slug: value for slug, value in lead["custom_fields"].items() '
            "if value is not False}"
        ),
        subtle=True,
    ),
    documented(
        "custom-zero-becomes-null",
        "createLead/records",
        keeps(
            'lead["custom_fields"] = {slug: None if value == 0 and value is not False else value for '
            'slug, value in lead["custom_fields"].items()}'
        ),
        subtle=True,
    ),
    documented(
        "custom-text-becomes-a-number",
        "createLead/records",
        keeps(
            'lead["custom_fields"] = {slug: int(value) if isinstance(value, str) and value.isdecimal() '
            'else value for slug, value in lead["custom_fields"].items()}'
        ),
        subtle=True,
    ),
    documented(
        "custom-number-becomes-whole",
        "createLead/records",
        keeps(
            'lead["custom_fields"] = {slug: int(value) if isinstance(value, float) else value for '
            'slug, value in lead["custom_fields"].items()}'
        ),
        subtle=True,
    ),
    documented(
        "custom-text-is-cut-at-255",
        "createLead/records",
        keeps(
            'lead["custom_fields"] = {slug: value[:255] if isinstance(value, str) else value for slug, '
            'value in lead["custom_fields"].items()}'
        ),
        subtle=True,
    ),
    assumed(
        "custom-null-is-not-kept",
        "createLead/records",
        keeps(
            'lead["custom_fields"] = {slug: value for slug, value in lead["custom_fields"].items() '
            "if value is not None}"
        ),
        subtle=True,
    ),
    documented(
        "only-the-first-custom-field-is-kept",
        "createLead/records",
        keeps('lead["custom_fields"] = dict(list(lead["custom_fields"].items())[:1])'),
        subtle=True,
    ),
    assumed(
        "default-source-type-is-form",
        "createLead/records",
        ('fields_of(given, call.store), "manual")', 'fields_of(given, call.store), "form")'),
        subtle=True,
    ),
    assumed(
        "default-source-platform-is-referral",
        "createLead/records",
        ('        "source_platform": "direct",\n', '        "source_platform": "referral",\n'),
        subtle=True,
    ),
    vendor_page(
        "first-stage-is-the-second",
        "createLead/records",
        ('        "stage_slug": "new",\n', '        "stage_slug": "contacted",\n'),
        subtle=True,
    ),
)
