"""`Prefer: code=...` and `Prefer: example=...` answer with the contract's own example, and change nothing."""

from __future__ import annotations

import pytest

from mockserver.app import Mock
from tests.caller import Caller

pytestmark = pytest.mark.anyio

LEAD = {"contact_name": "Sam", "contact_email": "sam@example.com"}


async def test_a_code_is_answered_with_its_documented_example(mega: Caller) -> None:
    answer = await mega("POST", "/leads", json=LEAD, headers={"prefer": "code=429"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, 429)
    assert answer.headers["preference-applied"] == "code=429"
    assert int(answer.headers["retry-after"]) > 0
    assert (await mega("GET", "/leads")).json()["total"] == 0


async def test_an_example_is_answered_by_its_name(mega: Caller) -> None:
    operation = mega.contract.operations["createLead"]
    examples = operation.responses[201]["content"]["application/json"]["examples"]
    for name, example in examples.items():
        answer = await mega("POST", "/leads", json=LEAD, headers={"prefer": f'example="{name}"'})
        assert (answer.status_code, answer.json()) == (201, example["value"])


@pytest.mark.parametrize("prefer", ["code=299", "code=x", "example=none", "code=201, example=none"])
async def test_what_the_contract_does_not_have_is_refused_with_what_it_has(mega: Caller, prefer: str) -> None:
    answer = await mega("POST", "/leads", json=LEAD, headers={"prefer": prefer})
    assert answer.status_code == 400
    assert "is not in the contract; " in answer.text


@pytest.mark.parametrize("prefer", ["return=minimal", "respond-async", "", "dynamic=true"])
async def test_other_preferences_are_none_of_ours(mega: Caller, prefer: str) -> None:
    answer = await mega("POST", "/leads", json=LEAD, headers={"prefer": prefer})
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


async def test_a_wrong_key_is_refused_whatever_is_preferred(mega: Caller) -> None:
    answer = await mega("POST", "/leads", json=LEAD, headers={"prefer": "code=201", "Authorization": "Bearer x"})
    assert answer.status_code == 401


async def test_every_declared_status_of_every_operation_can_be_had(mock: Mock) -> None:
    for api, contract in mock.contracts.items():
        async with Caller.of_new_tenant(mock, api, unmetered=True) as caller:
            for operation in contract.operations.values():
                for status in operation.responses:
                    path = operation.path.replace("{id}", "x")
                    answer = await caller(operation.method, path, headers={"prefer": f"code={status}"})
                    assert answer.status_code == status, (api, operation.id)
