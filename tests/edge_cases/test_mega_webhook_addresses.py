"""MEGA's webhooks: which addresses may be registered, and when their secret is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver.app import Mock
from mockserver.settings import Settings
from tests.caller import Caller
from tests.edge_cases.mega_world import refused

pytestmark = pytest.mark.anyio
case = pytest.mark.case

HOOKS = "/lead-webhooks"
SECRET = re.compile(r"mega_whsec_[0-9a-f]{64}")

UNSAFE_URLS = [
    pytest.param("http://hooks.example.com/mega", id="http"),
    pytest.param("ftp://hooks.example.com/mega", id="ftp"),
    pytest.param("hooks.example.com/mega", id="no-scheme"),
    pytest.param("", id="empty"),
    pytest.param("https://", id="no-host"),
    pytest.param("https://localhost/mega", id="localhost"),
    pytest.param("https://LOCALHOST/mega", id="localhost-in-capitals"),
    pytest.param("http://localhost/mega", id="localhost-on-port-80"),
    pytest.param("http://127.0.0.1:80/mega", id="loopback-on-port-80"),
    pytest.param("http://127.0.0.1:1023/mega", id="loopback-below-1024"),
    pytest.param("https://127.0.0.1/mega", id="loopback"),
    pytest.param("http://127.0.0.2:8080/mega", id="loopback-of-another-number"),
    pytest.param("https://[::1]/mega", id="ipv6-loopback"),
    pytest.param("https://[::ffff:127.0.0.1]/mega", id="loopback-in-ipv6"),
    pytest.param("https://169.254.169.254/latest/meta-data", id="link-local"),
    pytest.param("https://10.0.0.1/mega", id="10"),
    pytest.param("https://172.16.0.1/mega", id="172.16"),
    pytest.param("https://192.168.0.1/mega", id="192.168"),
    pytest.param("https://0.0.0.0/mega", id="any-address"),
    pytest.param("https://2130706433/mega", id="decimal"),
    pytest.param("https://0x7f000001/mega", id="hexadecimal"),
    pytest.param("https://0177.0.0.1/mega", id="octal"),
    pytest.param("https://127.1/mega", id="short"),
    pytest.param("https://user@hooks.example.com/mega", id="user"),
    pytest.param("https://user:word@hooks.example.com/mega", id="user-and-password"),
    pytest.param("https://hooks.example.com@127.0.0.1/mega", id="host-that-is-a-user"),
    pytest.param("https://hooks/mega", id="single-label"),
    pytest.param("https://hooks.internal/mega", id="internal-name"),
    pytest.param("https://metadata.google.internal/mega", id="metadata"),
    pytest.param("https://printer.local/mega", id="local-name"),
    pytest.param("https://sub.localhost/mega", id="below-localhost"),
    pytest.param("https://hooks.example.com:0/mega", id="port-0"),
    pytest.param("https://hooks.example.com:65536/mega", id="port-too-large"),
    pytest.param("https://hooks.example.com/\nmega", id="line-break"),
    pytest.param("https://hooks.example.com\\@127.0.0.1/", id="backslash"),
    pytest.param(" https://hooks.example.com/mega", id="leading-space"),
    pytest.param("https://hooks.example.com/" + "x" * 2048, id="too-long"),
]


async def register(caller: Caller, url: str = "https://hooks.example.com/mega") -> tuple[str, str]:
    """The id and the secret of a new webhook."""
    response = await caller("POST", HOOKS, json={"url": url, "event_types": ["lead.created"]})
    assert response.status_code == 201, response.text
    return response.json()["webhook"]["id"], response.json()["secret"]


async def change(caller: Caller, hook: str, **changes: Any) -> dict[str, Any]:
    response = await caller("PATCH", f"{HOOKS}/{hook}", json=changes)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@case(169)
@pytest.mark.parametrize("url", UNSAFE_URLS)
async def test_an_address_that_is_not_public_https_is_refused(mega: Caller, url: str) -> None:
    body = {"url": url, "event_types": ["lead.created"]}
    assert "url" in refused(await mega("POST", HOOKS, json=body), 400)
    assert (await mega("GET", HOOKS)).json() == {"webhooks": []}
    hook, _ = await register(mega)
    refused(await mega("PATCH", f"{HOOKS}/{hook}", json={"url": url}), 400)
    (kept,) = (await mega("GET", HOOKS)).json()["webhooks"]
    assert kept["url"] == "https://hooks.example.com/mega"


@case(169)
@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/mega?from=mega&to=me",
        "http://127.0.0.1:1024/",
        "http://localhost:65535/mega",
    ],
)
async def test_public_https_and_a_tests_own_receiver_are_accepted(mega: Caller, url: str) -> None:
    await register(mega, url)
    (kept,) = (await mega("GET", HOOKS)).json()["webhooks"]
    assert kept["url"] == url


@case(169)
@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost:8080/"])
async def test_a_server_that_is_told_so_refuses_loopback_too(url: str) -> None:
    strict = Mock(Settings(apis=("mega",), loopback_webhooks=False))
    async with Caller.of_new_tenant(strict, "mega") as caller:
        refused(await caller("POST", HOOKS, json={"url": url, "event_types": ["lead.created"]}), 400)
        public = {"url": "https://hooks.example.com/", "event_types": ["lead.created"]}
        assert (await caller("POST", HOOKS, json=public)).status_code == 201


@case(170)
async def test_a_secret_is_shown_when_it_is_made_and_never_again(mega: Caller) -> None:
    hook, first = await register(mega)
    assert SECRET.fullmatch(first)
    rotated = await change(mega, hook, rotate_secret=True)
    assert SECRET.fullmatch(rotated["secret"])
    assert rotated["secret"] != first
    assert "secret" not in rotated["webhook"]
    for changes in ({"description": "x"}, {"rotate_secret": False}, {}):
        assert (await change(mega, hook, **changes)).keys() == {"webhook"}
    others = [
        await mega("GET", HOOKS),
        await mega("PATCH", f"{HOOKS}/{hook}", json={"is_active": False}),
        await mega("DELETE", f"{HOOKS}/{hook}"),
    ]
    for response in others:
        assert response.status_code == 200
        assert "whsec" not in response.text
        assert rotated["secret"] not in response.text
    _, another = await register(mega)
    assert len({first, rotated["secret"], another}) == 3
