"""The subcommands, as a user types them, on a running server."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.cli import main
from mockserver.client import Access
from tests.edge_cases.live import Live
from tests.serving import leadmock


class Terminal:
    """Commands as they are typed, on one server, in this process: starting a new one takes longer than all of them."""

    def __init__(self, server: Live, capsys: pytest.CaptureFixture[str]) -> None:
        self._server = server
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        """What the command prints; it must succeed."""
        status, printed, complaint = self.attempt(*arguments)
        assert (status, complaint) == (0, "")
        return printed

    def attempt(self, *arguments: str) -> tuple[int, str, str]:
        """The exit status, what it prints, and what it complains of."""
        status = main([*arguments, "--url", self._server.origin])
        return status, *self._capsys.readouterr()


@pytest.fixture
def run(server: Live, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(server, capsys)


def test_a_tenant_is_made_filled_looked_at_and_deleted(run: Terminal, tmp_path: Path) -> None:
    made = json.loads(run("tenant", "create", "mega", "--name", "mine", "--per-minute", "1", "--json"))
    tenant = made["tenant"]["id"]
    (tmp_path / "leads.csv").write_text("contact_name\nSam\nAlex\n")
    assert "accepted: 2" in run("seed", "mega", tenant, str(tmp_path / "leads.csv"))
    records = json.loads(run("records", "mega", tenant, "--json"))
    assert [record["data"]["contact_name"] for record in records] == ["Sam", "Alex"]
    statuses = [httpx.get(f"{made['base_url']}/leads", headers=made["headers"]).status_code for _ in range(2)]
    assert statuses == [200, 429]
    lines = run("requests", "--tenant", tenant).splitlines()
    assert ["200 [mine] listed 2 of 2 leads" in lines[0], "429 [mine] refused: " in lines[1]] == [True, True]
    assert run("requests", "--tenant", tenant, "--status", "4xx", "--count").strip() == "1"
    assert "why: Rate limit exceeded: 1 requests in 60 seconds" in run("explain", lines[1].split()[0])
    whole = run("requests", lines[0].split()[0])
    assert "curl: curl -i -X GET" in whole
    assert made["credential"]["secret"] not in whole
    assert tenant in run("reset", "mega", tenant)
    assert run("records", "mega", tenant, "--json").strip() == "[]"
    assert "is gone" in run("tenant", "delete", "mega", tenant)
    assert tenant not in run("tenant", "list", "mega")


def test_a_tenant_whose_last_key_was_revoked_is_listed_without_one(run: Terminal) -> None:
    made = json.loads(run("tenant", "create", "mega", "--name", "locked out", "--json"))
    run("tenant", "revoke", "mega", made["tenant"]["id"], made["credential"]["id"])
    told = run("tenant", "list", "mega").split("name: locked out")[1]
    assert "credentials: none that is valid; `leadmock tenant key` adds one" in told
    run("tenant", "key", "mega", made["tenant"]["id"])
    assert "none that is valid" not in run("tenant", "list", "mega")
    run("tenant", "delete", "mega", made["tenant"]["id"])


def test_the_clock_is_moved(run: Terminal) -> None:
    frozen = run("clock", "freeze", "2027-01-01T00:00:00Z")
    assert "now: 2027-01-01T00:00:00.000Z" in frozen
    assert "now: 2027-01-02T01:00:00.000Z" in run("clock", "advance", "25h")
    assert "frozen: false" in run("clock", "resume")
    assert "offset_seconds: 0.0" in run("clock", "reset")


def test_faults_are_switched_on_and_off(run: Terminal) -> None:
    added = json.loads(run("fault", "add", "status", "--api", "mega", "--status", "502", "--times", "3", "--json"))
    assert (added["status"], added["times"]) == (502, 3)
    assert added["id"] in run("fault", "list")
    assert "is off" in run("fault", "remove", added["id"])
    assert "0 switched off" in run("fault", "clear")


@pytest.mark.parametrize(
    ("kind", "arguments", "told"),
    [
        ("status", (), ["status: 503"]),
        ("status", ("--body", '{"a": 1}'), ["status: 503", 'body: {"a": 1}']),
        ("rate-limit", (), ["retry_after: 30"]),
        ("latency", ("--latency", "2"), ["latency: 2"]),
        ("slow", ("--latency", "2", "--probability", "0.5"), ["probability: 0.5", "latency: 2", "seconds: 5.0"]),
        ("drop", ("--api", "mega", "--times", "2"), ["api: mega", "times: 2"]),
        ("malformed", (), []),
    ],
)
def test_of_a_fault_only_what_makes_a_difference_is_told(
    run: Terminal, kind: str, arguments: tuple[str, ...], told: list[str]
) -> None:
    try:
        added = run("fault", "add", kind, *arguments)
        assert run("fault", "list") == added
        fault = json.loads(run("fault", "list", "--json"))[0]
    finally:
        run("fault", "clear")
    assert added.splitlines() == [f"id: {fault['id']}", f"kind: {kind}", *told, "applied: 0", ""]
    assert {"status", "retry_after", "seconds", "latency"} <= fault.keys()


def test_one_more_key_of_a_tenant_has_the_name_that_it_is_given(run: Terminal, fresh: Access) -> None:
    made = json.loads(run("tenant", "key", "mega", fresh.tenant.id, "--name", "nightly import", "--json"))
    assert made["credential"]["name"] == "nightly import"
    assert "nightly import" in run("tenant", "list", "mega")


def test_snapshots_are_taken_and_restored(run: Terminal) -> None:
    for action in ("take", "restore", "delete"):
        assert run("snapshot", action, "here") == "here: done\n"
    assert run("snapshot", "list") == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tenant", "create", "megga"), "there are salesiq, mega, convertiq, crmleadpro"),
        (("seed", "mega", "x", "leads.txt"), "must end in .json, .yaml, .yml, .csv"),
        (("seed", "mega", "x", "nothing.csv"), "nothing.csv cannot be read"),
        (("requests", "999999"), "the journal has no request 999999"),
        (("clock", "freeze", "tomorrow"), "at: "),
        (("fault", "add", "latency"), "latency: is how many seconds to wait"),
        (
            ("tenant", "revoke", "salesiq", "demo-workspace", "1"),
            "credential must be sixteen digits of 0 to 9 and a to f, not '1'",
        ),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_status_2(run: Terminal, arguments: tuple[str, ...], told: str) -> None:
    status, printed, complaint = run.attempt(*arguments)
    assert (status, printed) == (2, "")
    assert told.lower() in complaint.lower()


def test_seeding_fails_with_exit_status_1_where_a_row_was_refused(run: Terminal, tmp_path: Path) -> None:
    """A script that goes on with half of its data would fail later, far from the cause."""
    rows = tmp_path / "leads.csv"
    rows.write_text("name,phone\nAsha,9811111111\nRavi,98222\n")
    status, printed, _ = run.attempt("seed", "salesiq", "second-workspace", str(rows))
    assert status == 1
    assert "accepted: 1\nrefused: 1" in printed
    assert 'row": 2' in printed


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("leads.csv", b"name,phone\nAsha\n", "row 1 has 1 cells, and the first line 2"),
        ("leads.csv", b"", "the body is empty"),
        ("leads.json", b"{", "the body is not valid JSON"),
        ("leads.json", b"{}", "must be an array"),
        ("leads.yaml", b"a: [", "the body is not YAML of plain values in line 2"),
        ("leads.csv", b"x" * (16 * 1024 * 1024 + 1), "a body may have at most 16777216 bytes here"),
    ],
)
def test_a_file_that_is_refused_as_a_whole_is_named(
    run: Terminal, tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    """A script seeds from several files; which of them to mend has to be said."""
    file = tmp_path / name
    file.write_bytes(content)
    status, printed, complaint = run.attempt("seed", "salesiq", "second-workspace", str(file))
    assert (status, printed) == (2, "")
    assert f"{file} was not taken: " in complaint
    assert problem in complaint


def test_what_there_is_not_is_not_told(run: Terminal, server: Live) -> None:
    run.attempt("requests", "--clear")
    httpx.get(server.origin + "/api/leads/capture", headers={"x-api-key": "sqk_live_your_api_key"})
    told = run("explain", run("requests").split()[0])
    assert "why: Nothing was refused" in told
    assert "accepted" not in told


def test_where_nobody_answers_it_says_how_to_start() -> None:
    result = leadmock("clock", "show", "--url", "http://127.0.0.1:1")
    assert result.returncode == 2
    assert "start it with `leadmock serve`" in result.stderr


COMMANDS = ["requests", "explain", "reset", "tenant", "seed", "records", "webhooks", "clock", "fault", "snapshot"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], [command, "--help"]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 0
        assert command in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["clock", "advance", "nan"], "'nan' is no duration; write it like 90, 90s, 5m, 25h or 2d"),
        (["clock", "advance", "h"], "'h' is no duration"),
        (["webhooks", "emit", "crmleadpro", "demo-workspace", "deal.won", "{x"], "'{x' is not JSON"),
        (["fault", "add", "status", "--body", "x"], "'x' is not JSON"),
        (["fault", "add", "status", "--probability", "nan"], "POST /faults cannot be sent"),
        (["clock", "show", "--url", "http://mock:x"], "http://mock:x is no address"),
        (["clock", "show", "--url", "mock"], "no answer from mock"),
        (["clock", "show", "--token", "é"], "the control token has characters that no token has"),
    ],
)
def test_what_cannot_be_sent_is_one_clear_line_and_exit_2(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(arguments)
    except SystemExit as ended:  # argparse's own way
        status = int(ended.code or 0)
    complaint = capsys.readouterr().err
    assert status == 2
    assert problem in complaint
    assert "Traceback" not in complaint


def test_what_is_told_of_a_refusal_can_be_read_and_pasted(run: Terminal, server: Live) -> None:
    """Each thing that would have been accepted on a line of its own, without quotes around it; nothing that is not."""
    key = {"x-api-key": "sqk_live_your_api_key"}
    httpx.post(f"{server.origin}/api/leads/capture", json={"name": "Amit", "phone": "98765"}, headers=key)
    lines = run("explain").splitlines()
    assert '  {"name": "Amit", "phone": "9876543210"}' in lines
    assert lines[lines.index('  {"name": "Amit", "phone": "9876543210"}') - 1] == "accepted:"
    assert not [line for line in lines if "null" in line]


def test_a_request_and_a_rule_are_told_line_by_line(run: Terminal, fresh: Access) -> None:
    headers = {**fresh.headers, "Idempotency-Key": "k1"}
    for name in ("Sam", "Alex"):
        httpx.post(f"{fresh.base_url}/leads", headers=headers, json={"contact_name": name})
    last = run("requests", "--tenant", fresh.tenant.id, "--status", "409").split()[0]
    shown = run("requests", last)
    told = [
        "request:\n  headers:\n",
        "\n    idempotency-key: k1\n",
        '\n  json: {"contact_name": "Alex"}\n',
        "\nresponse:\n",
    ]
    places = [shown.index(part) for part in told]
    assert places == sorted(places)
    assert "\nrule:\n  level: documented\n" in run("explain", last)


def test_what_is_left_empty_or_cannot_be_meant_forgets_nothing(run: Terminal, fresh: Access) -> None:
    """An empty variable of a script must not mean everything."""
    lead = {"contact_name": "Sam"}
    assert httpx.post(f"{fresh.base_url}/leads", json=lead, headers=fresh.headers).status_code == 201
    status, _, complaint = run.attempt("reset", "mega", "")
    assert (status, "'' is the name of nothing" in complaint) == (2, True)
    assert "Sam" in run("records", "mega", fresh.tenant.id)
    status, _, complaint = run.attempt("requests", "--clear", "--status", "404")
    assert (status, "--status: does not go with --clear" in complaint) == (2, True)
    assert fresh.tenant.name in run("requests", "--tenant", fresh.tenant.id)


@pytest.mark.parametrize("data", ["5", '"x"', "[]", "null", "[" * 100_000, "{"])
def test_an_argument_that_is_no_object_is_refused(capsys: pytest.CaptureFixture[str], data: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["webhooks", "emit", "crmleadpro", "demo-workspace", "deal.won", data])
    assert refusal.value.code == 2
    assert "JSON" in capsys.readouterr().err


class _Stranger(BaseHTTPRequestHandler):
    """Answers anything with one answer."""

    server: Any

    def _any(self) -> None:
        status, headers, body = self.server.answer
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  # the standard library's names

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, {}, b"<html>It works</html>"), id="a page"),
        pytest.param((200, {}, b""), id="nothing"),
        pytest.param((200, {}, b"{}"), id="another object"),
        pytest.param((200, {}, b"[]"), id="a list"),
        pytest.param((200, {}, b"[" * 100_000), id="deep"),
        pytest.param((200, {"Content-Encoding": "gzip"}, b"not gzip"), id="wrongly packed"),
        pytest.param((302, {"Location": "/"}, b""), id="a redirect"),
        pytest.param((500, {}, b"no"), id="an error"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("requests",),
        ("requests", "--follow"),
        ("explain",),
        ("tenant", "create", "mega"),
        ("clock", "advance", "5"),
        ("fault", "clear"),
        ("snapshot", "list"),
    ],
    ids=" ".join,
)
def test_a_server_that_is_no_leadmock_is_told_to_be_none(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], answer: tuple[int, dict[str, str], bytes]
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stranger) as server:
        server.answer = answer  # type: ignore[attr-defined]  # read by its handler
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}"
            assert main([*command, "--url", url]) == 2
        finally:
            server.shutdown()
    assert url in capsys.readouterr().err
