"""What the tests of MEGA's edge cases share: short ways to create, import, list, and to expect a refusal."""

from __future__ import annotations

from typing import Any

import httpx

from tests.caller import Caller

BULK = "/leads/bulk"
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found_error",
    409: "api_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    429: "rate_limit_error",
    500: "api_error",
}


async def create(caller: Caller, *, key: str | None = None, **body: Any) -> dict[str, Any]:
    """Create a lead, with an idempotency key or without; it is answered with 201."""
    response = await caller("POST", "/leads", json=body, headers={"Idempotency-Key": key})
    assert response.status_code == 201, response.text
    lead: dict[str, Any] = response.json()["lead"]
    return lead


async def bulk(caller: Caller, rows: list[Any], *, key: str | None = None, **options: Any) -> dict[str, Any]:
    """Import rows; it is answered with 200."""
    response = await caller("POST", BULK, json={"leads": rows, **options}, headers={"Idempotency-Key": key})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


async def import_one(caller: Caller, row: Any, **options: Any) -> dict[str, Any]:
    """Import one row and give its result."""
    (result,) = (await bulk(caller, [row], **options))["results"]
    found: dict[str, Any] = result
    return found


async def listed(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    """The leads of the customer (at most a hundred), oldest first, with their custom fields."""
    params = {"limit": 100, "sort_by": "created_at", "include_custom_fields": "true", **query}
    response = await caller("GET", "/leads", params=params)
    assert response.status_code == 200, response.text
    page = response.json()
    leads: list[dict[str, Any]] = page["leads"]
    assert page["total"] == len(leads), "more leads than one page shows"
    return leads


async def total(caller: Caller) -> int:
    """How many leads the customer has."""
    response = await caller("GET", "/leads", params={"limit": 1})
    count: int = response.json()["total"]
    return count


def refused(response: httpx.Response, status: int) -> str:
    """The message of a refusal with this status, which has come in MEGA's envelope and nothing else."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert response.json() == {"error": error}
    message: str = error["message"]
    assert error == {"type": ERROR_TYPES[status], "code": status, "message": message}
    assert message
    return message


def told(result: dict[str, Any]) -> tuple[str, str | None]:
    """What a bulk import says of a row: status and matched_by."""
    return result["status"], result["matched_by"]
