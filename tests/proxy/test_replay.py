"""A recording answers as the API did: the same requests, in their order, whoever asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.proxy.recording import RecordingError, read
from mockserver.proxy.replay import Replay
from tests.contract_suite.served import served
from tests.proxy.watching import Watched, small, watched
from tests.serving import Serving, leadmock

BASE = "/api/agents/crm"


@contextmanager
def _recording(path: Path, **wanted: Any) -> Iterator[Watched]:
    app, headers = small("mega")
    with watched("mega", app, headers, record=path, **wanted) as proxy:
        yield proxy


def _lead(name: str, **more: Any) -> dict[str, Any]:
    return {"contact_name": name, "contact_email": f"{name.lower()}@example.com", **more}


def _post(origin: str, lead: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{origin}{BASE}/leads", json=lead)


def test_what_was_recorded_is_answered_again_byte_for_byte_with_any_credential(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        created = proxy.call("POST", "/leads", json=_lead("Sam"))
        listed = proxy.call("GET", "/leads?limit=5&offset=0")
        refused = proxy.call("POST", "/leads", content=b"{")
    with served(Replay(path)) as origin:
        again = _post(origin, _lead("Sam"))
        page = httpx.get(f"{origin}{BASE}/leads?offset=0&limit=5", headers={"Authorization": "Bearer x"})
        bad = httpx.post(f"{origin}{BASE}/leads", content=b"{")
    for answer, first in ((again, created), (page, listed), (bad, refused)):
        assert (answer.status_code, answer.content) == (first.status_code, first.content)
        assert answer.headers["content-type"] == first.headers["content-type"]
    assert again.headers["leadmock-replay"] == "line 1"


def test_the_same_request_gets_its_answers_in_order_and_then_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        totals = []
        for name in ("Sam", "Tim"):
            totals.append(proxy.call("GET", "/leads").json()["total"])
            proxy.call("POST", "/leads", json=_lead(name))
        totals.append(proxy.call("GET", "/leads").json()["total"])
    assert totals == [0, 1, 2]
    with served(Replay(path)) as origin:
        seen = [httpx.get(f"{origin}{BASE}/leads").json()["total"] for _ in range(4)]
    assert seen == [0, 1, 2, 2]


def test_spacing_and_order_of_members_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        proxy.call("POST", "/leads", json=_lead("Sam"))
    text = '{ "contact_email": "sam@example.com",\n "contact_name": "Sam" }'
    with served(Replay(path)) as origin:
        assert httpx.post(f"{origin}{BASE}/leads", content=text).status_code == 201


def test_values_made_up_anew_get_the_next_answer_of_their_form(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        first, second = (proxy.call("POST", "/leads", json=_lead(name)).json() for name in ("Sam", "Tim"))
    with served(Replay(path)) as origin:
        answers = [_post(origin, _lead(name)) for name in ("Ann", "Bea", "Ann", "Eve")]
    assert [one.status_code for one in answers] == [201, 201, 201, 404]
    assert [one.json() for one in answers[:3]] == [first, second, first]


def test_what_was_not_recorded_is_refused_with_the_nearest_and_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        proxy.call("POST", "/leads", json=_lead("Sam"))
        proxy.call("GET", "/leads?limit=5")
    with served(Replay(path)) as origin:
        body = _post(origin, {**_lead("Sam"), "stage": "new"})
        query = httpx.get(f"{origin}{BASE}/leads?limit=6")
        other = httpx.delete(f"{origin}{BASE}/lead-webhooks/1")
        outside = httpx.get(f"{origin}/elsewhere")
    for answer in (body, query, other, outside):
        assert answer.status_code == 404
        assert answer.headers["leadmock-replay"] == "not-recorded"
        error = answer.json()["error"]
        assert (error["code"], error["type"]) == (404, "not_found_error")
    assert (
        "line 1, POST /api/agents/crm/leads: its body differs at /stage (only here)" in body.json()["error"]["message"]
    )
    assert (
        'line 2, GET /api/agents/crm/leads: its query differs at limit ("5" there, "6" here)'
        in query.json()["error"]["message"]
    )


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("limit=5&offset=1", '2, GET {}: its query differs at offset ("1", only here)'),
        ("limit=5&stage=new&offset=10", '3, GET {}: its query differs at offset ("20" there, "10" here)'),
        ("stage=old", '4, GET {}: its query differs at stage ("new" there, "old" here)'),
        (
            "limit=5&a=1&b=2&c=3&d=4",
            '2, GET {}: its query differs at a ("1", only here), b ("2", only here), c ("3", only here) and at 1 more',
        ),
        ("stage=new&stage=old", '4, GET {}: its query differs at stage ("new" there, ["new", "old"] here)'),
        ("stage=new&limit=5", '3, GET {}: its query differs at offset ("20" there, missing here)'),
    ],
)
def test_of_queries_the_one_with_most_in_common_is_the_nearest(tmp_path: Path, query: str, nearest: str) -> None:
    """Not just any of its path: whoever has changed one parameter wants to see the request that it was changed in."""
    path = tmp_path / "lists.jsonl"
    with path.open("w") as file:
        for recorded in ("", "?limit=5", "?limit=5&offset=20&stage=new", "?stage=new"):
            request = {**_LINE["request"], "target": f"{BASE}/leads{recorded}"}
            file.write(json.dumps({**_LINE, "request": request}) + "\n")
    with served(Replay(path)) as origin:
        answer = httpx.get(f"{origin}{BASE}/leads?{query}")
    assert answer.status_code == 404
    message = answer.json()["error"]["message"]
    assert message.endswith(f"; the nearest is line {nearest.format(f'{BASE}/leads')}"), message


def test_where_no_path_is_the_same_the_most_similar_one_is_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "lists.jsonl"
    with path.open("w") as file:
        for target in ("/lead-webhooks?limit=5", "/leads/1"):
            request = {**_LINE["request"], "target": f"{BASE}{target}"}
            file.write(json.dumps({**_LINE, "request": request}) + "\n")
    with served(Replay(path)) as origin:
        message = httpx.get(f"{origin}{BASE}/leads/2?limit=5").json()["error"]["message"]
    assert f"the nearest is line 2, GET {BASE}/leads/1: its path is {BASE}/leads/1; its query differs at" in message


def test_a_request_with_a_secret_is_found_again_though_that_was_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "hooks.jsonl"
    hook = {"url": "https://hooks.example.com/in?token=hush-hush-hush", "event_types": ["lead.created"]}
    with _recording(path) as proxy:
        created = proxy.call("POST", "/lead-webhooks", json=hook)
        assert created.status_code == 201
    text = path.read_text()
    assert "hush" not in text
    assert created.json()["secret"] not in text
    with served(Replay(path)) as origin:
        answer = httpx.post(f"{origin}{BASE}/lead-webhooks", json=hook)
        assert answer.status_code == 201
        assert answer.json()["secret"].startswith("<redacted-")


def test_a_recording_is_never_overwritten_and_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        proxy.call("GET", "/leads")
    with pytest.raises(RecordingError, match="there is such a file already; add --append"), _recording(path):
        pass
    # Half a line, as a crash leaves it, is taken off.
    with path.open("a") as file:
        file.write('{"v": 1, "ti')
    assert len(read(path)) == 1
    with _recording(path, append=True) as proxy:
        proxy.call("GET", "/leads?limit=1")
    assert [one.line for one in read(path)] == [1, 2]
    numbers = {one.request.headers for one in read(path)}
    assert "<redacted-1>" in str(numbers)
    assert "<redacted-2>" in str(numbers)


def test_each_exchange_is_on_disk_before_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        for number in range(1, 4):
            proxy.call("GET", "/leads")
            assert len(read(path)) == number
    assert path.stat().st_mode & 0o077 == 0


_GOOD: dict[str, Any] = {
    "v": 1,
    "api": "mega",
    "request": {"method": "GET", "target": "/x", "headers": [], "body": None},
    "answer": {"status": 200, "headers": [], "body": None},
}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: is not JSON"),
        ("[]", "line 2: is not an exchange that leadmock proxy has recorded"),
        (json.dumps({**_GOOD, "v": 9}), "line 2: has the form v=9"),
        (json.dumps({**_GOOD, "api": "hubspot"}), "'api' is 'hubspot'; there are salesiq"),
        (json.dumps({**_GOOD, "request": 5}), "'request' is missing or no object"),
        (json.dumps({**_GOOD, "request": {"method": "GET"}}), "'request.target' is missing or no text"),
        (json.dumps({**_GOOD, "answer": {"status": "200"}}), "'answer.status' is '200', not a status"),
        (json.dumps({**_GOOD, "answer": {"status": 200, "headers": [1]}}), "'answer.headers' is not a list of pairs"),
        (json.dumps({**_GOOD, "answer": {"status": 200, "body": "x"}}), "'answer.body' is neither null nor an object"),
        (json.dumps({**_GOOD, "answer": {"status": 200, "body": {"base64": "?"}}}), "is not base64"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_the_way_out(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(f"{json.dumps(_GOOD)}\n{line}\n")
    with pytest.raises(RecordingError) as caught:
        read(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"--replay {path}: line 2: ")


def test_serve_replays_a_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    with _recording(path) as proxy:
        proxy.call("POST", "/leads", json=_lead("Sam"))
    with Serving("--replay", str(path)) as server:
        assert f"replays {path}, 1 exchanges" in server.text
        assert _post(server.origin, _lead("Sam")).status_code == 201
        assert "201 replayed line 1" in server.wait_for_line("POST /api/agents/crm/leads 201")
        _post(server.origin, {})
        assert "not recorded" in server.wait_for_line("POST /api/agents/crm/leads 404")


def test_what_cannot_be_replayed_is_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    path = tmp_path / "lead.jsonl"
    path.write_text(json.dumps(_GOOD) + "\n")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    for arguments, words in (
        (("--replay", str(tmp_path / "none.jsonl")), "cannot be read (No such file or directory); record one with"),
        (("--replay", str(empty)), "holds no answered exchange"),
        (("--replay", str(path), "--api", "salesiq"), "holds nothing of salesiq, only of mega"),
        (("--replay", str(path), "--unlimited"), "--unlimited: has no meaning with --replay"),
    ):
        result = leadmock("serve", "--port", "0", *arguments)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1), result
        assert words in result.stderr


_LINE: dict[str, Any] = {
    "v": 1,
    "api": "mega",
    "request": {"method": "GET", "target": f"{BASE}/leads", "headers": [], "body": None},
    "answer": {"status": 200, "headers": [], "body": {"text": "{}"}},
}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 100}, "'answer.status' is 100, not a status from 200 to 599"),
        ({"status": 999}, "'answer.status' is 999, not a status from 200 to 599"),
        ({"headers": [["X-A", "a\r\nSet-Cookie: b"]]}, "'answer.headers' holds 'X-A', which HTTP cannot send"),
        ({"headers": [["X-A", "\u20ac"]]}, "'answer.headers' holds 'X-A', which HTTP cannot send"),
        ({"headers": [["X A", "a"]]}, "'answer.headers' holds 'X A', which HTTP cannot send"),
        ({"headers": [["", "a"]]}, "'answer.headers' holds '', which HTTP cannot send"),
    ],
)
def test_an_edited_answer_that_could_not_be_sent_is_refused_at_the_start(
    tmp_path: Path, answer: dict[str, Any], told: str
) -> None:
    path = tmp_path / "edited.jsonl"
    path.write_text(json.dumps({**_LINE, "answer": {**_LINE["answer"], **answer}}) + "\n")
    with pytest.raises(RecordingError, match=f"line 1: {re.escape(told)}"):
        Replay(path)


def test_an_edited_answer_is_framed_anew(tmp_path: Path) -> None:
    """Whatever its headers say of a length, of chunks or of the connection."""
    path = tmp_path / "edited.jsonl"
    headers = [["content-length", "x"], ["transfer-encoding", "chunked"], ["connection", "upgrade"], ["x-a", "1"]]
    with path.open("w") as file:
        for method, status in (("GET", 200), ("DELETE", 204), ("HEAD", 200)):
            request = {**_LINE["request"], "method": method}
            answer = {"status": status, "headers": headers, "body": {"text": "{}"}}
            file.write(json.dumps({**_LINE, "request": request, "answer": answer}) + "\n")
    with served(Replay(path)) as origin, httpx.Client() as client:
        answers = [client.request(method, f"{origin}{BASE}/leads") for method in ("GET", "DELETE", "HEAD")]
    assert [(one.status_code, one.text, one.headers["x-a"]) for one in answers] == [
        (200, "{}", "1"),
        (204, "", "1"),
        (200, "", "1"),
    ]


@pytest.mark.parametrize("levels", [300, 500, 800, 5000])
def test_what_is_nested_deep_is_recorded_and_asked_for_as_anything_else(tmp_path: Path, levels: int) -> None:
    path, deep = tmp_path / "deep.jsonl", "[" * levels + "]" * levels
    request = {**_LINE["request"], "method": "POST", "body": {"text": deep}}
    path.write_text(json.dumps({**_LINE, "request": request}) + "\n")
    with served(Replay(path)) as origin:
        assert httpx.post(f"{origin}{BASE}/leads", content=deep).status_code == 200
        assert httpx.post(f"{origin}{BASE}/tags", content=deep).status_code == 404
