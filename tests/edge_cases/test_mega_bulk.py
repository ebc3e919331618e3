"""MEGA's bulk import: what refuses the request, what fails a row, and how rows meet each other."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.vendors.mega.world import world
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, bulk, create, import_one, listed, refused, told, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

ANN, BOB = "ann@example.com", "bob@example.com"
ONE = "206-555-0101"
Row = dict[str, Any]
NO_POLICIES: list[Any] = ["UPDATE", "Skip", "", None, 1, ["skip"]]
NO_BOOLEANS: list[Any] = ["true", "", 1, 0, None, []]


def summary(**counts: int) -> dict[str, int]:
    return {"total": sum(counts.values()), "created": 0, "updated": 0, "skipped": 0, "failed": 0} | counts


def each(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [told(result) for result in body["results"]]


@case(51)
@pytest.mark.parametrize("count", [1, 500])
async def test_one_row_and_five_hundred_rows_are_imported(mega: Caller, count: int) -> None:
    rows = [{"row_ref": f"r{number}", "contact_email": f"a{number}@example.com"} for number in range(count)]
    body = await bulk(mega, rows)
    assert body["summary"] == summary(created=count)
    assert [result["row_ref"] for result in body["results"]] == [row["row_ref"] for row in rows]
    assert len({result["lead_id"] for result in body["results"]}) == count
    assert await total(mega) == count


@case(52)
@pytest.mark.parametrize("count", [0, 501])
async def test_no_row_and_five_hundred_and_one_rows_are_refused(mega: Caller, count: int) -> None:
    rows = [{"contact_email": f"a{number}@example.com"} for number in range(count)]
    message = refused(await mega("POST", BULK, json={"leads": rows}), 400)
    assert "leads" in message
    assert await total(mega) == 0


@case(53)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="missing"),
        pytest.param({"leads": {"contact_email": ANN}}, id="object"),
        pytest.param({"leads": None}, id="null"),
        pytest.param({"leads": "x"}, id="text"),
        pytest.param({"lead": [{"contact_email": ANN}]}, id="misspelt"),
        pytest.param([{"contact_email": ANN}], id="bare-array"),
    ],
)
async def test_leads_that_are_no_array_are_refused(mega: Caller, body: Any) -> None:
    refused(await mega("POST", BULK, json=body), 400)
    assert await total(mega) == 0


@case(54)
@pytest.mark.parametrize("declared", [True, False], ids=["content-length", "chunked"])
async def test_a_body_beyond_the_cap_is_refused_before_it_is_parsed(mega: Caller, *, declared: bool) -> None:
    row = b'{"contact_email":"ann@example.com","contact_name":"' + b"x" * 10_700 + b'"},'
    content = b'{"leads":[' + row * 500  # Neither complete nor valid JSON, if anybody looked.
    assert len(content) > 5 * 1024 * 1024

    async def pieces() -> Any:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    headers = {"Content-Type": "application/json"}
    response = await mega("POST", BULK, headers=headers, content=content if declared else pieces())
    assert "5242880" in refused(response, 413)
    assert await total(mega) == 0


@case(54)
async def test_the_largest_body_is_accepted_and_a_byte_more_is_not(mega: Caller) -> None:
    content = b'{"leads":[{"contact_email":"ann@example.com"}]}'
    headers = {"Content-Type": "application/json"}
    largest = content + b" " * (5 * 1024 * 1024 - len(content))
    assert (await mega("POST", BULK, headers=headers, content=largest)).status_code == 200
    refused(await mega("POST", BULK, headers=headers, content=largest + b" "), 413)


@pytest.mark.parametrize(
    ("option", "second"),
    [
        pytest.param({}, "updated", marks=case(55), id="case-55-by-default"),
        pytest.param({"on_duplicate": "update"}, "updated", marks=case(55), id="case-55-update"),
        pytest.param({"on_duplicate": "skip"}, "skipped", marks=case(56), id="case-56-skip"),
    ],
)
async def test_two_rows_with_one_email_are_one_lead(mega: Caller, option: dict[str, str], second: str) -> None:
    rows = [
        {"contact_email": ANN, "contact_name": "First"},
        {"contact_email": "ANN@example.com", "contact_name": "2nd"},
    ]
    body = await bulk(mega, rows, **option)
    assert each(body) == [("created", None), (second, "email")]
    assert body["summary"] == summary(created=1, **{second: 1})
    (lead,) = await listed(mega)
    assert [result["lead_id"] for result in body["results"]] == [lead["id"], lead["id"]]
    assert lead["contact_name"] == ("First" if second == "skipped" else "2nd")
    assert (lead["updated_at"] == lead["created_at"]) == (second == "skipped")


@case(56)
async def test_skip_leaves_a_known_lead_exactly_as_it_is(mega: Caller) -> None:
    known = await create(mega, contact_email=ANN, custom_fields={"budget": 1})
    row = {"contact_email": ANN, "contact_phone": ONE, "contact_name": "Ann", "custom_fields": {"budget": 2}}
    result = await import_one(mega, row, on_duplicate="skip")
    assert (*told(result), result["lead_id"], result["errors"]) == ("skipped", "email", known["id"], None)
    assert await listed(mega) == [known]
    assert told(await import_one(mega, {"contact_phone": ONE}, on_duplicate="skip")) == ("created", None)


@case(57)
async def test_a_row_between_two_leads_of_its_batch_goes_to_the_one_with_its_email(mega: Caller) -> None:
    body = await bulk(
        mega, [{"contact_email": ANN}, {"contact_phone": ONE}, {"contact_email": ANN, "contact_phone": ONE}]
    )
    assert each(body) == [("created", None), ("created", None), ("updated", "email")]
    first, second, third = (result["lead_id"] for result in body["results"])
    assert (third == first, first == second) == (True, False)
    phones = {lead["id"]: lead["contact_phone"] for lead in await listed(mega)}
    assert phones == {first: None, second: ONE}


@case(58)
async def test_a_chain_of_rows_is_one_lead(mega: Caller) -> None:
    body = await bulk(
        mega, [{"contact_email": ANN, "contact_phone": ONE}, {"contact_phone": ONE}, {"contact_email": ANN}]
    )
    assert each(body) == [("created", None), ("updated", "phone"), ("updated", "email")]
    assert len({result["lead_id"] for result in body["results"]}) == 1
    assert await total(mega) == 1


@case(60)
@pytest.mark.parametrize("wrong", [{"stage_slug": "nope"}, {"lead_line": "Buyer"}, {"owner_id": "nobody"}])
async def test_a_failed_row_does_not_take_its_email(mega: Caller, wrong: Row) -> None:
    body = await bulk(mega, [{"contact_email": ANN, **wrong}, {"contact_email": ANN}])
    assert each(body) == [("failed", None), ("created", None)]
    assert body["summary"] == summary(failed=1, created=1)


@case(60)
async def test_a_failed_row_does_not_change_the_lead_that_it_names(mega: Caller) -> None:
    known = await create(mega, contact_email=ANN, contact_name="Ann")
    result = await import_one(mega, {"contact_email": ANN, "contact_name": "X", "owner_id": "nobody"})
    assert (*told(result), result["lead_id"]) == ("failed", None, None)
    assert await listed(mega) == [known]


@case(61)
async def test_a_request_of_which_every_row_fails_is_answered_with_200(mega: Caller) -> None:
    body = await bulk(mega, [None, {}, {"contact_email": "no"}, {"contact_name": "A", "stage_slug": "nope"}])
    assert body["summary"] == summary(failed=4)
    assert all(result["errors"] for result in body["results"])
    assert await total(mega) == 0


@case(63)
async def test_a_foreign_owner_and_a_made_up_one_get_the_same_words(mega: Caller) -> None:
    own, foreign = (list(world(tenant)["owners"]) for tenant in (mega.credential.tenant.id, "another"))
    rows = [{"contact_name": "A", "owner_id": owner} for owner in (foreign[0], str(uuid.uuid4()), "x", own[0])]
    body = await bulk(mega, rows)
    assert each(body) == [*[("failed", None)] * 3, ("created", None)]
    assert len({tuple(result["errors"]) for result in body["results"][:3]}) == 1
    assert foreign[0] not in str(body)
    (lead,) = await listed(mega)
    assert lead["owner"]["id"] == own[0]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        pytest.param({"stage_slug": "nope"}, "stage_slug", marks=case(64), id="case-64-unknown"),
        pytest.param({"stage_slug": "New"}, "stage_slug", marks=case(64), id="case-64-other-case"),
        pytest.param({"lead_line": "Buyer"}, "lead_line", marks=case(65), id="case-65-other-case"),
        pytest.param({"lead_line": ""}, "lead_line", marks=case(65), id="case-65-empty"),
        pytest.param(
            {"lead_line": "buyer", "custom_fields": {"lead_line": "seller"}},
            "lead_line",
            marks=case(65),
            id="case-65-contradiction",
        ),
        pytest.param({"custom_fields": {"budget": {}}}, "custom_fields", marks=case(69), id="case-69-object"),
        pytest.param({"custom_fields": {"budget": [1]}}, "custom_fields", marks=case(69), id="case-69-array"),
        pytest.param({"custom_fields": {"made_up": []}}, "custom_fields", marks=case(69), id="case-69-unknown-slug"),
        pytest.param({"custom_fields": []}, "custom_fields", marks=case(69), id="case-69-no-map"),
        pytest.param({"contact_phone": 2065550101}, "contact_phone", marks=case(70), id="case-70-number-for-text"),
    ],
)
async def test_what_is_wrong_inside_a_row_fails_that_row_only(mega: Caller, wrong: Row, named: str) -> None:
    body = await bulk(
        mega, [{"row_ref": "bad", "contact_name": "A", **wrong}, {"row_ref": "good", "contact_name": "B"}]
    )
    assert each(body) == [("failed", None), ("created", None)]
    bad = body["results"][0]
    assert (bad["row_ref"], bad["lead_id"]) == ("bad", None)
    assert named in "; ".join(bad["errors"])
    assert [lead["contact_name"] for lead in await listed(mega)] == ["B"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"stage_slug": "New"}, marks=case(64), id="case-64"),
        pytest.param({"custom_fields": {"lead_line": "Buyer"}}, marks=case(65), id="case-65"),
        pytest.param({"custom_fields": {"budget": {}}}, marks=case(69), id="case-69"),
    ],
)
async def test_the_same_mistakes_refuse_a_single_lead(mega: Caller, wrong: Row) -> None:
    refused(await mega("POST", "/leads", json={"contact_name": "A", **wrong}), 400)
    assert await total(mega) == 0


@pytest.mark.parametrize(
    ("field", "value"), [("stage_slug", "qualified"), ("lead_line", "seller")], ids=["case-64-known", "case-65-known"]
)
@case(64, 65)
async def test_known_stages_and_lead_lines_are_kept(mega: Caller, field: str, value: str) -> None:
    await import_one(mega, {"contact_name": "A", field: value})
    (lead,) = await listed(mega)
    kept = {"stage_slug": lead["current_stage"]["slug"], "lead_line": lead["custom_fields"].get("lead_line")}
    assert kept[field] == value


@case(66)
async def test_a_row_with_an_unknown_custom_field_succeeds_and_says_so(mega: Caller) -> None:
    body = await bulk(mega, [{"contact_name": "A", "custom_fields": {"made_up": "x"}}, {"contact_name": "B"}])
    assert each(body) == [("created", None)] * 2
    assert [result.get("ignored_custom_fields", "absent") for result in body["results"]] == [["made_up"], "absent"]
    assert body["unknown_custom_fields"] == ["made_up"]
    assert [lead["custom_fields"] for lead in await listed(mega)] == [{}, {}]


@case(67)
async def test_an_unknown_slug_of_many_rows_is_told_once_in_order_of_appearance(mega: Caller) -> None:
    fields = [{"zeta": 1, "budget": 1}, {"alpha": 2, "zeta": 2}, {"zeta": 3}, {"budget": 2}]
    body = await bulk(mega, [{"contact_name": "A", "custom_fields": each_row} for each_row in fields])
    assert body["unknown_custom_fields"] == ["zeta", "alpha"]
    ignored = [result.get("ignored_custom_fields") for result in body["results"]]
    assert ignored == [["zeta"], ["alpha", "zeta"], ["zeta"], None]


@case(68)
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("wrong", [{"stage_slug": "nope"}, {"contact_email": "no"}])
async def test_an_unknown_slug_of_a_failed_row_counts_too(mega: Caller, wrong: Row, *, dry_run: bool) -> None:
    body = await bulk(mega, [{"contact_name": "A", "custom_fields": {"made_up": 1}, **wrong}], dry_run=dry_run)
    assert each(body) == [("failed", None)]
    assert body["results"][0]["ignored_custom_fields"] == body["unknown_custom_fields"] == ["made_up"]


@case(70)
@pytest.mark.parametrize("row", [None, "x", [], 5, True, 1.5, [{"contact_name": "A"}]])
async def test_a_row_that_is_no_object_fails_alone(mega: Caller, row: Any) -> None:
    body = await bulk(mega, [row, {"row_ref": "r", "contact_name": "B"}])
    assert each(body) == [("failed", None), ("created", None)]
    assert [result["row_ref"] for result in body["results"]] == [None, "r"]
    assert body["results"][0]["errors"]


@case(71)
@pytest.mark.parametrize(
    ("given", "status", "echoed"),
    [
        pytest.param({}, "created", None, id="missing"),
        pytest.param({"row_ref": None}, "created", None, id="null"),
        pytest.param({"row_ref": ""}, "created", "", id="empty"),
        pytest.param({"row_ref": " a b "}, "created", " a b ", id="verbatim"),
        pytest.param({"row_ref": "\U0001f600\u00e9"}, "created", "\U0001f600\u00e9", id="emoji"),
        pytest.param({"row_ref": "x" * 255}, "created", "x" * 255, id="longest"),
        pytest.param({"row_ref": "x" * 256}, "failed", None, id="too-long"),
        pytest.param({"row_ref": "x" * 10_000}, "failed", None, id="ten-thousand"),
        pytest.param({"row_ref": 7}, "failed", None, id="number"),
        pytest.param({"row_ref": ["r"]}, "failed", None, id="array"),
    ],
)
async def test_a_row_ref_is_echoed_or_fails_its_row(mega: Caller, given: Row, status: str, echoed: str | None) -> None:
    result = await import_one(mega, {"contact_name": "A", **given})
    assert (result["status"], result["row_ref"]) == (status, echoed)


@case(71)
async def test_rows_may_share_a_row_ref(mega: Caller) -> None:
    body = await bulk(mega, [{"row_ref": "r", "contact_name": name} for name in "AB"])
    assert [(result["row_ref"], result["status"]) for result in body["results"]] == [("r", "created")] * 2


@pytest.mark.parametrize(
    "option",
    [
        *(pytest.param({"on_duplicate": value}, marks=case(72), id=f"case-72-{value!r}") for value in NO_POLICIES),
        *(pytest.param({"dry_run": value}, marks=case(73), id=f"case-73-{value!r}") for value in NO_BOOLEANS),
    ],
)
async def test_options_are_strict_and_a_wrong_one_refuses_the_request(mega: Caller, option: dict[str, Any]) -> None:
    message = refused(await mega("POST", BULK, json={"leads": [{"contact_name": "A"}], **option}), 400)
    assert next(iter(option)) in message
    assert await total(mega) == 0


@case(79)
async def test_an_import_sends_no_webhook_and_a_single_create_does(mega: Caller, mock: Mock) -> None:
    hook = {"url": "https://hooks.example.com/mega", "event_types": ["lead.created"]}
    assert (await mega("POST", "/lead-webhooks", json=hook)).status_code == 201
    await bulk(mega, [{"contact_email": ANN}, {"contact_name": "B"}])
    assert await mock.store.deliveries(mega.credential.tenant.key) == []
    await create(mega, contact_email=BOB)
    assert len(await mock.store.deliveries(mega.credential.tenant.key)) == 1


@case(80)
async def test_imports_are_counted_apart_from_all_other_requests(mega: Caller) -> None:
    for left in range(9, -1, -1):
        response = await mega("POST", BULK, json={"leads": [{"contact_name": "A"}]})
        assert response.status_code == 200
        told_limits = (response.headers["ratelimit-limit"], response.headers["ratelimit-remaining"])
        assert told_limits == ("10", str(left))
    refused(await mega("POST", BULK, json={"leads": [{"contact_name": "A"}]}), 429)
    single = await mega("POST", "/leads", json={"contact_name": "A"})
    assert (single.status_code, single.headers["ratelimit-remaining"]) == (201, "59")
    assert await total(mega) == 11
