"""Conformance can fail: implementations that are wrong in one thing are found out, and the right one is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from contract_tests.conformance import Report, conform
from contract_tests.conformance.run import PHASES
from mockserver.app import Mock
from mockserver.docs import credential_headers
from mockserver.settings import Settings
from tests.conformance.broken import After, Answer, Before, Request, broken

KEY = "sqk_live_your_api_key"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an implementation, and the checks that must say so."""

    name: str
    found_by: tuple[str, ...]
    before: Before | None = None
    after: After | None = None
    api: str = "salesiq"
    metered: bool = False
    phases: tuple[str, ...] = ("examples", "fuzzing")


def _is_capture(request: Request) -> bool:
    return (request.method, request.path) == ("POST", "/api/leads/capture")


def _on(status: int, change: Callable[[Answer], Answer]) -> After:
    """Change the answers to POST that have this status."""
    return lambda request, answer: change(answer) if request.method == "POST" and answer.status == status else answer


def _without(member: str) -> Callable[[Answer], Answer]:
    def change(answer: Answer) -> Answer:
        return answer.with_json({k: v for k, v in json.loads(answer.body).items() if k != member})

    return change


def _typed(media_type: str) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, headers={**answer.headers, "content-type": media_type})


def _blind_to(member: str) -> Before:
    """Whatever the member holds, it is not looked at."""

    def change(request: Request) -> Request:
        body = request.json
        if not isinstance(body, dict) or member not in body:
            return request
        return replace(request, body=json.dumps({k: v for k, v in body.items() if k != member}).encode())

    return change


def _lets_everybody_in(request: Request) -> Request:
    return replace(request, headers={**request.headers, "x-api-key": KEY})


def _failure(status: int, text: str) -> Answer:
    return Answer(status, {"content-type": "application/json"}).with_json({"success": False, "error": text})


def _fails_at_emoji(request: Request) -> Request | Answer:
    text = json.dumps(request.json, ensure_ascii=False) if _is_capture(request) else ""
    return _failure(500, "Internal server error") if any(char > "\uffff" for char in text) else request


def _refuses_long_names(request: Request) -> Request | Answer:
    body: Any = request.json if _is_capture(request) else None
    name = body.get("name") if isinstance(body, dict) else None
    return _failure(400, "name: too long") if isinstance(name, str) and len(name) > 150 else request


def _raises(request: Request) -> Request:
    if _is_capture(request):
        request.json["name"].strip()
    return request


FAULTS = (
    Fault("a status that is not declared", ("declared_status", "status_code_conformance"),
          after=_on(201, lambda answer: replace(answer, status=202))),
    Fault("a member is missing", ("response_schema_conformance",), after=_on(201, _without("leadId"))),
    Fault("a wrong content type", ("declared_content_type", "content_type_conformance"),
          after=_on(201, _typed("text/html"))),
    Fault("an error with another content type", ("declared_content_type",), after=_on(400, _typed("text/plain"))),
    Fault("a member that is not validated", ("negative_data_rejection",), before=_blind_to("email"),
          phases=("coverage",)),
    Fault("a valid member that is refused", ("positive_data_acceptance",), before=_refuses_long_names,
          phases=("coverage",)),
    Fault("a credential that nobody checks", ("ignored_auth",), before=_lets_everybody_in),
    Fault("an emoji it cannot digest", ("not_a_server_error",), before=_fails_at_emoji),
    Fault("an exception instead of an answer", ("error",), before=_raises),
    Fault("an error outside the envelope", ("error_envelope", "response_schema_conformance"),
          after=_on(400, lambda answer: answer.with_json({"message": "No."}))),
    Fault("a 405 outside the envelope", ("error_envelope",),
          after=lambda _request, answer: answer.with_json("No.") if answer.status == 405 else answer,
          phases=("coverage",)),
    Fault("a 405 that does not tell what is allowed", ("unsupported_method",),
          after=lambda _request, answer: answer.without_header("allow") if answer.status == 405 else answer,
          phases=("coverage",)),
    Fault("a 429 that does not tell when to come back", ("retry_after",), metered=True,
          after=_on(429, lambda answer: answer.without_header("retry-after")), phases=("coverage",)),
    Fault("an answer without the rate limit", ("rate_limit_headers",), metered=True,
          after=_on(201, lambda answer: answer.without_header("ratelimit-remaining"))),
)  # fmt: skip


def _try(fault: Fault) -> Report:
    mock = Mock(Settings(apis=(fault.api,), unlimited=not fault.metered))
    credential = next(iter(mock.directories[fault.api]))
    contract = mock.contracts[fault.api]
    return conform(
        contract,
        app=broken(mock, before=fault.before, after=fault.after),
        headers=credential_headers(contract, credential),
        seed=1,
        max_examples=20,
        metered=fault.metered,
        phases=fault.phases,
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found(fault: Fault) -> None:
    """By the checks that it is the business of, with a request that shows it."""
    report = _try(fault)
    assert set(fault.found_by) <= report.broken(), str(report)[:2000]
    shown = next(failure for failure in report.failures if failure.check == fault.found_by[0])
    assert shown.operation
    assert shown.message


@pytest.mark.parametrize("api", ["salesiq", "convertiq"])
@pytest.mark.parametrize("metered", [False, True], ids=["unlimited", "metered"])
def test_the_wrapper_alone_breaks_nothing(api: str, metered: bool) -> None:  # noqa: FBT001  # pytest's parameter
    """The same requests to the right implementation raise no alarm."""
    report = _try(Fault("none", (), api=api, metered=metered, phases=PHASES))
    assert not report.failures, str(report)


def test_a_failure_shows_the_request_that_repeats_it() -> None:
    """As a curl command with the credential in it."""
    report = _try(next(fault for fault in FAULTS if fault.name == "a member is missing"))
    curl = report.failures[0].curl
    assert curl.startswith("curl -X POST")
    assert f"x-api-key: {KEY}" in curl


def test_the_same_seed_sends_the_same_requests() -> None:
    """So that a failure can be looked at again."""
    fault = Fault("none", ())
    assert _try(fault).statuses == _try(fault).statuses
