"""The fixture `leadmock_server`: a live server, with tenants of each test's own."""

from __future__ import annotations

import subprocess
import urllib.request

import aiohttp
import httpx
import pytest
import requests

from mockserver.testing import Leadmock, LeadmockServer

# A later test looks at what a former one had.
TENANTS: list[str] = []
KEYS: list[dict[str, str]] = []


def test_requests_is_answered(leadmock_server: LeadmockServer) -> None:
    mega = leadmock_server.mega
    answer = requests.post(mega.url + "/leads", headers=mega.headers, json={"contact_name": "Sam"}, timeout=30)
    assert answer.status_code == 201
    assert [lead.contact_name for lead in mega.leads] == ["Sam"]
    assert mega.requests[-1].headers["User-Agent"].startswith("python-requests")
    mega.expect_create(contact_name="Sam")


@pytest.mark.anyio
async def test_aiohttp_is_answered(leadmock_server: LeadmockServer) -> None:
    crm = leadmock_server.crmleadpro
    async with (
        aiohttp.ClientSession(headers=crm.headers) as session,
        session.post(crm.url + "/leads", json={"name": "Sam", "email": "sam@example.com"}) as answer,
    ):
        assert answer.status == 201
    assert crm.leads[0].email == "sam@example.com"


def test_any_other_program_is_answered(leadmock_server: LeadmockServer) -> None:
    salesiq = leadmock_server.salesiq
    (key,) = (f"{name}: {value}" for name, value in salesiq.headers.items())
    lead = '{"name": "Sam", "phone": "9876543210"}'
    command = ["curl", "-sS", "-H", key, "--json", lead, salesiq.url + "/leads/capture"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '"leadCode":"LD0001"' in done.stdout
    assert salesiq.leads[0].phone == "9876543210"


def test_all_four_are_at_one_url(leadmock_server: LeadmockServer) -> None:
    assert {api.url.removeprefix(leadmock_server.url) for api in leadmock_server.apis} == {
        "/api",
        "/api/agents/crm",
        "/api/external",
        "/api/v1",
    }
    with urllib.request.urlopen(leadmock_server.url) as page:  # noqa: S310  # the test's own server
        assert page.status == 200


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_tenants_of_its_own(leadmock_server: LeadmockServer, turn: str) -> None:
    mega = leadmock_server.mega
    assert mega.tenant_id not in TENANTS, turn
    TENANTS.append(mega.tenant_id)
    KEYS.append(mega.new_tenant().headers)
    assert (mega.leads, mega.requests) == ([], [])
    mega.given_lead()
    mega.fail_next(times=100)
    leadmock_server.clock.advance(days=1)
    assert httpx.get(mega.url + "/leads", headers=mega.headers).status_code == 503


def test_keys_of_a_former_test_are_valid_no_more(leadmock_server: LeadmockServer) -> None:
    assert KEYS
    for former in KEYS:
        assert httpx.get(leadmock_server.mega.url + "/leads", headers=former).status_code in {401, 403}


def test_faults_are_as_in_process(leadmock_server: LeadmockServer) -> None:
    mega = leadmock_server.mega

    def create() -> httpx.Response:
        return httpx.post(mega.url + "/leads", headers=mega.headers, json={"contact_name": "Sam"})

    mega.drop_next()
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        create()
    mega.fail_next(after_processing=True)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        create()
    mega.cut_off_next()
    with pytest.raises(httpx.RemoteProtocolError, match=r"complete message body \(received \d+ bytes, expected \d+\)"):
        create()
    mega.limit_next(retry_after=9)
    assert create().headers["Retry-After"] == "9"
    assert create().status_code == 201
    assert [request.status for request in mega.requests] == [None, None, 201, 429, 201]
    assert mega.requests[0].json == {"contact_name": "Sam"}
    mega.expect_create(times=3)


def test_both_fixtures_in_one_test_are_two_worlds(leadmock: Leadmock, leadmock_server: LeadmockServer) -> None:
    live = leadmock_server.mega
    httpx.post(live.url + "/leads", headers=live.headers, json={"contact_name": "Sam"})
    assert [lead.contact_name for lead in live.leads] == ["Sam"]
    assert leadmock.mega.leads == []
    leadmock.mega.expect_no_requests()
