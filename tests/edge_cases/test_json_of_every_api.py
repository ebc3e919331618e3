"""Every API reads strict JSON in UTF-8 and refuses anything else with 400, never with a 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.edge_cases.every_api import LeadApi, refused

pytestmark = pytest.mark.anyio
case = pytest.mark.case

MAX_BYTES = 1024 * 1024

# Each stands as the value of a member that the contracts ignore: only its being no JSON can refuse it.
NO_VALUES = [
    pytest.param('{"a": 1, "a": 2}', marks=case(116), id="case-116-duplicate"),
    pytest.param('{"a": 1, "a": 1}', marks=case(116), id="case-116-duplicate-of-one-value"),
    pytest.param('{"a": 1, "\\u0061": 2}', marks=case(116), id="case-116-duplicate-in-escapes"),
    pytest.param('[{"b": {"a": null, "c": 0, "a": null}}]', marks=case(116), id="case-116-duplicate-deep-inside"),
    pytest.param("NaN", marks=case(117), id="case-117-nan"),
    pytest.param("Infinity", marks=case(117), id="case-117-infinity"),
    pytest.param("-Infinity", marks=case(117), id="case-117-minus-infinity"),
    pytest.param("[1, NaN]", marks=case(117), id="case-117-nan-in-a-list"),
    pytest.param("1e400", marks=case(118), id="case-118-1e400"),
    pytest.param("-1e400", marks=case(118), id="case-118-minus-1e400"),
    pytest.param("1" + "0" * 400 + ".0", marks=case(118), id="case-118-401-digits-and-a-point"),
    pytest.param('"\\ud800"', marks=case(119), id="case-119-high-surrogate"),
    pytest.param('"\\udc00"', marks=case(119), id="case-119-low-surrogate"),
    pytest.param('"\\udc00\\ud800"', marks=case(119), id="case-119-surrogates-reversed"),
    pytest.param('{"\\ud800": 1}', marks=case(119), id="case-119-surrogate-in-a-name"),
    pytest.param('["\\ud83d\\ude00", "\\ud83d"]', marks=case(119), id="case-119-half-after-a-pair"),
    pytest.param("[" * 100_000 + "]" * 100_000, marks=case(123), id="case-123-100000-lists"),
    pytest.param('{"a":' * 50_000 + "1" + "}" * 50_000, marks=case(123), id="case-123-50000-objects"),
    pytest.param("[" * 33 + "]" * 33, marks=case(123), id="case-123-33-lists"),
    pytest.param("[" * 100_000, marks=case(123), id="case-123-100000-lists-never-closed"),
    pytest.param("9" * 5000, marks=case(124), id="case-124-5000-digits"),
    pytest.param("-" + "9" * 100_000, marks=case(124), id="case-124-minus-100000-digits"),
    pytest.param('"\\u0000"', marks=case(125), id="case-125-nul"),
    pytest.param('{"a\\u0000": 1}', marks=case(125), id="case-125-nul-in-a-name"),
    pytest.param('"a\x00b"', marks=case(125), id="case-125-nul-as-a-byte"),
    pytest.param("[1, ]", marks=case(128), id="case-128-trailing-comma"),
    pytest.param('{"a": 1, }', marks=case(128), id="case-128-trailing-comma-in-an-object"),
    pytest.param("/* none */ 1", marks=case(128), id="case-128-comment"),
    pytest.param("1 // one\n", marks=case(128), id="case-128-line-comment"),
    pytest.param("'a'", marks=case(128), id="case-128-single-quotes"),
    pytest.param("{a: 1}", marks=case(128), id="case-128-name-without-quotes"),
    pytest.param("True", marks=case(128), id="case-128-python"),
    pytest.param("undefined", marks=case(128), id="case-128-javascript"),
    pytest.param("01", marks=case(128), id="case-128-leading-zero"),
    pytest.param("+1", marks=case(128), id="case-128-plus"),
    pytest.param(".5", marks=case(128), id="case-128-no-digit-before-the-point"),
    pytest.param("5.", marks=case(128), id="case-128-no-digit-after-the-point"),
    pytest.param("0x10", marks=case(128), id="case-128-hexadecimal"),
    pytest.param("1_000", marks=case(128), id="case-128-underscore"),
    pytest.param("\u0661", marks=case(128), id="case-128-arabic-digit"),
    pytest.param('"a\nb"', marks=case(128), id="case-128-line-feed-in-a-string"),
    pytest.param('"\\x41"', marks=case(128), id="case-128-unknown-escape"),
    pytest.param("\u00a01", marks=case(128), id="case-128-no-break-space-is-no-white-space"),
]

VALUES = [
    pytest.param('[{"a": 1}, {"a": 1}, {"A": 1, "a": 1}]', marks=case(116), id="case-116-same-name-elsewhere"),
    pytest.param("1e308", marks=case(118), id="case-118-1e308"),
    pytest.param("1e-400", marks=case(118), id="case-118-next-to-nothing"),
    pytest.param('"\\ud83d\\ude00"', marks=case(119), id="case-119-pair"),
    pytest.param('"\\\\ud800"', marks=case(119), id="case-119-a-backslash-and-letters"),
    pytest.param("[" * 30 + "]" * 30, marks=case(123), id="case-123-30-lists"),
    pytest.param("[" + ",".join(["[]"] * 1000) + "]", marks=case(123), id="case-123-1000-lists-side-by-side"),
    pytest.param('"' + "[" * 1000 + '"', marks=case(123), id="case-123-brackets-in-a-string"),
    pytest.param("9" * 4000, marks=case(124), id="case-124-4000-digits"),
    pytest.param("18446744073709551616", marks=case(124), id="case-124-beyond-64-bits"),
    pytest.param('"\\\\u0000"', marks=case(125), id="case-125-a-backslash-and-digits"),
    pytest.param(' \t\r\n{ "a" : [ ] } ', marks=case(128), id="case-128-white-space"),
    pytest.param('"\\/\\b\\f\\n\\r\\t\\"\\u00e9"', marks=case(128), id="case-128-every-escape"),
    pytest.param('"// not a comment, \u2028"', marks=case(128), id="case-128-slashes-in-a-string"),
]

ENCODINGS: list[object] = [
    pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), marks=case(120), id="case-120-utf-8-bom"),
    pytest.param(lambda text: text.encode("utf-16"), marks=case(121), id="case-121-utf-16-with-bom"),
    pytest.param(lambda text: text.encode("utf-16-le"), marks=case(121), id="case-121-utf-16-le"),
    pytest.param(lambda text: text.encode("utf-16-be"), marks=case(121), id="case-121-utf-16-be"),
    pytest.param(lambda text: text.encode("utf-32"), marks=case(121), id="case-121-utf-32-with-bom"),
    pytest.param(lambda text: text.encode("utf-32-be"), marks=case(121), id="case-121-utf-32-be"),
]

NO_UTF_8 = [
    pytest.param(b"\xff", id="ff"),
    pytest.param(b"\xe9", id="latin-1"),
    pytest.param(b"\xc0\xaf", id="overlong"),
    pytest.param(b"\xed\xa0\x80", id="surrogate"),
    pytest.param(b"\xf4\x90\x80\x80", id="beyond-unicode"),
    pytest.param(b"\xf0\x9f\x98", id="cut-off"),
    pytest.param(b"\x80", id="continuation-alone"),
]


@pytest.mark.parametrize("value", NO_VALUES)
async def test_what_is_no_json_is_refused(lead_api: LeadApi, value: str) -> None:
    response = await lead_api.create(content=lead_api.creation.with_text(value))
    assert "JSON" in refused(lead_api.name, response, 400)
    assert await lead_api.leads() == 0


@pytest.mark.parametrize("value", VALUES)
async def test_unusual_json_is_taken(lead_api: LeadApi, value: str) -> None:
    response = await lead_api.create(content=lead_api.creation.with_text(value))
    assert response.status_code == 201, response.text


@case(123)
async def test_32_levels_are_the_deepest(lead_api: LeadApi) -> None:
    deepest = 30 if lead_api.creation.inner else 31
    too_deep = lead_api.creation.with_text("[" * (deepest + 1) + "]" * (deepest + 1))
    assert "32 levels" in refused(lead_api.name, await lead_api.create(content=too_deep), 400)
    response = await lead_api.create(content=lead_api.creation.with_text("[" * deepest + "]" * deepest))
    assert response.status_code == 201, response.text


@case(116)
async def test_a_duplicate_of_a_known_member_is_refused(lead_api: LeadApi) -> None:
    text = json.dumps(lead_api.creation.body)
    name = f'"{lead_api.creation.name}": '
    assert text.count(name) == 1
    response = await lead_api.create(content=text.replace(name, f'{name}"Mallory", {name}'))
    assert "twice" in refused(lead_api.name, response, 400)
    assert await lead_api.leads() == 0


@pytest.mark.parametrize("encode", ENCODINGS)
async def test_only_utf_8_without_a_mark_is_read(lead_api: LeadApi, encode: Callable[[str], bytes]) -> None:
    response = await lead_api.create(content=encode(json.dumps(lead_api.creation.body)))
    assert "JSON" in refused(lead_api.name, response, 400)
    assert await lead_api.leads() == 0


@case(122)
@pytest.mark.parametrize("octets", NO_UTF_8)
async def test_bytes_that_are_no_utf_8_are_refused(lead_api: LeadApi, octets: bytes) -> None:
    content = lead_api.creation.with_text('"@"').replace(b"@", octets, 1)
    assert "UTF-8" in refused(lead_api.name, await lead_api.create(content=content), 400)
    assert await lead_api.leads() == 0


@case(122)
async def test_text_beyond_ascii_is_kept_as_it_is(lead_api: LeadApi) -> None:
    name = "Zoë अमित \U0001f600 e\u0301"
    body = lead_api.creation.lead(**{lead_api.creation.name: name})
    for content in (json.dumps(body), json.dumps(body, ensure_ascii=False).encode()):
        assert (await lead_api.create(content=content)).is_success
    async with lead_api.caller.mock.store.transaction(lead_api.credential.tenant.key) as tx:
        assert {lead.data[lead_api.creation.name] for lead in await tx.scan("lead")} == {name}


@case(127)
@pytest.mark.parametrize("content", [b"", b" ", b"\r\n\t"])
async def test_an_empty_body_is_refused(lead_api: LeadApi, content: bytes) -> None:
    assert "empty" in refused(lead_api.name, await lead_api.create(content=content), 400)


@case(127)
@pytest.mark.parametrize("content", ["null", "[]", '"x"', "0", "false", '[{"name": "Amit Kumar"}]', "{}"])
async def test_a_body_that_is_json_but_no_lead_is_refused(lead_api: LeadApi, content: str) -> None:
    assert refused(lead_api.name, await lead_api.create(content=content), lead_api.creation.invalid)
    assert await lead_api.leads() == 0


@case(128)
@pytest.mark.parametrize("tail", ["x", "}", "{}", ",", "\x00", "\n//", "\\", "]"])
async def test_anything_after_the_value_is_refused(lead_api: LeadApi, tail: str) -> None:
    response = await lead_api.create(content=json.dumps(lead_api.creation.body) + tail)
    assert "JSON" in refused(lead_api.name, response, 400)
    assert await lead_api.leads() == 0


@case(128)
async def test_half_a_body_is_refused(lead_api: LeadApi) -> None:
    text = json.dumps(lead_api.creation.body)
    for length in range(1, len(text)):
        if length % 12 == 1:
            assert refused(lead_api.name, await lead_api.create(content=text[:length]), 400)
    assert await lead_api.leads() == 0


@case(126)
async def test_a_name_of_a_mebibyte_is_too_large(lead_api: LeadApi) -> None:
    body = json.dumps(lead_api.creation.lead(**{lead_api.creation.name: "a" * MAX_BYTES}))
    assert str(MAX_BYTES) in refused(lead_api.name, await lead_api.create(content=body), 413)
    assert await lead_api.leads() == 0


@case(126)
async def test_a_name_that_fits_the_body_but_no_name_field_is_refused(lead_api: LeadApi) -> None:
    name = lead_api.creation.name
    for length in (1_000, 100_000, MAX_BYTES - 1_000):
        response = await lead_api.create(content=json.dumps(lead_api.creation.lead(**{name: "a" * length})))
        message = refused(lead_api.name, response, lead_api.creation.invalid)
        assert name in message
        assert len(message) < 1_000
    assert await lead_api.leads() == 0


@case(126)
async def test_a_mebibyte_is_the_largest_body(lead_api: LeadApi) -> None:
    body = json.dumps(lead_api.creation.body).ljust(MAX_BYTES + 1)
    assert refused(lead_api.name, await lead_api.create(content=body), 413)
    assert (await lead_api.create(content=body[:-1])).status_code == 201
