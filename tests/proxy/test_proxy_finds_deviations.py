"""Every kind of deviation is found, on an upstream or by a client that has just this one."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.implementations.workshop import faults
from tests.proxy.watching import Answer, Spoil, Watched, small, spoiled, watched

LEAD = {"contact_name": "Sam Seller", "contact_email": "sam@example.com"}


def _status(answer: Answer) -> Answer:
    return 202 if answer[0] == 201 else answer[0], answer[1], answer[2]


def _header(name: str, value: str | None) -> Spoil:
    def spoil(answer: Answer) -> Answer:
        kept = {one: text for one, text in answer[1].items() if one != name}
        return answer[0], kept if value is None else {**kept, name: value}, answer[2]

    return spoil


def _body(change: Any) -> Spoil:
    def spoil(answer: Answer) -> Answer:
        value = json.loads(answer[2])
        change(value)
        return answer[0], answer[1], json.dumps(value).encode()

    return spoil


def _raw(body: bytes) -> Spoil:
    return lambda answer: (answer[0], answer[1], body)


_ANONYMOUS = {"headers": {"Authorization": None}}
_BAD = {"json": {"contact_name": "x", "source_platform": "myspace"}}

SPOILED: dict[str, tuple[Spoil, dict[str, Any], str, str]] = {
    "a status that is not declared": (_status, {"json": LEAD}, "createLead/api-status", "answered 202"),
    "a crash": (lambda one: (500, one[1], one[2]), {"json": LEAD}, "createLead/api-status", "answered 500"),
    "another media type": (
        _header("content-type", "text/html"),
        {"json": LEAD},
        "createLead/api-media-type",
        "answered with text/html, not with application/json",
    ),
    "a member that is missing": (
        _body(lambda value: value["lead"].pop("id")),
        {"json": LEAD},
        "createLead/api-body",
        "lead.id: is required",
    ),
    "a member of another type": (
        _body(lambda value: value["lead"].update(created_at=5)),
        {"json": LEAD},
        "createLead/api-body",
        "lead.created_at: must be a string, not 5",
    ),
    "no JSON": (_raw(b'{"lead": '), {"json": LEAD}, "createLead/api-body", "the body is not JSON"),
    "a broken packing": (
        _header("content-encoding", "gzip"),
        {"json": LEAD},
        "createLead/api-body",
        "not what its Content-Encoding says",
    ),
    "an error of another form": (
        _raw(b'{"message": "no"}'),
        _BAD,
        "createLead/api-envelope",
        "`error` is not an object",
    ),
    "an error with another code": (
        _body(lambda value: value["error"].update(code=422)),
        _BAD,
        "createLead/api-envelope",
        "`error.code` is 422, not the status 400",
    ),
    "an error page": (_raw(b"<h1>Bad Request</h1>"), _BAD, "createLead/api-envelope", "the error is not JSON"),
    "success without a credential": (
        lambda one: (201, one[1], one[2]),
        {"json": LEAD, **_ANONYMOUS},
        "createLead/api-credential",
        "answered 201 to a request without a credential",
    ),
    "success with what must be refused": (
        lambda one: (201, one[1], one[2]),
        _BAD,
        "createLead/api-refuses",
        "source_platform: must be one of",
    ),
    "a limit that is no number": (
        _header("ratelimit-remaining", "many"),
        {"json": LEAD},
        "createLead/api-rate-limit-headers",
        "'many', no number",
    ),
    "more left than there is": (
        _header("ratelimit-limit", "1"),
        {"json": LEAD},
        "createLead/api-rate-limit-headers",
        "of 1 requests are left",
    ),
    "too many, without a word when to come back": (
        lambda one: (429, one[1], b'{"error": {"type": "rate_limit_error", "code": 429, "message": "no"}}'),
        {"json": LEAD},
        "createLead/api-retry-after",
        "answered 429 without Retry-After",
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_deviation_of_the_api_is_found_and_told_as_its_own(what: str) -> None:
    spoil, options, promise, words = SPOILED[what]
    app, headers = small("mega")
    with watched("mega", spoiled(app, spoil), headers) as proxy, suppress(httpx.DecodingError):
        proxy.call("POST", "/leads", **options)
    assert promise in proxy.of_the_api, proxy.broken
    assert words in "; ".join(proxy.of_the_api[promise])
    line = next(line for line in proxy.out.getvalue().splitlines() if f"mega/{promise}]" in line)
    assert re.match(r"\d\d:\d\d:\d\d POST /api/agents/crm/leads \d\d\d the API: ", line)


def test_the_unspoiled_api_breaks_nothing() -> None:
    """So that each of the alarms above is due to what was spoiled."""
    app, headers = small("mega")
    with watched("mega", spoiled(app, lambda answer: answer), headers) as proxy:
        for _, options, _, _ in SPOILED.values():
            proxy.call("POST", "/leads", **options)
        assert proxy.of_the_api == {}
        assert proxy.tested("createLead/api-body") >= 10


def test_a_header_of_another_form_is_found() -> None:
    app, headers = small("mega")
    with watched("mega", spoiled(app, _header("ratelimit-reset", "later")), headers) as proxy:
        proxy.call("GET", "/leads")
    assert "the header RateLimit-Reset must be" in "; ".join(proxy.of_the_api["listLeads/api-headers"])


def test_a_limit_that_does_not_count_down_is_found_where_the_whole_contract_is_held() -> None:
    app, headers = small("mega")
    for strict in (False, True):
        with watched("mega", spoiled(app, _header("ratelimit-remaining", "7")), headers, strict=strict) as proxy:
            for _ in range(2):
                assert proxy.call("GET", "/leads").status_code == 200
        found = proxy.of_the_api.get("listLeads/api-rate-limit-countdown", [])
        assert bool(found) is strict, proxy.broken


CLIENT: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "no credential": ("POST", "/leads", {"json": LEAD, **_ANONYMOUS}, "createLead/client-credential", "is missing"),
    "no token": (
        "POST",
        "/leads",
        {"json": LEAD, "headers": {"Authorization": "Basic eDp5"}},
        "createLead/client-credential",
        "not the word Bearer",
    ),
    "no customer": (
        "GET",
        "/leads",
        {"headers": {"x-customer-id": None}},
        "listLeads/client-parameters",
        "x-customer-id: is required",
    ),
    "a query parameter": ("GET", "/leads?limit=5000", {}, "listLeads/client-parameters", "limit: must be at most 100"),
    "another media type": (
        "POST",
        "/leads",
        {"content": json.dumps(LEAD), "headers": {"Content-Type": "text/plain"}},
        "createLead/client-media-type",
        "not 'text/plain'",
    ),
    "no JSON": (
        "POST",
        "/leads",
        {"content": b'{"contact_name": "x",}', "headers": {"Content-Type": "application/json"}},
        "createLead/client-json",
        "the body is not JSON",
    ),
    "no body": ("POST", "/leads", {}, "createLead/client-json", "the body is empty"),
    "a wrong type": (
        "POST",
        "/leads",
        {"json": {"contact_name": 5}},
        "createLead/client-body",
        "contact_name: must be",
    ),
    "no contact": ("POST", "/leads", {"json": {"source_type": "form"}}, "createLead/client-body", "contact_name"),
    "no such path": ("GET", "/leadz", {}, "any/client-path", "did you mean /api/agents/crm/leads?"),
    "no such method": ("PUT", "/leads", {"json": LEAD}, "any/client-path", "PUT is not among its methods"),
}


@pytest.mark.parametrize("what", CLIENT)
def test_a_deviation_of_the_client_is_told_as_its_own_and_the_api_is_not_blamed(what: str) -> None:
    method, path, options, promise, words = CLIENT[what]
    app, headers = small("mega")
    with watched("mega", app, headers) as proxy:
        proxy.call(method, path, **options)
    assert words in "; ".join(proxy.broken[promise]), proxy.broken
    assert proxy.of_the_api == {}
    assert " your client: " in proxy.out.getvalue()
    assert " the API: " not in proxy.out.getvalue()


def test_strict_json_and_the_size_are_asked_of_the_client_where_the_whole_contract_is_held() -> None:
    app, headers = small("mega")
    as_json = {"headers": {"Content-Type": "application/json"}}
    for strict in (False, True):
        with watched("mega", app, headers, strict=strict) as proxy:
            proxy.call("POST", "/leads", content=b'{"contact_name": "x", "contact_name": "y"}', **as_json)
            proxy.call("POST", "/leads", content=b'{"contact_name": "%s"}' % (b"x" * 1_100_000), **as_json)
        assert ("createLead/client-json" in proxy.broken) is strict
        assert ("createLead/client-size" in proxy.broken) is strict
        assert proxy.of_the_api == {}


def _keyed(proxy: Watched, key: str, lead: dict[str, Any], path: str = "/leads") -> int:
    return proxy.call("POST", path, json=lead, headers={"Idempotency-Key": key}).status_code


def _fault(name: str) -> Any:
    changes = next(one.changes for one in faults("mega") if one.name == name)
    return small("mega", changes)


def test_a_replay_with_another_answer_is_found() -> None:
    app, headers = _fault("key-is-not-looked-at-on-create")
    with watched("mega", app, headers) as proxy:
        for _ in range(2):
            assert _keyed(proxy, "key-1", {"contact_name": "Nameless"}) == 201
    assert proxy.of_the_api == {"createLead/api-idempotency-replay": ["the body is not that of the first answer"]}


def test_a_key_that_is_taken_with_another_body_is_found() -> None:
    app, headers = _fault("key-is-not-looked-at-on-create")
    with watched("mega", app, headers) as proxy:
        assert _keyed(proxy, "key-1", LEAD) == 201
        assert _keyed(proxy, "key-1", {**LEAD, "contact_name": "Somebody else"}) == 201
    assert list(proxy.of_the_api) == ["createLead/api-idempotency-mismatch"]


def test_right_use_of_keys_is_seen_to_be_right() -> None:
    app, headers = small("mega")
    with watched("mega", app, headers) as proxy:
        statuses = [
            _keyed(proxy, "key-1", LEAD),
            _keyed(proxy, "key-1", LEAD),
            _keyed(proxy, "key-1", {**LEAD, "contact_name": "Other"}),
            _keyed(proxy, "key-2", LEAD),
            _keyed(proxy, "key-1", {"leads": [LEAD]}, "/leads/bulk"),
            _keyed(proxy, "key-3", {"leads": [LEAD], "dry_run": True}, "/leads/bulk"),
            _keyed(proxy, "key-3", {"leads": [LEAD, LEAD], "dry_run": True}, "/leads/bulk"),
        ]
    assert statuses == [201, 201, 409, 201, 200, 200, 200]
    assert proxy.broken == {}
    assert proxy.tested("createLead/api-idempotency-replay") == 1
    assert proxy.tested("createLead/api-idempotency-mismatch") == 1
    assert proxy.tested("bulkImportLeads/api-idempotency-replay") == 0


def test_two_requests_with_one_key_at_once_prove_nothing() -> None:
    """Which of them was the first, nobody outside can know."""
    app, headers = small("mega")
    with watched("mega", app, headers) as proxy:

        async def both() -> None:
            calls = (asyncio.to_thread(_keyed, proxy, "key-1", {**LEAD, "contact_name": name}) for name in "abcdefgh")
            await asyncio.gather(*calls)

        asyncio.run(both())
    assert proxy.of_the_api == {}


@pytest.mark.parametrize(("side", "kept"), [("client", "client"), ("api", "api")])
def test_one_side_alone_can_be_judged(side: str, kept: str) -> None:
    app, headers = small("mega")
    with watched("mega", spoiled(app, _raw(b"no")), headers, only=side) as proxy:
        proxy.call("POST", "/leads", json={"contact_name": 5})
    assert proxy.broken
    assert all(f"/{kept}-" in name for name in proxy.broken)


@pytest.mark.parametrize("api", ["salesiq", "convertiq", "crmleadpro"])
def test_deviations_of_the_other_apis_are_found_too(api: str) -> None:
    paths = {"salesiq": "/leads/capture", "convertiq": "/leads/create", "crmleadpro": "/leads"}
    app, headers = small(api)
    with watched(api, spoiled(app, lambda one: (one[0], one[1], b"oops")), headers, strict=True) as proxy:
        proxy.call("POST", paths[api], json=[])
    sides = {name.partition("/")[2].partition("-")[0] for name in proxy.broken}
    assert sides == {"client", "api"}
