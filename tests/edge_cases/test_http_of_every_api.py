"""Media types, methods, paths and keys: HTTP as every API takes it and refuses it."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from tests.caller import Caller
from tests.edge_cases.every_api import LeadApi, refused

pytestmark = pytest.mark.anyio
case = pytest.mark.case

FORM = "application/x-www-form-urlencoded"
ALLOWED = {
    "salesiq": {"GET", "HEAD", "OPTIONS", "POST"},
    "mega": {"GET", "HEAD", "OPTIONS", "POST"},
    "convertiq": {"OPTIONS", "POST"},
    "crmleadpro": {"GET", "HEAD", "OPTIONS", "POST"},
}
# Another lead than the usual one, of each API without idempotency keys.
OTHER = {"salesiq": {"phone": "9898989898"}, "convertiq": {"name": "John Doe"}, "crmleadpro": {"name": "Asha Rao"}}
MEDIA_TYPES = [
    pytest.param("application/json; charset=utf-8", marks=case(130), id="case-130-charset"),
    pytest.param("application/json;charset=UTF-8", marks=case(130), id="case-130-charset-in-capitals"),
    pytest.param('application/json; charset="utf-8"', marks=case(130), id="case-130-charset-quoted"),
    pytest.param("Application/JSON", marks=case(130), id="case-130-capitals"),
    pytest.param("application/json ; Charset=utf-8 ; v=1", marks=case(130), id="case-130-spaces-and-another-parameter"),
    pytest.param("application/json;", marks=case(130), id="case-130-semicolon"),
]
OTHER_MEDIA_TYPES = [
    pytest.param(None, marks=case(129), id="case-129-missing"),
    pytest.param("", marks=case(129), id="case-129-empty"),
    pytest.param("text/plain", marks=case(129), id="case-129-text"),
    pytest.param("text/json", marks=case(129), id="case-129-text-json"),
    pytest.param(FORM, marks=case(129), id="case-129-form"),
    pytest.param("multipart/form-data; boundary=x", marks=case(129), id="case-129-multipart"),
    pytest.param("application/jsonp", marks=case(129), id="case-129-jsonp"),
    pytest.param("application/x-ndjson", marks=case(129), id="case-129-json-lines"),
    pytest.param("application/*", marks=case(129), id="case-129-wildcard"),
    pytest.param("json", marks=case(129), id="case-129-no-slash"),
    pytest.param("text/plain; application/json", marks=case(129), id="case-129-json-as-a-parameter"),
    pytest.param("application/merge-patch+json", marks=case(132), id="case-132-a-patch-creates-nothing"),
    pytest.param("application/json; charset=utf-16", marks=case(131), id="case-131-utf-16"),
    pytest.param("application/json; charset=latin1", marks=case(131), id="case-131-latin1"),
    pytest.param('application/json; v=1; Charset="ISO-8859-1"', marks=case(131), id="case-131-quoted"),
]
COMPRESSED = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("GZIP", gzip.compress, id="capitals"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("br", bytes, id="brotli-in-name-only"),
    pytest.param("gzip, identity", gzip.compress, id="list"),
]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
async def test_json_by_any_spelling_is_taken(lead_api: LeadApi, media_type: str) -> None:
    response = await lead_api.create(headers={"Content-Type": media_type})
    assert response.status_code == 201, response.text


@pytest.mark.parametrize("media_type", OTHER_MEDIA_TYPES)
async def test_another_media_type_is_refused(lead_api: LeadApi, media_type: str | None) -> None:
    response = await lead_api.create(headers={"Content-Type": media_type})
    assert "application/json" in refused(lead_api.name, response, 415)
    assert await lead_api.leads() == 0


@case(129)
async def test_a_form_is_refused_by_its_type_and_not_for_being_no_json(lead_api: LeadApi) -> None:
    response = await lead_api.create(headers={"Content-Type": FORM}, content="name=Amit+Kumar&phone=9876543210")
    assert refused(lead_api.name, response, 415)


@case(133)
@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "application/json;q=0", "", "nonsense"])
async def test_the_answer_is_json_whatever_is_accepted(lead_api: LeadApi, accept: str) -> None:
    created = await lead_api.create(headers={"Accept": accept})
    assert (created.status_code, created.headers["content-type"]) == (201, "application/json")
    assert created.json()
    assert refused(lead_api.name, await lead_api.create(headers={"Accept": accept}, content="{}x"), 400)


@case(134)
@pytest.mark.parametrize(("coding", "compress"), COMPRESSED)
async def test_a_compressed_body_is_refused(lead_api: LeadApi, coding: str, compress: type[bytes]) -> None:
    content = compress(json.dumps(lead_api.creation.body).encode())
    response = await lead_api.create(headers={"Content-Encoding": coding}, content=content)
    assert "Content-Encoding" in refused(lead_api.name, response, 415)
    assert await lead_api.leads() == 0


@case(134)
async def test_a_body_that_says_it_is_not_compressed_is_taken(lead_api: LeadApi) -> None:
    assert (await lead_api.create(headers={"Content-Encoding": "identity"})).status_code == 201


@case(138)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
async def test_a_trailing_slash_is_another_path_and_no_redirect(lead_api: LeadApi, method: str) -> None:
    response = await lead_api.caller(method, lead_api.creation.path + "/", json=lead_api.creation.body)
    assert refused(lead_api.name, response, 404)
    assert "location" not in response.headers
    assert await lead_api.leads() == 0


@case(140)
async def test_the_case_of_a_path_counts(lead_api: LeadApi) -> None:
    path = lead_api.creation.path
    for other in (path.upper(), path.title(), path[:-1] + path[-1].upper()):
        assert refused(lead_api.name, await lead_api.caller("POST", other, json=lead_api.creation.body), 404)
    assert await lead_api.leads() == 0


@case(142)
async def test_options_tells_the_methods_to_anybody(lead_api: LeadApi) -> None:
    nobody: dict[str, str | None] = dict.fromkeys(lead_api.caller.headers)
    asked: dict[str, str | None] = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    for headers in ({}, nobody, {**nobody, **asked}):
        response = await lead_api.caller("OPTIONS", lead_api.creation.path, headers=headers)
        assert (response.status_code, response.content) == (204, b"")
        assert set(response.headers["allow"].split(", ")) == ALLOWED[lead_api.name]
        assert "content-type" not in response.headers
        assert not any(name.startswith("access-control") for name in response.headers)


@case(143)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"])
async def test_another_method_is_refused_with_those_that_are_allowed(lead_api: LeadApi, method: str) -> None:
    response = await lead_api.caller(method, lead_api.creation.path, json=lead_api.creation.body)
    assert refused(lead_api.name, response, 405)
    assert set(response.headers["allow"].split(", ")) == ALLOWED[lead_api.name]
    assert await lead_api.leads() == 0


@case(143)
async def test_a_method_is_refused_before_anybody_asks_who_calls(lead_api: LeadApi) -> None:
    nobody: dict[str, str | None] = dict.fromkeys(lead_api.caller.headers)
    assert refused(lead_api.name, await lead_api.caller("PUT", lead_api.creation.path, headers=nobody), 405)
    assert refused(lead_api.name, await lead_api.caller("POST", "/nowhere", headers=nobody), 404)


@case(143)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_lead_that_cannot_be_read_has_no_get(lead_api: LeadApi, method: str) -> None:
    response = await lead_api.caller(method, lead_api.creation.path)
    assert response.status_code == (200 if "GET" in ALLOWED[lead_api.name] else 405)


@case(144)
@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
async def test_a_header_does_not_change_the_method(lead_api: LeadApi, header: str) -> None:
    for method in ("DELETE", "GET", "PUT"):
        response = await lead_api.create(headers={header: method}, params={"_method": method})
        assert response.is_success, response.text
    assert await lead_api.leads() > 0


@case(147)
async def test_a_key_in_the_query_opens_nothing(lead_api: LeadApi) -> None:
    nobody: dict[str, str | None] = dict.fromkeys(lead_api.caller.headers)
    secret = lead_api.credential.secret
    names = ("x-api-key", "X-API-Key", "api_key", "apikey", "key", "token", "access_token", "Authorization")
    for query in (dict.fromkeys(names, secret), {**lead_api.caller.headers}):
        response = await lead_api.create(headers=nobody, params=query)
        message = refused(lead_api.name, response, 401)
        assert secret not in response.text + message
        assert response.headers["www-authenticate"]
    assert await lead_api.leads() == 0


@case(147)
async def test_a_key_in_the_query_beside_the_header_is_ignored(lead_api: LeadApi) -> None:
    response = await lead_api.create(params={"x-api-key": "wrong", "access_token": "wrong"})
    assert response.status_code == 201, response.text


@case(113)
@pytest.mark.parametrize("lead_api", sorted(OTHER), indirect=True)
@pytest.mark.parametrize("key", ["8f2c1e10-a001", "", "a" * 256, "\u00e9", "two words"])
async def test_an_idempotency_key_means_nothing_where_it_is_not_documented(lead_api: LeadApi, key: str) -> None:
    header = {"Idempotency-Key": key.encode()}
    first = await lead_api.create(headers=header)
    second = await lead_api.create(headers=header)
    other = await lead_api.create(headers=header, content=json.dumps(lead_api.creation.lead(**OTHER[lead_api.name])))
    assert first.status_code == other.status_code == 201
    assert second.status_code == (200 if lead_api.name == "salesiq" else 201)
    assert first.content != second.content
    assert not any("replay" in name for name in (*second.headers, *other.headers))
    assert await lead_api.leads() == (2 if lead_api.name == "salesiq" else 3)


@case(139)
async def test_an_escaped_slash_separates_nothing(crmleadpro: Caller) -> None:
    """It belongs to the segment that it stands in, and no path of the APIs has such a segment."""
    created = await crmleadpro("POST", "/leads", json={"name": "Rajesh Kumar", "email": "rajesh@startup.in"})
    assert (await crmleadpro("GET", f"/leads/{created.json()['id']}")).status_code == 200
    for slash in ("%2F", "%2f"):
        assert (await crmleadpro("GET", f"/leads{slash}{created.json()['id']}")).status_code == 404


@case(129)
async def test_two_content_types_are_none(lead_api: LeadApi) -> None:
    lines = [*lead_api.caller.headers.items(), ("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    content = json.dumps(lead_api.creation.body)
    response = await lead_api.caller.client.post(lead_api.creation.path.lstrip("/"), headers=lines, content=content)
    assert refused(lead_api.name, response, 415)
    assert await lead_api.leads() == 0


@case(148)
async def test_only_a_401_challenges(salesiq: Caller) -> None:
    body = {"name": "Amit Kumar", "phone": "9876543210"}
    missing = await salesiq("POST", "/leads/capture", headers={"x-api-key": None}, json=body)
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"] == "ApiKey"
    wrong = await salesiq("POST", "/leads/capture", headers={"x-api-key": "sqk_live_wrong"}, json=body)
    assert wrong.status_code == 403
    assert "www-authenticate" not in wrong.headers
