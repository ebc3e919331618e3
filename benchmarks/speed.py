"""leadmock beside other mock servers, in one interleaved run: CPU, speed, memory, start, flatness.

    python -m benchmarks.speed [--quick] [--write] [--only PART]

Every server is a process of its own on the loopback interface, started the way its user starts it. What a server cannot
do, and why it failed, is a result like others. Results are kept as they come, so an interrupted run can be reported.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import abilities, flatness, machine, page, report, rounds, verifying
from benchmarks.samples import Sample, Samples
from benchmarks.servers import BIN, HANDWRITTEN, LIMITING, MOCKOON, PRISM_QUIET, ROOT, STARTED, WIREMOCK

RESULTS = Path(__file__).with_name("results") / "speed.jsonl"
DOCUMENT = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured. `stored`: numbers of leads for the flatness; `seconds` of each load; see rounds.Plan."""

    rounds: int
    seconds: int
    warm: int
    patience: int
    starts: int
    stored: tuple[int, int]
    requests: int


FULL = Extent(rounds=3, seconds=5, warm=10_000, patience=20, starts=5, stored=(1000, 1_000_000), requests=2000)
#: Ends within two minutes; its figures are rough.
QUICK = Extent(rounds=1, seconds=1, warm=1000, patience=2, starts=1, stored=(1000, 20_000), requests=300)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    # Whoever stops it in whatever way, its servers are stopped first.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    extent = _extent(options)
    about = RESULTS.with_suffix(".json")
    if options.report:
        samples = Samples.read(RESULTS)
        told = json.loads(about.read_text("utf-8"))
    else:
        samples = Samples.new(RESULTS)
        told = {"machine": machine.described(), "command": "make bench" + _given(options), "extent": asdict(extent)}
        about.write_text(json.dumps(told), "utf-8")
        _run(samples, extent, options.only or [part for part in PARTS if not (options.quick and part in SLOW)])
    tables = list(report.tables(samples))
    _say("\n" + "\n\n".join(table.as_text() for table in tables))
    _say("\n" + report.summary(samples))
    if options.write:
        page.write(DOCUMENT, page.body(tables, report.summary(samples), told["machine"], told["command"]))
        _say(f"Written: {DOCUMENT.relative_to(ROOT)}")
    return 0


def _run(samples: Samples, extent: Extent, parts: Sequence[str]) -> None:
    """Part by part. After Ctrl-C the tables are made from what there is."""
    with tempfile.TemporaryDirectory(prefix="leadmock-bench-") as folder:
        try:
            for part in parts:
                _say(f"== {part}")
                own = Path(folder) / part
                own.mkdir()
                PARTS[part](samples, own, extent)
        except KeyboardInterrupt:
            _say("interrupted; the tables have what was measured until now")


def _abilities(samples: Samples, folder: Path, _extent: Extent) -> None:
    abilities.measure(samples, folder, (LIMITING, PRISM_QUIET, MOCKOON, WIREMOCK, HANDWRITTEN), _say)


def _load(samples: Samples, folder: Path, extent: Extent) -> None:
    rounds.measure(samples, folder, rounds.Plan(extent.rounds, extent.seconds, extent.warm, extent.patience), _say)


def _starts(samples: Samples, folder: Path, extent: Extent) -> None:
    rounds.measure_starts(samples, folder, STARTED, extent.starts, _say)


def _flatness(samples: Samples, folder: Path, extent: Extent) -> None:
    flatness.measure(samples, folder, extent.stored, extent.rounds, _say)


def _verify(samples: Samples, folder: Path, _extent: Extent) -> None:
    verifying.measure(samples, folder, _say)


def _in_process(samples: Samples, _folder: Path, extent: Extent) -> None:
    """In a process of its own, since the measurement is of the process."""
    command = (BIN / "python", "-m", "benchmarks.in_process", "--requests", extent.requests, "--rounds", extent.rounds)
    done = subprocess.run(  # noqa: S603  # our own command
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        samples.add(Sample("in process", "leadmock", failed=" ".join(done.stderr.split())[-200:]))
        return
    for way, microseconds in json.loads(done.stdout).items():
        samples.add(Sample("in process", way, {"microseconds": microseconds}))


PARTS: Mapping[str, Callable[[Samples, Path, Extent], None]] = {
    "abilities": _abilities,
    "start": _starts,
    "load": _load,
    "flatness": _flatness,
    "in-process": _in_process,
    "verify": _verify,
}


#: Left out of a quick run.
SLOW = ("abilities", "verify")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "").split("\n", 1)[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="rough figures within two minutes, of the servers' speed alone")
    add("--write", action="store_true", help="write the tables into docs/benchmarks.md")
    add("--report", action="store_true", help="measure nothing; show the last run, also one that was interrupted")
    add("--only", action="append", choices=PARTS, help="this part only; repeatable")
    add("--rounds", type=int, metavar="N", help=f"of interleaved loads (default: {FULL.rounds})")
    add("--seconds", type=int, metavar="N", help=f"of each load (default: {FULL.seconds})")
    add("--starts", type=int, metavar="N", help=f"of each server (default: {FULL.starts})")
    add("--stored", type=int, metavar="N", help=f"leads of the full server (default: {FULL.stored[1]})")
    return parser.parse_args(arguments)


def _extent(options: argparse.Namespace) -> Extent:
    base = QUICK if options.quick else FULL
    return Extent(
        rounds=options.rounds or base.rounds,
        seconds=options.seconds or base.seconds,
        warm=base.warm,
        patience=base.patience,
        starts=options.starts or base.starts,
        stored=(base.stored[0], options.stored or base.stored[1]),
        requests=base.requests,
    )


def _given(options: argparse.Namespace) -> str:
    """What was asked for, as BENCH of the command."""
    given = [f"--{name}" for name in ("quick", "write") if getattr(options, name)]
    given += [f"--only {part}" for part in options.only or ()]
    numbers = {name: getattr(options, name) for name in ("rounds", "seconds", "starts", "stored")}
    given += [f"--{name} {value}" for name, value in numbers.items() if value is not None]
    return f' BENCH="{" ".join(given)}"' if given else ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
