"""Batches: each row's own result, counts, order, dry runs, and how many rows there may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from .envelope import refused
from .mega_leads import Lead, expect_same, imported, last_ten, listed, made, search, with_email

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("batch")

_BULK = only("mega/bulkImportLeads")
_WRITE, _READ = "public_api:leads:write", "public_api:leads:read"
_NO_STAGE = "no-such-stage"
_KINDS = ("new", "new-phone", "email", "phone", "bad-stage", "no-contact", "name", "whole")
_OPTIONS: tuple[dict[str, Any], ...] = ({}, {"on_duplicate": "update"}, {"on_duplicate": "skip"})
STATUS = {"email": "updated", "phone": "updated", "bad-stage": "failed", "no-contact": "failed"}


@kind.promise(
    "results",
    "Each row has its own result, in order, with its row_ref, its status, its lead and how that was found; "
    "the summary counts them.",
    on=_BULK,
    source=named("row-status"),
)
def results(lab: Lab, _operation: Operation) -> None:
    mixed = st.lists(st.sampled_from(_KINDS), min_size=1, max_size=6)

    @lab.each(st.permutations(_KINDS) | mixed, examples=12)
    def _(kinds: Sequence[str]) -> None:
        known = [made(lab, lab.world.lead(lab.fresh)) for _ in kinds]
        rows = [row_of(lab, one, lead, f"ref-{at}") for at, (one, lead) in enumerate(zip(kinds, known, strict=True))]
        answer = imported(lab, rows)
        for row, result, one, lead in zip(rows, answer["results"], kinds, known, strict=True):
            is_result(lab, result, row, one, lead)
        adds_up(lab, answer, [STATUS.get(one, "created") for one in kinds])
        ids = [result["lead_id"] for result in answer["results"] if result["status"] == "created"]
        lab.expect(len(set(ids)) == len(ids), "another lead for each new row", ids)


def row_of(lab: Lab, one: str, known: Lead, ref: str) -> dict[str, Any]:
    """A row of this kind. Nothing but the known lead matches it."""
    whole = lab.world.lead(lab.fresh)
    change = {"contact_name": whole["contact_name"], "custom_fields": _custom(lab), **_owner(lab)}
    members = {
        "new": {"contact_email": whole["contact_email"]},
        "new-phone": {"contact_phone": whole["contact_phone"]},
        "email": {"contact_email": known["contact_email"], **change},
        "phone": {"contact_phone": known["contact_phone"], **change},
        "bad-stage": {**whole, "stage_slug": _NO_STAGE},
        "no-contact": {"stage_slug": "new"},
        "name": {"contact_name": whole["contact_name"]},
        "whole": whole,
    }
    return {"row_ref": ref, **members[one]}


def _custom(lab: Lab) -> dict[str, str]:
    """A value of its own for each custom field; a tame one where somebody may want numbers."""
    slugs = [slug for slug in lab.facts.get("custom_fields", ()) if slug != "lead_line"]
    return {slug: lab.fresh.token() for slug in slugs} if lab.strict and slugs else {"budget": "1"}


def _owner(lab: Lab) -> dict[str, str]:
    return {"owner_id": lab.facts["owner_id"]} if "owner_id" in lab.facts else {}


def is_result(lab: Lab, result: Lead, row: Lead, one: str, known: Lead) -> None:
    status = STATUS.get(one, "created")
    lab.expect(result["row_ref"] == row["row_ref"], f"row_ref {row['row_ref']} for {row}", result)
    lab.expect(result["status"] == status, f"{status} for {row}", result)
    lab.expect(bool(result["errors"]) == (status == "failed"), f"errors only if failed, for {row}", result)
    matched_by = one if status == "updated" else None
    lab.expect(result["matched_by"] == matched_by, f"matched_by {matched_by} for {row}", result)
    if status == "updated":
        lab.expect(result["lead_id"] == known["id"], f"the lead {known['id']} for {row}", result)
    elif status == "created":
        lab.expect(result["lead_id"] not in (None, "", known["id"]), f"the id of a new lead for {row}", result)
        lead = listed(lab, {**row, "id": result["lead_id"]})
        for name, value in row.items():
            got = last_ten(lead.get(name)) if name == "contact_phone" else lead.get(name)
            expected = last_ten(value) if name == "contact_phone" else value
            lab.expect(name == "row_ref" or got == expected, f"{name} {value!r} in the imported lead", lead)
    elif "contact_email" in row:
        found = with_email(lab, row["contact_email"])
        lab.expect(not found, f"nothing written by the failed row {row}", found)


def adds_up(lab: Lab, answer: Lead, statuses: Sequence[str]) -> None:
    kinds = ("created", "updated", "skipped", "failed")
    counts = {"total": len(statuses), **{status: statuses.count(status) for status in kinds}}
    got = {name: answer["summary"].get(name) for name in counts}
    lab.expect(got == counts, f"the summary {counts}", got)
    types = [type(number) for number in got.values()]
    lab.expect(all(one is int for one in types), "whole numbers in the summary", got)


@kind.promise(
    "skip",
    "With on_duplicate skip, a row that matches leaves the known lead untouched.",
    on=_BULK,
    source=named("on-duplicate"),
)
def skip(lab: Lab, _operation: Operation) -> None:
    rows, known = [], []
    keys = ("contact_email", "contact_phone")
    for at in range(6):
        lead = made(
            lab, lab.world.lead(lab.fresh) if at < 4 else {keys[at % 2]: lab.world.lead(lab.fresh)[keys[at % 2]]}
        )
        change = {**lab.world.lead(lab.fresh), "source_platform": "zoho", "source_type": "chat", "lead_line": "seller"}
        change |= {"custom_fields": _custom(lab), "stage_slug": lab.facts.get("stages", ["new"])[-1], **_owner(lab)}
        rows.append({**change, keys[at % 2]: lead[keys[at % 2]], "row_ref": f"r{at}"})
        known.append(lead)
    new, bad = lab.world.lead(lab.fresh), {**lab.world.lead(lab.fresh), "stage_slug": _NO_STAGE}
    before = [listed(lab, lead) for lead in known]
    for turn in range(2):
        answer = imported(lab, [*rows, new, bad], on_duplicate="skip")
        for at, result in enumerate(answer["results"][:6]):
            told = (result["status"], result["lead_id"], result["matched_by"])
            expected = ("skipped", known[at]["id"], keys[at % 2][8:])
            lab.expect(told == expected, f"{expected} for {rows[at]}", result)
            now = listed(lab, known[at])
            expect_same(lab, before[at], now, f"the lead untouched by the skipped row {rows[at]}")
        statuses = ["skipped"] * 6 + (["skipped"] if turn else ["created"]) + ["failed"]
        adds_up(lab, answer, statuses)
    for row, lead, key in zip(rows, known, keys * 3, strict=True):
        gained = keys[0] if key == keys[1] else keys[1]
        other = made(lab, {gained: row[gained]})
        lab.expect(other["id"] != lead["id"], f"{row[gained]} not taken over by a skipped row", other)


@kind.promise(
    "update-default",
    "Without on_duplicate, and with update, a row that matches is merged.",
    on=_BULK,
    source=named("on-duplicate"),
)
def update_default(lab: Lab, _operation: Operation) -> None:
    for options in _OPTIONS[:2]:
        for key, gained in (("contact_email", "contact_phone"), ("contact_phone", "contact_email")):
            whole = lab.world.lead(lab.fresh)
            known = made(lab, {key: whole[key]})
            row = imported(lab, [whole], **options)["results"][0]
            told = (row["status"], row["lead_id"])
            lab.expect(told == ("updated", known["id"]), f"updated, {known['id']}, with {options}", row)
            lead = listed(lab, {**known, **whole, "id": known["id"]})
            got = (lead["contact_name"], last_ten(lead["contact_phone"]), str(lead["contact_email"]).lower())
            expected = (whole["contact_name"], last_ten(whole["contact_phone"]), whole["contact_email"])
            lab.expect(got == expected, f"the lead merged, with {gained}: {expected}", lead)


@kind.promise("dry-run", "A dry run tells what would happen, and writes nothing.", on=_BULK, source=named("dry-run"))
def dry_run(lab: Lab, _operation: Operation) -> None:
    for options in _OPTIONS:
        known = [made(lab, lab.world.lead(lab.fresh)) for _ in range(8)]
        before = [listed(lab, lead) for lead in known]
        rows = [row_of(lab, one, lead, f"ref-{one}") for one, lead in zip(_KINDS, known, strict=True)]
        matched = "skipped" if options.get("on_duplicate") == "skip" else "updated"
        statuses = [matched if STATUS.get(one) == "updated" else STATUS.get(one, "created") for one in _KINDS]
        for turn, dry in enumerate((True, True, False)):
            answer = imported(lab, rows, **options, dry_run=dry)
            what = f"with {options} and dry_run {dry}"
            lab.expect(answer["dry_run"] is dry, f"dry_run {dry}", answer["dry_run"])
            told = [result["status"] for result in answer["results"]]
            lab.expect(told == statuses, f"{statuses} {what}", told)
            refs = [result["row_ref"] for result in answer["results"]]
            lab.expect(refs == [row["row_ref"] for row in rows], f"the row_refs in order {what}", refs)
            matches = [result["matched_by"] for result in answer["results"]]
            lab.expect(
                matches == [one if one in ("email", "phone") else None for one in _KINDS], f"matched_by {what}", matches
            )
            adds_up(lab, answer, statuses)
            # What the first dry run has written would still be there after the second.
            if turn == 1:
                now = [listed(lab, lead) for lead in known]
                lab.expect(now == before, f"the known leads as they were, {what}", now)
                for row in rows:
                    texts = [row[name] for name in ("contact_email", "contact_name", "contact_phone") if name in row]
                    found = [lead for text in texts for lead in search(lab, text) if lead["id"] not in _ids(known)]
                    lab.expect(not found, f"no lead of the row {row} {what}", found)


def _ids(leads: Sequence[Lead]) -> set[str]:
    return {lead["id"] for lead in leads}


@kind.promise(
    "all-fail",
    "An import answers 200 even if every row failed.",
    on=_BULK,
    source=named("page-bulk-200"),
)
def all_fail(lab: Lab, _operation: Operation) -> None:
    for rows in (
        [{"row_ref": "r1", "stage_slug": "new"}],
        [{"row_ref": "r1"}, {"row_ref": "r2", **lab.world.lead(lab.fresh), "stage_slug": _NO_STAGE}],
    ):
        for options in ({}, {"on_duplicate": "skip"}, {"dry_run": True}):
            answer = imported(lab, rows, **options)
            statuses = [result["status"] for result in answer["results"]]
            lab.expect(statuses == ["failed"] * len(rows), "every row failed", statuses)
            adds_up(lab, answer, statuses)


@kind.promise("other-customer", "A row never matches a lead of another customer.", on=_BULK, source=named("customer"))
def other_customer(lab: Lab, _operation: Operation) -> None:
    other = lab.other_tenant(_WRITE, _READ)
    for key in ("contact_email", "contact_phone"):
        ours = made(lab, lab.world.lead(lab.fresh))
        before = listed(lab, ours)
        for on_duplicate, dry in (("update", True), ("skip", False), ("update", False)):
            row = imported(lab, [{key: ours[key]}], other, on_duplicate=on_duplicate, dry_run=dry)["results"][0]
            lab.expect(row["lead_id"] != ours["id"], f"another lead than {ours['id']}, which is ours", row)
            if on_duplicate == "update" and not dry:
                lab.expect(row["status"] == "updated", "their own lead updated", row)
            else:
                lab.expect(row["status"] == "created", "a lead created for the other customer", row)
        lab.expect(listed(lab, ours) == before, f"our lead as it was, {before}", listed(lab, ours))
        mine = imported(lab, [{key: ours[key]}])["results"][0]
        lab.expect(mine["lead_id"] == ours["id"], f"our lead {ours['id']} for us", mine)


@kind.promise(
    "wrong-leads",
    "An import without a list of leads is refused with 400.",
    on=_BULK,
    source=named("page-errors"),
)
def wrong_leads(lab: Lab, operation: Operation) -> None:
    row = lab.world.lead(lab.fresh)
    bodies: list[Any] = [{}, {"leads": None}, {"leads": "x"}, {"leads": 5}, {"rows": [row]}, row, []]
    # Whoever obliges may take a row for a list of one, and a list for the import.
    bodies += [{"leads": row}, [row]] if lab.strict else []
    for body in bodies:
        refused(lab, lab.main(operation.id, body=body), 400, f"the body {body}")
    found = with_email(lab, row["contact_email"])
    lab.expect(not found, "nothing written by a refused import", found)


@kind.promise(
    "wrong-options",
    "An import whose on_duplicate is no documented word, or whose dry_run is no boolean, is refused with 400.",
    on=_BULK,
    source=assumed("M5", "What is invalid is refused with 400; booleans are strict."),
)
def wrong_options(lab: Lab, operation: Operation) -> None:
    row = lab.world.lead(lab.fresh)
    words: list[Any] = ["UPDATE", "Skip", "", "merge", None, 1, True, []]
    flags: list[Any] = ["true", "false", "", 1, 0, None, [], {}]
    wrong = [{"on_duplicate": word} for word in words] + [{"dry_run": flag} for flag in flags]
    for options in wrong:
        refused(lab, lab.main(operation.id, body={"leads": [row], **options}), 400, f"an import with {options}")
        found = with_email(lab, row["contact_email"])
        lab.expect(not found, f"nothing written by an import with {options}", found)
    answer = imported(lab, [row], unknown={"x": 1}, row_ref="r9")
    lab.expect(answer["summary"]["created"] == 1, "unknown members of an import ignored", answer)
