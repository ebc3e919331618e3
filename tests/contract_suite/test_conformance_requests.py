"""What conformance makes of the requests that Schemathesis generates."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from schemathesis import Case

from contract_tests.conformance.facts import facts_of
from contract_tests.conformance.preparation import Preparation
from mockserver.contract import load


@pytest.mark.parametrize(
    "name", ["Content-Length", "transfer-ENCODING", "Expect", "Host", "Accept", "If-None-Match", "TE"]
)
def test_a_header_of_http_itself_is_never_sent_by_chance(name: str) -> None:
    """A right server, or what stands before it, refuses such a value in its own words."""
    case = _prepared({name: "2bGZ\t>8", "x-text": "é", "Texture": "rough"})
    assert name not in case.headers
    assert {"x-text", "Texture"} <= set(case.headers)


def test_headers_that_the_api_documents_are_sent_as_they_were_made() -> None:
    case = _prepared({"x-customer-id": "no customer", "Idempotency-Key": ""})
    assert case.headers["x-customer-id"] == "no customer"
    assert not case.headers["Idempotency-Key"]


def _prepared(headers: dict[str, str]) -> Case[Any]:
    contract = load("mega")
    schema = schemathesis.openapi.from_dict(contract.document)
    operation = schema["/leads"]["POST"]
    case: Case[Any] = operation.Case(headers=headers, body={})
    Preparation(contract, facts_of(contract.name), "7b0f5c52-3c1e-4b52-9d57-0c6f4f3a9e11", 1)(None, case, {})
    return case
