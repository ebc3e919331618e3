"""What a test gets wrong is told where the test gets it wrong: what was given, what is wanted, and an example."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from mockserver.testing import Leadmock, LeadmockServer

MISTAKES: list[tuple[str, type[Exception], str]] = [
    ('clock.freeze("text")', ValueError, "freeze(at='text'): that is no moment; give datetime(2026, 7, 2, 10,"),
    ("clock.freeze(5)", TypeError, 'or text such as "2026-07-02T10:00:00Z"'),
    ("clock.freeze(dt.date(2026, 1, 1))", TypeError, "that is no moment; give datetime("),
    ('clock.freeze("2026-07-02T10:00:00")', ValueError, "say in which time zone; give datetime("),
    ("clock.freeze(dt.datetime(1, 1, 1, tzinfo=dt.UTC))", ValueError, "beyond the year 1970"),
    ('clock.advance("25h")', TypeError, "advance(seconds='25h'): give numbers, such as advance(hours=25)"),
    ('clock.advance(hours="1")', TypeError, "advance(hours='1'): give numbers"),
    ("clock.advance(dt.timedelta(hours=1))", TypeError, "give numbers, such as advance(hours=25)"),
    ("clock.advance(-1)", ValueError, "a clock cannot go back"),
    ('mega.fail_next("503")', TypeError, "status='503': must be a whole number, such as 503"),
    ("mega.fail_next(0)", ValueError, "status=0: an answer has a status from 200 to 599"),
    ("mega.fail_next(503.5)", TypeError, "status=503.5: must be a whole number"),
    ('mega.fail_next(503, "2")', TypeError, "times='2': must be a whole number, such as 2"),
    ("mega.fail_next(503, 0)", ValueError, "times=0: a fault strikes once or more"),
    ('mega.fail_next(latency="x")', TypeError, "latency='x': must be a number, such as 2.5"),
    ('mega.fail_next(latency=float("nan"))', ValueError, "latency=nan: must be finite"),
    ('mega.fail_next(headers="X")', TypeError, "headers='X': give a dictionary, such as {'Retry-After': '5'}"),
    ('mega.fail_next(headers={"X": 5})', ValueError, "headers: X must be text of printable ASCII characters, not 5"),
    ('mega.fail_next(headers={"X Y": "a"})', ValueError, "headers: 'X Y' is no header that can be set here"),
    ('mega.fail_next(headers={"X": "a\\nb"})', ValueError, "headers: X must be text of printable ASCII characters"),
    ("mega.fail_next(body={1})", TypeError, "body={1}: must be JSON, such as {'message': 'Bad gateway'}"),
    ("mega.fail_next(204, body={})", ValueError, "body: an answer with status 204 has no body; leave it out"),
    ('mega.limit_next("30")', TypeError, "retry_after='30': must be a whole number, such as 30"),
    ('mega.delay_next("2")', TypeError, "latency='2': must be a number, such as 2.5"),
    ('mega.given_lead(contact_emial="x")', TypeError, "has no 'contact_emial'; did you mean 'contact_email'?"),
    ("mega.given_lead(contact_name={1})", TypeError, "contact_name={1}: must be JSON: text, a number"),
    ('mega.given_lead(contact_name="\\ud800")', TypeError, "must be JSON"),
    ("mega.given(5)", ValueError, "MEGA has no 5 that could be made; there are lead, webhook"),
    ('mega.records("led")', ValueError, "MEGA has no records of the kind 'led'; did you mean 'lead'?"),
    ('salesiq.use_plan(["pro"])', ValueError, "SalesIQ has no plan ['pro']; there are starter"),
    ('mega.add_credential(scopes="a:b")', TypeError, "give a tuple of them, such as scopes=('a:b',)"),
    ('mega.expect_create("1")', ValueError, "times='1': give a whole number, such as 1, or None"),
    ("mega.expect_request(times=-1)", ValueError, "times=-1: give a whole number"),
    ('mega.expect_request(operation="createLed", times=0)', ValueError, "MEGA has no operation 'createLed'"),
    ('mega.expect_request(status="201", times=0)', TypeError, "status='201': give it like status=201"),
    ("mega.expect_request(path=5, times=0)", TypeError, 'path=5: give it like path="/leads"'),
    ('mega.expect_request(headers=["X"], times=0)', TypeError, 'give it like headers={"Idempotency-Key": "k1"}'),
    ('mega.expect_request(json="x", times=0)', TypeError, 'give it like json={"contact_name": "Sam"}'),
]  # fmt: skip


def make(mistake: str, mock: Leadmock | LeadmockServer) -> Any:
    names = {"dt": dt, "clock": mock.clock, "mega": mock.mega, "salesiq": mock.salesiq}
    return eval(mistake, names)  # noqa: S307  # of the table above


@pytest.mark.parametrize(("mistake", "kind", "told"), MISTAKES, ids=[each[0] for each in MISTAKES])
def test_a_mistake_is_told_with_what_is_wanted(
    leadmock: Leadmock, mistake: str, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=re.escape(told)):
        make(mistake, leadmock)
    assert list(leadmock.mega._place.mock.faults) == []  # nothing is left of it


def test_the_live_server_tells_the_same(leadmock_server: LeadmockServer) -> None:
    for mistake, kind, told in MISTAKES:
        with pytest.raises(kind, match=re.escape(told)):
            make(mistake, leadmock_server)


def test_a_moment_may_be_text_as_it_is_for_the_control_plane(leadmock: Leadmock) -> None:
    moment = dt.datetime(2026, 7, 2, 10, tzinfo=dt.UTC)
    assert leadmock.clock.freeze("2026-07-02T10:00:00Z") == moment
    assert leadmock.clock.freeze("2026-07-02T12:00:00+02:00") == moment


def test_the_method_of_an_expected_request_may_be_written_small(leadmock: Leadmock) -> None:
    leadmock.mega.expect_request("get", times=0)
    with pytest.raises(AssertionError, match="expected at least 1 request with method 'get', saw 0"):
        leadmock.mega.expect_request("get")
