"""OpenAPI 3.0 schemas accept what OpenAPI says they accept, as JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.contract import ContractError, Validator, compile_schema, resolve
from mockserver.contract.schema import property_of

DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Word": {"type": "string", "enum": ["a", "b"]},
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
            "List": {"type": "array", "items": {"$ref": "#/components/schemas/Word"}},
        }
    }
}
WORD = {"$ref": "#/components/schemas/Word"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "nullable": True},
        {"type": "string", "enum": ["a"], "nullable": True},
        {"type": "string", "enum": ["a", None], "nullable": True},
        {"enum": ["a"], "nullable": True},
        {"nullable": True, "allOf": [{"type": "string"}, {"minLength": 1}]},
        {"nullable": True, "oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"nullable": True, "anyOf": [{"type": "string"}]},
        {"nullable": True, "type": "string", "not": {"enum": ["x", None]}},
        {"nullable": True, "allOf": [WORD]},
        {"nullable": True, **WORD},
        {"type": "string", "pattern": "^a$", "minLength": 1, "nullable": True},
    ],
)
def test_nullable_admits_null_beside_whatever_else_is_said(schema: dict[str, Any]) -> None:
    validator = Validator(compile_schema(schema, DOCUMENT))
    assert validator.is_valid(None)
    assert validator.is_valid("a")
    assert not validator.is_valid([])
    assert not Validator(compile_schema({**schema, "nullable": False}, DOCUMENT)).is_valid([])


@pytest.mark.parametrize("schema", [{"type": "string"}, {"allOf": [{"type": "string", "nullable": False}]}, WORD])
def test_without_nullable_null_is_refused(schema: dict[str, Any]) -> None:
    assert not Validator(compile_schema(schema, DOCUMENT)).is_valid(None)


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        ({"minimum": 0, "exclusiveMinimum": True}, 0.1, 0),
        ({"minimum": 0, "exclusiveMinimum": False}, 0, -1),
        ({"maximum": 10, "exclusiveMaximum": True}, 9.9, 10),
        ({"type": "integer"}, 1.0, 1.5),
        ({"type": "integer"}, 10**30, "1"),
        ({"type": "number"}, 1, True),
        ({"enum": [1]}, 1.0, True),
        ({"type": "string", "pattern": r"^\d+$"}, "12", "१२"),
        ({"type": "string", "pattern": "^[a-z]$"}, "a", "a\n"),
        ({"type": "string", "maxLength": 1}, "🙂", "ab"),
    ],
)
def test_bounds_and_types(schema: dict[str, Any], accepted: Any, refused: Any) -> None:
    validator = Validator(compile_schema(schema))
    assert validator.is_valid(accepted)
    assert not validator.is_valid(refused)


FORMATS = {
    "email": (
        ["sam@example.com", "a.b+c@sub.example.co", '"a b"@example.com'],
        ["a@", "@b.c", "a b@c.de", "a@@b.de", "Sam <sam@example.com>", "a..b@c.de", " a@b.de", "a@b.de\n", "x"],
    ),
    "date-time": (
        ["2026-05-15T10:30:00Z", "2026-05-15T10:30:00.123456789+05:30", "2024-02-29t00:00:00z"],
        [
            "2026-05-15T10:30:00",
            "2026-05-15",
            "2026-02-30T10:30:00Z",
            "2026-05-15 10:30:00Z",
            "2026-05-15T25:00:00Z",
            "2016-12-31T23:59:60Z",
            "0001-01-01T00:00:00+01:00",
            "2026-05-15T10:30:00+5:30",
            "2026-05-15T10:30:00+24:00",
            "٢٠٢٦-05-15T10:30:00Z",
        ],
    ),
    "uuid": (
        ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
        [
            "123e4567e89b12d3a456426614174000",
            "{123e4567-e89b-12d3-a456-426614174000}",
            "123e4567-e89b-12d3-a456-42661417400",
        ],
    ),
    "uri": (["https://example.com/a?b#c", "mailto:a@b.de"], ["/a", "example.com", "http://a b"]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_checked(name: str) -> None:
    validator = Validator(compile_schema({"type": "string", "format": name}))
    accepted, refused = FORMATS[name]
    assert [text for text in accepted if not validator.is_valid(text)] == []
    assert [text for text in refused if validator.is_valid(text)] == []


def test_an_unknown_format_is_no_constraint() -> None:
    assert Validator(compile_schema({"type": "integer", "format": "int64"})).is_valid(2**70)


def test_what_is_no_constraint_goes_and_words_for_messages_stay() -> None:
    schema = {
        "type": "object",
        "x-source": "Z1",
        "example": {"$ref": "nothing"},
        "xml": {},
        "discriminator": {"propertyName": "x"},
        "properties": {
            "x-name": {"type": "string", "x-source-of": {}, "x-form": "small letters", "pattern": "^[a-z]+$"},
            "example": {"type": "string", "deprecated": True},
        },
    }
    assert compile_schema(schema) == {
        "type": "object",
        "properties": {
            "x-name": {"type": "string", "x-form": "small letters", "pattern": "^[a-z]+$"},
            "example": {"type": "string"},
        },
    }


def test_read_only_members_are_ignored_in_requests() -> None:
    schema = {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "string", "readOnly": True}}}
    assert Validator(compile_schema(schema)).errors({"name": 1, "id": 5}) == ()
    response = Validator(compile_schema(schema, response=True))
    assert [str(error) for error in response.errors({"name": 1})] == ["/id: is required"]


def test_write_only_members_need_not_be_in_responses() -> None:
    schema = {"required": ["secret"], "properties": {"secret": {"type": "string", "writeOnly": True}}}
    assert not Validator(compile_schema(schema)).is_valid({})
    assert Validator(compile_schema(schema, response=True)).is_valid({})


def test_compiling_leaves_the_schema_as_it_is() -> None:
    schema = {"type": "string", "nullable": True, "minimum": 0, "exclusiveMinimum": True, "enum": ["a"]}
    before = dict(schema)
    compile_schema(schema)
    assert schema == before


def test_references_are_inlined_in_members_called_like_keywords_too() -> None:
    node = {"properties": {"example": WORD, "default": WORD}, "example": WORD}
    word = DOCUMENT["components"]["schemas"]["Word"]
    assert resolve(DOCUMENT, node) == {"properties": {"example": word, "default": word}, "example": WORD}
    assert resolve(DOCUMENT, {"$ref": "#/components/schemas/List"}) == {"type": "array", "items": word}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("#/components/schemas/Node", "leads back to itself"),
        ("#/components/schemas/Wrd", "did you mean '#/components/schemas/Word'?"),
        ("other.yaml#/Word", "is not a reference within the document"),
    ],
)
def test_references_that_cannot_be_inlined_are_refused(reference: str, message: str) -> None:
    with pytest.raises(ContractError) as refused:
        resolve(DOCUMENT, {"$ref": reference})
    assert message in str(refused.value)


def test_a_reference_left_in_is_refused() -> None:
    with pytest.raises(ContractError, match="is not inlined"):
        compile_schema({"properties": {"a": WORD}})


def test_what_is_no_schema_is_refused() -> None:
    with pytest.raises(ContractError, match="is not JSON Schema"):
        Validator({"type": "strin"})


def test_members_are_found_through_compositions() -> None:
    schema = {
        "allOf": [{"properties": {"a": {"properties": {"b": {"type": "string"}}}}}],
        "anyOf": [{"required": ["a"]}, {"properties": {"c": {"items": {"properties": {"d": {"type": "number"}}}}}}],
    }
    assert property_of(schema, ("a", "b")) == {"type": "string"}
    assert property_of(schema, ("c", "0", "d")) == {"type": "number"}
    assert property_of(schema, ("a", "d")) is None
