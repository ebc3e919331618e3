"""Batches: the members that a row can have, and those that nobody knows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mockserver.contract import Operation

from ..models.mega_population import moment
from ..rule import Kind, assumed, named, only
from .envelope import refused
from .mega_leads import (
    alike,
    ask,
    custom_slugs,
    expect_same,
    imported,
    listed,
    made,
    nobodys_id,
    search,
    stages,
    with_email,
)

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("batch")

_BULK = only("mega/bulkImportLeads")
_NO_STAGE = "no-such-stage"


@kind.promise(
    "unknown-custom-fields",
    "Custom fields that are not defined are ignored, and told for the row and for the whole import, each once.",
    on=_BULK,
    source=named("ignored-fields"),
)
def unknown_custom_fields(lab: Lab, _operation: Operation) -> None:
    slug, made_up = custom_slugs(lab)[0], [f"made_up_{lab.fresh.token()}" for _ in range(3)]
    known = made(lab, lab.world.lead(lab.fresh))
    nothing = None if lab.strict else "nothing"  # a field that is null may count as not given
    given: list[dict[str, Any]] = [{}, {slug: "1"}, {made_up[1]: "x"}, {slug: "2", made_up[0]: 5, made_up[1]: nothing}]
    rows = [{**lab.world.lead(lab.fresh), **({"custom_fields": fields} if fields else {})} for fields in given]
    rows.append({"contact_email": known["contact_email"], "custom_fields": {made_up[2]: True, slug: "3"}})
    ignored = [[one for one in row.get("custom_fields", {}) if one != slug] for row in rows]
    for options in ({"dry_run": True}, {}, {"on_duplicate": "skip"}):
        answer = imported(lab, rows, **options)
        for result, slugs, row in zip(answer["results"], ignored, rows, strict=True):
            lab.expect(result["status"] != "failed", f"no failure for {row}", result)
            if result["status"] == "skipped" and not lab.strict:
                continue  # nothing of it is taken, so nothing need be ignored
            told = sorted(result.get("ignored_custom_fields") or [])
            lab.expect(told == sorted(slugs), f"ignored_custom_fields {slugs} for {row}", result)
        if options.get("on_duplicate") == "skip" and not lab.strict:
            continue
        told = sorted(answer["unknown_custom_fields"])
        lab.expect(told == sorted(made_up), f"unknown_custom_fields {made_up}", told)
    for row in rows:
        fields = with_email(lab, row["contact_email"])[0].get("custom_fields", {})
        lab.expect(not set(fields) & set(made_up), "none of them stored", fields)
        wanted = row.get("custom_fields", {}).get(slug)
        stored = fields.get(slug) is None if wanted is None else alike(lab, fields.get(slug), wanted)
        lab.expect(stored, f"{slug} {wanted!r} stored", fields)
    plain = imported(lab, [lab.world.lead(lab.fresh)])
    lab.expect(plain["unknown_custom_fields"] == [], "no unknown_custom_fields", plain)


@kind.promise(
    "unknown-in-failed",
    "Unknown custom fields are told in the order in which they come, those of failed rows among them.",
    on=_BULK,
    source=assumed("case 68", "Unknown custom fields of a failed row are counted too."),
)
def unknown_in_failed(lab: Lab, _operation: Operation) -> None:
    rows = [
        {**lab.world.lead(lab.fresh), "custom_fields": {"zz_b": 1, "zz_a": 2}},
        {**lab.world.lead(lab.fresh), "custom_fields": {"zz_a": 2, "zz_c": 1}, "stage_slug": _NO_STAGE},
        {"custom_fields": {"zz_0": 1}},
        {**lab.world.lead(lab.fresh), "custom_fields": {"zz_1": 1, "zz_b": 1, "zz_9": 2}},
    ]
    for options in ({"dry_run": True}, {}, {"on_duplicate": "skip"}):
        told = imported(lab, rows, **options)["unknown_custom_fields"]
        expected = ["zz_b", "zz_a", "zz_c", "zz_0", "zz_1", "zz_9"]
        lab.expect(told == expected, f"unknown_custom_fields {expected}", told)


# Names that nobody defines, among them such as a program may stumble over; `{}` is where something fresh is put in.
_ODD_SLUGS = (
    *(
        "",
        " ",
        "{}",
        "{} ",
        "a b",
        "a.b",
        "a/b",
        "$a",
        "%s",
        "{{}}",
        "'",
        '"',
        "\\",
        "é",
        "🦊",
        "0",
        "-1",
        "x" * 64,
        "x" * 300,
    ),
    *("id", "contact_email", "custom_fields", "created_at", "__proto__", "constructor", "None", "null", "true"),
)


@kind.promise(
    "odd-custom-fields",
    "A custom field that is not defined is ignored, be its name odd, long, empty or nearly that of a defined one.",
    on=_BULK,
    source=assumed("M37", "What no definition matches letter by letter is ignored, and told by an import."),
)
def odd_custom_fields(lab: Lab, _operation: Operation) -> None:
    slug = custom_slugs(lab)[0]
    near = [slug.upper(), slug.capitalize(), f" {slug}", f"{slug} ", slug[:-1], f"{slug}s"]
    known = {str(one) for one in lab.fact("custom_fields")}
    odd = [name for name in [one.replace("{}", lab.fresh.token()) for one in _ODD_SLUGS] + near if name not in known]
    for name in odd:
        lead = made(lab, {**lab.world.lead(lab.fresh), "custom_fields": {slug: "kept", name: "x"}})
        lab.expect(lead["custom_fields"] == {slug: "kept"}, f"{slug} alone, and {name!r} ignored", lead)
    for value in ([], ["x"], {}, {"a": 1}):
        row = {**lab.world.lead(lab.fresh), "custom_fields": {odd[2]: value}}
        refused(lab, ask(lab, row), 400, f"{value} for the custom field {odd[2]}, which is not defined")
        result = imported(lab, [row])["results"][0]
        lab.expect(result["status"] == "failed", f"a failed row for {value} in a custom field", result)
    token = lab.fresh.token()
    rows = [
        {**lab.world.lead(lab.fresh), "contact_name": f"Row {token}", "custom_fields": {slug: "kept", name: "x"}}
        for name in odd
    ]
    for options in ({"dry_run": True}, {}, {"on_duplicate": "skip"}, {"on_duplicate": "update"}):
        answer = imported(lab, rows, **options)
        for name, result in zip(odd, answer["results"], strict=True):
            lab.expect(result["status"] != "failed", f"no failure for the custom field {name!r}", result)
            told = result.get("ignored_custom_fields")
            lab.expect(told == [name], f"ignored_custom_fields [{name!r}]", result)
        told = answer["unknown_custom_fields"]
        lab.expect(told == odd, f"unknown_custom_fields {odd}", told)
    for lead in search(lab, token):
        lab.expect(lead["custom_fields"] == {slug: "kept"}, f"{slug} alone in an imported lead", lead)


@kind.promise(
    "row-texts",
    "The texts of a row are kept letter by letter, in a new lead and in a merged one, as those of a single lead are.",
    on=_BULK,
    source=assumed("M59", "Texts are echoed as submitted, without the white space around them."),
)
def row_texts(lab: Lab, _operation: Operation) -> None:
    slug = custom_slugs(lab)[0]
    rows = [_odd_texts(lab, slug) for _ in range(2)]
    for status in ("created", "updated"):
        if status == "updated":
            # They are matched by what differs in letter case alone, and take that over.
            rows = [{**_odd_texts(lab, slug), "contact_email": row["contact_email"].swapcase()} for row in rows]
        for row, result in zip(rows, imported(lab, rows)["results"], strict=True):
            lab.expect(result["status"] == status, f"a row {status} for {row}", result)
            kept = listed(lab, {**row, "id": result["lead_id"]})
            expect_same(lab, row, {name: kept.get(name, "absent") for name in row}, f"the texts of the row {row}")


@kind.promise(
    "row-line",
    "A row says its lead_line by itself, in its custom fields, or in both alike, and a merge takes it over.",
    on=_BULK,
    source=assumed("M39", "The row's own lead_line wins; a row fails where its custom fields say another one."),
)
def row_line(lab: Lab, _operation: Operation) -> None:
    leads = [lab.world.lead(lab.fresh) for _ in range(3)]
    for line in ("buyer", "seller"):
        custom = {"custom_fields": {"lead_line": line}}
        ways: tuple[dict[str, Any], ...] = ({"lead_line": line}, custom, {"lead_line": line, **custom})
        rows = [{**lead, **way} for lead, way in zip(leads, ways, strict=True)]
        answer = imported(lab, rows)
        for row, result in zip(rows, answer["results"], strict=True):
            status = "created" if line == "buyer" else "updated"
            lab.expect(result["status"] == status, f"a row {status} for {row}", result)
            lab.expect("ignored_custom_fields" not in result, f"nothing ignored of {row}", result)
            kept = listed(lab, {**row, "id": result["lead_id"]}).get("custom_fields")
            lab.expect(kept == {"lead_line": line}, f"lead_line {line} of {row}", kept)
            for asked, ids in ((line, [result["lead_id"]]), ("buyer" if line == "seller" else "seller", [])):
                found = lab.main("listLeads", query={"search": row["contact_email"], "lead_line": asked})
                among = [one["id"] for one in found.at("/leads")]
                lab.expect(among == ids, f"{ids} among the {asked}s, for {row}", found)


@kind.promise(
    "row-dates",
    "A row that is merged dates its lead anew, one that is skipped or fails does not, and none changes created_at.",
    on=_BULK,
    source=assumed("M32", "A merge changes updated_at and keeps created_at; what writes nothing changes neither."),
)
def row_dates(lab: Lab, _operation: Operation) -> None:
    lead = made(lab, lab.world.lead(lab.fresh))
    before = listed(lab, lead)
    for name in ("contact_email", "contact_phone"):
        row = {name: lead[name], "contact_name": lead["contact_name"]}
        for idle, mode in ((row, "skip"), ({**row, "lead_line": "?"}, "update")):
            imported(lab, [idle], on_duplicate=mode)
            expect_same(lab, before, listed(lab, lead), f"the lead as it was, after {idle} with {mode}")
        time.sleep(0.003)
        imported(lab, [row])
        after = listed(lab, lead)
        later = moment(after["updated_at"]) > moment(before["updated_at"])
        lab.expect(later, f"updated_at after {before['updated_at']} once {row} was merged", after["updated_at"])
        expect_same(lab, before, after, "nothing else changed", "updated_at")
        before = after


def _odd_texts(lab: Lab, slug: str) -> dict[str, Any]:
    a, b = (phone := lab.fresh.phone())[:3], phone[3:6]
    return {
        "contact_name": f'zoë  O\'Neil-McX & <b>"Co"</b> 🦊 {lab.fresh.token()}',
        "contact_email": f"Sam.{lab.fresh.token()}@Example.COM",
        "contact_phone": f"+1 ({a}) {b}.{phone[6:]} Ext. 5",
        "custom_fields": {slug: "  Two  spaces,\ttab, 汉字, é & e\u0301, 007 "},
    }


@kind.promise("owner", "A row's owner must belong to the customer.", on=_BULK, source=named("row-fields"))
def owner(lab: Lab, _operation: Operation) -> None:
    own_id = lab.fact("owner_id")
    lead = lab.world.lead(lab.fresh)
    foreign = lab.facts.get("foreign_owner_id") or nobodys_id(lab)
    for turn, body in (("created", lead), ("updated", lead), ("updated", {"contact_phone": lead["contact_phone"]})):
        bad, row = imported(lab, [{**body, "owner_id": foreign}, {**body, "owner_id": own_id}])["results"]
        lab.expect(bad["status"] == "failed" and bad["errors"], f"a failed row for the owner {foreign}", bad)
        lab.expect(row["status"] == turn, f"a row {turn} for the owner {own_id}", row)
        shown = listed(lab, {**lead, "id": row["lead_id"]})
        lab.expect((shown["owner"] or {}).get("id") == own_id, f"the owner {own_id}", shown)
    known = made(lab, lab.world.lead(lab.fresh))
    row = imported(lab, [{"contact_email": known["contact_email"], "owner_id": own_id}])["results"][0]
    shown = listed(lab, known)
    lab.expect((shown["owner"] or {}).get("id") == own_id, f"the owner {own_id} after {row}", shown)


@kind.promise("owner-kept", "A lead keeps its owner where none is given.", on=_BULK, source=named("M32"))
def owner_kept(lab: Lab, _operation: Operation) -> None:
    own_id, lead = lab.fact("owner_id"), lab.world.lead(lab.fresh)
    imported(lab, [{**lead, "owner_id": own_id}])
    for key in ("contact_email", "contact_phone"):
        again = {key: lead[key], "contact_name": lab.fresh.name()}
        for how, change in (("a create", made), ("an import", lambda lab, row: imported(lab, [row]))):
            change(lab, again)
            shown = with_email(lab, lead["contact_email"])[0]
            lab.expect((shown["owner"] or {}).get("id") == own_id, f"the owner {own_id} after {how} of {again}", shown)
    for query in ({}, {"include_custom_fields": "true"}, {"include_custom_fields": "false"}):
        answer = lab.main("listLeads", query={"search": lead["contact_email"], **query})
        owners = [one["owner"] and one["owner"].get("id") for one in answer.at("/leads")]
        lab.expect(owners == [own_id], f"the owner {own_id} in a list with {query}", answer)


@kind.promise(
    "owner-hidden",
    "An owner of another customer fails a row with the same words as one who does not exist.",
    on=_BULK,
    source=assumed("M51", "Nobody can tell which owners other customers have."),
)
def owner_hidden(lab: Lab, _operation: Operation) -> None:
    ids = (lab.fact("foreign_owner_id"), nobodys_id(lab))
    rows = [{**lab.world.lead(lab.fresh), "owner_id": owner_id} for owner_id in ids]
    errors = []
    for owner_id, result in zip(ids, imported(lab, rows)["results"], strict=True):
        lab.expect(result["status"] == "failed", f"a failed row for the owner {owner_id}", result)
        errors.append([text.replace(owner_id, "…") for text in result["errors"]])
    lab.expect(errors[0] == errors[1], f"the errors {errors[1]}", errors[0])


@kind.promise("row-stage", "A row can set the stage and the side of the deal.", on=_BULK, source=named("row-fields"))
def row_stage(lab: Lab, _operation: Operation) -> None:
    rows = []
    slugs = stages(lab)
    for at, slug in enumerate(slugs):
        rows.append({**lab.world.lead(lab.fresh), "stage_slug": slug, "lead_line": ("buyer", "seller")[at % 2]})
    for row, result in zip(rows, imported(lab, rows)["results"], strict=True):
        shown = listed(lab, {**row, "id": result["lead_id"]})
        lab.expect((shown["current_stage"] or {}).get("slug") == row["stage_slug"], f"the stage of {row}", shown)
        for line in ("buyer", "seller"):
            query = {"search": row["contact_email"], "lead_line": line}
            found = [one["id"] for one in lab.main("listLeads", query=query).at("/leads")]
            expected = [result["lead_id"]] if line == row["lead_line"] else []
            lab.expect(found == expected, f"{expected} among the {line}s, for {row}", found)


@kind.promise(
    "defaults",
    "Where a row does not say, the source_type is import and the source_platform direct; a merge keeps both.",
    on=_BULK,
    source=named("M36"),
)
def defaults(lab: Lab, _operation: Operation) -> None:
    first = stages(lab)[0]
    row = lab.world.lead(lab.fresh)
    answer = imported(lab, [row])["results"][0]
    lead = listed(lab, {**row, "id": answer["lead_id"]})
    expected = {
        **dict.fromkeys(("score", "qualified", "owner", "last_interaction_at")),
        "source_platform": "direct",
        "source_type": "import",
        "status": "active",
        "interaction_count": 0,
        "custom_fields": {},
        "created_at": lead["updated_at"],
        "customer_id": lab.credential.tenant,
        **row,
    }
    expect_same(lab, expected, {name: lead.get(name, "absent") for name in expected}, f"the defaults {expected}")
    lab.expect((lead["current_stage"] or {}).get("slug") == first, f"the first stage, {first}", lead)
    single = made(lab, {**lab.world.lead(lab.fresh), "source_platform": "zoho"})
    imported(lab, [{"contact_email": single["contact_email"], "contact_name": single["contact_name"]}])
    expect_same(lab, single, listed(lab, single), "a merged lead with what it had before", "updated_at")
    made(lab, {"contact_email": row["contact_email"], "contact_name": row["contact_name"]})
    expect_same(lab, lead, listed(lab, lead), "an imported lead with what it had before", "updated_at")
