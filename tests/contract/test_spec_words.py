"""No spec keeps a client in the dark: each pattern that a client can break has words, and they are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract import AVAILABLE, Validator, compile_schema, load
from mockserver.contract.document import elements
from tests.contract.library_spec import example, mistakes, put

FILE = "specs/library.yaml: "
BOOK = "components schemas Book"
NAMELESS = (
    "nothing says in words what this pattern demands; "
    "add x-form, a phrase that completes 'must be ...', or 'must ...' if it begins with 'not '"
)
LONER = "'x-form' says what a pattern demands, and there is none beside it; put it beside the pattern, or remove it"
UNGROUPED = (
    "'x-message' is told for anyOf, oneOf, not or required, and none of them is beside it; "
    "put it beside one of them, or remove it"
)
WORDLESS = {"type": "string", "pattern": "^a$"}


@pytest.mark.parametrize(
    ("place", "value", "at"),
    [
        (f"{BOOK} properties title x-form", "-", "components.schemas.Book.properties.title"),
        ("components parameters Key schema", WORDLESS, "components.parameters.Key.schema"),
        ("paths /books/{id} parameters 0 schema", WORDLESS, "paths./books/{id}.parameters[0].schema"),
        (f"{BOOK} properties kinds", {"items": WORDLESS}, "components.schemas.Book.properties.kinds.items"),
        ("components schemas Owner properties phone", WORDLESS, "components.schemas.Owner.properties.phone"),
    ],
)
def test_a_pattern_that_a_client_can_break_needs_words(place: str, value: Any, at: str, tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, place, value)
    assert mistakes(document, tmp_path) == [f"{FILE}{at}.pattern: {NAMELESS}"]


def test_a_row_of_a_batch_needs_words_too(tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, "components schemas Row", {"type": "object", "properties": {"n": WORDLESS}})
    put(document, "paths /books/bulk post x-batch row-schema", "#/components/schemas/Row")
    put(document, "paths /books/bulk post x-batch row-ref", "n")
    assert f"{FILE}components.schemas.Row.properties.n.pattern: {NAMELESS}" in mistakes(document, tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (f"{BOOK} properties note", {"type": "string", "pattern": r"^[^\x00]*$"}),
        ("paths /books post responses 201 headers Replayed schema", WORDLESS),
        ("components schemas Answer", WORDLESS),
    ],
)
def test_no_words_are_needed_against_nul_nor_in_answers(place: str, value: Any, tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, place, value)
    assert mistakes(document, tmp_path) == []


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (f"{BOOK} properties kind x-form", "a word", f"components.schemas.Book.properties.kind.x-form: {LONER}"),
        (
            f"{BOOK} properties kind x-message",
            "Choose",
            f"components.schemas.Book.properties.kind.x-message: {UNGROUPED}",
        ),
        (
            "components parameters Key x-form",
            "a key",
            "components.parameters.Key.x-form: 'x-form' has no meaning here; it belongs on a schema",
        ),
        (
            f"{BOOK} properties title x-fom",
            "a word",
            "components.schemas.Book.properties.title.x-fom: unknown key 'x-fom'; did you mean 'x-form'?",
        ),
        (
            f"{BOOK} properties title x-form",
            5,
            "components.schemas.Book.properties.title.x-form: must be a string, not 5",
        ),
    ],
)
def test_words_out_of_place_are_refused(place: str, value: Any, message: str, tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, place, value)
    assert mistakes(document, tmp_path) == [FILE + message]


@pytest.mark.parametrize("form", ["must be small", "be small", "small letters.", "", " small"])
def test_a_form_is_a_phrase_that_goes_on_after_must_be(form: str, tmp_path: Path) -> None:
    document = example(tmp_path)
    put(document, f"{BOOK} properties title x-form", form)
    assert len(mistakes(document, tmp_path)) == 1


NO_CONTACT = "At least one of contact_name, contact_phone, or contact_email is required"
NO_NAME = "Missing required fields (name or phone)"
NOT_TEN = "must be ten digits, the first of them 6 to 9, not '98'"
PERSON = {"name": "A", "email": "a@b.co", "source": "S", "industry": "I"}
TOLD: list[tuple[str, str, Any, list[str]]] = [
    ("salesiq", "captureLead", {}, [NO_NAME]),
    ("salesiq", "captureLead", {"name": " ", "phone": "9876543210"}, [NO_NAME]),
    ("salesiq", "captureLead", {"name": "A", "phone": "98"}, [f"/phone: {NOT_TEN}"]),
    ("convertiq", "createLead", PERSON, ["lead object is required"]),
    ("convertiq", "createLead", {"lead": [PERSON]}, ["lead object is required"]),
    ("convertiq", "createLead", {"lead": {**PERSON, "name": " "}}, ["/lead/name: must not be blank"]),
    (
        "convertiq",
        "createLead",
        {"lead": {**PERSON, "email": "a@"}},
        ["/lead/email: must be an email address, not 'a@'"],
    ),
    ("mega", "createLead", {}, [NO_CONTACT]),
    ("mega", "createLead", {"contact_name": " ", "contact_phone": "-", "contact_email": ""}, [NO_CONTACT]),
    ("mega", "createLead", {"contact_email": "a@"}, ["/contact_email: must be an email address, not 'a@'"]),
    ("crmleadpro", "createLead", {}, ["A lead needs a name, and an email or a phone or both"]),
    ("crmleadpro", "createLead", {"name": "A"}, ["A lead needs a name, and an email or a phone or both"]),
    (
        "crmleadpro",
        "createLead",
        {"name": "A", "phone": "1"},
        ["/phone: must be a phone number of 7 to 15 digits, not '1'"],
    ),
]


@pytest.mark.parametrize(("api", "operation", "body", "messages"), TOLD)
def test_clients_are_told_in_plain_words(api: str, operation: str, body: Any, messages: list[str]) -> None:
    schema = load(api).operations[operation].body_schema
    assert schema is not None
    assert [str(error) for error in Validator(compile_schema(schema)).errors(body)] == messages


def test_a_row_without_a_contact_is_told_the_same_as_a_lead() -> None:
    batch = load("mega").operations["bulkImportLeads"].batch
    assert batch is not None
    validator = Validator(compile_schema(batch.row_schema))
    assert [str(error) for error in validator.errors({"row_ref": "1"})] == [NO_CONTACT]


def strings(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (node for _, node in elements(schema) if "pattern" in node)


@pytest.mark.parametrize("api", AVAILABLE)
def test_no_message_holds_a_regular_expression_or_much_of_a_value(api: str) -> None:
    contract = load(api)
    schemas = [parameter.schema for operation in contract.operations.values() for parameter in operation.parameters]
    schemas += [operation.body_schema for operation in contract.operations.values() if operation.body_schema]
    tried = 0
    for node in (node for schema in schemas for node in strings(schema)):
        validator = Validator(compile_schema(node))
        for bad in ("", " ", "\x00", "é" * 5000):
            for error in validator.errors(bad):
                tried += 1
                assert not set("^$\\") & set(error.detail)
                assert error.detail.count("é") <= 60
    assert tried > 5
