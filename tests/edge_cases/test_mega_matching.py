"""MEGA: which known lead a new one is merged into, and what merging does to it and to the others."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.clock import ManualClock
from tests.caller import Caller
from tests.edge_cases.mega_world import create, import_one, listed, told, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

ANN, BOB = "ann@example.com", "bob@example.com"
ONE, TWO = "206-555-0101", "206-555-0102"
SAYS_NOTHING = [
    pytest.param({}, id="absent"),
    pytest.param({"contact_name": None, "contact_phone": None, "source_platform": None}, id="null"),
    pytest.param({"contact_name": "", "contact_phone": ""}, id="empty"),
    pytest.param({"contact_name": " \t", "contact_phone": "\u00a0"}, id="white-space"),
    pytest.param({"stage_slug": None, "custom_fields": None, "source_type": None}, id="null-rest"),
    pytest.param({"stage_slug": "", "custom_fields": {}}, id="empty-rest"),
]


async def one_lead(caller: Caller, lead_id: str) -> dict[str, Any]:
    (found,) = [lead for lead in await listed(caller) if lead["id"] == lead_id]
    return found


@case(35)
async def test_email_of_one_and_phone_of_another_updates_the_first_only(mega: Caller, clock: ManualClock) -> None:
    ann = await create(mega, contact_email=ANN, contact_phone=ONE)
    bob = await create(mega, contact_email=BOB, contact_phone=TWO)
    clock.advance(5)
    merged = await create(mega, contact_email=ANN, contact_phone=TWO, contact_name="Ann")
    assert (merged["id"], merged["contact_name"], merged["contact_phone"]) == (ann["id"], "Ann", ONE)
    assert await one_lead(mega, bob["id"]) == bob, "the other lead is not touched"
    result = await import_one(mega, {"contact_email": ANN, "contact_phone": TWO})
    assert (*told(result), result["lead_id"]) == ("updated", "email", ann["id"])
    still = await import_one(mega, {"contact_phone": TWO}, on_duplicate="skip")
    assert (*told(still), still["lead_id"]) == ("skipped", "phone", bob["id"])


@case(35)
async def test_the_other_leads_phone_is_not_copied_onto_a_lead_without_one(mega: Caller) -> None:
    ann = await create(mega, contact_email=ANN)
    await create(mega, contact_phone=TWO)
    merged = await create(mega, contact_email=ANN, contact_phone=TWO)
    assert (merged["id"], merged["contact_phone"]) == (ann["id"], None)
    assert await total(mega) == 2


@case(36)
async def test_email_and_phone_of_one_lead_are_one_update_by_email(mega: Caller) -> None:
    ann = await create(mega, contact_email=ANN, contact_phone=ONE)
    result = await import_one(mega, {"contact_email": ANN, "contact_phone": ONE, "contact_name": "Ann"})
    assert (*told(result), result["lead_id"]) == ("updated", "email", ann["id"])
    assert [lead["contact_name"] for lead in await listed(mega)] == ["Ann"]


@case(37)
async def test_a_lead_found_by_phone_gains_the_new_email(mega: Caller) -> None:
    bob = await create(mega, contact_phone=TWO)
    result = await import_one(mega, {"contact_email": BOB, "contact_phone": TWO})
    assert (*told(result), result["lead_id"]) == ("updated", "phone", bob["id"])
    gained = await one_lead(mega, bob["id"])
    assert (gained["contact_email"], gained["contact_phone"]) == (BOB, TWO)


@case(38)
async def test_a_gained_email_is_found_from_then_on(mega: Caller) -> None:
    bob = await create(mega, contact_phone=TWO)
    await create(mega, contact_email=BOB, contact_phone=TWO)
    assert [lead["id"] for lead in await listed(mega, search=BOB)] == [bob["id"]]
    result = await import_one(mega, {"contact_email": BOB})
    assert (*told(result), result["lead_id"]) == ("updated", "email", bob["id"])


@case(38)
async def test_a_gained_phone_is_found_from_then_on(mega: Caller) -> None:
    ann = await create(mega, contact_email=ANN)
    await create(mega, contact_email=ANN, contact_phone=ONE)
    assert [lead["id"] for lead in await listed(mega, search="(206) 555 0101")] == [ann["id"]]
    result = await import_one(mega, {"contact_phone": "+1 (206) 5550101"})
    assert (*told(result), result["lead_id"]) == ("updated", "phone", ann["id"])


@case(39)
async def test_a_replaced_phone_is_free_for_a_new_lead(mega: Caller) -> None:
    ann = await create(mega, contact_email=ANN, contact_phone=ONE)
    await create(mega, contact_email=ANN, contact_phone=TWO)
    other = await create(mega, contact_phone=ONE)
    assert other["id"] != ann["id"]
    result = await import_one(mega, {"contact_phone": TWO})
    assert (*told(result), result["lead_id"]) == ("updated", "phone", ann["id"])
    assert [lead["id"] for lead in await listed(mega, search=ONE)] == [other["id"]]


@case(39)
async def test_a_replaced_email_is_free_for_a_new_lead(mega: Caller) -> None:
    bob = await create(mega, contact_email=ANN, contact_phone=ONE)
    await create(mega, contact_email=BOB, contact_phone=ONE)
    other = await create(mega, contact_email=ANN)
    assert other["id"] != bob["id"]
    assert (await create(mega, contact_email=BOB))["id"] == bob["id"]


@case(40)
async def test_name_only_leads_are_never_merged(mega: Caller) -> None:
    first = await create(mega, contact_name="Walk-in")
    second = await create(mega, contact_name="Walk-in")
    assert first["id"] != second["id"]
    assert told(await import_one(mega, {"contact_name": "Walk-in"})) == ("created", None)
    assert await total(mega) == 3


@case(41)
async def test_one_person_with_two_customers_is_two_leads(mega: Caller) -> None:
    async with mega.stranger() as other:
        mine = await create(mega, contact_email=ANN, contact_phone=ONE, contact_name="Mine")
        theirs = await create(other, contact_email=ANN, contact_phone=ONE)
        assert theirs["id"] != mine["id"]
        assert theirs["contact_name"] is None, "nothing of another customer's lead leaks"
        assert (mine["customer_id"], theirs["customer_id"]) == (
            mega.credential.tenant.id,
            other.credential.tenant.id,
        )
        assert [lead["id"] for lead in await listed(mega)] == [mine["id"]]
        assert [lead["id"] for lead in await listed(other)] == [theirs["id"]]


@case(45)
@pytest.mark.parametrize("seconds", [0, 0.0004, 90])
async def test_a_merge_keeps_id_and_creation_and_moves_the_update(
    mega: Caller, clock: ManualClock, seconds: float
) -> None:
    first = await create(mega, contact_email=ANN)
    assert first["updated_at"] == first["created_at"]
    clock.advance(seconds)
    merged = await create(mega, contact_email=ANN)
    assert (merged["id"], merged["created_at"]) == (first["id"], first["created_at"])
    assert merged["updated_at"] > first["updated_at"]
    again = await create(mega, contact_email=ANN)
    assert again["updated_at"] > merged["updated_at"]


@case(46)
@pytest.mark.parametrize("nothing", SAYS_NOTHING)
async def test_a_merge_clears_nothing_with_what_says_nothing(mega: Caller, nothing: dict[str, Any]) -> None:
    first = await create(
        mega,
        contact_email=ANN,
        contact_phone=ONE,
        contact_name="Ann",
        source_platform="zoho",
        source_type="form",
        stage_slug="qualified",
        custom_fields={"budget": "500000"},
    )
    merged = await create(mega, contact_email=ANN, **nothing)
    assert merged == {**first, "updated_at": merged["updated_at"]}
    assert told(await import_one(mega, {"contact_email": ANN, **nothing})) == ("updated", "email")
    (imported,) = await listed(mega)
    assert imported == {**first, "updated_at": imported["updated_at"]}


@case(46)
async def test_a_merge_overwrites_with_what_says_something(mega: Caller) -> None:
    await create(mega, contact_email=ANN, contact_phone=ONE, contact_name="Ann", source_platform="zoho")
    merged = await create(
        mega,
        contact_email="ANN@example.com",
        contact_phone=TWO,
        contact_name="Anna",
        source_platform="hubspot",
        source_type="email",
        stage_slug="contacted",
    )
    assert (merged["contact_email"], merged["contact_phone"], merged["contact_name"]) == (
        "ANN@example.com",
        TWO,
        "Anna",
    )
    assert (merged["source_platform"], merged["source_type"]) == ("hubspot", "email")
    assert merged["current_stage"]["slug"] == "contacted"


@case(46)
async def test_a_merge_by_import_leaves_the_source_where_the_row_has_none(mega: Caller) -> None:
    await create(mega, contact_email=ANN)
    await import_one(mega, {"contact_email": ANN})
    (merged,) = await listed(mega)
    assert (merged["source_platform"], merged["source_type"]) == ("direct", "manual")


@case(47)
@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param({"timeline": "soon"}, {"budget": 1, "timeline": "soon", "lead_line": "buyer"}, id="adds"),
        pytest.param({"budget": 2}, {"budget": 2, "lead_line": "buyer"}, id="overwrites"),
        pytest.param({"budget": None}, {"budget": None, "lead_line": "buyer"}, id="null-sets-null"),
        pytest.param({"budget": ""}, {"budget": "", "lead_line": "buyer"}, id="empty-is-a-value"),
        pytest.param({"made_up": 1}, {"budget": 1, "lead_line": "buyer"}, id="unknown-is-not-stored"),
    ],
)
async def test_a_merge_of_custom_fields_keeps_the_other_slugs(
    mega: Caller, later: dict[str, Any], expected: dict[str, Any]
) -> None:
    await create(mega, contact_email=ANN, custom_fields={"budget": 1, "lead_line": "buyer"})
    merged = await create(mega, contact_email=ANN, custom_fields=later)
    assert merged["custom_fields"] == expected
    assert [lead["custom_fields"] for lead in await listed(mega)] == [expected]
