"""MEGA: an error in the mock itself leaves nothing behind, and an answer that got lost can be had again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from mockserver.app import Mock
from mockserver.engine import deduplication, idempotency
from mockserver.engine.clock import ManualClock
from mockserver.settings import Settings
from mockserver.vendors.mega import leads
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, create, listed, refused, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

KEY = {"Idempotency-Key": "k"}
SINGLE = ("/leads", {"contact_email": "ann@example.com", "contact_name": "Changed"}, 201)
ROWS = (BULK, {"leads": [{"contact_name": "A"}, {"contact_email": "ann@example.com", "contact_name": "Changed"}]}, 200)
HOOK = {"url": "https://hooks.example.com/mega", "event_types": ["lead.created"]}


class SpilledCoffeeError(Exception):
    pass


async def fail(*_arguments: Any) -> NoReturn:
    raise SpilledCoffeeError("the secret recipe is in this text")


def before_anything_is_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deduplication, "find", fail)


def after_the_lead_is_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(idempotency, "remember", fail)


@case(97)
@pytest.mark.parametrize("known", [True, False], ids=["merge", "create"])
@pytest.mark.parametrize(("path", "body", "status"), [SINGLE, ROWS], ids=["single", "bulk"])
@pytest.mark.parametrize("fault", [before_anything_is_written, after_the_lead_is_written])
async def test_a_failed_request_stores_nothing_and_its_retry_executes(  # noqa: PLR0913, PLR0917  # fixtures
    mega: Caller,
    mock: Mock,
    fault: Callable[[pytest.MonkeyPatch], None],
    path: str,
    body: dict[str, Any],
    status: int,
    *,
    known: bool,
) -> None:
    if known:
        await create(mega, contact_email="ann@example.com", contact_name="Ann")
    await mega("POST", "/lead-webhooks", json=HOOK)
    before = await listed(mega)
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        message = refused(await mega("POST", path, json=body, headers=KEY), 500)
    assert "recipe" not in message
    assert await listed(mega) == before
    assert await mock.store.deliveries(mega.credential.tenant.key) == []
    retried = await mega("POST", path, json=body, headers=KEY)
    assert (retried.status_code, "idempotent-replayed" in retried.headers) == (status, False)
    by_email = [lead for lead in await listed(mega) if lead["contact_email"]]
    assert [lead["contact_name"] for lead in by_email] == ["Changed"]
    assert by_email[0]["id"] in {lead["id"] for lead in before} or not known


@case(97)
async def test_an_error_in_the_last_step_of_a_create_undoes_its_lead(
    mega: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(leads, "_announce", fail)
        refused(await mega("POST", "/leads", json={"contact_email": "ann@example.com"}), 500)
    assert await total(mega) == 0
    lead = await create(mega, contact_email="ann@example.com")
    assert lead["created_at"] == lead["updated_at"], "its email was not left behind as taken"


class LosesAnswers:
    """The mock behind a line that breaks as soon as an answer is to be sent."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        async def lose(_message: Message) -> None:
            raise ConnectionResetError("the line is dead")

        await self.mock(scope, receive, lose)


@case(98)
@pytest.mark.parametrize(("path", "body", "status"), [SINGLE, ROWS], ids=["single", "bulk"])
async def test_a_lost_answer_is_replayed_by_the_next_process_on_the_same_file(
    tmp_path: Path, path: str, body: dict[str, Any], status: int
) -> None:
    settings = Settings(apis=("mega",), database=str(tmp_path / "state.sqlite3"))
    clock = ManualClock()
    first = Mock(settings, clock=clock)
    async with Caller.of_new_tenant(first, "mega") as caller:
        broken = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=LosesAnswers(first)), base_url=caller.client.base_url
        )
        async with broken:
            with pytest.raises(ConnectionResetError):
                await broken.post(path, json=body, headers={**caller.headers, **KEY})
        credential = caller.credential
    await first.store.close()

    second = Mock(settings, clock=clock)
    second.directories["mega"].add(credential)
    async with Caller(second, credential) as caller:
        stored = await listed(caller)
        assert len(stored) == len(body.get("leads", [body])), "it was committed before its answer was lost"
        replay = await caller("POST", path, json=body, headers=KEY)
        assert (replay.status_code, replay.headers["idempotent-replayed"]) == (status, "true")
        ids = [row["lead_id"] for row in replay.json().get("results", ())] or [replay.json()["lead"]["id"]]
        assert sorted(ids) == sorted(lead["id"] for lead in stored)
        assert await listed(caller) == stored
        refused(await caller("POST", path, json={**body, "made_up": 1}, headers=KEY), 409)
    await second.store.close()


@case(98)
async def test_a_request_that_is_cut_off_while_it_runs_leaves_nothing(
    mega: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, look = asyncio.Event(), deduplication.find

    async def stall(*arguments: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()
        return await look(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(deduplication, "find", stall)
        request = asyncio.create_task(create(mega, key="k", contact_email="ann@example.com"))
        await reached.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert await total(mega) == 0
    lead = await create(mega, key="k", contact_email="ann@example.com")
    assert [each["id"] for each in await listed(mega)] == [lead["id"]]
