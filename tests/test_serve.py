"""`leadmock serve` as its users meet it: started as a command, called with curl, stopped with Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving import Serving, leadmock

APIS = ("salesiq", "mega", "convertiq", "crmleadpro")


def _curl_lines(text: str) -> list[str]:
    return [line.split("try", 1)[1].strip() for line in text.splitlines() if line.startswith("  try ")]


def _run_curl(line: str) -> tuple[int, object]:
    arguments = [*shlex.split(line), "-s", "-w", "\n%{http_code}"]
    output = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True).stdout
    body, _, status = output.rpartition("\n")
    return int(status), json.loads(body)


def test_each_printed_curl_line_creates_a_lead_when_it_is_pasted() -> None:
    with Serving() as server:
        lines = _curl_lines(server.text)
        answers = [_run_curl(line) for line in lines]
        assert [status for status, _ in answers] == [201, 201, 201, 201], answers


def test_the_welcome_names_address_credential_plan_and_docs_of_every_api() -> None:
    with Serving() as server:
        for name in ("SalesIQ", "MEGA", "ConvertIQ", "CRMLead Pro"):
            assert any(line.startswith(name) and server.origin in line for line in server.lines), server.text
        for api in APIS:
            assert f"{server.origin}/_mock/docs/{api}/" in server.text
        assert "x-api-key: sqk_live_your_api_key" in server.text
        assert "plan    pro; 120 requests a minute, 10,000 leads" in server.text
        assert "limits  60 requests a minute, 1,000 requests an hour, 10 bulk requests a minute" in server.text


def test_the_welcome_is_the_same_at_every_start() -> None:
    texts = []
    for _ in range(2):
        with Serving() as server:
            texts.append(server.text.replace(server.origin, "ORIGIN"))
    assert texts[0] == texts[1]


def test_each_request_is_one_readable_line_that_tells_what_happened() -> None:
    with Serving("--api", "salesiq") as server:
        line = _curl_lines(server.text)[0]
        _run_curl(line)
        assert "[demo workspace] created LD0001" in server.wait_for_line("POST /api/leads/capture 201")
        _run_curl(line)
        assert "duplicate of LD0001: Lead Re-captured" in server.wait_for_line("POST /api/leads/capture 200")
        _run_curl(line.replace("sqk_live_your_api_key", "sqk_live_wrong"))
        refused = server.wait_for_line("POST /api/leads/capture 403")
        assert "refused: " in refused
        assert "sqk_live_wrong" not in refused


def test_a_path_cannot_steer_the_terminal() -> None:
    with Serving("--api", "salesiq") as server:
        subprocess.run(["curl", "-s", f"{server.origin}/api/%1b%5b2J"], check=True, capture_output=True)
        assert "\\x1b[2J" in server.wait_for_line("GET /api/")


def test_log_json_is_one_object_a_request() -> None:
    with Serving("--api", "salesiq", "--log", "json") as server:
        _run_curl(_curl_lines(server.text)[0])
        told = json.loads(server.wait_for_line('"operation": "captureLead"'))
        assert (told["method"], told["status"], told["tenant"]) == ("POST", 201, "demo workspace")
        assert told["outcome"].startswith("created LD0001")
        assert told["ms"] > 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_ctrl_c_and_a_service_managers_stop_end_it_cleanly(how: signal.Signals) -> None:
    with Serving() as server:
        assert server.interrupt(how) == 0
        assert server.lines[-1] == "leadmock stopped"
        assert "Traceback" not in server.text


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_client_that_never_ends_its_request_does_not_keep_it_from_ending(how: signal.Signals) -> None:
    with Serving("--api", "salesiq") as server:
        host, _, port = server.origin.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            head = "POST /api/leads/capture HTTP/1.1\r\nHost: x\r\nx-api-key: sqk_live_your_api_key\r\n"
            client.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
            # What comes after it on another connection shows that it has arrived.
            subprocess.run(["curl", "-s", f"{server.origin}/api/leads/capture"], check=True, capture_output=True)
            assert server.interrupt(how) == 0


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_while_an_answer_drips_ends_it_without_a_complaint(presses: int) -> None:
    """A second one too, of somebody who does not want to wait: it does the same at once."""
    with Serving("--api", "salesiq") as server, httpx.Client() as client:
        client.post(f"{server.origin}/_mock/faults", json={"kind": "slow", "seconds": 20}).raise_for_status()
        with client.stream("GET", f"{server.origin}/api/leads/capture") as answer:
            pieces = answer.iter_raw()  # Forgotten, it would close the connection.
            next(pieces)
            for _ in range(presses - 1):
                server.process.send_signal(signal.SIGINT)
                _wait_until_it_listens_no_more(server.origin)
            assert server.interrupt() == 0
    after = server.lines[server.lines.index("Ready.") + 1 :]
    assert after[-1] == "leadmock stopped"
    assert [line for line in after if "GET /api/leads/capture 200" not in line] == ["leadmock stopped"]


def _wait_until_it_listens_no_more(origin: str) -> None:
    host, _, port = origin.removeprefix("http://").partition(":")
    with contextlib.suppress(ConnectionError):
        while True:
            socket.create_connection((host, int(port))).close()


def test_requests_are_served_when_nobody_reads_the_log() -> None:
    """As after `leadmock serve | head`."""
    ours, its = os.pipe()
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--api", "salesiq"]
    with subprocess.Popen(command, stdout=its, stderr=subprocess.PIPE, text=True) as process:
        os.close(its)
        welcome = ""
        while not welcome.endswith("Ready.\n"):
            welcome += os.read(ours, 65536).decode()
        os.close(ours)
        line = _curl_lines(welcome)[0]
        assert [_run_curl(line)[0] for _ in range(3)] == [201, 200, 200]
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert errors == ""


def test_the_log_tells_any_name_on_any_terminal() -> None:
    with Serving("--api", "salesiq", encoding="ascii") as server:
        _run_curl(_curl_lines(server.text)[0])
        subprocess.run(["curl", "-s", f"{server.origin}/api/%E0%A4%85"], check=True, capture_output=True)
        assert "\\u0905" in server.wait_for_line("GET /api/")


def test_the_log_has_the_declared_query_and_what_was_ignored() -> None:
    with Serving("--api", "mega") as server:
        line = _curl_lines(server.text)[0]
        _run_curl(
            line.replace('"contact_name"', '"contcat_email": "x", "contact_name"').replace('"budget"', '"budgett"')
        )
        told = server.wait_for_line("POST /api/agents/crm/leads 201")
        assert "ignored custom field budgett" in told
        assert "ignored contcat_email" in told
        _run_curl(line.split(" -d ")[0].replace("-X POST", "").replace("/leads ", "/leads?limit=1&key=s3cret "))
        assert "GET /api/agents/crm/leads?limit=1 200" in server.wait_for_line("GET /api/agents/crm/leads")
        assert "s3cret" not in server.text


def test_without_rate_limits_the_plans_quota_still_holds() -> None:
    with Serving("--api", "salesiq", "--plan", "salesiq=starter", "--no-rate-limits") as server:
        assert "plan    starter; 500 leads" in server.text
        line = _curl_lines(server.text)[0]
        assert [_run_curl(line)[0] for _ in range(40)] == [201, *[200] * 39]


def test_listening_to_other_machines_is_said() -> None:
    with Serving("--api", "salesiq", "--host", "0.0.0.0") as server:  # noqa: S104  # the point of the test
        assert "Webhooks to 127.0.0.1: no." in server.wait_for_line("Other machines can reach it")


def test_a_database_file_keeps_the_state_over_a_restart(tmp_path: Path) -> None:
    database = str(tmp_path / "state.sqlite3")
    statuses = []
    for _ in range(2):
        with Serving("--api", "salesiq", "--database", database) as server:
            assert database in server.lines[0]
            statuses.append(_run_curl(_curl_lines(server.text)[0])[0])
    assert statuses == [201, 200]


def test_a_plan_sets_the_limits_of_the_demo_tenant() -> None:
    with Serving("--api", "salesiq", "--plan", "salesiq=starter") as server:
        assert "plan    starter; 30 requests a minute, 500 leads" in server.text
        line = _curl_lines(server.text)[0]
        statuses = [_run_curl(line)[0] for _ in range(31)]
        assert statuses == [201, *[200] * 29, 429]


def test_only_the_chosen_api_is_served() -> None:
    with Serving("--api", "mega") as server:
        assert "SalesIQ" not in server.text
        url = f"{server.origin}/api/leads/capture"
        answer = subprocess.run(["curl", "-s", url], check=True, capture_output=True, text=True).stdout
        assert json.loads(answer)["apis"] == {"mega": "/api/agents/crm"}


def test_a_busy_port_is_one_clear_line_and_exit_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = leadmock("serve", "--port", str(port))
    assert result.returncode == 2
    expected = f"leadmock: cannot listen on 127.0.0.1:{port} (Address already in use); try --port 0 for a free port\n"
    assert result.stderr == expected
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--api", "sales"), "--api sales: there is no such API; did you mean salesiq?"),
        (("--api", "MEGA"), "--api MEGA: there is no such API; did you mean mega?"),
        (("--api", "hubspot"), "there are salesiq, mega, convertiq, crmleadpro"),
        (("--plan", "salesiq=gold"), "--plan salesiq=gold: salesiq has no plan 'gold'; there are starter, team"),
        (("--plan", "mega=pro"), "--plan mega=pro: mega has no plans"),
        (("--plan", "starter"), "--plan starter: must be API=PLAN"),
        (("--plan", "salesiq=starter", "--api", "mega"), "salesiq is not served; add --api salesiq"),
        (("--port", "99999"), "--port 99999: must be from 0 to 65535"),
        (("--host", "192.0.2.1", "--port", "0"), "choose another --host or --port"),
        (("--host", "no.such.host.invalid"), "--host no.such.host.invalid"),
        (("--webhook-pace", "0"), "--webhook-pace 0.0: must be above 0"),
        (("--database", "/no/such/folder/state.sqlite3"), "/no/such/folder"),
        (("--database", "/"), "leadmock: /"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_2(arguments: tuple[str, ...], words: str) -> None:
    result = leadmock("serve", "--port", "0", *arguments)
    assert result.returncode == 2, result
    assert words in result.stderr
    assert result.stderr.startswith("leadmock: ")
    assert result.stderr.count("\n") == 1, result.stderr


def test_a_file_that_is_no_database_is_one_clear_line_and_exit_2(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("These are notes, long enough to be no database at all. " * 20)
    result = leadmock("serve", "--database", str(file))
    assert result.returncode == 2
    assert str(file) in result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert file.read_text().startswith("These are notes")


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "--help"), ("--version",)])
def test_help_is_there_for_every_command(arguments: tuple[str, ...]) -> None:
    result = leadmock(*arguments)
    assert result.returncode == 0
    assert "leadmock" in result.stdout


def test_serve_help_explains_every_option() -> None:
    text = leadmock("serve", "--help").stdout
    for option in ("--api", "--host", "--port", "--database", "--plan", "--unlimited", "--webhook-pace", "--log"):
        assert option in text


def test_a_name_that_no_host_can_have_is_told() -> None:
    done = leadmock("serve", "--host", "a" * 300, "--port", "0")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "give an address of this machine" in done.stderr


def test_a_request_that_is_under_way_at_the_end_is_no_error() -> None:
    with Serving("--api", "convertiq") as server:
        fault = {"kind": "slow", "seconds": 600}
        assert httpx.post(f"{server.origin}/_mock/faults", json=fault).status_code == 201
        with httpx.stream("GET", f"{server.origin}/api/external/nothing") as answer:
            assert answer.status_code == 404
            assert server.interrupt() == 0
    assert "Traceback" not in server.text
    assert server.lines[-1] == "leadmock stopped"
