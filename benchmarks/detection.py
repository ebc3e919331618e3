"""How many single faults leadmock, Schemathesis and Dredd find, and how often they alarm on what is right.

    python -m benchmarks.detection [--faults 12] [--variations 5] [--all] [--api NAME] [--minutes 30]

The implementations, their faults and their right variations are those of `tests/implementations`. Each tool meets each
of them in a fresh server, tool by tool. Results are kept as JSON lines and not tried again as long as neither the
implementation nor the tool has changed, so that it can be run in pieces; the tables are written anew each time.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from benchmarks.detection_table import About, Judged, document
from benchmarks.detection_tools import ROOT, TOOLS, Leadmock, Outcome, Settings, Tool, digest, machine, tried
from tests.implementations.workshop import APIS, HERE, Change, Fault, Variation, faults, variations

RESULTS = Path(__file__).with_name("results") / "detection.jsonl"
DOCUMENT = ROOT / "docs" / "detection.md"
DREDD = ROOT / "node_modules" / ".bin" / "dredd"
TIMEOUT = 180
EXAMPLES = 50
FAULTS = 12

Key = tuple[str, str, str, str]
Named = TypeVar("Named", Fault, Variation)


@dataclass(frozen=True, slots=True)
class Case:
    """One implementation. `kind` is right, fault or variation; `fault` is there for a fault only."""

    api: str
    kind: str
    name: str
    changes: tuple[Change, ...] = ()
    fault: Fault | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    settings = Settings(options.seed, options.timeout, options.examples, options.dredd)
    some_faults, some_variations = (None, None) if options.all else (options.faults, options.variations)
    by_api = [cases_of(api, some_faults, some_variations, options.seed) for api in options.api or APIS]
    # The APIs take turns, so that what is done in a part of the time tells of all of them.
    cases = [case for turn in zip_longest(*by_api) for case in turn if case is not None]
    runs = [(case, tool) for case in cases for tool in TOOLS if concerns(tool, case)]
    known = _read(options.results)
    keys = {_key(case, tool): digest(tool, case.api, _text(case), settings) for case, tool in runs}
    todo = [run for run in runs if not _settled(known.get(_key(*run)), keys[_key(*run)], settings)]
    _say(f"seed {settings.seed}: {len(cases)} implementations, {len(runs)} runs, {len(todo)} of them to do")
    ends = time.monotonic() + 60 * options.minutes
    options.results.parent.mkdir(parents=True, exist_ok=True)
    for number, (case, tool) in enumerate(() if options.report else todo, 1):
        if time.monotonic() > ends:
            _say("out of time; the same command goes on from here")
            break
        outcome = _tried(tool, case, settings)
        record = {"digest": keys[_key(case, tool)], **asdict(outcome)}
        known[_key(case, tool)] = record
        _keep(options.results, _key(case, tool), record)
        said = f"{outcome.status}, {len(outcome.alarms)} alarms, {outcome.seconds:.0f} s, {outcome.requests} requests"
        _say(f"{number}/{len(todo)} {case.api} {case.kind} {case.name} | {tool.name}: {said}")
    judged = [
        Judged(case.api, case.kind, case.name, case.fault, tool.name, _outcome(known[_key(case, tool)]))
        for case, tool in runs
        if _settled(known.get(_key(case, tool)), keys[_key(case, tool)], settings, errors=True)
    ]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    command = "make bench-detection" + _told(options)
    about = About(len(runs), not options.all, command, machine(settings))
    options.output.write_text(document(judged, settings, about), "utf-8")
    _say(f"Written: {options.output}")
    return 0


def cases_of(api: str, some_faults: int | None, some_variations: int | None, seed: int) -> Iterator[Case]:
    """The right implementation, so many of its faults and so many of its variations (None: all)."""
    yield Case(api, "right", "")
    for fault in sample(faults(api), some_faults, seed):
        yield Case(api, "fault", fault.name, fault.changes, fault)
    for variation in _shuffled(variations(api), seed)[:some_variations]:
        yield Case(api, "variation", variation.name, variation.changes)


def sample(table: Iterable[Fault], number: int | None, seed: int) -> list[Fault]:
    """So many of them, a third subtle. The choice depends on the seed and their names, hardly on the table's length."""
    shuffled = _shuffled(table, seed)
    if number is None:
        return shuffled
    subtle = [fault for fault in shuffled if fault.subtle][: math.ceil(number / 3)]
    plain = [fault for fault in shuffled if not fault.subtle][: number - len(subtle)]
    return [fault for fault in shuffled if fault in plain or fault in subtle]


def _shuffled(table: Iterable[Named], seed: int) -> list[Named]:
    return sorted(table, key=lambda one: sha256(f"{seed} {one.name}".encode()).digest())


def concerns(tool: Tool, case: Case) -> bool:
    """What breaks only an assumed promise is none of the business of `verify` without --strict."""
    lenient = isinstance(tool, Leadmock) and not tool.strict
    return not (lenient and case.fault is not None and case.fault.level == "assumed")


def _tried(tool: Tool, case: Case, settings: Settings) -> Outcome:
    try:
        return tried(tool, case.api, case.kind, case.name, settings)
    except RuntimeError as error:
        return Outcome("error", 0, 0, said=str(error))


def _text(case: Case) -> str:
    text = (HERE / f"{case.api}.py").read_text("utf-8")
    for old, new in case.changes:
        text = text.replace(old, new)
    return text


def _key(case: Case, tool: Tool) -> Key:
    return case.api, case.kind, case.name, tool.name


def _settled(record: dict[str, object] | None, wanted: str, settings: Settings, *, errors: bool = False) -> bool:
    """Whether the result is that of the same implementation and tool. Errors are tried again, and so is what would
    have more time now.
    """
    if record is None or record["digest"] != wanted:
        return False
    if record["status"] == "timeout":
        return float(str(record["seconds"])) >= settings.timeout
    return errors or record["status"] == "ran"


def _outcome(record: dict[str, object]) -> Outcome:
    values = {name: value for name, value in record.items() if name != "digest"}
    return Outcome(**{**values, "alarms": tuple(values["alarms"])})  # type: ignore[arg-type]  # as _keep wrote it


def _read(path: Path) -> dict[Key, dict[str, object]]:
    known = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        record = json.loads(line)
        known[tuple(record.pop("key"))] = record
    return known


def _keep(path: Path, key: Key, record: dict[str, object]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, **record}) + "\n")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("--faults", type=int, default=FAULTS, metavar="N", help=f"faults of each API (default: {FAULTS})")
    add("--variations", type=int, metavar="N", help="variations of each API (default: all)")
    add("--all", action="store_true", help="all faults, all variations")
    add("--api", action="append", choices=APIS, help="this API only; repeatable")
    add("--seed", type=int, default=1, metavar="N", help="choose the faults, and seed the tools (default: 1)")
    add("--timeout", type=float, default=TIMEOUT, metavar="SECONDS", help=f"of each run (default: {TIMEOUT})")
    add("--examples", type=int, default=EXAMPLES, metavar="N", help=f"of Schemathesis (default: {EXAMPLES})")
    add("--minutes", type=float, default=math.inf, metavar="N", help="begin no run after this time")
    add("--report", action="store_true", help="only write the tables, from what has been run")
    add("--dredd", type=Path, default=DREDD, metavar="FILE", help="the program (default: that of node_modules)")
    add("--results", type=Path, default=RESULTS, metavar="FILE", help="the JSON lines")
    add("--output", type=Path, default=DOCUMENT, metavar="FILE", help="the tables")
    return parser.parse_args(arguments)


def _told(options: argparse.Namespace) -> str:
    """What the choice of faults and the budgets were, as BENCH of the command."""
    defaults = {"faults": FAULTS, "seed": 1, "timeout": TIMEOUT, "examples": EXAMPLES}
    given = [
        f"--{name} {getattr(options, name):g}" for name, value in defaults.items() if getattr(options, name) != value
    ]
    given += [] if options.variations is None else [f"--variations {options.variations}"]
    given += [f"--api {api}" for api in options.api or ()] + (["--all"] if options.all else [])
    return f' BENCH="{" ".join(given)}"' if given else ""


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # progress, for whoever started it


if __name__ == "__main__":
    raise SystemExit(main())
