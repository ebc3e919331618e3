"""CRMLead Pro's pipelines, deals, campaigns and figures."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.clock import ManualClock, iso_seconds
from mockserver.vendors import crmleadpro
from tests.vendors.crmleadpro_workspace import Workspace

pytestmark = pytest.mark.anyio

FUNNEL = "/analytics/pipeline"
DEAL = {"title": "Annual plan", "value": 240000, "pipeline": "sales"}
MAIL = {"name": "Launch", "subject": "Hello", "body": ""}
MESSAGE = {"name": "Reminder", "template": "demo_reminder"}


async def funnel(workspace: Workspace, **query: str) -> dict[str, Any]:
    response = await workspace("GET", FUNNEL, params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_sales_pipeline_is_listed_with_its_stages_in_order(workspace: Workspace) -> None:
    (pipeline,) = await workspace.listed("/pipelines")
    assert workspace.outcomes[-1] == "listed 1 pipeline"
    assert (pipeline["slug"], pipeline["name"]) == ("sales", "Sales")
    stages = [(stage["position"], stage["slug"], stage["outcome"]) for stage in pipeline["stages"]]
    assert stages == [
        (1, "new", "open"),
        (2, "contacted", "open"),
        (3, "demo_scheduled", "open"),
        (4, "proposal_sent", "open"),
        (5, "closed_won", "won"),
        (6, "closed_lost", "lost"),
    ]


async def test_a_deal_is_open_at_the_first_stage_unless_told_otherwise(
    workspace: Workspace, clock: ManualClock
) -> None:
    lead = await workspace.lead()
    small = await workspace.made("/deals", **DEAL)
    large = await workspace.made("/deals", **DEAL, currency="USD", stage="proposal_sent", lead_id=lead["id"])
    at = iso_seconds(clock.now())
    rest = {**DEAL, "status": "open", "created_at": at, "updated_at": at}
    assert small == {**rest, "id": small["id"], "stage": "new", "currency": "INR", "lead_id": None}
    assert large == {**rest, "id": large["id"], "stage": "proposal_sent", "currency": "USD", "lead_id": lead["id"]}
    assert workspace.outcomes[-1] == f"created {large['id']} in sales/proposal_sent"


@pytest.mark.parametrize(
    "members",
    [
        {"title": " "},
        {"value": -1},
        {"value": 10**40},
        {"value": "10"},
        {"pipeline": "service"},
        {"stage": "closed_won"},
        {"currency": "rupees"},
        {"lead_id": "1"},
    ],
)
async def test_a_deal_that_breaks_the_contract_is_not_created(workspace: Workspace, members: dict[str, Any]) -> None:
    response = await workspace("POST", "/deals", json={**DEAL, **members})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{name}" for name in members]
    assert (await funnel(workspace))["volume"]["deals"] == 0


async def test_a_deal_begins_at_an_open_stage_of_its_own_pipeline(workspace: Workspace) -> None:
    short = workspace.with_pipelines(sales=(("contacted", "lost"), ("new", "open")))
    assert (await short.made("/deals", **DEAL))["stage"] == "new"
    for stage in ("contacted", "proposal_sent"):
        response = await short("POST", "/deals", json={**DEAL, "stage": stage})
        assert response.status_code == 422
        detail = "is not an open stage of pipeline sales, which has new"
        assert response.json()["errors"] == [{"pointer": "/stage", "detail": detail}]


async def test_a_deal_needs_a_lead_that_is_there(workspace: Workspace) -> None:
    lead = await workspace.lead()
    await workspace("DELETE", f"/leads/{lead['id']}")
    for lead_id in (lead["id"], "lead_01J9ZZZZZZZZZZZZ"):
        assert (await workspace("POST", "/deals", json={**DEAL, "lead_id": lead_id})).status_code == 404


async def audience_of_five(workspace: Workspace) -> list[str]:
    """Ids of leads: hot, hot and cold, cold without email, hot and lost without phone, hot but archived."""
    members: list[dict[str, Any]] = [
        {"email": "a@acmecorp.in", "tags": ["hot"], "status": "qualified"},
        {"email": "b@acmecorp.in", "tags": ["hot", "cold"]},
        {"tags": ["cold"], "status": "qualified"},
        {"email": "d@acmecorp.in", "phone": None, "tags": ["hot"], "status": "lost"},
        {"email": "e@acmecorp.in", "tags": ["hot"], "status": "qualified"},
    ]
    ids = [(await workspace.lead(**each))["id"] for each in members]
    await workspace("DELETE", f"/leads/{ids[-1]}")
    return ids


@pytest.mark.parametrize(
    ("audience", "mails", "messages"),
    [
        ({"tags": ["hot"]}, 3, 2),
        ({"tags": ["hot", "cold"]}, 3, 3),
        ({"tags": ["Hot"]}, 0, 0),
        ({"statuses": ["qualified", "lost"]}, 2, 2),
        ({"statuses": ["qualified"], "tags": ["cold"]}, 0, 1),
        ({"lead_ids": [0, 0, 2, 4]}, 1, 2),
        ({"lead_ids": [0, 1, 2, 3], "tags": ["hot"], "statuses": ["qualified"]}, 1, 1),
    ],
)
async def test_a_campaign_goes_to_the_live_leads_of_its_audience_that_can_be_reached(
    workspace: Workspace, clock: ManualClock, audience: dict[str, Any], mails: int, messages: int
) -> None:
    """Numbers in `lead_ids` stand for the leads in the order in which they were made."""
    ids = await audience_of_five(workspace)
    if "lead_ids" in audience:
        audience = {
            **audience,
            "lead_ids": [*(ids[number] for number in audience["lead_ids"]), "lead_01J9ZZZZZZZZZZZZ"],
        }
    for path, body, channel, recipients in (
        ("/campaigns/email", MAIL, "email", mails),
        ("/campaigns/whatsapp", MESSAGE, "whatsapp", messages),
    ):
        response = await workspace("POST", path, json={**body, "audience": audience})
        campaign = response.json()
        assert response.status_code == 202
        assert campaign == {
            "id": campaign["id"],
            "channel": channel,
            "name": body["name"],
            "status": "queued",
            "recipients": recipients,
            "created_at": iso_seconds(clock.now()),
        }
        assert (
            workspace.outcomes[-1] == f"accepted {campaign['id']} for {recipients} lead{'' if recipients == 1 else 's'}"
        )


@pytest.mark.parametrize("path", ["/campaigns/email", "/campaigns/whatsapp"])
@pytest.mark.parametrize("audience", [None, {}, {"tag": ["hot"]}, {"tags": ["hot"], "everyone": True}, {"tags": []}])
async def test_a_campaign_without_a_clear_audience_is_not_sent(workspace: Workspace, path: str, audience: Any) -> None:
    await workspace.listening("campaign.sent")
    response = await workspace("POST", path, json={**MAIL, **MESSAGE, "audience": audience})
    assert response.status_code == 422
    assert await workspace.events() == []


async def test_the_funnel_counts_who_came_how_far(workspace: Workspace) -> None:
    counts = {"new": 3, "contacted": 2, "demo_scheduled": 1, "proposal_sent": 1, "closed_won": 2, "closed_lost": 1}
    for stage, number in counts.items():
        for _ in range(number):
            await workspace.lead(pipeline_stage=stage)
    archived = await workspace.lead()
    await workspace("DELETE", f"/leads/{archived['id']}")
    answer = await funnel(workspace)
    assert {stage["slug"]: stage["leads"] for stage in answer["stages"]} == counts
    assert [stage["conversion_rate"] for stage in answer["stages"]] == [0.9, 0.6, 0.4, 0.3, 0.2, 0.1]
    assert (answer["volume"]["leads"], answer["conversion_rate"], answer["velocity_days"]) == (10, 0.2, None)
    assert workspace.outcomes[-1] == "counted 10 leads and 0 deals in sales"


async def test_an_empty_funnel_has_no_rates(workspace: Workspace) -> None:
    answer = await funnel(workspace, pipeline="sales")
    assert answer["volume"] == {"leads": 0, "deals": 0, "value": {}}
    assert {stage["conversion_rate"] for stage in answer["stages"]} == {None}
    assert (answer["conversion_rate"], answer["velocity_days"]) == (None, None)


async def test_the_value_of_deals_is_summed_by_currency_without_rounding_errors(workspace: Workspace) -> None:
    for value, currency in ((0.1, "INR"), (0.2, "INR"), (10**12, "USD"), (0.5, "EUR"), (1.5, "EUR")):
        await workspace.made("/deals", **{**DEAL, "value": value, "currency": currency})
    assert (await funnel(workspace))["volume"] == {
        "leads": 0,
        "deals": 5,
        "value": {"INR": 0.3, "USD": 10**12, "EUR": 2},
    }


async def test_velocity_is_the_mean_time_in_days_until_a_deal_was_won(workspace: Workspace, clock: ManualClock) -> None:
    deals = [await workspace.made("/deals", **DEAL) for _ in range(4)]
    for deal, event in zip(deals, ("deal.won", "deal.won", "deal.lost"), strict=False):
        clock.advance(43_200)
        async with workspace.mock.store.transaction(workspace.caller.credential.tenant.key) as tx:
            await crmleadpro.emit(tx, event, {"id": deal["id"]}, clock.now())
    assert (await funnel(workspace))["velocity_days"] == 0.75


async def test_a_period_holds_its_start_and_not_its_end() -> None:
    workspace = Workspace.opened(start=1_780_000_000)
    clock = workspace.clock
    await workspace.lead()
    await workspace.made("/deals", **DEAL)
    moment, later = iso_seconds(clock.now()), iso_seconds(clock.advance(1))
    in_delhi = "2026-05-29T01:56:40+05:30"
    assert moment == "2026-05-28T20:26:40Z"
    for query, expected in (
        ({"created_from": moment}, 1),
        ({"created_from": later}, 0),
        ({"created_to": moment}, 0),
        ({"created_to": later}, 1),
        ({"created_from": in_delhi, "created_to": "2026-05-28T20:26:40.000000001Z"}, 0),
        ({"created_from": in_delhi, "created_to": "2026-05-28T20:26:40.001Z"}, 1),
        ({"created_from": later, "created_to": moment}, 0),
        ({"created_from": "0001-01-02T00:00:00Z", "created_to": "9999-12-30T23:59:59.999999999Z"}, 1),
    ):
        volume = (await funnel(workspace, **query))["volume"]
        assert (volume["leads"], volume["deals"]) == (expected, expected), query


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pipeline", "service"),
        ("pipeline", ""),
        ("created_from", "yesterday"),
        ("created_from", "2026-02-30T00:00:00Z"),
        ("created_to", "0001-01-01T00:00:00+14:00"),
        ("created_to", "9999-12-31T23:59:59-14:00"),
        ("created_to", "2026-05-28"),
    ],
)
async def test_a_funnel_of_nothing_that_could_be_is_refused(workspace: Workspace, name: str, text: str) -> None:
    response = await workspace("GET", FUNNEL, params={name: text})
    assert response.status_code == 400
    assert {error["parameter"] for error in response.json()["errors"]} == {name}


async def test_a_funnel_of_a_pipeline_that_the_workspace_lacks_is_refused(workspace: Workspace) -> None:
    response = await workspace.with_pipelines(renewals=(("new", "open"),))("GET", FUNNEL)
    detail = "is not a pipeline of your workspace, which has renewals"
    assert response.status_code == 400
    assert response.json()["errors"] == [{"parameter": "pipeline", "detail": detail}]
