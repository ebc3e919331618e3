"""A schema's own words, `x-form` and `x-message`, are what people are told; never a regular expression."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract import FieldError, Validator, compile_schema
from mockserver.contract.wording import NO_NUL

PHONE = {
    "type": "string",
    "minLength": 10,
    "maxLength": 10,
    "pattern": "^[6-9][0-9]{9}$",
    "x-form": "ten digits, the first of them 6 to 9",
}
NAME = {"type": "string", "minLength": 1, "pattern": r"^[^\x00]*[^\x00\s][^\x00]*$", "x-form": "not be blank"}
FREE = {"type": "string", "maxLength": 3, "pattern": NO_NUL}
URL = {
    "type": "string",
    "maxLength": 12,
    "anyOf": [
        {"pattern": "^https://", "x-form": "an https URL"},
        {"pattern": "^http://localhost", "x-form": "http://localhost"},
    ],
}
LEAD = {
    "type": "object",
    "required": ["name", "phone"],
    "x-message": "Missing name or phone",
    "properties": {"name": NAME, "phone": PHONE, "city": FREE},
}
ENVELOPE = {
    "type": "object",
    "required": ["lead"],
    "x-message": "lead object is required",
    "properties": {"lead": {"type": "object", "required": ["name"], "properties": {"name": NAME}}},
}
CONTACT = {
    "type": "object",
    "x-message": "A name or an email is required",
    "properties": {
        "name": {"type": "string", "nullable": True, "maxLength": 5},
        "email": {"type": "string", "nullable": True, "pattern": "^(.+@.+)?$", "x-form": "an email address"},
        "score": {"type": "integer"},
    },
    "anyOf": [
        {"required": ["name"], "properties": {"name": {"type": "string", "minLength": 1}}},
        {"required": ["email"], "properties": {"email": {"type": "string", "pattern": "@", "x-form": "an email"}}},
    ],
}


def told(schema: dict[str, Any], value: Any) -> list[str]:
    return [str(error) for error in Validator(compile_schema(schema)).errors(value)]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"pattern": "^[a-z]+$", "x-form": "small letters"}, "A", "must be small letters, not 'A'"),
        ({"pattern": r"\S", "x-form": "not be blank"}, " ", "must not be blank"),
        (PHONE, "98", "must be ten digits, the first of them 6 to 9, not '98'"),
        (PHONE, "98765432101", "must be ten digits, the first of them 6 to 9, not '98765432101'"),
        ({**PHONE, "nullable": True}, "98", "must be ten digits, the first of them 6 to 9, not '98'"),
        ({"nullable": True, "allOf": [PHONE]}, "98", "must be ten digits, the first of them 6 to 9, not '98'"),
        ({"type": "array", "items": PHONE}, ["98"], "/0: must be ten digits, the first of them 6 to 9, not '98'"),
        ({"additionalProperties": PHONE}, {"p": "98"}, "/p: must be ten digits, the first of them 6 to 9, not '98'"),
        ({"properties": {"items": PHONE}}, {"items": "98"}, f"/items: must be {PHONE['x-form']}, not '98'"),
        (PHONE, 98, "must be a string, not 98"),
        (NAME, "", "must not be blank"),
        (FREE, "\x00", "must not contain NUL"),
        (NAME, "a\x00b", "must not contain NUL"),
        (FREE, "abcd", "must have at most 3 characters"),
        ({"format": "uuid", "pattern": "^[0-9a-f-]{36}$", "x-form": "a UUID"}, "7", "must be a UUID, not '7'"),
        (URL, "http://x", "must be an https URL or http://localhost, not 'http://x'"),
        (URL, "http://very.long.example", "must be an https URL or http://localhost, not 'http://very.long.example'"),
        (URL, "https://very.long.example", "must have at most 12 characters"),
        (
            {"allOf": [{"pattern": "a", "x-form": "with an a"}, {"pattern": "b", "x-form": "with a b"}]},
            "c",
            "must be with an a, not 'c'",
        ),
    ],
)
def test_a_broken_pattern_is_told_in_one_sentence_of_words(schema: dict[str, Any], value: Any, message: str) -> None:
    assert told(schema, value) == [message]


def test_each_pointer_has_a_sentence_of_its_own() -> None:
    assert told(LEAD, {"name": "\x00", "phone": "98", "city": "abcd"}) == [
        "/name: must not contain NUL",
        "/phone: must be ten digits, the first of them 6 to 9, not '98'",
        "/city: must have at most 3 characters",
    ]


@pytest.mark.parametrize("form", ["an email address", "not be like that"])
def test_at_most_60_characters_of_a_value_are_told(form: str) -> None:
    (message,) = told({"pattern": "^$", "x-form": form}, "y" * 1000)
    assert message.count("y") <= 60
    (message,) = told(URL, "y" * 1000)
    assert message.count("y") <= 60


@pytest.mark.parametrize(
    ("lead", "pointer"),
    [
        ({}, "/name"),
        ({"name": "A"}, "/phone"),
        ({"name": "A", "phone": None}, "/phone"),
        ({"name": "A", "phone": ""}, "/phone"),
        ({"name": " \ufeff\t", "phone": "9876543210"}, "/name"),
        ({"name": "", "phone": " "}, "/name"),
    ],
)
def test_the_message_of_an_object_is_told_once_for_members_missing_or_blank(lead: dict[str, Any], pointer: str) -> None:
    (error,) = Validator(compile_schema(LEAD)).errors(lead)
    assert error == FieldError(pointer, "Missing name or phone")
    assert error.whole
    assert str(error) == "Missing name or phone"


def test_a_required_member_of_another_type_is_not_missing() -> None:
    assert told(LEAD, {"name": 5, "phone": "9876543210"}) == ["/name: must be a string, not 5"]
    assert told(LEAD, {"name": "A", "phone": "9876543210", "city": ""}) == []


@pytest.mark.parametrize("value", [{}, {"lead": None}, {"lead": []}, {"lead": "x"}, {"lead": 0}])
def test_a_required_object_that_is_none_is_missing(value: Any) -> None:
    assert Validator(compile_schema(ENVELOPE)).errors(value) == (FieldError("/lead", "lead object is required"),)


def test_the_message_of_an_object_is_not_told_for_those_inside_it() -> None:
    assert told(ENVELOPE, {"lead": {}}) == ["/lead/name: is required"]
    assert told(ENVELOPE, {"lead": {"name": " "}}) == ["/lead/name: must not be blank"]
    assert told({"type": "array", "items": LEAD}, [{}, {}]) == ["Missing name or phone"] * 2


@pytest.mark.parametrize("value", [{}, {"name": None}, {"name": "", "email": None}, {"score": 1, "email": ""}])
@pytest.mark.parametrize("schema", [CONTACT, {**CONTACT, "nullable": True}, {"allOf": [CONTACT, {"type": "object"}]}])
def test_the_message_of_a_group_is_told_instead_of_what_is_derived(schema: dict[str, Any], value: Any) -> None:
    assert Validator(compile_schema(schema)).errors(value) == (FieldError("", "A name or an email is required"),)


def test_a_group_is_left_out_where_another_sentence_tells_how_to_mend_it() -> None:
    assert told(CONTACT, {"email": "a"}) == ["/email: must be an email address, not 'a'"]
    assert told(CONTACT, {"name": 5}) == ["/name: must be a string, not 5"]
    assert told(CONTACT, {"score": "x"}) == ["/score: must be an integer, not 'x'", "A name or an email is required"]


@pytest.mark.parametrize(
    ("group", "value"),
    [
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}),
        ({"not": {"required": ["a"]}}, {"a": 1}),
        ({"required": ["c"], "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}),
    ],
)
def test_every_kind_of_group_may_have_a_message(group: dict[str, Any], value: Any) -> None:
    assert told({"x-message": "Not so", **group}, value) == ["Not so"]
