"""Every promise of the contracts is a rule, and every rule is tried by something."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from contract_tests.kinds import KINDS, rules
from mockserver.contract import AVAILABLE, Contract, load
from mockserver.contract.model import Operation

SUITE = Path(__file__).parent.parent.parent / "contract_tests"


def promised(contract: Contract, operation: Operation) -> dict[str, bool]:
    """Which globs of rule ids an operation's behaviours call for."""
    own = f"{contract.name}/{operation.id}"
    batch_of = {one.batch.row_operation for one in contract.operations.values() if one.batch}
    return {
        f"{own}/conformance-*": True,
        f"{own}/access-*": not operation.public,
        f"{own}/deduplication-*": operation.deduplication is not None,
        f"{own}/idempotency-*": operation.idempotency is not None,
        f"{own}/batch-*": operation.batch is not None,
        f"{contract.name}/*/limits-*": operation.rate_limit is not None,
        f"{own}/limits-*": operation.quota is not None or operation.batch is not None,
        f"{own}/robustness-*": operation.body_schema is not None,
        f"{own}/records-*": operation.record_action == "list" or operation.id in batch_of,
        f"{own}/events-*": any(operation.id in event.fired_by for event in contract.events),
        f"{contract.name}/*/races-*": operation.deduplication is not None or operation.idempotency is not None,
        f"{contract.name}/*/model-*": operation.record_action == "create",
    }


@pytest.mark.parametrize("api", AVAILABLE)
def test_every_behaviour_of_the_contract_has_a_rule(api: str) -> None:
    contract = load(api)
    ids = [rule.id for rule in rules(contract)]
    for operation in contract.operations.values():
        for glob, needed in promised(contract, operation).items():
            assert not needed or any(fnmatchcase(one, glob) for one in ids), f"no rule {glob}"


@pytest.mark.parametrize("api", AVAILABLE)
def test_a_rule_is_one_promise_with_a_sentence_and_a_source(api: str) -> None:
    every = list(rules(load(api)))
    assert [one for one, times in Counter(rule.id for rule in every).items() if times > 1] == []
    for rule in every:
        assert rule.says.endswith("."), rule.id
        assert rule.source.text, rule.id
        assert rule.tried_by.partition(":")[2], rule.id
        assert rule.id.startswith(f"{api}/{rule.operation.id}/{rule.kind}-"), rule.id


def test_every_kind_has_its_test_under_pytest() -> None:
    for kind in KINDS:
        text = (SUITE / f"test_{kind}.py").read_text(encoding="utf-8")
        assert f'@pytest.mark.rules("{kind}")' in text
