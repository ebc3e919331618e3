"""Trying the rules of a contract on a target, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from mockserver.contract import Contract

from .kinds import rules
from .lab import Lab
from .rule import Broken, NotChecked, Rule, Verdict

NOT_ASKED = "assumed where the vendor is silent; tried with --strict"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rules to try: `only` are globs of ids, `kinds` names of kinds; empty means all."""

    only: Sequence[str] = ()
    kinds: Sequence[str] = ()

    def of(self, contract: Contract) -> Iterator[Rule]:
        for rule in rules(contract):
            if self.kinds and rule.kind not in self.kinds:
                continue
            if self.only and not any(fnmatchcase(rule.id, glob) for glob in self.only):
                continue
            yield rule


def try_rule(lab: Lab, rule: Rule) -> Verdict:
    """Try one rule. Raises TargetError where the target cannot be reached."""
    if rule.level == "assumed" and not lab.strict:
        return Verdict(rule, "not-checked", NOT_ASKED)
    lab.rule_id = rule.id
    lab.trace.clear()
    lab.shown = ()
    started, sent = time.perf_counter(), lab.trace.count

    def told(status: str, detail: str = "", curl: tuple[str, ...] = ()) -> Verdict:
        hidden = lab.secrets.hide(detail)
        return Verdict(rule, status, hidden, curl, lab.trace.count - sent, time.perf_counter() - started)  # type: ignore[arg-type]

    try:
        rule.attempt(lab, rule.operation)
    except Broken as broken:
        return told("broken", str(broken), lab.shown or lab.trace.curl(lab.secrets))
    except NotChecked as reason:
        return told("not-checked", str(reason))
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        # The answers did not have the form that the rule builds on; where that form is promised, it is broken.
        detail = f"the answers did not have the expected form ({type(error).__name__}: {error})"
        return told("broken" if lab.strict else "not-checked", detail, lab.trace.curl(lab.secrets))
    return told("kept")
