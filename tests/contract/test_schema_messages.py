"""What is wrong with a value is told in plain English: all of it, each with its place."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract import FieldError, Validator, compile_schema

CONTACT = {"anyOf": [{"required": ["contact_name"]}, {"required": ["contact_phone"]}, {"required": ["contact_email"]}]}
FILLED = {
    "anyOf": [
        {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}} for name in ("name", "email")
    ]
}


def told(schema: dict[str, Any], value: Any) -> list[str]:
    return [str(error) for error in Validator(compile_schema(schema)).errors(value)]


CASES: list[tuple[dict[str, Any], Any, str]] = [
    ({"format": "email"}, "a@", "'a@' is not a valid email address"),
    ({"format": "uuid"}, "7", "'7' is not a valid UUID"),
    ({"format": "uri"}, "x", "'x' is not a valid absolute URI"),
    (
        {"format": "date-time"},
        "today",
        "'today' is not a valid date and time with a zone, such as 2026-05-15T10:30:00Z",
    ),
    ({"type": "array", "maxItems": 2}, [1, 2, 3], "must have at most 2 items"),
    ({"type": "array", "minItems": 1}, [], "must have at least 1 item"),
    ({"minLength": 1}, "", "must not be empty"),
    ({"minLength": 2}, "a", "must have at least 2 characters"),
    ({"maxLength": 1}, "ab", "must have at most 1 character"),
    ({"type": "object", "minProperties": 1}, {}, "must have at least 1 property"),
    ({"type": "object", "maxProperties": 0}, {"a": 1}, "must have at most 0 properties"),
    ({"type": "object", "required": ["name"]}, {}, "/name: is required"),
    ({"type": "object", "required": ["a/b"]}, {}, "/a~1b: is required"),
    ({"type": "object", "additionalProperties": False}, {"a": 1}, "/a: is not a known member"),
    ({"type": "string"}, 5, "must be a string, not 5"),
    ({"type": "integer"}, 1.5, "must be an integer, not 1.5"),
    ({"type": "boolean"}, "true", "must be a boolean, not 'true'"),
    ({"type": "object"}, [], "must be an object, not []"),
    ({"type": "string", "nullable": True}, 5, "must be a string, not 5"),
    ({"enum": ["buyer", "seller"]}, "Buyer", "must be one of buyer, seller, not 'Buyer'"),
    ({"enum": ["buyer"], "nullable": True}, "x", "must be buyer, not 'x'"),
    ({"minimum": 1}, 0, "must be at least 1, not 0"),
    ({"maximum": 1}, 2, "must be at most 1, not 2"),
    ({"minimum": 1, "exclusiveMinimum": True}, 1, "must be more than 1, not 1"),
    ({"maximum": 1, "exclusiveMaximum": True}, 1, "must be less than 1, not 1"),
    ({"multipleOf": 5}, 7, "must be a multiple of 5, not 7"),
    ({"pattern": "^[6-9][0-9]{9}$"}, "123", "'123' does not match ^[6-9][0-9]{9}$"),
    ({"type": "array", "uniqueItems": True}, [1, 1], "must not have the same item twice"),
    ({"not": {"required": ["id"]}}, {"id": 1}, "must not have id"),
    ({"not": {"enum": ["x"]}}, "x", "must not be 'x'"),
    (CONTACT, {}, "at least one of contact_name, contact_phone, contact_email is required"),
    ({**CONTACT, "nullable": True}, {}, "at least one of contact_name, contact_phone, contact_email is required"),
    (FILLED, {"name": ""}, "at least one of name, email is required"),
    (FILLED, {"email": None}, "at least one of name, email is required"),
    ({"oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}, {}, "exactly one of a, b and c is required"),
    (
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"a": 1, "b": 1},
        "fits more than one of the permitted forms, and may fit only one",
    ),
    ({"anyOf": [{"type": "string", "nullable": True}, {"type": "number"}]}, [], "must be a string or a number, not []"),
    ({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "number"}]}, "ab", "must have at most 1 character"),
    ({"nullable": True, "allOf": [{"type": "string"}, {"maxLength": 1}]}, "ab", "must have at most 1 character"),
]


@pytest.mark.parametrize(("schema", "value", "message"), CASES)
def test_an_error_is_one_plain_sentence(schema: dict[str, Any], value: Any, message: str) -> None:
    assert told(schema, value) == [message]


def test_all_errors_are_told_each_at_its_place() -> None:
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "contact_email": {"type": "string", "format": "email"},
            "leads": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        },
    }
    errors = Validator(compile_schema(schema)).errors({"contact_email": "a@", "leads": [{"n": 1}, {"n": "x"}, 5]})
    assert set(errors) == {
        FieldError("/contact_email", "'a@' is not a valid email address"),
        FieldError("/leads/1/n", "must be an integer, not 'x'"),
        FieldError("/leads/2", "must be an object, not 5"),
        FieldError("/name", "is required"),
    }


def test_the_same_error_is_told_once() -> None:
    assert told({"allOf": [{"type": "string"}, {"type": "string"}]}, 5) == ["must be a string, not 5"]


def test_a_valid_value_has_no_errors() -> None:
    assert told({"type": "string"}, "x") == []


@pytest.mark.parametrize("value", ["x" * 1000, ["x" * 1000], {"a" * 1000: 1}])
def test_long_values_are_shortened_to_60_characters(value: Any) -> None:
    (message,) = told({"type": "integer"}, value)
    assert len(message) == len("must be an integer, not ") + 60
    assert "…" in message
