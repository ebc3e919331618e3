"""Faults of MEGA: what keys may do, and what errors look like."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change

AUTHENTICATED = "        key = authenticated(headers)\n"
LOOKED_UP = "BY_SECRET.get(fitting[1]) if fitting and len(given) == 1 else None"
BEARER = 'r"(?i:bearer) (mega_[0-9a-f]{64})"'
CHECKED_IMPORT = "    rows, skip, dry_run = checked_import(call.body)\n"
SCOPE = "    if operation.scope not in key.scopes:\n"
OTHER_CUSTOMER = "    if given[0].lower() != key.tenant:\n"
NO_CUSTOMER = 'raise Refusal(401, "The x-customer-id header is missing", CHALLENGE)'
STORE = '        store = state["customers"][key.tenant]\n'
ENVELOPE = '{"error": {"type": kind, "code": refusal.status, "message": refusal.message}}'
REFUSED = "return Answer(refusal.status, error_body(refusal), {**rate, **refusal.headers})"
HEADERS = "        headers = header_values(scope)\n"


def open_to_all(operation: str) -> Change:
    return AUTHENTICATED, f'        key = KEYS[0] if operation.name == "{operation}" else authenticated(headers)\n'


def for_any_scope(operation: str) -> Change:
    return SCOPE, f'    if operation.scope not in key.scopes and operation.name != "{operation}":\n'


def error_type(status: int, right: str, wrong: str) -> Change:
    return f'    {status}: "{right}",\n', f'    {status}: "{wrong}",\n'


ACCESS = (
    documented("create-lead-without-key", "createLead/access", open_to_all("createLead")),
    documented("import-without-key", "bulkImportLeads/access", open_to_all("bulkImportLeads")),
    documented(
        "preview-needs-no-scope",
        "bulkImportLeads/access",
        for_any_scope("bulkImportLeads"),
        (
            CHECKED_IMPORT,
            CHECKED_IMPORT
            + "    if not dry_run and WRITE not in call.key.scopes:\n"
            + '        raise Refusal(403, "This key lacks the scope")\n',
        ),
        subtle=True,
    ),
    vendor_page("list-leads-without-key", "listLeads/access", open_to_all("listLeads")),
    vendor_page("list-webhooks-without-key", "listLeadWebhooks/access", open_to_all("listLeadWebhooks")),
    vendor_page("delete-webhook-without-key", "deleteLeadWebhook/access", open_to_all("deleteLeadWebhook")),
    documented(
        "end-of-token-ignored",
        "*/access",
        (LOOKED_UP, "next((key for key in KEYS if fitting and fitting[1][:60] == key.secret[:60]), None)"),
        subtle=True,
    ),
    assumed(
        "token-in-any-letter-case",
        "*/access",
        (BEARER, 'r"(?i:bearer (mega_[0-9a-f]{64}))"'),
        ("BY_SECRET.get(fitting[1])", "BY_SECRET.get(fitting[1].lower())"),
        subtle=True,
    ),
    assumed("basic-scheme-opens", "*/access", (BEARER, BEARER.replace("bearer", "bearer|basic")), subtle=True),
    assumed("token-without-scheme-opens", "*/access", (BEARER, BEARER.replace("bearer) ", "bearer )?")), subtle=True),
    assumed("small-bearer-refused", "*/access", (BEARER, BEARER.replace("(?i:bearer)", "Bearer")), subtle=True),
    assumed("two-spaces-after-bearer", "*/access", (BEARER, BEARER.replace(") (", ") +(")), subtle=True),
    assumed(
        "two-tokens-at-once", "*/access", (" if fitting and len(given) == 1 else", " if fitting else"), subtle=True
    ),
    assumed(
        "token-in-query-opens",
        "*/access",
        (
            HEADERS,
            HEADERS
            + '        if token := re.search(b"mega_[0-9a-f]{64}", scope.get("query_string", b"")):\n'
            + '            headers.setdefault("authorization", ["Bearer " + token[0].decode()])\n',
        ),
        subtle=True,
    ),
    documented("reader-may-create", "createLead/access", for_any_scope("createLead")),
    documented("reader-may-import", "bulkImportLeads/access", for_any_scope("bulkImportLeads")),
    vendor_page("any-key-may-list-leads", "listLeads/access", for_any_scope("listLeads")),
    vendor_page("any-key-may-register-webhooks", "createLeadWebhook/access", for_any_scope("createLeadWebhook")),
    vendor_page("any-key-may-change-webhooks", "updateLeadWebhook/access", for_any_scope("updateLeadWebhook")),
    vendor_page("any-key-may-delete-webhooks", "deleteLeadWebhook/access", for_any_scope("deleteLeadWebhook")),
    vendor_page("any-key-may-list-webhooks", "listLeadWebhooks/access", for_any_scope("listLeadWebhooks"), subtle=True),
    vendor_page(
        "writer-may-read",
        "listLeads/access",
        (SCOPE, "    if operation.scope not in key.scopes + ((READ,) if WRITE in key.scopes else ()):\n"),
        subtle=True,
    ),
    vendor_page("all-scopes-needed", "*/access", (SCOPE, "    if set(key.scopes) != set(ALL):\n")),
    vendor_page(
        "missing-scope-is-401",
        "*/access",
        ('raise Refusal(403, f"This key lacks', 'raise Refusal(401, f"This key lacks'),
    ),
    vendor_page(
        "wrong-token-is-403",
        "*/access",
        ('raise Refusal(401, "The Authorization header holds', 'raise Refusal(403, "The Authorization header holds'),
    ),
    vendor_page(
        "no-token-is-400",
        "*/access",
        ('raise Refusal(401, "The Authorization header is missing"', 'raise Refusal(400, "Authorization is missing"'),
    ),
    vendor_page("no-customer-is-400", "*/access", (NO_CUSTOMER, NO_CUSTOMER.replace("401", "400"))),
    documented("no-customer-needed", "*/access", (NO_CUSTOMER, "return"), subtle=True),
    vendor_page(
        "other-customer-is-404",
        "*/access",
        ('raise Refusal(403, "This key is locked', 'raise Refusal(404, "This key is locked'),
    ),
    documented(
        "customer-named-is-not-checked",
        "*/access",
        (OTHER_CUSTOMER, "    if given[0].lower() not in OWNERS:\n"),
        (STORE, STORE.replace("key.tenant", 'headers["x-customer-id"][0].lower()')),
    ),
    documented(
        "list-of-any-customer",
        "listLeads/access",
        (OTHER_CUSTOMER, '    if given[0].lower() != key.tenant and operation.name != "listLeads":\n'),
        (STORE, '        store = state["customers"].get(headers["x-customer-id"][0].lower(), state["customers"][A])\n'),
        subtle=True,
    ),
    documented(
        "mismatched-customer-ignored-on-import",
        "bulkImportLeads/access",
        (OTHER_CUSTOMER, '    if given[0].lower() != key.tenant and operation.name != "bulkImportLeads":\n'),
        subtle=True,
    ),
    documented(
        "end-of-customer-ignored",
        "*/access",
        (OTHER_CUSTOMER, "    if given[0].lower()[:35] != key.tenant[:35]:\n"),
        subtle=True,
    ),
    assumed(
        "customer-in-exact-letter-case", "*/access", (OTHER_CUSTOMER, "    if given[0] != key.tenant:\n"), subtle=True
    ),
    assumed(
        "customer-without-uuid-is-400",
        "*/access",
        (
            OTHER_CUSTOMER,
            f'    if not re.fullmatch(UUID, given[0]):\n        raise Refusal(400, "No UUID")\n{OTHER_CUSTOMER}',
        ),
        subtle=True,
    ),
    assumed(
        "two-customers-at-once",
        "*/access",
        (
            '    if len(given) > 1:\n        raise Refusal(400, "x-',
            '    if len(given) > 9:\n        raise Refusal(400, "x-',
        ),
        subtle=True,
    ),
    assumed(
        "no-challenge",
        "*/access",
        ('CHALLENGE = {"WWW-Authenticate": "Bearer"}', "CHALLENGE: dict[str, str] = {}"),
        subtle=True,
    ),
    documented(
        "webhook-of-another-customer-changed",
        "updateLeadWebhook/access",
        (
            '    webhook = call.store["webhooks"].get(call.webhook_id)\n',
            (
                '    everyone = ChainMap(*(store["webhooks"] for store in call.state["customers"].values()))\n'
                "    webhook = everyone.get(call.webhook_id)\n"
            ),
        ),
    ),
    documented(
        "webhook-of-another-customer-deleted",
        "deleteLeadWebhook/access",
        (
            '    if call.store["webhooks"].pop(call.webhook_id, None) is None:\n',
            (
                '    stores = call.state["customers"].values()\n'
                '    if not [store for store in stores if store["webhooks"].pop(call.webhook_id, None)]:\n'
            ),
        ),
    ),
    documented(
        "webhooks-of-all-customers-listed",
        "listLeadWebhooks/access",
        (
            '    webhooks = call.store["webhooks"].values()\n',
            (
                '    stores = call.state["customers"].values()\n'
                '    webhooks = [webhook for store in stores for webhook in store["webhooks"].values()]\n'
            ),
        ),
    ),
    documented(
        "leads-of-all-customers-listed",
        "listLeads/access",
        (
            'for lead in call.store["leads"].values() if fits',
            'for store in call.state["customers"].values() for lead in store["leads"].values() if fits',
        ),
        ("shown(lead, call.store, custom", 'shown(lead, call.state["customers"][lead["customer_id"]], custom'),
    ),
)

ERRORS = (
    vendor_page("error-type-of-401", "*/conformance", error_type(401, "authentication_error", "unauthorized")),
    vendor_page("error-type-of-403", "*/conformance", error_type(403, "authorization_error", "authentication_error")),
    vendor_page("error-type-of-404", "*/conformance", error_type(404, "not_found_error", "invalid_request_error")),
    vendor_page("error-type-of-409", "*/conformance", error_type(409, "api_error", "conflict_error"), subtle=True),
    vendor_page("error-type-of-429", "*/conformance", error_type(429, "rate_limit_error", "api_error"), subtle=True),
    vendor_page("error-type-of-400", "*/conformance", ('"invalid_request_error")', '"validation_error")')),
    vendor_page(
        "error-code-is-a-text", "*/conformance", (ENVELOPE, ENVELOPE.replace("refusal.status", "str(refusal.status)"))
    ),
    vendor_page("error-code-is-missing", "*/conformance", (ENVELOPE, ENVELOPE.replace('"code": refusal.status, ', ""))),
    vendor_page(
        "error-code-is-always-400", "*/conformance", (ENVELOPE, ENVELOPE.replace("refusal.status", "400")), subtle=True
    ),
    vendor_page(
        "error-message-is-missing", "*/conformance", (ENVELOPE, ENVELOPE.replace(', "message": refusal.message', ""))
    ),
    vendor_page("error-is-flat", "*/conformance", (ENVELOPE, ENVELOPE[10:-1])),
    vendor_page("error-is-a-text", "*/conformance", (ENVELOPE, '{"error": refusal.message}')),
    vendor_page(
        "errors-as-problem-details",
        "*/conformance",
        (
            '"Content-Type": "application/json", "Content-Length"',
            (
                '"Content-Type": "application/json" if answer.status < 400 else "application/problem+json", '
                '"Content-Length"'
            ),
        ),
    ),
    vendor_page(
        "answers-as-text",
        "*/conformance",
        ('"Content-Type": "application/json", "Content-Length"', '"Content-Type": "text/plain", "Content-Length"'),
    ),
    vendor_page(
        "validation-is-422",
        "createLead/conformance",
        (
            '        raise Refusal(400, "; ".join(wrong))\n    outcome',
            '        raise Refusal(422, "; ".join(wrong))\n    outcome',
        ),
    ),
    vendor_page(
        "empty-lead-has-another-message",
        "createLead/conformance",
        (
            'ONE_CONTACT = "At least one of contact_name, contact_phone, or contact_email is required"',
            'ONE_CONTACT = "contact_name, contact_phone or contact_email is required"',
        ),
        subtle=True,
    ),
    assumed(
        "unknown-path-in-html",
        "*/robustness",
        (
            REFUSED,
            REFUSED.replace(
                "error_body(refusal)", 'b"<h1>Not found</h1>" if refusal.status == 404 else error_body(refusal)'
            ),
        ),
    ),
)
