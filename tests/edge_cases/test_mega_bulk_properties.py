"""MEGA's bulk import, for any mixture of rows: it adds up, it previews truly, it equals single creates."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.app import Mock
from mockserver.vendors.mega.world import world
from tests.caller import Caller
from tests.edge_cases.mega_world import bulk, listed, told

pytestmark = pytest.mark.anyio
case = pytest.mark.case

# Each example has a customer of its own, so that the mock may be shared by all of them.
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Row = dict[str, Any]
OWN = "the first owner of the customer"

EMAILS = st.sampled_from(["a@x.com", "A@x.com ", "b@x.com", "c@x.com", "", None])
PHONES = st.sampled_from(["206-555-0101", "+1 (206) 555 0101", "206.555.0102", "206-555-0103 x9", "555-0101", "", None])
NAMES = st.sampled_from(["Ann", "Bob", "", None])
GOOD_ROWS = st.fixed_dictionaries(
    {"contact_name": st.just("Somebody")},
    optional={
        "contact_email": EMAILS,
        "contact_phone": PHONES,
        "stage_slug": st.sampled_from(["new", "qualified", None]),
        "source_platform": st.sampled_from(["zoho", None]),
        "source_type": st.just("form"),
        "custom_fields": st.dictionaries(
            st.sampled_from(["budget", "timeline", "made_up"]), st.sampled_from([1, "x", None, True]), max_size=2
        ),
    },
)
ODD_ROWS: st.SearchStrategy[Row] = st.fixed_dictionaries(
    {},
    optional={
        "contact_name": NAMES,
        "contact_email": EMAILS | st.just("not-an-email"),
        "contact_phone": PHONES | st.just("n/a"),
        "owner_id": st.sampled_from([OWN, "nobody", None]),
        "lead_line": st.sampled_from(["buyer", "Buyer", None]),
        "stage_slug": st.sampled_from(["new", "New"]),
        "custom_fields": st.sampled_from([{"budget": {}}, {"made_up": 1}, {"other": 1, "made_up": 2}, None, []]),
    },
)
NO_ROWS: st.SearchStrategy[Any] = st.sampled_from([None, "x", 5, [], True])
MIXTURES = st.lists(GOOD_ROWS | ODD_ROWS | NO_ROWS, min_size=1, max_size=12)
OPTIONS = st.fixed_dictionaries({}, optional={"on_duplicate": st.sampled_from(["update", "skip"])})


def fresh(mock: Mock) -> Caller:
    return Caller.of_new_tenant(mock, "mega", unlimited=True)


def numbered(caller: Caller, rows: list[Any]) -> list[Any]:
    """The rows with their place as row_ref, and with an owner whom this customer has."""
    own = next(iter(world(caller.credential.tenant.id)["owners"]))
    return [
        {**row, "row_ref": str(place), **({"owner_id": own} if row.get("owner_id") == OWN else {})}
        if isinstance(row, dict)
        else row
        for place, row in enumerate(rows)
    ]


def without_ids(leads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leads as they compare across customers: in any order, without ids and timestamps."""
    own = {"id", "customer_id", "created_at", "updated_at", "current_stage"}
    shown = [
        {name: value for name, value in lead.items() if name not in own} | {"stage": lead["current_stage"]["slug"]}
        for lead in leads
    ]
    return sorted(shown, key=repr)


@case(62)
@few
@given(rows=MIXTURES, more=MIXTURES, options=OPTIONS)
async def test_the_summary_adds_up_and_results_keep_the_order(
    mock: Mock, rows: list[Any], more: list[Any], options: dict[str, Any]
) -> None:
    async with fresh(mock) as caller:
        for batch in (numbered(caller, rows), numbered(caller, more)):
            before = {lead["id"] for lead in await listed(caller)}
            body = await bulk(caller, batch, **options)
            results, summary = body["results"], body["summary"]
            assert summary.pop("total") == len(results) == len(batch) == sum(summary.values())
            assert {name: count for name, count in summary.items() if count} == Counter(
                result["status"] for result in results
            )
            refs = [row["row_ref"] if isinstance(row, dict) else None for row in batch]
            assert [result["row_ref"] for result in results] == refs
            after = {lead["id"] for lead in await listed(caller)}
            created = [result["lead_id"] for result in results if result["status"] == "created"]
            assert sorted(created) == sorted(after - before)
            assert before <= after
            check_members(results, after, skip=options.get("on_duplicate") == "skip")
            ignored = dict.fromkeys(slug for result in results for slug in result.get("ignored_custom_fields", ()))
            assert body["unknown_custom_fields"] == list(ignored)


def check_members(results: list[dict[str, Any]], leads: set[str], *, skip: bool) -> None:
    for result in results:
        status = result["status"]
        assert (status == "failed") == bool(result["errors"])
        assert result["errors"] is None or all(result["errors"])
        assert (result["lead_id"] is None) == (status == "failed")
        assert (result["matched_by"] is not None) == (status in {"updated", "skipped"})
        assert result["lead_id"] in leads | {None}
        assert status != ("updated" if skip else "skipped")
        assert result.get("ignored_custom_fields") != []


@case(75)
@few
@given(known=st.lists(GOOD_ROWS, max_size=3), rows=MIXTURES, options=OPTIONS)
async def test_a_dry_run_tells_what_the_real_run_does_and_leaves_no_trace(
    mock: Mock, known: list[Row], rows: list[Any], options: dict[str, Any]
) -> None:
    async with fresh(mock) as caller:
        if known:
            await bulk(caller, known)
        before = await listed(caller)
        batch = numbered(caller, rows)
        preview = await bulk(caller, batch, dry_run=True, **options)
        assert await listed(caller) == before
        real = await bulk(caller, batch, **options)
        assert (preview.pop("dry_run"), real.pop("dry_run")) == (True, False)
        foreseen = [result.pop("lead_id") for result in preview["results"]]
        happened = [result.pop("lead_id") for result in real["results"]]
        assert preview == real
        there = {lead["id"] for lead in before}
        assert foreseen == [lead_id if lead_id in there else None for lead_id in happened]


@case(59)
@few
@given(kinds=st.lists(st.sampled_from(["created", "updated", "failed"]), min_size=2, max_size=8), data=st.data())
async def test_the_order_of_independent_rows_does_not_matter(mock: Mock, kinds: list[str], data: st.DataObject) -> None:
    """Each row names one person, whom no other row names."""
    rows = [
        {"row_ref": str(place), "contact_email": f"a{place}@x.com", "custom_fields": {f"made_up_{place}": 1}}
        | ({"stage_slug": "nope"} if kind == "failed" else {})
        for place, kind in enumerate(kinds)
    ]
    known = [
        {"contact_email": row["contact_email"]} for row, kind in zip(rows, kinds, strict=True) if kind == "updated"
    ]
    outcomes = []
    for order in (rows, data.draw(st.permutations(rows))):
        async with fresh(mock) as caller:
            if known:
                await bulk(caller, known)
            body = await bulk(caller, list(order))
            shown = {result["row_ref"]: (told(result), result["errors"]) for result in body["results"]}
            leads = without_ids(await listed(caller))
            outcomes.append((shown, body["summary"], sorted(body["unknown_custom_fields"]), leads))
    assert outcomes[0] == outcomes[1]
    assert [outcomes[0][0][str(place)][0][0] for place in range(len(kinds))] == kinds


@case(59)
async def test_the_order_of_rows_that_share_a_person_decides_who_is_created(mock: Mock) -> None:
    rows = [{"row_ref": "a", "contact_email": "a@x.com"}, {"row_ref": "b", "contact_email": "A@x.com"}]
    for order in (rows, rows[::-1]):
        async with fresh(mock) as caller:
            results = (await bulk(caller, order))["results"]
            assert [(result["row_ref"], result["status"]) for result in results] == [
                (order[0]["row_ref"], "created"),
                (order[1]["row_ref"], "updated"),
            ]


@case(57, 58)
@few
@given(rows=st.lists(GOOD_ROWS, min_size=1, max_size=10))
async def test_an_import_does_what_single_creates_of_its_rows_do(mock: Mock, rows: list[Row]) -> None:
    async with fresh(mock) as one_by_one, fresh(mock) as at_once:
        singles = []
        for row in rows:
            # What a row leaves out differs by design: `manual` of a single lead, `import` of a row (M36).
            response = await one_by_one("POST", "/leads", json={"source_type": "form", **row})
            singles.append(response.json()["lead"]["id"])
        body = await bulk(at_once, [{"source_type": "form", **row} for row in rows])
        ids = [result["lead_id"] for result in body["results"]]
        assert [ids.index(each) for each in ids] == [singles.index(each) for each in singles], "the same rows meet"
        assert without_ids(await listed(at_once)) == without_ids(await listed(one_by_one))


class Model:
    """Decisions M28 to M33 and M50, once more and in a few lines: leads are pairs of keys."""

    def __init__(self) -> None:
        self.leads: list[dict[str, str]] = []

    def take(self, row: Row, *, skip: bool) -> tuple[str, str | None, int]:
        digits = "".join(char for char in (row.get("contact_phone") or "").split("x")[0] if char.isdigit())
        keys = {"email": (row.get("contact_email") or "").strip().lower(), "phone": digits[-10:]}
        given_keys = {name: key for name, key in keys.items() if key and (name == "email" or len(digits) >= 10)}
        for name, key in given_keys.items():
            for place, lead in enumerate(self.leads):
                if lead.get(name) == key:
                    if not skip:
                        free = {n: k for n, k in given_keys.items() if all(o.get(n) != k for o in self.leads)}
                        if row.get("contact_phone") == "555-0101":
                            lead.pop("phone", None)  # A short phone replaces the long one, and has no key.
                        lead.update(free)
                    return "skipped" if skip else "updated", name, place
        self.leads.append(given_keys)
        return "created", None, len(self.leads) - 1


@case(35, 36, 37, 38, 39, 40)
@few
@given(rows=st.lists(GOOD_ROWS, min_size=2, max_size=14), skip=st.booleans())
async def test_rows_meet_as_the_decisions_say(mock: Mock, rows: list[Row], *, skip: bool) -> None:
    model = Model()
    expected = [model.take(row, skip=skip) for row in rows]
    async with fresh(mock) as caller:
        body = await bulk(caller, rows, on_duplicate="skip" if skip else "update")
    ids = list(dict.fromkeys(result["lead_id"] for result in body["results"]))
    assert [(*told(result), ids.index(result["lead_id"])) for result in body["results"]] == expected
