"""CRMLead Pro's leads: changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.crmleadpro import WRITABLE, Lead
from ..models.crmleadpro_values import BAD, FULL, GOOD, NULLABLE, members, texts
from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.crmleadpro import CRMLeadPro
from ..worlds.population import population
from ..worlds.workspace import Workspace, writable

if TYPE_CHECKING:
    from ..lab import Lab
    from ..wire import Answer

kind = Kind("records")
WORLD = CRMLeadPro()

PATCH = only("crmleadpro/updateLead")
#: Another value for each member.
OTHER: Mapping[str, Any] = {
    "name": "Anita Desai",
    "email": "Anita@Example.com",
    "phone": "(020) 7946-0958",
    "company": "Another",
    "status": "contacted",
    "pipeline_stage": "closed_lost",
    "score": 0,
    "source": "",
    "assigned_to": "user_2",
    "tags": ["enterprise"],
}
#: Values that whoever compares them loosely takes for the same.
_LITTLE: tuple[tuple[str, Any, Any], ...] = (
    ("name", "Zoë Sharma", "ZOË SHARMA"),
    ("name", "Zoë Sharma", "Zoë Sharma "),
    ("name", "Zoë Sharma", "Zoë  Sharma"),
    ("name", "Zoë Sharma", "Zoe\u0308 Sharma"),
    ("name", "Zoë Sharma", "Zoe Sharma"),
    ("email", "Zoe@example.com", "zoe@Example.com"),
    ("phone", "+91 98765 43210", "+919876543210"),
    ("company", "Acme Corp", "ACME Corp"),
    ("company", "Acme Corp", " Acme Corp"),
    ("company", "", None),
    ("source", "web form", "Web form"),
    ("source", "web form", "web form "),
    ("source", None, ""),
    ("assigned_to", "user_1", "USER_1"),
    ("assigned_to", "user_1", "user_01"),
    ("score", 0, None),
    ("score", None, 0),
    ("tags", ["hot", "new"], ["Hot", "new"]),
    ("tags", ["hot", "new"], ["hot ", "new"]),
    ("tags", ["hot", "new"], ["new", "hot"]),
    ("tags", ["hot", "new"], ["hot", "new", "hot"]),
)
_ROUNDS = 2


@kind.promise(
    "partial",
    "A patch changes the status, the stage or the assigned user, and leaves the other fields alone.",
    on=PATCH,
    source=named("update-lead"),
)
def partial(lab: Lab, _operation: Operation) -> None:
    sent = {**lab.world.lead(lab.fresh), "company": "Acme Corp", "tags": ["hot-lead"]}
    path = {"id": WORLD.lead_id(lab.main("createLead", body=sent))}
    before = lab.main("getLead", path=path)
    taken: list[Answer] = []
    patches = {"status": "qualified", "pipeline_stage": "demo_scheduled", "assigned_to": "user_sales_rep_01"}
    for name, value in patches.items():
        answer = lab.main("updateLead", path=path, body={name: value})
        after = lab.main("getLead", path=path)
        lab.expect(answer.status < 500 and after.ok, f"a patch of {name} to be taken or refused", answer)
        if answer.ok and (lab.strict or after.at(f"/{name}", None) != before.at(f"/{name}", None)):
            taken.append(answer)
            lab.expect(after.at(f"/{name}") == value, f"{name} {value!r} after the patch", after)
        for kept in ("id", "name", "email", "phone", "company", "source", "tags", "created_at"):
            was = before.at(f"/{kept}", None)
            lab.expect(after.at(f"/{kept}", None) == was, f"{kept} {was!r} after a patch of {name} alone", after)
    if not taken and not lab.strict:
        raise NotChecked("the target changes neither status, stage nor user by the names and values of the sample")
    lab.expect(taken, "a patch of status, stage or assigned user to be taken", answer)


@kind.promise(
    "patch-each",
    "A patch sets, changes or clears each member alone; the others stay, and the answer is the lead as it is then.",
    on=PATCH,
    source=named("P24"),
)
def patch_each(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for name in WRITABLE:
        full, bare = here.create(**FULL), here.create(phone="+1 206 555 0123")
        full = here.patch(full, {name: OTHER[name]})
        bare = here.patch(bare, {name: OTHER[name]})
        for lead in (full, bare) if name in NULLABLE else ():
            here.patch(here.patch(here.patch(lead, {name: None}), {name: OTHER[name]}), {name: None})
    every = here.patch(here.create(**FULL), dict(OTHER))
    every = here.patch(every, dict.fromkeys(NULLABLE))
    here.patch(every, {**FULL, "name": "x", "email": "a@b.example"})


@kind.promise(
    "patch-values",
    "A patched member is kept as it was sent, whatever it is; tags are replaced as a whole.",
    on=PATCH,
    source=named("P24"),
)
def patch_values(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for at in range(max(map(len, GOOD.values()))):
        here.patch(here.create(**FULL), {name: values[at % len(values)] for name, values in GOOD.items()})
    lead = here.create(**FULL)
    for tags in GOOD["tags"]:
        lead = here.patch(lead, {"tags": tags})
    for name in ("status", "pipeline_stage"):
        for value in GOOD[name]:
            lead = here.patch(lead, {name: value})

    @lab.each(st.tuples(members(), members(), texts(100)), examples=15)
    def _(drawn: tuple[dict[str, Any], dict[str, Any], str]) -> None:
        first, patch, text = drawn
        here.patch(here.create(**first), {**patch, "name": f"x{text}"})


@kind.promise(
    "patch-little",
    "A patch that changes no more than letter case, white space, spelling, order or nothing into null changes that.",
    on=PATCH,
    source=named("P24"),
)
def patch_little(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for name, before, after in _LITTLE:
        here.patch(here.create(**{name: before}), {name: after})


@kind.promise(
    "patch-time",
    "A patch that changes anything moves updated_at on; created_at and id stay.",
    on=PATCH,
    source=assumed("P25", "updated_at is the moment of the last change."),
)
def patch_time(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    patches: list[dict[str, Any]] = [{name: OTHER[name]} for name in WRITABLE]
    patches += [{name: None} for name in NULLABLE]
    patches += [{"tags": ["enterprise", "hot-lead", "hot-lead"]}, {"tags": ["hot-lead", "enterprise"]}]
    patches += [dict(OTHER), {"company": "acme corp"}, {"name": "priya sharma "}]
    for lead, patch in zip(population(lab).aged[2:], patches, strict=True):
        changed = here.patch(lead, patch)
        expected = f"updated_at after {lead['updated_at']} once {patch} has changed the lead"
        lab.expect(changed["updated_at"] > lead["updated_at"], expected, changed["updated_at"])


@kind.promise(
    "patch-nothing",
    "A patch that changes nothing answers 200 with the lead and leaves everything, updated_at too.",
    on=PATCH,
    source=assumed("P25", "An empty patch, and one of the same values, changes nothing."),
)
def patch_nothing(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for lead in population(lab).aged[:2]:
        said = writable(lead)
        patches: list[dict[str, Any]] = [{}, {"pipeline": "sales"}, said, {**said, "pipeline": "sales"}]
        patches += [{name: value} for name, value in said.items()]
        patches += [{"nickname": "P"}, {"id": "lead_0000000000000000"}, {"created_at": "2001-01-01T00:00:00Z"}]
        patches += [
            {"updated_at": "2031-01-01T00:00:00Z"},
            {"archived": True},
            {"Status": "lost", "lead": {"score": 1}},
        ]
        for patch in patches:
            here.patch(lead, patch)


@kind.promise(
    "patch-ignored",
    "A patch ignores the id, the timestamps and unknown members, and changes what else it names.",
    on=PATCH,
    source=named("P24"),
)
def patch_ignored(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    known, lead = here.create(), here.create(**FULL)
    moment = "2001-01-01T00:00:00Z"
    lead = here.patch(lead, {"id": known["id"], "company": "One"})
    lead = here.patch(lead, {"created_at": moment, "updated_at": moment, "company": "Two"})
    now = lead["updated_at"]
    lab.expect(now > "2001-01-02", "updated_at by the target's own clock", now)
    lead = here.patch(lead, {"id": None, "created_at": 5, "updated_at": [], "company": "Three"})
    lead = here.patch(lead, {"utm": {"a": [None]}, "Company": "x", "": 1, "archived": True, "company": "Four"})
    here.unchanged(known, "a patch of another lead named its id")
    here.lists([lead], search=lead["email"])


@kind.promise(
    "patch-refused",
    "A patch with a wrong member answers 422, names it, and changes nothing of the lead, its right members included.",
    on=PATCH,
    source=named("P39"),
)
def patch_refused(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    lead = here.create(**FULL)
    path = {"id": lead["id"]}
    for name, values in BAD.items():
        rest = {other: value for other, value in OTHER.items() if other != name}
        for at, value in enumerate(values):
            patch = {**rest, name: value} if at % 2 else {name: value, **rest}
            answer = lab.main("updateLead", path=path, body=patch if at < 2 else {"source": "Changed", name: value})
            here.refused(answer, 422, f"a patch of {name} to {str(value)[:60]!r}", f"/{name}")
            if at < 2:
                here.unchanged(lead, f"a refused patch of {name}")
        here.unchanged(lead, f"refused patches of {name}")
    for body in ([], [{"status": "lost"}], "x", 5, None):
        here.refused(lab.main("updateLead", path=path, body=body), 422, f"the patch {body}")
    for content in (b"", b'{"status": "lost"', b"status=lost"):
        here.refused(lab.main("updateLead", path=path, content=content), 400, f"the patch {content!r}")
    here.unchanged(lead, "refused patches")
    here.lists([lead], search=lead["email"])


@kind.promise(
    "patch-type",
    "A patch may be declared as application/json or application/merge-patch+json; another type answers 415.",
    on=PATCH,
    source=named("P24"),
)
def patch_type(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    lead = here.create(**FULL)
    types: tuple[str, ...] = (
        "application/merge-patch+json",
        "application/json",
        "application/merge-patch+json; charset=utf-8",
    )
    types += ("Application/Merge-Patch+JSON", "application/json;charset=UTF-8")
    for at, declared in enumerate(types):
        lead = here.patch(lead, {"score": at, "company": None}, headers={"Content-Type": declared})
    for declared in ("text/plain", "application/json-patch+json", "application/x-www-form-urlencoded", "text/json"):
        answer = here.ask("updateLead", path={"id": lead["id"]}, body={"score": 99}, headers={"Content-Type": declared})
        here.refused(answer, 415, f"a patch declared as {declared}")
    here.unchanged(lead, "patches of another media type")


@kind.promise(
    "patch-alone",
    "A patch of one lead leaves every other lead alone, one with the same name and address too.",
    on=PATCH,
    source=named("P24"),
)
def patch_alone(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    shared = {"name": lab.fresh.name(), "email": lab.fresh.email(), **FULL}
    one, other = here.made(shared), here.made(shared)
    here.patch(other, dict(OTHER))
    here.unchanged(one, "a patch of its double")
    here.patch(one, dict.fromkeys(NULLABLE))
    theirs = Workspace(lab, _other(lab)).made(shared)
    here.patch(here.made(shared), dict(OTHER))
    Workspace(lab, _other(lab)).unchanged(theirs, "a patch of its double in another workspace")


def _other(lab: Lab) -> Any:
    try:
        return lab.other_tenant()
    except NotChecked:
        return lab.main


@kind.promise(
    "patch-together",
    "Patches of different members that are sent at the same time all survive.",
    on=PATCH,
    source=assumed("P24", "A patch changes only the members it has, whatever else happens to the lead."),
)
def patch_together(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    for _ in range(_ROUNDS):
        lead = here.create(**FULL)
        path = {"id": lead["id"]}
        requests = [lab.main.request("updateLead", path=path, body={name: OTHER[name]}) for name in WRITABLE]
        for exchange in lab.send_all(requests):
            here.whole(exchange.answer, 200, "the lead")
        now = here.read(lead["id"])
        wanted: Lead = {**lead, **OTHER, "updated_at": now["updated_at"]}
        here.agree(wanted, now, "after patches of all members, each alone, at the same time")
