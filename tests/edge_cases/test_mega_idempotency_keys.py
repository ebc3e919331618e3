"""MEGA: which texts are idempotency keys, how they compare, and where they mean nothing."""

from __future__ import annotations

import json

import httpx
import pytest

from mockserver.app import Mock
from tests.caller import Caller
from tests.edge_cases.mega_world import BULK, create, refused, total

pytestmark = pytest.mark.anyio
case = pytest.mark.case

HOOK = {"url": "https://hooks.example.com/mega", "event_types": ["lead.created"]}

NO_KEYS = [
    pytest.param(b"", marks=case(104), id="case-104-empty"),
    pytest.param(b" \t ", marks=case(104), id="case-104-white-space-only"),
    pytest.param(b"k" * 256, marks=case(104), id="case-104-256"),
    pytest.param(b"k" * 8192, marks=case(104), id="case-104-8-KiB"),
    pytest.param(b"caf\xe9", marks=case(105), id="case-105-latin-1"),
    pytest.param("\U0001f511".encode(), marks=case(105), id="case-105-emoji"),
    pytest.param(b"a\x01b", marks=case(105), id="case-105-control"),
    pytest.param(b"a\x7f", marks=case(105), id="case-105-delete"),
    pytest.param(b"a b", marks=case(105), id="case-105-space-inside"),
    pytest.param(b"a\tb", marks=case(105), id="case-105-tab-inside"),
]
TWO_KEYS = [
    pytest.param('"abc"', "abc", marks=case(106), id="case-106-quotes-belong-to-the-key"),
    pytest.param("abc", "Abc", marks=case(107), id="case-107-letter-case"),
    pytest.param("abc", "abc%20", marks=case(107), id="case-107-nothing-is-decoded"),
    pytest.param("1", "01", marks=case(107), id="case-107-no-number"),
]
ONE_KEY = [
    pytest.param(b"Idempotency-Key", b" abc ", marks=case(109), id="case-109-spaces"),
    pytest.param(b"Idempotency-Key", b"\tabc \t", marks=case(109), id="case-109-tabs"),
    pytest.param(b"idempotency-key", b"abc", marks=case(110), id="case-110-small-letters"),
    pytest.param(b"IDEMPOTENCY-KEY", b"abc", marks=case(110), id="case-110-capitals"),
]
KEYS_OF_NO_USE = ["k", "k" * 256, ""]


async def post(caller: Caller, *keys: tuple[bytes, bytes], name: str = "A", path: str = "/leads") -> httpx.Response:
    """Post a lead with these header lines as they are, byte for byte."""
    own = [(each.encode(), value.encode()) for each, value in caller.headers.items()]
    body = {"contact_name": name} if path == "/leads" else {"leads": [{"contact_name": name}]}
    lines = [*own, (b"content-type", b"application/json"), *keys]
    return await caller.client.post(path, headers=lines, content=json.dumps(body).encode())


@pytest.mark.parametrize("path", ["/leads", BULK])
@pytest.mark.parametrize("key", NO_KEYS)
async def test_what_is_no_key_is_refused(mega: Caller, key: bytes, path: str) -> None:
    message = refused(await post(mega, (b"Idempotency-Key", key), path=path), 400)
    assert "Idempotency-Key" in message
    assert await total(mega) == 0


@case(104)
@pytest.mark.parametrize("key", ["k", "k" * 255, "!~", "8f2c1e10-a001"])
async def test_visible_ascii_of_up_to_255_characters_is_a_key(mega: Caller, key: str) -> None:
    assert (await create(mega, key=key, contact_name="A")) == (await create(mega, key=key, contact_name="A"))
    assert await total(mega) == 1


@pytest.mark.parametrize(("one", "other"), TWO_KEYS)
async def test_keys_compare_character_by_character(mega: Caller, one: str, other: str) -> None:
    first = await create(mega, key=one, contact_name="A")
    second = await create(mega, key=other, contact_name="A")
    assert first["id"] != second["id"]
    assert await create(mega, key=one, contact_name="A") == first
    assert await create(mega, key=other, contact_name="A") == second


@pytest.mark.parametrize(("header", "value"), ONE_KEY)
async def test_white_space_around_a_key_and_the_case_of_its_header_do_not_count(
    mega: Caller, header: bytes, value: bytes
) -> None:
    first = await create(mega, key="abc", contact_name="A")
    again = await post(mega, (header, value))
    assert (again.json()["lead"], again.headers["idempotent-replayed"]) == (first, "true")
    refused(await post(mega, (header, value), name="B"), 409)


@case(108)
@pytest.mark.parametrize("second", [b"abc", b"def"], ids=["same", "other"])
@pytest.mark.parametrize("path", ["/leads", BULK])
async def test_two_lines_of_keys_are_refused(mega: Caller, second: bytes, path: str) -> None:
    response = await post(mega, (b"Idempotency-Key", b"abc"), (b"idempotency-key", second), path=path)
    assert "more than once" in refused(response, 400)
    assert await total(mega) == 0


@case(112)
@pytest.mark.parametrize("key", KEYS_OF_NO_USE)
async def test_a_key_means_nothing_to_the_list(mega: Caller, key: str) -> None:
    headers = {"Idempotency-Key": key}
    empty = await mega("GET", "/leads", headers=headers)
    await create(mega, contact_name="A")
    fresh = await mega("GET", "/leads", headers=headers)
    assert (empty.json()["total"], fresh.json()["total"]) == (0, 1)
    assert "idempotent-replayed" not in fresh.headers


@case(112)
@pytest.mark.parametrize("key", KEYS_OF_NO_USE)
async def test_a_key_means_nothing_to_webhooks(mega: Caller, key: str) -> None:
    headers = {"Idempotency-Key": key}
    registered = [await mega("POST", "/lead-webhooks", json=HOOK, headers=headers) for _ in range(2)]
    assert [response.status_code for response in registered] == [201, 201]
    one, two = (response.json()["webhook"]["id"] for response in registered)
    assert one != two
    for paused in (True, False):
        body = {"is_active": not paused}
        changed = await mega("PATCH", f"/lead-webhooks/{one}", json=body, headers=headers)
        assert changed.json()["webhook"]["is_active"] is not paused
    assert (await mega("DELETE", f"/lead-webhooks/{one}", headers=headers)).status_code == 200
    refused(await mega("DELETE", f"/lead-webhooks/{one}", headers=headers), 404)


@case(113)
@pytest.mark.parametrize("key", KEYS_OF_NO_USE)
@pytest.mark.parametrize(
    ("api", "path", "bodies"),
    [
        pytest.param(
            "salesiq",
            "/leads/capture",
            [{"name": "Ann", "phone": "9876543210"}, {"name": "Bob", "phone": "9876543211"}],
            id="salesiq",
        ),
        pytest.param(
            "convertiq",
            "/leads/create",
            [{"lead": {"name": "Ann", "email": "ann@example.com", "source": "Form", "industry": "IT"}}] * 2,
            id="convertiq",
        ),
        pytest.param("crmleadpro", "/leads", [{"name": "Ann", "email": "ann@example.com"}] * 2, id="crmleadpro"),
    ],
)
async def test_a_key_means_nothing_to_the_other_vendors(
    mock: Mock, api: str, path: str, bodies: list[dict[str, object]], key: str
) -> None:
    async with Caller.of_new_tenant(mock, api) as caller:
        answers = [await caller("POST", path, json=body, headers={"Idempotency-Key": key}) for body in bodies]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content != answers[1].content, "both are executed, so two leads have two ids"
        assert "idempotent-replayed" not in answers[1].headers
