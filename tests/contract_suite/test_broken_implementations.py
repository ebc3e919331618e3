"""The suite can fail: implementations that are wrong in one thing, and the rule that says so, whatever the seed."""

from __future__ import annotations

import os

import pytest

from tests.contract_suite.judged import broken, verdicts
from tests.contract_suite.proof import BROKEN_BY
from tests.implementations.workshop import APIS, faults, implementation, variations

#: LEADMOCK_SEEDS=5 tries more of them.
SEEDS = range(1, int(os.environ.get("LEADMOCK_SEEDS", "1")) + 1)
KNOWN = {(api, fault.name): fault for api in APIS for fault in faults(api)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("api", "name", "rule"), [pytest.param(*one, id=f"{one[0]}-{one[1]}") for one in BROKEN_BY])
def test_a_fault_breaks_its_rule(api: str, name: str, rule: str, seed: int) -> None:
    found = verdicts(api, KNOWN[api, name].changes, seed=seed, strict=True, only=(rule,))
    assert broken(found), f"{rule} did not notice that {name}"


@pytest.mark.parametrize("api", APIS)
def test_the_right_implementation_keeps_the_same_rules(api: str) -> None:
    rules = tuple(dict.fromkeys(rule for of, _, rule in BROKEN_BY if of == api))
    assert broken(verdicts(api, seed=SEEDS[-1], strict=True, only=rules)) == []


def test_there_are_enough_of_them() -> None:
    """At least 80 faults in all, a third of them subtle, in all four APIs."""
    assert len(BROKEN_BY) >= 80
    assert {api for api, _, _ in BROKEN_BY} == set(APIS)
    assert sum(KNOWN[api, name].subtle for api, name, _ in BROKEN_BY) * 3 >= len(BROKEN_BY)


@pytest.mark.parametrize("api", APIS)
def test_every_fault_and_variation_is_one_that_can_be_built(api: str) -> None:
    changes = {one.name: one.changes for one in faults(api)} | {one.name: one.changes for one in variations(api)}
    assert len(changes) == len(faults(api)) + len(variations(api)), "two have the same name"
    for one in changes.values():
        implementation(api, one)
