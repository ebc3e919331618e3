"""`leadmock serve --workers`, and servers that die or lose their database."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.engine.receiver import Receiver
from tests.postgres import Cluster, cluster
from tests.serving import Serving, leadmock
from tests.shared.team import MEGA, SALESIQ, Team, mega, salesiq


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that may be stopped."""
    own = Cluster()
    yield own
    own.remove()


def _workers_of(server: Serving) -> list[int]:
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until_gone(pids: list[int]) -> None:
    while any(_is_running(pid) for pid in pids):
        os.sched_yield()


def test_workers_are_one_server_with_one_welcome() -> None:
    """Told once, with their number and the database without its password; several processes, one address."""
    with Serving("--workers", "3", "--database", cluster().fresh(), "--api", "salesiq") as server:
        assert server.lines[0].startswith("leadmock "), server.text
        assert "state: postgresql://leadmock@" in server.lines[0]
        assert "; 3 workers;" in server.lines[0]
        assert len([line for line in server.lines if "x-api-key" in line and line.startswith("  header")]) == 1
        assert server.lines.count("Ready.") == 1
        assert len(_workers_of(server)) == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_of_them(how: signal.Signals) -> None:
    """Cleanly, with one last line, and no process is left."""
    with Serving("--workers", "2", "--database", cluster().fresh(), "--api", "salesiq") as server:
        workers = _workers_of(server)
        assert server.interrupt(how) == 0
        assert server.lines[-1] == "leadmock stopped"
        assert server.lines.count("leadmock stopped") == 1
        assert not [pid for pid in workers if _is_running(pid)]


def test_no_worker_outlives_the_one_that_looks_after_them() -> None:
    """Not even when that is killed."""
    with Serving("--workers", "2", "--database", cluster().fresh(), "--api", "salesiq") as server:
        workers = _workers_of(server)
        server.process.kill()
        server.process.wait()
        _wait_until_gone(workers)


def test_a_worker_that_dies_is_replaced() -> None:
    """It is told, and requests go on being answered."""
    with Serving("--workers", "2", "--database", cluster().fresh(), "--api", "salesiq", "--no-rate-limits") as server:
        victim = _workers_of(server)[0]
        os.kill(victim, signal.SIGKILL)
        server.wait_for_line(rf"worker {victim} was killed by SIGKILL; another takes its place")
        while len(_workers_of(server)) < 2:
            os.sched_yield()
        assert victim not in _workers_of(server)
        for number in range(20):
            person = {"name": "Asha", "phone": f"98765432{number:02}"}
            answer = httpx.post(f"{server.origin}{SALESIQ}/leads/capture", json=person, headers=salesiq())
            assert answer.status_code == 201


def test_lines_of_several_workers_stay_whole() -> None:
    """However long: each line of the log is one JSON object."""
    options = ("--log", "json", "--api", "mega", "--unlimited")
    with Serving("--workers", "3", "--database", cluster().fresh(), *options) as server:
        path = f"{server.origin}{MEGA}/leads/{'x' * 9000}"
        with httpx.Client(headers=mega()) as client:
            for _ in range(3):
                answers = [client.get(path) for _ in range(40)]
                assert {answer.status_code for answer in answers} <= {400, 404}
        server.wait_for(lambda lines: sum('"api"' in line for line in lines) == 120)
        told = [json.loads(line) for line in server.lines[server.lines.index("Ready.") + 1 :]]
        assert [len(each["path"]) for each in told] == [len(f"{MEGA}/leads/") + 9000] * 120


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--workers", "2"), r"--workers 2 needs a database that processes can share, and memory belongs to one: add"),
        (("--workers", "2", "--database", "x.db"), "x.db belongs to one: add --database postgresql://"),
        (("--workers", "0"), "--workers 0: must be from 1 to 64"),
        (
            ("--workers", "2", "--database", "postgresql://u:secret@127.0.0.1:1/x"),
            "postgresql://u@127.0.0.1:1/x cannot",
        ),
    ],
)
def test_what_cannot_be_is_one_clear_line_and_exit_2(options: tuple[str, ...], problem: str) -> None:
    result = leadmock("serve", "--port", "0", *options)
    assert result.returncode == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr + result.stdout


def test_without_psycopg_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with what to install; nothing else needs it."""
    (tmp_path / "psycopg.py").write_text("raise ModuleNotFoundError(\"No module named 'psycopg'\")")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    result = leadmock("serve", "--port", "0", "--database", "postgresql://localhost/x")
    assert result.returncode == 2
    assert result.stderr == (
        "leadmock: a PostgreSQL database needs psycopg (No module named 'psycopg');"
        " install it with: pip install 'leadmock[postgres]'\n"
    )


def test_a_webhook_goes_out_though_the_one_that_was_sending_it_is_killed() -> None:
    """Kill -9 in the middle of an attempt: when its claim has ended, another process makes it."""
    url = cluster().fresh()
    options = ("--database", url, "--api", "mega", "--unlimited")
    with Receiver("hang") as receiver, Serving(*options) as doomed:
        hook = {"url": receiver.url, "event_types": ["lead.created"], "timeout_seconds": 2}
        with httpx.Client(headers=mega(1), base_url=doomed.origin + MEGA) as client:
            assert client.post("/lead-webhooks", json=hook).status_code == 201
            assert client.post("/leads", json={"contact_name": "Asha"}).status_code == 201
        assert receiver.wait_for(1)
        doomed.process.send_signal(signal.SIGKILL)
        doomed.process.wait()
        with Serving(*options):
            assert receiver.wait_for(2)
        first, second = receiver.arrivals
        assert first.body == second.body
        assert first.headers["x-mega-delivery"] == second.headers["x-mega-delivery"]


def test_what_was_acknowledged_survives_kill_9() -> None:
    """Every lead that was answered with 201 is there, once, and its idempotency key replays."""
    url = cluster().fresh()
    acknowledged: dict[str, str] = {}
    with Team(url, "--api", "mega", "--unlimited", size=2) as team:
        victim, other = team.servers
        with httpx.Client(headers=mega(1), base_url=victim.origin + MEGA) as client:
            for number in range(30):
                key, body = (
                    f"key {number}".replace(" ", "-"),
                    {"contact_name": "Asha", "contact_email": f"{number}@x.in"},
                )
                answer = client.post("/leads", json=body, headers={"Idempotency-Key": key})
                acknowledged[key] = answer.json()["lead"]["id"]
        victim.process.kill()
        victim.process.wait()
        with httpx.Client(headers=mega(1), base_url=other.origin + MEGA) as client:
            assert client.get("/leads", params={"limit": 1}).json()["total"] == 30
            for number, (key, lead_id) in enumerate(acknowledged.items()):
                body = {"contact_name": "Asha", "contact_email": f"{number}@x.in"}
                answer = client.post("/leads", json=body, headers={"Idempotency-Key": key})
                assert (answer.json()["lead"]["id"], answer.headers["idempotent-replayed"]) == (lead_id, "true")


def test_a_server_outlives_its_database(own_cluster: Cluster) -> None:
    """While it is away, refusals come in the vendor's envelope, and a line each says why; who watches is let go.
    When it is back, the first request succeeds.
    """
    with Serving("--workers", "2", "--database", own_cluster.url(), "--api", "mega", "--unlimited") as server:
        with httpx.Client(headers=mega(1), base_url=server.origin + MEGA, timeout=60) as client:
            assert client.post("/leads", json={"contact_name": "Asha"}).status_code == 201
            with httpx.stream("GET", f"{server.origin}/_mock/requests/stream", timeout=60) as stream:
                lines = stream.iter_lines()
                assert next(lines) == ": leadmock"
                own_cluster.stop()
                assert list(lines) == [""]
            for _ in range(5):
                answer = client.post("/leads", json={"contact_name": "Asha"})
                assert (answer.status_code, answer.json()["error"]["code"]) == (500, 500)
            told = httpx.get(f"{server.origin}/_mock/ready")
            assert told.status_code == 503
            assert "cannot be reached" in told.json()["detail"]
            own_cluster.start()
            for _ in range(5):
                assert client.post("/leads", json={"contact_name": "Asha"}).status_code == 201
        assert server.interrupt() == 0
        told_of = [
            line for line in server.lines if line.startswith("createLead of mega failed: postgresql://leadmock@")
        ]
        assert len(told_of) == 5, server.text
        assert all("see that it runs, and check host and port in its address" in line for line in told_of)
        assert "Traceback" not in server.text
