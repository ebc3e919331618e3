"""The filters of MEGA's list, alone and together."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..models.mega_population import SORTS, check, filters, listed, need, population, same_people, some, told, word
from ..rule import Kind, assumed, named, only

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("records")

_LIST = only("mega/listLeads")
_PULL = named("page-pull")
_PAST, _FUTURE = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


@kind.promise("filter-status", "status lists only leads with that status.", on=_LIST, source=_PULL)
def filter_status(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for status in some(lab, ("active", "won", "lost", "nurture", "archived")):
        check(lab, made, {"status": status})


@kind.promise("filter-stage", "stageId lists only leads in that stage.", on=_LIST, source=_PULL)
def filter_stage(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for stage in need(made.stages(), "leads with a current_stage"):
        check(lab, made, {"stageId": stage})
        check(lab, made, {"stageId": stage, "include_custom_fields": "true"})


@kind.promise("filter-line", "lead_line lists only buyers, or only sellers.", on=_LIST, source=_PULL)
def filter_line(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for line in ("buyer", "seller"):
        check(lab, made, {"lead_line": line})
        check(lab, made, {"lead_line": line, "include_custom_fields": "true", "sort_by": "created_at"})


@kind.promise("filter-created", "created_since lists only leads created since then.", on=_LIST, source=_PULL)
def filter_created(lab: Lab, _operation: Operation) -> None:
    _since(lab, "created")


@kind.promise("filter-updated", "updated_since lists only leads changed since then.", on=_LIST, source=_PULL)
def filter_updated(lab: Lab, _operation: Operation) -> None:
    _since(lab, "updated")


def _since(lab: Lab, what: str) -> None:
    made = population(lab)
    between = made.between(f"{what}_at")
    # Whether a moment that is yet to come finds nothing or is refused is nowhere said.
    for since in some(lab, (_PAST, *([_FUTURE] if lab.strict else []), *between)):
        check(lab, made, {f"{what}_since": since})
    for since in some(lab, between[2::6]):
        for sort in SORTS:
            check(lab, made, {f"{what}_since": since, "sort_by": sort, "sort_dir": "desc"})


@kind.promise("filters-together", "Filters are combined with and.", on=_LIST, source=_PULL)
def filters_together(lab: Lab, _operation: Operation) -> None:
    made = population(lab)

    def maybe(values: Any) -> st.SearchStrategy[Any]:
        return st.none() | st.sampled_from(list(values)) if values else st.none()

    drawn = st.fixed_dictionaries(
        {
            "status": st.sampled_from([None, "active", "active", "won"]),
            "stageId": maybe(made.stages()),
            "lead_line": maybe(("buyer", "seller")),
            "created_since": maybe(made.between("created_at")),
            "updated_since": maybe(made.between("updated_at")),
        }
    )
    for query in some(lab, filters(made)):
        check(lab, made, query)

    @lab.each(drawn, examples=20)
    def _(query: dict[str, Any]) -> None:
        check(lab, made, {name: value for name, value in query.items() if value is not None})


@kind.promise(
    "filter-values",
    "A stageId in capital letters is the same one; a stage or status that no lead has gives an empty list.",
    on=_LIST,
    source=assumed("M67", "The list is empty for a status or stage that no lead has. Letter case of a UUID is free."),
)
def filter_values(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for stage in made.stages():
        found = listed(lab, made.word, {"stageId": stage.upper()}).at("/leads")
        same_people(lab, found, made.fitting({"stageId": stage}), f"with stageId {stage.upper()}")
    nobody = ("", "act", "activeactive", "contacted", "%", "_ctive", "アクティブ")
    for query in (*({"status": status} for status in nobody), {"stageId": str(uuid.uuid4())}):
        answer = listed(lab, made.word, query)
        empty = (answer.at("/leads"), answer.at("/total"), answer.at("/next_cursor")) == ([], 0, None)
        lab.expect(empty, f"no leads, total 0 and no cursor with {query}", answer)


@kind.promise(
    "filter-merged",
    "A lead is filtered by what it is after a merge, and by the lead_line among its custom fields.",
    on=_LIST,
    source=assumed("M39", "lead_line is a custom field of its own kind; a merge overwrites it, and the stage."),
)
def filter_merged(lab: Lab, _operation: Operation) -> None:
    token, email = word(lab), lab.fresh.email()
    slugs = list(lab.facts.get("stages", ()))[:2]
    given = {"contact_name": f"Ann {token}", "contact_email": email}
    lines: tuple[tuple[str, Any], ...] = (
        ("buyer", "createLead"),
        ("seller", "createLead"),
        ("buyer", "bulkImportLeads"),
    )
    for at, (line, operation) in enumerate(lines):
        stage = {"stage_slug": slugs[at % len(slugs)]} if slugs else {}
        row: dict[str, Any] = {**given, **stage, "custom_fields": {"lead_line": line}}
        answer = lab.main(operation, body=row if operation == "createLead" else {"leads": [row]})
        lab.expect(answer.ok, f"201 or 200 for {row}", answer)
        lead = listed(lab, token).at("/leads")[0]
        for wanted in ("buyer", "seller"):
            found = listed(lab, token, {"lead_line": wanted}).at("/leads")
            same_people(lab, found, [lead] if wanted == line else [], f"with lead_line {wanted}")
        for one in population(lab).stages():
            found = listed(lab, token, {"stageId": one}).at("/leads")
            same_people(lab, found, [lead] if lead["current_stage"]["id"] == one else [], f"with stageId {one}")
        if slugs:
            got = lead["current_stage"]["slug"]
            lab.expect(got == stage["stage_slug"], f"the stage {stage['stage_slug']}", got)


@kind.promise(
    "filter-since-exact",
    "A lead created, or changed, at exactly the moment asked for is listed, however the moment is written.",
    on=_LIST,
    source=assumed("159", "Since means then or later. A moment is written by RFC 3339, in any zone."),
)
def filter_since_exact(lab: Lab, _operation: Operation) -> None:
    made = population(lab)
    for what in ("created", "updated"):
        values = made.moments(f"{what}_at")
        for since in (values[0], *values[3::5], values[-1]):
            check(lab, made, {f"{what}_since": told(since)})
        middle = values[len(values) // 2]
        for zone in ("+02:00", "-07:00", "+05:30", "+14:00", "-00:00"):
            check(lab, made, {f"{what}_since": _in_zone(middle, zone)})
        exact = told(middle, "microseconds")
        for text in (exact, exact.replace("Z", "000Z"), exact.lower(), told(middle).replace("Z", "+00:00")):
            check(lab, made, {f"{what}_since": text})
        check(lab, made, {f"{what}_since": told(middle.replace(microsecond=0), "seconds")})


def _in_zone(when: datetime, zone: str) -> str:
    sign = -1 if zone[0] == "-" else 1
    offset = sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
    return (when.astimezone(UTC) + offset).replace(tzinfo=None).isoformat(timespec="milliseconds") + zone
