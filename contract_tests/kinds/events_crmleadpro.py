"""CRMLead Pro's events: what fires them, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.crmleadpro import SLUGS, STATUSES
from ..models.crmleadpro_values import BAD, FULL, NULLABLE, TEXTS
from ..rule import Kind, NotChecked, assumed, named, only
from .crmleadpro_deliveries import SENT, Watch, excuse, home, hook, rest, stranger

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("events")

_CREATE, _PATCH = only("crmleadpro/createLead"), only("crmleadpro/updateLead")
_CAMPAIGNS = only("crmleadpro/createEmailCampaign", "crmleadpro/createWhatsappCampaign")
_PAYLOAD = assumed("P16", "An event is sent once to each webhook that listens: its type, a timestamp, and the record.")
_CONTENT: Mapping[str, Mapping[str, Any]] = {
    "createEmailCampaign": {"subject": "A plan for larger teams", "body": "Hello!"},
    "createWhatsappCampaign": {"template": "demo_reminder"},
}
#: What makes a payload as large as any.
_LARGE: Mapping[str, Any] = {
    "name": "😀" * 200,
    "company": "株" * 200,
    "source": "s" * 100,
    "tags": [f"{number:02d}{'😀' * 48}" for number in range(50)],
}
#: The members of a contact, each with another value than a new lead has.
_CONTACT: Mapping[str, Any] = {
    "name": "Zoë Ångström 🦊",
    "email": "new.address@example.com",
    "phone": "+44 20 7946 0018",
    "company": "Bücher & Söhne",
    "tags": ["moved", "vip"],
}
_OTHER: Mapping[str, Any] = {"score": 12, "source": "referral", "assigned_to": "user_sales_rep_02"}


# What the document says.


@kind.promise("announced", "A webhook is told of a new lead.", on=_CREATE, source=named("on-lead-created"))
def announced(lab: Lab, _operation: Operation) -> None:
    inbox = hook(lab, "created").inbox
    token = lab.fresh.token()
    answer = home(lab)("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {token}"})
    lab.expect(answer.ok, "a 2xx for a new lead", answer)
    texts = [token]
    with suppress(NotChecked):  # the name will do
        texts.append(lab.world.lead_id(answer))
    found = inbox.due(*texts)
    excuse(lab, found)
    lab.expect(found, f"a delivery that tells of the new lead {token}", "none in time")
    lab.expect(found[0].method == "POST", "a POST", found[0])


@kind.promise(
    "status-announced",
    "A webhook is told when a lead's status or pipeline stage changes.",
    on=_PATCH,
    source=named("on-lead-status-changed"),
)
def status_announced(lab: Lab, _operation: Operation) -> None:
    inbox = hook(lab, "status").inbox
    stages = [slug for slugs in lab.facts.get("pipelines", {}).values() for slug in slugs][1:2]
    patches = [{"status": "qualified"}, *({"pipeline_stage": stage} for stage in stages or ["demo_scheduled"])]
    tried = 0
    for patch in patches:
        token = lab.fresh.token()
        answer = home(lab)("createLead", body={**lab.world.lead(lab.fresh), "name": f"Lead {token}"})
        lead_id = lab.world.lead_id(answer)
        made = home(lab)("getLead", path={"id": lead_id})
        rest(lab, 0.1)
        before = len(inbox.about(token, lead_id))
        changed = home(lab)("updateLead", path={"id": lead_id}, body=patch)
        # Under these names and with these words it may be ignored.
        if changed.ok and (lab.strict or _is_changed(lab, made, lead_id, patch)):
            tried += 1
            found = inbox.due(token, lead_id, number=before + 1)
            excuse(lab, found[before:])
            lab.expect(len(found) > before, f"a delivery that tells of {patch}", "none in time")
    if not tried:
        raise NotChecked("the target takes neither status nor stage that the document shows")


def _is_changed(lab: Lab, made: Answer, lead_id: str, patch: Mapping[str, Any]) -> bool:
    """Whether the lead has the values of a patch that it did not have when it was read before."""
    now = home(lab)("getLead", path={"id": lead_id})
    return all(now.at(f"/{name}", None) == value != made.at(f"/{name}", None) for name, value in patch.items())


# What was decided.


@kind.promise(
    "created", "lead.created is sent once for each new lead, with the lead as answered.", on=_CREATE, source=_PAYLOAD
)
def created(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    watch.create()
    for member in FULL:
        watch.create(**{member: FULL[member]})
    watch.create(**FULL)
    for text in TEXTS:
        watch.create(name=f"{text}"[:200], company=f"{text}"[:200])
    watch.create(**_LARGE)
    for source in ("website_form", "import", "api", "whatsapp"):
        watch.create(source=source, pipeline="sales")
    twice = {"name": lab.fresh.name(), "email": lab.fresh.email(), "phone": "+91 98765 43210"}
    watch.create(**twice)
    watch.create(**twice)
    watch.verify()


@kind.promise(
    "created-small",
    "lead.created is sent for a lead that has an email alone or a phone alone, however little else there is.",
    on=_CREATE,
    source=_PAYLOAD,
)
def created_small(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    phone = "+91 98765 43210"
    for members in ({"phone": phone}, {"phone": phone, "email": None}, {"email": lab.fresh.email(), "phone": None}):
        watch.make({"name": lab.fresh.name(), **members})
    watch.make({"name": lab.fresh.name(), "phone": phone, **FULL})
    watch.create(**dict.fromkeys(name for name in NULLABLE if name != "email"))
    watch.create(company="", source="", assigned_to="", score=0, tags=[])
    lead = watch.create(phone=phone)
    lead = watch.patch(lead, email=None, status="contacted")
    watch.patch(watch.patch(lead, tags=["x"], assigned_to="user_1"), tags=[], assigned_to=None, status="qualified")
    watch.verify()


@kind.promise("refused", "A create that is refused fires nothing.", on=_CREATE, source=_PAYLOAD)
def refused(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    tokens = []

    def lead(**members: Any) -> dict[str, Any]:
        tokens.append(lab.fresh.token())
        return {"name": f"Lead {tokens[-1]}", "email": f"{tokens[-1]}@example.com", **members}

    answers = [home(lab)("createLead", body=lead(**{name: values[-1]})) for name, values in BAD.items()]
    answers.append(home(lab)("createLead", body=lead(pipeline="no-such-pipeline")))
    answers.append(home(lab)("createLead", body=lead(pipeline_stage="no-such-stage")))
    answers.append(lab.nobody()("createLead", body=lead()))
    answers.append(home(lab)("createLead", body=lead(), headers={"Authorization": f"Bearer crmlp_live_{'0' * 32}"}))
    answers.append(home(lab)("createLead", body=lead(), headers={"Content-Type": "text/plain"}))
    answers.append(home(lab)("createLead", content=f'{{"name": "{lead()["name"]}",}}'.encode()))
    for token, answer in zip(tokens, answers, strict=True):
        if not answer.ok:
            watch.expects(token, "a create that was refused")
    watch.create()
    watch.verify()


@kind.promise(
    "status",
    "lead.status_changed is sent once for a patch that changes the status, the stage or both, with the lead after it.",
    on=_PATCH,
    source=_PAYLOAD,
)
def status(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    changes: list[dict[str, Any]] = [{"status": value} for value in STATUSES[1:]]
    changes += [{"pipeline_stage": slug} for slug in SLUGS[1:]]
    changes += [
        {"status": "contacted", "pipeline_stage": SLUGS[2]},
        {"status": "new", "pipeline_stage": SLUGS[1]},
        {"status": "lost", "pipeline_stage": SLUGS[0], "score": 3},
        {"status": "qualified", "name": "Other Name", "tags": ["x"]},
    ]
    for change in changes:
        watch.patch(watch.create(), **change)
    lead = watch.create(**FULL)
    for change in ({"status": "lost"}, {"status": "qualified"}, {"pipeline_stage": "new"}, {"status": "new"}):
        lead = watch.patch(lead, **change)
    watch.verify()


@kind.promise(
    "contact",
    "contact.updated is sent once for a patch that changes name, email, phone, company or tags, with the contact.",
    on=_PATCH,
    source=named("person"),
)
def contact(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    for name, value in _CONTACT.items():
        watch.patch(watch.create(), **{name: value})
    for name in ("email", "phone", "company"):
        watch.patch(watch.create(**{"phone": "+91 98765 43210", **FULL}), **{name: None})
    watch.patch(watch.create(tags=["a", "b"]), tags=[])
    lead = watch.create(company="Acme Corp", tags=["a", "b"])
    # Little, and yet a change.
    for patch in (
        {"company": "ACME Corp"},
        {"email": lead["email"].upper()},
        {"tags": ["b", "a"]},
        {"tags": ["b"] * 2},
    ):
        lead = watch.patch(lead, **patch)
    watch.patch(watch.create(), **_LARGE)
    watch.patch(watch.create(), **_CONTACT)
    watch.patch(watch.create(), **_CONTACT, **_OTHER)
    lead = watch.create()
    for name, value in _CONTACT.items():
        lead = watch.patch(lead, **{name: value})
    watch.verify()


@kind.promise(
    "quiet",
    "What changes neither status, stage nor contact fires nothing: the same value, other members, an empty patch.",
    on=_PATCH,
    source=assumed("P26", "An event tells of a change, and of no other patch, refusal, reading or archiving."),
)
def quiet(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    lead = watch.create(**FULL)
    watch.patch(lead)
    for name in FULL:
        watch.patch(lead, **{name: lead[name]})
    watch.patch(lead, **{name: lead[name] for name in ("name", "email", *FULL)})
    # What is sent along as it was is no change, whatever else is one.
    for name, value in {"company": "Other Corp", "status": "lost", "pipeline_stage": SLUGS[3], "score": 7}.items():
        lead = watch.patch(lead, **{**{known: lead[known] for known in ("name", "email", *FULL)}, name: value})
    fresh = watch.create()
    for name, value in _OTHER.items():
        fresh = watch.patch(fresh, **{name: value})
    fresh = watch.patch(fresh, **dict.fromkeys(_OTHER))
    _without_effect(lab, watch, fresh["id"])
    gone = watch.create()
    watch.here.archive(gone)
    watch.here.archive(gone)
    home(lab)("updateLead", path={"id": gone["id"]}, body={"status": "lost", "name": "Changed"})
    watch.create()
    watch.verify()


def _without_effect(lab: Lab, watch: Watch, lead_id: str) -> None:
    """Requests about a lead that are refused or only read."""
    path = {"id": lead_id}
    refused_patches: tuple[dict[str, Any], ...] = (
        {"status": "hot"},
        {"status": "lost", "name": ""},
        {"pipeline_stage": "no-such-stage", "name": "Changed"},
        {"email": "not-an-email", "status": "lost"},
        {"tags": "x", "status": "lost"},
    )
    for patch in refused_patches:
        watch.here.refused(home(lab)("updateLead", path=path, body=patch), 422, f"the patch {patch}")
    callers = [lab.nobody()]
    with suppress(NotChecked):  # one stranger will do
        callers.append(stranger(lab))
    for caller in callers:
        caller("updateLead", path=path, body={"status": "lost", "name": "Changed"})
    home(lab)("getLead", path=path)
    home(lab)("listLeads", query={"search": lead_id})


@kind.promise(
    "sent",
    "campaign.sent is sent once when {method} {path} has accepted a campaign, with the campaign as sent.",
    on=_CAMPAIGNS,
    source=assumed("P30", "campaign.sent follows the acceptance of a campaign of either kind."),
)
def sent(lab: Lab, operation: Operation) -> None:
    watch = Watch(lab)
    mark, phone = watch.here.mark(), "+91 98765 43210"
    ids = [watch.create(phone=phone, tags=[mark])["id"] for _ in range(3)]
    ids += [watch.create(tags=[mark])["id"], watch.make({"name": "No email", "phone": phone, "tags": [mark]})["id"]]
    audiences: tuple[dict[str, Any], ...] = (
        *({"lead_ids": chosen} for chosen in (ids[:1], ids, ids * 2)),
        {"tags": [mark]},
        {"tags": [watch.here.mark()]},
    )
    for audience in audiences:
        for name in ("Launch", "Zoë 🦊 & Co"):
            body = {"name": f"{name} {lab.fresh.token()}", **_CONTENT[operation.id], "audience": audience}
            campaign = watch.here.body(watch.here.ask(operation.id, body=body), 202, "the campaign")
            why = f"a campaign to {audience}"
            watch.expects(campaign["id"], why, (SENT, {**campaign, "status": "sent"}))
    tokens = [lab.fresh.token() for _ in range(3)]
    bodies: tuple[dict[str, Any], ...] = ({"audience": {}}, {"audience": {"everyone": True}}, {"name": ""})
    for token, wrong in zip(tokens, bodies, strict=True):
        body = {"name": token, **dict.fromkeys(_CONTENT[operation.id], token), "audience": audiences[0], **wrong}
        watch.here.refused(home(lab)(operation.id, body=body), 422, f"a campaign with {wrong}")
        watch.expects(token, "a campaign that was refused")
    watch.create()
    watch.verify()


@kind.promise(
    "deal",
    "A new deal fires nothing: none of the endpoints closes one.",
    on=only("crmleadpro/createDeal"),
    source=named("P14"),
)
def deal(lab: Lab, _operation: Operation) -> None:
    watch = Watch(lab)
    lead = watch.create()
    for members in ({}, {"lead_id": lead["id"]}, {"stage": SLUGS[2]}):
        body = {"title": "Annual plan", "value": 240000, "currency": "INR", "pipeline": "sales", **members}
        answer = home(lab)("createDeal", body=body)
        lab.expect(answer.ok, f"201 for a deal with {members}", answer)
        watch.expects(str(answer.at("/id")), "a new deal")
    watch.patch(watch.create(), pipeline_stage="closed_won")
    watch.verify()
