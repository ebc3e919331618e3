"""Faults of MEGA: how webhooks are changed and deleted."""

from __future__ import annotations

from tests.implementations.mega_faults_forms import assumed, vendor_page

DELETED = '    return Answer(200, {"deleted": True}, {})\n'
POPPED = '    if call.store["webhooks"].pop(call.webhook_id, None) is None:\n'
UPDATED = '    return Answer(200, {"webhook": shown_webhook(webhook), **secret}, {})\n'
CHANGES = "    changes = webhook_changes(call.body, PATCH_CHECKS)\n"
CHANGED = "    if any(webhook[name] != value for name, value in changes.items()):\n"
APPLIED = '        webhook |= {**changes, "updated_at": max(milliseconds(), webhook["updated_at"] + 1)}\n'
ROTATED = '        changes["secret"] = new_secret()\n'
SECRET = '    secret = {"secret": webhook["secret"]} if rotated else {}\n'
NOT_FOUND = "        raise Refusal(404, NO_WEBHOOK)\n    rotated"
SIGNED = '        "X-Mega-Signature": signature(webhook["secret"], timestamp, body),\n'
CHANGED_ONES = (
    vendor_page(
        "change-replaces",
        "updateLeadWebhook/records",
        (
            CHANGES,
            (
                '    changes = {"timeout_seconds": 10, "retry_attempts": 5, "description": None, '
                "**webhook_changes(call.body, PATCH_CHECKS)}\n"
            ),
        ),
    ),
    vendor_page(
        "change-of-url-ignored", "updateLeadWebhook/records", (CHANGED, f'    changes.pop("url", None)\n{CHANGED}')
    ),
    vendor_page(
        "change-of-timeout-ignored",
        "updateLeadWebhook/records",
        (CHANGED, f'    changes.pop("timeout_seconds", None)\n{CHANGED}'),
        subtle=True,
    ),
    vendor_page(
        "change-of-retries-ignored",
        "updateLeadWebhook/records",
        (CHANGED, f'    changes.pop("retry_attempts", None)\n{CHANGED}'),
        subtle=True,
    ),
    vendor_page(
        "change-of-description-ignored",
        "updateLeadWebhook/records",
        (CHANGED, f'    changes.pop("description", None)\n{CHANGED}'),
        subtle=True,
    ),
    vendor_page(
        "pause-ignored", "updateLeadWebhook/records", (CHANGED, f'    changes.pop("is_active", None)\n{CHANGED}')
    ),
    vendor_page(
        "resuming-ignored",
        "updateLeadWebhook/records",
        (CHANGED, f'    if changes.get("is_active"):\n        del changes["is_active"]\n{CHANGED}'),
        subtle=True,
    ),
    assumed(
        "description-not-cleared",
        "updateLeadWebhook/records",
        (CHANGED, f'    if changes.get("description", "") is None:\n        del changes["description"]\n{CHANGED}'),
        subtle=True,
    ),
    vendor_page(
        "change-answered-not-kept",
        "updateLeadWebhook/records",
        (APPLIED, APPLIED.replace("webhook |=", "webhook = webhook |")),
        subtle=True,
    ),
    vendor_page(
        "change-answers-old-state",
        "updateLeadWebhook/records",
        (CHANGED, f"    before = dict(webhook)\n{CHANGED}"),
        (UPDATED, UPDATED.replace("shown_webhook(webhook)", "shown_webhook(before)")),
        subtle=True,
    ),
    vendor_page(
        "change-not-dated", "updateLeadWebhook/records", (APPLIED, "        webhook |= changes\n"), subtle=True
    ),
    assumed("no-change-dated", "updateLeadWebhook/records", (CHANGED, "    if webhook:\n"), subtle=True),
    vendor_page(
        "change-is-created-anew",
        "updateLeadWebhook/records",
        (APPLIED, APPLIED.replace("{**changes,", '{**changes, "created_at": milliseconds(),')),
        subtle=True,
    ),
    vendor_page(
        "id-may-be-changed",
        "updateLeadWebhook/records",
        (CHANGED, '    if isinstance(call.body.get("id"), str):\n        changes["id"] = call.body["id"]\n' + CHANGED),
        subtle=True,
    ),
    vendor_page(
        "creation-may-be-changed",
        "updateLeadWebhook/records",
        (CHANGED, '    if "created_at" in call.body:\n        changes["created_at"] = 0\n' + CHANGED),
        subtle=True,
    ),
    vendor_page(
        "change-not-checked",
        "updateLeadWebhook/conformance",
        (
            CHANGES,
            (
                "    given = an_object(call.body)\n"
                "    changes = {name: given[name] for name in PATCH_CHECKS if name in given and type(given[name]) "
                "in {str, int, bool, list}}\n"
                "    changes = {name: value for name, value in changes.items() if not PATCH_CHECKS[name](value) "
                'or name in {"url", "timeout_seconds"}}\n'
            ),
        ),
    ),
    vendor_page(
        "changed-url-not-checked",
        "updateLeadWebhook/conformance",
        (
            "PATCH_CHECKS: dict[str, Check] = {**WEBHOOK_CHECKS,",
            'PATCH_CHECKS: dict[str, Check] = {**WEBHOOK_CHECKS, "url": text(2048),',
        ),
        subtle=True,
    ),
    vendor_page(
        "changed-events-not-checked",
        "updateLeadWebhook/conformance",
        (
            "PATCH_CHECKS: dict[str, Check] = {**WEBHOOK_CHECKS,",
            (
                'PATCH_CHECKS: dict[str, Check] = {**WEBHOOK_CHECKS, "event_types": lambda value: None '
                'if isinstance(value, list) else "must be a list",'
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "pause-by-a-text",
        "updateLeadWebhook/conformance",
        ('"is_active": boolean, "rotate', '"is_active": lambda _: None, "rotate'),
        subtle=True,
    ),
    vendor_page(
        "rotation-by-a-text",
        "updateLeadWebhook/conformance",
        ('"rotate_secret": boolean}', '"rotate_secret": lambda _: None}'),
        subtle=True,
    ),
    vendor_page("rotation-keeps-the-secret", "updateLeadWebhook/records", (ROTATED, "        pass\n")),
    vendor_page(
        "rotation-without-secret", "updateLeadWebhook/conformance", (SECRET, "    secret: dict[str, str] = {}\n")
    ),
    vendor_page(
        "rotation-not-wanted",
        "updateLeadWebhook/records",
        ("    if rotated:\n", '    if "rotate_secret" in call.body:\n'),
        subtle=True,
    ),
    vendor_page(
        "every-change-shows-the-secret",
        "updateLeadWebhook/conformance",
        (SECRET, '    secret = {"secret": webhook["secret"]}\n'),
        subtle=True,
    ),
    vendor_page(
        "rotated-secret-is-not-used",
        "updateLeadWebhook/events",
        (ROTATED, ROTATED + '        changes["signs_with"] = webhook.get("signs_with", webhook["secret"])\n'),
        (CHANGED, "    if any(webhook.get(name) != value for name, value in changes.items()):\n"),
        (SIGNED, SIGNED.replace('webhook["secret"]', 'webhook.get("signs_with", webhook["secret"])')),
        subtle=True,
    ),
    vendor_page(
        "unknown-webhook-is-400", "updateLeadWebhook/conformance", (NOT_FOUND, NOT_FOUND.replace("404", "400"))
    ),
    vendor_page(
        "unknown-webhook-is-403", "updateLeadWebhook/access", (NOT_FOUND, NOT_FOUND.replace("404", "403")), subtle=True
    ),
    vendor_page(
        "delete-is-204",
        "deleteLeadWebhook/conformance",
        (DELETED, DELETED.replace('200, {"deleted": True}', "204, None")),
    ),
    vendor_page(
        "delete-with-a-text", "deleteLeadWebhook/conformance", (DELETED, DELETED.replace("True", '"true"')), subtle=True
    ),
    vendor_page(
        "delete-with-the-id",
        "deleteLeadWebhook/conformance",
        (DELETED, DELETED.replace('{"deleted": True}', '{"id": call.webhook_id}')),
    ),
    vendor_page(
        "delete-does-nothing",
        "deleteLeadWebhook/records",
        (POPPED, '    if call.store["webhooks"].get(call.webhook_id) is None:\n'),
    ),
    vendor_page(
        "delete-pauses-only",
        "deleteLeadWebhook/records",
        (
            POPPED,
            (
                '    webhook = call.store["webhooks"].get(call.webhook_id)\n'
                '    if webhook and webhook["is_active"]:\n'
                '        webhook["is_active"] = False\n'
                "    elif True:\n"
            ),
        ),
        subtle=True,
    ),
    vendor_page(
        "deleted-still-listed",
        "deleteLeadWebhook/records",
        (
            POPPED,
            '    call.store.setdefault("gone", []).append(call.store["webhooks"].get(call.webhook_id))\n' + POPPED,
        ),
        (
            '    webhooks = call.store["webhooks"].values()\n',
            '    webhooks = [*call.store["webhooks"].values(), *filter(None, call.store.get("gone", []))]\n',
        ),
        subtle=True,
    ),
    assumed(
        "delete-twice-is-200",
        "deleteLeadWebhook/records",
        (
            POPPED,
            (
                '    deleted = call.store.setdefault("gone", set())\n'
                "    if call.webhook_id in deleted:\n"
                '        return Answer(200, {"deleted": True}, {})\n'
                "    deleted.add(call.webhook_id)\n"
            )
            + POPPED,
        ),
        subtle=True,
    ),
    vendor_page(
        "delete-of-anything-is-200",
        "deleteLeadWebhook/conformance",
        (POPPED, '    if call.store["webhooks"].pop(call.webhook_id, None) == "":\n'),
    ),
    vendor_page(
        "changes-at-once-lose-one",
        "updateLeadWebhook/races",
        (
            APPLIED,
            (
                '        later = {**webhook, **changes, "updated_at": max(milliseconds(), webhook["updated_at"] '
                "+ 1)}\n"
                "        await asyncio.sleep(0.002)\n"
                "        webhook |= later\n"
            ),
        ),
        subtle=True,
    ),
)
