"""CRMLead Pro's leads: created, read, changed, archived."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.clock import ManualClock, iso_seconds
from mockserver.vendors import crmleadpro
from tests.vendors.crmleadpro_workspace import Workspace

pytestmark = pytest.mark.anyio

DOCUMENT = Path("specs/documents/crmlead-pro-developer-api.txt")
SAMPLE_ID = "lead_01J2XK3M4N5P6Q7R"
FOREVER_UNKNOWN = "lead_01J9ZZZZZZZZZZZZ"


def documented(pytestconfig: pytest.Config, after: str) -> Any:
    """The JSON object that follows a text in the vendor's document."""
    text = (pytestconfig.rootpath / DOCUMENT).read_text(encoding="utf-8")
    return json.JSONDecoder().raw_decode(text, text.index("{", text.index(after)))[0]


async def test_the_documented_lead_is_answered_word_for_word_in_the_demo_workspace(
    workspace: Workspace, pytestconfig: pytest.Config
) -> None:
    sample = documented(pytestconfig, f"GET /api/v1/leads/{SAMPLE_ID}")
    response = await (await workspace.demo())("GET", f"/leads/{SAMPLE_ID}")
    assert response.status_code == 200
    assert list(response.json().items()) == list(sample.items())


async def test_the_documented_request_creates_a_new_lead_at_the_first_stage(
    workspace: Workspace, pytestconfig: pytest.Config, clock: ManualClock
) -> None:
    body = documented(pytestconfig, "curl -X POST")
    response = await workspace("POST", "/leads", json=body)
    lead = response.json()
    assert response.status_code == 201
    at = iso_seconds(clock.now())
    assert lead == {
        "id": lead["id"],
        "name": "Rajesh Kumar",
        "email": "rajesh@startup.in",
        "phone": "+91 98765 00001",
        "company": None,
        "status": "new",
        "pipeline_stage": "new",
        "score": None,
        "source": "website_form",
        "assigned_to": None,
        "tags": [],
        "created_at": at,
        "updated_at": at,
    }
    assert workspace.outcomes[-1] == f"created {lead['id']} in sales/new"


async def test_the_location_of_a_new_lead_leads_to_it(workspace: Workspace) -> None:
    response = await workspace("POST", "/leads", json={"name": "Anita Desai", "email": "anita@desai.in"})
    location = response.headers["location"]
    assert location == f"/api/v1/leads/{response.json()['id']}"
    assert (await workspace("GET", location.removeprefix("/api/v1"))).json() == response.json()


async def test_a_new_lead_keeps_what_it_was_given(workspace: Workspace) -> None:
    given = {
        "name": "Zoë \U0001f600",
        "email": "zoe@acmecorp.in",
        "phone": "(080) 4567-8901",
        "company": "",
        "status": "contacted",
        "pipeline_stage": "proposal_sent",
        "score": 100,
        "source": "ट्रेड फ़ेयर",
        "assigned_to": "user_sales_rep_02",
        "tags": ["b", "a", "b"],
    }
    lead = await workspace.lead(**given, id=SAMPLE_ID, created_at="2001-01-01T00:00:00Z", history=[1])
    assert {name: lead[name] for name in given} == given
    assert lead["id"] != SAMPLE_ID
    assert lead["created_at"] == lead["updated_at"] != "2001-01-01T00:00:00Z"


async def test_the_same_lead_created_twice_makes_two(workspace: Workspace) -> None:
    first, second = await workspace.lead(), await workspace.lead()
    assert first["id"] != second["id"]
    assert len(await workspace.listed("/leads")) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Nobody can reach me"},
        {"name": "Nulls do not count", "email": None, "phone": None},
        {"email": "nameless@acmecorp.in"},
        {"name": "Odd", "email": "odd@acmecorp.in", "score": 10**30},
        {"name": "Odd", "email": "odd@acmecorp.in", "score": True},
        {"name": "Odd", "email": "odd@acmecorp.in", "pipeline": "service"},
        {"name": "Odd", "email": "odd@acmecorp.in", "pipeline_stage": "nowhere"},
    ],
)
async def test_a_lead_that_breaks_the_contract_is_not_created(workspace: Workspace, body: dict[str, Any]) -> None:
    response = await workspace("POST", "/leads", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]
    assert await workspace.listed("/leads") == []


async def test_a_pipeline_or_stage_that_the_workspace_lacks_is_refused_by_name(workspace: Workspace) -> None:
    body = {"name": "Anita Desai", "email": "anita@desai.in", "pipeline": "sales"}
    short = workspace.with_pipelines(sales=(("new", "open"), ("closed_won", "won")))
    staged = await short("POST", "/leads", json={**body, "pipeline_stage": "contacted"})
    lead = await short.lead()
    moved = await short("PATCH", f"/leads/{lead['id']}", json={"pipeline_stage": "contacted"})
    renewals = workspace.with_pipelines(renewals=(("new", "open"),))
    piped = await renewals("POST", "/leads", json=body)
    assert [each.status_code for each in (staged, moved, piped)] == [422, 422, 422]
    stages = "is not a stage of pipeline sales, which has new, closed_won"
    assert staged.json()["errors"] == moved.json()["errors"] == [{"pointer": "/pipeline_stage", "detail": stages}]
    assert piped.json()["errors"] == [
        {"pointer": "/pipeline", "detail": "is not a pipeline of your workspace, which has renewals"}
    ]


async def test_a_patch_changes_what_it_names_and_nothing_else(workspace: Workspace, clock: ManualClock) -> None:
    lead = await workspace.lead(company="Acme Corp", tags=["a", "b"], score=10)
    clock.advance(90)
    patch = {"status": "qualified", "pipeline_stage": "demo_scheduled", "pipeline": "sales", "tags": ["c"]}
    response = await workspace("PATCH", f"/leads/{lead['id']}", json=patch)
    changed = {"status": "qualified", "pipeline_stage": "demo_scheduled", "tags": ["c"]}
    expected = {**lead, **changed, "updated_at": iso_seconds(clock.now())}
    assert (response.status_code, response.json()) == (200, expected)
    assert (await workspace("GET", f"/leads/{lead['id']}")).json() == expected


async def test_a_patch_with_null_clears(workspace: Workspace) -> None:
    members = {
        "email": "a@b.in",
        "phone": "+91 98200 11223",
        "company": "c",
        "score": 0,
        "source": "s",
        "assigned_to": "u",
    }
    lead = await workspace.lead(**members)
    response = await workspace(
        "PATCH",
        f"/leads/{lead['id']}",
        content=json.dumps(dict.fromkeys(members)),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert response.status_code == 200
    assert response.json() == {**lead, **dict.fromkeys(members)}


@pytest.mark.parametrize("member", ["name", "status", "pipeline", "pipeline_stage", "tags"])
async def test_what_always_has_a_value_cannot_be_cleared(workspace: Workspace, member: str) -> None:
    lead = await workspace.lead()
    response = await workspace("PATCH", f"/leads/{lead['id']}", json={"company": "half done", member: None})
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == {f"/{member}"}
    assert (await workspace("GET", f"/leads/{lead['id']}")).json() == lead


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"id": "lead_01J9ZB4T7QX2W5M8", "created_at": None, "updated_at": "2001-01-01T00:00:00Z", "unknown": 1},
        {
            "name": "Anita Desai",
            "status": "new",
            "pipeline": "sales",
            "pipeline_stage": "new",
            "tags": [],
            "score": None,
        },
    ],
)
async def test_a_patch_that_changes_nothing_leaves_updated_at(
    workspace: Workspace, clock: ManualClock, patch: dict[str, Any]
) -> None:
    await workspace.listening("lead.status_changed")
    lead = await workspace.lead()
    clock.advance(90)
    response = await workspace("PATCH", f"/leads/{lead['id']}", json=patch)
    assert (response.status_code, response.json()) == (200, lead)
    assert (await workspace("GET", f"/leads/{lead['id']}")).json() == lead
    assert await workspace.events() == []


async def test_time_never_runs_backwards_in_updated_at() -> None:
    """The documented lead was changed last in May 2026; a clock may well be behind that."""
    demo = await Workspace.opened(start=1_000_000_000).demo()
    response = await demo("PATCH", f"/leads/{SAMPLE_ID}", json={"score": 88})
    assert (response.json()["score"], response.json()["updated_at"]) == (88, "2026-05-20T14:22:00Z")


async def test_patches_at_the_same_time_lose_nothing(workspace: Workspace) -> None:
    lead = await workspace.lead()
    patches: list[dict[str, Any]] = [
        {"email": "anita@desai.in"},
        {"company": "Acme Corp"},
        {"score": 42},
        {"source": "website"},
        {"assigned_to": "user_sales_rep_01"},
        {"tags": ["hot-lead"]},
        {"status": "lost"},
        {"pipeline_stage": "closed_lost"},
    ]
    path = f"/leads/{lead['id']}"
    await asyncio.gather(*(workspace("PATCH", path, json=patch) for patch in patches))
    expected = dict(lead)
    for patch in patches:
        expected |= patch
    assert (await workspace("GET", path)).json() == expected


async def test_an_archived_lead_is_gone_but_for_the_archive(workspace: Workspace) -> None:
    lead, other = await workspace.lead(), await workspace.lead(name="Another")
    path = f"/leads/{lead['id']}"
    answers = [await workspace("DELETE", path), await workspace("DELETE", path)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert workspace.outcomes[-2:] == [f"archived {lead['id']}", f"{lead['id']} was archived already"]
    assert (await workspace("GET", path)).status_code == 404
    assert (await workspace("PATCH", path, json={"status": "lost"})).status_code == 404
    assert await workspace.listed("/leads") == [other]
    assert await workspace.listed("/leads", archived="true") == [lead]
    assert [contact["lead_id"] for contact in await workspace.listed("/contacts")] == [other["id"]]


@pytest.mark.parametrize(
    "lead_id",
    [
        FOREVER_UNKNOWN,
        SAMPLE_ID.lower(),
        "1",
        "lead_",
        "deal_01J2XK3M4N5P6Q7R",
        "lead_" + "9" * 3000,
        "%F0%9F%98%80",
        "%00",
    ],
)
async def test_a_lead_that_never_was_is_not_found(workspace: Workspace, lead_id: str) -> None:
    path = f"/leads/{lead_id}"
    answers = [
        await workspace("GET", path),
        await workspace("PATCH", path, json={"score": 1}),
        await workspace("DELETE", path),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_the_leads_of_another_workspace_are_not_found(workspace: Workspace) -> None:
    lead, other = await workspace.lead(), workspace.other()
    path = f"/leads/{lead['id']}"
    answers = [
        await other("GET", path),
        await other("PATCH", path, json={"score": 1}),
        await other("DELETE", path),
        await other("POST", "/deals", json={"title": "Theirs", "value": 1, "pipeline": "sales", "lead_id": lead["id"]}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]
    assert await other.listed("/leads") == await other.listed("/contacts") == []
    assert (await workspace("GET", path)).json() == lead


def test_a_new_key_has_the_documented_form() -> None:
    prefix, kind, rest = crmleadpro.new_secret().split("_")
    assert (prefix, kind, len(rest), rest.isalnum(), rest.isascii()) == ("crmlp", "test", 32, True, True)
