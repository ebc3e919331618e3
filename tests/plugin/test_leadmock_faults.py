"""Faults under the fixture `leadmock`: the client sees what it would see of the real thing, and at once."""

from __future__ import annotations

import time

import httpx
import pytest

from mockserver.testing import Leadmock

MEGA = "https://app.gomega.ai/api/agents/crm/leads"
CLIENT = httpx.Client(verify=False)  # noqa: S501  # nothing is connected to


def create(leadmock: Leadmock, *, seconds: float = 5) -> httpx.Response:
    return CLIENT.post(MEGA, headers=leadmock.mega.headers, json={"contact_name": "Sam"}, timeout=seconds)


def test_the_next_request_fails_and_the_one_after_does_not(leadmock: Leadmock) -> None:
    leadmock.mega.fail_next(status=503)
    failed, done = create(leadmock), create(leadmock)
    assert (failed.status_code, done.status_code) == (503, 201)
    assert failed.json()["error"]["code"] == 503
    assert len(leadmock.mega.leads) == 1
    assert [request.status for request in leadmock.mega.requests] == [503, 201]
    assert leadmock.mega.requests[0].json == {"contact_name": "Sam"}


def test_so_many_requests_fail_in_a_way_of_their_own(leadmock: Leadmock) -> None:
    leadmock.mega.fail_next(500, times=2, body={"oops": True}, headers={"X-Why": "because"})
    answers = [create(leadmock) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [500, 500, 201]
    assert answers[1].json() == {"oops": True}
    assert answers[1].headers["X-Why"] == "because"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_none(leadmock: Leadmock, status: int) -> None:
    leadmock.mega.fail_next(status)
    answer = create(leadmock)
    assert (answer.status_code, answer.content, "content-length" in answer.headers) == (status, b"", False)


def test_only_the_requests_of_an_operation_fail(leadmock: Leadmock) -> None:
    leadmock.mega.fail_next(operation="listLeads")
    assert create(leadmock).status_code == 201
    assert CLIENT.get(MEGA, headers=leadmock.mega.headers).status_code == 503
    with pytest.raises(ValueError, match="MEGA has no operation 'captureLead'; there are bulkImportLeads, createLead"):
        leadmock.mega.fail_next(operation="captureLead")


def test_another_api_and_another_tenant_are_spared(leadmock: Leadmock) -> None:
    other = leadmock.mega.new_tenant()
    leadmock.salesiq.fail_next()
    other.fail_next()
    assert create(leadmock).status_code == 201
    assert CLIENT.get(MEGA, headers=other.headers).status_code == 503


def test_a_dropped_connection_raises_and_nothing_is_processed(leadmock: Leadmock) -> None:
    leadmock.mega.drop_next()
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response") as caught:
        create(leadmock)
    assert caught.value.request.url == MEGA
    assert leadmock.mega.leads == []
    assert [(request.status, request.processed) for request in leadmock.mega.requests] == [(None, False)]


@pytest.mark.parametrize("way", ["fail", "drop"])
def test_a_lost_answer_raises_although_the_lead_is_there(leadmock: Leadmock, way: str) -> None:
    if way == "fail":
        leadmock.mega.fail_next(after_processing=True)
    else:
        leadmock.mega.drop_next(after_processing=True)
    with pytest.raises(httpx.RemoteProtocolError):
        create(leadmock)
    assert len(leadmock.mega.leads) == 1
    leadmock.mega.expect_create(contact_name="Sam")


def test_a_lost_answer_has_no_status(leadmock: Leadmock) -> None:
    with pytest.raises(ValueError, match="after_processing loses the answer"):
        leadmock.mega.fail_next(503, after_processing=True)


def test_an_answer_that_is_cut_off(leadmock: Leadmock) -> None:
    leadmock.mega.cut_off_next()
    with pytest.raises(httpx.RemoteProtocolError, match=r"complete message body \(received \d+ bytes, expected \d+\)"):
        create(leadmock)
    assert len(leadmock.mega.leads) == 1


def test_an_answer_that_is_no_json(leadmock: Leadmock) -> None:
    leadmock.mega.garble_next()
    answer = create(leadmock)
    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r"."):
        answer.json()


def test_a_client_that_has_no_patience_times_out_without_waiting(leadmock: Leadmock) -> None:
    leadmock.mega.delay_next(3600)
    began = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        create(leadmock, seconds=1800)
    assert time.monotonic() - began < 1800
    assert len(leadmock.mega.leads) == 1


def test_a_patient_client_waits(leadmock: Leadmock) -> None:
    leadmock.mega.delay_next(0.2)
    began = time.monotonic()
    assert create(leadmock).status_code == 201
    assert time.monotonic() - began >= 0.2


@pytest.mark.anyio
async def test_an_asynchronous_client_sees_the_same(leadmock: Leadmock) -> None:
    mega = leadmock.mega
    async with httpx.AsyncClient(headers=mega.headers, verify=False) as client:  # noqa: S501  # as above
        mega.drop_next()
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(MEGA)
        mega.cut_off_next()
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(MEGA)
        mega.delay_next(3600)
        with pytest.raises(httpx.ReadTimeout):
            await client.get(MEGA)
        mega.delay_next(0.05)
        assert (await client.get(MEGA)).status_code == 200


def test_a_limit_that_is_not_reached(leadmock: Leadmock) -> None:
    leadmock.mega.limit_next(retry_after=7)
    answer = create(leadmock)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert create(leadmock).status_code == 201


def test_what_has_not_struck_can_be_taken_back(leadmock: Leadmock) -> None:
    leadmock.mega.fail_next(times=5)
    leadmock.mega.stop_failing()
    assert create(leadmock).status_code == 201


def test_a_fault_that_could_not_be_is_refused_where_it_is_asked_for(leadmock: Leadmock) -> None:
    with pytest.raises(ValueError, match="status=99: an answer has a status from 200 to 599"):
        leadmock.mega.fail_next(status=99)
    with pytest.raises(ValueError, match="cannot be negative"):
        leadmock.mega.delay_next(-1)
