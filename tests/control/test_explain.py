"""Each refusal can be explained: why, and what would have been accepted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mockserver.app import Mock
from mockserver.contract.model import Window
from mockserver.control.explain import explain
from mockserver.control.explanation import Explanation
from mockserver.control.refused_keys import differences
from mockserver.engine.faults import Fault
from mockserver.settings import Settings
from tests.caller import Caller

pytestmark = pytest.mark.anyio

LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Caller.of_new_tenant(Mock(Settings(apis=("mega", "salesiq"))), "mega") as mega:
        yield mega


def last(caller: Caller) -> Explanation:
    mock = caller.mock
    entry = next(iter(mock.journal))
    return explain(entry, mock.contracts[entry.api], mock.directories[entry.api], mock.journal.find())


async def test_a_key_of_another_customer(caller: Caller) -> None:
    other = caller.stranger().credential.tenant
    await caller("GET", "/leads", headers={"x-customer-id": other.id})
    told = last(caller)
    own = caller.credential.tenant.id
    assert told.why == (
        f"This key is locked to customer {own}, and the x-customer-id header names {other.id} (that is {other.name})."
    )
    assert told.accepted == (f"x-customer-id: {own}",)
    assert told.rule is not None
    assert told.rule.text


async def test_a_key_that_lacks_a_character(caller: Caller) -> None:
    secret = caller.credential.secret
    await caller("GET", "/leads", headers={"Authorization": f"Bearer {secret[:-1]}"})
    told = last(caller)
    assert "yours is mega_ + 63 hex" in told.why
    assert f"A known key begins like it and has {len(secret)} characters" in told.why
    assert "a key of the form: mega_ + 64 hex" in told.accepted
    assert secret[:-1] not in told.why


async def test_a_key_that_was_revoked_is_not_said_to_be_none(caller: Caller) -> None:
    """Whoever has revoked it too early looks for a spelling mistake for long, if told that there is no such key."""
    mock = caller.mock
    credential = await mock.registry.create("mega", name="acme")
    mock.clock.freeze(1_790_000_000.0)
    await mock.registry.revoke(credential)
    async with Caller(mock, credential) as revoked:
        await revoked("GET", "/leads")
    told = last(caller)
    named = f"The key 'acme', ending in …{credential.secret[-4:]}, was valid once"
    assert told.why == f"{named}; it was revoked at 2026-09-21T14:13:20.000Z."
    address = f"/_mock/tenants/mega/{credential.tenant.id}/credentials"
    assert told.accepted[0] == f"another key of its customer, made with POST {address}"


async def test_a_key_of_a_deleted_tenant_was_revoked_too_also_in_the_eyes_of_another_server(tmp_path: Path) -> None:
    settings = Settings(apis=("mega",), database=str(tmp_path / "state.sqlite3"))
    before = Mock(settings)
    deleted = await before.registry.create("mega", name="gone")
    await before.registry.delete(deleted.tenant)
    await before.store.close()
    after = Mock(settings)
    await after.registry.refresh()
    try:
        async with Caller(after, deleted) as caller:
            assert (await caller("GET", "/leads")).status_code == 401
            told = last(caller)
            assert told.why.startswith("The key 'gone', ending in ")
            assert told.why.endswith("Z, and its customer is gone.")
            assert told.accepted == ("a key of a tenant made with POST /_mock/tenants",)
    finally:
        await after.store.close()


async def test_when_a_key_was_revoked_is_known_after_a_reset(caller: Caller) -> None:
    demo = next(iter(caller.mock.directories["mega"]))
    caller.mock.clock.freeze(1_790_000_000.0)
    await caller.mock.registry.revoke(demo)
    await caller.mock.registry.reset_all()
    async with Caller(caller.mock, demo) as revoked:
        await revoked("GET", "/leads")
        assert "it was revoked at 2026-09-21T14:13:20.000Z" in last(revoked).why


async def test_a_key_that_is_sent_twice(caller: Caller) -> None:
    await caller("GET", "/leads", headers={"authorization": "Bearer x"})
    assert last(caller).why == "The Authorization header is sent more than once."


async def test_a_key_in_the_wrong_header(caller: Caller) -> None:
    await caller("GET", "/leads", headers={"Authorization": None, "x-api-key": "k"})
    told = last(caller)
    assert told.why == "The Authorization header is missing. There is a key in x-api-key, which MEGA does not read."
    assert told.accepted == ("Authorization: Bearer <token>",)


async def test_a_path_that_is_nearly_right(caller: Caller) -> None:
    await caller("GET", "/lead")
    assert last(caller).accepted[0] == "/api/agents/crm/leads"
    await caller("GET", "/leads/")
    assert "a slash too many" in last(caller).why


async def test_a_method_that_is_not_there(caller: Caller) -> None:
    await caller("DELETE", "/leads")
    assert last(caller).accepted == ("GET /api/agents/crm/leads", "POST /api/agents/crm/leads")


async def test_a_field_that_is_wrong_comes_with_the_sentence_of_the_contract(caller: Caller) -> None:
    await caller("POST", "/leads", json={"contact_name": "Sam", "source_type": "pigeon"})
    told = last(caller)
    assert "source_type: must be one of form, phone_call" in told.why
    assert told.rule is not None
    assert "source_type enum<string>" in told.rule.text
    assert told.accepted[0].startswith("{")


async def test_an_idempotency_key_that_was_used_with_another_body(caller: Caller) -> None:
    key = {"Idempotency-Key": "k1"}
    await caller("POST", "/leads", json=LEAD, headers=key)
    await caller("POST", "/leads", json={**LEAD, "contact_name": "Alex", "source_type": "form"}, headers=key)
    told = last(caller)
    assert told.related == "1"
    assert "They differ in: /contact_name, /source_type." in told.why
    assert told.rule is not None
    assert "409" in told.rule.text


async def test_a_scope_that_is_missing(caller: Caller) -> None:
    narrow = caller.colleague(scopes=("public_api:leads:read",))
    await narrow("POST", "/leads", json=LEAD)
    told = last(narrow)
    assert told.why == "createLead needs the scope public_api:leads:write; this key has public_api:leads:read."
    assert caller.credential.secret[-4:] in told.accepted[0]


async def test_a_limit_that_is_reached(caller: Caller) -> None:
    credential = await caller.mock.registry.create("mega", limits={"default": (Window(1, 60),)})
    async with Caller(caller.mock, credential) as limited:
        await limited("GET", "/leads")
        await limited("GET", "/leads")
    told = last(caller)
    assert "1 requests in 60 seconds" in told.why
    assert "60 s later" in told.accepted[0]


async def test_what_was_served_and_what_a_fault_did(caller: Caller) -> None:
    await caller("GET", "/leads")
    assert last(caller).why == "Nothing was refused: listed 0 of 0 leads."
    fault = caller.mock.faults.add(Fault("status"))
    await caller("GET", "/leads")
    assert last(caller).why.startswith(f"The fault {fault.id} (status) struck this request; ")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (b'{"a": 1, "b": [1, 2]}', b'{"a": 1, "b": [1, 3]}', ["/b/1"]),
        (b'{"a": 1}', b'{"a": true}', ["/a"]),
        (b'{"a": 1}', b'{"b/c": 1}', ["/a", "/b~1c"]),
        (b'{"a": [1]}', b'{"a": [1, 2]}', ["/a"]),
        (b"no json", b"{}", ["the whole body"]),
        (b"{}", b"{}", []),
    ],
)
def test_bodies_differ_member_by_member(first: bytes, second: bytes, told: list[str]) -> None:
    assert differences(first, second) == told
