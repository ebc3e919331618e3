"""Many clients at one moment, over real connections: no lead is made twice and no change is lost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import httpx
import pytest

from mockserver.docs import credential_headers
from mockserver.engine.call import Credential
from tests.edge_cases.every_api import CREATIONS
from tests.edge_cases.live import Live

pytestmark = pytest.mark.anyio
case = pytest.mark.case

CLIENTS = 32
# Every field that a lead of CRMLead Pro can be changed in, each changed by a client of its own.
CHANGES: dict[str, Any] = {
    "name": "Asha Rao",
    "email": "asha@startup.in",
    "phone": "+91 98765 00002",
    "company": "Startup",
    "status": "qualified",
    "pipeline_stage": "demo_scheduled",
    "score": 87,
    "source": "referral",
    "assigned_to": "user_sales_rep_02",
    "tags": ["hot-lead"],
}


async def at_once(
    live: Live, credential: Credential, method: str, path: str, bodies: list[Any]
) -> list[httpx.Response]:
    """Send all bodies at one moment, each on a connection of its own that is open already."""
    contract = live.mock.contracts[credential.tenant.api]
    headers = credential_headers(contract, credential)
    limits = httpx.Limits(max_connections=len(bodies), max_keepalive_connections=len(bodies))
    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=60, trust_env=False) as client:
        await asyncio.gather(*(client.options(live.url(contract.name, path)) for _ in bodies))
        url = live.url(contract.name, path)
        return await asyncio.gather(*(client.request(method, url, json=body) for body in bodies))


async def test_identical_leads_of_salesiq_are_one_lead(live: Live) -> None:
    credential, creation = live.mock.add_tenant("salesiq"), CREATIONS["salesiq"]
    answers = await at_once(live, credential, "POST", creation.path, [creation.body] * CLIENTS)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert len({answer.json()["leadId"] for answer in answers}) == 1
    assert live.leads_of(credential) == 1


@case(17, 18)
async def test_leads_of_salesiq_with_phone_and_whatsapp_swapped_are_one_lead(live: Live) -> None:
    credential, creation = live.mock.add_tenant("salesiq"), CREATIONS["salesiq"]
    one = creation.lead(phone="9876543210", whatsapp="9898989898")
    other = creation.lead(phone="9898989898", whatsapp="9876543210")
    answers = await at_once(live, credential, "POST", creation.path, [one, other] * (CLIENTS // 2))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert live.leads_of(credential) == 1


@case(101)
async def test_identical_leads_of_mega_are_one_lead(live: Live) -> None:
    credential, creation = live.mock.add_tenant("mega"), CREATIONS["mega"]
    body = creation.lead(contact_email="sam@example.com")
    answers = await at_once(live, credential, "POST", creation.path, [body] * CLIENTS)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["lead"]["id"] for answer in answers}) == 1
    assert live.leads_of(credential) == 1


@case(43)
@pytest.mark.parametrize("api", ["convertiq", "crmleadpro"])
async def test_identical_leads_elsewhere_are_as_many_leads(live: Live, api: str) -> None:
    credential, creation = live.mock.add_tenant(api), CREATIONS[api]
    answers = await at_once(live, credential, "POST", creation.path, [creation.body] * CLIENTS)
    assert {answer.status_code for answer in answers} == {201}
    assert live.leads_of(credential) == CLIENTS
    assert len({answer.json().get("lead", answer.json())["id"] for answer in answers}) == CLIENTS


@case(50)
async def test_lead_codes_of_leads_at_one_moment_are_a_sequence(live: Live) -> None:
    credential, creation = live.mock.add_tenant("salesiq"), CREATIONS["salesiq"]
    bodies = [creation.lead(phone=f"98765432{number:02d}") for number in range(CLIENTS)]
    answers = await at_once(live, credential, "POST", creation.path, bodies)
    assert sorted(answer.json()["leadCode"] for answer in answers) == [f"LD{n:04d}" for n in range(1, CLIENTS + 1)]


@case(168)
async def test_changes_of_different_fields_all_survive(live: Live) -> None:
    credential, creation = live.mock.add_tenant("crmleadpro"), CREATIONS["crmleadpro"]
    (created,) = await at_once(live, credential, "POST", creation.path, [creation.body])
    path = f"/leads/{created.json()['id']}"
    bodies = [{name: value} for name, value in CHANGES.items()]
    answers = await at_once(live, credential, "PATCH", path, bodies)
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    lead = json.loads(live.send(live.head(credential, "GET", path)).body)
    assert {name: lead[name] for name in CHANGES} == CHANGES
