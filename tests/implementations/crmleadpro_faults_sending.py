"""What can go wrong with campaigns and with registering webhooks."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed
from tests.implementations.workshop import Fault

CALL = "            call = Call(self.workspaces[key.tenant], "
LAUNCHED = '    leads = [lead for lead in call.workspace.current() if addressed(lead, document["audience"])]\n'
RECIPIENTS = "recipients = sum(lead[address] is not None for lead in leads)"
BY_TAG = 'any(tag in lead["tags"] for tag in wanted["tags"])'
BY_ID = 'lead["id"] in wanted["lead_ids"]'
EVENTS = '"events": array(word(EVENTS), 1, 6, unique=True),'
URL = "        if not (public or (local and port >= 1024)) or port > 65535:\n"
HOOK_SECRET = '"secret": document.get("secret", made_up),'


CAMPAIGNS = (
    assumed(
        "audience-of-the-newest-500",
        "create*Campaign/records",
        (LAUNCHED, LAUNCHED.replace("current()", "current()[-500:]")),
        subtle=True,
    ),
    assumed(
        "recipients-by-their-addresses",
        "create*Campaign/records",
        (RECIPIENTS, "recipients = len({lead[address] for lead in leads if lead[address] is not None})"),
        subtle=True,
    ),
    assumed(
        "audience-of-500-leads",
        "create*Campaign/records",
        (BY_ID, BY_ID.replace('wanted["lead_ids"]', 'wanted["lead_ids"][:500]')),
        subtle=True,
    ),
    assumed(
        "audience-by-ten-tags",
        "create*Campaign/records",
        (BY_TAG, BY_TAG.replace('wanted["tags"]', 'wanted["tags"][:10]')),
        subtle=True,
    ),
    assumed(
        "audience-by-ten-tags-of-a-lead",
        "create*Campaign/records",
        (BY_TAG, BY_TAG.replace('lead["tags"]', 'lead["tags"][:10]')),
        subtle=True,
    ),
    assumed(
        "audience-by-ascii-tags-alone",
        "create*Campaign/records",
        (BY_TAG, BY_TAG.replace('wanted["tags"])', 'wanted["tags"] if tag.isascii())')),
        subtle=True,
    ),
    assumed(
        "audience-by-the-first-tags",
        "create*Campaign/records",
        (BY_TAG, BY_TAG.replace('lead["tags"]', 'FIRST_TAGS.setdefault(lead["id"], lead["tags"])')),
        (
            "def launched(call: Call, document: Record",
            "FIRST_TAGS: dict[str, list[str]] = {}\n\n\ndef launched(call: Call, document: Record",
        ),
        subtle=True,
    ),
    assumed(
        "campaign-answers-201",
        "createEmailCampaign/conformance",
        ("    return answer(202, campaign)", "    return answer(201, campaign)"),
    ),
    assumed(
        "campaign-is-sent-at-once",
        "createEmailCampaign/records",
        ('"status": "queued",', '"status": "sent",'),
        subtle=True,
    ),
    assumed(
        "campaign-without-recipients", "createEmailCampaign/conformance", ('        "recipients": recipients,\n', "")
    ),
    assumed(
        "campaign-tells-its-audience",
        "createEmailCampaign/conformance",
        (
            '        "recipients": recipients,\n',
            '        "recipients": recipients,\n        "audience": document["audience"],\n',
        ),
        subtle=True,
    ),
    assumed(
        "whatsapp-channel-is-email",
        "createWhatsappCampaign/records",
        ('return launched(call, document, "whatsapp", "phone")', 'return launched(call, document, "email", "phone")'),
        subtle=True,
    ),
    assumed(
        "whatsapp-goes-to-email-addresses",
        "createWhatsappCampaign/records",
        (
            'return launched(call, document, "whatsapp", "phone")',
            'return launched(call, document, "whatsapp", "email")',
        ),
        subtle=True,
    ),
    assumed(
        "email-goes-to-everybody",
        "createEmailCampaign/records",
        (
            RECIPIENTS,
            'recipients = len(leads) if channel == "email" else sum(lead[address] is not None for lead in leads)',
        ),
        subtle=True,
    ),
    assumed(
        "no-recipients-ever",
        "createEmailCampaign/records",
        (RECIPIENTS, "recipients = 0 * len(leads + [{}] * len(address))"),
    ),
    assumed(
        "archived-leads-get-campaigns",
        "createEmailCampaign/records",
        (LAUNCHED, LAUNCHED.replace("current()", "leads.values()")),
        subtle=True,
    ),
    assumed(
        "leads-of-other-workspaces-get-campaigns",
        "createEmailCampaign/access",
        (CALL, CALL.replace("self.workspaces[key.tenant]", "self.everybody(handler, key)")),
        (
            "    def document(self, request",
            "    def everybody(self, handler: Handler, key: Key) -> Workspace:\n        home = self.workspaces[key.tenant]\n        if handler is not create_email_campaign:\n            return home\n        both = Workspace()\n        for workspace in self.workspaces.values():\n            both.leads |= workspace.leads\n            both.archived |= workspace.archived\n        both.webhooks = home.webhooks\n        return both\n\n    def document(self, request",
        ),
        subtle=True,
    ),
    assumed(
        "audience-needs-all-tags", "createEmailCampaign/records", (BY_TAG, BY_TAG.replace("any(", "all(")), subtle=True
    ),
    assumed(
        "audience-matches-either",
        "createEmailCampaign/records",
        (
            "return by_tag and by_status and by_id",
            'return ("tags" in wanted and by_tag) or ("statuses" in wanted and by_status) or ("lead_ids" in wanted and by_id)',
        ),
        subtle=True,
    ),
    assumed(
        "audience-ignores-statuses",
        "createEmailCampaign/records",
        ("return by_tag and by_status and by_id", "return by_tag and (by_status or True) and by_id"),
    ),
    assumed(
        "audience-ignores-ids",
        "createWhatsappCampaign/records",
        ("return by_tag and by_status and by_id", "return by_tag and by_status and (by_id or True)"),
    ),
    assumed(
        "audience-ignores-tags",
        "createEmailCampaign/records",
        ("return by_tag and by_status and by_id", "return (by_tag or True) and by_status and by_id"),
    ),
    assumed(
        "lead-named-twice-counts-twice",
        "createWhatsappCampaign/records",
        (
            RECIPIENTS,
            'recipients = sum(document["audience"].get("lead_ids", [lead["id"]]).count(lead["id"]) for lead in leads if lead[address] is not None)',
        ),
        subtle=True,
    ),
    assumed(
        "unknown-lead-of-audience-is-404",
        "createWhatsappCampaign/records",
        (
            LAUNCHED,
            '    for identifier in document["audience"].get("lead_ids", []):\n        call.workspace.lead(identifier)\n'
            + LAUNCHED,
        ),
        subtle=True,
    ),
    assumed(
        "empty-audience",
        "createEmailCampaign/conformance",
        ("        if not value:\n", "        if False:\n"),
        subtle=True,
    ),
    assumed(
        "audience-with-slip-of-the-pen",
        "createEmailCampaign/conformance",
        ("        for member in value.keys() - AUDIENCE.keys():\n", "        for member in set[str]():\n"),
        subtle=True,
    ),
    assumed(
        "audience-of-no-tags",
        "createEmailCampaign/conformance",
        ('    "tags": array(text(50), 1, 50),\n', '    "tags": array(text(50), 0, 50),\n'),
        subtle=True,
    ),
    assumed(
        "audience-of-any-status",
        "createEmailCampaign/conformance",
        ('"statuses": array(word(STATUSES), 1, 6),', '"statuses": array(text(), 1, 6),'),
        subtle=True,
    ),
    assumed(
        "audience-of-seven-statuses",
        "createEmailCampaign/conformance",
        ('"statuses": array(word(STATUSES), 1, 6),', '"statuses": array(word(STATUSES), 1, 7),'),
        subtle=True,
    ),
    assumed(
        "audience-of-malformed-ids",
        "createWhatsappCampaign/conformance",
        ('array(text(None, LEAD_ID, "be the id of a lead"), 1, 1000)', "array(text(), 1, 1000)"),
        subtle=True,
    ),
    assumed(
        "audience-of-1001-ids",
        "createWhatsappCampaign/conformance",
        (
            'array(text(None, LEAD_ID, "be the id of a lead"), 1, 1000)',
            'array(text(None, LEAD_ID, "be the id of a lead"), 1, 1001)',
        ),
        subtle=True,
    ),
    assumed(
        "campaign-without-audience",
        "createEmailCampaign/conformance",
        ('required=("name", "subject", "body", "audience"))', 'required=("name", "subject", "body"))'),
        (LAUNCHED, LAUNCHED.replace('document["audience"]', 'document.get("audience", {})')),
    ),
    assumed(
        "campaign-without-subject",
        "createEmailCampaign/conformance",
        ('required=("name", "subject", "body", "audience"))', 'required=("name", "body", "audience"))'),
        subtle=True,
    ),
    assumed(
        "campaign-without-body",
        "createEmailCampaign/conformance",
        ('required=("name", "subject", "body", "audience"))', 'required=("name", "subject", "audience"))'),
        subtle=True,
    ),
    assumed(
        "whatsapp-without-template",
        "createWhatsappCampaign/conformance",
        ('required=("name", "template", "audience"))', 'required=("name", "audience"))'),
    ),
    assumed(
        "whatsapp-wants-a-body",
        "createWhatsappCampaign/conformance",
        ('required=("name", "template", "audience"))', 'required=("name", "template", "body", "audience"))'),
    ),
    assumed(
        "template-in-capitals",
        "createWhatsappCampaign/conformance",
        ('TEMPLATE = r"[a-z0-9_]{1,512}"', 'TEMPLATE = r"[A-Za-z0-9_]{1,512}"'),
        subtle=True,
    ),
    assumed(
        "template-of-513",
        "createWhatsappCampaign/conformance",
        ('TEMPLATE = r"[a-z0-9_]{1,512}"', 'TEMPLATE = r"[a-z0-9_]{1,513}"'),
        subtle=True,
    ),
    assumed(
        "blank-subject",
        "createEmailCampaign/conformance",
        ('"subject": text(200, VISIBLE, "not be blank"),', '"subject": text(200),'),
        subtle=True,
    ),
    assumed(
        "empty-message-refused",
        "createEmailCampaign/conformance",
        ('"body": text(100_000),', '"body": text(100_000, VISIBLE),'),
        subtle=True,
    ),
    assumed(
        "message-of-100001",
        "createEmailCampaign/conformance",
        ('"body": text(100_000),', '"body": text(100_001),'),
        subtle=True,
    ),
)

WEBHOOKS = (
    assumed(
        "webhook-answers-200",
        "createWebhook/conformance",
        ("    return answer(201, webhook)", "    return answer(200, webhook)"),
    ),
    assumed(
        "secret-not-shown",
        "createWebhook/conformance",
        (
            "    return answer(201, webhook)",
            '    return answer(201, {member: value for member, value in webhook.items() if member != "secret"})',
        ),
    ),
    assumed(
        "secret-hidden-by-stars",
        "createWebhook/conformance",
        ("    return answer(201, webhook)", '    return answer(201, {**webhook, "secret": "whsec_****"})'),
    ),
    assumed("own-secret-ignored", "createWebhook/records", (HOOK_SECRET, '"secret": made_up,'), subtle=True),
    assumed(
        "same-secret-for-all",
        "createWebhook/records",
        ("base64.b64encode(secrets.token_bytes(32))", 'base64.b64encode(b"crmleadpro" * 3 + b"ab")'),
        subtle=True,
    ),
    assumed(
        "secret-of-16-bytes",
        "createWebhook/conformance",
        ("secrets.token_bytes(32)", "secrets.token_bytes(16)"),
        subtle=True,
    ),
    assumed("webhook-inactive", "createWebhook/records", ('"is_active": True,', '"is_active": False,')),
    assumed(
        "webhook-in-envelope",
        "createWebhook/conformance",
        ("    return answer(201, webhook)", '    return answer(201, {"webhook": webhook})'),
    ),
    assumed(
        "webhook-without-url",
        "createWebhook/conformance",
        ('required=("url", "events"))', 'required=("events",))'),
        ('"url": document["url"],', '"url": document.get("url", ""),'),
    ),
    assumed(
        "webhook-for-all-events-by-default",
        "createWebhook/conformance",
        ('required=("url", "events"))', 'required=("url",))'),
        ('"events": document["events"],', '"events": document.get("events", list(EVENTS)),'),
        subtle=True,
    ),
    assumed("any-event", "createWebhook/conformance", (EVENTS, '"events": array(text(), 1, 6, unique=True),')),
    assumed("no-events", "createWebhook/conformance", (EVENTS, EVENTS.replace("1, 6", "0, 6")), subtle=True),
    assumed(
        "event-named-twice", "createWebhook/conformance", (EVENTS, EVENTS.replace(", unique=True", "")), subtle=True
    ),
    assumed(
        "deal-won-refused",
        "createWebhook/conformance",
        (EVENTS, EVENTS.replace("word(EVENTS)", 'word(tuple(event for event in EVENTS if event != "deal.won"))')),
        subtle=True,
    ),
    assumed(
        "all-six-events-refused", "createWebhook/conformance", (EVENTS, EVENTS.replace("1, 6", "1, 5")), subtle=True
    ),
    assumed(
        "events-sorted",
        "createWebhook/records",
        ('"events": document["events"],', '"events": sorted(document["events"]),'),
        subtle=True,
    ),
    assumed("plain-http", "createWebhook/conformance", ('PUBLIC_URL = rf"https://', 'PUBLIC_URL = rf"https?://')),
    assumed(
        "private-address",
        "createWebhook/conformance",
        ('[a-z]{2,24}"\n)\nPUBLIC_URL', '[a-z0-9]{1,24}"\n)\nPUBLIC_URL'),
        subtle=True,
    ),
    assumed("internal-name", "createWebhook/conformance", ("local|internal|intranet", "local|intranet"), subtle=True),
    assumed("host-without-dot", "createWebhook/conformance", ('[a-z0-9])?\\.)+"\n', '[a-z0-9])?\\.)*"\n'), subtle=True),
    assumed(
        "user-in-url",
        "createWebhook/conformance",
        ('PUBLIC_URL = rf"https://', 'PUBLIC_URL = rf"https://(?:[a-z:]+@)?'),
        subtle=True,
    ),
    assumed("fragment-in-url", "createWebhook/conformance", ('~/?&=%+-]*)?"', '~/?&=%+#-]*)?"'), subtle=True),
    assumed(
        "low-port",
        "createWebhook/conformance",
        ("([1-9][0-9]{{3,4}}){PATH}", "([1-9][0-9]{{0,4}}){PATH}"),
        (URL, URL.replace(">= 1024", ">= 1")),
        subtle=True,
    ),
    assumed("port-1023", "createWebhook/conformance", (URL, URL.replace(">= 1024", ">= 1023")), subtle=True),
    assumed("port-65536", "createWebhook/conformance", (URL, URL.replace("> 65535", "> 65536")), subtle=True),
    assumed(
        "url-with-query-refused",
        "createWebhook/conformance",
        ("[/?][A-Za-z0-9._~/?&=%+-]*", "/[A-Za-z0-9._~/%+-]*"),
        subtle=True,
    ),
    assumed(
        "url-of-2049",
        "createWebhook/conformance",
        ("yield from text(2048)(value)", "yield from text(2049)(value)"),
        subtle=True,
    ),
    assumed(
        "any-secret",
        "createWebhook/conformance",
        ('"secret": text(None, SECRET, "be whsec_ and 24 to 64 bytes in base64"),', '"secret": text(),'),
        (
            HOOK_SECRET,
            '"secret": document.get("secret", made_up) if re.fullmatch(SECRET, document.get("secret", made_up)) else made_up,',
        ),
    ),
    assumed(
        "short-secret",
        "createWebhook/conformance",
        ("){8,20}[A-Za-z0-9+/]{3}=", "){4,20}[A-Za-z0-9+/]{3}="),
        ("){8,21}(?", "){4,21}(?"),
        subtle=True,
    ),
    assumed(
        "null-secret",
        "createWebhook/conformance",
        (
            '"secret": text(None, SECRET, "be whsec_ and 24 to 64 bytes in base64"),',
            '"secret": nullable(text(None, SECRET, "be whsec_ and 24 to 64 bytes in base64")),',
        ),
        (HOOK_SECRET, '"secret": document.get("secret") or made_up,'),
        subtle=True,
    ),
    assumed(
        "second-webhook-replaces-the-first",
        "createWebhook/records",
        ("    call.workspace.webhooks.append(webhook)\n", "    call.workspace.webhooks[:] = [webhook]\n"),
        subtle=True,
    ),
    assumed(
        "what-a-colleague-does-is-not-told",
        "createWebhook/events",
        (
            "document, self.sender.emit, identifier)",
            'document, (lambda *_: None) if key.name == "colleague" else self.sender.emit, identifier)',
        ),
        subtle=True,
    ),
    assumed(
        "same-url-registered-once",
        "createWebhook/records",
        (
            "    call.workspace.webhooks.append(webhook)\n",
            '    call.workspace.webhooks[:] = [*(one for one in call.workspace.webhooks if one["url"] != webhook["url"]), webhook]\n',
        ),
        subtle=True,
    ),
)

SENDING: tuple[Fault, ...] = (*CAMPAIGNS, *WEBHOOKS)
