"""A run in several processes: the same rules under pytest, spread by pytest-xdist."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mockserver.contract import load

from .report import Result
from .rule import Rule, Verdict
from .run import OUT_OF_TIME, Plan
from .target import TargetError
from .trace import Secrets
from .verify import NOT_ASKED

_HERE = Path(__file__).parent
_NO_TEST_FAILED = {0, 1, 5}
_PASSED_ON = ("target", "url", "credential", "app", "rate")


def run_in_workers(plan: Plan, options: argparse.Namespace, tell: Callable[[Verdict], None]) -> Result:
    """The result of `plan`, whose command-line options are passed on. Raises TargetError."""
    contract = load(plan.target.api)
    chosen = list(plan.selection.of(contract))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "verdicts.jsonl"
        file.touch()
        command = [*_command(options), f"--contract-verdicts={file}"]
        found = {rule.id: verdict for rule, verdict in _verdicts(command, file, chosen, plan.seconds)}
    verdicts = tuple(found.get(rule.id, Verdict(rule, "not-checked", _why(rule, plan))) for rule in chosen)
    for verdict in verdicts:
        tell(verdict)
    return Result(
        api=contract.name,
        title=contract.title,
        target=plan.target.name,
        level="assumed" if plan.options.strict else "vendor-page",
        seed=plan.options.seed,
        seconds=time.perf_counter() - started,
        requests=sum(verdict.requests for verdict in verdicts),
        verdicts=verdicts,
        variables=Secrets(plan.target.credentials).variables(),
    )


def _why(rule: Rule, plan: Plan) -> str:
    assumed = rule.level == "assumed" and not plan.options.strict
    return NOT_ASKED if assumed else OUT_OF_TIME


def _command(options: argparse.Namespace) -> list[str]:
    plugin = f"{__package__}.plugin"
    command = [sys.executable, "-m", "pytest", str(_HERE), "-p", plugin, "-p", "no:cacheprovider", "-q"]
    # The settings of whatever project this runs in are not ours.
    command += ["-c", "/dev/null", f"--rootdir={_HERE}", "--import-mode=importlib"]
    command += [f"--numprocesses={options.workers}", "--no-loadscope-reorder", f"--api={options.api}"]
    command += [f"--contract-seed={options.seed}", f"--max-examples={options.max_examples}"]
    command += [f"--{name}={getattr(options, name)}" for name in _PASSED_ON if getattr(options, name) is not None]
    command += [f"--only={glob}" for glob in options.only] + [f"--kind={kind}" for kind in options.kind]
    command += ["--wsgi"] * options.wsgi + ["--patient"] * options.patient
    return [*command, "--assumed" if options.strict else "--no-assumed"]


def _verdicts(
    command: list[str], file: Path, chosen: list[Rule], seconds: float | None
) -> Iterator[tuple[Rule, Verdict]]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        done = None
    if done is not None and done.returncode not in _NO_TEST_FAILED:
        raise TargetError(f"the workers did not run: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    known = {rule.id: rule for rule in chosen}
    for line in file.read_text(encoding="utf-8").splitlines():
        rule_id, status, detail, curl, requests, took = json.loads(line)
        yield known[rule_id], Verdict(known[rule_id], status, detail, tuple(curl), requests, took)
