"""CRMLead Pro's campaigns: whom they reach, and which are refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.crmleadpro import STATUSES, recipients
from ..models.crmleadpro_values import TEXTS
from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.population import population
from ..worlds.workspace import ID, MOMENT, Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

BOTH = only("crmleadpro/createEmailCampaign", "crmleadpro/createWhatsappCampaign")
_MEMBERS = ("id", "channel", "name", "status", "recipients", "created_at")
CONTENT: Mapping[str, Mapping[str, Any]] = {
    "createEmailCampaign": {"subject": "A plan for larger teams", "body": "Hello!"},
    "createWhatsappCampaign": {"template": "demo_reminder"},
}
_NOT_TEXT: tuple[Any, ...] = (None, 5, True, ["x"], {})
_BLANK = ("", " ", "\u200b", "t" * 201, *_NOT_TEXT)
_BAD: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "createEmailCampaign": {"name": _BLANK, "subject": _BLANK, "body": ("b" * 100_001, *_NOT_TEXT)},
    "createWhatsappCampaign": {
        "name": _BLANK,
        "template": ("", " ", "Demo", "demo-reminder", "demo reminder", "demo\n", "é", "t" * 513, *_NOT_TEXT),
    },
}
_LISTS: tuple[Any, ...] = (None, [], "x", 5, {}, [None], [5], [["x"]])
_AUDIENCES: tuple[Any, ...] = (
    None,
    {},
    [],
    "all",
    5,
    *({name: value} for name in ("tags", "statuses", "lead_ids") for value in _LISTS),
    {"everyone": True},
    {"tags": ["{mark}"], "tag": "x"},
    {"tags": ["{mark}"], "status": "new"},
    {"tags": ["{mark}"], "sources": ["web"]},
    {"tags": ["{mark}"], "statuses": []},
    {"tags": ["{mark}", "t" * 51]},
    {"tags": [f"t{number}" for number in range(51)]},
    {"tags": ["{mark}"], "lead_ids": ["x"]},
    {"lead_ids": ["lead_0000000000000000", "lead_!"]},
    {"lead_ids": ["lead_0"] * 1001},
    {"statuses": ["hot"]},
    {"statuses": ["New"]},
    {"statuses": [*STATUSES, "new"]},
)


def send(here: Workspace, operation: str, audience: Mapping[str, Any], **members: Any) -> int:
    """Send a campaign, compare the answer as a whole, and give the number of its recipients."""
    body = {"name": "Launch", **CONTENT[operation], "audience": audience, **members}
    campaign = here.body(here.ask(operation, body=body), 202, "the campaign")
    here.check_members(campaign, _MEMBERS, "the campaign")
    channel = "email" if operation == "createEmailCampaign" else "whatsapp"
    wanted = {**campaign, "channel": channel, "name": body["name"], "status": "queued"}
    here.agree(wanted, campaign, "in the answer to a new campaign")
    named_so = ID.fullmatch(str(campaign["id"])) and str(campaign["id"]).startswith("campaign_")
    here.lab.expect(named_so, "an id of campaign_ and 16 symbols of Crockford's base32", campaign["id"])
    here.lab.expect(MOMENT.fullmatch(str(campaign["created_at"])), "created_at as in 2026-05-15T10:30:00Z", campaign)
    number = campaign["recipients"]
    here.lab.expect(type(number) is int, "the number of recipients", campaign)
    return int(number)


@kind.promise(
    "campaign",
    "{method} {path} answers 202 with the queued campaign, named as it was sent.",
    on=BOTH,
    source=named("P29"),
)
def campaign(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    audience = {"tags": [here.mark()]}
    for name in (*TEXTS, "x", "n" * 200, "😀" * 200):
        send(here, operation.id, audience, name=name)
    for name, value in CONTENT[operation.id].items():
        for longer in ("x", value * 20) if name == "template" else (*TEXTS, value):
            send(here, operation.id, audience, **{name: longer})
    if operation.id == "createEmailCampaign":
        for body in ("", " ", "b" * 100_000):
            send(here, operation.id, audience, body=body)
    more = {"id": "campaign_0000000000000000", "status": "sent", "recipients": 5, "channel": "sms", "created_at": None}
    lab.expect(
        send(here, operation.id, audience, **more, draft=True) == 0, "no recipients, whatever the body says", more
    )


@kind.promise(
    "recipients",
    "{method} {path} reaches the live leads that match every member of the audience and can be reached, each once.",
    on=BOTH,
    source=assumed(
        "P29", "Of tags and statuses one is enough; of members all must match; unknown leads are passed over."
    ),
)
def reached(lab: Lab, operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    mark, live = people.mark, people.live
    channel = "email" if operation.id == "createEmailCampaign" else "whatsapp"
    ids = [lead["id"] for lead in live]
    gone = [lead["id"] for lead in people.archived]
    audiences: list[dict[str, Any]] = [
        {"tags": [mark]},
        {"tags": [mark, mark]},
        {"tags": [f"{mark} none", mark]},
        {"tags": [mark.upper()]},
        {"tags": [mark[:-1]]},
        {"lead_ids": ids},
        {"lead_ids": [*ids, *ids[:5], *gone, "lead_0000000000000000", "lead_x", ids[0].lower()]},
        {"lead_ids": gone},
        {"lead_ids": ["lead_0000000000000000"] * 1000},
        {"lead_ids": ids[:1]},
        {"tags": [mark], "statuses": list(STATUSES)},
        {"tags": [mark], "lead_ids": ids[3:9]},
        *({"tags": [mark], "statuses": [status]} for status in STATUSES),
        *({"lead_ids": ids, "tags": [tag]} for tag in ("hot", "Hot", "hot-lead", "a,b", "ho")),
        {"lead_ids": ids[5:25], "tags": ["hot", "a,b"], "statuses": ["new", "lost", "converted"]},
        {"lead_ids": ids, "tags": [mark], "statuses": ["new", "new"]},
    ]
    for audience in audiences:
        _reaches(here, operation.id, audience, recipients(live, channel, audience))

    drawn = st.fixed_dictionaries(
        {"lead_ids": st.lists(st.sampled_from([*range(len(ids))]), min_size=1)},
        optional={
            "tags": st.lists(st.sampled_from(["hot", "Hot", "hot-lead", "a,b", "none"]), min_size=1, max_size=3),
            "statuses": st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3, unique=True),
        },
    )

    @lab.each(drawn, examples=10)
    def _(audience: dict[str, Any]) -> None:
        audience = {**audience, "lead_ids": [ids[at] for at in audience["lead_ids"]]}
        _reaches(here, operation.id, audience, recipients(live, channel, audience))


def _reaches(here: Workspace, operation: str, audience: Mapping[str, Any], wanted: int) -> None:
    number = send(here, operation, audience)
    here.lab.expect(number == wanted, f"{wanted} recipients of the audience {str(audience)[:300]}", number)


@kind.promise(
    "recipients-large",
    "{method} {path} reaches whom the last of many tags or leads names, in the largest audience there may be.",
    on=BOTH,
    source=assumed("P29", "An audience has at most 50 tags, and 1000 leads."),
)
def reached_by_the_last(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    tags = [f"{at} {mark}" for at in range(49)]
    lead = here.create(phone="+91 98765 43210", tags=[*tags, mark])
    first, last = (here.create(phone="+91 98765 43210", tags=[tag]) for tag in (f"first {mark}", f"last {mark}"))
    nobody = [f"lead_{at:016d}" for at in range(998)]
    none = [f"none {at} {mark}" for at in range(48)]
    for wanted, audience in (
        (2, {"lead_ids": [first["id"], *nobody, last["id"]]}),
        (2, {"tags": [f"first {mark}", *none, f"last {mark}"]}),
        (1, {"tags": [*none, mark]}),
        (1, {"tags": [mark], "lead_ids": [*nobody, first["id"], lead["id"]], "statuses": list(STATUSES)}),
    ):
        _reaches(here, operation.id, audience, wanted)


@kind.promise(
    "recipients-same-address",
    "{method} {path} counts each of several leads that share an email address and a phone number.",
    on=BOTH,
    source=assumed("P29", "Recipients are the leads that get it; leads are not merged by their addresses (P27)."),
)
def reached_at_one_address(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    email, phone = lab.fresh.email(), lab.fresh.phone()
    shared = {"phone": phone, "tags": [mark, f"{mark} too"]}
    ids = [here.create(email=one, **shared)["id"] for one in (email, email, email.upper())]
    for audience in ({"tags": [mark]}, {"tags": [mark, f"{mark} too"]}, {"lead_ids": ids}):
        _reaches(here, operation.id, audience, len(ids))


@kind.promise(
    "recipients-now",
    "{method} {path} goes by what leads are now, and takes every text of a tag for itself.",
    on=BOTH,
    source=assumed("P29", "An audience is drawn from the leads as they are, by tags that match exactly."),
)
def reached_now(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    mark = here.mark()
    channel = "email" if operation.id == "createEmailCampaign" else "whatsapp"
    for text in TEXTS:
        tag = text[:50]
        lead = here.create(phone="+91 98765 43210", tags=["more", tag], status="lost")
        audience = {"lead_ids": [lead["id"]], "tags": [tag, mark], "statuses": ["lost"]}
        _reaches(here, operation.id, audience, 1)
    patches = ({"tags": [mark]}, {"status": "qualified"}, {"email": None}, {"phone": None}, {"tags": ["x"]})
    for patch in (*patches, {"email": lab.fresh.email(), "phone": "+1 206 555 0123"}, {"status": "lost"}):
        lead = here.patch(lead, patch)
        for more in ({"tags": [mark]}, {"tags": ["x"]}, {"statuses": ["qualified"]}, {"statuses": ["lost"]}):
            audience = {"lead_ids": [lead["id"]], **more}
            _reaches(here, operation.id, audience, recipients([lead], channel, audience))


@kind.promise(
    "recipients-all",
    "{method} {path} with statuses alone reaches every lead with one of them, and no other workspace's leads.",
    on=BOTH,
    source=assumed("P29", "An audience is drawn from the leads of the workspace."),
)
def reached_all(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    before = [send(here, operation.id, {"statuses": [status]}) for status in STATUSES]
    every = send(here, operation.id, {"statuses": list(STATUSES)})
    lab.expect(every == sum(before), f"{sum(before)} recipients of all statuses, as of each alone", every)
    mine = here.create(status="converted", phone="+91 98765 43210")
    with suppress(NotChecked):
        there = Workspace(lab, lab.other_tenant())
        theirs = there.create(status="converted", phone="+91 98765 43210", tags=["t"])
        _reaches(here, operation.id, {"lead_ids": [theirs["id"], mine["id"]]}, 1)
        _reaches(here, operation.id, {"lead_ids": [theirs["id"]]}, 0)
        there.unchanged(theirs, "another workspace's campaign named it")
    after = [send(here, operation.id, {"statuses": [status]}) for status in STATUSES]
    wanted = [number + (status == "converted") for number, status in zip(before, STATUSES, strict=True)]
    lab.expect(after == wanted, f"{wanted} recipients by status after one more converted lead", after)
    here.archive(mine)
    _reaches(here, operation.id, {"statuses": ["converted"]}, before[STATUSES.index("converted")])


@kind.promise(
    "campaign-refused",
    "{method} {path} answers 422 to a campaign with a missing or wrong member, and names it.",
    on=BOTH,
    source=named("P39"),
)
def campaign_refused(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    sound = {"name": "Launch", **CONTENT[operation.id], "audience": {"tags": [here.mark()]}}
    for name, values in _BAD[operation.id].items():
        for value in values:
            answer = lab.main(operation.id, body={**sound, name: value})
            here.refused(answer, 422, f"a campaign with {name} {str(value)[:60]!r}", f"/{name}")
    for name in sound:
        body = {other: value for other, value in sound.items() if other != name}
        here.refused(lab.main(operation.id, body=body), 422, f"a campaign without {name}", f"/{name}")
    no_objects: tuple[Any, ...] = ({}, [], [sound], "x", None)
    for no_object in no_objects:
        here.refused(lab.main(operation.id, body=no_object), 422, f"the body {no_object}")
    here.refused(lab.main(operation.id, content=b'{"name": "x"'), 400, "a body that is cut off")


@kind.promise(
    "audience",
    "{method} {path} refuses an audience that is missing, empty, wrong or has a member it does not know.",
    on=BOTH,
    source=named("strict-audience"),
)
def audience_refused(lab: Lab, operation: Operation) -> None:
    here = Workspace(lab)
    sound = {"name": "Launch", **CONTENT[operation.id]}
    for audience in _AUDIENCES:
        answer = lab.main(operation.id, body={**sound, "audience": audience})
        here.refused(answer, 422, f"the audience {str(audience)[:80]}", "/audience")


@kind.promise(
    "campaign-aside",
    "{method} {path} changes nothing of the leads it reaches.",
    on=BOTH,
    source=assumed("P29", "A campaign changes no lead."),
)
def campaign_aside(lab: Lab, operation: Operation) -> None:
    here, people = Workspace(lab), population(lab)
    send(here, operation.id, {"tags": [people.mark]})
    for lead in people.live[:3]:
        here.unchanged(lead, "a campaign reached it")
