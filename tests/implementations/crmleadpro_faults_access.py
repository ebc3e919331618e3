"""What can go wrong with keys."""

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Change, Fault

AUTHENTICATE = "        key = authenticate(request)\n"
COMPARE = "if match and hmac.compare_digest(match[1].encode(), key.secret.encode()):"
BEARER = 'match = re.fullmatch(r"(?i:bearer) ([^ ]+)", request.header("authorization") or "")'


def open_to_all(handler: str) -> Change:
    return AUTHENTICATE, f"{AUTHENTICATE[:14]}KEYS[0] if handler is {handler} else authenticate(request)\n"


ACCESS: tuple[Fault, ...] = (
    documented("list-leads-without-key", "listLeads/access", open_to_all("list_leads")),
    documented("get-lead-without-key", "getLead/access", open_to_all("get_lead")),
    documented("create-lead-without-key", "createLead/access", open_to_all("create_lead")),
    documented("archive-lead-without-key", "archiveLead/access", open_to_all("archive_lead")),
    documented("pipelines-without-key", "listPipelines/access", open_to_all("list_pipelines")),
    documented("contacts-without-key", "listContacts/access", open_to_all("list_contacts")),
    documented("whatsapp-without-key", "createWhatsappCampaign/access", open_to_all("create_whatsapp_campaign")),
    documented("analytics-without-key", "getPipelineAnalytics/access", open_to_all("get_pipeline_analytics")),
    documented("webhooks-without-key", "createWebhook/access", open_to_all("create_webhook")),
    documented("any-token-opens", "*/access", (COMPARE, "if match:")),
    documented(
        "part-of-a-key-opens", "*/access", (COMPARE, "if match and key.secret.startswith(match[1]):"), subtle=True
    ),
    documented("longer-key-opens", "*/access", (COMPARE, "if match and match[1].startswith(key.secret):"), subtle=True),
    documented(
        "last-symbols-of-key-ignored",
        "*/access",
        (COMPARE, "if match and match[1][:40] == key.secret[:40]:"),
        subtle=True,
    ),
    documented(
        "key-in-any-letter-case",
        "*/access",
        (COMPARE, "if match and match[1].lower() == key.secret.lower():"),
        subtle=True,
    ),
    assumed(
        "basic-scheme-opens", "*/access", (BEARER, BEARER.replace("(?i:bearer)", "(?i:bearer|basic)")), subtle=True
    ),
    assumed(
        "key-without-scheme-opens", "*/access", (BEARER, BEARER.replace("(?i:bearer) ", "(?i:bearer )?")), subtle=True
    ),
    assumed("small-bearer-refused", "*/access", (BEARER, BEARER.replace("(?i:bearer)", "Bearer")), subtle=True),
    assumed("two-spaces-after-bearer", "*/access", (BEARER, BEARER.replace("bearer) ", "bearer) +")), subtle=True),
    assumed(
        "key-in-query-opens",
        "*/access",
        (
            BEARER,
            'match = re.search(r"(?:^|&)(?:api_key|key|token|access_token)=([^&]+)", request.query) or ' + BEARER[8:],
        ),
        subtle=True,
    ),
    assumed(
        "key-in-x-api-key-opens",
        "*/access",
        (BEARER, BEARER.replace('or "")', 'or "Bearer " + (request.header("x-api-key") or ""))')),
        subtle=True,
    ),
    assumed(
        "first-of-two-keys-counts",
        "*/access",
        ("values[0].strip() if len(values) == 1 else None", "values[0].strip() if values else None"),
        subtle=True,
    ),
    assumed(
        "403-for-a-wrong-key",
        "*/access",
        ("raise Refusal(401, detail,", "raise Refusal(401 if missing else 403, detail,"),
    ),
    assumed("401-without-challenge", "*/access", (', headers={"www-authenticate": "Bearer"})', ")")),
    assumed(
        "challenge-for-bearer-tokens-only",
        "*/access",
        (
            'headers={"www-authenticate": "Bearer"})',
            'headers={"www-authenticate": "Bearer"} if missing or match else {})',
        ),
        subtle=True,
    ),
    assumed(
        "401-with-basic-challenge",
        "*/access",
        ('"www-authenticate": "Bearer"', '"www-authenticate": "Basic"'),
        subtle=True,
    ),
)
