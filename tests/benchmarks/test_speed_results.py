"""What the benchmarks make of what they measure, and that they leave nothing behind."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from benchmarks import page, report
from benchmarks.process import Process, is_running
from benchmarks.rounds import recorded
from benchmarks.samples import Sample, Samples
from benchmarks.servers import FLOOR, PRISM_QUIET, QUIET, Server, ServerFailed, running
from benchmarks.speed import DOCUMENT, main
from benchmarks.work import BULK, BULK_ROWS, CREATE, requests


def _quiet(_text: str) -> None:
    pass


def _measured(cpu: float) -> dict[str, float]:
    return {"cpu": cpu, "rate": 1000.0, "p50": 1.0, "p99": 2.0, "wrong": 0.0}


def test_ratios_are_those_of_the_medians(tmp_path: Path) -> None:
    samples = Samples.new(tmp_path / "speed.jsonl")
    for name, rounds in ((FLOOR.name, (0.03, 0.02, 0.9)), (QUIET.name, (0.06, 0.09, 0.01)), (PRISM_QUIET.name, (0.3,))):
        for cpu in rounds:
            samples.add(Sample(CREATE.name, name, _measured(cpu)))
    rows = {row[0]: row for row in next(report.tables(samples)).rows}
    assert rows[FLOOR.name][1:4] == ("0.030", "1.0x", "10x")
    assert rows[QUIET.name][1:4] == ("0.060", "2.0x", "5.0x")


def test_a_server_that_fails_is_a_row_with_its_reason_and_stops_no_other(tmp_path: Path) -> None:
    samples = Samples.new(tmp_path / "speed.jsonl")
    broken = Server(
        "broken", lambda _port, _folder: (sys.executable, "-c", "print('no such thing'); raise SystemExit(3)")
    )
    for server in (broken, FLOOR):
        with recorded(samples, CREATE.name, server, _quiet), running(server, tmp_path):
            samples.add(Sample(CREATE.name, server.name, _measured(0.03)))
    rows = {row[0]: row for row in next(report.tables(samples)).rows}
    assert "no lead was created" in rows["broken"][1]
    assert rows[FLOOR.name][1] == "0.030"


def test_an_interrupted_run_can_be_reported(tmp_path: Path) -> None:
    path = tmp_path / "speed.jsonl"
    Samples.new(path).add(Sample(CREATE.name, QUIET.name, _measured(0.07)))
    assert Samples.read(path).median(CREATE.name, QUIET.name, "cpu") == 0.07


def test_what_is_not_installed_is_said_with_the_way_out(tmp_path: Path) -> None:
    missing = Server("missing", lambda _port, _folder: ("/no/such/program",))
    with pytest.raises(ServerFailed, match="make bench installs it"), running(missing, tmp_path):
        pass


def test_every_request_has_a_contact_and_a_key_of_its_own_and_the_same_length() -> None:
    made = list(islice(requests(CREATE.template("/api"), 41), 3))
    assert len({len(request) for request in made}) == 1
    for number, request in enumerate(made, 41):
        assert request.count(b"%010d" % number) == 3
    head, _, body = made[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_no_two_rows_of_two_imports_are_the_same() -> None:
    made = b"".join(islice(requests(BULK.template("/api"), 1), 2))
    assert len(set(re.findall(rb"sam(\d{10})@", made))) == 2 * BULK_ROWS


_PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
print(os.getpid(), child.pid, flush=True)
child.wait()
"""


def test_a_process_is_measured_with_its_children_and_leaves_none_of_them(tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    with Process((sys.executable, "-c", _PARENT), tmp_path, said) as started:
        while not said.read_text():
            assert started.alive
        # The parent only waits, so that so much CPU time is the child's.
        while started.cpu_seconds() < 0.5:
            assert started.alive
        family = [int(pid) for pid in said.read_text().split()]
        assert all(is_running(pid) for pid in family)
    assert not any(is_running(pid) for pid in family)


def test_the_page_is_written_between_its_marks_alone(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", "utf-8")
    for _ in range(2):
        page.write(path, "new")
        assert path.read_text("utf-8") == f"before\n{page.BEGIN}\n\nnew\n\n{page.END}\nafter\n"


def test_our_page_has_the_marks() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert text.count(page.BEGIN) == text.count(page.END) == 1


def test_help_tells_every_part() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", "--help"], capture_output=True, text=True, check=True
    )
    for word in ("--quick", "--write", "--report", "flatness", "verify", "abilities"):
        assert word in done.stdout


def test_a_part_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "flatnes"])
    assert "flatness" in capsys.readouterr().err
