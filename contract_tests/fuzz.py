"""Exploring a target with one seed after the other, and remembering each failure for another day."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from mockserver.contract import Contract, load

from .lab import Lab, Options
from .rule import Rule, Verdict
from .run import Plan
from .target import TargetError
from .verify import try_rule

#: Kinds that no other seed changes: they spend a limited key, or wait for deliveries.
SAME_EACH_TIME = frozenset(("limits", "events"))
# What differs between two runs into the same failure: values, in quotes or braces, and the body of an answer.
_CHANGING = re.compile(r"""got (?P<status>\d{3})\b.*|"[^"]*"|'[^']*'|\{.*\}|\[.*\]|\S*\d\S*|\S+@\S+""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Saved:
    """A failure as it is kept: what finds it again, and what it looked like."""

    rule: str
    seed: int
    examples: int
    strict: bool
    detail: str
    curl: tuple[str, ...]


def signature(verdict: Verdict) -> tuple[str, str]:
    """What makes a failure another one: its rule, and what was said of it but for ids, numbers and contacts."""
    return verdict.rule.id, _CHANGING.sub(lambda found: found["status"] or "*", verdict.detail)


def explore(plan: Plan, tell: Callable[[Saved, Verdict], None], round_done: Callable[[int, int], None]) -> list[Saved]:
    """Try the rules with new seeds until the plan's seconds are over; each distinct failure is told once.

    `round_done` hears of each seed that was tried, and of the requests so far. Without seconds it goes on for ever.
    """
    contract = load(plan.target.api)
    chosen = [rule for rule in plan.selection.of(contract) if rule.kind not in SAME_EACH_TIME]
    until = None if plan.seconds is None else time.perf_counter() + plan.seconds
    found: dict[tuple[str, str], Saved] = {}
    requests = 0
    for seed in count(plan.options.seed):
        # A new lab each time, so that experiments which rules share are made anew.
        options = replace(plan.options, seed=seed)
        with Lab(contract, plan.target, options) as lab:
            lab.greet()
            for verdict in _broken(lab, chosen, until):
                saved = Saved(verdict.rule.id, seed, options.examples, options.strict, verdict.detail, verdict.curl)
                if found.setdefault(signature(verdict), saved) is saved:
                    tell(saved, verdict)
            requests += lab.trace.count
        round_done(seed, requests)
        if until is not None and time.perf_counter() > until:
            break
    return list(found.values())


def _broken(lab: Lab, chosen: Sequence[Rule], until: float | None) -> Iterator[Verdict]:
    for rule in chosen:
        if until is not None and time.perf_counter() > until:
            return
        verdict = try_rule(lab, rule)
        if verdict.status == "broken":
            yield verdict


def replay(plan: Plan, saved: Sequence[Saved]) -> Iterator[tuple[Saved, Verdict]]:
    """Try again what was saved, each with its own seed."""
    contract = load(plan.target.api)
    for one in saved:
        options = Options(one.seed, one.strict, one.examples, plan.options.rate)
        with Lab(contract, plan.target, options) as lab:
            lab.greet()
            yield one, try_rule(lab, _rule(contract, plan, one))


def _rule(contract: Contract, plan: Plan, saved: Saved) -> Rule:
    for rule in replace(plan.selection, only=(), kinds=()).of(contract):
        if rule.id == saved.rule:
            return rule
    raise TargetError(f"{saved.rule}: there is no such rule any more; leadmock rules {contract.name} lists them")


def keep(path: Path, api: str, saved: Sequence[Saved]) -> None:
    """Write failures to a file, after those that it has."""
    known = read(path, api) if path.exists() else []
    every = {(one.rule, one.seed, one.detail): one for one in (*known, *saved)}
    document = {"api": api, "failures": [asdict(one) for one in every.values()]}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path, api: str) -> list[Saved]:
    """The failures of a file. Raises TargetError."""
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        if document["api"] != api:
            raise TargetError(f"{path}: holds failures of {document['api']}, not of {api}")
        return [Saved(**{**one, "curl": tuple(one["curl"])}) for one in document["failures"]]
    except FileNotFoundError:
        raise TargetError(f"{path}: there is no such file; leadmock fuzz writes it when it finds a failure") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TargetError(f"{path}: holds no saved failures ({type(error).__name__}: {error})") from None
