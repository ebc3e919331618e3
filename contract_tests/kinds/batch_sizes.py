"""Batches of as many rows as an import may have.

They are tried late, since every list of a simple implementation takes longer once there are thousands of leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract import Operation

from ..rule import Kind, assumed, named, only
from .batch import STATUS, adds_up, is_result, row_of
from .envelope import refused
from .mega_leads import Lead, imported, made, search

if TYPE_CHECKING:
    from ..lab import Lab

kind = Kind("batch")

_BULK = only("mega/bulkImportLeads")


@kind.promise(
    "size",
    "An import has 1 to 500 rows; none, or more, is refused with 400 and nothing is written.",
    on=_BULK,
    source=named("bulk"),
)
def size(lab: Lab, operation: Operation) -> None:
    most = operation.batch.max if operation.batch else 500
    for count in (1, 2, 100, most - 1, most):
        name = lab.fresh.token()
        rows = [{"row_ref": str(at), "contact_name": f"Row {at} {name}"} for at in range(count)]
        answer = imported(lab, rows)
        adds_up(lab, answer, ["created"] * count)
        refs = [result["row_ref"] for result in answer["results"]]
        lab.expect(refs == [str(at) for at in range(count)], f"{count} results in order", refs)
        listing = lab.main("listLeads", query={"search": name, "limit": "1"})
        lab.expect(listing.at("/total") == count, f"{count} leads after an import of as many", listing)
    for count in (most + 1, most + 2, 2 * most):
        name = lab.fresh.token()
        for options in ({}, {"dry_run": True}, {"on_duplicate": "skip"}):
            rows = [{"contact_name": f"Row {at} {name}"} for at in range(count)]
            refused(lab, lab.main(operation.id, body={"leads": rows, **options}), 400, f"{count} rows with {options}")
        lab.expect(not search(lab, name), f"nothing written of {count} rows", search(lab, name))
    for options in ({}, {"dry_run": True}, {"on_duplicate": "skip"}):
        refused(lab, lab.main(operation.id, body={"leads": [], **options}), 400, f"no rows, with {options}")


@kind.promise(
    "replay",
    "An import of as many rows as there may be is replayed like any other, and only with the same rows.",
    on=_BULK,
    source=named("idempotency"),
)
def replay(lab: Lab, operation: Operation) -> None:
    most = operation.batch.max if operation.batch else 500
    name, key = lab.fresh.token(), {"Idempotency-Key": lab.fresh.token()}
    rows = [{"row_ref": f"row {at} of {most}", "contact_name": f"Row {at} {name}"} for at in range(most)]
    first = lab.main(operation.id, body={"leads": rows}, headers=key)
    lab.expect(first.status == 200, f"200 for an import of {most} rows", first)
    again = lab.main(operation.id, body={"leads": rows}, headers=key)
    lab.expect(again.status == 200 and again.json == first.json, "the original answer", again)
    rows[-1] = {**rows[-1], "contact_name": f"Another {name}"}
    other = lab.main(operation.id, body={"leads": rows}, headers=key)
    lab.expect(other.status == 409, "409 for another last row with the same key", other)
    listing = lab.main("listLeads", query={"search": name, "limit": "1"})
    lab.expect(listing.at("/total") == most, f"{most} leads after all", listing)


@kind.promise(
    "positions",
    "A row is treated alike wherever it stands among 500, and the others stay as they are.",
    on=_BULK,
    source=named("row-fails-alone"),
)
def positions(lab: Lab, operation: Operation) -> None:
    most = operation.batch.max if operation.batch else 500
    places = (0, 99, 100, 249, 255, 256, most - 2, most - 1)
    special = ("bad-stage", "email", "phone", "no-contact")
    for turn in range(len(special)):
        rows = [{"row_ref": str(at), **lab.world.lead(lab.fresh)} for at in range(most)]
        kinds = dict.fromkeys(range(most), "whole")
        known: dict[int, Lead] = {}
        for number, place in enumerate(places):
            kinds[place] = special[(number + turn) % len(special)]
            known[place] = made(lab, lab.world.lead(lab.fresh))
            rows[place] = row_of(lab, kinds[place], known[place], str(place))
        answer = imported(lab, rows)
        for at, result in enumerate(answer["results"]):
            if at in known:
                is_result(lab, result, rows[at], kinds[at], known[at])
            else:
                told = (result["row_ref"], result["status"], bool(result["lead_id"]), result["matched_by"])
                lab.expect(told == (str(at), "created", True, None), f"row {at} created", result)
        adds_up(lab, answer, [STATUS.get(kinds[at], "created") for at in range(most)])


@kind.promise(
    "far-apart",
    "A row matches one far above it in the same import.",
    on=_BULK,
    source=assumed("M43", "Rows are handled in order, and can match leads that rows above them created."),
)
def far_apart(lab: Lab, operation: Operation) -> None:
    most = operation.batch.max if operation.batch else 500
    rows = [lab.world.lead(lab.fresh) for _ in range(most)]
    pairs = {most - 1: 0, most - 2: 1, most - 3: most // 2, 300: 100, 101: 99}
    for later, earlier in pairs.items():
        key = "contact_email" if later % 2 else "contact_phone"
        rows[later] = {key: rows[earlier][key]}
    for options, matched in (({"dry_run": True}, "updated"), ({"on_duplicate": "skip"}, "skipped"), ({}, "updated")):
        answer = imported(lab, rows, **options)
        everybody = options == {}
        for at, result in enumerate(answer["results"]):
            again = at in pairs or everybody
            lab.expect(result["status"] == (matched if again else "created"), f"row {at} of {most} {matched}", result)
            if at in pairs and not options.get("dry_run"):
                first = answer["results"][pairs[at]]["lead_id"]
                lab.expect(result["lead_id"] == first, f"the lead of row {pairs[at]}, {first}, for row {at}", result)
