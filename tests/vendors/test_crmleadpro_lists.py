"""CRMLead Pro's lists of leads and contacts: pages, order, filters, search."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.clock import ManualClock
from tests.vendors.crmleadpro_workspace import Workspace

pytestmark = pytest.mark.anyio

LISTS = ("/leads", "/contacts")


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


@pytest.mark.parametrize("path", LISTS)
async def test_pages_hold_25_and_together_each_item_once_the_newest_first(workspace: Workspace, path: str) -> None:
    """Even leads of one and the same second come in the order in which they were made."""
    for number in range(30):
        await workspace.lead(name=f"Lead {number:02d}")
    first = (await workspace("GET", path)).json()
    second = (await workspace("GET", path, params={"page": 2})).json()
    assert names(first["data"] + second["data"]) == [f"Lead {number:02d}" for number in reversed(range(30))]
    assert first["pagination"] == {"page": 1, "per_page": 25, "total": 30, "total_pages": 2}
    assert second["pagination"] == {"page": 2, "per_page": 25, "total": 30, "total_pages": 2}
    assert workspace.outcomes[-1] == f"listed 5 of 30 {path[1:]}"


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_past_the_end_is_empty(workspace: Workspace, path: str) -> None:
    await workspace.lead()
    response = await workspace("GET", path, params={"page": 1_000_000, "per_page": 100})
    assert response.json()["data"] == []
    assert response.json()["pagination"] == {"page": 1_000_000, "per_page": 100, "total": 1, "total_pages": 1}


@pytest.mark.parametrize("path", LISTS)
async def test_an_empty_workspace_has_no_pages(workspace: Workspace, path: str) -> None:
    response = await workspace("GET", path)
    assert response.json() == {"data": [], "pagination": {"page": 1, "per_page": 25, "total": 0, "total_pages": 0}}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page", "0"),
        ("page", "1000001"),
        ("page", "9" * 40),
        ("page", "one"),
        ("per_page", "0"),
        ("per_page", "101"),
        ("sort", "shoe_size"),
        ("sort", "--name"),
        ("search", "\x00"),
        ("tag", "t" * 51),
    ],
)
async def test_a_wrong_query_is_refused_by_the_name_of_the_parameter(
    workspace: Workspace, path: str, name: str, text: str
) -> None:
    response = await workspace("GET", path, params={name: text})
    assert response.status_code == 400
    assert {error["parameter"] for error in response.json()["errors"]} == {name}


async def test_leads_sort_by_time_name_and_score_with_missing_scores_last(
    workspace: Workspace, clock: ManualClock
) -> None:
    made = {}
    for name, score in (("b", 50), ("c", None), ("a", 7)):
        made[name] = await workspace.lead(name=name, score=score)
        clock.advance(60)
    await workspace("PATCH", f"/leads/{made['c']['id']}", json={"company": "Acme Corp"})
    orders = {
        "created_at": "bca",
        "-created_at": "acb",
        "updated_at": "bac",
        "-updated_at": "cab",
        "name": "abc",
        "-name": "cba",
        "score": "abc",
        "-score": "bac",
    }
    for sort, expected in orders.items():
        assert "".join(names(await workspace.listed("/leads", sort=sort))) == expected, sort


async def test_filters_match_exactly_and_all_together(workspace: Workspace) -> None:
    both = {"status": "qualified", "pipeline_stage": "contacted", "source": "website", "assigned_to": "u1"}
    await workspace.lead(name="all", tags=["hot", "Ünïcode"], **both)
    await workspace.lead(name="some", tags=["hottest"], **{**both, "source": "Website"})
    await workspace.lead(name="none")
    expected = {
        "status": ["all", "some"],
        "pipeline_stage": ["all", "some"],
        "source": ["all"],
        "assigned_to": ["all", "some"],
    }
    for name, found in expected.items():
        assert names(await workspace.listed("/leads", sort="name", **{name: both[name]})) == found, name
    assert names(await workspace.listed("/leads", tag="hot")) == ["all"]
    assert names(await workspace.listed("/leads", tag="Ünïcode", **both)) == ["all"]
    assert names(await workspace.listed("/leads", **{**both, "status": "lost"})) == []
    assert names(await workspace.listed("/leads", source="")) == []
    assert (await workspace("GET", "/leads", params={"status": "hot"})).status_code == 400


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PRIYA", ["Priya Sharma"]),
        ("acmecorp", ["Priya Sharma"]),
        ("acme c", ["Priya Sharma"]),
        ("98765 4", ["Priya Sharma"]),
        ("9876543210", ["Priya Sharma"]),
        ("+919876543210", ["Priya Sharma"]),
        ("98765-43210", ["Priya Sharma"]),
        ("strasse", ["Jörg STRAßE 100%"]),
        ("JÖRG", ["Jörg STRAßE 100%"]),
        ("%", ["Jörg STRAßE 100%"]),
        ("_", []),
        ("sharmapriya", []),
        ("sharma\npriya", []),
        ("\ufdd0", []),
        ("\U0001f600", []),
        ("qualified", []),
        ("", ["Jörg STRAßE 100%", "Priya Sharma"]),
    ],
)
async def test_search_finds_text_in_name_email_phone_and_company(
    workspace: Workspace, path: str, text: str, found: list[str]
) -> None:
    """In any letter case, literally; a whole phone number however it is spelled."""
    await workspace.lead(
        name="Priya Sharma",
        email="priya@acmecorp.in",
        phone="+91 98765 43210",
        company="Acme Corp",
        status="qualified",
    )
    await workspace.lead(name="Jörg STRAßE 100%", phone="+49 30 1234567")
    assert names(await workspace.listed(path, sort="name", search=text)) == found


async def test_search_knows_a_lead_as_it_is_now(workspace: Workspace) -> None:
    lead = await workspace.lead(company="Acme Corp")
    await workspace("PATCH", f"/leads/{lead['id']}", json={"company": "Bharat Ltd"})
    assert await workspace.listed("/leads", search="acme") == []
    assert len(await workspace.listed("/leads", search="bharat")) == 1


async def test_each_lead_has_a_contact_that_follows_it(workspace: Workspace, clock: ManualClock) -> None:
    lead = await workspace.lead(tags=["hot-lead"], score=3)
    clock.advance(60)
    changed = (
        await workspace("PATCH", f"/leads/{lead['id']}", json={"name": "A. Desai", "email": "a@desai.in"})
    ).json()
    assert await workspace.listed("/contacts") == [
        {
            "id": lead["id"].replace("lead_", "contact_"),
            "name": "A. Desai",
            "email": "a@desai.in",
            "phone": lead["phone"],
            "company": None,
            "tags": ["hot-lead"],
            "lead_id": lead["id"],
            "created_at": lead["created_at"],
            "updated_at": changed["updated_at"],
        }
    ]


async def test_contacts_are_filtered_by_company_and_tag_and_sorted(workspace: Workspace) -> None:
    await workspace.lead(name="b", company="Acme Corp", tags=["x"])
    await workspace.lead(name="a", company="Acme Corp", tags=["x", "y"])
    await workspace.lead(name="c", company="acme corp", tags=["x"])
    assert names(await workspace.listed("/contacts", company="Acme Corp", sort="name")) == ["a", "b"]
    assert names(await workspace.listed("/contacts", company="Acme Corp", tag="y")) == ["a"]
    assert names(await workspace.listed("/contacts", tag="x", sort="-name")) == ["c", "b", "a"]
    assert (await workspace("GET", "/contacts", params={"sort": "score"})).status_code == 400
