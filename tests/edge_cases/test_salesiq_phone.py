"""SalesIQ: which phones are taken, and which leads are the same lead."""

from __future__ import annotations

from typing import Any

import pytest

from tests.caller import Caller
from tests.edge_cases.every_api import refused
from tests.edge_cases.live import leads_of

pytestmark = pytest.mark.anyio
case = pytest.mark.case

CAPTURE = "/leads/capture"
PHONE, OTHER, THIRD = "9876543210", "9898989898", "6000000001"

NO_PHONES = [
    pytest.param("९८७६५४३२१०", marks=case(9), id="case-9-devanagari"),
    pytest.param("９８７６５４３２１０", marks=case(9), id="case-9-full-width"),  # noqa: RUF001  # the point
    pytest.param("98765 43210", marks=case(14), id="case-14-space"),
    pytest.param("+919876543210", marks=case(14), id="case-14-country-code"),
    pytest.param("919876543210", marks=case(14), id="case-14-country-code-without-plus"),
    pytest.param("09876543210", marks=case(14), id="case-14-trunk-zero"),
    pytest.param("98765-43210", marks=case(14), id="case-14-hyphen"),
    pytest.param("9876543210\n", marks=case(14), id="case-14-line-feed"),
    pytest.param(" 9876543210", marks=case(14), id="case-14-leading-space"),
    pytest.param("5876543210", marks=case(15), id="case-15-starts-with-5"),
    pytest.param("0876543210", marks=case(15), id="case-15-starts-with-0"),
    pytest.param("987654321", marks=case(15), id="case-15-nine-digits"),
    pytest.param("98765432101", marks=case(15), id="case-15-eleven-digits"),
    pytest.param("98765a3210", marks=case(15), id="case-15-letter"),
    pytest.param("", marks=case(15), id="case-15-empty"),
    pytest.param(9876543210, marks=case(16), id="case-16-number"),
    pytest.param(True, marks=case(16), id="case-16-boolean"),
    pytest.param(None, marks=case(16), id="case-16-null"),
    pytest.param([PHONE], marks=case(16), id="case-16-list"),
]


async def capture(caller: Caller, phone: str, **members: Any) -> dict[str, Any]:
    """The answer to a lead that is new."""
    response = await caller("POST", CAPTURE, json={"name": "Amit Kumar", "phone": phone, **members})
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def duplicate_of(caller: Caller, phone: str, **members: Any) -> str:
    """The id of the lead that the workspace has already."""
    response = await caller("POST", CAPTURE, json={"name": "Somebody Else", "phone": phone, **members})
    assert response.status_code == 200, response.text
    assert response.json()["duplicate"] is True
    found: str = response.json()["leadId"]
    return found


@pytest.mark.parametrize("phone", NO_PHONES)
async def test_a_phone_of_another_form_is_refused(salesiq: Caller, phone: Any) -> None:
    response = await salesiq("POST", CAPTURE, json={"name": "Amit Kumar", "phone": phone})
    assert "phone" in refused("salesiq", response, 400)
    assert await leads_of(salesiq.mock, salesiq.credential) == 0


@pytest.mark.parametrize("phone", [case_.values[0] for case_ in NO_PHONES if case_.values[0] not in ("", None)])
async def test_a_whatsapp_number_is_held_to_the_same_form(salesiq: Caller, phone: Any) -> None:
    response = await salesiq("POST", CAPTURE, json={"name": "Amit Kumar", "phone": PHONE, "whatsapp": phone})
    assert "whatsapp" in refused("salesiq", response, 400)


@case(15)
@pytest.mark.parametrize("phone", ["6000000000", "7999999999", "8123456789", "9999999999"])
async def test_ten_digits_that_start_with_6_to_9_are_a_phone(salesiq: Caller, phone: str) -> None:
    assert (await capture(salesiq, phone))["success"] is True


@case(17)
async def test_a_phone_that_is_the_whatsapp_of_a_lead_finds_it(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE, whatsapp=OTHER)
    assert await duplicate_of(salesiq, OTHER) == first["leadId"]


@case(18)
async def test_a_whatsapp_that_is_the_phone_of_a_lead_finds_it(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE)
    assert await duplicate_of(salesiq, OTHER, whatsapp=PHONE) == first["leadId"]


@case(18)
async def test_a_whatsapp_that_is_the_whatsapp_of_a_lead_finds_it(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE, whatsapp=OTHER)
    assert await duplicate_of(salesiq, THIRD, whatsapp=OTHER) == first["leadId"]


@case(18)
async def test_a_duplicate_leaves_its_other_number_free(salesiq: Caller) -> None:
    await capture(salesiq, PHONE)
    await duplicate_of(salesiq, OTHER, whatsapp=PHONE)
    assert (await capture(salesiq, OTHER))["leadCode"] == "LD0002"


@case(19)
async def test_the_phone_wins_where_phone_and_whatsapp_find_two_leads(salesiq: Caller) -> None:
    of_whatsapp = await capture(salesiq, OTHER)
    of_phone = await capture(salesiq, PHONE)
    assert of_phone["leadId"] != of_whatsapp["leadId"]
    assert await duplicate_of(salesiq, PHONE, whatsapp=OTHER) == of_phone["leadId"]
    assert await duplicate_of(salesiq, OTHER, whatsapp=PHONE) == of_whatsapp["leadId"]


@case(19)
async def test_the_phone_wins_also_where_it_finds_a_whatsapp(salesiq: Caller) -> None:
    of_whatsapp = await capture(salesiq, PHONE)
    of_phone = await capture(salesiq, THIRD, whatsapp=OTHER)
    assert await duplicate_of(salesiq, OTHER, whatsapp=PHONE) == of_phone["leadId"]
    assert of_phone["leadId"] != of_whatsapp["leadId"]


@case(20)
async def test_a_lead_whose_whatsapp_is_its_phone_is_no_duplicate_of_itself(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE, whatsapp=PHONE)
    assert await leads_of(salesiq.mock, salesiq.credential) == 1
    assert await duplicate_of(salesiq, PHONE, whatsapp=PHONE) == first["leadId"]


@case(21)
async def test_the_same_email_with_another_phone_is_a_new_lead(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE, email="amit.kumar@example.com")
    second = await capture(salesiq, OTHER, email="amit.kumar@example.com")
    assert first["leadId"] != second["leadId"]


@case(42)
async def test_two_workspaces_each_have_a_lead_with_the_same_phone(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE)
    async with salesiq.stranger() as stranger:
        second = await capture(stranger, PHONE)
    assert first["leadId"] != second["leadId"]
    assert first["leadCode"] == second["leadCode"] == "LD0001"


@case(42)
async def test_two_keys_of_one_workspace_see_the_same_leads(salesiq: Caller) -> None:
    first = await capture(salesiq, PHONE)
    async with salesiq.colleague() as colleague:
        assert await duplicate_of(colleague, PHONE) == first["leadId"]
