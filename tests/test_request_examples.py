"""Every example of a request in the specs works: the mock accepts it as it stands, from its demo tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.contract import AVAILABLE, Operation, load
from tests.caller import Caller

pytestmark = pytest.mark.anyio

EXAMPLES = [
    pytest.param(operation, media_type, example["value"], id=f"{api}-{operation.id}-{name}")
    for api in AVAILABLE
    for operation in load(api).operations.values()
    for media_type, media in operation.raw.get("requestBody", {}).get("content", {}).items()
    for name, example in media["examples"].items()
]


@pytest.fixture(scope="module")
def first_start() -> Mock:
    """As it is at the first start: the examples name records of the demo tenants."""
    started = Mock()
    asyncio.run(started.seed())
    return started


@pytest.fixture
async def demo(first_start: Mock, request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    """The demo tenant of the API that the test's name begins with."""
    api = request.node.callspec.id.partition("-")[0]
    async with Caller(first_start, next(iter(first_start.directories[api]))) as caller:
        yield caller


def test_every_body_has_an_example() -> None:
    bodies = {op.id for api in AVAILABLE for op in load(api).operations.values() if "requestBody" in op.raw}
    assert {str(param.id).split("-")[1] for param in EXAMPLES} == bodies


@pytest.mark.parametrize(("operation", "media_type", "body"), EXAMPLES)
async def test_an_example_of_a_request_is_accepted(
    demo: Caller, operation: Operation, media_type: str, body: Any
) -> None:
    path = (
        operation.path.replace("{id}", await _fresh_id(demo, operation)) if "{id}" in operation.path else operation.path
    )
    answer = await demo(operation.method, path, json=body, headers={"Content-Type": media_type})
    assert answer.is_success, answer.text


async def _fresh_id(demo: Caller, operation: Operation) -> str:
    """The id of a record made for this request, of the kind that the operation is about."""
    creator = next(
        each
        for each in demo.contract.operations.values()
        if (each.record_kind, each.record_action) == (operation.record_kind, "create")
    )
    media = creator.raw["requestBody"]["content"]["application/json"]
    answer = await demo(creator.method, creator.path, json=next(iter(media["examples"].values()))["value"])
    created = answer.json()
    return str(created.get("webhook", created)["id"])
