"""The documented view holds what the vendor says, and nothing that is only assumed."""

from __future__ import annotations

from typing import Any

import openapi_spec_validator
import pytest

from mockserver.contract import AVAILABLE, load
from mockserver.contract.documented import Side, documented


def body(api: str, side: Side, path: str, method: str = "post") -> dict[str, Any]:
    operation = documented(load(api), side)["paths"][path][method]
    schema: dict[str, Any] = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema


@pytest.mark.parametrize("side", ["accepting", "refusing"])
@pytest.mark.parametrize("api", AVAILABLE)
def test_a_view_is_an_openapi_document(api: str, side: Side) -> None:
    openapi_spec_validator.validate(documented(load(api), side))


def test_what_is_only_assumed_to_be_permitted_is_not_sent() -> None:
    """Null for a member, other members, words that the document does not name."""
    lead = body("mega", "accepting", "/leads")
    assert "nullable" not in lead["properties"]["contact_name"]
    assert lead["additionalProperties"] is False
    assert None not in lead["properties"]["source_platform"]["enum"]
    assert "status" not in body("crmleadpro", "accepting", "/leads")["properties"]


def test_what_is_only_assumed_to_be_forbidden_may_be_accepted() -> None:
    """Lengths, forms, and wrong types of members that may be left out."""
    lead = body("salesiq", "refusing", "/leads/capture")
    assert lead["required"] == ["name", "phone"]
    assert "pattern" not in lead["properties"]["phone"]
    assert lead["properties"]["budgetMin"] == {}


def test_what_is_documented_stays_forbidden() -> None:
    imported = body("mega", "refusing", "/leads/bulk")
    assert (imported["properties"]["leads"]["minItems"], imported["properties"]["leads"]["maxItems"]) == (1, 500)
    platforms = body("mega", "refusing", "/leads")["properties"]["source_platform"]["enum"]
    assert {"google_ads", "salesforce"} <= set(platforms)


def test_an_assumed_status_becomes_its_class() -> None:
    """ConvertIQ does not say with which status it answers, but what."""
    operation = documented(load("convertiq"), "accepting")["paths"]["/leads/create"]["post"]
    assert set(operation["responses"]) == {"2XX", "4XX"}
    answered = operation["responses"]["2XX"]["content"]["application/json"]["schema"]
    assert answered["required"] == ["success", "lead"]
    assert "content" not in operation["responses"]["4XX"]


def test_documented_statuses_and_bodies_stay() -> None:
    operation = documented(load("mega"), "accepting")["paths"]["/leads"]["post"]
    assert {"201", "400", "401", "403", "409", "429"} <= set(operation["responses"])
    error = operation["responses"]["409"]["content"]["application/json"]["schema"]
    assert error["required"] == ["error"]


def test_operations_whose_body_nobody_documents_are_left_out() -> None:
    paths = documented(load("crmleadpro"), "accepting")["paths"]
    assert "/campaigns/email" not in paths
    assert "/pipelines" in paths
