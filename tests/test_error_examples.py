"""Every example of an error in the specs is real: each operation that shows it answers it word for word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mockserver.app import Mock
from mockserver.contract import AVAILABLE, Operation, load
from mockserver.engine.clock import ManualClock
from tests.caller import Caller

pytestmark = pytest.mark.anyio

# The mock sends a 500 only for a defect of its own, and no request provokes one.
EXEMPT = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """An example of an error, as the operation shows it under this status."""

    operation: Operation
    status: int
    media_type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Asking:
    """`await asking()` sends a valid request of the operation, of a record that is not there where it takes an id."""

    caller: Caller
    clock: ManualClock
    operation: Operation

    @property
    def path(self) -> str:
        unknown = {"crmleadpro": "lead_01J9ZZZZZZZZZZZZ"}.get(
            self.caller.api, "wh_7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11"
        )
        return self.operation.path.replace("{id}", unknown)

    @property
    def body(self) -> dict[str, Any] | None:
        """The first example of a request; None where there is no body."""
        media = self.operation.raw.get("requestBody", {}).get("content", {})
        bodies = [example["value"] for content in media.values() for example in content["examples"].values()]
        return bodies[0] if bodies else None

    async def __call__(self, **options: Any) -> httpx.Response:
        if not options.keys() & {"json", "content", "data"} and self.body is not None:
            options["json"] = self.body
        return await self.caller(self.operation.method, self.path, **options)


Provocation = Callable[[Asking], Awaitable[httpx.Response]]
Key = tuple[str, str, str]  # The API; the shared response, or operation and status; the example.


def sent(**options: Any) -> Provocation:
    """The request with these options of httpx; a header that is None is left out."""

    async def provoke(ask: Asking) -> httpx.Response:
        return await ask(**options)

    return provoke


def members(**changes: Any) -> Provocation:
    """The valid body with these members; without one that is None."""

    async def provoke(ask: Asking) -> httpx.Response:
        changed = {**(ask.body or {}), **changes}
        return await ask(json={name: value for name, value in changed.items() if value is not None})

    return provoke


async def twice_named(ask: Asking) -> httpx.Response:
    """The header that names the tenant comes twice."""
    headers = [*ask.caller.headers.items(), ("x-customer-id", ask.caller.credential.tenant.id)]
    return await ask.caller.client.request(ask.operation.method, ask.path, headers=headers)


async def of_another(ask: Asking) -> httpx.Response:
    """The header names another tenant than the credential's."""
    return await ask(headers={"x-customer-id": ask.caller.stranger().credential.tenant.id})


async def of_no_lead(ask: Asking) -> httpx.Response:
    """The path, or the member that names a lead, names none."""
    if ask.body is not None and "lead_id" in ask.body:
        return await ask(json={**ask.body, "lead_id": "lead_01J9ZZZZZZZZZZZZ"})
    return await ask()


async def with_a_used_key(ask: Asking) -> httpx.Response:
    """The idempotency key belongs to another body."""
    headers = {"Idempotency-Key": "import-2026-07-02"}
    assert (await ask(headers=headers)).is_success
    return await ask(json={**(ask.body or {}), "leads": [{"contact_name": "Bea"}]}, headers=headers)


async def too_often(ask: Asking) -> httpx.Response:
    """As often as it takes, at most once more than any API permits in a minute."""
    for _ in range(1001):
        answer = await ask()
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            break
    return answer


async def to_a_full_workspace(ask: Asking) -> httpx.Response:
    """One lead more than the smallest plan holds; the clock moves on whenever the minute's requests are used up."""
    starter = Asking(ask.caller.stranger(plan="starter"), ask.clock, ask.operation)
    for number in range(501):
        if number % 30 == 0:
            ask.clock.advance(60)
        answer = await starter(json={"name": "Amit", "phone": str(9876500000 + number)})
        assert answer.is_success is (number < 500), answer.text
    return answer


CUT = sent(content=b'{"name": "Amit"', headers={"Content-Type": "application/json"})
FORM = sent(data={"name": "Amit"})
TOO_LARGE = sent(content=b" " * 1_048_577, headers={"Content-Type": "application/json"})
IMPORT_TOO_LARGE = sent(content=b" " * 5_242_881, headers={"Content-Type": "application/json"})
NO_TOKEN = sent(headers={"Authorization": None})
WRONG_TOKEN = sent(headers={"Authorization": "Bearer nobody"})
JANE = {"name": "Jane Doe", "email": "jane@example.com", "source": "API", "industry": "Technology"}
NO_EMAIL = {name: value for name, value in JANE.items() if name != "email"}

PROVOCATIONS: Mapping[Key, Provocation] = {
    ("salesiq", "BadRequest", "missingRequiredFields"): members(phone=None),
    ("salesiq", "BadRequest", "invalidPhone"): members(phone="12345"),
    ("salesiq", "BadRequest", "invalidBudget"): members(budgetMin=9_000_000, budgetMax=7_500_000),
    ("salesiq", "BadRequest", "malformedJson"): CUT,
    ("salesiq", "MissingKey", "missingKey"): sent(headers={"x-api-key": None}),
    ("salesiq", "InvalidKey", "invalidKey"): sent(headers={"x-api-key": "sqk_live_nobody"}),
    ("salesiq", "TooLarge", "tooLarge"): TOO_LARGE,
    ("salesiq", "UnsupportedMediaType", "formBody"): FORM,
    ("salesiq", "LimitReached", "requestsPerMinute"): too_often,
    ("salesiq", "LimitReached", "leadLimit"): to_a_full_workspace,
    ("mega", "BadRequest", "customerTwice"): twice_named,
    ("mega", "InvalidQuery", "limit"): sent(params={"limit": 500}),
    ("mega", "InvalidQuery", "sort"): sent(params={"sort_by": "name"}),
    ("mega", "InvalidLead", "noContactField"): sent(json={"source_platform": "direct"}),
    ("mega", "InvalidLead", "malformedJson"): CUT,
    ("mega", "InvalidImport", "noRows"): members(leads=[]),
    ("mega", "InvalidImport", "tooManyRows"): members(leads=[{"contact_name": "Bea"}] * 501),
    ("mega", "InvalidImport", "malformedJson"): CUT,
    ("mega", "InvalidWebhook", "event"): members(event_types=["lead.updated"]),
    ("mega", "InvalidWebhook", "timeout"): members(timeout_seconds=90),
    ("mega", "InvalidWebhook", "malformedJson"): CUT,
    ("mega", "Unauthorized", "noToken"): NO_TOKEN,
    ("mega", "Unauthorized", "wrongToken"): WRONG_TOKEN,
    ("mega", "Unauthorized", "noCustomer"): sent(headers={"x-customer-id": None}),
    ("mega", "Forbidden", "otherCustomer"): of_another,
    ("mega", "NotFound", "noWebhook"): sent(),
    ("mega", "IdempotencyConflict", "otherBody"): with_a_used_key,
    ("mega", "ContentTooLarge", "tooLarge"): TOO_LARGE,
    ("mega", "ImportTooLarge", "tooLarge"): IMPORT_TOO_LARGE,
    ("mega", "UnsupportedMediaType", "notJson"): FORM,
    ("mega", "TooManyRequests", "tooMany"): too_often,
    ("convertiq", "BadRequest", "leadMissing"): sent(json=JANE),
    ("convertiq", "BadRequest", "requiredFieldMissing"): sent(json={"lead": NO_EMAIL}),
    ("convertiq", "BadRequest", "invalidScore"): sent(json={"lead": {**JANE, "score": 11}}),
    ("convertiq", "BadRequest", "malformedJson"): CUT,
    ("convertiq", "Unauthorized", "missingKey"): sent(headers={"X-API-Key": None}),
    ("convertiq", "Unauthorized", "invalidKey"): sent(headers={"X-API-Key": "ciq_nobody"}),
    ("convertiq", "TooLarge", "tooLarge"): TOO_LARGE,
    ("convertiq", "UnsupportedMediaType", "formBody"): FORM,
    ("convertiq", "TooManyRequests", "requestsPerMinute"): too_often,
    ("crmleadpro", "InvalidQuery", "page"): sent(params={"page": 0}),
    ("crmleadpro", "InvalidPeriod", "pipeline"): sent(params={"pipeline": "marketing"}),
    ("crmleadpro", "MalformedBody", "notJson"): CUT,
    ("crmleadpro", "Unauthorized", "missing"): NO_TOKEN,
    ("crmleadpro", "Unauthorized", "unknown"): WRONG_TOKEN,
    ("crmleadpro", "NotFound", "unknown"): of_no_lead,
    ("crmleadpro", "BodyTooLarge", "tooLarge"): TOO_LARGE,
    ("crmleadpro", "UnsupportedMediaType", "form"): FORM,
    ("crmleadpro", "UnsupportedPatchType", "form"): FORM,
    ("crmleadpro", "InvalidLead", "status"): members(status="hot"),
    ("crmleadpro", "InvalidDeal", "stage"): members(stage="closed_won"),
    ("crmleadpro", "InvalidCampaign", "name"): members(name=None),
    ("crmleadpro", "InvalidWebhook", "event"): members(events=["lead.deleted"]),
    ("crmleadpro", "TooManyRequests", "exceeded"): too_often,
}


def _responses() -> Iterator[tuple[str, Operation, int, str, Mapping[str, Any]]]:
    """API, operation, status, name and content of every error response but the exempt one."""
    for api in AVAILABLE:
        contract = load(api)
        shared = contract.document["components"]["responses"]
        for operation in contract.operations.values():
            for status, response in operation.raw["responses"].items():
                if int(status) < 400 or int(status) == EXEMPT:
                    continue
                name = response.get("$ref", f"{operation.id} {status}").removeprefix("#/components/responses/")
                yield api, operation, int(status), name, shared.get(name, response)["content"]


def _examples() -> Mapping[Key, list[Shown]]:
    examples: dict[Key, list[Shown]] = {}
    for api, operation, status, name, content in _responses():
        for media_type, media in content.items():
            for example, told in media.get("examples", {"": {"value": media.get("example")}}).items():
                shown = Shown(operation, status, media_type, told["value"])
                examples.setdefault((api, name, example), []).append(shown)
    return examples


EXAMPLES = _examples()


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def own_mock(clock: ManualClock) -> Mock:
    return Mock(clock=clock)


def test_every_example_of_an_error_is_provoked() -> None:
    """And every provocation has its example."""
    assert EXAMPLES.keys() == PROVOCATIONS.keys()


def test_every_error_has_an_example() -> None:
    assert not [(operation.id, status) for _, operation, status, _, content in _responses() if not content]
    assert all(shown.value for each in EXAMPLES.values() for shown in each)


@pytest.mark.parametrize("key", EXAMPLES, ids="-".join)
async def test_an_example_of_an_error_is_what_the_mock_answers(key: Key, own_mock: Mock, clock: ManualClock) -> None:
    async with Caller.of_new_tenant(own_mock, key[0]) as caller:
        for shown in EXAMPLES[key]:
            answer = await PROVOCATIONS[key](Asking(caller, clock, shown.operation))
            assert answer.json() == shown.value, shown.operation.id
            assert answer.status_code == shown.status
            assert answer.headers["content-type"] == shown.media_type
