"""CRMLead Pro's leads: read, by those who may."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..rule import Kind, NotChecked, assumed, named, only
from ..worlds.crmleadpro import CRMLeadPro, told
from ..worlds.workspace import Workspace

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")
WORLD = CRMLeadPro()

READ = only("crmleadpro/getLead")
#: Ids that are no lead's: well-formed ones, near misses of a real one (its 16 symbols in `{}`), and nonsense.
NO_IDS = (
    "lead_0000000000000000",
    "lead_x",
    "lead_" + "Z" * 64,
    "{}",
    "lead_{}0",
    "lead_0{}",
    "lead_lead_{}",
    "LEAD_{}",
    "contact_{}",
    "deal_{}",
    "lead_{} ",
    "lead_%",
    "lead_" + "_" * 16,
    "lead_",
    "lead_" + "Z" * 65,
    "lead_!*'();:@&=+$,",
    "1",
    "null",
    "lead_é😀",
    "lead_' OR '1'='1",
)


@kind.promise(
    "sample",
    "GET /leads/{{id}} answers the lead as in the sample: its members and their types.",
    on=READ,
    source=named("lead-sample"),
)
def sample(lab: Lab, _operation: Operation) -> None:
    lead_id = WORLD.made(lab, lab.main)
    answer = lab.main("getLead", path={"id": lead_id})
    lab.expect(answer.ok, f"the lead {lead_id}", answer)
    lab.expect(answer.at("/id") == lead_id, f"the id {lead_id}", answer)
    for name in ("name", "status", "pipeline_stage"):
        value = answer.at(f"/{name}")
        unset = name != "name" and value is None and not lab.strict
        lab.expect(unset or isinstance(value, str), f"{name}, a text", answer)
    for name in ("email", "phone", "company", "source", "assigned_to"):
        lab.expect(isinstance(answer.at(f"/{name}", None), str | None), f"{name}, a text", answer)
    score, tags = answer.at("/score", None), answer.at("/tags", None) or []
    lab.expect(score is None or type(score) in {int, float}, "score, a number", answer)
    lab.expect(isinstance(tags, list) and all(isinstance(tag, str) for tag in tags), "tags, a list of texts", answer)
    for name in ("created_at", "updated_at"):
        lab.expect(_is_moment(answer.at(f"/{name}")), f"{name}, a moment such as 2026-05-15T10:30:00Z", answer)


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@kind.promise(
    "workspace",
    "A key of another workspace neither reads nor changes nor archives a lead.",
    on=READ,
    source=named("workspace-keys"),
)
def workspace(lab: Lab, _operation: Operation) -> None:
    other = lab.other_tenant()
    sent = lab.world.lead(lab.fresh)
    made = lab.main("createLead", body=sent)
    path = {"id": lab.world.lead_id(made)}
    before = lab.main("getLead", path=path)
    lab.expect(before.ok, "the new lead", before)
    patch = {"name": "Mallory", "status": "lost"}
    for answer in (other("getLead", path=path), other("updateLead", path=path, body=patch)):
        shown = sent["email"].encode() in answer.body or sent["name"].encode() in answer.body
        # Ids may be counted up in each workspace: then it is a lead of its own that the other key finds.
        refused = answer.status >= 400 or not lab.strict
        lab.expect(refused and not shown, "a refusal to a key of another workspace", answer)
    other("archiveLead", path=path)
    after = lab.main("getLead", path=path)
    lab.expect(after.ok and told(lab, after) == told(lab, before), f"the lead as it was, {before}", after)


@kind.promise(
    "colleague",
    "Every key of a workspace opens the same leads.",
    on=READ,
    source=named("workspace-keys"),
)
def colleague(lab: Lab, _operation: Operation) -> None:
    other = lab.colleague()
    for maker, reader in ((lab.main, other), (other, lab.main)):
        path = {"id": WORLD.made(lab, maker)}
        made, read = maker("getLead", path=path), reader("getLead", path=path)
        lab.expect(read.ok and told(lab, read) == told(lab, made), f"the lead as its maker reads it, {made}", read)
        if not reader("updateLead", path=path, body={"name": "Changed Together"}).ok:
            raise NotChecked("a patch of the name is refused")
        after = maker("getLead", path=path)
        lab.expect(after.ok and after.at("/name") == "Changed Together", "what a colleague's key changed", after)


@kind.promise(
    "unknown",
    "An id that is no lead's answers 404 to GET, PATCH and DELETE, and no lead changes.",
    on=READ,
    source=named("P22"),
)
def unknown(lab: Lab, _operation: Operation) -> None:
    here = Workspace(lab)
    lead = here.create(company="Kept")
    symbols = lead["id"].removeprefix("lead_")
    first, last = ("1" if symbol == "0" else "0" for symbol in (symbols[0], symbols[-1]))
    near = [f"lead_{symbols[:-1]}", f"lead_{symbols[1:]}", f"lead_{symbols[:-1]}{last}", f"lead_{first}{symbols[1:]}"]
    if symbols != symbols.lower():
        near.append(f"lead_{symbols.lower()}")
    for at, text in enumerate((*near, *(one.format(symbols) for one in NO_IDS))):
        path = {"id": text}
        here.missing(lab.main("getLead", path=path), f"reading {text!r}")
        if at > 12 and at % 2:
            continue
        # A whole lead might be made of it.
        body = {"company": "Changed"} if at % 4 else lab.world.lead(lab.fresh)
        here.missing(lab.main("updateLead", path=path, body=body), f"changing {text!r}")
        here.missing(lab.main("archiveLead", path=path), f"archiving {text!r}")
    here.unchanged(lead, "calls with ids that are not its own")


@kind.promise(
    "foreign",
    "Another workspace's lead answers 404 to GET, PATCH and DELETE, as if it did not exist, and stays as it is.",
    on=READ,
    source=assumed("P36", "A lead of another workspace answers 404."),
)
def foreign(lab: Lab, _operation: Operation) -> None:
    here, there = Workspace(lab), Workspace(lab, lab.other_tenant())
    lead = here.create(company="Kept", tags=["kept"], score=5)
    path = {"id": lead["id"]}
    patches: tuple[dict[str, Any], ...] = ({"name": "Changed"}, {"status": "lost"}, {"tags": []}, {"score": None}, {})
    there.missing(there.ask("getLead", path=path), "reading another workspace's lead")
    for patch in patches:
        there.missing(there.ask("updateLead", path=path, body=patch), f"another workspace's patch {patch}")
        here.unchanged(lead, f"another workspace's patch {patch}")
    there.missing(there.ask("archiveLead", path=path), "archiving another workspace's lead")
    here.unchanged(lead, "another workspace's DELETE")
    here.lists([lead], search=lead["email"])
    never = there.ask("getLead", path={"id": "lead_0000000000000000"})
    text = there.ask("getLead", path=path).body.decode().replace(lead["id"], "lead_0000000000000000")
    lab.expect(text == never.body.decode(), f"the answer for an id that never was, {never}", text)
    here.archive(lead)
    there.missing(there.ask("archiveLead", path=path), "archiving another workspace's archived lead")
