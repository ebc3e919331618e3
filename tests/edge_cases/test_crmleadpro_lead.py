"""CRMLead Pro: pages past the end, patches, archived leads, and the wall between workspaces."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from mockserver.engine.clock import ManualClock
from tests.caller import Caller
from tests.edge_cases.every_api import refused

pytestmark = pytest.mark.anyio
case = pytest.mark.case

MERGE_PATCH = "application/merge-patch+json"
NEVER = "lead_0000000000000000"


async def create(caller: Caller, **members: Any) -> dict[str, Any]:
    body = {"name": "Rajesh Kumar", "email": "rajesh@startup.in", **members}
    response = await caller("POST", "/leads", json=body)
    assert response.status_code == 201, response.text
    lead: dict[str, Any] = response.json()
    return lead


async def patch(caller: Caller, lead: dict[str, Any], **changes: Any) -> dict[str, Any]:
    response = await caller("PATCH", f"/leads/{lead['id']}", json=changes)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


async def read(caller: Caller, lead_id: str) -> httpx.Response:
    return await caller("GET", f"/leads/{lead_id}")


async def archive(caller: Caller, lead_id: str) -> httpx.Response:
    return await caller("DELETE", f"/leads/{lead_id}")


async def listed(caller: Caller, **query: Any) -> dict[str, Any]:
    response = await caller("GET", "/leads", params=query)
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


async def listen(caller: Caller) -> None:
    """Have an address told of every event of leads; it is never called, only put on the list of deliveries."""
    hook = {"url": "https://hooks.example.com/crm", "events": ["lead.created", "lead.status_changed"]}
    response = await caller("POST", "/webhooks", json=hook)
    assert response.status_code == 201, response.text


async def events(caller: Caller) -> list[str]:
    return [delivery.event for delivery, _ in await caller.mock.store.deliveries(caller.credential.tenant.key)]


@case(43)
async def test_the_same_lead_twice_is_two_leads(crmleadpro: Caller) -> None:
    first, second = await create(crmleadpro), await create(crmleadpro)
    assert first["id"] != second["id"]
    assert {lead["id"] for lead in (await listed(crmleadpro))["data"]} == {first["id"], second["id"]}


@case(44)
async def test_a_lead_with_the_email_of_an_archived_one_is_new(crmleadpro: Caller) -> None:
    first = await create(crmleadpro)
    assert (await archive(crmleadpro, first["id"])).status_code == 204
    second = await create(crmleadpro)
    assert second["id"] != first["id"]
    assert [lead["id"] for lead in (await listed(crmleadpro))["data"]] == [second["id"]]
    assert [lead["id"] for lead in (await listed(crmleadpro, archived="true"))["data"]] == [first["id"]]


@case(163)
@pytest.mark.parametrize("page", [2, 3, 1_000_000])
async def test_a_page_past_the_last_is_empty(crmleadpro: Caller, page: int) -> None:
    await create(crmleadpro)
    answer = await listed(crmleadpro, page=page)
    assert answer == {"data": [], "pagination": {"page": page, "per_page": 25, "total": 1, "total_pages": 1}}


@case(163)
async def test_the_first_page_of_nothing_is_empty(crmleadpro: Caller) -> None:
    pagination = {"page": 1, "per_page": 25, "total": 0, "total_pages": 0}
    assert await listed(crmleadpro) == {"data": [], "pagination": pagination}


@case(163)
async def test_the_last_page_holds_what_is_left(crmleadpro: Caller) -> None:
    leads = [await create(crmleadpro, name=f"Lead {number}") for number in range(5)]
    pages = [await listed(crmleadpro, page=page, per_page=2, sort="created_at") for page in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [2, 2, 1, 0]
    assert [lead["id"] for page in pages for lead in page["data"]] == [lead["id"] for lead in leads]
    assert {page["pagination"]["total_pages"] for page in pages} == {3}


@case(163)
@pytest.mark.parametrize("query", [{"page": 0}, {"page": -1}, {"page": "x"}, {"per_page": 0}, {"per_page": 101}])
async def test_a_page_that_cannot_be_is_refused(crmleadpro: Caller, query: dict[str, Any]) -> None:
    response = await crmleadpro("GET", "/leads", params=query)
    assert next(iter(query)) in refused("crmleadpro", response, 400)


@case(164)
async def test_the_same_status_again_changes_nothing_and_tells_nobody(crmleadpro: Caller, clock: ManualClock) -> None:
    await listen(crmleadpro)
    lead = await create(crmleadpro, status="contacted", pipeline_stage="contacted")
    clock.advance(60)
    assert await patch(crmleadpro, lead, status="contacted") == lead
    assert await patch(crmleadpro, lead, pipeline_stage="contacted", status="contacted") == lead
    assert await patch(crmleadpro, lead) == lead
    assert await events(crmleadpro) == ["lead.created"]


@case(164)
@pytest.mark.parametrize("change", [{"status": "qualified"}, {"pipeline_stage": "proposal_sent"}])
async def test_another_status_or_stage_is_told_once(crmleadpro: Caller, change: dict[str, str]) -> None:
    await listen(crmleadpro)
    lead = await create(crmleadpro)
    await patch(crmleadpro, lead, **change)
    await patch(crmleadpro, lead, **change)
    assert await events(crmleadpro) == ["lead.created", "lead.status_changed"]


@case(164)
async def test_a_change_of_another_field_is_no_change_of_status(crmleadpro: Caller, clock: ManualClock) -> None:
    await listen(crmleadpro)
    lead = await create(crmleadpro)
    clock.advance(60)
    changed = await patch(crmleadpro, lead, company="Startup", status="new")
    assert changed["company"] == "Startup"
    assert changed["updated_at"] > lead["updated_at"]
    assert await events(crmleadpro) == ["lead.created"]


@case(165)
@pytest.mark.parametrize(
    "member", [{"id": NEVER}, {"created_at": "2001-01-01T00:00:00Z"}, {"updated_at": "2001-01-01T00:00:00Z"}, {"id": 7}]
)
async def test_what_cannot_be_changed_is_ignored(
    crmleadpro: Caller, clock: ManualClock, member: dict[str, Any]
) -> None:
    lead = await create(crmleadpro)
    clock.advance(60)
    assert await patch(crmleadpro, lead, **member) == lead
    changed = await patch(crmleadpro, lead, **member, score=87)
    assert changed == {**lead, "score": 87, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > lead["updated_at"]
    assert (await read(crmleadpro, lead["id"])).json() == changed
    assert refused("crmleadpro", await read(crmleadpro, NEVER), 404)


@case(165)
async def test_a_new_lead_chooses_neither_its_id_nor_its_dates(crmleadpro: Caller) -> None:
    given = {"id": NEVER, "created_at": "2001-01-01T00:00:00Z", "updated_at": "2001-01-01T00:00:00Z"}
    lead = await create(crmleadpro, **given)
    assert not any(lead[name] == value for name, value in given.items())


@case(166)
async def test_an_archived_lead_is_gone_and_can_be_archived_again(crmleadpro: Caller) -> None:
    lead = await create(crmleadpro)
    first = await archive(crmleadpro, lead["id"])
    assert (first.status_code, first.content) == (204, b"")
    assert refused("crmleadpro", await read(crmleadpro, lead["id"]), 404)
    response = await crmleadpro("PATCH", f"/leads/{lead['id']}", json={"status": "lost"})
    assert refused("crmleadpro", response, 404)
    again = await archive(crmleadpro, lead["id"])
    assert (again.status_code, again.content) == (204, b"")
    assert (await listed(crmleadpro, archived="true"))["data"] == [lead]


@case(166)
async def test_a_lead_that_never_was_cannot_be_archived(crmleadpro: Caller) -> None:
    assert refused("crmleadpro", await archive(crmleadpro, NEVER), 404)


@case(167)
async def test_the_lead_of_another_workspace_is_as_unknown_as_one_that_never_was(crmleadpro: Caller) -> None:
    lead = await create(crmleadpro)
    async with crmleadpro.stranger() as stranger:
        for method, options in (("GET", {}), ("PATCH", {"json": {"status": "lost"}}), ("DELETE", {})):
            foreign = await stranger(method, f"/leads/{lead['id']}", **options)
            unknown = await stranger(method, f"/leads/{NEVER}", **options)
            assert refused("crmleadpro", foreign, 404).replace(lead["id"], NEVER) == refused("crmleadpro", unknown, 404)
        assert (await listed(stranger))["data"] == []
        assert (await listed(stranger, archived="true"))["data"] == []
    assert (await read(crmleadpro, lead["id"])).json() == lead


@case(167)
@pytest.mark.parametrize(
    "lead_id",
    [
        "x",
        "lead_",
        "lead_x",
        "lead_!",
        "1",
        "null",
        "Lead_01J2XK3M4N5P6Q7R",
        "lead_" + "0" * 65,
        "deal_" + "0" * 16,
        "a" * 5000,
    ],
)
async def test_an_id_of_another_form_is_unknown(crmleadpro: Caller, lead_id: str) -> None:
    for method, options in (("GET", {}), ("PATCH", {"json": {"status": "lost"}}), ("DELETE", {})):
        assert refused("crmleadpro", await crmleadpro(method, f"/leads/{lead_id}", **options), 404)


@case(168)
async def test_changes_of_two_fields_one_after_the_other_both_survive(crmleadpro: Caller) -> None:
    lead = await create(crmleadpro)
    await patch(crmleadpro, lead, score=50)
    changed = await patch(crmleadpro, lead, company="Startup")
    assert (changed["score"], changed["company"]) == (50, "Startup")


@case(132)
@pytest.mark.parametrize("media_type", [MERGE_PATCH, "Application/Merge-Patch+JSON; charset=utf-8", "application/json"])
async def test_a_patch_may_be_called_a_merge_patch(crmleadpro: Caller, media_type: str) -> None:
    lead = await create(crmleadpro, company="Startup")
    content, headers = json.dumps({"company": None}), {"Content-Type": media_type}
    response = await crmleadpro("PATCH", f"/leads/{lead['id']}", content=content, headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()["company"] is None


@case(132)
@pytest.mark.parametrize("media_type", ["application/json-patch+json", "text/plain", None])
async def test_a_patch_of_another_media_type_is_refused(crmleadpro: Caller, media_type: str | None) -> None:
    lead = await create(crmleadpro)
    content, headers = json.dumps({"company": "Startup"}), {"Content-Type": media_type}
    response = await crmleadpro("PATCH", f"/leads/{lead['id']}", content=content, headers=headers)
    assert MERGE_PATCH in refused("crmleadpro", response, 415)
    assert (await read(crmleadpro, lead["id"])).json() == lead
