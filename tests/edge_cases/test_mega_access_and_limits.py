"""MEGA: who may call what, and how often."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver.engine.clock import ManualClock
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, refused, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

READ, WRITE, MANAGE = ("public_api:leads:read", "public_api:leads:write", "public_api:webhooks:manage")
OTHER_CUSTOMER = "c0ffee00-0000-4000-8000-000000000000"
LIMITS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
HOOK = {"url": "https://hooks.example.com/mega", "event_types": ["lead.created"]}
LEAD = {"contact_name": "A"}
JSON = {"Content-Type": "application/json"}
KEY = {"Idempotency-Key": "k"}
REQUESTS = [
    pytest.param("GET", "/leads", None, READ, id="list"),
    pytest.param("POST", "/leads", LEAD, WRITE, id="create"),
    pytest.param("POST", BULK, {"leads": [LEAD]}, WRITE, id="import"),
    pytest.param("GET", "/lead-webhooks", None, MANAGE, id="list-webhooks"),
    pytest.param("POST", "/lead-webhooks", HOOK, MANAGE, id="create-webhook"),
    pytest.param("PATCH", "/lead-webhooks/wh_1", {"is_active": False}, MANAGE, id="change-webhook"),
    pytest.param("DELETE", "/lead-webhooks/wh_1", None, MANAGE, id="delete-webhook"),
]


def limits(response: httpx.Response) -> tuple[int, int, int]:
    """Limit, Remaining and Reset, which are whole numbers without a sign."""
    texts = [response.headers[name] for name in LIMITS]
    assert all(text.isascii() and text.isdigit() for text in texts), texts
    limit, remaining, reset = map(int, texts)
    return limit, remaining, reset


async def raw(caller: Caller, *lines: tuple[str, str]) -> httpx.Response:
    """List leads with exactly these header lines."""
    return await caller.client.get("/leads", headers=list(lines))


# ------------------------------------------------------------------------------------------------ customer and token


@case(145)
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(None, 401, id="absent"),
        pytest.param("", 401, id="empty"),
        pytest.param(OTHER_CUSTOMER, 403, id="other"),
        pytest.param("not-a-uuid", 403, id="no-uuid"),
    ],
)
async def test_a_customer_id_that_is_not_the_tokens_is_refused(mega: Caller, sent: str | None, status: int) -> None:
    refused(await mega("GET", "/leads", headers={"x-customer-id": sent}), status)
    refused(await mega("POST", "/leads", json=LEAD, headers={"x-customer-id": sent}), status)
    assert await total(mega) == 0


@case(145)
async def test_a_customer_id_counts_in_capitals_too(mega: Caller) -> None:
    customer = mega.credential.tenant.id.upper()
    assert customer != mega.credential.tenant.id
    assert (await mega("GET", "/leads", headers={"x-customer-id": customer})).status_code == 200


@case(145)
@pytest.mark.parametrize("second", ["same", OTHER_CUSTOMER])
async def test_two_customer_ids_are_refused(mega: Caller, second: str) -> None:
    customer = mega.credential.tenant.id
    token = ("authorization", mega.headers["Authorization"])
    other = customer if second == "same" else second
    response = await raw(mega, token, ("x-customer-id", customer), ("X-Customer-Id", other))
    assert "x-customer-id" in refused(response, 400)


@case(146)
@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param("Bearer {}", 200, id="as-documented"),
        pytest.param("bearer {}", 200, id="small-letters"),
        pytest.param("BEARER {}", 200, id="capitals"),
        pytest.param("Bearer  {}", 401, id="two-spaces"),
        pytest.param("Basic {}", 401, id="basic"),
        pytest.param("{}", 401, id="token-only"),
        pytest.param("Bearer", 401, id="no-token"),
        pytest.param("", 401, id="empty"),
        pytest.param("Bearer {}, Bearer {}", 401, id="two-in-one-line"),
        pytest.param("Bearer {}x", 401, id="one-character-more"),
    ],
)
async def test_the_authorization_header_is_read_by_its_form(mega: Caller, form: str, status: int) -> None:
    value = form.format(*[mega.credential.secret] * 2)
    response = await mega("GET", "/leads", headers={"Authorization": value})
    if status == 200:
        assert response.status_code == 200
        return
    refused(response, status)
    assert response.headers["www-authenticate"].startswith("Bearer")


@case(146)
@pytest.mark.parametrize("change", ["upper", "title"])
async def test_a_token_counts_with_its_letter_case(mega: Caller, change: str) -> None:
    secret: str = getattr(mega.credential.secret, change)()
    refused(await mega("GET", "/leads", headers={"Authorization": f"Bearer {secret}"}), 401)


@case(146)
@pytest.mark.parametrize("second", ["same", "Bearer mega_0"])
async def test_two_authorization_headers_are_refused(mega: Caller, second: str) -> None:
    own = mega.headers["Authorization"]
    other = own if second == "same" else second
    customer = ("x-customer-id", mega.credential.tenant.id)
    refused(await raw(mega, customer, ("Authorization", own), ("authorization", other)), 401)
    refused(await raw(mega, customer, ("Authorization", other), ("authorization", own)), 401)


@case(146)
async def test_no_authorization_header_is_refused(mega: Caller) -> None:
    refused(await mega("GET", "/leads", headers={"Authorization": None}), 401)


@case(145, 146)
async def test_a_wrong_token_is_told_before_a_wrong_customer(mega: Caller) -> None:
    headers = {"Authorization": "Bearer mega_" + "0" * 64, "x-customer-id": OTHER_CUSTOMER}
    refused(await mega("GET", "/leads", headers=headers), 401)


@case(149)
@pytest.mark.parametrize(("method", "path", "body", "scope"), REQUESTS)
async def test_a_token_without_the_scope_is_refused_and_with_only_it_is_not(
    mega: Caller, method: str, path: str, body: dict[str, object] | None, scope: str
) -> None:
    others = tuple(each for each in (READ, WRITE, MANAGE) if each != scope)
    async with mega.colleague(scopes=others) as lacking, mega.colleague(scopes=(scope,)) as having:
        response = await lacking(method, path, json=body)
        message = refused(response, 403)
        wrong_customer = refused(await having(method, path, json=body, headers={"x-customer-id": OTHER_CUSTOMER}), 403)
        assert scope in message
        assert message != wrong_customer, "the two kinds of 403 tell themselves apart (M11)"
        assert await total(mega) == 0
        assert (await mega("GET", "/lead-webhooks")).json() == {"webhooks": []}
        passed = await having(method, path, json=body)
        assert passed.is_success or passed.status_code == 404, "the webhook of the path is not there"


# -------------------------------------------------------------------------------------------------------- rate limits


@case(150)
async def test_requests_that_are_not_authenticated_do_not_count(mega: Caller) -> None:
    for missing in ("Authorization", "x-customer-id") * 40:
        response = await mega("GET", "/leads", headers={missing: None})
        refused(response, 401)
    async with mega.stranger() as other:
        wrong_token = {"Authorization": other.headers["Authorization"] + "0"}
        for _ in range(61):
            refused(await mega("GET", "/leads", headers=wrong_token), 401)
    assert limits(await mega("GET", "/leads")) == (60, 59, 60)


@case(150)
async def test_an_answer_to_nobody_tells_no_limits(mega: Caller) -> None:
    response = await mega("GET", "/leads", headers={"Authorization": "Bearer mega_0"})
    assert [name for name in response.headers if name.startswith("ratelimit")] == []


@case(151)
async def test_the_61st_request_of_a_minute_is_refused(mega: Caller) -> None:
    for left in range(59, -1, -1):
        assert limits(await mega("GET", "/leads")) == (60, left, 60)
    response = await mega("POST", "/leads", json=LEAD)
    assert refused(response, 429) == "Rate limit exceeded. Please retry later."
    assert (limits(response), response.headers["retry-after"]) == ((60, 0, 60), "60")


@case(151)
async def test_the_1001st_request_of_an_hour_is_refused(mega: Caller, clock: ManualClock) -> None:
    used = 0
    for minute, count in enumerate([*[60] * 15, 40, 60]):
        clock.advance(60 if minute else 0)
        for in_minute in range(1, count + 1):
            used += 1
            response = await mega("GET", "/lead-webhooks")
            assert response.status_code == 200, f"request {used}"
            hour, short = (1000, 1000 - used, 3600 - 60 * minute), (60, 60 - in_minute, 60)
            # The window with the least left is told; of equals, as all through the last minute, the longer (M15).
            assert limits(response) == (hour if hour[1] <= short[1] else short), f"request {used}"
    assert used == 1000
    clock.advance(60)  # Now the minute is free again, the hour is not.
    response = await mega("GET", "/leads")
    refused(response, 429)
    wait = 3600 - 17 * 60
    assert (limits(response), response.headers["retry-after"]) == ((1000, 0, wait), str(wait))
    clock.advance(wait - 1)
    refused(await mega("GET", "/leads"), 429)
    clock.advance(1)
    assert limits(await mega("GET", "/leads"))[:2] == (60, 59)


@case(151)
async def test_refused_requests_do_not_count_against_the_hour(mega: Caller, clock: ManualClock) -> None:
    for _ in range(60):
        await mega("GET", "/leads")
    for _ in range(1000):
        assert (await mega("GET", "/leads")).status_code == 429
    clock.advance(60)
    assert limits(await mega("GET", "/leads")) == (60, 59, 60)


@case(151)
@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        pytest.param("POST", "/leads", {"json": LEAD}, 201, id="201"),
        pytest.param("POST", "/leads", {"json": {}}, 400, id="400-invalid"),
        pytest.param("POST", "/leads", {"content": b"{", "headers": JSON}, 400, id="400-malformed"),
        pytest.param("GET", "/leads?limit=0", {}, 400, id="400-parameter"),
        pytest.param("DELETE", "/lead-webhooks/wh_1", {}, 404, id="404"),
        pytest.param("POST", "/leads", {"content": b" " * 1_048_577, "headers": JSON}, 413, id="413"),
        pytest.param("POST", "/leads", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, id="415"),
    ],
)
async def test_every_authenticated_request_counts_and_tells_the_limits(
    mega: Caller, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    first = await mega(method, path, **sent)
    assert (first.status_code, limits(first)) == (status, (60, 59, 60))
    assert limits(await mega(method, path, **sent)) == (60, 58, 60)


@case(151)
async def test_a_conflict_of_keys_counts_and_tells_the_limits(mega: Caller) -> None:
    answers = [await mega("POST", "/leads", json={"contact_name": name}, headers=KEY) for name in "AB"]
    assert [(answer.status_code, limits(answer)[1]) for answer in answers] == [(201, 59), (409, 58)]


@case(152)
@pytest.mark.parametrize("step", [0.25, 0.4, 7.3])
async def test_remaining_is_never_negative_and_waiting_as_told_is_enough(
    mega: Caller, clock: ManualClock, step: float
) -> None:
    refusals = 0
    for _ in range(130):
        response = await mega("GET", "/leads")
        limit, remaining, reset = limits(response)
        assert 0 <= remaining < limit
        assert 0 <= reset <= 60
        if response.status_code == 429:
            refusals += 1
            wait = int(response.headers["retry-after"])
            assert wait >= 1
            if refusals % 3 == 0:
                clock.advance(wait)
                assert (await mega("GET", "/leads")).status_code == 200
        else:
            assert response.status_code == 200
            assert "retry-after" not in response.headers
        clock.advance(step)
    assert (refusals > 0) == (step < 1), "more than one a second is too many"


@case(153)
@pytest.mark.parametrize(
    ("seconds", "told_limits", "wait"),
    [
        pytest.param(0.0, (60, 0, 60), "60", id="at-once"),
        pytest.param(59.0, (60, 0, 1), "1", id="59"),
        pytest.param(59.999, (60, 0, 1), "1", id="59.999"),
        pytest.param(60.0, (60, 59, 60), None, id="60"),
    ],
)
async def test_a_window_ends_sixty_seconds_after_its_first_request(
    mega: Caller, clock: ManualClock, seconds: float, told_limits: tuple[int, int, int], wait: str | None
) -> None:
    clock.advance(1 - clock.now() % 1)  # A whole second, so that binary fractions do not blur the boundary.
    for _ in range(60):
        await mega("GET", "/leads")
    clock.advance(seconds)
    response = await mega("GET", "/leads")
    assert (response.status_code, limits(response)) == (200 if wait is None else 429, told_limits)
    assert response.headers.get("retry-after") == wait


@case(154)
async def test_each_token_has_limits_of_its_own(mega: Caller) -> None:
    for _ in range(61):
        last = await mega("GET", "/leads")
    refused(last, 429)
    async with mega.colleague() as colleague, mega.stranger() as stranger:
        assert limits(await colleague("GET", "/leads")) == (60, 59, 60)
        assert limits(await stranger("GET", "/leads")) == (60, 59, 60)
    refused(await mega("GET", "/leads"), 429)


@case(150)
async def test_a_valid_token_that_is_refused_is_told_its_limits_and_spends_nothing(mega: Caller) -> None:
    """Only where no valid token was sent is there nothing to tell (M68)."""
    await mega("GET", "/leads")
    reader = mega.colleague(scopes=(READ,))
    assert limits(await reader("GET", "/leads"))[1] == 59
    for _ in range(2):
        assert limits(await reader("POST", "/leads", json=LEAD))[1] == 59
        assert limits(await mega("GET", "/leads", headers={"x-customer-id": OTHER_CUSTOMER}))[1] == 59
        assert limits(await mega("GET", "/leads", headers={"x-customer-id": None}))[1] == 59
    unknown = await mega("GET", "/leads", headers={"Authorization": "Bearer mega_" + "0" * 64})
    assert unknown.status_code == 401
    assert not set(LIMITS) & set(unknown.headers)
