"""The subcommands, as a user types them, on a running server."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.edge_cases.live import Live
from tests.serving import leadmock


def run(server: Live, *arguments: str) -> str:
    """What the command prints; it must succeed."""
    result = leadmock(*arguments, "--url", server.origin)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_tenant_is_made_filled_looked_at_and_deleted(server: Live, tmp_path: Path) -> None:
    made = json.loads(run(server, "tenant", "create", "mega", "--name", "mine", "--per-minute", "1", "--json"))
    tenant = made["tenant"]["id"]
    (tmp_path / "leads.csv").write_text("contact_name\nSam\nAlex\n")
    assert "accepted: 2" in run(server, "seed", "mega", tenant, str(tmp_path / "leads.csv"))
    records = json.loads(run(server, "records", "mega", tenant, "--json"))
    assert [record["data"]["contact_name"] for record in records] == ["Sam", "Alex"]
    statuses = [httpx.get(f"{made['base_url']}/leads", headers=made["headers"]).status_code for _ in range(2)]
    assert statuses == [200, 429]
    lines = run(server, "requests", "--tenant", tenant).splitlines()
    assert ["200 [mine] listed 2 of 2 leads" in lines[0], "429 [mine] refused: " in lines[1]] == [True, True]
    assert run(server, "requests", "--tenant", tenant, "--status", "4xx", "--count").strip() == "1"
    assert "why: Rate limit exceeded: 1 requests in 60 seconds" in run(server, "explain", lines[1].split()[0])
    whole = run(server, "requests", lines[0].split()[0])
    assert "curl: curl -i -X GET" in whole
    assert made["credential"]["secret"] not in whole
    assert tenant in run(server, "reset", "mega", tenant)
    assert run(server, "records", "mega", tenant, "--json").strip() == "[]"
    assert "is gone" in run(server, "tenant", "delete", "mega", tenant)
    assert tenant not in run(server, "tenant", "list", "mega")


def test_the_clock_is_moved(server: Live) -> None:
    frozen = run(server, "clock", "freeze", "2027-01-01T00:00:00Z")
    assert "now: 2027-01-01T00:00:00.000Z" in frozen
    assert "now: 2027-01-02T01:00:00.000Z" in run(server, "clock", "advance", "25h")
    assert "frozen: false" in run(server, "clock", "resume")
    assert "offset_seconds: 0.0" in run(server, "clock", "reset")


def test_faults_are_switched_on_and_off(server: Live) -> None:
    added = json.loads(
        run(server, "fault", "add", "status", "--api", "mega", "--status", "502", "--times", "3", "--json")
    )
    assert (added["status"], added["times"]) == (502, 3)
    assert added["id"] in run(server, "fault", "list")
    assert "is off" in run(server, "fault", "remove", added["id"])
    assert "0 switched off" in run(server, "fault", "clear")


def test_snapshots_are_taken_and_restored(server: Live) -> None:
    for action in ("take", "restore", "delete"):
        assert run(server, "snapshot", action, "here") == "here: done\n"
    assert run(server, "snapshot", "list") == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tenant", "create", "megga"), "there are salesiq, mega, convertiq, crmleadpro"),
        (("seed", "mega", "x", "leads.txt"), "must end in .json, .yaml, .yml, .csv"),
        (("seed", "mega", "x", "nothing.csv"), "nothing.csv cannot be read"),
        (("requests", "999999"), "the journal has no request 999999"),
        (("clock", "freeze", "tomorrow"), "at: "),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_status_2(server: Live, arguments: tuple[str, ...], told: str) -> None:
    result = leadmock(*arguments, "--url", server.origin)
    assert (result.returncode, result.stdout) == (2, "")
    assert told.lower() in result.stderr.lower()


def test_where_nobody_answers_it_says_how_to_start() -> None:
    result = leadmock("clock", "show", "--url", "http://127.0.0.1:1")
    assert result.returncode == 2
    assert "start it with `leadmock serve`" in result.stderr


COMMANDS = ["requests", "explain", "reset", "tenant", "seed", "records", "webhooks", "clock", "fault", "snapshot"]


def test_every_command_is_in_the_help_and_has_one_of_its_own() -> None:
    listed = leadmock("--help").stdout
    for command in COMMANDS:
        assert f"    {command}" in listed
        assert leadmock(command, "--help").returncode == 0
