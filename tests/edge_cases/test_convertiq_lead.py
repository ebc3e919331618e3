"""ConvertIQ: the envelope of a lead, its phone, score and status."""

from __future__ import annotations

from typing import Any

import pytest

from tests.caller import Caller
from tests.edge_cases.every_api import CREATIONS, refused
from tests.edge_cases.live import leads_of

pytestmark = pytest.mark.anyio
case = pytest.mark.case

CREATE = "/leads/create"
CREATION = CREATIONS["convertiq"]

REFUSED = [
    pytest.param({"phone": "+15551234567"}, "phone", marks=case(22), id="case-22-plus"),
    pytest.param({"phone": "01555123456"}, "phone", marks=case(22), id="case-22-leading-zero"),
    pytest.param({"phone": "1555 123 4567"}, "phone", marks=case(22), id="case-22-spaces"),
    pytest.param({"phone": "1-555-123-4567"}, "phone", marks=case(22), id="case-22-hyphens"),
    pytest.param({"phone": "1555123456789012"}, "phone", marks=case(22), id="case-22-sixteen-digits"),
    pytest.param({"phone": "155512"}, "phone", marks=case(22), id="case-22-six-digits"),
    pytest.param({"phone": "१५५५१२३४५६७"}, "phone", marks=case(22), id="case-22-devanagari"),
    pytest.param({"phone": "15551234567\n"}, "phone", marks=case(22), id="case-22-line-feed"),
    pytest.param({"phone": 15551234567}, "phone", marks=case(22), id="case-22-number"),
    pytest.param({"phone": ""}, "phone", marks=case(23), id="case-23-empty-phone"),
    pytest.param({"score": 0}, "score", marks=case(180), id="case-180-score-0"),
    pytest.param({"score": 0.99}, "score", marks=case(180), id="case-180-score-below-1"),
    pytest.param({"score": 10.5}, "score", marks=case(180), id="case-180-score-10.5"),
    pytest.param({"score": -7}, "score", marks=case(180), id="case-180-score-negative"),
    pytest.param({"score": "7"}, "score", marks=case(180), id="case-180-score-text"),
    pytest.param({"score": True}, "score", marks=case(180), id="case-180-score-boolean"),
    pytest.param({"status": "Contacted"}, "status", marks=case(182), id="case-182-capital"),
    pytest.param({"status": "CONTACTED"}, "status", marks=case(182), id="case-182-capitals"),
    pytest.param({"status": "contacted "}, "status", marks=case(182), id="case-182-space"),
    pytest.param({"status": "won"}, "status", marks=case(182), id="case-182-another-word"),
    pytest.param({"status": ""}, "status", marks=case(182), id="case-182-empty"),
]

TAKEN = [
    pytest.param({}, marks=case(23), id="case-23-no-phone"),
    pytest.param({"phone": None}, marks=case(23), id="case-23-phone-null"),
    pytest.param({"phone": "15551234567"}, marks=case(22), id="case-22-documented"),
    pytest.param({"phone": "1555123"}, marks=case(22), id="case-22-seven-digits"),
    pytest.param({"phone": "155512345678901"}, marks=case(22), id="case-22-fifteen-digits"),
    pytest.param({"score": 1}, marks=case(180), id="case-180-score-1"),
    pytest.param({"score": 10}, marks=case(180), id="case-180-score-10"),
    pytest.param({"score": 7.5}, marks=case(180), id="case-180-score-7.5"),
    pytest.param({"score": None}, marks=case(180), id="case-180-score-null"),
]

NO_LEADS = [
    pytest.param({}, id="no-member"),
    pytest.param({"lead": None}, id="null"),
    pytest.param({"lead": []}, id="list"),
    pytest.param({"lead": [dict(CREATION.body["lead"])]}, id="list-of-a-lead"),
    pytest.param({"lead": "Jane Doe"}, id="text"),
    pytest.param({"lead": True}, id="boolean"),
    pytest.param({"Lead": dict(CREATION.body["lead"])}, id="capital"),
    pytest.param(dict(CREATION.body["lead"]), id="flat"),
    pytest.param({"leads": [dict(CREATION.body["lead"])]}, id="leads"),
]


@pytest.mark.parametrize(("members", "field"), REFUSED)
async def test_a_wrong_value_is_refused_by_name(convertiq: Caller, members: dict[str, Any], field: str) -> None:
    response = await convertiq("POST", CREATE, json=CREATION.lead(**members))
    assert f"lead.{field}" in refused("convertiq", response, 400)
    assert await leads_of(convertiq.mock, convertiq.credential) == 0


@pytest.mark.parametrize("members", TAKEN)
async def test_a_right_value_is_taken(convertiq: Caller, members: dict[str, Any]) -> None:
    response = await convertiq("POST", CREATE, json=CREATION.lead(**members))
    assert response.status_code == 201, response.text
    assert response.json()["lead"]["status"] == "new"


@case(182)
@pytest.mark.parametrize("status", ["new", "contacted", "qualified", "lost"])
async def test_the_documented_statuses_are_taken(convertiq: Caller, status: str) -> None:
    response = await convertiq("POST", CREATE, json=CREATION.lead(status=status))
    assert response.status_code == 201, response.text
    assert response.json()["lead"]["status"] == status


@case(181)
@pytest.mark.parametrize("body", NO_LEADS)
async def test_a_body_without_a_lead_object_is_refused(convertiq: Caller, body: dict[str, Any]) -> None:
    response = await convertiq("POST", CREATE, json=body)
    assert "lead" in refused("convertiq", response, 400)
    assert await leads_of(convertiq.mock, convertiq.credential) == 0


@case(181)
async def test_an_empty_lead_is_refused_for_each_required_field(convertiq: Caller) -> None:
    message = refused("convertiq", await convertiq("POST", CREATE, json={"lead": {}}), 400)
    for field in ("name", "email", "source", "industry"):
        assert field in message


@case(43)
async def test_the_same_lead_twice_is_two_leads(convertiq: Caller) -> None:
    answers = [await convertiq("POST", CREATE, json=CREATION.lead()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["lead"]["id"] for answer in answers}) == 2
    assert await leads_of(convertiq.mock, convertiq.credential) == 2
