"""What can go wrong when a lead is changed and archived."""

# ruff: noqa: E501  # changes are quoted as they stand in the implementation

from __future__ import annotations

from tests.implementations.crmleadpro_faults_forms import assumed, documented
from tests.implementations.workshop import Fault

GOT = "    return answer(200, call.workspace.lead(call.id))"
FIND = "    lead = call.workspace.lead(call.id)\n"
WANTED = ' for member, value in document.items() if member in LEAD and member != "pipeline"}'
CHANGE = '        lead.update(wanted)\n        lead["updated_at"] = now()\n'
PATCH = "    document = call.accept(LEAD)\n"
PATCH_ANSWER = "    return answer(200, lead)"
ARCHIVE = "    call.workspace.archived.add(call.id)\n"
NEVER = "    if call.id not in call.workspace.leads:\n"
CALL = "            call = Call(self.workspaces[key.tenant], "
LOOK_UP = "        if identifier not in self.leads or identifier in self.archived:\n"


def never_patched(member: str) -> tuple[str, str]:
    return WANTED, WANTED.replace('"pipeline"}', f'"pipeline" and member != "{member}"}}')


def anybodys(handler: str) -> tuple[str, str]:
    owner = f"next((one for one in self.workspaces.values() if handler is {handler} and identifier in one.leads), None)"
    return CALL, CALL.replace("self.workspaces", f"{owner} or self.workspaces")


UPDATE = (
    documented("lead-of-another-workspace-changeable", "updateLead/access", anybodys("update_lead"), subtle=True),
    documented(
        "patch-replaces-the-lead",
        "updateLead/records",
        (
            PATCH,
            PATCH
            + '    document = {"email": None, "phone": None, "company": None, "score": None, "source": None, "assigned_to": None, "tags": [], **document}\n',
        ),
    ),
    documented("patch-ignores-status", "updateLead/records", never_patched("status")),
    documented("patch-ignores-stage", "updateLead/records", never_patched("pipeline_stage")),
    documented("patch-ignores-assigned-to", "updateLead/records", never_patched("assigned_to")),
    documented("patch-ignores-company", "updateLead/records", never_patched("company"), subtle=True),
    assumed("patch-ignores-score", "updateLead/records", never_patched("score"), subtle=True),
    assumed("patch-ignores-tags", "updateLead/records", never_patched("tags"), subtle=True),
    documented(
        "patch-wants-a-name",
        "updateLead/conformance",
        (PATCH, '    document = call.accept(LEAD, required=("name",))\n'),
    ),
    documented(
        "patch-takes-one-member",
        "updateLead/records",
        (WANTED, WANTED + "\n    wanted = dict(list(wanted.items())[:1])"),
        subtle=True,
    ),
    assumed(
        "null-clears-nothing",
        "updateLead/records",
        (WANTED, WANTED.replace('"pipeline"}', '"pipeline" and value is not None}')),
        subtle=True,
    ),
    assumed(
        "null-score-stays",
        "updateLead/records",
        (WANTED, WANTED.replace('"pipeline"}', '"pipeline" and (value is not None or member != "score")}')),
        subtle=True,
    ),
    assumed(
        "null-becomes-empty-text",
        "updateLead/records",
        (
            CHANGE,
            CHANGE.replace(
                "update(wanted)", 'update({member: "" if value is None else value for member, value in wanted.items()})'
            ),
        ),
        subtle=True,
    ),
    assumed(
        "null-name-accepted",
        "updateLead/conformance",
        (PATCH, PATCH.replace("LEAD", '{**LEAD, "name": nullable(LEAD["name"])}')),
        subtle=True,
    ),
    assumed(
        "null-tags-accepted",
        "updateLead/conformance",
        (PATCH, PATCH.replace("LEAD", '{**LEAD, "tags": nullable(LEAD["tags"])}')),
        subtle=True,
    ),
    assumed("patch-unchecked", "updateLead/conformance", (PATCH, PATCH.replace("LEAD", "{}"))),
    assumed(
        "patched-status-unchecked",
        "updateLead/conformance",
        (PATCH, PATCH.replace("LEAD", '{**LEAD, "status": text()}')),
        subtle=True,
    ),
    assumed(
        "patched-email-unchecked",
        "updateLead/conformance",
        (PATCH, PATCH.replace("LEAD", '{**LEAD, "email": nullable(text())}')),
        subtle=True,
    ),
    assumed(
        "patched-name-may-be-blank",
        "updateLead/conformance",
        (PATCH, PATCH.replace("LEAD", '{**LEAD, "name": text(200)}')),
        subtle=True,
    ),
    *(
        assumed(
            f"patched-{member}-compared-{how}",
            "updateLead/records",
            (
                WANTED,
                WANTED
                + f'\n    if wanted.get("{member}") and {loose("wanted")} == {loose("lead")}:\n        del wanted["{member}"]',
            ),
            subtle=True,
        )
        for member, how, loose in (
            ("name", "in-any-letter-case", '{}["name"].lower()'.format),
            ("tags", "in-any-letter-case", '[tag.lower() for tag in {}["tags"]]'.format),
            ("company", "trimmed", '({}["company"] or "").strip()'.format),
        )
    ),
    assumed(
        "patch-adds-tags",
        "updateLead/records",
        (
            WANTED,
            WANTED
            + '\n    wanted |= {"tags": [*lead["tags"], *(tag for tag in wanted["tags"] if tag not in lead["tags"])]} if "tags" in wanted else {}',
        ),
        subtle=True,
    ),
    assumed(
        "patch-changes-id",
        "updateLead/records",
        (CHANGE, CHANGE + '        lead["id"] = str(document.get("id", lead["id"]))\n'),
        subtle=True,
    ),
    assumed(
        "patch-changes-created-at",
        "updateLead/records",
        (CHANGE, CHANGE + '        lead["created_at"] = document.get("created_at", lead["created_at"])\n'),
        subtle=True,
    ),
    assumed(
        "patch-renews-created-at",
        "updateLead/records",
        (CHANGE, CHANGE + '        lead["created_at"] = lead["updated_at"]\n'),
        subtle=True,
    ),
    assumed(
        "patch-takes-updated-at",
        "updateLead/records",
        (CHANGE, CHANGE.replace("now()", 'str(document.get("updated_at", now()))')),
        subtle=True,
    ),
    assumed(
        "read-only-members-refused",
        "updateLead/conformance",
        (
            PATCH,
            PATCH
            + '    if document.keys() & {"id", "created_at", "updated_at"}:\n        raise Refusal(422, "Read-only", [{"pointer": "/id", "detail": "is read-only"}])\n',
        ),
        subtle=True,
    ),
    assumed("updated-at-stays", "updateLead/records", (CHANGE, "        lead.update(wanted)\n")),
    assumed(
        "updated-at-moves-for-status-only",
        "updateLead/records",
        (CHANGE, CHANGE.replace("now()", 'now() if changed & {"status", "pipeline_stage"} else lead["updated_at"]')),
        subtle=True,
    ),
    assumed(
        "updated-at-moves-for-the-same-value",
        "updateLead/records",
        ("    if changed:\n", "    if wanted:\n"),
        subtle=True,
    ),
    assumed(
        "updated-at-moves-for-nothing",
        "updateLead/records",
        ("    if changed:\n", "    if changed or not document:\n"),
        subtle=True,
    ),
    assumed(
        "empty-patch-refused",
        "updateLead/conformance",
        (
            PATCH,
            PATCH
            + '    if not document:\n        raise Refusal(422, "Nothing to change", [{"pointer": "", "detail": "is empty"}])\n',
        ),
        subtle=True,
    ),
    assumed(
        "patch-answers-the-old-lead",
        "updateLead/records",
        (FIND + "    wanted", FIND + "    before = dict(lead)\n    wanted"),
        (PATCH_ANSWER + "\n\n\nasync def archive", "    return answer(200, before)\n\n\nasync def archive"),
        subtle=True,
    ),
    assumed(
        "patch-answers-204",
        "updateLead/conformance",
        (PATCH_ANSWER + "\n\n\nasync def archive", "    return Response(204, {})\n\n\nasync def archive"),
    ),
    assumed(
        "patch-of-unknown-creates",
        "updateLead/records",
        (
            FIND + "    wanted",
            '    if call.id not in call.workspace.leads and "name" in document:\n        return await create_lead(call)\n'
            + FIND
            + "    wanted",
        ),
    ),
    assumed(
        "archived-lead-patchable",
        "updateLead/records",
        (
            FIND + "    wanted",
            "    lead = call.workspace.leads.get(call.id) or call.workspace.lead(call.id)\n    wanted",
        ),
    ),
    assumed(
        "wrong-patch-applied-in-part",
        "updateLead/records",
        (
            PATCH,
            '    if isinstance(call.document, dict) and call.id in call.workspace.leads:\n        good = {member: call.document[member] for member in LEAD if member in call.document and member != "pipeline" and not list(LEAD[member](call.document[member]))}\n        if len(good) < len(call.document.keys() & LEAD.keys()):\n            call.workspace.leads[call.id].update(good)\n'
            + PATCH,
        ),
        subtle=True,
    ),
    assumed(
        "merge-patch-type-refused",
        "updateLead/robustness",
        ('2 if request.method == "PATCH" else 1]', "1]"),
        subtle=True,
    ),
    assumed(
        "patch-may-not-clear-both",
        "updateLead/records",
        (
            PATCH,
            PATCH
            + '    if "email" in document and "phone" in document and document["email"] is document["phone"] is None:\n        raise Refusal(422, "Both", [{"pointer": "", "detail": "needs one"}])\n',
        ),
        subtle=True,
    ),
    assumed(
        "pipeline-resets-stage",
        "updateLead/records",
        (
            WANTED,
            WANTED
            + '\n    wanted |= {"pipeline_stage": "new"} if "pipeline" in document and "pipeline_stage" not in document else {}',
        ),
        subtle=True,
    ),
    assumed(
        "status-moves-stage",
        "updateLead/records",
        (
            WANTED,
            WANTED + '\n    wanted |= {"pipeline_stage": "closed_lost"} if document.get("status") == "lost" else {}',
        ),
        subtle=True,
    ),
    assumed(
        "stage-moves-status",
        "updateLead/records",
        (
            WANTED,
            WANTED
            + '\n    wanted |= {"status": "converted"} if document.get("pipeline_stage") == "closed_won" else {}',
        ),
        subtle=True,
    ),
    assumed(
        "patched-name-trimmed",
        "updateLead/records",
        (CHANGE, CHANGE + '        lead["name"] = lead["name"].strip()\n'),
        subtle=True,
    ),
    assumed(
        "unknown-member-of-patch-kept",
        "updateLead/records",
        (
            WANTED,
            WANTED.replace(
                "if member in LEAD and member", 'if member not in ("id", "created_at", "updated_at") and member'
            ),
        ),
        ("if lead[member] != value}", "if lead.get(member) != value}"),
        subtle=True,
    ),
    assumed(
        "patch-to-lost-crashes",
        "updateLead/robustness",
        (PATCH, PATCH + '    assert document.get("status") != "lost"\n'),
        subtle=True,
    ),
)

DELETE = (
    documented("lead-of-another-workspace-archivable", "archiveLead/access", anybodys("archive_lead"), subtle=True),
    assumed("delete-keeps-the-lead", "archiveLead/records", (ARCHIVE, "")),
    assumed("delete-is-for-good", "archiveLead/records", (ARCHIVE, "    del call.workspace.leads[call.id]\n")),
    assumed(
        "archived-lead-listed",
        "archiveLead/records",
        (
            "else call.workspace.current()\n    return one_page(leads",
            "else list(call.workspace.leads.values())\n    return one_page(leads",
        ),
    ),
    assumed(
        "archived-lead-readable",
        "getLead/records",
        (GOT, "    return answer(200, call.workspace.leads.get(call.id) or call.workspace.lead(call.id))"),
    ),
    assumed(
        "archived-lead-is-410",
        "getLead/conformance",
        (
            LOOK_UP,
            '        if identifier in self.archived:\n            raise Refusal(410, "It is archived")\n' + LOOK_UP,
        ),
        subtle=True,
    ),
    assumed(
        "second-delete-is-404",
        "archiveLead/records",
        (NEVER, "    if call.id not in call.workspace.leads or call.id in call.workspace.archived:\n"),
        subtle=True,
    ),
    assumed(
        "delete-of-unknown-is-204",
        "archiveLead/records",
        (NEVER, "    if call.id not in call.workspace.leads:\n        return Response(204, {})\n    if False:\n"),
        subtle=True,
    ),
    assumed(
        "second-delete-restores",
        "archiveLead/records",
        (ARCHIVE, "    call.workspace.archived ^= {call.id}\n"),
        subtle=True,
    ),
    assumed(
        "delete-answers-200",
        "archiveLead/conformance",
        (
            "    return Response(204, {})\n\n\nasync def list",
            "    return answer(200, call.workspace.leads[call.id])\n\n\nasync def list",
        ),
    ),
    assumed(
        "delete-answers-202",
        "archiveLead/conformance",
        ("    return Response(204, {})\n\n\nasync def list", "    return Response(202, {})\n\n\nasync def list"),
        subtle=True,
    ),
    assumed(
        "archiving-changes-status",
        "archiveLead/records",
        (ARCHIVE, ARCHIVE + '    call.workspace.leads[call.id]["status"] = "lost"\n'),
        subtle=True,
    ),
    assumed(
        "archiving-drops-tags",
        "archiveLead/records",
        (ARCHIVE, ARCHIVE + '    call.workspace.leads[call.id]["tags"] = []\n'),
        subtle=True,
    ),
    assumed(
        "archives-all-of-the-same-email",
        "archiveLead/records",
        (
            ARCHIVE,
            '    gone = call.workspace.leads[call.id]\n    call.workspace.archived |= {lead["id"] for lead in call.workspace.leads.values() if gone["email"] and lead["email"] == gone["email"]} | {call.id}\n',
        ),
        subtle=True,
    ),
)

CHANGES: tuple[Fault, ...] = (*UPDATE, *DELETE)
