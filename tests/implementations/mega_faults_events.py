"""Faults of MEGA: what webhooks receive."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, documented, vendor_page
from tests.implementations.workshop import Change

POPPED = '    if call.store["webhooks"].pop(call.webhook_id, None) is None:\n'
TOLD = '    if outcome == "created":\n        announce'
ACTIVE = '        if webhook["is_active"] and "lead.created" in webhook["event_types"]:\n'
EVENT = '{"event": "lead.created", "delivered_at": moment(milliseconds()), "lead": told}'
ATTEMPTED = "        if await attempt(webhook, delivery, body):\n            return\n"
STOPPED = '        if webhook is None or not webhook["is_active"] or attempts > webhook["retry_attempts"]:\n'
WAIT = "        await asyncio.sleep(min(FIRST_RETRY_SECONDS * 2**attempts, MAX_RETRY_SECONDS))\n"
DELIVERY = "    delivery = str(uuid.uuid4())\n    attempts = 0\n"
TIMESTAMP = "    timestamp = str(int(time.time()))\n"
SIGNED = '        "X-Mega-Signature": signature(webhook["secret"], timestamp, body),\n'
TIME_SENT = '        "X-Mega-Timestamp": timestamp,\n'
DELIVERY_SENT = '        "X-Mega-Delivery": delivery,\n'
SIGNATURE = 'return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()'
SUCCESS = "    return response.is_success\n"
NOT_SENT = "    except (httpx.HTTPError, OSError):\n        return False\n"
CREATES_TASK = "            task = asyncio.get_running_loop()"


def told(change: str) -> Change:
    return f"    return encoded({EVENT})\n", f"    {change}\n    return encoded({EVENT})\n"


EVENTS = (
    vendor_page("nothing-is-told", "createLead/events", (TOLD, '    if outcome == "never":\n        announce')),
    vendor_page("merges-are-told", "createLead/events", (TOLD, "    if outcome:\n        announce"), subtle=True),
    vendor_page(
        "told-twice",
        "createLead/events",
        (f"{TOLD}(call, lead)\n", f"{TOLD}(call, lead)\n        announce(call, lead)\n"),
        subtle=True,
    ),
    vendor_page(
        "told-with-email-only",
        "createLead/events",
        (TOLD, '    if outcome == "created" and lead["contact_email"]:\n        announce'),
        subtle=True,
    ),
    vendor_page(
        "leads-of-one-platform-are-not-told",
        "createLead/events",
        (TOLD, '    if outcome == "created" and lead["source_platform"] != "hubspot":\n        announce'),
        subtle=True,
    ),
    vendor_page(
        "told-once-per-webhook",
        "createLead/events",
        (
            ACTIVE,
            ACTIVE.replace("in webhook", 'in webhook.setdefault("events", []) + webhook').replace(
                ":\n", ' and not webhook.get("told"):\n            webhook["told"] = True\n'
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "first-webhook-is-told",
        "createLead/events",
        (ACTIVE, ACTIVE.replace(":\n", ' and webhook_id == next(iter(call.store["webhooks"])):\n')),
        subtle=True,
    ),
    vendor_page(
        "paused-webhook-is-told",
        "createLead/events",
        (ACTIVE, '        if "lead.created" in webhook["event_types"]:\n'),
        (STOPPED, STOPPED.replace(' or not webhook["is_active"]', "")),
        subtle=True,
    ),
    vendor_page(
        "deleted-webhook-is-told",
        "createLead/events",
        (
            POPPED,
            '    call.store.setdefault("gone", {})[call.webhook_id] = call.store["webhooks"].get(call.webhook_id)\n'
            + POPPED,
        ),
        (
            '    for webhook_id, webhook in call.store["webhooks"].items():\n',
            (
                '    gone = {name: webhook for name, webhook in call.store.get("gone", {}).items() if '
                "webhook}\n"
                '    for webhook_id, webhook in {**gone, **call.store["webhooks"]}.items():\n'
            ),
        ),
        (
            '        webhook = store["webhooks"].get(webhook_id)\n',
            '        webhook = store["webhooks"].get(webhook_id) or store.get("gone", {}).get(webhook_id)\n',
        ),
        subtle=True,
    ),
    documented(
        "webhooks-of-all-customers-are-told",
        "createLead/events",
        (
            '    for webhook_id, webhook in call.store["webhooks"].items():\n',
            (
                '    stores = call.state["customers"].values()\n'
                "    for store, webhook_id, webhook in [(store, *item) for store in stores for item in "
                'store["webhooks"].items()]:\n'
            ),
        ),
        ("create_task(deliver(call.store, webhook_id,", "create_task(deliver(store, webhook_id,"),
        subtle=True,
    ),
    vendor_page(
        "receiver-that-fails-fails-the-create",
        "createLead/events",
        (
            CREATES_TASK,
            (
                '            await_result = webhook.get("failed")\n'
                "            if await_result:\n"
                '                raise Refusal(502, "The receiver failed")\n'
                f"{CREATES_TASK}"
            ),
        ),
        (ATTEMPTED, ATTEMPTED + '        webhook["failed"] = True\n'),
        subtle=True,
    ),
    vendor_page(
        "event-by-another-name", "createLead/events", (EVENT, EVENT.replace('"lead.created"', '"lead_created"'))
    ),
    vendor_page("event-in-type", "createLead/events", (EVENT, EVENT.replace('"event"', '"type"')), subtle=True),
    vendor_page(
        "event-without-time",
        "createLead/events",
        (EVENT, EVENT.replace('"delivered_at": moment(milliseconds()), ', "")),
        subtle=True,
    ),
    vendor_page(
        "event-with-time-in-seconds",
        "createLead/events",
        (EVENT, EVENT.replace("moment(milliseconds())", "int(time.time())")),
        subtle=True,
    ),
    vendor_page("event-with-lead-in-data", "createLead/events", (EVENT, EVENT.replace('"lead": told', '"data": told'))),
    vendor_page(
        "event-with-flat-lead", "createLead/events", (EVENT, EVENT.replace('"lead": told', "**told")), subtle=True
    ),
    vendor_page("event-without-lead-id", "createLead/events", told('del told["id"]')),
    vendor_page("event-with-another-id", "createLead/events", told('told["id"] = str(uuid.uuid4())'), subtle=True),
    vendor_page("event-without-source-type", "createLead/events", told('del told["source_type"]'), subtle=True),
    vendor_page("event-without-phone", "createLead/events", told('told["contact_phone"] = None'), subtle=True),
    vendor_page("event-without-lead-line", "createLead/events", told('told["lead_line"] = None'), subtle=True),
    vendor_page("event-without-custom-fields", "createLead/events", told('told["custom_fields"] = {}'), subtle=True),
    vendor_page(
        "event-with-stage-as-text",
        "createLead/events",
        told('told["current_stage"] = told["current_stage"]["slug"]'),
        subtle=True,
    ),
    vendor_page(
        "event-with-wrong-stage-name",
        "createLead/events",
        told('told["current_stage"]["name"] = told["current_stage"]["slug"]'),
        subtle=True,
    ),
    vendor_page(
        "event-with-name-in-ascii",
        "createLead/events",
        told('told["contact_name"] = told["contact_name"] and told["contact_name"].encode("ascii", "ignore").decode()'),
        subtle=True,
    ),
    vendor_page(
        "event-not-as-json",
        "createLead/events",
        (
            '        "Content-Type": "application/json",\n        "X-Mega',
            '        "Content-Type": "application/x-www-form-urlencoded",\n        "X-Mega',
        ),
        subtle=True,
    ),
    vendor_page("signature-missing", "createLead/events", (SIGNED, "")),
    vendor_page("signature-by-another-name", "createLead/events", (SIGNED, SIGNED.replace("X-Mega", "X-Mega-Webhook"))),
    vendor_page(
        "signature-of-body-alone",
        "createLead/events",
        (SIGNATURE, SIGNATURE.replace('timestamp.encode() + b"." + body', "body")),
    ),
    vendor_page(
        "signature-without-full-stop", "createLead/events", (SIGNATURE, SIGNATURE.replace(' + b"."', "")), subtle=True
    ),
    vendor_page(
        "signature-with-colon", "createLead/events", (SIGNATURE, SIGNATURE.replace('b"."', 'b":"')), subtle=True
    ),
    vendor_page(
        "signature-of-compact-body",
        "createLead/events",
        (SIGNATURE, SIGNATURE.replace("+ body", '+ json.dumps(json.loads(body), separators=(",", ":")).encode()')),
        subtle=True,
    ),
    vendor_page(
        "signature-of-ascii-body",
        "createLead/events",
        (SIGNATURE, SIGNATURE.replace("+ body", "+ json.dumps(json.loads(body)).encode()")),
        subtle=True,
    ),
    vendor_page(
        "signature-in-base64",
        "createLead/events",
        (
            SIGNATURE,
            (
                'return "sha256=" + base64.b64encode(hmac.digest(secret.encode(), timestamp.encode() + '
                'b"." + body, "sha256")).decode()'
            ),
        ),
    ),
    vendor_page("signature-in-capitals", "createLead/events", (SIGNATURE, SIGNATURE + ".upper()"), subtle=True),
    vendor_page(
        "signature-without-prefix", "createLead/events", (SIGNATURE, SIGNATURE.replace('"sha256=" + ', "")), subtle=True
    ),
    vendor_page(
        "signature-by-sha1", "createLead/events", (SIGNATURE, SIGNATURE.replace('"sha256").hex', '"sha1").hex'))
    ),
    vendor_page(
        "signature-by-part-of-secret",
        "createLead/events",
        (SIGNATURE, SIGNATURE.replace("secret.encode()", 'secret.removeprefix("mega_whsec_").encode()')),
        subtle=True,
    ),
    vendor_page("signature-by-id", "createLead/events", (SIGNED, SIGNED.replace('"secret"', '"id"')), subtle=True),
    vendor_page(
        "signature-of-another-time",
        "createLead/events",
        (TIME_SENT, '        "X-Mega-Timestamp": str(int(timestamp) + 1),\n'),
        subtle=True,
    ),
    vendor_page("timestamp-missing", "createLead/events", (TIME_SENT, "")),
    vendor_page(
        "timestamp-in-milliseconds",
        "createLead/events",
        (TIMESTAMP, "    timestamp = str(milliseconds())\n"),
        subtle=True,
    ),
    vendor_page(
        "timestamp-as-a-date", "createLead/events", (TIMESTAMP, "    timestamp = moment(milliseconds())\n"), subtle=True
    ),
    vendor_page(
        "timestamp-an-hour-old",
        "createLead/events",
        (TIMESTAMP, "    timestamp = str(int(time.time()) - 3600)\n"),
        subtle=True,
    ),
    vendor_page("delivery-missing", "createLead/events", (DELIVERY_SENT, "")),
    vendor_page(
        "delivery-is-the-webhook",
        "createLead/events",
        (DELIVERY_SENT, '        "X-Mega-Delivery": webhook["id"],\n'),
        subtle=True,
    ),
    vendor_page(
        "retry-as-another-delivery",
        "createLead/events",
        (ATTEMPTED, ATTEMPTED.replace("delivery,", "str(uuid.uuid4()),")),
        subtle=True,
    ),
    assumed(
        "retry-with-the-first-timestamp",
        "createLead/events",
        (TIMESTAMP, '    timestamp = webhook["times"].setdefault(delivery, str(int(time.time())))\n'),
        (ATTEMPTED, '        webhook.setdefault("times", {})\n' + ATTEMPTED),
        subtle=True,
    ),
    assumed(
        "retry-with-another-time-of-delivery",
        "createLead/events",
        (WAIT, WAIT + '        body = encoded({**json.loads(body), "delivered_at": moment(milliseconds())})\n'),
        subtle=True,
    ),
    vendor_page(
        "no-retry",
        "createLead/events",
        (ATTEMPTED, ATTEMPTED.replace("            return\n", "            return\n        return\n")),
    ),
    vendor_page(
        "no-retry-after-4xx",
        "createLead/events",
        (SUCCESS, "    return response.is_success or response.is_client_error\n"),
        subtle=True,
    ),
    vendor_page(
        "no-retry-without-answer",
        "createLead/events",
        (NOT_SENT, NOT_SENT.replace("return False", "return True")),
        subtle=True,
    ),
    vendor_page(
        "no-retry-after-410",
        "createLead/events",
        (SUCCESS, "    return response.is_success or response.status_code == 410\n"),
        subtle=True,
    ),
    vendor_page(
        "only-200-is-received", "createLead/events", (SUCCESS, "    return response.status_code == 200\n"), subtle=True
    ),
    vendor_page(
        "redirect-is-received",
        "createLead/events",
        (SUCCESS, "    return response.is_success or response.is_redirect\n"),
        subtle=True,
    ),
    vendor_page(
        "redirect-is-followed", "createLead/events", ("follow_redirects=False", "follow_redirects=True"), subtle=True
    ),
    vendor_page(
        "one-retry-too-few",
        "createLead/events",
        (
            STOPPED,
            STOPPED.replace("attempts >", "attempts >= max(1,").replace('["retry_attempts"]', '["retry_attempts"])'),
        ),
        subtle=True,
    ),
    vendor_page(
        "one-retry-too-many",
        "createLead/events",
        (STOPPED, STOPPED.replace("attempts >", "attempts - 1 >")),
        subtle=True,
    ),
    vendor_page(
        "retries-of-the-webhook-ignored",
        "createLead/events",
        (STOPPED, STOPPED.replace('webhook["retry_attempts"]', "5")),
        subtle=True,
    ),
    vendor_page(
        "retries-without-waiting", "createLead/events", (WAIT, "        await asyncio.sleep(0.001)\n"), subtle=True
    ),
    vendor_page(
        "delivery-goes-on-after-success",
        "createLead/events",
        (
            ATTEMPTED,
            ATTEMPTED.replace(
                "            return\n", '            attempts = max(attempts, webhook["retry_attempts"] - 1)\n'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "retry-after-delete",
        "deleteLeadWebhook/events",
        (DELIVERY, DELIVERY + '    kept = store["webhooks"].get(webhook_id)\n'),
        (
            '        webhook = store["webhooks"].get(webhook_id)\n',
            '        webhook = store["webhooks"].get(webhook_id, kept)\n',
        ),
        subtle=True,
    ),
    assumed(
        "retry-after-pause",
        "updateLeadWebhook/events",
        (STOPPED, STOPPED.replace('not webhook["is_active"]', 'not (webhook["is_active"] or attempts)')),
        subtle=True,
    ),
    assumed(
        "retry-with-the-former-secret",
        "updateLeadWebhook/events",
        (DELIVERY, DELIVERY + '    secret = store["webhooks"][webhook_id]["secret"]\n'),
        (ATTEMPTED, ATTEMPTED.replace("attempt(webhook,", 'attempt({**webhook, "secret": secret},')),
        subtle=True,
    ),
    assumed(
        "retry-to-the-former-url",
        "updateLeadWebhook/events",
        (DELIVERY, DELIVERY + '    url = store["webhooks"][webhook_id]["url"]\n'),
        (ATTEMPTED, ATTEMPTED.replace("attempt(webhook,", 'attempt({**webhook, "url": url},')),
        subtle=True,
    ),
)
