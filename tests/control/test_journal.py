"""The journal keeps the last requests, tells them without secrets, and lets them be watched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from mockserver.app import Mock
from mockserver.journal import Filter, Journal
from mockserver.rendering import redacted, summary, whole
from mockserver.settings import Settings
from tests.caller import Caller

pytestmark = pytest.mark.anyio

LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Caller.of_new_tenant(Mock(Settings(apis=("mega",))), "mega") as mega:
        yield mega


async def test_an_exchange_is_kept_whole(caller: Caller) -> None:
    response = await caller("POST", "/leads?x=1", json=LEAD)
    (entry,) = caller.mock.journal
    shown = whole(entry)
    assert shown["response"]["json"] == response.json()
    assert shown["request"]["json"] == LEAD
    told = {name: shown[name] for name in ("api", "operation", "method", "path", "query", "status", "reason")}
    assert told == {
        "api": "mega",
        "operation": "createLead",
        "method": "POST",
        "path": "/api/agents/crm/leads",
        "query": "x=1",
        "status": 201,
        "reason": None,
    }
    assert shown["tenant"] == caller.credential.tenant.id
    assert shown["outcome"].startswith("created lead ")


async def test_no_secret_is_told(caller: Caller) -> None:
    secret = caller.credential.secret
    created = await caller(
        "POST", "/lead-webhooks", json={"url": "http://127.0.0.1:9999/hook", "event_types": ["lead.created"]}
    )
    assert created.status_code == 201
    await caller("GET", f"/leads?api_key={secret}")
    await caller("GET", "/leads", headers={"Authorization": f"Bearer {secret}0"})
    await caller("GET", "/leads", headers={"Authorization": None, "x-api-key": secret})
    await caller("POST", "/leads", json={"contact_name": secret})
    everything = json.dumps([whole(entry) for entry in caller.mock.journal], ensure_ascii=False)
    assert secret not in everything
    assert created.json()["secret"] not in everything
    assert f"Bearer …{secret[-4:]}" in everything
    assert f"api_key=…{secret[-4:]}" in everything


async def test_entries_are_found_and_counted_by_what_they_are(caller: Caller) -> None:
    await caller("POST", "/leads", json=LEAD)
    await caller("GET", "/leads")
    await caller("GET", "/leads", headers={"Authorization": None})
    await caller("GET", "/nothing")
    journal = caller.mock.journal
    tenant = caller.credential.tenant.id
    found = {
        "everything": Filter(),
        "created": Filter(operation="createLead", status="201", method="post"),
        "refused": Filter(status="4xx"),
        "tenant": Filter(tenant=tenant),
        "body": Filter(body="sam@example"),
        "path": Filter(path="/noth"),
        "later": Filter(since=2),
        "other": Filter(api="salesiq"),
    }
    counts = {name: journal.count(wanted) for name, wanted in found.items()}
    assert counts == {
        "everything": 4,
        "created": 1,
        "refused": 2,
        "tenant": 2,
        "body": 1,
        "path": 1,
        "later": 2,
        "other": 0,
    }
    assert [entry.id for entry in journal.find(limit=2)] == ["4", "3"]


async def test_the_newest_are_kept_within_number_and_size() -> None:
    mock = Mock(Settings(apis=("mega",), journal=3))
    async with Caller.of_new_tenant(mock, "mega") as caller:
        for _ in range(5):
            await caller("GET", "/leads")
    assert [entry.id for entry in mock.journal] == ["5", "4", "3"]
    mock = Mock(Settings(apis=("mega",), journal_bytes=20_000))
    async with Caller.of_new_tenant(mock, "mega") as caller:
        for number in range(20):
            await caller("POST", "/leads", json={"contact_name": "x" * 100 + str(number)})
    assert 2 < len(mock.journal) < 12
    assert 10_000 < mock.journal.size <= 20_000


async def test_a_refused_request_is_kept_without_what_it_was_refused_in(caller: Caller) -> None:
    """An exception holds every frame that it came through, and all their values."""
    for body in (b'{"contact_email": "no"}', b"{"):
        await caller("POST", "/leads", content=body, headers={"content-type": "application/json"})
    refusals = [entry.refusal for entry in caller.mock.journal]
    assert [each.reason for each in refusals if each is not None] == ["body-malformed", "body-invalid"]
    assert [(each.__traceback__, each.__context__) for each in refusals if each is not None] == [(None, None)] * 2


async def test_a_journal_of_no_entries_keeps_none() -> None:
    mock = Mock(Settings(apis=("mega",), journal=0))
    async with Caller.of_new_tenant(mock, "mega") as caller:
        await caller("POST", "/leads", json=LEAD)
    assert len(mock.journal) == 0


async def test_a_viewer_sees_entries_as_they_come_and_the_end(caller: Caller) -> None:
    journal = caller.mock.journal
    seen: list[str] = []

    async def watch() -> None:
        seen.extend([summary(entry)["operation"] async for entry in stream])

    stream = journal.watch(Filter(operation="listLeads"))
    viewer = asyncio.create_task(watch())
    await caller("POST", "/leads", json=LEAD)
    await caller("GET", "/leads")
    journal.close()
    await viewer
    assert seen == ["listLeads"]


async def test_clearing_forgets_and_ids_go_on(caller: Caller) -> None:
    stranger = caller.stranger()
    await caller("GET", "/leads")
    await stranger("GET", "/leads")
    assert caller.mock.journal.clear(tenant=caller.credential.tenant.id) == 1
    assert [entry.id for entry in caller.mock.journal] == ["2"]
    assert caller.mock.journal.get("1") is None
    await caller("GET", "/leads")
    assert next(iter(caller.mock.journal)).id == "3"
    await stranger.client.aclose()


def test_of_a_short_secret_nothing_is_shown() -> None:
    assert redacted("short") == "…"
    assert redacted("mega_0123456789abcdef") == "…cdef"


def test_an_id_that_is_none_finds_nothing() -> None:
    journal = Journal()
    assert [journal.get(text) for text in ("", "x", "-1", "9" * 40, "²")] == [None] * 5


async def test_a_viewer_that_is_behind_holds_no_more_than_the_journal_does() -> None:
    """What waits for it would otherwise be of any size."""
    async with Caller.of_new_tenant(Mock(Settings(apis=("mega",), journal=3)), "mega") as mega:
        seen = mega.mock.journal.watch()
        for number in range(10):
            await mega("GET", f"/leads?page={number}")
        mega.mock.journal.close()
        assert [entry.number async for entry in seen] == [8, 9, 10]
