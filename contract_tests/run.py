"""One run: a target, what to try, and the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mockserver.contract import load

from .lab import Lab, Options
from .report import Result
from .rule import Rule, Verdict
from .target import Target
from .verify import Selection, try_rule

OUT_OF_TIME = "the time that was given ran out"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try and how. `seconds` ends the run early: what is left is then not checked."""

    target: Target
    options: Options = field(default_factory=Options)
    selection: Selection = field(default_factory=Selection)
    seconds: float | None = None


def run(plan: Plan, tell: Callable[[Verdict], None] = lambda _: None) -> Result:
    """Try the rules; `tell` hears of each verdict. Raises TargetError where the target cannot be reached."""
    contract = load(plan.target.api)
    chosen = list(plan.selection.of(contract))
    started = time.perf_counter()
    with Lab(contract, plan.target, plan.options) as lab:
        lab.greet()
        verdicts = list(_verdicts(lab, chosen, plan.seconds, tell))
        return Result(
            api=contract.name,
            title=contract.title,
            target=plan.target.name,
            level="assumed" if plan.options.strict else "vendor-page",
            seed=plan.options.seed,
            seconds=time.perf_counter() - started,
            requests=lab.trace.count,
            verdicts=tuple(verdicts),
            created=dict(lab.trace.created),
            variables=lab.secrets.variables(),
        )


def _verdicts(
    lab: Lab, chosen: Iterable[Rule], seconds: float | None, tell: Callable[[Verdict], None]
) -> Iterable[Verdict]:
    until = None if seconds is None else time.perf_counter() + seconds
    for rule in chosen:
        late = until is not None and time.perf_counter() > until
        verdict = Verdict(rule, "not-checked", OUT_OF_TIME) if late else try_rule(lab, rule)
        tell(verdict)
        yield verdict
