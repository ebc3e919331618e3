"""What can go wrong with events: when they fire, what they say, how they are signed and sent again."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Fault

CREATED = '    call.emit(call.workspace, "lead.created", lead)\n'
MOVED = '    if changed & {"status", "pipeline_stage"}:\n'
STATUS_CHANGED = '        call.emit(call.workspace, "lead.status_changed", lead)\n'
MODIFIED = "    if changed & set(PERSONAL):\n"
CONTACT_UPDATED = '        call.emit(call.workspace, "contact.updated", contact_of(lead))\n'
SENT = '    call.emit(call.workspace, "campaign.sent", {**campaign, "status": "sent"})\n'
FIND = "    lead = call.workspace.lead(call.id)\n    wanted"
PAYLOAD = 'encoded({"type": event, "timestamp": now(), "data": data})'
CHOSEN = 'if event in webhook["events"] and webhook'
HOOKS = "        for webhook in workspace.webhooks:\n"
WAITS = "RETRY_WAITS = (0, *(0.2 * 2**attempt for attempt in range(9)))"
ATTEMPT = "            status = await self.attempt(webhook, identifier, body)\n"
IDENTIFIER = '        identifier = new_id("msg")\n'
TAKEN = "            if 200 <= status < 300:\n"
GONE = "            if status == 410:\n"
STAMP = "        timestamp = str(int(time.time()))\n"
KEY = '    key = base64.b64decode(secret.removeprefix("whsec_"))\n'
SIGNED = '    signed = f"{identifier}.{timestamp}.".encode() + body\n'
SIGNATURE = '"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()'
SIGN = 'signature(webhook["secret"], identifier, timestamp, body)'
CREATES = "createLead/events"
UPDATES = "updateLead/events"
HOOKED = "createWebhook/events"


FIRING = (
    documented("lead-created-not-fired", CREATES, (CREATED, "")),
    assumed("lead-created-fired-twice", CREATES, (CREATED, CREATED + CREATED)),
    assumed(
        "gone-at-the-first-attempt-alone",
        "createWebhook/events",
        ("            if status == 410:\n", "            if status == 410 and not wait:\n"),
        subtle=True,
    ),
    assumed(
        "lead-created-without-email-not-fired", CREATES, (CREATED, '    if lead["email"]:\n    ' + CREATED), subtle=True
    ),
    documented(
        "lead-created-with-tags-not-fired", CREATES, (CREATED, '    if not lead["tags"]:\n    ' + CREATED), subtle=True
    ),
    assumed(
        "lead-created-fired-for-refused-body",
        CREATES,
        (
            "    document = call.accept(LEAD, required",
            '    call.emit(call.workspace, "lead.created", {"name": None, **given})\n    document = call.accept(LEAD, required',
        ),
        subtle=True,
    ),
    assumed(
        "creating-fires-status-changed-too",
        CREATES,
        (CREATED, CREATED + '    call.emit(call.workspace, "lead.status_changed", lead)\n'),
        subtle=True,
    ),
    assumed(
        "creating-fires-contact-updated-too",
        CREATES,
        (CREATED, CREATED + '    call.emit(call.workspace, "contact.updated", contact_of(lead))\n'),
        subtle=True,
    ),
    documented(
        "lead-created-fired-by-patch", UPDATES, (STATUS_CHANGED, STATUS_CHANGED + "    " + CREATED), subtle=True
    ),
    documented("status-changed-not-fired", UPDATES, (STATUS_CHANGED, "        pass\n")),
    documented("status-changed-not-fired-for-stage", UPDATES, (MOVED, '    if changed & {"status"}:\n'), subtle=True),
    documented("status-changed-not-fired-for-status", UPDATES, (MOVED, '    if changed & {"pipeline_stage"}:\n')),
    documented(
        "status-changed-fired-for-the-same-status",
        UPDATES,
        (MOVED, '    if wanted.keys() & {"status", "pipeline_stage"}:\n'),
        subtle=True,
    ),
    documented(
        "status-changed-for-the-same-beside-another-change",
        UPDATES,
        (MOVED, '    if changed and wanted.keys() & {"status", "pipeline_stage"}:\n'),
        subtle=True,
    ),
    documented(
        "contact-updated-for-the-same-beside-another-change",
        UPDATES,
        (MODIFIED, "    if changed and wanted.keys() & set(PERSONAL):\n"),
        subtle=True,
    ),
    documented("status-changed-fired-for-any-change", UPDATES, (MOVED, "    if changed:\n"), subtle=True),
    documented("status-changed-fired-by-every-patch", UPDATES, (MOVED, "    if True:\n")),
    assumed(
        "status-changed-fired-for-score",
        UPDATES,
        (MOVED, '    if changed & {"status", "pipeline_stage", "score"}:\n'),
        subtle=True,
    ),
    assumed(
        "status-changed-fired-once-for-each",
        UPDATES,
        (STATUS_CHANGED, '        for _ in changed & {"status", "pipeline_stage"}:\n    ' + STATUS_CHANGED),
        subtle=True,
    ),
    assumed(
        "status-changed-tells-the-old-lead",
        UPDATES,
        (FIND, FIND.replace("    wanted", "    before = dict(lead)\n    wanted")),
        (STATUS_CHANGED, STATUS_CHANGED.replace(", lead)", ", before)")),
        subtle=True,
    ),
    assumed(
        "status-changed-with-old-updated-at",
        UPDATES,
        (FIND, FIND.replace("    wanted", '    before = lead["updated_at"]\n    wanted')),
        (STATUS_CHANGED, STATUS_CHANGED.replace(", lead)", ', {**lead, "updated_at": before})')),
        subtle=True,
    ),
    assumed(
        "archiving-fires-status-changed",
        "archiveLead/events",
        (
            "    call.workspace.archived.add(call.id)\n",
            '    call.workspace.archived.add(call.id)\n    call.emit(call.workspace, "lead.status_changed", call.workspace.leads[call.id])\n',
        ),
        subtle=True,
    ),
    assumed("contact-updated-not-fired", UPDATES, (CONTACT_UPDATED, "        pass\n")),
    assumed(
        "contact-updated-not-fired-for-tags",
        UPDATES,
        (MODIFIED, '    if changed & {"name", "email", "phone", "company"}:\n'),
        subtle=True,
    ),
    assumed(
        "contact-updated-not-fired-for-phone",
        UPDATES,
        (MODIFIED, '    if changed & {"name", "email", "company", "tags"}:\n'),
        subtle=True,
    ),
    assumed("contact-updated-fired-for-status", UPDATES, (MODIFIED, "    if changed:\n"), subtle=True),
    assumed(
        "contact-updated-fired-for-the-same-name",
        UPDATES,
        (MODIFIED, "    if wanted.keys() & set(PERSONAL):\n"),
        subtle=True,
    ),
    assumed(
        "contact-updated-tells-the-lead",
        UPDATES,
        (CONTACT_UPDATED, CONTACT_UPDATED.replace("contact_of(lead)", "lead")),
    ),
    assumed(
        "contact-updated-hides-status-changed",
        UPDATES,
        (MOVED, MOVED.replace(":\n", " and not changed & set(PERSONAL):\n")),
        subtle=True,
    ),
    documented("campaign-sent-not-fired", "createEmailCampaign/events", (SENT, "")),
    documented(
        "campaign-sent-not-fired-for-whatsapp",
        "createWhatsappCampaign/events",
        (SENT, '    if channel == "email":\n    ' + SENT),
        subtle=True,
    ),
    assumed(
        "campaign-sent-not-fired-for-nobody",
        "createEmailCampaign/events",
        (SENT, "    if recipients:\n    " + SENT),
        subtle=True,
    ),
    assumed(
        "campaign-sent-for-each-recipient",
        "createEmailCampaign/events",
        (SENT, "    for _ in range(max(1, recipients)):\n    " + SENT),
        subtle=True,
    ),
    assumed(
        "campaign-sent-says-queued",
        "createEmailCampaign/events",
        (SENT, SENT.replace('{**campaign, "status": "sent"}', "campaign")),
        subtle=True,
    ),
    assumed(
        "campaign-sent-names-no-recipients",
        "createEmailCampaign/events",
        (SENT, SENT.replace('"sent"}', '"sent", "recipients": 0}')),
        subtle=True,
    ),
    documented(
        "events-of-other-workspaces",
        HOOKED,
        (HOOKS, "        for webhook in ALL_WEBHOOKS:\n"),
        ("class Sender:\n", "ALL_WEBHOOKS: list[Record] = []\n\n\nclass Sender:\n"),
        ("    call.workspace.webhooks.append(webhook)\n", "    ALL_WEBHOOKS.append(webhook)\n"),
        subtle=True,
    ),
    assumed("events-not-asked-for", HOOKED, (CHOSEN, "if event and webhook"), subtle=True),
    assumed(
        "events-of-the-same-family",
        HOOKED,
        (CHOSEN, 'if any(event.split(".")[0] == name.split(".")[0] for name in webhook["events"]) and webhook'),
        subtle=True,
    ),
    assumed(
        "first-event-of-the-list-only", HOOKED, (CHOSEN, 'if event == webhook["events"][0] and webhook'), subtle=True
    ),
    assumed("first-webhook-only", HOOKED, (HOOKS, HOOKS.replace("webhooks:", "webhooks[:1]:")), subtle=True),
    assumed("last-webhook-only", HOOKED, (HOOKS, HOOKS.replace("webhooks:", "webhooks[-1:]:")), subtle=True),
    assumed(
        "localhost-gets-nothing",
        HOOKED,
        ('webhook["url"].startswith("http:")', 'webhook["url"].startswith("http://127")'),
        subtle=True,
    ),
)

SAYING = (
    assumed("payload-names-event", HOOKED, (PAYLOAD, PAYLOAD.replace('"type"', '"event"'))),
    assumed("payload-without-timestamp", HOOKED, (PAYLOAD, PAYLOAD.replace('"timestamp": now(), ', ""))),
    assumed(
        "payload-timestamp-in-seconds", HOOKED, (PAYLOAD, PAYLOAD.replace("now()", "int(time.time())")), subtle=True
    ),
    assumed("payload-is-data-alone", HOOKED, (PAYLOAD, 'encoded({"type": event, "timestamp": now(), **data})')),
    assumed("payload-has-id-alone", HOOKED, (PAYLOAD, PAYLOAD.replace(": data", ': {"id": data["id"]}'))),
    assumed(
        "payload-tells-the-secret",
        HOOKED,
        (
            "                task = asyncio.create_task(self.deliver(webhook, body))\n",
            '                leak = encoded({**json.loads(body), "secret": webhook["secret"]})\n                task = asyncio.create_task(self.deliver(webhook, leak))\n',
        ),
        subtle=True,
    ),
    assumed(
        "payload-without-tags",
        HOOKED,
        (PAYLOAD, PAYLOAD.replace(": data", ': {member: value for member, value in data.items() if member != "tags"}')),
        subtle=True,
    ),
    assumed(
        "payload-omits-nulls",
        HOOKED,
        (
            PAYLOAD,
            PAYLOAD.replace(": data", ": {member: value for member, value in data.items() if value is not None}"),
        ),
        subtle=True,
    ),
    assumed(
        "payload-shows-later-state",
        HOOKED,
        ("        body = encoded({", "        whole = {"),
        ('"data": data})', '"data": data}'),
        ("self.deliver(webhook, body))", "self.deliver(webhook, whole))"),
        (
            "    async def deliver(self, webhook: Record, body: bytes) -> None:\n",
            "    async def deliver(self, webhook: Record, whole: Record) -> None:\n",
        ),
        (ATTEMPT, "            body = encoded(whole)\n" + ATTEMPT),
        subtle=True,
    ),
    assumed(
        "payload-labelled-as-text",
        HOOKED,
        (
            '            "content-type": "application/json",\n            "webhook-id"',
            '            "content-type": "text/plain",\n            "webhook-id"',
        ),
        subtle=True,
    ),
    assumed(
        "payload-garbles-other-letters",
        HOOKED,
        (PAYLOAD, PAYLOAD + '.decode().encode("ascii", "replace")'),
        subtle=True,
    ),
    assumed(
        "type-in-other-spelling", HOOKED, (PAYLOAD, PAYLOAD.replace("event,", 'event.replace(".", "_"),')), subtle=True
    ),
)

SIGNING = (
    assumed("no-signature", HOOKED, (f'            "webhook-signature": {SIGN},\n', "")),
    assumed("signature-under-another-name", HOOKED, ('"webhook-signature": sig', '"x-crmleadpro-signature": sig')),
    assumed("signature-without-version", HOOKED, (SIGNATURE, SIGNATURE.replace('"v1," + ', ""))),
    assumed("signature-in-hexadecimal", HOOKED, (SIGNATURE, '"v1," + hmac.digest(key, signed, "sha256").hex()')),
    assumed("signature-by-sha1", HOOKED, (SIGNATURE, SIGNATURE.replace("sha256", "sha1"))),
    assumed(
        "signature-url-safe", HOOKED, (SIGNATURE, SIGNATURE.replace("b64encode", "urlsafe_b64encode")), subtle=True
    ),
    assumed("signature-by-text-of-secret", HOOKED, (KEY, "    key = secret.encode()\n"), subtle=True),
    assumed(
        "signature-by-undecoded-secret",
        HOOKED,
        (KEY, '    key = secret.removeprefix("whsec_").encode()\n'),
        subtle=True,
    ),
    assumed(
        "signature-by-another-secret",
        HOOKED,
        (SIGN, SIGN.replace('webhook["secret"]', '"whsec_" + base64.b64encode(b"x" * 32).decode()')),
    ),
    assumed("signature-of-the-body-alone", HOOKED, (SIGNED, "    signed = body\n"), subtle=True),
    assumed("signature-without-id", HOOKED, (SIGNED, SIGNED.replace("{identifier}.", "")), subtle=True),
    assumed("signature-without-timestamp", HOOKED, (SIGNED, SIGNED.replace("{timestamp}.", "")), subtle=True),
    assumed(
        "signature-of-spaced-body",
        HOOKED,
        (SIGNED, SIGNED.replace("+ body", "+ json.dumps(json.loads(body), ensure_ascii=False).encode()")),
        subtle=True,
    ),
    assumed(
        "signature-of-escaped-body",
        HOOKED,
        (SIGNED, SIGNED.replace("+ body", '+ json.dumps(json.loads(body), separators=(",", ":")).encode()')),
        subtle=True,
    ),
    assumed(
        "signature-of-another-second", HOOKED, (SIGN, SIGN.replace("timestamp", "str(int(timestamp) + 1)")), subtle=True
    ),
    assumed(
        "timestamp-in-milliseconds", HOOKED, (STAMP, "        timestamp = str(int(time.time() * 1000))\n"), subtle=True
    ),
    assumed("timestamp-an-hour-ago", HOOKED, (STAMP, STAMP.replace("time.time()", "time.time() - 3600")), subtle=True),
    assumed("no-timestamp", HOOKED, ('            "webhook-timestamp": timestamp,\n', "")),
    assumed("no-delivery-id", HOOKED, ('            "webhook-id": identifier,\n', "")),
    assumed(
        "one-id-for-all-deliveries", HOOKED, (IDENTIFIER, '        identifier = "msg_" + webhook["id"]\n'), subtle=True
    ),
    assumed(
        "body-signed-then-changed",
        HOOKED,
        ('post(webhook["url"], content=body,', 'post(webhook["url"], content=body + b"\\n",'),
        subtle=True,
    ),
)

SENDING = (
    assumed(
        "refused-webhook-is-told-all-the-same",
        HOOKED,
        (
            '    document = call.accept(WEBHOOK, required=("url", "events"))\n',
            '    kept = {"url": str(call.document.get("url")), "events": call.document.get("events"), "is_active": True, "secret": "whsec_AAAA"} if isinstance(call.document, dict) else {}\n    call.workspace.webhooks.append(kept)\n    document = call.accept(WEBHOOK, required=("url", "events"))\n    call.workspace.webhooks.pop()\n',
        ),
        (CHOSEN, 'if webhook and event in (webhook["events"] or []) and webhook'),
        subtle=True,
    ),
    assumed(
        "large-payload-not-sent",
        CREATES,
        (HOOKS, "        if len(body) > 4000:\n            return\n" + HOOKS),
        subtle=True,
    ),
    assumed(
        "contact-compared-in-any-letter-case",
        UPDATES,
        (
            FIND,
            FIND.replace("    wanted", "    before = dict(lead)\n    wanted"),
        ),
        (
            MODIFIED,
            "    if any(str(before[member]).lower() != str(lead[member]).lower() for member in PERSONAL):\n",
        ),
        subtle=True,
    ),
    assumed(
        "tags-compared-as-a-set",
        UPDATES,
        (
            FIND,
            FIND.replace("    wanted", '    before = set(lead["tags"])\n    wanted'),
        ),
        (MODIFIED, '    if changed & set(PERSONAL[:-1]) or before != set(lead["tags"]):\n'),
        subtle=True,
    ),
    assumed(
        "receiver-that-hangs-up-is-left-alone",
        HOOKED,
        (
            "        except httpx.HTTPError:\n            return 0",
            "        except httpx.HTTPError:\n            return 200",
        ),
        subtle=True,
    ),
    assumed(
        "query-of-the-url-not-sent",
        HOOKED,
        ('post(webhook["url"], content=body,', 'post(webhook["url"].partition("?")[0], content=body,'),
        subtle=True,
    ),
    assumed(
        "url-in-small-letters",
        HOOKED,
        ('post(webhook["url"], content=body,', 'post(webhook["url"].lower(), content=body,'),
        subtle=True,
    ),
    assumed("no-second-attempt", HOOKED, (WAITS, "RETRY_WAITS = (0,)")),
    assumed("two-attempts-at-most", HOOKED, (WAITS, WAITS.replace("range(9)", "range(1)")), subtle=True),
    assumed(
        "sent-twice-though-taken",
        HOOKED,
        (ATTEMPT, ATTEMPT + "            await self.attempt(webhook, identifier, body)\n"),
        subtle=True,
    ),
    assumed("only-200-takes", HOOKED, (TAKEN, "            if status == 200:\n"), subtle=True),
    assumed("redirect-takes", HOOKED, (TAKEN, TAKEN.replace("300", "400")), subtle=True),
    assumed("redirect-followed", HOOKED, ("follow_redirects=False,", "follow_redirects=True,"), subtle=True),
    assumed(
        "refusal-by-receiver-is-final",
        HOOKED,
        (TAKEN, "            if 200 <= status < 300 or 400 <= status < 500:\n"),
        subtle=True,
    ),
    assumed(
        "server-error-is-final", HOOKED, (TAKEN, "            if 200 <= status < 300 or status >= 500:\n"), subtle=True
    ),
    assumed("gone-receiver-tried-again", HOOKED, (GONE, "            if status == -1:\n"), subtle=True),
    assumed(
        "gone-receiver-gets-later-events",
        HOOKED,
        ('                webhook["is_active"] = False\n', "                return\n"),
        subtle=True,
    ),
    assumed("not-found-is-gone", HOOKED, (GONE, "            if status in (404, 410):\n"), subtle=True),
    assumed(
        "new-id-for-each-attempt",
        HOOKED,
        (IDENTIFIER, ""),
        (ATTEMPT, '            identifier = new_id("msg")\n' + ATTEMPT),
        subtle=True,
    ),
    assumed(
        "same-timestamp-for-all-attempts",
        HOOKED,
        (STAMP, "        timestamp = self.stamps.setdefault(identifier, str(int(time.time())))\n"),
        (
            "        self.tasks: set[asyncio.Task[None]] = set()\n",
            "        self.tasks: set[asyncio.Task[None]] = set()\n        self.stamps: dict[str, str] = {}\n",
        ),
        subtle=True,
    ),
    assumed(
        "body-changes-between-attempts",
        HOOKED,
        (ATTEMPT, '            body = encoded({**json.loads(body), "timestamp": now()})\n' + ATTEMPT),
        subtle=True,
    ),
    assumed(
        "later-attempts-unsigned",
        HOOKED,
        (IDENTIFIER, IDENTIFIER + "        first = True\n"),
        (
            ATTEMPT,
            '            unsigned = webhook if first else {**webhook, "secret": "whsec_AAAA"}\n            first = False\n'
            + ATTEMPT.replace("webhook,", "unsigned,"),
        ),
        subtle=True,
    ),
    assumed(
        "one-failure-switches-off", HOOKED, (GONE, "            if status == 410 or status >= 500:\n"), subtle=True
    ),
)

EVENTS: tuple[Fault, ...] = (*FIRING, *SAYING, *SIGNING, *SENDING)
