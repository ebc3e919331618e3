"""YAML's traps are shut: what is written is what is read, or it is refused with file and line."""

from __future__ import annotations

import pytest

from mockserver.contract import ContractError
from mockserver.contract.document import parse


def test_scalars_are_what_they_look_like() -> None:
    text = """
    date: 2026-05-15
    moment: 2026-05-15T10:30:00Z
    words: [yes, no, on, off, y, NO]
    ratio: 12:30:45
    octal: 010
    hexadecimal: 0x1F
    number: 1.5e3
    count: -12
    truths: [true, false, null, ~]
    nothing:
    """
    assert parse(text, "a.yaml") == {
        "date": "2026-05-15",
        "moment": "2026-05-15T10:30:00Z",
        "words": ["yes", "no", "on", "off", "y", "NO"],
        "ratio": "12:30:45",
        "octal": 10,
        "hexadecimal": "0x1F",
        "number": 1500.0,
        "count": -12,
        "truths": [True, False, None, None],
        "nothing": None,
    }


def test_status_keys_are_text_however_they_are_written() -> None:
    assert parse("responses: {200: a, '201': b}\non: c", "a.yaml") == {
        "responses": {"200": "a", "201": "b"},
        "on": "c",
    }


def test_anchors_and_merges_are_read() -> None:
    assert parse("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", "a.yaml")["b"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: 1\nb: 2\na: 3",
            "specs/a.yaml:3: the key 'a' is here twice; it is already on line 1: remove one of the two",
        ),
        (
            "a:\n  b: {c: 1,\n      c: 2}",
            "specs/a.yaml:3: the key 'c' is here twice; it is already on line 2: remove one of the two",
        ),
        (
            "responses:\n  200: a\n  '200': b",
            "specs/a.yaml:3: the key '200' is here twice; it is already on line 2: remove one of the two",
        ),
        ("a: 1\ntrue: 2", "specs/a.yaml:1: the key True is not text; write it in quotes"),
        (
            "a: 1\nb: {{ value }}",
            "specs/a.yaml:2: not YAML: found unhashable key; put a value that contains {{ in quotes",
        ),
        ("- a\n- b", "specs/a.yaml: not a mapping; a spec is an OpenAPI document: openapi, info, paths ..."),
        ("", "specs/a.yaml: not a mapping; a spec is an OpenAPI document: openapi, info, paths ..."),
    ],
)
def test_what_is_no_spec_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ContractError) as refused:
        parse(text, "specs/a.yaml")
    assert str(refused.value) == message


def test_broken_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(ContractError, match=r"^specs/a\.yaml:3: not YAML: "):
        parse("a: 1\nb: [1, 2\nc: 3", "specs/a.yaml")


def test_braces_in_quotes_are_text() -> None:
    assert parse("a: 'Hello {{ name }}'", "a.yaml") == {"a": "Hello {{ name }}"}
