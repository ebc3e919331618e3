"""Trying the suite's rules on the small implementations, in process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from contract_tests.lab import Lab, Options
from contract_tests.rule import Verdict
from contract_tests.target import Target, read
from contract_tests.verify import Selection, try_rule
from mockserver.contract import load
from tests.implementations.workshop import Change, implementation


def described(api: str, changes: Iterable[Change] = ()) -> Target:
    """A fresh implementation with these changes, in process."""
    module = implementation(api, changes)
    document = {api: {"url": "http://in.process", **module.target()}, "webhooks": {}}
    return replace(read(document, api), url="", app=module.application())


def verdicts(
    api: str, changes: Iterable[Change] = (), *, seed: int = 1, strict: bool = False, only: tuple[str, ...] = ()
) -> list[Verdict]:
    """What comes of the rules, all or those with such ids."""
    return verdicts_on(described(api, changes), seed=seed, strict=strict, only=only)


def verdicts_on(target: Target, *, seed: int = 1, strict: bool = False, only: tuple[str, ...] = ()) -> list[Verdict]:
    """The same for a target."""
    contract = load(target.api)
    with Lab(contract, target, Options(seed=seed, strict=strict)) as lab:
        return [try_rule(lab, rule) for rule in Selection(only=only).of(contract)]


def broken(found: Iterable[Verdict]) -> list[str]:
    """The broken rules, with what was said of them."""
    return [f"{one.rule.id}: {one.detail}" for one in found if one.status == "broken"]
