"""What can go wrong with the rate limit, the shape of errors, and requests at the same time."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Fault

WRITE = '    call.workspace.leads[lead["id"]] = lead\n'
CHANGE = '        lead.update(wanted)\n        lead["updated_at"] = now()\n'
METER = "        self.windows[key.name] = (start, min(count + 1, limit))\n"
PROBLEM = '    problem: Record = {"type": "about:blank", "title": title, "status": refusal.status, "detail": refusal.detail}\n'


LIMITS = (
    documented("no-limit-at-all", "*/limits", ("if count >= limit:", "if count >= 10 * limit:")),
    documented("one-request-too-few", "*/limits", ("if count >= limit:", "if count >= limit - 1:"), subtle=True),
    documented(
        "one-request-too-many",
        "*/limits",
        ("if count >= limit:", "if count > limit:"),
        (METER, METER.replace("limit)", "limit + 1)")),
        subtle=True,
    ),
    documented("half-of-the-limit", "*/limits", ("if count >= limit:", "if count >= limit // 2:")),
    documented(
        "reads-are-free",
        "*/limits",
        ("headers = await self.meter(key)", 'headers = {} if request.method == "GET" else await self.meter(key)'),
    ),
    documented(
        "head-is-free",
        "*/limits",
        ("headers = await self.meter(key)", 'headers = {} if request.method == "HEAD" else await self.meter(key)'),
        subtle=True,
    ),
    *(
        documented(
            f"{what}-are-free",
            "*/limits",
            (
                "headers = await self.meter(key)",
                f'headers = {{}} if request.path.endswith("{path}") else await self.meter(key)',
            ),
            subtle=True,
        )
        for what, path in {"deals": "/deals", "email-campaigns": "/email", "webhooks": "/webhooks"}.items()
    ),
    assumed(
        "no-rate-headers-on-archiving",
        "*/limits",
        (
            "        return response._replace(headers={**response.headers, **headers})",
            "        return response if response.status == 204 else response._replace(headers={**response.headers, **headers})",
        ),
        subtle=True,
    ),
    assumed(
        "what-is-not-found-is-free",
        "*/limits",
        (
            "            response = refused(refusal)\n        return response._replace",
            "            response = refused(refusal)\n            if refusal.status == 404 and key.limits:\n                start, count = self.windows[key.name]\n                self.windows[key.name] = (start, count - 1)\n        return response._replace",
        ),
        subtle=True,
    ),
    assumed(
        "limit-for-the-whole-workspace",
        "*/limits",
        ("self.windows.get(key.name,", "self.windows.get(key.tenant,"),
        (METER, METER.replace("key.name", "key.tenant")),
        subtle=True,
    ),
    assumed("429-is-503", "*/limits", ("raise Refusal(429, detail, headers=", "raise Refusal(503, detail, headers=")),
    assumed(
        "429-without-retry-after", "*/limits", ('headers={**headers, "retry-after": str(reset)}', "headers=headers")
    ),
    assumed("retry-after-zero", "*/limits", ('"retry-after": str(reset)', '"retry-after": "0"'), subtle=True),
    assumed(
        "retry-after-fraction", "*/limits", ('"retry-after": str(reset)', '"retry-after": f"{reset}.0"'), subtle=True
    ),
    assumed(
        "429-without-rate-headers",
        "*/limits",
        ('headers={**headers, "retry-after"', 'headers={"retry-after"'),
        subtle=True,
    ),
    assumed("no-rate-headers", "*/limits", ("headers={**response.headers, **headers}", "headers=response.headers")),
    assumed(
        "errors-without-rate-headers",
        "*/limits",
        (
            "        return response._replace(headers={**response",
            "        headers = headers if response.status < 400 else {}\n        return response._replace(headers={**response",
        ),
        subtle=True,
    ),
    assumed("remaining-one-too-many", "*/limits", ("max(0, limit - count - 1)", "max(0, limit - count)"), subtle=True),
    assumed(
        "remaining-never-falls",
        "*/limits",
        ('"ratelimit-remaining": str(remaining)', '"ratelimit-remaining": str(limit)'),
    ),
    assumed("limit-header-of-another-plan", "*/limits", ('"ratelimit-limit": str(limit)', '"ratelimit-limit": "5000"')),
    assumed(
        "reset-as-moment",
        "*/limits",
        ('"ratelimit-reset": str(reset)', '"ratelimit-reset": str(int(time.time()) + reset)'),
        subtle=True,
    ),
    assumed(
        "refused-requests-are-free",
        "*/limits",
        (
            "            response = refused(refusal)\n        return",
            "            start, count = self.windows.get(key.name, (0, 1))\n            self.windows[key.name] = (start, count - 1)\n            response = refused(refusal)\n        return",
        ),
        subtle=True,
    ),
    assumed("counting-races", "*/races", (METER, "        await asyncio.sleep(0.002)\n" + METER), subtle=True),
)

ERRORS = (
    assumed(
        "errors-are-plain-json",
        "*/conformance",
        ('"content-type": "application/problem+json"', '"content-type": "application/json"'),
        subtle=True,
    ),
    assumed(
        "errors-in-an-envelope",
        "*/conformance",
        ("**refusal.headers}, encoded(problem))", '**refusal.headers}, encoded({"error": problem}))'),
    ),
    assumed("problem-without-title", "*/conformance", (PROBLEM, PROBLEM.replace('"title": title, ', ""))),
    assumed(
        "problem-status-is-text",
        "*/conformance",
        (PROBLEM, PROBLEM.replace('"status": refusal.status', '"status": str(refusal.status)')),
        subtle=True,
    ),
    assumed(
        "problem-status-always-400",
        "*/conformance",
        (PROBLEM, PROBLEM.replace('"status": refusal.status', '"status": 400')),
        subtle=True,
    ),
    assumed("problem-detail-is-message", "*/conformance", (PROBLEM, PROBLEM.replace('"detail"', '"message"'))),
    assumed("no-list-of-errors", "*/conformance", ("    if refusal.errors:\n", "    if False:\n")),
    assumed(
        "first-error-only",
        "*/conformance",
        ('problem["errors"] = refusal.errors', 'problem["errors"] = refusal.errors[:1]'),
        subtle=True,
    ),
    assumed(
        "pointer-without-slash",
        "*/conformance",
        ('{"pointer": where, "detail"', '{"pointer": where[1:], "detail"'),
        subtle=True,
    ),
    assumed("pointer-is-field", "*/conformance", ('{"pointer": where, "detail"', '{"field": where, "detail"')),
    assumed(
        "pointer-with-dots",
        "*/conformance",
        ('{"pointer": where, "detail"', '{"pointer": "/" + where[1:].replace("/", "."), "detail"'),
        subtle=True,
    ),
    assumed(
        "query-errors-have-pointers",
        "*/conformance",
        ('{"parameter": name, "detail"', '{"pointer": name, "detail"'),
        subtle=True,
    ),
    assumed("wrong-body-is-400", "*/conformance", ("raise Refusal(422,", "raise Refusal(400,")),
    assumed("wrong-query-is-422", "*/conformance", ('raise Refusal(400, "; ".join', 'raise Refusal(422, "; ".join')),
)

RACES = (
    documented(
        "concurrent-patches-lose-one",
        "updateLead/races",
        (
            CHANGE,
            '        changed_lead = {**lead, **wanted, "updated_at": now()}\n        await asyncio.sleep(0.002)\n        call.workspace.leads[call.id] = lead = changed_lead\n',
        ),
        subtle=True,
    ),
    documented(
        "concurrent-creates-lose-one",
        "createLead/races",
        (
            WRITE,
            '    leads = {**call.workspace.leads, lead["id"]: lead}\n    await asyncio.sleep(0.002)\n    call.workspace.leads = leads\n',
        ),
        subtle=True,
    ),
    assumed(
        "concurrent-changes-fire-twice",
        "updateLead/races",
        (CHANGE, f"        await asyncio.sleep(0.002)\n{CHANGE}"),
        subtle=True,
    ),
    assumed(
        "concurrent-webhooks-lose-one",
        "createWebhook/races",
        (
            "    call.workspace.webhooks.append(webhook)\n",
            "    webhooks = [*call.workspace.webhooks, webhook]\n    await asyncio.sleep(0.002)\n    call.workspace.webhooks = webhooks\n",
        ),
        subtle=True,
    ),
    assumed(
        "concurrent-creates-share-an-id",
        "createLead/races",
        (WRITE, '    lead["id"] = f"lead_{len(call.workspace.leads):016d}"\n    await asyncio.sleep(0.002)\n' + WRITE),
        subtle=True,
    ),
)

COMMON: tuple[Fault, ...] = (*LIMITS, *ERRORS, *RACES)
