"""What can go wrong when a lead is created and read."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Fault

CREATED = "    return answer(201, lead, location=f\"{BASE}/leads/{lead['id']}\")"
ACCEPTED = "        document: Record = self.document\n"
ID = '        "id": new_id("lead"),\n'
GOT = "    return answer(200, call.workspace.lead(call.id))"
TAGS_OF = '"tags": document.get("tags", []),'
SOURCE_OF = '"source": document.get("source"),'
NAME_OF = '        "name": document["name"],\n        "email": document'
EMAIL_OF = '"email": document.get("email"),'
NOW = '.strftime("%Y-%m-%dT%H:%M:%S.%fZ")'
CALL = "            call = Call(self.workspaces[key.tenant], "
LOOK_UP = "        if identifier not in self.leads or identifier in self.archived:\n"


def name_is(expression: str) -> tuple[str, str]:
    return NAME_OF, NAME_OF.replace('document["name"]', expression)


def anybodys(handler: str) -> tuple[str, str]:
    owner = f"next((one for one in self.workspaces.values() if handler is {handler} and identifier in one.leads), None)"
    return CALL, CALL.replace("self.workspaces", f"{owner} or self.workspaces")


CREATE = (
    assumed("create-answers-200", "createLead/conformance", (CREATED, CREATED.replace("201", "200"))),
    assumed("create-without-location", "createLead/conformance", (CREATED, "    return answer(201, lead)")),
    assumed("location-without-base", "createLead/conformance", (CREATED, CREATED.replace("{BASE}", "")), subtle=True),
    assumed(
        "location-of-the-list", "createLead/conformance", (CREATED, CREATED.replace("/{lead['id']}", "")), subtle=True
    ),
    assumed(
        "create-omits-nulls",
        "createLead/conformance",
        (CREATED, CREATED.replace("lead,", "{member: value for member, value in lead.items() if value is not None},")),
    ),
    assumed(
        "create-omits-empty-tags",
        "createLead/conformance",
        (CREATED, CREATED.replace("lead,", "{member: value for member, value in lead.items() if value != []},")),
        subtle=True,
    ),
    assumed(
        "create-answers-id-alone", "createLead/conformance", (CREATED, CREATED.replace("lead,", '{"id": lead["id"]},'))
    ),
    assumed("create-wraps-the-lead", "createLead/conformance", (CREATED, CREATED.replace("lead,", '{"data": lead},'))),
    assumed(
        "lead-has-pipeline-too", "createLead/conformance", (ID, ID + '        "pipeline": "sales",\n'), subtle=True
    ),
    assumed(
        "score-is-text",
        "createLead/conformance",
        ("None if value is None else int(value)", "None if value is None else str(int(value))"),
    ),
    documented("tags-are-text", "createLead/conformance", (TAGS_OF, '"tags": ",".join(document.get("tags", [])),')),
    assumed(
        "new-lead-is-contacted",
        "createLead/records",
        ('document.get("status", "new")', 'document.get("status", "contacted")'),
        subtle=True,
    ),
    assumed(
        "new-lead-is-open",
        "createLead/conformance",
        ('document.get("status", "new")', 'document.get("status", "open")'),
    ),
    assumed(
        "new-lead-at-second-stage",
        "createLead/records",
        ('document.get("pipeline_stage", "new")', 'document.get("pipeline_stage", "contacted")'),
        subtle=True,
    ),
    assumed(
        "default-score-is-zero",
        "createLead/records",
        ("None if value is None else int(value)", "int(value or 0)"),
        subtle=True,
    ),
    assumed(
        "score-zero-becomes-null",
        "createLead/records",
        ("None if value is None else int(value)", "int(value) if value else None"),
        subtle=True,
    ),
    assumed("create-ignores-status", "createLead/records", ('document.get("status", "new")', '"new"')),
    assumed("create-ignores-stage", "createLead/records", ('document.get("pipeline_stage", "new")', '"new"')),
    documented("create-drops-source", "createLead/records", (SOURCE_OF, '"source": None,')),
    assumed("create-drops-company", "createLead/records", ('"company": document.get("company"),', '"company": None,')),
    assumed(
        "create-drops-assigned-to",
        "createLead/records",
        ('"assigned_to": document.get("assigned_to"),', '"assigned_to": None,'),
    ),
    documented(
        "email-and-phone-swapped",
        "createLead/records",
        (EMAIL_OF, '"email": document.get("phone"),'),
        ('"phone": document.get("phone"),', '"phone": document.get("email"),'),
    ),
    assumed(
        "source-in-small-letters",
        "createLead/records",
        (SOURCE_OF, '"source": (document.get("source") or "").lower() or None,'),
        subtle=True,
    ),
    assumed(
        "source-defaults-to-api",
        "createLead/records",
        (SOURCE_OF, '"source": document.get("source") or "api",'),
        subtle=True,
    ),
    assumed("name-trimmed", "createLead/records", name_is('document["name"].strip()'), subtle=True),
    assumed("name-cut-at-50", "createLead/records", name_is('document["name"][:50]'), subtle=True),
    assumed(
        "name-normalised",
        "createLead/records",
        name_is('__import__("unicodedata").normalize("NFKC", document["name"])'),
        subtle=True,
    ),
    assumed("name-in-title-case", "createLead/records", name_is('document["name"].title()'), subtle=True),
    assumed(
        "name-escaped-for-html",
        "createLead/records",
        name_is('__import__("html").escape(document["name"])'),
        subtle=True,
    ),
    assumed(
        "emoji-in-name-crashes",
        "createLead/robustness",
        name_is('document["name"] if max(map(ord, document["name"])) < 65536 else document[""]'),
        subtle=True,
    ),
    assumed(
        "emoji-in-name-lost",
        "createLead/records",
        name_is('"".join(sign for sign in document["name"] if ord(sign) < 65536)'),
        subtle=True,
    ),
    assumed(
        "name-of-ten-signs-crashes",
        "createLead/robustness",
        name_is('document["name" if len(document["name"]) != 10 else ""]'),
        subtle=True,
    ),
    assumed(
        "other-letters-garbled",
        "createLead/records",
        name_is('document["name"].encode().decode("latin-1")'),
        subtle=True,
    ),
    assumed(
        "email-in-small-letters",
        "createLead/records",
        (EMAIL_OF, '"email": (document.get("email") or "").lower() or None,'),
        subtle=True,
    ),
    documented(
        "phone-loses-spaces",
        "createLead/records",
        ('"phone": document.get("phone"),', '"phone": (document.get("phone") or "").replace(" ", "") or None,'),
        subtle=True,
    ),
    assumed("tags-sorted", "createLead/records", (TAGS_OF, '"tags": sorted(document.get("tags", [])),'), subtle=True),
    assumed(
        "tags-once-each",
        "createLead/records",
        (TAGS_OF, '"tags": list(dict.fromkeys(document.get("tags", []))),'),
        subtle=True,
    ),
    assumed(
        "tags-in-small-letters",
        "createLead/records",
        (TAGS_OF, '"tags": [tag.lower() for tag in document.get("tags", [])],'),
        subtle=True,
    ),
    assumed("unknown-members-kept", "createLead/records", (ID, "        **document,\n" + ID), subtle=True),
    assumed(
        "unknown-members-refused",
        "createLead/conformance",
        (
            ACCEPTED,
            ACCEPTED
            + '        if checks is LEAD and document.keys() - LEAD.keys() - {"id", "created_at", "updated_at"}:\n            raise Refusal(422, "Unknown member", [{"pointer": "", "detail": "has an unknown member"}])\n',
        ),
        subtle=True,
    ),
    assumed(
        "id-from-the-client",
        "createLead/records",
        (ID, '        "id": str(document.get("id") or new_id("lead")),\n'),
        subtle=True,
    ),
    assumed(
        "created-at-from-the-client",
        "createLead/records",
        (
            '        "created_at": moment,\n        "updated_at": moment,\n    }\n    call.workspace.leads',
            '        "created_at": document.get("created_at", moment),\n        "updated_at": moment,\n    }\n    call.workspace.leads',
        ),
        subtle=True,
    ),
    assumed(
        "same-email-same-lead",
        "createLead/records",
        (
            '    call.workspace.leads[lead["id"]] = lead\n',
            '    for known in call.workspace.current():\n        if lead["email"] and known["email"] == lead["email"]:\n            return answer(201, known, location=f"{BASE}/leads/{known[\'id\']}")\n    call.workspace.leads[lead["id"]] = lead\n',
        ),
    ),
    assumed(
        "same-phone-is-409",
        "createLead/records",
        (
            '    call.workspace.leads[lead["id"]] = lead\n',
            '    for known in call.workspace.current():\n        if lead["phone"] and digits(known["phone"] or "")[-10:] == digits(lead["phone"])[-10:]:\n            raise Refusal(409, "There is such a lead already")\n    call.workspace.leads[lead["id"]] = lead\n',
        ),
        subtle=True,
    ),
    assumed("id-without-prefix", "createLead/conformance", (ID, ID.replace('new_id("lead")', 'new_id("lead")[5:]'))),
    assumed(
        "id-in-hexadecimal",
        "createLead/conformance",
        (ID, ID.replace('new_id("lead")', '"lead_" + secrets.token_hex(8)')),
        subtle=True,
    ),
    assumed(
        "id-with-forbidden-letters",
        "createLead/conformance",
        ('"0123456789ABCDEFGHJKMNPQRSTVWXYZ"', '"ABCDEFGHIJKLMNOPQRSTUVWXYZ"'),
        subtle=True,
    ),
    assumed("id-of-26-symbols", "createLead/conformance", ("for _ in range(16))", "for _ in range(26))"), subtle=True),
    documented("timestamps-without-zone", "*/conformance", (NOW, NOW.replace("Z", "")), subtle=True),
    assumed(
        "timestamps-in-local-time",
        "*/conformance",
        (
            "fromtimestamp(time.time(), UTC)" + NOW,
            'fromtimestamp(time.time() + 19800, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+05:30")',
        ),
        subtle=True,
    ),
    documented("timestamps-with-a-space", "*/conformance", (NOW, NOW.replace("T", " ")), subtle=True),
    assumed(
        "timestamps-hours-ahead",
        "*/records",
        ("fromtimestamp(time.time(), UTC)", "fromtimestamp(time.time() + 19800, UTC)"),
        subtle=True,
    ),
)

GET = (
    documented("lead-of-another-workspace-readable", "getLead/access", anybodys("get_lead")),
    assumed(
        "lead-of-another-workspace-is-403",
        "getLead/access",
        (
            "        call = Call(",
            '        home = self.workspaces[key.tenant]\n            for one in self.workspaces.values():\n                if one is not home and identifier in one.leads:\n                    raise Refusal(403, "This lead is in another workspace")\n            call = Call(',
        ),
        subtle=True,
    ),
    assumed(
        "malformed-id-is-400",
        "getLead/conformance",
        (
            LOOK_UP,
            '        if not re.fullmatch(LEAD_ID, identifier):\n            raise Refusal(400, "No id")\n' + LOOK_UP,
        ),
        subtle=True,
    ),
    assumed(
        "id-in-any-letter-case",
        "getLead/records",
        (LOOK_UP, "        identifier = identifier[:5] + identifier[5:].upper()\n" + LOOK_UP),
        subtle=True,
    ),
    assumed(
        "unknown-lead-is-null",
        "getLead/conformance",
        (
            GOT,
            "    known = call.workspace.leads.get(call.id)\n    return answer(200, None if call.id in call.workspace.archived else known)",
        ),
    ),
    documented(
        "get-misses-status",
        "getLead/conformance",
        (
            GOT,
            '    return answer(200, {member: value for member, value in call.workspace.lead(call.id).items() if member != "status"})',
        ),
    ),
    documented(
        "get-renames-stage",
        "getLead/conformance",
        (
            GOT,
            '    return answer(200, {member.replace("pipeline_", ""): value for member, value in call.workspace.lead(call.id).items()})',
        ),
    ),
    assumed(
        "get-misses-assigned-to",
        "getLead/conformance",
        (
            GOT,
            '    return answer(200, {member: value for member, value in call.workspace.lead(call.id).items() if member != "assigned_to"})',
        ),
        subtle=True,
    ),
    assumed(
        "get-has-history",
        "getLead/conformance",
        (GOT, '    return answer(200, {**call.workspace.lead(call.id), "history": []})'),
        subtle=True,
    ),
    documented(
        "get-has-tags-as-objects",
        "getLead/conformance",
        (
            GOT,
            '    return answer(200, {**call.workspace.lead(call.id), "tags": [{"name": tag} for tag in call.workspace.lead(call.id)["tags"]]})',
        ),
        subtle=True,
    ),
    documented(
        "get-has-null-tags",
        "getLead/conformance",
        (
            GOT,
            '    return answer(200, {**call.workspace.lead(call.id), "tags": call.workspace.lead(call.id)["tags"] or None})',
        ),
        subtle=True,
    ),
    assumed(
        "get-labelled-as-text",
        "getLead/conformance",
        (GOT, '    return answer(200, call.workspace.lead(call.id), **{"content-type": "text/html"})'),
    ),
)

LEADS: tuple[Fault, ...] = (*CREATE, *GET)
